import { describe, expect, it } from 'vitest';
import { createSharedClock } from '#src/store/shared-clock.ts';
import { storeUnavailable } from '#src/store/store.ts';
import { createVirtualClock } from '#test/fakes/clock.ts';

const minute = 60_000;

describe('the clock that replicas share', () => {
  it('is the store’s, however far our own is off', async () => {
    const own = createVirtualClock();
    const store = { time: async () => own.now() - 5 * minute };
    const clock = createSharedClock({ clock: own, store });

    await clock.agreed();

    expect(clock.now()).toBe(own.now() - 5 * minute);
  });

  it('follows when our own clock is set anew, and keeps to what was agreed while the store is away', async () => {
    const own = createVirtualClock();
    let theirs: number | undefined = own.now() + minute;
    const store = {
      time: async () => {
        if (theirs === undefined) {
          throw storeUnavailable('away');
        }
        return theirs;
      },
    };
    const clock = createSharedClock({ clock: own, store });
    const stop = new AbortController();
    const following = clock.follow(stop.signal);
    await own.advance(0);
    theirs = undefined;
    await own.advance(minute);
    expect(clock.now() - own.now()).toBe(minute);

    theirs = own.now() + 30_000 + 2 * minute;
    await own.advance(30_000);

    expect(clock.now() - own.now()).toBe(2 * minute);
    stop.abort();
    await following;
  });

  it('goes on as before while our own clock is set by minutes', async () => {
    const own = createVirtualClock();
    let set = 0;
    const clock = createSharedClock({
      clock: { ...own, now: () => own.now() + set },
      store: { time: async () => own.now() + minute },
      steady: () => own.now() - 1_700_000_000_000,
    });
    await clock.agreed();

    for (const step of [5 * minute, -5 * minute]) {
      set = step;
      await own.advance(1_000);
      expect(clock.now()).toBe(own.now() + minute);
    }
  });

  it('believes no answer that was long on its way once it has a better one', async () => {
    const own = createVirtualClock();
    let tookMs = 0;
    const store = {
      time: async () => {
        const theirs = own.now();
        await own.wait(tookMs);
        return theirs;
      },
    };
    const clock = createSharedClock({ clock: own, store });
    const stop = new AbortController();
    const following = clock.follow(stop.signal);
    await own.advance(1);
    tookMs = 20_000;

    await own.advance(minute);

    expect(clock.now()).toBe(own.now());
    stop.abort();
    await own.advance(minute);
    await following;
  });

  it('rejects as the store does before it agrees for the first time', async () => {
    const store = { time: () => Promise.reject(storeUnavailable('away')) };
    const clock = createSharedClock({ clock: createVirtualClock(), store });

    await expect(clock.agreed()).rejects.toThrow('away');
  });
});
