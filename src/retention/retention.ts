import { z } from 'zod';
import { auditStream } from '#src/audit/audit.ts';
import { AuditEntry } from '#src/audit/chain.ts';
import { actorId } from '#src/command/actor.ts';
import { askedBy, Journal, journalKey, settledJournals } from '#src/command/journal.ts';
import { journalCardId } from '#src/command/journals.ts';
import { postedAnswers } from '#src/console/answers.ts';
import { slackDeliveries } from '#src/console/console.ts';
import { submittedForms, submittedKey } from '#src/console/submitted.ts';
import { rootCardId } from '#src/incident/card-writes.ts';
import { Incident } from '#src/incident/incident.ts';
import { endedIncidents, incidentKey } from '#src/incident/records.ts';
import { cardKey, dirtyCards, looseCards } from '#src/slack/card.ts';
import type { Batch, Store } from '#src/store/store.ts';

/** How long things are kept after they have ended; ms. */
export interface RetentionLimits {
  readonly incidentsMs: number;
  readonly commandsMs: number;
  readonly auditMs: number;
}

export interface Swept {
  readonly incidents: number;
  readonly commands: number;
  readonly audit: number;
}

const batchSize = 200;
const deliveriesMs = 24 * 60 * 60_000;
/** An answer that was posted is never changed again. */
const answersMs = 24 * 60 * 60_000;

type Removal = Required<Pick<Batch, 'remove' | 'unindex'>>;

const withCards = (cards: readonly string[], own: Removal): Removal => ({
  remove: [...own.remove, ...cards.map((card) => ({ key: cardKey(card) }))],
  unindex: [
    ...own.unindex,
    ...[dirtyCards, looseCards].flatMap((index) => cards.map((member) => ({ index, member }))),
  ],
});

/** Removes what ended before the limit, one record with its cards at a time. @returns how many */
const sweepIndex = async (
  store: Store,
  index: string,
  before: number,
  removal: (id: string) => Promise<Removal>,
): Promise<number> => {
  let removed = 0;
  for (;;) {
    const old = await store.range(index, { upTo: before, limit: batchSize });
    for (const { member } of old) {
      await store.commit(await removal(member));
    }
    removed += old.length;
    if (old.length < batchSize) {
      return removed;
    }
  }
};

const Story = Incident.pick({ story: true });
const Asked = Journal.pick({ place: true, actor: true });

const incidentRemoval = async (
  store: Store,
  id: string,
  channels: readonly string[],
): Promise<Removal> => {
  // of another version, perhaps; it goes all the same
  const story = Story.safeParse((await store.read(incidentKey(id)))?.value).data?.story ?? [];
  const cards = channels.flatMap((channel) => {
    const root = rootCardId(id, channel);
    return [root, ...story.map((entry) => `${root}/${entry.id}`)];
  });
  return withCards(cards, {
    remove: [{ key: incidentKey(id) }],
    unindex: [{ index: endedIncidents, member: id }],
  });
};

const journalRemoval = async (store: Store, id: string): Promise<Removal> => {
  const journal = Asked.safeParse((await store.read(journalKey(id)))?.value).data;
  const channel = journal?.place.channel;
  const asked =
    journal === undefined ? [] : [{ index: askedBy(actorId(journal.actor)), member: id }];
  return withCards(channel === undefined ? [] : [journalCardId(id, channel)], {
    remove: [{ key: journalKey(id) }],
    unindex: [{ index: settledJournals, member: id }, ...asked],
  });
};

interface StreamSweep {
  readonly stream: string;
  /** ms. */
  readonly before: number;
  readonly timeOf: z.ZodType<number>;
  /** Whether the last entry stays, however old. */
  readonly keepsLast?: boolean;
}

/** Trims what is older than the limit from the front of a stream. @returns how many entries */
const sweepStream = async (
  store: Store,
  { stream, before, timeOf, keepsLast = false }: StreamSweep,
): Promise<number> => {
  let removed = 0;
  for (;;) {
    const entries = await store.entries(stream, undefined, batchSize);
    const fresh = entries.findIndex(({ value }) => {
      const at = timeOf.safeParse(value);
      // what cannot be read is kept
      return !at.success || at.data >= before;
    });
    const old = entries.slice(0, fresh === -1 ? entries.length - (keepsLast ? 1 : 0) : fresh);
    const last = old.at(-1);
    if (last === undefined) {
      return removed;
    }
    await store.trim(stream, last.id);
    removed += old.length;
    if (fresh !== -1 || entries.length < batchSize) {
      return removed;
    }
  }
};

const auditTime = AuditEntry.transform(({ fact }) => fact.at);

/**
 * Removes what has been kept for long enough. What is open or under way is never touched, and the audit
 * trail loses only its oldest end, which its verification accepts: the newest entry stays at any age, since
 * a trail without it is one that was cut off.
 * @param channels - where the cards of incidents may stand
 * @param now - ms since the epoch
 */
export const sweepOld = async (
  store: Store,
  limits: RetentionLimits,
  channels: readonly string[],
  now: number,
): Promise<Swept> => {
  await store.forget(slackDeliveries, now - deliveriesMs);
  await sweepStream(store, {
    stream: slackDeliveries,
    before: now - deliveriesMs,
    timeOf: z.number(),
  });
  await sweepIndex(store, postedAnswers, now - answersMs, async (id) =>
    withCards([id], { remove: [], unindex: [{ index: postedAnswers, member: id }] }),
  );
  await sweepIndex(store, looseCards, now - limits.incidentsMs, async (id) =>
    withCards([id], { remove: [], unindex: [] }),
  );
  await sweepIndex(store, submittedForms, now - deliveriesMs, async (id) => ({
    remove: [{ key: submittedKey(id) }],
    unindex: [{ index: submittedForms, member: id }],
  }));
  return {
    incidents: await sweepIndex(store, endedIncidents, now - limits.incidentsMs, (id) =>
      incidentRemoval(store, id, channels),
    ),
    commands: await sweepIndex(store, settledJournals, now - limits.commandsMs, (id) =>
      journalRemoval(store, id),
    ),
    audit: await sweepStream(store, {
      stream: auditStream,
      before: now - limits.auditMs,
      timeOf: auditTime,
      keepsLast: true,
    }),
  };
};
