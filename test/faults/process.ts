import type { Clock } from '#src/clock.ts';
import { between, chance } from '#test/faults/chance.ts';
import type { Outside, Schedule } from '#test/faults/schedule.ts';

/** What all the processes of a run share. */
export interface Surface {
  /** The true time; every process has its own idea of it. */
  readonly clock: Clock;
  readonly startedAt: number;
  readonly seed: number;
  readonly schedule: Schedule;
  /** Takes one line of what happened; lines and their order are the same for the same seed. */
  readonly trace: (line: string) => void;
}

/** What the caller gets of a call that did not go well. */
export interface Trouble<Value> {
  /** Nothing was done. */
  readonly refused: () => Value;
  /** It may or may not have been done. */
  readonly unanswered: () => Value;
}

/** One process of the bot: every call to a port goes through here, and may be its last. */
export interface Process {
  /** `a1`: the first one in place a. */
  readonly name: string;
  readonly alive: () => boolean;
  call<Value>(
    verb: string,
    outside: Outside | undefined,
    effect: () => Promise<Value>,
    trouble: Trouble<Value>,
  ): Promise<Value>;
  /** Resolves when the process runs; never when it is dead. */
  running(): Promise<void>;
  /** Its own clock. */
  readonly clock: Clock;
  /** Ends a pause early. */
  resume(): void;
  kill(): void;
}

const patienceMs = 2_000;
const never = <Value>(): Promise<Value> => new Promise(() => undefined);

export interface ProcessOptions {
  readonly name: string;
  /** How far its clock is off, ms. */
  readonly skewMs: number;
  readonly surface: Surface;
  /** Called once it died, with the ms until another one starts. */
  readonly onCrash: (restartMs: number) => void;
}

export const createProcess = (options: ProcessOptions): Process => {
  const { name, skewMs, surface, onCrash } = options;
  const { clock, schedule, trace, seed, startedAt } = surface;
  const counts = new Map<string, number>();
  let dead = false;
  let pausedUntil = Number.NEGATIVE_INFINITY;
  let resumed = new AbortController();

  const running = async (): Promise<void> => {
    while (!dead && clock.now() < pausedUntil) {
      await clock.wait(pausedUntil - clock.now(), resumed.signal);
    }
    return dead ? never() : undefined;
  };
  const pause = (ms: number): void => {
    resumed = new AbortController();
    pausedUntil = clock.now() + ms;
  };
  const crash = <Value>(ms: number): Promise<Value> => {
    dead = true;
    onCrash(ms);
    return never();
  };
  const nameOf = (verb: string): string => {
    const count = (counts.get(verb) ?? 0) + 1;
    counts.set(verb, count);
    return `${name} ${verb} #${count}`;
  };

  const plainly = async <Value>(id: string, effect: () => Promise<Value>): Promise<Value> => {
    // most calls take no time; some do, so that processes overtake each other
    const lag = chance(`${seed}/${id}/lag`) < 0.2 ? between(`${seed}/${id}/ms`, 1, 40) : 0;
    if (lag > 0) {
      await clock.wait(lag);
      await running();
    }
    const value = await effect();
    await running();
    return value;
  };

  const call: Process['call'] = async (verb, outside, effect, trouble) => {
    await running();
    const id = nameOf(verb);
    if (outside !== undefined && schedule.isAway(outside, clock.now() - startedAt)) {
      trace(`${id} away`);
      await clock.wait(50);
      await running();
      return trouble.refused();
    }
    const act = schedule.actAt(id, verb);
    trace(`${id} ${act?.kind ?? 'go'}`);
    switch (act?.kind) {
      case undefined:
        return plainly(id, effect);
      case 'fail':
        await running();
        return trouble.refused();
      case 'lose':
        await effect();
        await clock.wait(patienceMs);
        await running();
        return trouble.unanswered();
      case 'late':
        void clock.wait(act.ms).then(effect);
        await clock.wait(patienceMs);
        await running();
        return trouble.unanswered();
      case 'slow': {
        await clock.wait(act.ms);
        await running();
        const value = await effect();
        await running();
        return value;
      }
      case 'crash':
        if (act.when === 'after') {
          await effect();
        }
        return crash(act.ms);
      case 'pause': {
        if (act.when === 'before') {
          pause(act.ms);
          await running();
        }
        const value = await effect();
        if (act.when === 'after') {
          pause(act.ms);
        }
        await running();
        return value;
      }
      default:
        return act satisfies never;
    }
  };

  return {
    name,
    alive: () => !dead,
    call,
    running,
    clock: {
      now: () => clock.now() + skewMs,
      wait: (ms, signal) =>
        call('clock.wait', undefined, () => clock.wait(ms, signal), {
          refused: () => undefined,
          unanswered: () => undefined,
        }),
    },
    resume: () => {
      pausedUntil = Number.NEGATIVE_INFINITY;
      resumed.abort();
    },
    kill: () => {
      dead = true;
    },
  };
};
