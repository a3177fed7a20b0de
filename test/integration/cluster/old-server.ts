import { createServer, request } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Between } from '#test/contract/cluster-worlds.ts';

/**
 * An API server that does not stream lists: it refuses the wish (422), as one whose feature gate is off,
 * or does not know it and serves a plain watch, as one from before.
 */
export const withoutStreamingLists =
  (how: 'refuses' | 'ignores'): Between =>
  async (target) => {
    const sockets = new Set<Socket>();
    const server = createServer((incoming, outgoing) => {
      const url = new URL(incoming.url ?? '/', target);
      if (url.searchParams.has('sendInitialEvents')) {
        if (how === 'refuses') {
          const message = 'sendInitialEvents is forbidden for watch';
          outgoing.writeHead(422, { 'content-type': 'application/json' });
          outgoing.end(JSON.stringify({ kind: 'Status', code: 422, reason: 'Invalid', message }));
          return;
        }
        url.searchParams.delete('sendInitialEvents');
        url.searchParams.delete('resourceVersionMatch');
      }
      const { method, headers } = incoming;
      const onward = request(url, { method, headers }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        outgoing.flushHeaders();
        answer.pipe(outgoing);
        answer.on('error', () => outgoing.destroy());
      });
      onward.on('error', () => outgoing.destroy());
      outgoing.on('close', () => onward.destroy());
      incoming.pipe(onward);
    });
    server.on('connection', (socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    return {
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      close: () =>
        new Promise((resolve) => {
          server.close(() => resolve());
          for (const socket of sockets) {
            socket.destroy();
          }
        }),
    };
  };
