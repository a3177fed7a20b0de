import { z } from 'zod';
import type { Workload } from '#src/cluster/cluster.ts';

/** The kinds whose state says why a health check waits, and where the API server serves them. */
export const workloadKinds = {
  Deployment: { group: 'apps', plural: 'deployments' },
  StatefulSet: { group: 'apps', plural: 'statefulsets' },
  DaemonSet: { group: 'apps', plural: 'daemonsets' },
  Job: { group: 'batch', plural: 'jobs' },
  Pod: { group: '', plural: 'pods' },
} as const;

export type WorkloadKind = keyof typeof workloadKinds;

export interface WorkloadRef {
  readonly kind: WorkloadKind;
  readonly namespace: string;
  readonly name: string;
}

const isWorkloadKind = (word: string): word is WorkloadKind => Object.hasOwn(workloadKinds, word);

/**
 * Reads an id of a Flux inventory, `<namespace>_<name>_<group>_<kind>`.
 * @returns undefined for what is not a workload
 * @see https://fluxcd.io/flux/components/kustomize/kustomizations/#inventory
 */
export const workloadRef = (id: string): WorkloadRef | undefined => {
  const [namespace = '', name = '', group = '', kind = '', ...rest] = id.split('_');
  return rest.length === 0 && isWorkloadKind(kind) && workloadKinds[kind].group === group
    ? { kind, namespace, name }
    : undefined;
};

const count = z.number().catch(0);
const text = z.string().optional().catch(undefined);

const Condition = z.object({ type: z.string(), status: z.string(), reason: text, message: text });
const Waiting = z.object({ reason: text, message: text }).optional().catch(undefined);
const Terminated = z
  .object({ reason: text, message: text, exitCode: count })
  .optional()
  .catch(undefined);
const ContainerState = z
  .object({ waiting: Waiting, terminated: Terminated })
  .catch({ waiting: undefined, terminated: undefined });
const Container = z.object({ state: ContainerState, lastState: ContainerState });

const Wire = z.object({
  metadata: z.object({
    generation: count,
    creationTimestamp: text,
    labels: z.record(z.string(), z.string()).catch({}),
  }),
  spec: z
    .object({
      replicas: z.number().catch(1),
      selector: z
        .object({ matchLabels: z.record(z.string(), z.string()).catch({}) })
        .catch({ matchLabels: {} }),
    })
    .catch({ replicas: 1, selector: { matchLabels: {} } }),
  status: z
    .object({
      observedGeneration: count,
      phase: text,
      readyReplicas: count,
      updatedReplicas: count,
      availableReplicas: count,
      replicas: count,
      desiredNumberScheduled: count,
      numberReady: count,
      updatedNumberScheduled: count,
      conditions: z.array(Condition).catch([]),
      initContainerStatuses: z.array(Container).catch([]),
      containerStatuses: z.array(Container).catch([]),
    })
    .partial()
    .catch({}),
});
type Wire = z.output<typeof Wire>;

/** The labels that a workload's pods carry; empty for a pod and for what names none. */
export const podLabels = (wire: unknown): Readonly<Record<string, string>> => {
  const parsed = Wire.safeParse(wire);
  return parsed.success ? parsed.data.spec.selector.matchLabels : {};
};

const conditionOf = (wire: Wire, type: string) =>
  wire.status.conditions?.find((condition) => condition.type === type);

// a pod passes through these on its way up; they say nothing about trouble
const usualWaits = new Set(['ContainerCreating', 'PodInitializing']);

const LONGEST_DETAIL = 200;

const say = (reason: string, message: string | undefined): string => {
  const words = message === undefined || message === '' ? reason : `${reason}: ${message}`;
  const line = words.replaceAll(/\s+/g, ' ').trim();
  return line.length > LONGEST_DETAIL ? `${line.slice(0, LONGEST_DETAIL - 1)}…` : line;
};

