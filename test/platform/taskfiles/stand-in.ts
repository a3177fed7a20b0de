/**
 * Plays talosctl, op, helmfile, helm, kubectl and flux: writes down how it was called, then answers as a
 * cluster would that has come as far as the calls before have brought it. STAND_INS names its folder, whose
 * orders.json says which calls fail, and how.
 */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Call {
  readonly tool: string;
  readonly args: string;
  readonly stdin: string;
  readonly kubeconfig: string;
}

/** Calls of the tool whose words match fail with this text; `times` of them, or all. */
export interface Order {
  readonly tool: string;
  readonly args: string;
  readonly error: string;
  readonly times?: number;
}

const folder = process.env['STAND_INS'] ?? '';
const [tool = '', ...words] = process.argv.slice(2);
const args = words.join(' ');
const readsStdin = / -$|--filename -$/.test(args);
const stdin = readsStdin ? readFileSync(0, 'utf8') : '';

const fact = (name: string) => join(folder, `is-${name}`);
const has = (name: string): boolean => existsSync(fact(name));
const learn = (name: string) => writeFileSync(fact(name), '');

const optionAfter = (name: string): string => words[words.indexOf(name) + 1] ?? '';

const bundle = {
  cluster: { id: 'id', secret: 'secret' },
  secrets: { bootstraptoken: 'token', secretboxencryptionsecret: 'box' },
  trustdinfo: { token: 'trust' },
  certs: Object.fromEntries(
    ['os', 'etcd', 'k8s', 'k8saggregator', 'k8sserviceaccount'].map((name) => [
      name,
      { crt: 'Y2VydA==', key: 'a2V5' },
    ]),
  ),
};

const conditions = ['Ready', 'Established', 'NamesAccepted', 'Available'].map((type) => ({
  type,
  status: 'True',
  reason: 'Done',
  message: '',
  lastTransitionTime: '2026-01-01T00:00:00Z',
}));
const healthy = (
  apiVersion: string,
  kind: string,
  namespace: string | undefined,
  name: string,
) => ({
  apiVersion,
  kind,
  metadata: { name, namespace, creationTimestamp: '2026-01-01T00:00:00Z' },
  spec: { sync: { ready: true } },
  status: {
    conditions,
    phase: 'Active',
    desiredNumberScheduled: 6,
    numberReady: 6,
    updatedNumberScheduled: 6,
    availableReplicas: 2,
    artifact: { revision: 'main@sha1:1' },
    lastAppliedRevision: 'main@sha1:1',
    nodeInfo: { osImage: 'Talos (v1.14.6)', kubeletVersion: 'v1.36.5' },
  },
});

interface Known {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  /** the fact that brings it */
  readonly after: string;
}

const listed = (typed: string): string => {
  const [kind = '', version = '', ...group] = typed.split('.');
  const apiVersion = [group.join('.'), version].filter(Boolean).join('/');
  const known = JSON.parse(readFileSync(join(folder, 'objects.json'), 'utf8')) as readonly Known[];
  const items = known
    .filter((each) => each.apiVersion === apiVersion && each.kind === kind && has(each.after))
    .map((each) => healthy(apiVersion, kind, each.namespace, each.name));
  return JSON.stringify({ items });
};

const talosctl = (): string => {
  if (args.startsWith('gen ')) {
    const file = optionAfter(args.startsWith('gen secrets') ? '--output-file' : '--output');
    writeFileSync(file, args.startsWith('gen secrets') ? JSON.stringify(bundle) : 'context: new\n');
  }
  if (args.startsWith('machineconfig patch')) writeFileSync(optionAfter('--output'), 'merged\n');
  if (/ bootstrap$/.test(args)) learn('nodes');
  if (args.includes(' kubeconfig ')) writeFileSync(words.at(-1) ?? '', 'a kubeconfig\n');
  return args.endsWith('version --short')
    ? `Client:\n\tTalos v1.14.6\nServer:\n\tNODE:        x\n\tTag:         ${has('upgraded') ? 'v1.14.6' : 'v1.14.5'}\n`
    : '';
};

const tokenSecret = (name: string): string => {
  const token = Buffer.from(`token of ${name}`).toString('base64');
  return JSON.stringify({
    kind: 'Secret',
    data: { 'ca.crt': 'Y2VydA==', ...(has('tokenless') ? {} : { token }) },
  });
};

const kubectl = (): string => {
  if (args === 'config current-context') {
    return `${has('wrong-context') ? 'admin@other' : `admin@${/clusters\/(\w+)\//.exec(process.env['KUBECONFIG'] ?? '')?.[1]}`}\n`;
  }
  if (args.startsWith('get helmreleases')) {
    if (!has('crds'))
      throw new Error(`error: the server doesn't have a resource type "helmreleases"`);
    return has('adopted') ? 'helmrelease.helm.toolkit.fluxcd.io/cilium\n' : '';
  }
  if (args.startsWith('get secret ')) return tokenSecret(words[2] ?? '');
  if (stdin.includes('CustomResourceDefinition')) learn('crds');
  return words[2] === 'get' && words[3] !== '--raw' ? listed(words[3] ?? '') : '';
};

const answers: Readonly<Record<string, () => string>> = {
  talosctl,
  kubectl,
  op: () => {
    if (words[0] === 'item' && words[1] === 'get' && !has('item'))
      throw new Error('"talos" isn\'t an item');
    if (words[0] === 'item' && words[1] === 'create') learn('item');
    if (words[0] === 'inject') return 'machine: {}\n';
    return words[0] === 'read' ? `the value of\n${words.at(-1)?.split('/').at(-1)}: "quoted"` : '';
  },
  helmfile: () => {
    if (words.includes('sync')) learn('core');
    const crd = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' };
    return words.includes('template')
      ? `${JSON.stringify({ ...crd, metadata: { name: 'a' } })}\n---\nkind: Deployment\n---\n${JSON.stringify({ ...crd, metadata: { name: 'b' } })}\n`
      : '';
  },
};

const ordered = (): Order | undefined => {
  const orders = JSON.parse(readFileSync(join(folder, 'orders.json'), 'utf8')) as readonly Order[];
  return orders.find((order) => {
    if (order.tool !== tool || !new RegExp(order.args).test(args)) return false;
    const before = readFileSync(join(folder, 'calls.jsonl'), 'utf8').split('\n').filter(Boolean);
    const same = before
      .map((line) => JSON.parse(line) as Call)
      .filter((call) => call.tool === tool && new RegExp(order.args).test(call.args));
    return same.length <= (order.times ?? Infinity);
  });
};

const call: Call = {
  tool,
  args,
  stdin,
  kubeconfig: process.env['KUBECONFIG'] ?? '',
};
appendFileSync(join(folder, 'calls.jsonl'), `${JSON.stringify(call)}\n`);
const order = ordered();
try {
  if (order !== undefined) throw new Error(order.error);
  process.stdout.write(answers[tool]?.() ?? '');
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
