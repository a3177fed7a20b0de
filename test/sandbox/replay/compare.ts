import type { RecordedChange } from '#test/fixtures/recordings.ts';
import { at, isRecord, type KubeObject, listAt, recordAt, textAt } from '#test/sandbox/api/json.ts';
import { conditionsOf } from '#test/sandbox/controllers/conditions.ts';

/** A message without what differs each time: durations, the temporary directory, Helm's log times. */
export const normalise = (message: string): string =>
  message
    .replace(/\/tmp\/kustomization-\d+/g, '/tmp/kustomization-N')
    // the index of the chart repository is not on record
    .replace(/sha256:[0-9a-f]{64}/g, 'sha256:N')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replace(/\b(?:\d+h)?(?:\d+m)?\d+(?:\.\d+)?(?:ms|µs|s)\b/g, (found) =>
      found.includes('.') || found.endsWith('ms') ? 'DURATION' : found,
    )
    .replace(/after \d+s/g, 'after DURATION')
    .trim();

const thinned = /^(Fetching manifests|Building manifests|Detecting drift)/;

/** What an object's conditions say, in one line; the passing steps that most recordings leave out are dropped. */
const stateOf = (object: KubeObject): string | undefined => {
  const conditions = conditionsOf(object);
  const passing = conditions.find(
    ({ type, reason, message }) =>
      type === 'Reconciling' && reason === 'Progressing' && thinned.test(message),
  );
  if (passing !== undefined || conditions.length === 0) {
    return undefined;
  }
  return conditions
    .map(
      ({ type, status, reason, message }) => `${type}=${status}/${reason}: ${normalise(message)}`,
    )
    .toSorted((left, right) => (left < right ? -1 : 1))
    .join('\n  ');
};

/**
 * Leaves of Kustomizations what the storm's stream kept of them: how they were made, and results, one each
 * time that Ready, Healthy or the applied revision changed; no passes, and nothing half-written.
 */
export const resultsOnly = (changes: readonly RecordedChange[]): readonly RecordedChange[] => {
  const last = new Map<string, string>();
  return changes.filter(({ cluster, type, object: seen }) => {
    const object = seen as unknown as KubeObject;
    if (object.kind !== 'Kustomization' || type !== 'MODIFIED') {
      return true;
    }
    const { namespace, name } = object.metadata;
    const conditions = conditionsOf(object);
    const isUnderWay = conditions.some(({ reason }) => reason === 'Progressing');
    const results = conditions
      .filter(({ type: about }) => about === 'Ready' || about === 'Healthy')
      .map(({ type: about, status, reason, message }) => [about, status, reason, message]);
    const result = JSON.stringify([results, textAt(object, 'status', 'lastAppliedRevision')]);
    const about = `${cluster} ${namespace}/${name}`;
    if (isUnderWay || results.length === 0 || last.get(about) === result) {
      return false;
    }
    last.set(about, result);
    return true;
  });
};

export interface Story {
  /** From one state to the next, each once, in order of first happening. */
  readonly transitions: readonly string[];
}

/** The transitions of each object of a stream, by `cluster Kind/namespace/name`. */
export const storiesOf = (
  changes: readonly RecordedChange[],
  kinds: readonly string[],
): ReadonlyMap<string, Story> => {
  const last = new Map<string, string>();
  const stories = new Map<string, string[]>();
  for (const { cluster, type, object } of changes) {
    const { kind, metadata } = object;
    const name = `${cluster} ${kind}/${metadata.namespace}/${metadata.name}`;
    const state = type === 'DELETED' ? 'deleted' : stateOf(object as unknown as KubeObject);
    if (!kinds.includes(kind) || type === 'BOOKMARK' || state === undefined) {
      continue;
    }
    const before = last.get(name) ?? 'new';
    const transition = `${before}\n→ ${state}`;
    const story = stories.get(name) ?? [];
    if (before !== state && !story.includes(transition)) {
      story.push(transition);
    }
    stories.set(name, story);
    last.set(name, state);
  }
  return new Map([...stories].map(([name, transitions]) => [name, { transitions }]));
};

export interface Message {
  readonly about: string;
  /** Reason, severity, text and metadata; what is said, without what differs each time. */
  readonly said: string;
  readonly count: number;
}

