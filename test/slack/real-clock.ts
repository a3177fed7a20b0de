import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '#src/clock.ts';

export const realClock: Clock = {
  now: () => Date.now(),
  wait: async (ms, signal) => {
    await sleep(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
  },
};
