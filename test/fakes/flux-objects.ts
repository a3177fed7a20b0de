import type { Condition, FluxObject } from '#src/flux/object.ts';

/** Where a pass of an object has come to. */
export type Phase = 'healthy' | 'failing' | 'waiting' | 'progressing';

const readyOf: Readonly<Record<Phase, Pick<Condition, 'status' | 'reason' | 'message'>>> = {
  healthy: { status: 'True', reason: 'ReconciliationSucceeded', message: 'Applied revision' },
  failing: { status: 'False', reason: 'ReconciliationFailed', message: 'field is immutable' },
  waiting: {
    status: 'False',
    reason: 'DependencyNotReady',
    message: "dependency 'data/postgres' is not ready",
  },
  progressing: { status: 'Unknown', reason: 'Progressing', message: 'in progress' },
};

/** A Kustomization as a cluster may hold it. */
export const fluxObject = (phase: Phase, change: Partial<FluxObject> = {}): FluxObject => ({
  ref: { kind: 'Kustomization', namespace: 'data', name: 'api' },
  apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
  uid: 'uid-1',
  resourceVersion: '1',
  generation: 1,
  observedGeneration: 1,
  createdAt: 0,
  deleting: false,
  suspended: false,
  annotations: {},
  owner: undefined,
  conditions: [{ type: 'Ready', observedGeneration: 1, since: 0, ...readyOf[phase] }],
  intervalMs: 60_000,
  timeoutMs: 20_000,
  path: './api',
  url: undefined,
  source: undefined,
  dependsOn: [],
  checksHealth: false,
  lastHandledReconcileAt: undefined,
  lastAppliedRevision: undefined,
  lastAttemptedRevision: undefined,
  artifactRevision: undefined,
  history: [],
  inventory: [],
  ...change,
});
