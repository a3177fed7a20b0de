import {
  type ContractCluster,
  type ContractWorld,
  make,
  pathOf,
  request,
  when,
} from '#test/contract/cluster/world.ts';
import { type JsonRecord, textAt } from '#test/sandbox/api/json.ts';

export const configMap = (name: string, value: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\ndata:\n  value: "${value}"\n`;

export const list = (...resources: readonly string[]): string =>
  `apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n${resources.map((one) => `  - ${one}\n`).join('')}`;

const child = (namespace: string): string => `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata:
  name: child
  namespace: ${namespace}
spec:
  interval: 10m
  path: ./app
  prune: false
  sourceRef:
    kind: GitRepository
    name: platform
  targetNamespace: ${namespace}
`;

/** A chart of one ConfigMap, and of a Deployment where there is an image. */
const chart: Readonly<Record<string, string>> = {
  'chart/Chart.yaml': 'apiVersion: v2\nname: contract\nversion: 0.1.0\nappVersion: "7"\n',
  'chart/values.yaml': 'value: "1"\nimage: ""\n',
  'chart/templates/config.yaml': `apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-config
data:
  value: {{ .Values.value | quote }}
`,
  'chart/templates/app.yaml': `{{- if .Values.image }}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
spec:
  selector:
    matchLabels:
      contract: {{ .Release.Name }}
  template:
    metadata:
      labels:
        contract: {{ .Release.Name }}
    spec:
      containers:
        - name: main
          image: {{ .Values.image }}
{{- end }}
`,
};

/** All in Git at first: a chart, an app, one that breaks, and a parent with a child per cluster. */
const files = (world: ContractWorld): Record<string, string> => ({
  ...chart,
  'app/kustomization.yaml': list('a.yaml', 'b.yaml'),
  'app/a.yaml': configMap('contract-a', '1'),
  'app/b.yaml': configMap('contract-b', '1'),
  'broken/kustomization.yaml': list('a.yaml', 'malformed.yaml'),
  'broken/a.yaml': configMap('contract-c', '1'),
  'broken/malformed.yaml': 'a: b: c\n',
  ...Object.fromEntries(
    world.clusters.flatMap(({ name, namespace }) => [
      [`parent-${name}/kustomization.yaml`, list('child.yaml')],
      [`parent-${name}/child.yaml`, child(namespace)],
    ]),
  ),
});

const states = new WeakMap<
  ContractWorld,
  { files: Record<string, string>; sha: Promise<string> }
>();

/** The first commit, once per world. */
const firstCommit = (world: ContractWorld): Promise<string> => {
  const known = states.get(world);
  if (known !== undefined) {
    return known.sha;
  }
  const all = files(world);
  const state = { files: all, sha: world.git.commit(all, 'contract: first import') };
  states.set(world, state);
  return state.sha;
};

// both clusters' cases commit to one repository
let commits: Promise<unknown> = Promise.resolve();

export const commit = (
  world: ContractWorld,
  change: Readonly<Record<string, string | undefined>>,
  subject: string,
): Promise<string> => {
  const made = commits.then(() => commitNow(world, change, subject));
  commits = made.catch(() => undefined);
  return made;
};

const commitNow = async (
  world: ContractWorld,
  change: Readonly<Record<string, string | undefined>>,
  subject: string,
): Promise<string> => {
  await firstCommit(world);
  const state = states.get(world);
  const kept = Object.entries({ ...state?.files, ...change }).flatMap(([path, text]) =>
    text === undefined ? [] : [[path, text] as const],
  );
  const next = Object.fromEntries(kept);
  const sha = await world.git.commit(next, subject);
  states.set(world, { files: next, sha: Promise.resolve(sha) });
  return sha;
};

/** The source of all, made once per cluster, brought to what is in Git now. */
export const source = async (world: ContractWorld, cluster: ContractCluster): Promise<string> => {
  await firstCommit(world);
  const sha = (await states.get(world)?.sha) ?? '';
  const known = await cluster.client.get(pathOf(cluster, 'GitRepository', 'platform'));
  if (known.code !== 200) {
    await make(cluster, 'GitRepository', 'platform', {
      spec: { interval: '10m', url: world.git.url, ref: { branch: 'main' } },
    });
  } else {
    await request(cluster, 'GitRepository', 'platform');
  }
  await when(cluster, 'GitRepository', 'platform', `has ${sha}`, (object) =>
    world.git.isAtOrAfter(textAt(object, 'status', 'artifact', 'revision') ?? '', sha),
  );
  return sha;
};

export const kustomization = async (
  world: ContractWorld,
  cluster: ContractCluster,
  name: string,
  spec: JsonRecord = {},
): Promise<string> => {
  const sha = await source(world, cluster);
  await make(cluster, 'Kustomization', name, {
    spec: {
      interval: '10m',
      retryInterval: '2s',
      path: './app',
      prune: true,
      sourceRef: { kind: 'GitRepository', name: 'platform' },
      targetNamespace: cluster.namespace,
      ...spec,
    },
  });
  return sha;
};

export const helmRelease = async (
  world: ContractWorld,
  cluster: ContractCluster,
  name: string,
  spec: JsonRecord = {},
): Promise<void> => {
  await source(world, cluster);
  await make(cluster, 'HelmRelease', name, {
    spec: {
      interval: '10m',
      timeout: '5s',
      chart: {
        spec: { chart: './chart', sourceRef: { kind: 'GitRepository', name: 'platform' } },
      },
      ...spec,
    },
  });
};
