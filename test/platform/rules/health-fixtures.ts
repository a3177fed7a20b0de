import { type Data, dataAt } from '#test/platform/world/value.ts';

/** What a kind of object looks like in each state, and what its expressions must say of it. */
export interface HealthFixture {
  readonly state: 'ready' | 'not ready' | 'empty' | 'stale' | 'failed';
  readonly object: Data;
}

const generation = 2;

const withStatus = (status: Data | undefined): Data => ({
  metadata: { name: 'any', generation },
  ...(status === undefined ? {} : { status }),
});

interface ConditionKind {
  /** the conditions that together mean ready, with the value that says so */
  readonly conditions: Readonly<Record<string, string>>;
  /** where the controller writes the generation that it looked at */
  readonly observed: 'condition' | 'status' | 'nowhere';
}

const opposite = (value: string): string => (value === 'True' ? 'False' : 'True');

const conditionList = (
  kind: ConditionKind,
  isReady: boolean,
  observedGeneration: number,
): readonly Data[] =>
  Object.entries(kind.conditions).map(([type, value]) => ({
    type,
    status: isReady ? value : opposite(value),
    ...(kind.observed === 'condition' ? { observedGeneration } : {}),
  }));

const conditionStatus = (kind: ConditionKind, isReady: boolean, observed: number): Data => ({
  conditions: conditionList(kind, isReady, observed),
  ...(kind.observed === 'status' ? { observedGeneration: observed } : {}),
});

const conditionFixtures = (kind: ConditionKind): readonly HealthFixture[] => [
  { state: 'ready', object: withStatus(conditionStatus(kind, true, generation)) },
  { state: 'not ready', object: withStatus(conditionStatus(kind, false, generation)) },
  { state: 'not ready', object: withStatus({ conditions: [] }) },
  { state: 'not ready', object: withStatus({ conditions: [{ type: 'Other', status: 'True' }] }) },
  { state: 'empty', object: withStatus(undefined) },
  { state: 'empty', object: withStatus({}) },
  ...(kind.observed === 'nowhere'
    ? []
    : [
        {
          state: 'stale',
          object: withStatus(conditionStatus(kind, true, generation - 1)),
        } as const,
      ]),
];

const ready = (observed: ConditionKind['observed']): ConditionKind => ({
  conditions: { Ready: 'True' },
  observed,
});

const conditionKinds: Readonly<Record<string, ConditionKind>> = {
  // External Secrets publishes no generation at all
  'external-secrets.io/ExternalSecret': ready('nowhere'),
  'external-secrets.io/ClusterExternalSecret': ready('nowhere'),
  'external-secrets.io/ClusterSecretStore': ready('nowhere'),
  'external-secrets.io/SecretStore': ready('nowhere'),
  'cert-manager.io/Certificate': ready('condition'),
  'cert-manager.io/ClusterIssuer': ready('condition'),
  'cert-manager.io/Issuer': ready('condition'),
  'fluxcd.controlplane.io/FluxInstance': ready('condition'),
  'postgresql.cnpg.io/Cluster': ready('nowhere'),
  'gateway.networking.k8s.io/Gateway': {
    conditions: { Programmed: 'True' },
    observed: 'condition',
  },
  'gateway.networking.k8s.io/GatewayClass': {
    conditions: { Accepted: 'True' },
    observed: 'condition',
  },
  'cilium.io/CiliumLoadBalancerIPPool': {
    conditions: { 'cilium.io/PoolConflict': 'False' },
    observed: 'condition',
  },
  'cilium.io/CiliumBGPClusterConfig': {
    conditions: {
      'cilium.io/NoMatchingNode': 'False',
      'cilium.io/MissingPeerConfigs': 'False',
      'cilium.io/ConflictingClusterConfig': 'False',
    },
    observed: 'condition',
  },
  'cilium.io/CiliumBGPPeerConfig': {
    conditions: { 'cilium.io/MissingAuthSecret': 'False' },
    observed: 'condition',
  },
};

const ceph = (state: HealthFixture['state'], status: Data | undefined): HealthFixture => ({
  state,
  object: withStatus(
    status === undefined ? undefined : { observedGeneration: generation, ...status },
  ),
});

const route = (
  state: HealthFixture['state'],
  accepted: string,
  resolved: string,
  observedGeneration: number,
): HealthFixture => ({
  state,
  object: withStatus({
    parents: [
      {
        conditions: [
          { type: 'Accepted', status: accepted, observedGeneration },
          { type: 'ResolvedRefs', status: resolved, observedGeneration },
        ],
      },
    ],
  }),
});

const cephPool: readonly HealthFixture[] = [
  ceph('ready', { phase: 'Ready' }),
  ceph('not ready', { phase: 'Progressing' }),
  ceph('empty', undefined),
  ceph('empty', {}),
  ceph('stale', { phase: 'Ready', observedGeneration: generation - 1 }),
  ceph('failed', { phase: 'Failure' }),
];

const own: Readonly<Record<string, readonly HealthFixture[]>> = {
  'ceph.rook.io/CephCluster': [
    ceph('ready', { phase: 'Ready', ceph: { health: 'HEALTH_OK' } }),
    ceph('ready', { phase: 'Ready', ceph: { health: 'HEALTH_WARN' } }),
    ceph('not ready', { phase: 'Progressing' }),
    ceph('not ready', { phase: 'Ready' }),
    // passes while daemons come up, so it must not count as failed either
    ceph('not ready', { phase: 'Ready', ceph: { health: 'HEALTH_ERR' } }),
    ceph('empty', undefined),
    ceph('empty', {}),
    ceph('stale', {
      phase: 'Ready',
      ceph: { health: 'HEALTH_OK' },
      observedGeneration: generation - 1,
    }),
    ceph('failed', { phase: 'Failure' }),
  ],
  'ceph.rook.io/CephBlockPool': cephPool,
  'ceph.rook.io/CephFilesystem': cephPool,
  'gateway.networking.k8s.io/HTTPRoute': [
    route('ready', 'True', 'True', generation),
    route('not ready', 'True', 'False', generation),
    route('not ready', 'False', 'True', generation),
    route('stale', 'True', 'True', generation - 1),
    { state: 'not ready', object: withStatus({ parents: [] }) },
    { state: 'empty', object: withStatus(undefined) },
    { state: 'empty', object: withStatus({}) },
  ],
  'snapshot.storage.k8s.io/VolumeSnapshot': [
    { state: 'ready', object: withStatus({ readyToUse: true }) },
    { state: 'not ready', object: withStatus({ readyToUse: false }) },
    { state: 'empty', object: withStatus(undefined) },
    { state: 'empty', object: withStatus({}) },
  ],
};

/** The fixtures of a kind by group/kind; undefined when nobody wrote down how it looks. */
export const healthFixtures = (kind: string): readonly HealthFixture[] | undefined => {
  const conditions = conditionKinds[kind];
  return own[kind] ?? (conditions === undefined ? undefined : conditionFixtures(conditions));
};

/** The variables that Flux gives to an expression. */
export const variablesOf = (fixture: HealthFixture): Data => {
  const { status } = fixture.object;
  return {
    metadata: dataAt(fixture.object, 'metadata'),
    ...(status === undefined ? {} : { status }),
  };
};
