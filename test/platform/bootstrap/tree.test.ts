import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments, parse as parseYaml } from 'yaml';
import { type Ladder, parseLadder } from '#src/bootstrap/ladder.ts';
import type { KubeObject } from '#src/render/objects.ts';
import { renderCluster } from '#test/platform/bootstrap/flux-tree.ts';

interface Seed extends KubeObject {
  readonly stringData?: Readonly<Record<string, string>>;
}
interface ExternalSecret {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: {
    readonly target: {
      readonly name: string;
      readonly creationPolicy?: string;
      readonly deletionPolicy?: string;
    };
    readonly data: readonly {
      readonly secretKey: string;
      readonly remoteRef: { readonly key: string; readonly property: string };
    }[];
  };
}

const clusters = ['infra', 'apps'] as const;
const seeds = parseAllDocuments(readFileSync('bootstrap/resources.yaml', 'utf8')).map(
  (document) => document.toJS() as Seed,
);
const tree = new Map<string, readonly KubeObject[]>();

beforeAll(async () => {
  for (const cluster of clusters) tree.set(cluster, await renderCluster(process.cwd(), cluster));
}, 300_000);

describe.each(clusters)('bootstrap/resources.yaml and the Flux tree of %s', (cluster) => {
  const objects = () => tree.get(cluster) ?? [];

  it('lays down namespaces as Flux keeps them', () => {
    const namespaces = seeds.filter(({ kind }) => kind === 'Namespace');
    expect(namespaces.map(({ metadata }) => metadata.name)).toEqual([
      'cert-manager',
      'external-secrets',
      'flux-system',
    ]);
    for (const { metadata } of namespaces) {
      const kept = objects().find(
        (each) => each.kind === 'Namespace' && each.metadata.name === metadata.name,
      );
      expect(kept?.metadata).toMatchObject({
        labels: metadata['labels'] as object,
        annotations: metadata['annotations'] as object,
      });
    }
  });

  it('lays down Secrets that External Secrets keeps current from the same fields, and never takes away', () => {
    const secrets = seeds.filter(({ kind }) => kind === 'Secret');
    expect(secrets).toHaveLength(3);
    for (const { metadata, stringData } of secrets) {
      const keeper = objects().find(
        (each) =>
          each.kind === 'ExternalSecret' &&
          each.metadata.namespace === metadata.namespace &&
          (each as unknown as ExternalSecret).spec.target.name === metadata.name,
      ) as unknown as ExternalSecret;
      expect(keeper.spec.target, metadata.name).toMatchObject({
        creationPolicy: 'Orphan',
        deletionPolicy: 'Retain',
      });
      expect(
        Object.fromEntries(
          keeper.spec.data.map(({ secretKey, remoteRef }) => [
            secretKey,
            `op://\${ONEPASSWORD_VAULT}/${remoteRef.key}/${remoteRef.property}`,
          ]),
        ),
      ).toEqual(stringData);
    }
  });

  it('holds no value', () => {
    for (const seed of seeds) {
      expect(seed).not.toHaveProperty('data');
      for (const value of Object.values(seed.stringData ?? {})) expect(value).toMatch(/^op:\/\//);
    }
  });
});

describe.each(clusters)('bootstrap/ladder.yaml and the Flux tree of %s', (cluster) => {
  // what Git itself says; the rest is made by charts, operators and Talos
  const declared =
    /^(kustomize|source|helm|notification)\.toolkit\.fluxcd\.io\/|^external-secrets\.io\/|^cilium\.io\/|^gateway\.networking\.k8s\.io\//;
  const made: ReadonlySet<string> = new Set([
    'GitRepository/flux-system/flux-system',
    'Kustomization/flux-system/flux-system',
    // Cilium makes it once its Gateway values are on
    'GatewayClass//cilium',
  ]);
  const ladder = (): Ladder => {
    const parsed = parseLadder(parseYaml(readFileSync('bootstrap/ladder.yaml', 'utf8')));
    if (!parsed.ok) throw new Error(parsed.failure.join('\n'));
    return parsed.value;
  };
  const probes = () =>
    ladder().rungs.flatMap((rung) =>
      rung.probes.flatMap((probe) => ('objects' in probe ? [probe] : [])),
    );

  it('names only what is there', () => {
    const there = new Set(
      (tree.get(cluster) ?? []).map(
        ({ apiVersion, kind, metadata }) =>
          `${apiVersion} ${kind}/${metadata.namespace ?? ''}/${metadata.name}`,
      ),
    );
    const absent = probes().flatMap(
      ({ objects: { apiVersion, kind, namespace = '', names = [] } }) =>
        names
          .map((name) => `${kind}/${namespace}/${name}`)
          .filter((name) => (declared.test(apiVersion) || kind === 'Namespace') && !made.has(name))
          .filter((name) => !there.has(`${apiVersion} ${name}`)),
    );

    expect(absent).toEqual([]);
  });

  it('asks for nothing that the tree does not have at least one of', () => {
    const kinds = new Set(
      (tree.get(cluster) ?? []).map(({ apiVersion, kind }) => `${apiVersion} ${kind}`),
    );
    const vain = probes()
      .filter(
        ({ objects }) =>
          objects.names === undefined && objects.count !== 0 && declared.test(objects.apiVersion),
      )
      .map(({ objects }) => `${objects.apiVersion} ${objects.kind}`)
      // one for each node, written by Cilium
      .filter((kind) => !kinds.has(kind) && !kind.endsWith('CiliumBGPNodeConfig'));

    expect(vain).toEqual([]);
  });

  it('expects as many nodes as talos/clusters.yaml has', () => {
    const { clusters: machines } = parseYaml(readFileSync('talos/clusters.yaml', 'utf8')) as {
      clusters: Record<string, { nodes: unknown[] }>;
    };
    const counts = probes().flatMap(({ objects: { count } }) =>
      typeof count === 'object' ? [count[cluster]] : [],
    );

    expect(counts.length).toBeGreaterThan(2);
    expect(new Set(counts)).toEqual(new Set([machines[cluster]?.nodes.length]));
  });
});