const containerReason = (container: z.output<typeof Container>): string | undefined => {
  const { waiting, terminated } = container.state;
  const last = container.lastState.terminated;
  // while a container waits to be started again, what ended it says more than the waiting
  if (last?.reason === 'OOMKilled' || terminated?.reason === 'OOMKilled') {
    return 'OOMKilled';
  }
  if (waiting?.reason !== undefined && !usualWaits.has(waiting.reason)) {
    return say(waiting.reason, waiting.message);
  }
  if (terminated !== undefined && terminated.exitCode !== 0) {
    return say(terminated.reason ?? 'Error', `exit code ${terminated.exitCode}`);
  }
  return undefined;
};

const podReason = (pod: Wire): string | undefined => {
  const scheduled = conditionOf(pod, 'PodScheduled');
  if (scheduled?.status === 'False') {
    return say(scheduled.reason ?? 'Unschedulable', scheduled.message);
  }
  const containers = [
    ...(pod.status.initContainerStatuses ?? []),
    ...(pod.status.containerStatuses ?? []),
  ];
  return containers.map(containerReason).find((reason) => reason !== undefined);
};

const podIsUp = (pod: Wire): boolean =>
  pod.status.phase === 'Succeeded' || conditionOf(pod, 'Ready')?.status === 'True';

interface State {
  readonly healthy: boolean;
  readonly detail: string;
}

const replicas = (ready: number, wanted: number, current: boolean): State => ({
  healthy: current && ready >= wanted,
  detail: current ? `${ready} of ${wanted} ready` : `${ready} of ${wanted} ready, rolling out`,
});

const jobState = (job: Wire): State => {
  const failed = conditionOf(job, 'Failed');
  if (failed?.status === 'True') {
    return { healthy: false, detail: say(failed.reason ?? 'Failed', failed.message) };
  }
  const complete = conditionOf(job, 'Complete')?.status === 'True';
  return { healthy: complete, detail: complete ? 'complete' : 'running' };
};

const stateOf = (kind: WorkloadKind, wire: Wire): State => {
  const { status, spec, metadata } = wire;
  const seen = (status.observedGeneration ?? 0) >= metadata.generation;
  switch (kind) {
    case 'Deployment':
      return replicas(
        status.availableReplicas ?? 0,
        spec.replicas,
        seen &&
          (status.updatedReplicas ?? 0) >= spec.replicas &&
          (status.replicas ?? 0) <= spec.replicas,
      );
    case 'StatefulSet':
      return replicas(
        status.readyReplicas ?? 0,
        spec.replicas,
        seen && (status.updatedReplicas ?? 0) >= spec.replicas,
      );
    case 'DaemonSet': {
      const wanted = status.desiredNumberScheduled ?? 0;
      return replicas(
        status.numberReady ?? 0,
        wanted,
        seen && (status.updatedNumberScheduled ?? 0) >= wanted,
      );
    }
    case 'Job':
      return jobState(wire);
    case 'Pod':
      return { healthy: podIsUp(wire), detail: status.phase ?? 'Unknown' };
    default:
      return kind satisfies never;
  }
};

const firstReason = (pods: readonly Wire[]): string | undefined =>
  pods
    .filter((pod) => !podIsUp(pod))
    // the newest pods are those of the newest revision
    .toSorted((left, right) =>
      (right.metadata.creationTimestamp ?? '').localeCompare(left.metadata.creationTimestamp ?? ''),
    )
    .map(podReason)
    .find((reason) => reason !== undefined);

/**
 * Says how a workload is, as the API server sends it and its pods: whether it is up, and else the first
 * reason that tells something.
 * @param wire - undefined when it does not exist
 */
export const describeWorkload = (
  ref: WorkloadRef,
  wire: unknown,
  pods: readonly unknown[],
): Workload => {
  const name = `${ref.kind}/${ref.namespace}/${ref.name}`;
  const parsed = Wire.safeParse(wire);
  if (!parsed.success) {
    return { name, healthy: false, detail: 'does not exist' };
  }
  const state = stateOf(ref.kind, parsed.data);
  if (state.healthy) {
    return { name, ...state };
  }
  const parsedPods = (ref.kind === 'Pod' ? [wire] : pods).flatMap((pod) => {
    const read = Wire.safeParse(pod);
    return read.success ? [read.data] : [];
  });
  const reason = firstReason(parsedPods);
  return {
    name,
    healthy: false,
    detail: reason === undefined ? state.detail : `${state.detail}, ${reason}`,
  };
};
