import { type JsonRecord, type KubeObject, recordAt, textAt } from '#test/sandbox/api/json.ts';
import type { Artifact, Artifacts } from '#test/sandbox/controllers/artifacts.ts';
import {
  conditionOf,
  generationOf,
  handledBy,
  isReady,
  isSuspended,
  type NewCondition,
  statusText,
} from '#test/sandbox/controllers/conditions.ts';
import { goDuration } from '#test/sandbox/controllers/go-text.ts';
import { type Applied, createApplier } from '#test/sandbox/controllers/kustomize/apply.ts';
import type { Build, Built } from '#test/sandbox/controllers/kustomize/build.ts';
import {
  type Evaluate,
  unmetDependency,
} from '#test/sandbox/controllers/kustomize/dependencies.ts';
import {
  healthExpressions,
  healthTargets,
  waitForHealth,
} from '#test/sandbox/controllers/kustomize/health.ts';
import { withHistory } from '#test/sandbox/controllers/kustomize/history.ts';
import {
  intervalMs,
  retryMs,
  sourceRefOf,
  timeoutOf,
  variablesOf,
} from '#test/sandbox/controllers/kustomize/spec.ts';
import { createWaits } from '#test/sandbox/controllers/kustomize/waiting.ts';
import type { Recorder } from '#test/sandbox/controllers/recorder.ts';
import { startWorker } from '#test/sandbox/controllers/worker.ts';
import { fluxFinalizer, type Ref, refOf, type World } from '#test/sandbox/controllers/world.ts';

const manager = 'gotk-kustomize-controller';

const reconciling = (message: string): NewCondition => ({
  type: 'Reconciling',
  status: 'True',
  reason: 'Progressing',
  message,
});

const inProgress: NewCondition = {
  type: 'Ready',
  status: 'Unknown',
  reason: 'Progressing',
  message: 'Reconciliation in progress',
};

interface Pass {
  readonly ref: Ref;
  /** As it was when the pass began: its token is the one that the pass handles. */
  readonly object: KubeObject;
  readonly startedMs: number;
  readonly artifact: Artifact;
  readonly timeoutMs: number;
}

