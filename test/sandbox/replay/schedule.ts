import type { RecordedChange, RecordedFile, Recording } from '#test/fixtures/recordings.ts';
import {
  equal,
  type JsonRecord,
  type KubeObject,
  recordAt,
  textAt,
} from '#test/sandbox/api/json.ts';
import type { ApiServer } from '#test/sandbox/api/server.ts';
import { statusOf } from '#test/sandbox/api/status.ts';
import type { VirtualClock } from '#test/sandbox/clock.ts';
import type { Flux } from '#test/sandbox/controllers/flux.ts';
import type { MemoryGit } from '#test/sandbox/controllers/git.ts';
import type { Deliver } from '#test/sandbox/controllers/notification.ts';

/** One request that simulated notification-controller sent, in the form of a recorded one. */
export interface SentWebhook {
  readonly atMs: number;
  readonly cluster: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly answered: number | null;
}

export interface Played {
  readonly changes: readonly RecordedChange[];
  readonly webhooks: readonly SentWebhook[];
}

export interface Cluster {
  readonly server: ApiServer;
  readonly flux: Flux;
}

/** Where a recording is played again: its clusters, its Git server, its clock. */
export interface Stage {
  readonly recording: Recording;
  readonly clock: VirtualClock;
  readonly git: MemoryGit;
  readonly clusters: ReadonlyMap<string, Cluster>;
  readonly startedMs: number;
  /** What the receiver answers; scenarios change it. */
  answer: Deliver;
  /** Whether nobody listens now: what is refused is not on record. */
  isRefusing: () => boolean;
}

const group = 'kustomize.toolkit.fluxcd.io';

/** Whether the change was made on an object that Flux itself applies: then its parent makes it again. */
export const isOwned = (object: KubeObject): boolean =>
  object.metadata.labels?.[`${group}/name`] !== undefined ||
  object.metadata.labels?.['helm.toolkit.fluxcd.io/name'] !== undefined;

export const fluxKinds = [
  'GitRepository',
  'OCIRepository',
  'HelmRepository',
  'Kustomization',
  'HelmRelease',
];

/** All commits that a recording speaks of, in full: they are named by eight digits elsewhere. */
const fullShas = (recording: Recording): ReadonlyMap<string, string> => {
  const found = JSON.stringify(recording.watch).match(/sha1:[0-9a-f]{40}/g) ?? [];
  return new Map(found.map((text) => [text.slice(5, 13), text.slice(5)]));
};

const urlsOf = (recording: Recording): readonly string[] => [
  ...new Set(
    recording.watch.flatMap(({ object }) => {
      const url = textAt(object, 'spec', 'url');
      return object.kind === 'GitRepository' && url !== undefined ? [url] : [];
    }),
  ),
];

const commitStep = /^commit ([0-9a-f]{8}) '(.*)'$/s;
const revertStep = /^git revert ([0-9a-f]{8}) -> ([0-9a-f]{8})$/;

/** Schedules what the recorder did to Git: commits, with these files. */
export const scheduleCommits = (stage: Stage, versions: readonly RecordedFile[]): void => {
  const { recording, clock, git } = stage;
  const shas = fullShas(recording);
  // a repository that only failed has no commits of ours
  const urls = urlsOf(recording).filter((url) => !url.includes('/nobody/'));
  const files: Record<string, string> = {};
  const add = (commit: string | undefined): void => {
    for (const file of versions.filter((one) => one.commit === commit)) {
      files[file.path] = file.text;
    }
  };
  add(undefined);
  const subjects = new Map<string, string>();
  const before = new Map<string, Readonly<Record<string, string>>>();
  const commit = (short: string, subject: string): void => {
    before.set(short, { ...files });
    subjects.set(short, subject);
    add(short);
    for (const url of urls) {
      git.commit(url, { ...files }, subject, shas.get(short));
    }
  };
  const revert = (bad: string, short: string): void => {
    for (const path of Object.keys(files)) {
      delete files[path];
    }
    Object.assign(files, before.get(bad));
    commit(short, `Revert "${subjects.get(bad)}"`);
  };
  for (const { at, did } of recording.scenario.steps) {
    const [, short, subject] = commitStep.exec(did) ?? [];
    const [, bad, good] = revertStep.exec(did) ?? [];
    // what the recorder noted was done a moment before
    const atMs = Math.max(0, at * 1000 - 60);
    if (short !== undefined && subject !== undefined) {
      clock.after(atMs, () => commit(short, subject));
    } else if (bad !== undefined && good !== undefined) {
      clock.after(atMs, () => revert(bad, good));
    }
  }
};

/**
 * When each Kustomization first spoke of a revision, by `cluster namespace/name revision`, in ms since the start:
 * which of many comes when hung on two busy cores, and is no rule that could be simulated.
 */
