import { type AuditProblem, type AuditSpan, createAudit } from '#src/audit/audit.ts';
import type { LoadedConfig } from '#src/config/load.ts';
import type { Result } from '#src/result.ts';
import { createRedisStore } from '#src/store/redis.ts';
import { isStoreUnavailable } from '#src/store/store.ts';
import { sayCount } from '#src/text/duration.ts';

/** What the terminal prints, and how the program ends. */
export interface AuditAnswer {
  readonly exit: 'done' | 'failed' | 'away';
  readonly text: string;
  readonly json: unknown;
}

const time = (at: number): string => new Date(at).toISOString();

const sayEntries = ({ count, first, last }: AuditSpan): string =>
  first === undefined || last === undefined
    ? 'no entry'
    : `${sayCount(count, 'entry', 'entries')}, ${first.seq} of ${time(first.at)} to ${last.seq} of ${time(last.at)}`;

const sayLetGo = ({ first }: AuditSpan): readonly string[] =>
  first === undefined || first.seq === 1
    ? []
    : [
        `Entries 1 to ${first.seq - 1} are not there: retention lets go of the oldest. If entry ${first.seq} is younger than "retention.audit", somebody may have removed them.`,
      ];

const breaks: Record<AuditProblem['what'], string> = {
  missing: 'is missing',
  changed: 'is not as it was written, or the key is another one',
  'cut off': 'was the last one and is not there: the end of the trail was cut off',
};

const sayBreak = ({ seq, what, before }: AuditProblem): readonly string[] => [
  `The audit trail is broken: entry ${seq} ${breaks[what]}.`,
  `In order before it: ${sayEntries(before)}.`,
  'What follows it proves nothing. Compare with a copy of the trail, and find out who can write to Redis.',
];

/** The outcome of a verification, in words for the operator. */
export const sayVerified = (result: Result<AuditSpan, AuditProblem>): AuditAnswer =>
  result.ok
    ? {
        exit: 'done',
        text: [
          `The audit trail is unbroken: ${sayEntries(result.value)}.`,
          ...sayLetGo(result.value),
        ].join('\n'),
        json: { unbroken: true, ...result.value },
      }
    : {
        exit: 'failed',
        text: sayBreak(result.failure).join('\n'),
        json: { unbroken: false, ...result.failure },
      };

const away: AuditAnswer = {
  exit: 'away',
  text: 'Redis does not answer, so the trail could not be read.\nCheck "redis.url", and that it can be reached from here.',
  json: { failure: { code: 'store-unavailable' } },
};

/** `flux-chatops audit verify`: reads the whole trail, checks its chain, and writes nothing. */
export const verifyAudit = async ({ secrets }: LoadedConfig): Promise<AuditAnswer> => {
  const store = createRedisStore({ url: secrets.get('redis.url') ?? '' });
  try {
    const audit = createAudit({ store, key: secrets.get('keys.audit') ?? '' });
    return sayVerified(await audit.verify());
  } catch (error) {
    if (isStoreUnavailable(error)) {
      return away;
    }
    throw error;
  } finally {
    await store.close();
  }
};
