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

const roleWarning = ({ role }: RedisSettings): string | undefined =>
  role === undefined || role === 'master'
    ? undefined
    : `This Redis is a ${role}, which takes no writes: point the bot at the master.`;

/** What the settings mean for the promise "nothing lost", in words for the operator. */
export const judgeSettings = (
  settings: RedisSettings,
): Pick<StoreHealth, 'durability' | 'warnings'> => ({
  durability: durabilityOf(settings),
  warnings: [fsyncWarning(settings), memoryWarning(settings), roleWarning(settings)].filter(
    (warning) => warning !== undefined,
  ),
});

/** Reads the `field:value` lines of INFO. */
export const parseInfo = (info: string): ReadonlyMap<string, string> =>
  new Map(
    info.split('\r\n').flatMap((line): [string, string][] => {
      const colon = line.indexOf(':');
      return colon < 1 ? [] : [[line.slice(0, colon), line.slice(colon + 1)]];
    }),
  );
