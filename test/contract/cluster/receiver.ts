import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isRecord, type JsonRecord } from '#test/sandbox/api/json.ts';

export interface Received {
  readonly cluster: string;
  readonly atMs: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  readonly event: JsonRecord;
  readonly answered: number;
}

export interface Receiver {
  address(cluster: string): string;
  /** All requests so far, in order of arrival. */
  readonly received: readonly Received[];
  /** What the next requests that match are answered with, instead of 202. */
  answerNext(matches: (event: JsonRecord) => boolean, statuses: readonly number[]): void;
  close(): Promise<void>;
}

const parsed = (body: string): JsonRecord => {
  try {
    const value: unknown = JSON.parse(body);
    return isRecord(value) ? value : {};
  } catch {
    return {};
  }
};

/** A small webhook receiver that keeps everything it is sent, for clusters to post to. */
export const startReceiver = async (host: string): Promise<Receiver> => {
  const received: Received[] = [];
  const plans: { matches: (event: JsonRecord) => boolean; statuses: number[] }[] = [];

  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const body = Buffer.concat(parts).toString('utf8');
      const event = parsed(body);
      const plan = plans.find(({ matches }) => matches(event));
      const answered = plan?.statuses.shift() ?? 202;
      received.push({
        cluster: (request.url ?? '').split('/').at(-1) ?? '',
        atMs: Date.now(),
        headers: request.headers,
        body,
        event,
        answered,
      });
      response.writeHead(answered);
      response.end();
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, host === '127.0.0.1' ? host : '0.0.0.0', resolve);
  });
  const { port } = server.address() as AddressInfo;

  return {
    address: (cluster) => `http://${host}:${port}/webhooks/flux/${cluster}`,
    received,
    answerNext: (matches, statuses) => {
      plans.push({ matches, statuses: [...statuses] });
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
