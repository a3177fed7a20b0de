import { createAudit } from '#src/audit/audit.ts';
import type { Reply } from '#src/command/dispatch.ts';
import { type Journal, Journal as JournalRecord, objectLockKey } from '#src/command/journal.ts';
import { journalCardId } from '#src/command/journals.ts';
import { intakeStream } from '#src/flux/intake.ts';
import { printRef } from '#src/flux/ref.ts';
import { incidentCard } from '#src/incident/card.ts';
import { rootCardId } from '#src/incident/card-writes.ts';
import { causeOf, hasEnded, type Incident, memberKey } from '#src/incident/incident.ts';
import { loadIncidents } from '#src/incident/records.ts';
import { intakeCursor } from '#src/incident/reports.ts';
import { questionOf } from '#src/incident/revisions.ts';
import { renderMessage } from '#src/slack/blocks.ts';
import { CardRecord } from '#src/slack/card.ts';
import type { Store } from '#src/store/store.ts';
import type { FakeSlack } from '#test/fakes/slack.ts';
import type { FluxCluster, Thing } from '#test/faults/flux.ts';
import { auditKey, channelOf } from '#test/faults/replica.ts';

/** What a run left behind. */
export interface Remains {
  /** Not through any process: nothing fails here. */
  readonly store: Store;
  /** Every key that was ever written. */
  readonly keys: ReadonlySet<string>;
  readonly slack: FakeSlack;
  readonly clusters: readonly FluxCluster[];
  readonly replies: readonly Reply[];
  /** How often the API server took a patch with a token: `apps ks/a/b <token>`. */
  readonly patches: ReadonlyMap<string, number>;
}

type Said = readonly string[];

const ofObject = (cluster: string, thing: Thing, incidents: readonly Incident[]): Said => {
  const key = memberKey(cluster, thing.ref);
  const open = incidents.filter(
    (incident) =>
      !hasEnded(incident) &&
      incident.members.some((one) => memberKey(one.cluster, one.ref) === key),
  );
  const states = open.map((incident) => `${incident.id} ${incident.state}`).join(', ');
  const wrong = (what: string): Said => [`${key} ${what}; open: ${states || 'none'}`];
  if (open.length > 1) {
    return wrong('has more than one open incident');
  }
  if (!thing.exists) {
    return open.length === 0 ? [] : wrong('was deleted');
  }
  if (thing.standing === 'healthy') {
    return open.length === 0 ? [] : wrong('is well');
  }
  if (thing.suspended) {
    return open.every((incident) => incident.state === 'suspended') ? [] : wrong('is suspended');
  }
  if (thing.standing === 'failing') {
    return open.length === 1 && open[0]?.state === 'open' ? [] : wrong('is failing');
  }
  return [];
};

const ofIncidents = ({ clusters }: Remains, incidents: readonly Incident[]): Said =>
  clusters.flatMap(({ server, things }) =>
    things.flatMap((thing) => ofObject(server.name, thing, incidents)),
  );

/** Whatever an open incident asks the Git host is answered, and be it with a failure. */
const ofCommits = (incidents: readonly Incident[]): Said =>
  incidents
    .filter((incident) => incident.state === 'open')
    .flatMap((incident) => {
      const question = questionOf(causeOf(incident).git);
      const answered = incident.findings?.some((one) => one.question === question?.key) === true;
      return question === undefined || answered ? [] : [`${incident.id} knows no commits`];
    });

const ofCards = async ({ store, keys, slack }: Remains): Promise<Said> => {
  const names = [...keys].filter((key) => key.startsWith('card/'));
  const cards = (await store.readAll(names)).flatMap((found) =>
    found === undefined ? [] : [CardRecord.parse(found.value)],
  );
  return cards.flatMap((card) => {
    const messages = slack.messages().filter((message) => message.card.card === card.id);
    if (card.desired.view === undefined) {
      return messages.length === 0 ? [] : [`${card.id} should be gone`];
    }
    const wanted = renderMessage(card.desired.view).text;
    const [message, ...more] = messages;
    if (message === undefined || more.length > 0) {
      return [`${card.id} has ${messages.length} messages`];
    }
    return message.text === wanted ? [] : [`${card.id} says "${message.text}", not "${wanted}"`];
  });
};

const ofRoots = ({ slack }: Remains, incidents: readonly Incident[]): Said =>
  incidents
    .filter((incident) => !incident.rolledUp)
    .flatMap((incident) =>
      [...new Set(incident.members.map(({ cluster }) => channelOf(cluster)))].flatMap((channel) => {
        const roots = slack
          .messages()
          .filter((message) => message.card.card === rootCardId(incident.id, channel));
        const wanted = renderMessage(incidentCard(incident)).text;
        return roots.length === 1 && roots[0]?.text === wanted && roots[0]?.thread === undefined
          ? []
          : [
              `${incident.id} has ${roots.length} roots in ${channel}: ${roots.map(({ text }) => text)}`,
            ];
      }),
    );

