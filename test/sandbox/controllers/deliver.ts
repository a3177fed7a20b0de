import { request } from 'node:http';
import type { Deliver } from '#test/sandbox/controllers/notification.ts';

/** Sends over HTTP, one connection per request, as notification-controller does. */
export const deliverByHttp: Deliver = ({ address, headers, body, timeoutMs }) =>
  new Promise((resolve) => {
    const sent = request(
      address,
      {
        method: 'POST',
        agent: false,
        headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) },
        signal: AbortSignal.timeout(Math.max(1, timeoutMs)),
      },
      (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      },
    );
    sent.on('error', (error) => {
      resolve(
        error.name === 'TimeoutError' || error.name === 'AbortError' ? 'timed-out' : 'failed',
      );
    });
    sent.end(body);
  });
