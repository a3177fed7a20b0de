import { durationMs } from '#src/flux/duration.ts';
import { fail, ok, type Result } from '#src/result.ts';
import { type JsonRecord, type KubeObject, recordAt, textAt } from '#test/sandbox/api/json.ts';
import { type Artifacts, digestOf } from '#test/sandbox/controllers/artifacts.ts';
import {
  conditionOf,
  generationOf,
  handledBy,
  isReady,
  isSuspended,
  type NewCondition,
} from '#test/sandbox/controllers/conditions.ts';
import { createHelmActions } from '#test/sandbox/controllers/helm/actions.ts';
import type { RenderChart } from '#test/sandbox/controllers/helm/chart.ts';
import { createDriftCheck } from '#test/sandbox/controllers/helm/drift.ts';
import { createReleaseObjects } from '#test/sandbox/controllers/helm/objects.ts';
import {
  historyOf,
  type Release,
  truncated,
  valuesFrom,
  type Wanted,
} from '#test/sandbox/controllers/helm/release.ts';
import { chartSourceOf, createChartSources } from '#test/sandbox/controllers/helm/source.ts';
import {
  decide,
  failuresOf,
  releaseNameOf,
  releaseNamespaceOf,
} from '#test/sandbox/controllers/helm/state.ts';
import { renderPackage } from '#test/sandbox/controllers/helm/templates.ts';
import { composeValues } from '#test/sandbox/controllers/helm/values.ts';
import {
  type Evaluate,
  unmetDependency,
} from '#test/sandbox/controllers/kustomize/dependencies.ts';
import type { Recorder } from '#test/sandbox/controllers/recorder.ts';
import { startWorker } from '#test/sandbox/controllers/worker.ts';
import { fluxFinalizer, type Ref, type World } from '#test/sandbox/controllers/world.ts';

export const helmManager = 'gotk-helm-controller';

const fulfilling: NewCondition = {
  type: 'Reconciling',
  status: 'True',
  reason: 'Progressing',
  message: 'Fulfilling prerequisites',
};

// as recorded: between a rollback and the next attempt
const retryAfterRollbackMs = 10_800;
const firstRetryMs = 1_500;
const lastRetryMs = 900_000;

interface Waiting {
  readonly reason: string;
  readonly message: string;
  /** Of the event; undefined where none is sent. */
  readonly severity: 'info' | 'error' | undefined;
}

