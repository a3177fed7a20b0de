import { isHeartbeat } from '#src/flux/event.ts';
import { IntakeEntry, intakeStream } from '#src/flux/intake.ts';
import { isFluxKind } from '#src/flux/ref.ts';
import { hasEnded, type Incident, memberKey, type StoryEntry } from '#src/incident/incident.ts';
import { changeIncident, type IncidentWriter } from '#src/incident/records.ts';
import type { TextCleaning } from '#src/incident/situation.ts';
import { adopt, type World } from '#src/incident/world.ts';
import type { Log } from '#src/log.ts';
import { isolated } from '#src/store/isolated.ts';
import type { Store, StreamEntry } from '#src/store/store.ts';

/**
 * What Flux reported by webhook, as text beside what the objects say. An event never opens, resolves or
 * changes an incident: it adds what the object's condition does not tell (Helm's last log lines, say).
 */
export interface Reports {
  /**
   * Reads on in the intake stream and adds what is news to incidents that are open. So much at a time that
   * a storm of events does not keep what the objects say waiting; `more`: it is not all of it.
   * @returns `done` false when fenced
   */
  take(
    writer: IncidentWriter,
    world: World,
    now: number,
  ): Promise<{ readonly done: boolean; readonly changed: boolean; readonly more: boolean }>;
  /** Adds what was reported about an object before its incident opened. */
  attach(writer: IncidentWriter, world: World, incident: Incident, now: number): Promise<void>;
}

/** How far the intake stream has been read; a document, so that it moves with a compare-and-set. */
export const intakeCursor = 'intake-cursor';

const batchSize = 200;
/** How long a report waits for the object that it is about to show the same; ms. */
const patienceMs = 120_000;
const keptPerObject = 3;
/**
 * How long a report about an open incident waits for the object itself: controllers send the event first
 * and write the status after it, and what the object says needs no second telling; ms.
 */
const settleMs = 3_000;

interface Waiting {
  readonly entry: IntakeEntry;
  readonly at: number;
}

/** What became of an entry; `early` = it may yet turn out to be no news, and is looked at again. */
type Taken = 'same' | 'changed' | 'fenced' | 'early';

interface ReportsOptions {
  readonly store: Store;
  readonly clean: TextCleaning;
  readonly log: Log;
}

const keyOfEntry = (entry: IntakeEntry): string | undefined => {
  const { kind, namespace, name } = entry.event.involvedObject;
  return isFluxKind(kind) ? memberKey(entry.cluster, { kind, namespace, name }) : undefined;
};

/** Only failures, of now, with something to say; waiting for a dependency is no news. */
const isWorthReading = (entry: IntakeEntry): boolean =>
  !(entry.stale || isHeartbeat(entry.event)) &&
  entry.event.severity === 'error' &&
  entry.event.reason !== 'DependencyNotReady' &&
  entry.event.message !== '';

