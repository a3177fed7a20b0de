import { readFile } from 'node:fs/promises';
import { request as requestHttp } from 'node:http';
import { type RequestOptions, request as requestHttps } from 'node:https';
import { Readable } from 'node:stream';
import { KubeConfig } from '@kubernetes/client-node';
import { type PlainClient, plainClient } from '#test/sandbox/api/client.ts';

/** A cluster that stops answering must not keep a run, and what it has to remove, for ever. */
const patienceMs = 30_000;

/** `fetch` with the certificates and credentials of a kubeconfig, which the global one cannot take. */
const fetchWith =
  (options: RequestOptions): typeof fetch =>
  (input, init = {}) =>
    new Promise((resolve, reject) => {
      const url = new URL(String(input));
      const body = typeof init.body === 'string' ? init.body : undefined;
      const send = url.protocol === 'https:' ? requestHttps : requestHttp;
      const sent = send(
        url,
        {
          ...options,
          method: init.method ?? 'GET',
          headers: {
            ...(options.headers as Record<string, string>),
            ...(init.headers as Record<string, string>),
            // a DELETE is not sent in chunks by itself
            ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
          },
          // a watch brings its own, and lasts
          signal: init.signal ?? AbortSignal.timeout(patienceMs),
        },
        (response) => {
          const headers = new Headers();
          for (const [name, value] of Object.entries(response.headers)) {
            headers.set(name, String(value));
          }
          const stream = Readable.toWeb(response) as ReadableStream<Uint8Array>;
          resolve(new Response(stream, { status: response.statusCode ?? 500, headers }));
        },
      );
      sent.on('error', reject);
      sent.end(body);
    });

/**
 * A client of the cluster that a kubeconfig's current context names, as whoever it says.
 * @param kubeconfig - its text
 */
export const connect = async (kubeconfig: string): Promise<PlainClient> => {
  const config = new KubeConfig();
  config.loadFromString(kubeconfig);
  const cluster = config.getCurrentCluster();
  if (cluster === null) {
    throw new Error('the kubeconfig has no current context');
  }
  const options: RequestOptions = { headers: {} };
  await config.applyToHTTPSOptions(options);
  // an agent of the client's would keep connections after the last test
  const { agent: _, auth: __, ...kept } = options;
  return plainClient(cluster.server.replace(/\/$/, ''), {}, fetchWith(kept));
};

/** {@link connect} with a file. */
export const connectTo = async (path: string): Promise<PlainClient> =>
  connect(await readFile(path, 'utf8'));