export const recordedTurns = (recording: Recording): ReadonlyMap<string, number> => {
  const turns = new Map<string, number>();
  for (const { atMs, cluster, body } of recording.webhooks) {
    const event: unknown = JSON.parse(body);
    const text = (...path: readonly string[]): string => textAt(event, ...path) ?? '';
    const about = `${text('involvedObject', 'namespace')}/${text('involvedObject', 'name')}`;
    const key = `${cluster} ${about} ${text('metadata', 'revision')}`;
    if (text('involvedObject', 'kind') === 'Kustomization' && !turns.has(key)) {
      turns.set(key, atMs);
    }
  }
  return turns;
};

const userAnnotations = (object: KubeObject): JsonRecord => ({ ...object.metadata.annotations });

const nulled = (before: JsonRecord, after: JsonRecord): JsonRecord =>
  Object.fromEntries([
    ...Object.keys(before)
      .filter((key) => !(key in after))
      .map((key) => [key, null]),
    ...Object.entries(after).filter(([key, value]) => !equal(before[key], value)),
  ]);

const asMade = (object: KubeObject): KubeObject => ({
  apiVersion: object.apiVersion,
  kind: object.kind,
  metadata: {
    name: object.metadata.name,
    ...(object.metadata.namespace === undefined ? {} : { namespace: object.metadata.namespace }),
    ...(object.metadata.labels === undefined ? {} : { labels: object.metadata.labels }),
    ...(object.metadata.annotations === undefined
      ? {}
      : { annotations: object.metadata.annotations }),
  },
  spec: object['spec'],
});

/** Does again what somebody did to an object: made it, changed it, deleted it. */
const repeat = (server: ApiServer, before: KubeObject | undefined, after: KubeObject): void => {
  const kind = server.kinds.byObject(after.apiVersion, after.kind);
  const { namespace, name } = after.metadata;
  if (kind === undefined) {
    return;
  }
  const manager = 'lab';
  try {
    if (before === undefined) {
      server.api.create(kind, asMade(after), { manager });
      return;
    }
    if (after.metadata.deletionTimestamp !== undefined) {
      server.api.remove(kind, { namespace, name });
      return;
    }
    const body = {
      metadata: { annotations: nulled(userAnnotations(before), userAnnotations(after)) },
      spec: nulled(recordAt(before, 'spec'), recordAt(after, 'spec')),
    };
    server.api.patch(kind, { namespace, name }, 'merge', body, { manager });
  } catch (error) {
    // gone meanwhile, which the comparison shows
    if (statusOf(error) === undefined) {
      throw error;
    }
  }
};

const isUserChange = (before: KubeObject | undefined, after: KubeObject): boolean => {
  if (before === undefined) {
    return true;
  }
  const isLeaving = before.metadata.deletionTimestamp !== after.metadata.deletionTimestamp;
  const isOther =
    !equal(before['spec'], after['spec']) ||
    !equal(before.metadata.annotations, after.metadata.annotations);
  return isLeaving || isOther;
};

/** Schedules what the recorder did to objects, as the stream shows it. */
export const scheduleObjects = (stage: Stage, isOurs: (object: KubeObject) => boolean): void => {
  const last = new Map<string, KubeObject>();
  for (const change of stage.recording.watch) {
    const object = change.object as unknown as KubeObject;
    const cluster = stage.clusters.get(change.cluster);
    const key = `${change.cluster}/${object.kind}/${object.metadata.namespace}/${object.metadata.name}`;
    const before = last.get(key);
    const isWanted =
      change.type !== 'BOOKMARK' && fluxKinds.includes(object.kind) && isOurs(object);
    if (!isWanted || cluster === undefined) {
      continue;
    }
    if (change.type === 'DELETED') {
      last.delete(key);
      continue;
    }
    last.set(key, object);
    if (isUserChange(before, object)) {
      stage.clock.after(change.atMs, () => repeat(cluster.server, before, object));
    }
  }
};

/** Patches an object at a moment of the recording, as a field manager. */
export const patchAt = (
  stage: Stage,
  atSeconds: number,
  cluster: string,
  named: { readonly kind: string; readonly namespace: string; readonly name: string },
  manager: string,
  body: JsonRecord,
): void => {
  const server = stage.clusters.get(cluster)?.server;
  const kind = server?.kinds.all().find((one) => one.kind === named.kind);
  if (server === undefined || kind === undefined) {
    throw new Error(`no ${named.kind} on ${cluster}`);
  }
  stage.clock.after(atSeconds * 1000, () => {
    server.api.patch(kind, named, 'merge', body, { manager });
  });
};
