import { durationMs } from '#src/flux/duration.ts';
import { type KubeObject, recordAt, textAt } from '#test/sandbox/api/json.ts';
import type { ResourceKind } from '#test/sandbox/api/kinds.ts';
import { timestamp } from '#test/sandbox/clock.ts';
import { type Artifacts, digestOf } from '#test/sandbox/controllers/artifacts.ts';
import {
  type Condition,
  conditionOf,
  generationOf,
  isSuspended,
  type NewCondition,
  observedGenerationOf,
  requestedAt,
  statusText,
} from '#test/sandbox/controllers/conditions.ts';
import type { Recorder } from '#test/sandbox/controllers/recorder.ts';
import type { Fetch, Fetched, FetchFailure } from '#test/sandbox/controllers/source-fetch.ts';
import { startWorker } from '#test/sandbox/controllers/worker.ts';
import { fluxFinalizer, type Ref, type World } from '#test/sandbox/controllers/world.ts';

const manager = 'gotk-source-controller';
const firstRetryMs = 750;
const lastRetryMs = 900_000;

const reconciling = (message: string, reason = 'Progressing'): NewCondition => ({
  type: 'Reconciling',
  status: 'True',
  reason,
  message,
});

const ready = (
  status: 'True' | 'False' | 'Unknown',
  reason: string,
  message: string,
): NewCondition => ({
  type: 'Ready',
  status,
  reason,
  message,
});

/**
 * Simulates source-controller for one kind of source. A pass that finds nothing new writes nothing; a
 * failure is retried after 0.75 s, 1.5 s … 15 min.
 */
