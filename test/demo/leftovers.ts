import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { readState, writeState } from '#test/demo/folder.ts';

const Pids = z.record(z.string(), z.number());

/** What tells each part's command line from that of somebody else who has the same number by now. */
const marks: Readonly<Record<string, string>> = {
  demo: 'demo/main.ts',
  bot: 'entry/serve.ts',
  'local-slack': 'local-slack',
  'redis-server': 'redis-server',
};

const isStill = (part: string, pid: number): boolean => {
  try {
    const mark = marks[part];
    return mark !== undefined && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(mark);
  } catch {
    return false;
  }
};

const notedPids = (): Readonly<Record<string, number>> => {
  const pids = Pids.safeParse(readState('pids.json'));
  return pids.success ? pids.data : {};
};

/** A demo of this folder that lives without answering yet, or any more: it starts or ends. */
export const livingDemo = (): number | undefined => {
  const demo = new Map(Object.entries(notedPids())).get('demo');
  return demo !== undefined && demo !== process.pid && isStill('demo', demo) ? demo : undefined;
};

/** Ends what a demo that was killed (kill -9) could not end itself. @returns the parts */
export const endLeftovers = async (): Promise<readonly string[]> => {
  const left = Object.entries(notedPids()).filter(
    ([part, pid]) => pid !== process.pid && isStill(part, pid),
  );
  for (const [, pid] of left) {
    process.kill(pid, 'SIGKILL');
  }
  for (let tries = 0; tries < 50 && left.some(([part, pid]) => isStill(part, pid)); tries += 1) {
    await wait(50);
  }
  writeState('pids.json', {});
  return left.map(([part]) => part);
};
