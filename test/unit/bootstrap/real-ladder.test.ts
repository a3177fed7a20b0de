import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { climb } from '#src/bootstrap/climb.ts';
import { type Ladder, parseLadder } from '#src/bootstrap/ladder.ts';
import type { Listing, PlainObject, Snapshot } from '#src/bootstrap/snapshot.ts';

const read = (): Ladder => {
  const parsed = parseLadder(parseYaml(readFileSync('bootstrap/ladder.yaml', 'utf8')));
  if (!parsed.ok) throw new Error(parsed.failure.join('\n'));
  return parsed.value;
};
const ladder = read();
const now = Date.parse('2026-11-24T12:00:00Z');
const lately = '2026-11-24T11:55:00Z';

const conditions = (reason: string) => [
  ...[
    'Ready',
    'Available',
    'Established',
    'NamesAccepted',
    'Accepted',
    'Programmed',
    'ResolvedRefs',
    'ContinuousArchiving',
  ].map((type) => ({ type, status: 'True', reason, message: '', lastTransitionTime: lately })),
  ...['NoMatchingNode', 'MissingPeerConfigs', 'ConflictingClusterConfig', 'PoolConflict'].map(
    (type) => ({
      type: `cilium.io/${type}`,
      status: 'False',
      reason,
      message: '',
      lastTransitionTime: lately,
    }),
  ),
];

const reasons: Readonly<Record<string, string>> = {
  ClusterSecretStore: 'Valid',
  ExternalSecret: 'SecretSynced',
};
const phases: Readonly<Record<string, string>> = {
  Namespace: 'Active',
  PersistentVolumeClaim: 'Bound',
  Cluster: 'Cluster in healthy state',
};

/** An object as a cluster that is well would hold it, whatever its kind. */
const healthy = (
  apiVersion: string,
  kind: string,
  namespace: string | undefined,
  name: string,
): PlainObject => ({
  apiVersion,
  kind,
  metadata: {
    name,
    namespace,
    generation: 3,
    labels: { 'pod-security.kubernetes.io/enforce': 'baseline' },
    annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' },
  },
  spec: { sync: { ready: true }, cluster: { multitenant: true }, replicas: 1 },
  status: {
    observedGeneration: 3,
    conditions: conditions(reasons[kind] ?? 'Done'),
    phase: phases[kind] ?? 'Ready',
    nodeInfo: { osImage: 'Talos (v1.14.6)', kubeletVersion: 'v1.36.5' },
    desiredNumberScheduled: 6,
    numberReady: 6,
    updatedNumberScheduled: 6,
    availableReplicas: 2,
    readyReplicas: 1,
    updatedReplicas: 1,
    artifact: { revision: 'main@sha1:1' },
    lastAppliedRevision: 'main@sha1:1',
    refreshTime: lately,
    notAfter: '2027-02-01T00:00:00Z',
    bgpInstances: [{ peers: [{ peeringState: 'established' }] }],
    addresses: [{ value: '10.25.21.20' }],
    parents: [{ conditions: conditions('Done') }],
    loadBalancer: { ingress: [{ ip: '10.25.21.30' }] },
    ceph: { health: 'HEALTH_OK' },
    updateStatus: 'operational',
    readyToUse: true,
    instances: 3,
    readyInstances: 3,
  },
});

const keyOf = ({ apiVersion, kind, metadata }: PlainObject): string =>
  `${apiVersion}/${kind} ${metadata.namespace ?? ''}/${metadata.name}`;

/** The probes of a cluster: some things are on one of them only. */
const probesOf = (cluster: string) =>
  ladder.rungs
    .flatMap(({ probes }) => probes)
    .filter(({ clusters }) => clusters?.includes(cluster) ?? true);

/** One object for everything that a probe names or counts. */
const wholeCluster = (cluster: string): readonly PlainObject[] => {
  const objects = new Map<string, PlainObject>();
  for (const probe of probesOf(cluster)) {
    if ('objects' in probe) {
      const { apiVersion, kind, namespace, names, suffix = '', count = 1 } = probe.objects;
      const wanted = typeof count === 'number' ? count : (count[cluster] ?? 1);
      const counted = Array.from({ length: wanted }, (_, at) => `${cluster}-${at}`);
      for (const name of names?.map((each) => each + suffix) ?? counted) {
        const object = healthy(apiVersion, kind, namespace, name);
        objects.set(keyOf(object), object);
      }
    }
  }
  return [...objects.values()];
};