export const createReports = ({ store, clean, log }: ReportsOptions): Reports => {
  const waiting = new Map<string, Waiting[]>();
  /** When we first saw what is still on the stream. */
  let seen: ReadonlyMap<string, number> = new Map();

  /** Of each incident as it stands: long texts, and in a storm they are asked for with every event. */
  const saidOf = new WeakMap<Incident, readonly string[]>();

  const saidBy = (incident: Incident): readonly string[] => {
    const { members, story } = incident;
    const said =
      saidOf.get(incident) ??
      [...members.map(({ message }) => message), ...story.map(({ text }) => text)].map(
        clean.normalise,
      );
    saidOf.set(incident, said);
    return said;
  };

  const isNews = (incident: Incident, text: string): boolean => {
    const news = clean.normalise(text);
    return saidBy(incident).every((known) => !known.includes(news));
  };

  const add = async (
    writer: IncidentWriter,
    world: World,
    incident: Incident,
    entry: IntakeEntry,
    now: number,
  ): Promise<'same' | 'changed' | 'fenced'> => {
    const text = clean.redact(entry.event.message);
    if (!isNews(incident, text)) {
      return 'same';
    }
    const story: StoryEntry = {
      id: `reported/${entry.digest}`,
      at: now,
      kind: 'reported',
      object: keyOfEntry(entry) ?? '',
      text,
    };
    const written = await changeIncident(writer, incident.id, {
      story: [story],
      at: now,
      flap: false,
    });
    if (written.kind !== 'written') {
      return written.kind === 'fenced' ? 'fenced' : 'same';
    }
    adopt(world, written.incident);
    return 'changed';
  };

  const remember = (key: string, entry: IntakeEntry, now: number): void => {
    const kept = (waiting.get(key) ?? []).filter((one) => now - one.at < patienceMs);
    waiting.set(key, [...kept, { entry, at: now }].slice(-keptPerObject));
  };

  const forget = (now: number): void => {
    for (const [key, kept] of waiting) {
      if (kept.every((one) => now - one.at >= patienceMs)) {
        waiting.delete(key);
      }
    }
  };

  const takeOne = async (
    writer: IncidentWriter,
    world: World,
    entry: IntakeEntry,
    now: number,
    settled: boolean,
  ): Promise<Taken> => {
    const key = keyOfEntry(entry);
    if (key === undefined || !isWorthReading(entry)) {
      return 'same';
    }
    const incident = world.incidents.get(world.latest.get(key) ?? '');
    if (incident === undefined || hasEnded(incident)) {
      remember(key, entry, now);
      return 'same';
    }
    return settled || !isNews(incident, clean.redact(entry.event.message))
      ? add(writer, world, incident, entry, now)
      : 'early';
  };

  /** A report is text beside what the objects say: one that cannot be taken is let go. */
  const takeApart: typeof takeOne = (writer, world, entry, now, settled) =>
    isolated(
      () => takeOne(writer, world, entry, now, settled),
      (error) => {
        const { cluster, digest } = entry;
        log.error({ cluster, object: keyOfEntry(entry), digest, error }, 'a report was left out');
        return 'same';
      },
    );

  /** Takes one after the other, up to the first that is too early or after which we lead no longer. */
  const takeAll = async (
    writer: IncidentWriter,
    world: World,
    entries: readonly StreamEntry[],
    now: number,
  ): Promise<{
    readonly fenced: boolean;
    readonly changed: boolean;
    readonly upTo: string | undefined;
  }> => {
    let changed = false;
    let upTo: string | undefined;
    // with more behind it than one reading holds, what is said twice is the lesser evil
    const isBacklog = entries.length === batchSize;
    for (const { id, value } of entries) {
      const parsed = IntakeEntry.safeParse(value);
      const settled = isBacklog || now - (seen.get(id) ?? now) >= settleMs;
      const taken = parsed.success
        ? await takeApart(writer, world, parsed.data, now, settled)
        : 'same';
      if (taken === 'fenced' || taken === 'early') {
        return { fenced: taken === 'fenced', changed, upTo };
      }
      changed ||= taken === 'changed';
      upTo = id;
    }
    return { fenced: false, changed, upTo };
  };

  const moveOn = async (writer: IncidentWriter, to: string, expect: number): Promise<boolean> => {
    const moved = await store.commit({
      fence: writer.fence,
      put: [{ key: intakeCursor, value: to, expect }],
    });
    return moved === 'committed';
  };

  return {
    take: async (writer, world, now) => {
      forget(now);
      const cursor = await store.read(intakeCursor);
      const after = typeof cursor?.value === 'string' ? cursor.value : undefined;
      const entries = await store.entries(intakeStream, after, batchSize);
      seen = new Map(entries.map(({ id }) => [id, seen.get(id) ?? now]));
      const { fenced, changed, upTo } = await takeAll(writer, world, entries, now);
      if (fenced) {
        return { done: false, changed, more: true };
      }
      if (upTo === undefined) {
        return { done: true, changed, more: false };
      }
      if (!(await moveOn(writer, upTo, cursor?.version ?? 0))) {
        return { done: false, changed, more: true };
      }
      await store.trim(intakeStream, upTo);
      return { done: true, changed, more: entries.length === batchSize };
    },
    attach: async (writer, world, incident, now) => {
      for (const member of incident.members) {
        const key = memberKey(member.cluster, member.ref);
        const kept = hasEnded(incident) ? [] : (waiting.get(key) ?? []);
        waiting.delete(key);
        for (const { entry, at } of kept) {
          if (now - at < patienceMs) {
            await add(writer, world, world.incidents.get(incident.id) ?? incident, entry, now);
          }
        }
      }
    },
  };
};
