/** Sends webhooks as a saturated notification-controller does: each on a connection of its own. */
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { answerParent } from '#test/bench/processes/child.ts';
import { manyRequests } from '#test/bench/sizes.ts';

export type LoadQuestion =
  | {
      /** At a steady rate, whether or not the ones before were answered. */
      readonly kind: 'steady';
      readonly port: number;
      readonly perSecond: number;
      readonly seconds: number;
    }
  | {
      /** As many as are taken, with so many under way at a time. */
      readonly kind: 'saturated';
      readonly port: number;
      readonly underWay: number;
      readonly seconds: number;
      readonly prepared: number;
    };

export interface LoadAnswer {
  /** ms from opening the connection to the status line, of those that were answered 202. */
  readonly latencies: readonly number[];
  /** Everything else, by status; 0 = no answer. */
  readonly refused: Readonly<Record<string, number>>;
  readonly seconds: number;
}

interface Answered {
  readonly status: number;
  readonly ms: number;
}

const deliver = (port: number, request: Buffer): Promise<Answered> =>
  new Promise((resolve) => {
    const startedAt = performance.now();
    let answered: Answered | undefined;
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    socket.on('data', (chunk: Buffer) => {
      answered ??= {
        status: Number(chunk.toString('latin1', 9, 12)),
        ms: performance.now() - startedAt,
      };
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(answered ?? { status: 0, ms: 0 }));
    socket.write(request);
  });

const summary = (all: readonly Answered[], seconds: number): LoadAnswer => {
  const refused: Record<string, number> = {};
  for (const { status } of all) {
    if (status !== 202) {
      refused[status] = (refused[status] ?? 0) + 1;
    }
  }
  const latencies = all.filter(({ status }) => status === 202).map(({ ms }) => ms);
  return { latencies, refused, seconds };
};

const seed = (): number => Math.floor(Math.random() * 100_000_000);

const steady = async (port: number, perSecond: number, seconds: number): Promise<LoadAnswer> => {
  const requests = manyRequests('apps', perSecond * seconds, seed());
  const startedAt = performance.now();
  const sent: Promise<Answered>[] = [];
  for (const request of requests) {
    const due = startedAt + (sent.length * 1_000) / perSecond - performance.now();
    if (due > 0) {
      await wait(due);
    }
    sent.push(deliver(port, request));
  }
  const all = await Promise.all(sent);
  return summary(all, (performance.now() - startedAt) / 1_000);
};

const saturated = async ({
  port,
  underWay,
  seconds,
  prepared,
}: LoadQuestion & { kind: 'saturated' }): Promise<LoadAnswer> => {
  const requests = manyRequests('apps', prepared, seed()).values();
  const all: Answered[] = [];
  const startedAt = performance.now();
  const endsAt = startedAt + seconds * 1_000;
  const sender = async (): Promise<void> => {
    for (const request of requests) {
      all.push(await deliver(port, request));
      if (performance.now() >= endsAt) {
        return;
      }
    }
  };
  await Promise.all(Array.from({ length: underWay }, sender));
  return summary(all, (performance.now() - startedAt) / 1_000);
};

answerParent<LoadQuestion, LoadAnswer>((question) =>
  question.kind === 'steady'
    ? steady(question.port, question.perSecond, question.seconds)
    : saturated(question),
);