/** Simulates helm-controller, as recorded; charts are rendered by a stand-in. */
export const startHelmController = (
  world: World,
  artifacts: Artifacts,
  recorder: Recorder,
  renderChart: RenderChart,
  evaluate: Evaluate,
) => {
  const { server, clock, settings } = world;
  const kind = world.kindNamed('helm.toolkit.fluxcd.io', 'HelmRelease');
  const charts = createChartSources(world, artifacts, recorder);
  const objects = createReleaseObjects(world);
  const storage = new Map<string, readonly Release[]>();
  const { attempt } = createHelmActions(world, kind, recorder, objects, storage);
  const checkDrift = createDriftCheck(world, kind, recorder, objects, storage);
  const errors = new Map<string, number>();
  const keyOf = ({ namespace, name }: Ref): string => `${namespace}/${name}`;

  const intervalOf = (object: KubeObject): number =>
    durationMs(textAt(object, 'spec', 'interval')) ?? 600_000;

  const backOff = (ref: Ref): number => {
    const count = errors.get(keyOf(ref)) ?? 0;
    errors.set(keyOf(ref), count + 1);
    return Math.min(firstRetryMs * 2 ** count, lastRetryMs);
  };

  /** A prerequisite is missing: said in the condition, and where Flux does, in an event. */
  const wait = async (object: KubeObject, ref: Ref, waiting: Waiting): Promise<number> => {
    const { reason, message, severity } = waiting;
    if (severity !== undefined) {
      recorder.record(object, { severity, reason, message });
    }
    await world.pause(4);
    await world.patchStatus(kind, ref, helmManager, {
      set: [{ type: 'Ready', status: 'False', reason, message }],
      fields: handledBy(object),
    });
    return severity === 'error' ? backOff(ref) : settings.requeueDependencyMs;
  };

  const prepare = (object: KubeObject): Result<Wanted, Waiting> => {
    const unmet = unmetDependency(world, kind, object, undefined, evaluate);
    if (unmet !== undefined) {
      return fail({ reason: 'DependencyNotReady', message: unmet, severity: 'info' });
    }
    const chart = charts.find(object);
    if (!chart.ok) {
      return fail({ ...chart.failure, severity: undefined });
    }
    const values = composeValues(world, object);
    if (!values.ok) {
      return fail({ reason: 'ValuesError', message: values.failure, severity: 'error' });
    }
    const { name, version, ociDigest, files } = chart.value;
    const releaseName = releaseNameOf(object);
    const namespace = releaseNamespaceOf(object);
    const context = { releaseName, namespace, values: values.value };
    const rendered =
      files === undefined
        ? renderChart({ ...context, chart: name, version })
        : renderPackage(files, { ...context, values: valuesFrom([files.values, values.value]) });
    return ok({
      releaseName,
      namespace,
      chartName: name,
      chartVersion: version,
      appVersion: files?.appVersion ?? `v${version}`,
      configDigest: digestOf(JSON.stringify(values.value)),
      ociDigest,
      objects: rendered.map((one) => withOwner(one, object)),
    });
  };

  /** The end of a pass that found or made all well. */
  const settle = async (
    object: KubeObject,
    ref: Ref,
    drifted: readonly NewCondition[],
  ): Promise<number> => {
    const live = world.read(kind, ref) ?? object;
    const released = conditionOf(live, 'Released');
    errors.delete(keyOf(ref));
    await world.patchStatus(kind, ref, helmManager, {
      set: [
        ...(released === undefined
          ? []
          : [
              {
                type: 'Ready',
                status: released.status,
                reason: released.reason,
                message: released.message,
              },
            ]),
        ...drifted,
      ],
      remove: ['Reconciling', 'Stalled', ...(drifted.length === 0 ? ['Drifted'] : [])],
      fields: {
        ...handledBy(object),
        history: truncated(historyOf(live)),
        lastAttemptedGeneration: generationOf(object),
        observedGeneration: generationOf(object),
      },
    });
    return settings.jitter(intervalOf(object));
  };

  const stall = async (object: KubeObject, ref: Ref, action: string): Promise<undefined> => {
    const { failures } = failuresOf(world.read(kind, ref) ?? object);
    await world.pause(8);
    await world.patchStatus(kind, ref, helmManager, {
      set: [
        {
          type: 'Stalled',
          status: 'True',
          reason: 'RetriesExceeded',
          message: `Failed to ${action} after ${failures} attempt(s)`,
        },
      ],
      remove: ['Reconciling'],
      fields: { ...handledBy(object), observedGeneration: generationOf(object) },
    });
    return undefined;
  };

  const inSync = async (object: KubeObject, ref: Ref, wanted: Wanted): Promise<number> => {
    const drift = await checkDrift(object, ref, wanted);
    if (
      drift.isCorrected &&
      recordAt(object, 'status')['lastAttemptedGeneration'] === generationOf(object)
    ) {
      // corrected, then looked at once more; at once only when the spec is new
      await world.pause(850);
      await world.patchStatus(kind, ref, helmManager, { set: [fulfilling] });
    }
    await world.pause(30);
    return settle(object, ref, drift.conditions);
  };

  const release = async (
    object: KubeObject,
    ref: Ref,
    wanted: Wanted,
    action: 'install' | 'upgrade',
  ): Promise<number | undefined> => {
    const outcome = await attempt(object, ref, wanted, action);
    switch (outcome) {
      case 'released': {
        await world.pause(8);
        const drift = await checkDrift(object, ref, wanted);
        return settle(object, ref, drift.conditions);
      }
      case 'exhausted':
        return stall(object, ref, action);
      case 'retry':
        return retryAfterRollbackMs;
      default:
        return outcome satisfies never;
    }
  };

  const reconcile = async (object: KubeObject, ref: Ref): Promise<number | undefined> => {
    charts.ensure(object);
    await world.patchStatus(kind, ref, helmManager, {
      set: [fulfilling],
      remove: ['Stalled'],
      fields: helmChartField(object),
    });
    await world.pause(4);
    const wanted = prepare(object);
    if (!wanted.ok) {
      return wait(object, ref, wanted.failure);
    }
    await world.pause(8);
    const decision = decide(object, storage.get(keyOf(ref))?.[0], wanted.value);
    switch (decision) {
      case 'in-sync':
        return inSync(object, ref, wanted.value);
      case 'stalled':
        return stall(object, ref, failuresOf(object).installFailures > 0 ? 'install' : 'upgrade');
      default:
        return release(object, ref, wanted.value, decision);
    }
  };

  const finalise = async (object: KubeObject, ref: Ref): Promise<void> => {
    const newest = storage.get(keyOf(ref))?.[0];
    if (newest !== undefined && !isSuspended(object)) {
      objects.remove(newest.objects);
      const named = `${releaseNamespaceOf(object)}/${releaseNameOf(object)}.v${newest.version}`;
      recorder.record(object, {
        severity: 'info',
        reason: 'UninstallSucceeded',
        message: `Helm uninstall succeeded for release ${named} with chart ${newest.chartName}@${newest.chartVersion}`,
        metadata: { revision: newest.chartVersion, 'app-version': newest.appVersion },
      });
    }
    storage.delete(keyOf(ref));
    charts.forget(object);
    await world.pause(10);
    world.setFinalizer(kind, ref, helmManager, false);
  };

  const suspended = async (object: KubeObject, ref: Ref): Promise<void> => {
    await world.patchStatus(kind, ref, helmManager, {
      fields: {
        ...handledBy(object),
        ...(isReady(object) ? { observedGeneration: generationOf(object) } : {}),
      },
    });
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
      world.setFinalizer(kind, ref, helmManager, true);
      await world.pause(750);
    }
    const current = world.read(kind, ref) ?? object;
    if (isSuspended(current)) {
      await suspended(current, ref);
      return undefined;
    }
    return reconcile(current, ref);
  };

  const worker = startWorker(world, { kind, pass, concurrent: 10 });
  artifacts.onNew((sourceKind, namespace, name) => {
    for (const object of server.storage.list(kind)) {
      const source = chartSourceOf(object);
      if (source.kind === sourceKind && source.namespace === namespace && source.name === name) {
        const ref = { namespace: object.metadata.namespace ?? '', name: object.metadata.name };
        clock.after(12, () => worker.wake(ref));
      }
    }
  });
  return worker;
};

/** A rendered object with the labels by which its release is known. */
const withOwner = (object: KubeObject, release: KubeObject): KubeObject => {
  const labels = {
    ...object.metadata.labels,
    'helm.toolkit.fluxcd.io/name': release.metadata.name,
    'helm.toolkit.fluxcd.io/namespace': release.metadata.namespace ?? '',
  };
  return { ...object, metadata: { ...object.metadata, labels } };
};

const helmChartField = (object: KubeObject): JsonRecord => {
  const { kind, namespace, name } = chartSourceOf(object);
  const isOwn = Object.keys(recordAt(object, 'spec', 'chart')).length > 0;
  return kind === 'HelmChart' && isOwn ? { helmChart: `${namespace}/${name}` } : {};
};
