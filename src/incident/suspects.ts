import type { Clock } from '#src/clock.ts';
import type { Git, GitFailure } from '#src/git/git.ts';
import { type Finding, findingOf, problemOf, type Telling } from '#src/incident/findings.ts';
import { causeOf, hasEnded, type Incident } from '#src/incident/incident.ts';
import { changeIncident, type IncidentWriter } from '#src/incident/records.ts';
import { type Question, questionOf } from '#src/incident/revisions.ts';
import { adopt, type World } from '#src/incident/world.ts';
import type { Log } from '#src/log.ts';
import { isolated } from '#src/store/isolated.ts';

/**
 * Looks up which commits an incident may come from, or was ended by. Asking goes on beside the keeper and
 * its answers come back as news, so a Git host that is slow or away holds up nothing.
 */
export interface Suspects {
  /** Asks what the incident wants to know and has no answer to. Returns at once. */
  ask(incident: Incident): void;
  /** The same for all that are open. */
  askOpen(world: World): void;
  /** Writes what was answered since, and asks again what failed a while ago. */
  take(
    writer: IncidentWriter,
    world: World,
    now: number,
  ): Promise<{ readonly done: boolean; readonly changed: boolean }>;
  /** Whatever is answered from now on is dropped. */
  stop(): void;
}

export interface SuspectsOptions extends Telling {
  /** Undefined: nothing is asked. */
  readonly git: Git | undefined;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
  /** Called when there is something to take. */
  readonly onNews: () => void;
}

/** Named on the card; the rest is counted. */
const named = 3;
/** Questions under way at once: a restart with many open incidents must not storm the host. */
const atOnce = 2;
const firstRetryMs = 60_000;
const lastRetryMs = 30 * 60_000;

/** A question that has no answer yet, and who wants to know. */
interface Asked {
  readonly question: Question;
  /** Newest incident that asks: newer ones come first. */
  openedAt: number;
  readonly incidents: Set<string>;
  state: 'queued' | 'running' | 'failed';
  failures: number;
  /** When a failed one is asked again, ms. */
  retryAt: number;
}

interface Answer {
  readonly incident: string;
  readonly finding: Finding;
}

const wantedBy = (incident: Incident): Question | undefined => {
  const question = questionOf(causeOf(incident).git);
  const known = incident.findings?.find((finding) => finding.question === question?.key);
  return known !== undefined && known.problem === undefined ? undefined : question;
};