export const startSourceController = (
  world: World,
  kind: ResourceKind,
  artifacts: Artifacts,
  recorder: Recorder,
  fetch: Fetch,
) => {
  const failures = new Map<string, number>();
  const keyOf = ({ namespace, name }: Ref): string => `${namespace}/${name}`;

  /** What is written last in every pass: generation, and the request that is handled by it. */
  const handled = (source: KubeObject, done: boolean) => {
    const token = requestedAt(source);
    return {
      ...(done ? { observedGeneration: generationOf(source) } : {}),
      ...(token === undefined || token === statusText(source, 'lastHandledReconcileAt')
        ? {}
        : { lastHandledReconcileAt: token }),
    };
  };

  const begin = async (source: KubeObject, ref: Ref): Promise<string | undefined> => {
    const seen = observedGenerationOf(source);
    const generation = generationOf(source);
    const isNew = seen !== generation;
    const token = requestedAt(source);
    const asked = token !== undefined && token !== statusText(source, 'lastHandledReconcileAt');
    if (!isNew && !asked) {
      return undefined;
    }
    const text = isNew
      ? `processing object: new generation ${seen} -> ${generation}`
      : 'reconciliation in progress';
    const shown: Condition | undefined = conditionOf(source, 'Ready');
    const first = shown === undefined;
    await world.patchStatus(kind, ref, manager, {
      set: [reconciling(text), ...(first ? [ready('Unknown', 'Progressing', text)] : [])],
    });
    return text;
  };

  const failed = async (
    source: KubeObject,
    ref: Ref,
    failure: FetchFailure,
    progress: string | undefined,
  ): Promise<number> => {
    const { reason, message, isWaiting } = failure;
    recorder.record(source, { severity: isWaiting ? 'trace' : 'error', reason, message });
    const shown =
      progress ?? conditionOf(source, 'Reconciling')?.message ?? 'reconciliation in progress';
    await world.pause(3);
    await world.patchStatus(kind, ref, manager, {
      set: [
        reconciling(shown, 'ProgressingWithRetry'),
        ready('False', reason, message),
        { type: 'FetchFailed', status: 'True', reason, message },
      ],
      fields: handled(source, false),
    });
    const count = failures.get(keyOf(ref)) ?? 0;
    failures.set(keyOf(ref), count + 1);
    return Math.min(firstRetryMs * 2 ** count, lastRetryMs);
  };

  const store = async (source: KubeObject, ref: Ref, found: Fetched): Promise<void> => {
    const before = artifacts.get(source.kind, ref.namespace, ref.name);
    const text = `building artifact: ${found.progress}`;
    await world.patchStatus(kind, ref, manager, {
      set: [
        reconciling(text),
        ready('Unknown', 'Progressing', text),
        ...(before === undefined
          ? []
          : [{ type: 'ArtifactOutdated', status: 'True' as const, ...found.outdated }]),
      ],
      remove: ['FetchFailed'],
    });
    if (Object.keys(found.early).length > 0) {
      await world.patchStatus(kind, ref, manager, { fields: found.early });
    }
    await world.pause(10);
    const digest = digestOf(`${source.kind}/${keyOf(ref)}/${found.revision}`);
    const { revision, tree, chart } = found;
    const artifact = { revision, digest, tree, chart };
    artifacts.put(source, artifact, world.clock.now());
    recorder.record(source, {
      severity: 'info',
      ...found.event,
      metadata: { digest, revision: found.revision },
    });
    const path = `${source.kind.toLowerCase()}/${ref.namespace}/${ref.name}/${found.file}`;
    const base = 'http://source-controller.flux-system.svc.cluster.local.';
    await world.pause(5);
    const stored = await world.patchStatus(kind, ref, manager, {
      set: [
        ready('True', found.ready.reason, found.ready.message),
        { type: 'ArtifactInStorage', status: 'True', ...found.ready },
      ],
      remove: ['Reconciling', 'ArtifactOutdated', 'FetchFailed'],
      fields: {
        ...found.fields,
        ...handled(source, true),
        ...urlOf(source, base),
        artifact: {
          digest,
          lastUpdateTime: timestamp(world.clock.now()),
          path,
          revision: found.revision,
          size: 517,
          url: `${base}/${path}`,
        },
      },
    });
    if (stored !== undefined) {
      artifacts.announce(stored);
    }
  };

  const same = async (source: KubeObject, ref: Ref, found: Fetched): Promise<void> => {
    const wasFailing = conditionOf(source, 'FetchFailed') !== undefined;
    recorder.record(source, { severity: 'trace', ...found.unchanged });
    if (wasFailing) {
      const digest = textAt(source, 'status', 'artifact', 'digest') ?? '';
      recorder.record(source, {
        severity: 'info',
        reason: found.ready.reason,
        message: found.recovered,
        metadata: { digest, revision: found.revision },
      });
    }
    await world.patchStatus(kind, ref, manager, {
      set: [
        ready('True', found.ready.reason, found.ready.message),
        { type: 'ArtifactInStorage', status: 'True', ...found.ready },
      ],
      remove: ['Reconciling', 'ArtifactOutdated', 'FetchFailed'],
      fields: handled(source, true),
    });
  };

  const suspended = async (source: KubeObject, ref: Ref): Promise<void> => {
    const now = conditionOf(source, 'Ready');
    await world.patchStatus(kind, ref, manager, {
      set: now === undefined ? [] : [ready(now.status, now.reason, now.message)],
      fields: handled(source, now?.status === 'True'),
    });
  };

  const collect = (source: KubeObject): void => {
    const count = artifacts.collect(source, world.clock.now());
    if (count > 0) {
      const message = `garbage collected ${count} artifacts`;
      recorder.record(source, { severity: 'trace', reason: 'GarbageCollectionSucceeded', message });
    }
  };

  const build = async (source: KubeObject, ref: Ref): Promise<number | undefined> => {
    collect(source);
    const progress = await begin(source, ref);
    const has = artifacts.get(source.kind, ref.namespace, ref.name) !== undefined;
    await world.pause(12);
    if (!has) {
      const text = 'building artifact';
      await world.patchStatus(kind, ref, manager, {
        set: [reconciling(text), ready('Unknown', 'Progressing', text)],
      });
    }
    await world.pause(has ? 15 : 80);
    const found = await world.clock.during(fetch(source, has));
    if (!found.ok) {
      return failed(source, ref, found.failure, has ? progress : 'building artifact');
    }
    failures.delete(keyOf(ref));
    const shown = textAt(source, 'status', 'artifact', 'revision');
    if (has && shown === found.value.revision) {
      await same(source, ref, found.value);
    } else {
      await store(source, ref, found.value);
    }
    return world.settings.jitter(durationMs(textAt(source, 'spec', 'interval')) ?? 60_000);
  };

  const pass = async (ref: Ref): Promise<number | undefined> => {
    const source = world.read(kind, ref);
    if (source === undefined) {
      return undefined;
    }
    if (source.metadata.deletionTimestamp !== undefined) {
      const reason = 'GarbageCollectionSucceeded';
      const message = 'garbage collected artifacts for deleted resource';
      recorder.record(source, { severity: 'trace', reason, message });
      artifacts.remove(source);
      world.setFinalizer(kind, ref, manager, false);
      return undefined;
    }
    if (source.metadata.finalizers?.includes(fluxFinalizer) !== true) {
      world.setFinalizer(kind, ref, manager, true);
      await world.pause(750);
    }
    const current = world.read(kind, ref) ?? source;
    if (isSuspended(current)) {
      await suspended(current, ref);
      return undefined;
    }
    // a HelmRepository of type oci holds no index: nothing is ever fetched for it
    if (recordAt(current, 'spec')['type'] === 'oci') {
      return undefined;
    }
    return build(current, ref);
  };

  return startWorker(world, { kind, pass, concurrent: 10 });
};

const urlOf = (source: KubeObject, base: string): Readonly<Record<string, string>> => {
  const { namespace = '', name } = source.metadata;
  const file = { HelmRepository: 'index.yaml', HelmChart: 'latest.tar.gz' }[source.kind];
  return file === undefined
    ? {}
    : { url: `${base}/${source.kind.toLowerCase()}/${namespace}/${name}/${file}` };
};
