import { isRecord, type KubeObject, listAt, recordAt, textAt } from '#test/sandbox/api/json.ts';
import { holds } from '#test/sandbox/controllers/cel.ts';
import { conditionOf, observedGenerationOf } from '#test/sandbox/controllers/conditions.ts';
import { shownName } from '#test/sandbox/controllers/kustomize/inventory.ts';
import type { World } from '#test/sandbox/controllers/world.ts';

export type KubeStatus = 'Current' | 'InProgress' | 'Failed' | 'Terminating' | 'NotFound';

const numberAt = (object: KubeObject, part: string, key: string): number | undefined => {
  const value = recordAt(object, part)[key];
  return typeof value === 'number' ? value : undefined;
};

const isBehind = (object: KubeObject): boolean => {
  const status = isRecord(object['status']) ? object['status'] : {};
  return (
    'observedGeneration' in status && observedGenerationOf(object) !== object.metadata.generation
  );
};

const workloadStatus = (object: KubeObject, ready: string): KubeStatus => {
  const wanted = numberAt(object, 'spec', 'replicas') ?? 1;
  const isOut = conditionOf(object, 'Progressing')?.reason === 'ProgressDeadlineExceeded';
  if (isOut) {
    return 'Failed';
  }
  const updated = numberAt(object, 'status', 'updatedReplicas') ?? 0;
  const isDone =
    updated >= wanted &&
    (numberAt(object, 'status', 'replicas') ?? 0) <= updated &&
    (numberAt(object, 'status', ready) ?? 0) >= wanted;
  return observedGenerationOf(object) === object.metadata.generation && isDone
    ? 'Current'
    : 'InProgress';
};

const jobStatus = (object: KubeObject): KubeStatus => {
  if (conditionOf(object, 'Failed')?.status === 'True') {
    return 'Failed';
  }
  return conditionOf(object, 'Complete')?.status === 'True' ? 'Current' : 'InProgress';
};

const byKind: Readonly<Record<string, (object: KubeObject) => KubeStatus>> = {
  Deployment: (object) => workloadStatus(object, 'availableReplicas'),
  StatefulSet: (object) => workloadStatus(object, 'readyReplicas'),
  Job: jobStatus,
  PersistentVolumeClaim: (object) =>
    textAt(object, 'status', 'phase') === 'Bound' ? 'Current' : 'InProgress',
};

/** The status of an object as kstatus reads it, in the form that Flux uses. */
export const kubeStatus = (object: KubeObject | undefined): KubeStatus => {
  if (object === undefined) {
    return 'NotFound';
  }
  if (object.metadata.deletionTimestamp !== undefined) {
    return 'Terminating';
  }
  const special = byKind[object.kind];
  if (special !== undefined) {
    return special(object);
  }
  if (isBehind(object) || conditionOf(object, 'Reconciling')?.status === 'True') {
    return 'InProgress';
  }
  if (conditionOf(object, 'Stalled')?.status === 'True') {
    return 'Failed';
  }
  const ready = conditionOf(object, 'Ready');
  return ready === undefined || ready.status === 'True' ? 'Current' : 'InProgress';
};

export interface HealthExpression {
  readonly apiVersion: string;
  readonly kind: string;
  readonly current: string | undefined;
  readonly inProgress: string | undefined;
  readonly failed: string | undefined;
}

/** `spec.healthCheckExprs`: what a kind says of itself where kstatus cannot know. */
export const healthExpressions = (owner: KubeObject): readonly HealthExpression[] =>
  listAt(owner, 'spec', 'healthCheckExprs').map((one) => ({
    apiVersion: textAt(one, 'apiVersion') ?? '',
    kind: textAt(one, 'kind') ?? '',
    current: textAt(one, 'current'),
    inProgress: textAt(one, 'inProgress'),
    failed: textAt(one, 'failed'),
  }));

const expressedStatus = (object: KubeObject, expression: HealthExpression): KubeStatus => {
  const says = (text: string | undefined): boolean => text !== undefined && holds(text, object);
  if (says(expression.inProgress)) {
    return 'InProgress';
  }
  if (says(expression.failed)) {
    return 'Failed';
  }
  return says(expression.current) ? 'Current' : 'InProgress';
};

const statusWith = (
  object: KubeObject | undefined,
  expressions: readonly HealthExpression[],
): KubeStatus => {
  const own = expressions.find(
    ({ apiVersion, kind }) => apiVersion === object?.apiVersion && kind === object.kind,
  );
  const isPlain = own === undefined || object?.metadata.deletionTimestamp !== undefined;
  return object === undefined || isPlain ? kubeStatus(object) : expressedStatus(object, own);
};

export interface HealthTarget {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string | undefined;
  readonly name: string;
}

/** What a Kustomization waits for: all it applied, or what it names; none when it does not wait. */
export const healthTargets = (
  owner: KubeObject,
  applied: readonly KubeObject[],
): readonly HealthTarget[] => {
  const spec = recordAt(owner, 'spec');
  if (spec['wait'] === true) {
    return applied.map(({ apiVersion, kind, metadata }) => ({
      apiVersion,
      kind,
      namespace: metadata.namespace,
      name: metadata.name,
    }));
  }
  return listAt(spec, 'healthChecks').map((check) => ({
    apiVersion: textAt(check, 'apiVersion') ?? 'v1',
    kind: textAt(check, 'kind') ?? '',
    namespace: textAt(check, 'namespace') ?? owner.metadata.namespace,
    name: textAt(check, 'name') ?? '',
  }));
};

/**
 * Waits until all is current; looks at once, then at every poll.
 * @returns undefined when healthy, else what Flux says of it
 */
export const waitForHealth = async (
  world: World,
  targets: readonly HealthTarget[],
  timeoutMs: number,
  expressions: readonly HealthExpression[] = [],
): Promise<string | undefined> => {
  const { server, clock, settings } = world;
  const deadline = clock.now() + timeoutMs;
  const look = () =>
    targets.map((target) => {
      const kind = server.kinds.byObject(target.apiVersion, target.kind);
      const place = kind?.namespaced === true ? target.namespace : undefined;
      const live = kind === undefined ? undefined : server.storage.read(kind, place, target.name);
      const shown = shownName(target.kind, place, target.name);
      return {
        status: statusWith(live, expressions),
        text: (status: string) => `${shown} status: '${status}'`,
      };
    });
  await world.pause(15);
  for (;;) {
    const found = look();
    const failed = found.filter(({ status }) => status === 'Failed');
    const pending = found.filter(({ status }) => status !== 'Current');
    if (pending.length === 0) {
      return undefined;
    }
    if (failed.length > 0 && failed.length === pending.length) {
      const list = failed.map(({ status, text }) => text(status)).join(', ');
      return `failed early due to stalled resources: [${list}]`;
    }
    if (clock.now() >= deadline) {
      const list = pending.map(({ status, text }) => text(status)).join(', ');
      return `timeout waiting for: [${list}]`;
    }
    await world.pause(Math.min(settings.healthPollMs, deadline - clock.now()));
  }
};
