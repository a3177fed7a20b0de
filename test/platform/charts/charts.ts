import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments, parse as parseYaml, stringify } from 'yaml';
import type { KubeObject } from '#src/render/objects.ts';
import { type GoModule, moduleFolder, rookModule } from '#test/platform/schemas/go-module.ts';
import {
  type Data,
  dataAt,
  isData,
  listAt,
  printPath,
  textAt,
} from '#test/platform/world/value.ts';

/** A chart whose sources lie in a Go module of upstream: registries of charts cannot be reached here. */
export interface UpstreamChart extends GoModule {
  /** of versions.yaml, and of the HelmRelease */
  readonly component: string;
  readonly folder: string;
  /** charts that this one is built with, where the modules hold them */
  readonly parts?: readonly (GoModule & { readonly folder: string })[];
  /** groups that its pods ask for when they start, though it renders nothing of them */
  readonly asks?: readonly string[];
  /** values that are copied into objects, whose schema judges them */
  readonly copied?: readonly string[];
}

const csi = {
  module: 'github.com/ceph/ceph-csi-operator',
  version: 'v1.0.3',
  sum: 'h1:c0Sja2GMbgsQh6yX7ZX03wSHxFlgMUdu9OncLhZ5imw=',
} as const;

const library = { ...rookModule, folder: 'deploy/charts/library' } as const;

/** The nearest versions that can be had; a test says how far each is from its pin. */
export const upstreamCharts: readonly UpstreamChart[] = [
  {
    component: 'cilium',
    module: 'github.com/cilium/cilium',
    version: 'v1.20.1',
    sum: 'h1:omXYGsC9nvDEdTXZpOVa3VlpB1QTok9OHDPSQbnPoJg=',
    folder: 'install/kubernetes/cilium',
  },
  {
    component: 'cert-manager',
    module: 'github.com/cert-manager/cert-manager',
    version: 'v1.21.2',
    sum: 'h1:UWgoYM+KLNtRlqmoWOKjKBOBUPVHeepQ6/ac3ERJW68=',
    folder: 'deploy/charts/cert-manager',
  },
  {
    component: 'spegel',
    module: 'github.com/spegel-org/spegel',
    version: 'v0.7.3',
    sum: 'h1:7n4ympSwkcxW+6yafrrtwcA7V2vUEpaw+PRk2qcVxlQ=',
    folder: 'charts/spegel',
  },
  {
    ...rookModule,
    component: 'rook-ceph',
    folder: 'deploy/charts/rook-ceph',
    parts: [library, { ...csi, folder: 'deploy/charts/ceph-csi-operator' }],
  },
  {
    ...csi,
    component: 'ceph-csi-drivers',
    folder: 'deploy/charts/ceph-csi-drivers',
    asks: ['snapshot.storage.k8s.io'],
  },
  {
    ...rookModule,
    component: 'rook-ceph-cluster',
    folder: 'deploy/charts/rook-ceph-cluster',
    parts: [library],
    copied: ['.cephClusterSpec'],
  },
];

export interface OpenChart {
  readonly defaults: Data;
  /** its templates as they are written */
  readonly templates: string;
  /** What Helm makes of the values; fails with Helm's own words. */
  render(namespace: string, values: readonly Data[]): readonly KubeObject[];
  close(): void;
}

const isObject = (value: unknown): value is KubeObject =>
  isData(value) && typeof value['kind'] === 'string' && isData(value['metadata']);

const copyFolder = (from: string, to: string): void => {
  cpSync(from, to, { recursive: true });
  // Go's cache is read-only, and so is a copy of it
  spawnSync('chmod', ['-R', 'u+w', to]);
};

/** Lays a chart out as Helm wants it, with the charts that it is built with. */
export const openChart = async (chart: UpstreamChart, helm: string): Promise<OpenChart> => {
  const source = await moduleFolder(chart);
  const folder = mkdtempSync(join(tmpdir(), 'chart-'));
  const top = join(folder, chart.component);
  copyFolder(join(source, chart.folder), top);
  const file = join(top, 'Chart.yaml');
  const about: unknown = parseYaml(readFileSync(file, 'utf8'));
  const dependencies: Data[] = [];
  for (const part of chart.parts ?? []) {
    const from = join(await moduleFolder(part), part.folder);
    const described: unknown = parseYaml(readFileSync(join(from, 'Chart.yaml'), 'utf8'));
    const name = textAt(described, 'name') ?? '';
    const wanted = listAt(about, 'dependencies').find((one) => textAt(one, 'name') === name);
    mkdirSync(join(top, 'charts'), { recursive: true });
    copyFolder(from, join(top, 'charts', name));
    dependencies.push({
      ...dataAt({ wanted }, 'wanted'),
      version: textAt(described, 'version') ?? '',
    });
  }
  writeFileSync(file, stringify({ version: '0.0.0', ...dataAt({ about }, 'about'), dependencies }));
  const templates = readdirSync(join(top, 'templates'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
    .join('\n');
  return {
    templates,
    defaults: dataAt(
      { values: parseYaml(readFileSync(join(top, 'values.yaml'), 'utf8')) },
      'values',
    ),
    render: (namespace, values) => {
      const files = values.map((one, index) => {
        const path = join(folder, `values-${index}.yaml`);
        writeFileSync(path, stringify(one));
        return ['--values', path];
      });
      const place = ['--namespace', namespace, '--kube-version', '1.36.5'];
      const args = ['template', chart.component, top, ...place, ...files.flat()];
      const done = spawnSync(helm, args, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
      if (done.status !== 0) {
        throw new Error(done.stderr);
      }
      return parseAllDocuments(done.stdout)
        .map((document): unknown => document.toJS())
        .filter(isObject);
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
};

/**
 * Values that the chart does not have: neither among its defaults nor in its templates. Where a default is
 * empty, what stands there is the user's own.
 * @param copied - places whose content becomes objects that a schema judges
 */
export const unknownValues = (
  { defaults, templates }: Pick<OpenChart, 'defaults' | 'templates'>,
  values: Data,
  copied: readonly string[],
): readonly string[] => {
  const walk = (given: Data, known: Data, path: readonly string[]): readonly string[] =>
    Object.entries(given).flatMap(([name, value]) => {
      const place = [...path, name];
      const printed = printPath(place);
      if (copied.includes(printed) || templates.includes(`.Values${printed}`)) {
        return [];
      }
      if (!(name in known)) {
        return [printed];
      }
      const inside = known[name];
      return isData(value) && isData(inside) && Object.keys(inside).length > 0
        ? walk(value, inside, place)
        : [];
    });
  return walk(values, defaults, []);
};
