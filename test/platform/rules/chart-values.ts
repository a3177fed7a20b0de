import { readYaml } from '#src/render/yaml.ts';
import { type KnownValues, knownValues } from '#test/platform/rules/known-values.ts';
import { isHelmRelease } from '#test/platform/world/charts.ts';
import { at, type Data, dataAt, isData, listAt, textAt } from '#test/platform/world/value.ts';
import {
  appliedObjects,
  type Cluster,
  type Finding,
  type Rule,
  titleOf,
} from '#test/platform/world/world.ts';

const objectsOf = (cluster: Cluster) => appliedObjects(cluster).map(({ object }) => object);

const shapeOf = (value: unknown): string => (Array.isArray(value) ? 'array' : typeof value);

const strangeValues = (values: Data, known: KnownValues, above = ''): readonly string[] =>
  Object.entries(values).flatMap(([key, value]): readonly string[] => {
    const path = `${above}${key}`;
    const shape = known[path];
    if (shape !== undefined) {
      return shapeOf(value) === shape ? [] : [`${path} is ${shapeOf(value)}, not ${shape}`];
    }
    const leads = Object.keys(known).some((one) => one.startsWith(`${path}.`));
    return leads && isData(value)
      ? strangeValues(value, known, `${path}.`)
      : [`${path} is not a value of the chart`];
  });

/** What a release is given: its own values, and those of the ConfigMaps that it reads. */
const valuesOf = (cluster: Cluster, release: unknown, namespace: string | undefined) => [
  dataAt(release, 'spec', 'values'),
  ...listAt(release, 'spec', 'valuesFrom').flatMap((from) => {
    const map = objectsOf(cluster).find(
      (object) =>
        object.kind === 'ConfigMap' &&
        object.metadata.namespace === namespace &&
        object.metadata.name === textAt(from, 'name'),
    );
    const read = readYaml(textAt(map, 'data', textAt(from, 'valuesKey') ?? 'values.yaml') ?? '');
    return read.ok && isData(read.value) ? [read.value] : [];
  }),
];

const values: Rule = {
  name: 'chart-values',
  summary: 'each chart is given only values that it knows: the others do nothing, without a word',
  failures: [4],
  scope: 'cluster',
  check: (cluster) =>
    objectsOf(cluster)
      .filter(isHelmRelease)
      .flatMap((object): readonly Finding[] => {
        const known = knownValues[object.metadata.name];
        const where = titleOf(object);
        return known === undefined
          ? [{ where, what: 'nobody has written down which values its chart knows' }]
          : valuesOf(cluster, object, object.metadata.namespace)
              .flatMap((given) => strangeValues(given, known))
              .map((what) => ({ where, what }));
      }),
};

/** Fields that a chart prints from a value of their own, beside a map that it prints as it is. */
const printed: Readonly<Record<string, readonly (readonly [string, string, string])[]>> = {
  'rook-ceph-cluster': [
    ['cephClusterSpec', 'cephVersion', 'cephImage'],
    ['cephClusterSpec', 'monitoring', 'monitoring'],
  ],
};

const printedOnce: Rule = {
  name: 'chart-printed-once',
  summary:
    'no field is given where the chart prints it already: helm-controller refuses a key that stands twice',
  scope: 'cluster',
  check: (cluster) =>
    objectsOf(cluster)
      .filter(isHelmRelease)
      .flatMap((object) =>
        (printed[object.metadata.name] ?? [])
          .filter(([map, field]) => at(object, 'spec', 'values', map, field) !== undefined)
          .map(([map, field, own]) => ({
            where: titleOf(object),
            what: `${map}.${field} stands twice in what the chart renders; ${own} is where it is set`,
          })),
      ),
};

export const chartValueRules: readonly Rule[] = [values, printedOnce];
