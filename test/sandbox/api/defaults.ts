import { at, isRecord, type JsonRecord, type KubeObject } from '#test/sandbox/api/json.ts';
import type { ResourceKind } from '#test/sandbox/api/kinds.ts';

interface Defaults {
  readonly spec?: JsonRecord;
  readonly status?: JsonRecord;
}

const unseen = { status: { observedGeneration: -1 } };

// the defaults of the CRDs of Flux 2.9, as far as the recordings show them
const byKind: Readonly<Record<string, Defaults>> = {
  Kustomization: { spec: { force: false }, ...unseen },
  HelmRelease: unseen,
  GitRepository: { spec: { timeout: '60s' }, ...unseen },
  OCIRepository: { spec: { timeout: '60s', provider: 'generic' }, ...unseen },
  Bucket: { spec: { timeout: '60s', provider: 'generic' }, ...unseen },
  HelmRepository: { spec: { provider: 'generic' }, ...unseen },
  HelmChart: { spec: { reconcileStrategy: 'ChartVersion', version: '*' }, ...unseen },
  Namespace: { spec: { finalizers: ['kubernetes'] }, status: { phase: 'Active' } },
  Deployment: { spec: { replicas: 1 } },
  StatefulSet: { spec: { replicas: 1 } },
};

/** Fills in what the schema of a kind gives by default. */
export const withDefaults = (kind: ResourceKind, object: KubeObject): KubeObject => {
  const defaults = byKind[kind.kind];
  const isFlux = kind.group.endsWith('.toolkit.fluxcd.io');
  if (defaults === undefined || kind.custom !== isFlux) {
    return object;
  }
  const spec = at(object, 'spec');
  return {
    ...object,
    ...(defaults.spec === undefined || !(isRecord(spec) || spec === undefined)
      ? {}
      : { spec: { ...defaults.spec, ...spec } }),
    ...(defaults.status === undefined || 'status' in object ? {} : { status: defaults.status }),
  };
};