export const createSuspects = (options: SuspectsOptions): Suspects => {
  const { git, clock, log, onNews } = options;
  const asked = new Map<string, Asked>();
  /** The question of each incident as it was last; an older one is no longer of interest. */
  const wants = new Map<string, string>();
  /** Hosts that failed at the last question. */
  const troubled = new Set<string>();
  const answers: Answer[] = [];
  let running = 0;
  let stopped = false;

  const settle = (one: Asked, finding: Finding): void => {
    answers.push(...[...one.incidents].map((incident) => ({ incident, finding })));
    onNews();
  };

  const failed = (one: Asked, failure: GitFailure): void => {
    one.state = 'failed';
    one.failures += 1;
    const often = failure.code === 'not-configured'; // nobody is asked, until somebody is configured
    const pause = often
      ? firstRetryMs
      : Math.min(firstRetryMs * 2 ** (one.failures - 1), lastRetryMs);
    one.retryAt =
      failure.code === 'rate-limited'
        ? Math.max(failure.until, clock.now() + 1_000)
        : clock.now() + pause;
    // a host that nobody configured is not missed
    if (failure.code !== 'not-configured') {
      const { host } = one.question.origin;
      if (!troubled.has(host)) {
        log.warn({ question: one.question.key, failure }, 'commits cannot be read');
      }
      troubled.add(host);
      settle(one, problemOf(one.question.key, failure, options.redact));
    }
  };

  const look = async (one: Asked, host: Git): Promise<void> => {
    const { key, origin, from, to, path } = one.question;
    const range = { from, to, paths: [path], limit: named };
    const answer = await host.commitsBetween(origin, range);
    if (stopped) {
      return;
    }
    if (answer.ok) {
      if (troubled.delete(origin.host)) {
        log.info({ host: origin.host }, 'commits are read again');
      }
      asked.delete(key);
      settle(one, findingOf(key, answer.value, options));
    } else {
      failed(one, answer.failure);
    }
  };

  const lookNext = (): void => {
    // first, since the rest takes its time where much is failing, and this is asked at each failure
    if (git === undefined || stopped || running >= atOnce) {
      return;
    }
    const [next] = [...asked.values()]
      .filter(({ state }) => state === 'queued')
      .toSorted((left, right) => right.openedAt - left.openedAt);
    if (next === undefined) {
      return;
    }
    running += 1;
    next.state = 'running';
    look(next, git)
      .catch((error: unknown) => {
        log.error({ question: next.question.key, error }, 'reading commits ended unexpectedly');
        failed(next, { code: 'unreadable', detail: 'see the log' });
      })
      .finally(() => {
        running -= 1;
        lookNext();
      });
    lookNext();
  };

  const isWanted = (one: Asked, world: World): boolean =>
    [...one.incidents].some((id) => {
      const incident = world.incidents.get(id);
      return (
        incident !== undefined &&
        !hasEnded(incident) &&
        wantedBy(incident)?.key === one.question.key
      );
    });

  const forgetGone = (world: World): void => {
    // seldom, since this is asked after every event
    if (wants.size > 2 * world.incidents.size + 64) {
      for (const id of wants.keys()) {
        if (!world.incidents.has(id)) {
          wants.delete(id);
        }
      }
    }
  };

  const retry = (world: World, now: number): void => {
    for (const [key, one] of asked) {
      if (one.state === 'failed' && now >= one.retryAt) {
        if (isWanted(one, world)) {
          one.state = 'queued';
        } else {
          asked.delete(key);
        }
      }
    }
    lookNext();
  };

  const forgetOlder = (incident: string, question: string): void => {
    const before = wants.get(incident) ?? question;
    wants.set(incident, question);
    const older = before === question ? undefined : asked.get(before);
    older?.incidents.delete(incident);
    if (older?.incidents.size === 0 && older.state !== 'running') {
      asked.delete(before);
    }
  };

  const note = (incident: Incident): void => {
    const question = git === undefined ? undefined : wantedBy(incident);
    if (question !== undefined) {
      forgetOlder(incident.id, question.key);
      const one: Asked = asked.get(question.key) ?? {
        question,
        openedAt: incident.openedAt,
        incidents: new Set<string>(),
        state: 'queued',
        failures: 0,
        retryAt: 0,
      };
      one.incidents.add(incident.id);
      one.openedAt = Math.max(one.openedAt, incident.openedAt);
      asked.set(question.key, one);
    }
  };

  const write = async (
    writer: IncidentWriter,
    world: World,
    { incident, finding }: Answer,
    now: number,
  ): Promise<'same' | 'changed' | 'fenced'> => {
    if (!world.incidents.has(incident)) {
      return 'same';
    }
    const change = { story: [], finding, at: now, flap: false };
    const written = await changeIncident(writer, incident, change);
    if (written.kind !== 'written') {
      return written.kind === 'fenced' ? 'fenced' : 'same';
    }
    adopt(world, written.incident);
    return 'changed';
  };

  const add: typeof write = (writer, world, answer, now) =>
    isolated(
      () => write(writer, world, answer, now),
      (error) => {
        log.error({ incident: answer.incident, error }, 'an answer of a Git host was left out');
        return 'same';
      },
    );

  return {
    ask: (incident) => {
      note(incident);
      lookNext();
    },
    askOpen: (world) => {
      // all of them first, so that the newest is asked first
      for (const incident of world.incidents.values()) {
        if (!hasEnded(incident)) {
          note(incident);
        }
      }
      lookNext();
    },
    take: async (writer, world, now) => {
      let changed = false;
      for (let next = answers[0]; next !== undefined; next = answers[0]) {
        const written = await add(writer, world, next, now);
        if (written === 'fenced') {
          return { done: false, changed };
        }
        changed ||= written === 'changed';
        answers.shift();
      }
      forgetGone(world);
      retry(world, now);
      return { done: true, changed };
    },
    stop: () => {
      stopped = true;
    },
  };
};
