import { between, chance, pick } from '#test/faults/chance.ts';

/** What may happen to one port call; the number is virtual ms. */
export type Act =
  /** It is not done, and the caller is told. */
  | { readonly kind: 'fail' }
  /** It is done, and the reply is lost. */
  | { readonly kind: 'lose' }
  /** The caller gives up waiting; it is done later all the same. */
  | { readonly kind: 'late'; readonly ms: number }
  /** It takes its time, so that others overtake it. */
  | { readonly kind: 'slow'; readonly ms: number }
  /** The process dies before or after it, and another starts after `ms`. */
  | { readonly kind: 'crash'; readonly when: 'before' | 'after'; readonly ms: number }
  /** The process stands still before or after it, as after SIGSTOP. */
  | { readonly kind: 'pause'; readonly when: 'before' | 'after'; readonly ms: number };

export type Fault =
  /** `at` names the call: `a1 store.commit #7` is the seventh commit of the first process in place a. */
  | { readonly at: string; readonly act: Act }
  /** Something outside does not answer for a while; ms since the start of the run. */
  | { readonly away: Outside; readonly from: number; readonly to: number };

export type Outside = 'store' | 'slack' | 'git' | 'apps' | 'infra';

export const sayFault = (fault: Fault): string => {
  if ('away' in fault) {
    return `${fault.away} is away from ${fault.from} to ${fault.to} ms`;
  }
  const { act, at } = fault;
  const when = 'when' in act ? ` ${act.when}` : '';
  const ms = 'ms' in act ? ` ${act.ms} ms` : '';
  return `${at}: ${act.kind}${when}${ms}`;
};

/** How often a call of this verb meets with a fault; effects more often than looks. */
const rates: Readonly<Record<string, number>> = {
  'store.commit': 0.05,
  'store.append': 0.1,
  'store.trim': 0.05,
  'store.release': 0.05,
  'store.lease': 0.005,
  'slack.post': 0.15,
  'slack.update': 0.08,
  'slack.remove': 0.2,
  'slack.ownMessages': 0.1,
  'git.commitsBetween': 0.2,
  'cluster.annotate': 0.3,
  'cluster.read': 0.02,
  'clock.wait': 0.001,
};
const otherRate = 0.004;

const actFor = (name: string, port: string): Act => {
  const ms = (low: number, high: number) => between(`${name}/ms`, low, high);
  const when = chance(`${name}/when`) < 0.5 ? 'before' : 'after';
  const stops: readonly Act[] = [
    { kind: 'crash', when, ms: ms(200, 15_000) },
    { kind: 'pause', when, ms: ms(500, 45_000) },
  ];
  const troubles: readonly Act[] = [
    { kind: 'fail' },
    { kind: 'lose' },
    { kind: 'late', ms: ms(2_100, 8_000) },
    { kind: 'slow', ms: ms(5, 1_900) },
  ];
  return pick(`${name}/act`, port === 'clock' ? stops : [...troubles, ...troubles, ...stops]);
};

const outsides: readonly Outside[] = ['store', 'slack', 'git', 'apps', 'infra'];

/** Where the faults of a run come from, and which of them came to pass. */
export interface Schedule {
  /** @param call - `a1 store.commit #7` */
  actAt(call: string, verb: string): Act | undefined;
  isAway(outside: Outside, sinceStart: number): boolean;
  /** All that came to pass so far, in order. */
  fired(): readonly Fault[];
  /** From now on everything goes well. */
  calm(): void;
}

const recording = (
  find: (call: string, verb: string) => Act | undefined,
  outages: readonly Extract<Fault, { away: Outside }>[],
): Schedule => {
  const fired: Fault[] = [...outages];
  let calm = false;
  return {
    actAt: (call, verb) => {
      const act = calm ? undefined : find(call, verb);
      if (act !== undefined) {
        fired.push({ at: call, act });
      }
      return act;
    },
    isAway: (outside, sinceStart) =>
      !calm &&
      outages.some(
        ({ away, from, to }) => away === outside && from <= sinceStart && sinceStart < to,
      ),
    fired: () => fired,
    calm: () => {
      calm = true;
    },
  };
};

/** Draws faults by chance; each call's lot depends on the seed and the call's name alone. */
export const drawnSchedule = (seed: number, lengthMs: number): Schedule => {
  // some runs have hardly a fault, so that each is also seen alone; some have many at once
  const intensity = pick(`${seed}/intensity`, [0.1, 0.3, 0.3, 1, 1, 2]);
  const outages = outsides.flatMap((away) => {
    const name = `${seed}/away/${away}`;
    const from = between(`${name}/from`, 0, lengthMs - 5_000);
    const to = Math.min(from + between(`${name}/for`, 500, 25_000), lengthMs);
    return chance(name) < 0.25 * intensity ? [{ away, from, to }] : [];
  });
  return recording((call, verb) => {
    const name = `${seed}/${call}`;
    const [port = ''] = verb.split('.');
    return chance(name) < (rates[verb] ?? otherRate) * intensity ? actFor(name, port) : undefined;
  }, outages);
};

/** Just these faults. */
export const givenSchedule = (faults: readonly Fault[]): Schedule => {
  const acts = new Map(faults.flatMap((fault) => ('at' in fault ? [[fault.at, fault.act]] : [])));
  return recording(
    (call) => acts.get(call),
    faults.flatMap((fault) => ('away' in fault ? [fault] : [])),
  );
};