const ofJournal = (journal: Journal, remains: Remains, taken: readonly string[]): Said => {
  const { slack, patches } = remains;
  const wrong = (what: string): string => `${journal.id} ${what}`;
  if (journal.status === 'running') {
    return [wrong(`is not settled: ${JSON.stringify(journal.steps)}`)];
  }
  const said: string[] = [];
  if (taken.some((key) => journal.locks.includes(key))) {
    said.push(wrong('left a lock'));
  }
  const { channel } = journal.place;
  const card = slack
    .messages()
    .find((message) => message.card.card === journalCardId(journal.id, channel ?? ''));
  const verb = journal.status === 'succeeded' ? 'Reconciled' : 'Could not reconcile';
  if (card?.text.includes(`${verb} `) !== true) {
    said.push(wrong(`${journal.status}, and its card says "${card?.text}"`));
  }
  if (journal.status === 'succeeded') {
    for (const { cluster, object } of journal.targets) {
      const times = patches.get(`${cluster} ${object} ${journal.token}`) ?? 0;
      if (times !== 1) {
        said.push(wrong(`succeeded, and asked ${object} on ${cluster} ${times} times`));
      }
    }
  }
  return said;
};

const journalsOf = async ({ store, keys }: Remains): Promise<readonly Journal[]> => {
  const names = [...keys].filter((key) => /^journal\/CMD-/.test(key));
  return (await store.readAll(names)).flatMap((found) =>
    found === undefined ? [] : [JournalRecord.parse(found.value)],
  );
};

const ofCommands = async (remains: Remains): Promise<Said> => {
  const { store, keys, patches, replies, clusters } = remains;
  const journals = await journalsOf(remains);
  const locks = clusters.flatMap(({ server, things }) =>
    things.map(({ ref }) => objectLockKey(server.name, printRef(ref))),
  );
  const held = await store.readAll(locks);
  const taken = locks.filter((_, at) => held[at] !== undefined);
  const audit = createAudit({ store, key: auditKey });
  const verified = await audit.verify();
  const facts = (await audit.read(undefined, 10_000)).map(({ entry }) => entry.fact);
  const count = (invocation: string, kind: string): number =>
    facts.filter((fact) => fact['invocation'] === invocation && fact.kind === kind).length;
  const started = new Set(journals.map(({ invocation }) => invocation));
  return [
    ...journals.flatMap((journal) => ofJournal(journal, remains, taken)),
    ...taken.filter(() => journals.every(({ status }) => status !== 'running')),
    ...[...patches].flatMap(([name, times]) =>
      times > 1 ? [`${name} was written ${times} times`] : [],
    ),
    ...(verified.ok ? [] : [`the audit trail is broken: ${JSON.stringify(verified.failure)}`]),
    ...journals.flatMap(({ id, invocation }) =>
      ['decided', 'settled'].flatMap((kind) =>
        count(invocation, kind) === 1 ? [] : [`${id} has ${count(invocation, kind)} facts ${kind}`],
      ),
    ),
    ...replies.flatMap((reply) =>
      reply.kind === 'failed' && reply.failure.code !== 'in-doubt' && started.has(reply.invocation)
        ? [`${reply.invocation} was answered ${reply.failure.code}, and is carried out`]
        : [],
    ),
    ...replies.flatMap((reply) =>
      reply.kind === 'queued' && !keys.has(`journal/${reply.journal}`)
        ? [`${reply.journal} was promised and is not there`]
        : [],
    ),
  ];
};

const ofIntake = async ({ store }: Remains): Promise<Said> => {
  const cursor = await store.read(intakeCursor);
  const after = typeof cursor?.value === 'string' ? cursor.value : undefined;
  const left = await store.entries(intakeStream, after, 10);
  return left.length === 0 ? [] : [`${left.length} deliveries were not read`];
};

/** Everything that is not as promised; nothing when all is well. */
export const violationsOf = async (remains: Remains): Promise<Said> => {
  const incidents = (await loadIncidents(remains.store, 0)).map(({ incident }) => incident);
  return [
    ...ofIncidents(remains, incidents),
    ...ofCommits(incidents),
    ...ofRoots(remains, incidents),
    ...(await ofCards(remains)),
    ...(await ofCommands(remains)),
    ...(await ofIntake(remains)),
  ];
};