/** Simulates kustomize-controller, as recorded: what it writes, says and when. */
export const startKustomizeController = (
  world: World,
  artifacts: Artifacts,
  recorder: Recorder,
  build: Build,
  evaluate: Evaluate,
) => {
  const { server, clock, settings } = world;
  const kind = world.kindNamed('kustomize.toolkit.fluxcd.io', 'Kustomization');
  const sourceKinds = server.kinds
    .all()
    .filter(({ group }) => group === 'source.toolkit.fluxcd.io');
  const { apply, prune } = createApplier(world);
  const { waitForSource, waitForDependency } = createWaits(world, kind, recorder);

  /** An event has the Ready reason as its own; before there is one, Progressing. */
  const tell = (
    object: KubeObject,
    message: string,
    revision?: string,
    more: JsonRecord = {},
  ): void => {
    recorder.record(object, {
      severity: 'info',
      reason: 'Progressing',
      message,
      metadata: revision === undefined ? {} : { revision },
      ...more,
    });
  };

  const variables = variablesOf(world);

  const progress = async (pass: Pass, what: string): Promise<string> => {
    const text = `${what} for revision ${pass.artifact.revision} with a timeout of ${goDuration(pass.timeoutMs)}`;
    await world.patchStatus(kind, pass.ref, manager, { set: [reconciling(text), inProgress] });
    return text;
  };

  interface Failure {
    readonly reason: string;
    readonly message: string;
    readonly shown: string;
    /** Set when something was built: only then it is history. */
    readonly digest?: string;
    readonly set?: readonly NewCondition[];
    readonly fields?: JsonRecord;
  }

  const failed = async (pass: Pass, failure: Failure): Promise<number> => {
    const { reason, message, digest } = failure;
    const { revision } = pass.artifact;
    recorder.record(pass.object, { severity: 'error', reason, message, metadata: { revision } });
    await world.pause(6);
    const live = world.read(kind, pass.ref) ?? pass.object;
    const history =
      digest === undefined
        ? {}
        : {
            history: withHistory(live, {
              digest,
              status: reason,
              revision,
              startedMs: clock.now(),
              durationMs: world.measured(pass.startedMs),
            }),
          };
    await world.patchStatus(kind, pass.ref, manager, {
      set: [
        { ...reconciling(failure.shown), reason: 'ProgressingWithRetry' },
        { type: 'Ready', status: 'False', reason, message },
        ...(failure.set ?? []),
      ],
      fields: { ...history, ...handledBy(pass.object), ...failure.fields },
    });
    return retryMs(pass.object);
  };

  const checkHealth = async (
    pass: Pass,
    applied: Applied,
    digest: string,
    isChanged: boolean,
  ): Promise<number | undefined> => {
    const targets = healthTargets(pass.object, applied.objects);
    if (targets.length === 0) {
      return undefined;
    }
    const { revision } = pass.artifact;
    const text = `Running health checks for revision ${revision} with a timeout of ${goDuration(pass.timeoutMs)}`;
    const running: NewCondition = {
      type: 'Healthy',
      status: 'Unknown',
      reason: 'Progressing',
      message: text,
    };
    const wasHealthy = conditionOf(pass.object, 'Healthy')?.status === 'True';
    await world.patchStatus(kind, pass.ref, manager, {
      set: [reconciling(text), inProgress, running],
      fields: { inventory: { entries: applied.entries } },
    });
    const startedMs = clock.now();
    const problem = await waitForHealth(
      world,
      targets,
      pass.timeoutMs,
      healthExpressions(pass.object),
    );
    const took = goDuration(world.measured(startedMs));
    if (problem !== undefined) {
      return failed(pass, {
        reason: 'HealthCheckFailed',
        message: `health check failed after ${took}: ${problem}`,
        shown: text,
        digest,
        set: [{ type: 'Healthy', status: 'False', reason: 'HealthCheckFailed', message: problem }],
      });
    }
    const passed = `Health check passed in ${took}`;
    const isNews = !wasHealthy || (isChanged && applied.changes.length > 0);
    if (isNews) {
      tell(pass.object, passed, revision);
    }
    await world.pause(4);
    await world.patchStatus(kind, pass.ref, manager, {
      set: [{ type: 'Healthy', status: 'True', reason: 'Succeeded', message: passed }],
    });
    return undefined;
  };

  const succeed = async (pass: Pass, applied: Applied, digest: string): Promise<number> => {
    const { revision } = pass.artifact;
    await world.pause(8);
    const live = world.read(kind, pass.ref) ?? pass.object;
    const durationMs_ = world.measured(pass.startedMs);
    const hasHealth = healthTargets(pass.object, applied.objects).length > 0;
    await world.patchStatus(kind, pass.ref, manager, {
      set: [
        {
          type: 'Ready',
          status: 'True',
          reason: 'ReconciliationSucceeded',
          message: `Applied revision: ${revision}`,
        },
      ],
      remove: ['Reconciling', 'Stalled', ...(hasHealth ? [] : ['Healthy'])],
      fields: {
        ...handledBy(pass.object),
        inventory: { entries: applied.entries },
        lastAppliedRevision: revision,
        lastAttemptedRevision: revision,
        observedGeneration: generationOf(pass.object),
        history: withHistory(live, {
          digest,
          status: 'ReconciliationSucceeded',
          revision,
          startedMs: clock.now(),
          durationMs: durationMs_,
        }),
      },
    });
    const took = goDuration(durationMs_);
    const next = goDuration(intervalMs(pass.object));
    tell(pass.object, `Reconciliation finished in ${took}, next run in ${next}`, undefined, {
      reason: 'ReconciliationSucceeded',
      metadata: { commit_status: 'update', revision },
    });
    return settings.jitter(intervalMs(pass.object));
  };

  const fetchAndBuild = async (pass: Pass, building: string): Promise<Built | number> => {
    const { revision, tree } = pass.artifact;
    if (statusText(pass.object, 'lastAttemptedRevision') !== revision) {
      await world.patchStatus(kind, pass.ref, manager, {
        fields: { lastAttemptedRevision: revision },
      });
    }
    await world.pause(80);
    if (tree === undefined) {
      const message = 'the artifact holds no files';
      return failed(pass, { reason: 'ArtifactFailed', message, shown: building });
    }
    const built = await clock.during(build(tree, pass.object, variables));
    return built.ok ? built.value : failed(pass, { ...built.failure, shown: building });
  };

  const tellChanges = (pass: Pass, applied: Applied): void => {
    const { revision } = pass.artifact;
    if (applied.changes.length > 0) {
      tell(pass.object, applied.changes.join('\n'), revision);
    }
    const isPruning = recordAt(pass.object, 'spec')['prune'] === true;
    const live = world.read(kind, pass.ref) ?? pass.object;
    const pruned = isPruning ? prune(live, applied.entries) : [];
    if (pruned.length > 0) {
      tell(pass.object, pruned.join('\n'), revision);
    }
  };

  const buildAndApply = async (pass: Pass): Promise<number> => {
    await progress(pass, 'Fetching manifests');
    await world.pause(18);
    const building = await progress(pass, 'Building manifests');
    const isChanged = statusText(pass.object, 'lastAttemptedRevision') !== pass.artifact.revision;
    const built = await fetchAndBuild(pass, building);
    if (typeof built === 'number') {
      return built;
    }
    const detecting = await progress(pass, 'Detecting drift');
    const digest = `sha256:${built.digest}`;
    const applied = apply(pass.object, built.objects);
    await world.pause(16);
    if (!applied.ok) {
      const message = applied.failure;
      return failed(pass, { reason: 'ReconciliationFailed', message, shown: detecting, digest });
    }
    tellChanges(pass, applied.value);
    await world.pause(6);
    const unhealthy = await checkHealth(pass, applied.value, digest, isChanged);
    return unhealthy ?? succeed(pass, applied.value, digest);
  };

  const finalise = async (object: KubeObject, ref: Ref): Promise<void> => {
    const spec = recordAt(object, 'spec');
    const policy = spec['deletionPolicy'] ?? 'MirrorPrune';
    const isWanted = policy === 'MirrorPrune' ? spec['prune'] === true : policy !== 'Orphan';
    const isPruning = isWanted && !isSuspended(object);
    const gone = isPruning ? prune(object, []) : [];
    if (gone.length > 0) {
      // the reason is whatever Ready said last, so a failure's reason may tell of a deletion
      const reason = conditionOf(object, 'Ready')?.reason ?? 'Progressing';
      recorder.record(object, { severity: 'info', reason, message: gone.join('\n') });
    }
    await world.pause(8);
    world.setFinalizer(kind, ref, manager, false);
  };

  const suspended = async (object: KubeObject, ref: Ref): Promise<void> => {
    const generation = generationOf(object);
    await world.patchStatus(kind, ref, manager, {
      fields: {
        ...handledBy(object),
        ...(isReady(object) ? { observedGeneration: generation } : {}),
      },
    });
  };

  const start = async (object: KubeObject, ref: Ref): Promise<number | undefined> => {
    const source = sourceRefOf(object);
    const sourceKind = sourceKinds.find((one) => one.kind === source.kind);
    const found = sourceKind === undefined ? undefined : world.read(sourceKind, source);
    if (found === undefined) {
      const group = sourceKind?.group ?? 'source.toolkit.fluxcd.io';
      return waitForSource(object, ref, `${source.kind}.${group} "${source.name}" not found`);
    }
    const artifact = artifacts.get(source.kind, source.namespace, source.name);
    const shown = textAt(found, 'status', 'artifact', 'revision');
    if (artifact === undefined || shown === undefined) {
      const wait = goDuration(settings.requeueDependencyMs);
      return waitForSource(object, ref, `Source artifact not found, retrying in ${wait}`);
    }
    const unmet = unmetDependency(world, kind, object, artifact.revision, evaluate);
    if (unmet !== undefined) {
      return waitForDependency(object, ref, unmet, artifact.revision);
    }
    const timeoutMs = timeoutOf(object);
    return buildAndApply({ ref, object, startedMs: clock.now(), artifact, timeoutMs });
  };

  const pass = async (ref: Ref): Promise<number | undefined> => {
    const object = world.read(kind, ref);
    if (object === undefined) {
      return undefined;
    }
    if (object.metadata.deletionTimestamp !== undefined) {
      await finalise(object, ref);
      return undefined;
    }
    if (object.metadata.finalizers?.includes(fluxFinalizer) !== true) {
      world.setFinalizer(kind, ref, manager, true);
      await world.pause(750);
    }
    const current = world.read(kind, ref) ?? object;
    if (isSuspended(current)) {
      await suspended(current, ref);
      return undefined;
    }
    return start(current, ref);
  };

  const worker = startWorker(world, { kind, pass });
  artifacts.onNew((sourceKind, namespace, name) => {
    for (const object of server.storage.list(kind)) {
      const source = sourceRefOf(object);
      const isOurs =
        source.kind === sourceKind && source.namespace === namespace && source.name === name;
      const revision = artifacts.get(sourceKind, namespace, name)?.revision ?? '';
      if (isOurs && statusText(object, 'lastAttemptedRevision') !== revision) {
        const ref = refOf(object);
        clock.after(settings.turnMs(ref, revision), () => worker.wake(ref));
      }
    }
  });
  return worker;
};
