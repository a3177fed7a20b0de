import type { Clock } from '#src/clock.ts';

/** One thing that the bot leans on, as it stands. */
export interface Component {
  readonly name: string;
  readonly up: boolean;
  /** What is wrong, or what it last said. */
  readonly detail?: string | undefined;
  /** In words for the operator: works, but weaker than promised. */
  readonly warnings?: readonly string[] | undefined;
}

export type Probe = () => Promise<Omit<Component, 'name'>>;

export interface HealthBoardOptions {
  readonly clock: Clock;
  readonly probes: Readonly<Record<string, Probe>>;
  /** What was seen within this time is not asked again. */
  readonly freshMs?: number;
  /** A reader waits this long for news, then gets what was last known: a frozen Redis holds up nobody. */
  readonly waitMs?: number;
}

export interface HealthBoard {
  /** In the order of the probes; never rejects. */
  read(): Promise<readonly Component[]>;
}

/** What each component last said, asked anew when somebody looks. */
export const createHealthBoard = (options: HealthBoardOptions): HealthBoard => {
  const { clock, probes, freshMs = 2_000, waitMs = 300 } = options;
  const known = new Map<string, Component>();
  let asked: { readonly at: number; readonly all: Promise<unknown> } | undefined;

  const ask = async (name: string, probe: Probe): Promise<void> => {
    try {
      known.set(name, { name, ...(await probe()) });
    } catch (error) {
      known.set(name, { name, up: false, detail: error instanceof Error ? error.message : '' });
    }
  };

  const askAll = (): Promise<unknown> => {
    const now = clock.now();
    if (asked === undefined || now - asked.at >= freshMs) {
      asked = {
        at: now,
        all: Promise.all(Object.entries(probes).map(([name, probe]) => ask(name, probe))),
      };
    }
    return asked.all;
  };

  return {
    read: async () => {
      const enough = new AbortController();
      await Promise.race([askAll(), clock.wait(waitMs, enough.signal)]);
      enough.abort();
      return Object.keys(probes).map(
        (name) => known.get(name) ?? { name, up: false, detail: 'has not answered yet' },
      );
    },
  };
};
