import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '#src/clock.ts';

/** The machine's own time, for tests against real servers. */
export const realClock: Clock = {
  now: () => Date.now(),
  wait: (ms, signal) => sleep(ms, undefined, signal && { signal }).catch(() => undefined),
};
