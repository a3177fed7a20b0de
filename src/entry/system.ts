import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock, Ids } from '#src/clock.ts';

/** The machine's own time. */
export const systemClock: Clock = {
  now: () => Date.now(),
  wait: async (ms, signal) => {
    try {
      // a timer holds 2^31 ms at most; whoever waits longer waits again
      await sleep(Math.min(ms, 2_147_483_647), undefined, signal === undefined ? {} : { signal });
    } catch (error) {
      if (!(error instanceof Error && error.name === 'AbortError')) {
        throw error;
      }
    }
  },
};

/** Time that nobody sets, ms; it goes on through a step of the machine's clock. */
export const steadyTime = (): number => performance.timeOrigin + performance.now();

const digits = 36;
const timeLength = 9;
const length = 26;

/** Names of 26 characters: the time in front, so that they sort, and chance behind. */
export const systemIds: Ids = {
  next: () => {
    const chance = [...randomBytes(length - timeLength)].map((byte) =>
      (byte % digits).toString(digits),
    );
    return Date.now().toString(digits).padStart(timeLength, '0') + chance.join('');
  },
};
