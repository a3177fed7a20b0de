import type { StoreHealth } from '#src/store/store.ts';

/** What Redis says of itself; undefined where it does not let us ask. */
export interface RedisSettings {
  readonly appendOnly: boolean | undefined;
  /** `always`, `everysec` or `no`. */
  readonly appendFsync: string | undefined;
  /** The `save` setting; empty = no snapshots. */
  readonly save: string | undefined;
  readonly maxMemoryPolicy: string | undefined;
  readonly role: string | undefined;
  /** bytes; 0 = no limit. */
  readonly maxMemory?: number | undefined;
  /** bytes */
  readonly usedMemory?: number | undefined;
  /** `ok` or `err`. */
  readonly lastAofWrite?: string | undefined;
}

const durabilityOf = (settings: RedisSettings): StoreHealth['durability'] => {
  if (settings.appendOnly === true) {
    return settings.appendFsync === 'always' ? 'always' : 'every-second';
  }
  return settings.save === '' ? 'memory' : 'snapshot';
};

const fsyncWarning = (settings: RedisSettings): string | undefined => {
  if (settings.appendOnly === false) {
    return settings.save === ''
      ? 'Redis writes nothing to disk: all state is lost when it ends. Set appendonly yes and appendfsync always.'
      : 'Redis writes snapshots only: state since the last one is lost when it ends. Set appendonly yes and appendfsync always.';
  }
  if (settings.appendFsync === undefined) {
    return 'Redis does not say how it writes to disk (CONFIG is forbidden): make sure of appendonly yes and appendfsync always.';
  }
  return settings.appendFsync === 'always'
    ? undefined
    : `Redis has appendfsync ${settings.appendFsync}: what was accepted in the last second or more may be lost when it ends. Set appendfsync always.`;
};

const memoryWarning = ({ maxMemoryPolicy }: RedisSettings): string | undefined =>
  maxMemoryPolicy === undefined || maxMemoryPolicy === 'noeviction'
    ? undefined
    : `Redis has maxmemory-policy ${maxMemoryPolicy}: it may throw state away. Set noeviction.`;

/** From here on it is time to do something about it. */
const nearlyFull = 0.9;

const fullness = ({ maxMemory = 0, usedMemory = 0 }: RedisSettings): number =>
  maxMemory === 0 ? 0 : usedMemory / maxMemory;

const mebibytes = (bytes = 0): string => `${Math.ceil(bytes / 1024 ** 2)} MiB`;

const fullWarning = (settings: RedisSettings): string | undefined => {
  const full = fullness(settings);
  return full >= nearlyFull && full < 1
    ? `Redis uses ${Math.floor(full * 100)} % of its ${mebibytes(settings.maxMemory)}: when it is full nothing is taken any more. Raise maxmemory.`
    : undefined;
};

const problemOf = (settings: RedisSettings): string | undefined => {
  const { role, lastAofWrite, maxMemory } = settings;
  if (role !== undefined && role !== 'master') {
    return `This Redis is a ${role}, which takes no writes: point the bot at the master.`;
  }
  if (lastAofWrite === 'err') {
    return 'Redis cannot write to its disk, and takes no writes until it can: look at its volume and its log.';
  }
  // with another policy it throws something away instead
  return fullness(settings) >= 1 && settings.maxMemoryPolicy === 'noeviction'
    ? `Redis is full (maxmemory ${mebibytes(maxMemory)}) and takes no writes: raise maxmemory.`
    : undefined;
};

/** What the settings mean for the promise "nothing lost", in words for the operator. */
export const judgeSettings = (
  settings: RedisSettings,
): Pick<StoreHealth, 'durability' | 'warnings' | 'problem'> => {
  const problem = problemOf(settings);
  return {
    ...(problem === undefined ? {} : { problem }),
    durability: durabilityOf(settings),
    warnings: [fsyncWarning(settings), memoryWarning(settings), fullWarning(settings)].filter(
      (warning) => warning !== undefined,
    ),
  };
};

/** Reads the `field:value` lines of INFO. */
export const parseInfo = (info: string): ReadonlyMap<string, string> =>
  new Map(
    info.split('\r\n').flatMap((line): [string, string][] => {
      const colon = line.indexOf(':');
      return colon < 1 ? [] : [[line.slice(0, colon), line.slice(colon + 1)]];
    }),
  );
