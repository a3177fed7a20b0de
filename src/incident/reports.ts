import { isHeartbeat } from '#src/flux/event.ts';
import { IntakeEntry, intakeStream } from '#src/flux/intake.ts';
import { isFluxKind } from '#src/flux/ref.ts';
import type { TextCleaning } from '#src/incident/decide.ts';
import { hasEnded, type Incident, memberKey, type StoryEntry } from '#src/incident/incident.ts';
import { changeIncident, type IncidentWriter } from '#src/incident/records.ts';
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

interface Waiting {
  readonly entry: IntakeEntry;
  readonly at: number;
}

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

  const isNews = (incident: Incident, text: string): boolean => {
    const said = clean.normalise(text);
    const known = [
      ...incident.members.map((member) => member.message),
      ...incident.story.map((entry) => entry.text),
    ];
    return known.every((other) => !clean.normalise(other).includes(said));
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
  ): Promise<'same' | 'changed' | 'fenced'> => {
    const key = keyOfEntry(entry);
    if (key === undefined || !isWorthReading(entry)) {
      return 'same';
    }
    const incident = world.incidents.get(world.latest.get(key) ?? '');
    if (incident === undefined || hasEnded(incident)) {
      remember(key, entry, now);
      return 'same';
    }
    return add(writer, world, incident, entry, now);
  };

  /** A report is text beside what the objects say: one that cannot be taken is let go. */
  const takeApart: typeof takeOne = (writer, world, entry, now) =>
    isolated(
      () => takeOne(writer, world, entry, now),
      (error) => {
        const { cluster, digest } = entry;
        log.error({ cluster, object: keyOfEntry(entry), digest, error }, 'a report was left out');
        return 'same';
      },
    );

  const takeAll = async (
    writer: IncidentWriter,
    world: World,
    entries: readonly StreamEntry[],
    now: number,
  ): Promise<'same' | 'changed' | 'fenced'> => {
    let changed = false;
    for (const { value } of entries) {
      const parsed = IntakeEntry.safeParse(value);
      const result = parsed.success ? await takeApart(writer, world, parsed.data, now) : 'same';
      if (result === 'fenced') {
        return 'fenced';
      }
      changed ||= result === 'changed';
    }
    return changed ? 'changed' : 'same';
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
      const last = entries.at(-1);
      if (last === undefined) {
        return { done: true, changed: false, more: false };
      }
      const result = await takeAll(writer, world, entries, now);
      const changed = result === 'changed';
      if (result === 'fenced' || !(await moveOn(writer, last.id, cursor?.version ?? 0))) {
        return { done: false, changed, more: true };
      }
      await store.trim(intakeStream, last.id);
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