/** What the webhooks said, each once, in order of first arrival per object, with how often. */
export const messagesOf = (
  webhooks: readonly { readonly cluster: string; readonly body: string }[],
): readonly Message[] => {
  const counts = new Map<string, { about: string; said: string; count: number }>();
  for (const { cluster, body } of webhooks) {
    const event: unknown = JSON.parse(body);
    const object = isRecord(event) ? event['involvedObject'] : undefined;
    const metadata = isRecord(event) ? event['metadata'] : undefined;
    const place = `${textAt(object, 'kind')}/${textAt(object, 'namespace')}/${textAt(object, 'name')}`;
    const about = `${cluster} ${place}`;
    const what = `${textAt(event, 'severity')} ${textAt(event, 'reason')}`;
    const text = normalise(textAt(event, 'message') ?? '');
    const said = `${what} ${text} ${normalise(JSON.stringify(metadata ?? {}))}`;
    const known = counts.get(`${about} ${said}`);
    if (known === undefined) {
      counts.set(`${about} ${said}`, { about, said, count: 1 });
    } else {
      known.count += 1;
    }
  }
  return [...counts.values()].toSorted((left, right) => (left.about < right.about ? -1 : 1));
};

const historyText = (entry: unknown): string => {
  const revision = textAt(entry, 'metadata', 'revision') ?? textAt(entry, 'chartVersion') ?? '';
  const status = textAt(entry, 'lastReconciledStatus') ?? textAt(entry, 'status') ?? '';
  return [status, textAt(entry, 'action') ?? '', at(entry, 'version') ?? '', revision].join(' ');
};

const eventFacts = (event: KubeObject): readonly string[] => {
  const object = recordAt(event, 'involvedObject');
  const annotations = Object.keys(event.metadata.annotations ?? {}).toSorted((left, right) =>
    left < right ? -1 : 1,
  );
  const what = `${textAt(event, 'type')} ${textAt(event, 'reason')}`;
  const about = `${textAt(object, 'kind')}/${textAt(object, 'namespace')}/${textAt(object, 'name')}`;
  return [
    `Event ${about} ${what} ${normalise(textAt(event, 'message') ?? '')} ${annotations.join()}`,
  ];
};

/** What an object says besides its conditions, each a fact of its own. */
const statusFacts = (object: KubeObject): readonly string[] => {
  const status = recordAt(object, 'status');
  const ready = conditionsOf(object).find(({ type }) => type === 'Ready');
  const text = (...keys: readonly string[]): string =>
    keys.map((key) => `${key}=${normalise(String(status[key] ?? ''))}`).join(' ');
  const ids = listAt(status, 'inventory', 'entries').map((entry) => textAt(entry, 'id'));
  const { deletionTimestamp, finalizers = [], generation } = object.metadata;
  return [
    `Ready=${ready?.status}/${ready?.reason} ${text('observedGeneration')} of ${generation}`,
    text('lastAppliedRevision', 'lastAttemptedRevision'),
    text('lastHandledReconcileAt', 'lastHandledForceAt', 'lastHandledResetAt'),
    text('failures', 'installFailures', 'upgradeFailures', 'lastAttemptedGeneration'),
    text('helmChart', 'storageNamespace', 'lastAttemptedReleaseAction', 'observedChartName'),
    `inventory ${ids.join()}`,
    `history ${listAt(status, 'history').map(historyText).join()}`,
    `artifact ${normalise(textAt(status, 'artifact', 'revision') ?? '')}`,
    `fields ${Object.keys(status)
      .toSorted((left, right) => (left < right ? -1 : 1))
      .join()}`,
    `finalizers ${finalizers.join()} leaving ${deletionTimestamp !== undefined}`,
  ].map((fact) => `${object.kind}/${object.metadata.namespace}/${object.metadata.name} ${fact}`);
};

const workloadKinds = ['Deployment', 'ReplicaSet', 'Pod'];

/** All that a stream ever showed of status fields and of Flux's own Events, each once. */
export const factsOf = (
  changes: readonly RecordedChange[],
  kinds: readonly string[],
): ReadonlySet<string> => {
  const facts = changes
    .filter(({ type }) => type !== 'BOOKMARK')
    .flatMap(({ cluster, object: seen }): readonly string[] => {
      const object = seen as unknown as KubeObject;
      const involved = textAt(object, 'involvedObject', 'kind') ?? '';
      const isFluxs = object.kind === 'Event' && !workloadKinds.includes(involved);
      const own = kinds.includes(object.kind) ? statusFacts(object) : [];
      return (isFluxs ? eventFacts(object) : own).map((fact) => `${cluster} ${fact}`);
    });
  return new Set(facts);
};