const snapshotOf = (cluster: string, objects: readonly PlainObject[]): Snapshot => {
  const listings = new Map<string, Listing>();
  for (const probe of ladder.rungs.flatMap(({ probes }) => probes)) {
    if ('objects' in probe) {
      const { apiVersion, kind } = probe.objects;
      listings.set(`${apiVersion}/${kind}`, {
        type: 'objects',
        objects: objects.filter(
          (object) => object.apiVersion === apiVersion && object.kind === kind,
        ),
      });
    }
  }
  return {
    cluster,
    at: now,
    listings,
    endpoints: new Map([['/readyz', { type: 'status', code: 200 }]]),
    signals: new Map([['flux-events', now - 60_000]]),
  };
};

/** The rungs that something stands against. */
const blocked = (cluster: string, objects: readonly PlainObject[]): readonly string[] =>
  climb(ladder, snapshotOf(cluster, objects)).rungs.flatMap(({ name, state }) =>
    state === 'passed' ? [] : [name],
  );

/** The rungs that count this object, by name or as one of those they find. */
const rungsAbout = (object: PlainObject): readonly string[] =>
  ladder.rungs
    .filter(({ probes }) =>
      probes.some(
        (probe) =>
          'objects' in probe &&
          probe.objects.apiVersion === object.apiVersion &&
          probe.objects.kind === object.kind &&
          (probe.objects.namespace === undefined ||
            probe.objects.namespace === object.metadata.namespace) &&
          (probe.objects.names === undefined ||
            probe.objects.names.some(
              (name) => name + (probe.objects.suffix ?? '') === object.metadata.name,
            )),
      ),
    )
    .map(({ name }) => name);

describe.each(ladder.clusters)('bootstrap/ladder.yaml on %s', (cluster) => {
  const whole = wholeCluster(cluster);

  it('is climbed to the top by a cluster that is well', () => {
    const result = climb(ladder, snapshotOf(cluster, whole));

    expect(blocked(cluster, whole)).toEqual([]);
    expect(result).toMatchObject({ reached: 12, blocked: undefined, unknown: [] });
    expect(whole.length).toBeGreaterThan(100);
  });

  it('is not climbed by a cluster of which nothing has reported yet', () => {
    const silent = whole.map(({ apiVersion, kind, metadata: { name, namespace } }) => ({
      apiVersion,
      kind,
      metadata: { name, namespace },
    }));

    const never = {
      ...snapshotOf(cluster, silent),
      signals: new Map([['flux-events', undefined]]),
    };
    const result = climb(ladder, never);

    expect(result.reached).toBe(0);
    expect(result.rungs.map(({ state }) => state)).toEqual(ladder.rungs.map(() => 'blocked'));
  });

  it('blocks exactly where an object is judged that is bad', () => {
    expect(whole.length).toBeGreaterThan(100);
    for (const object of whole) {
      const others = whole.filter((each) => each !== object);
      const bad: PlainObject = {
        ...object,
        metadata: { name: object.metadata.name, namespace: object.metadata.namespace },
        spec: {},
        status: {},
      };

      const found = blocked(cluster, [...others, bad]);

      // a shape that only asks whether it is there has nothing to judge
      const judging = rungsAbout(object);
      expect(judging, keyOf(object)).toEqual(expect.arrayContaining([...found]));
      if (!/Provider|Alert|PrometheusRule|CSIDriver/.test(object.kind))
        expect(found.length, keyOf(object)).toBeGreaterThan(0);
    }
  });

  it('misses every object that it names', () => {
    const named = whole.filter(({ apiVersion, kind, metadata }) =>
      ladder.rungs.some(({ probes }) =>
        probes.some(
          (probe) =>
            'objects' in probe &&
            probe.objects.apiVersion === apiVersion &&
            probe.objects.kind === kind &&
            (probe.objects.names?.some(
              (name) => name + (probe.objects.suffix ?? '') === metadata.name,
            ) ??
              false),
        ),
      ),
    );

    expect(named.length).toBeGreaterThan(80);
    for (const object of named)
      expect(
        blocked(
          cluster,
          whole.filter((each) => each !== object),
        ),
        keyOf(object),
      ).not.toEqual([]);
  });
});

it('sends a person only to files that exist', () => {
  const advice = ladder.rungs
    .flatMap(({ probes }) => probes.map(({ next = '' }) => next))
    .join('\n');
  const files = [...advice.matchAll(/\b(?:docs|talos|kubernetes|bootstrap)\/[\w./-]+\w/g)].map(
    ([file]) => file,
  );

  expect(files.length).toBeGreaterThan(2);
  expect(files.filter((file) => !existsSync(file))).toEqual([]);
});
