import { readYaml } from '#src/render/yaml.ts';
import { isBuiltIn, isFlux } from '#test/platform/world/needs.ts';
import { providersIn } from '#test/platform/world/provisions.ts';
import { at, listAt, textAt } from '#test/platform/world/value.ts';
import {
  appliedObjects,
  type Cluster,
  type Finding,
  groupOf,
  key,
  type Layer,
  type Rule,
} from '#test/platform/world/world.ts';

/** The Kustomizations that Git writes; the root is written by the FluxInstance. */
const written = (cluster: Cluster): readonly Layer[] =>
  cluster.layers.filter((layer) => layer.parent !== undefined);

const required = ['interval', 'retryInterval', 'timeout'] as const;

const fields: Rule = {
  name: 'done-fields',
  summary: 'every Kustomization has prune, interval, retryInterval and timeout',
  scope: 'cluster',
  check: (cluster) =>
    written(cluster).flatMap((layer): readonly Finding[] => {
      const missing = required.filter(
        (field) => !/^\d+(?:s|m|h)$/.test(textAt(layer.kustomization, 'spec', field) ?? ''),
      );
      const pruned = typeof at(layer.kustomization, 'spec', 'prune') === 'boolean' ? [] : ['prune'];
      return [...missing, ...pruned].map((field) => ({
        where: `ks/${layer.name}`,
        what: `spec.${field} is missing or no plain duration`,
      }));
    }),
};

/** What the FluxInstance adds to the root, which its operator writes: path of the field to its value. */
const rootAdditions = (cluster: Cluster): ReadonlyMap<string, unknown> => {
  const instance = appliedObjects(cluster).find(
    ({ object }) => object.kind === 'HelmRelease' && object.metadata.name === 'flux-instance',
  )?.object;
  const patches = listAt(instance, 'spec', 'values', 'instance', 'kustomize', 'patches')
    .filter((patch) => textAt(patch, 'target', 'kind') === 'Kustomization')
    .flatMap((patch) => {
      const read = readYaml(textAt(patch, 'patch') ?? '');
      return read.ok && Array.isArray(read.value) ? (read.value as readonly unknown[]) : [];
    });
  return new Map(patches.map((step) => [textAt(step, 'path') ?? '', at(step, 'value')]));
};

const root: Rule = {
  name: 'done-root',
  summary: 'the root, too, tries again soon, gives up in time, and says what it is Ready of',
  scope: 'cluster',
  check: (cluster) => {
    const added = rootAdditions(cluster);
    const providers = providersIn(cluster);
    const checks = added.get('/spec/healthChecks');
    const named = (Array.isArray(checks) ? (checks as readonly unknown[]) : []).map(idOf);
    const where = 'FluxInstance';
    return [
      ...['retryInterval', 'timeout']
        .filter((field) => !/^\d+[smh]$/.test(String(added.get(`/spec/${field}`))))
        .map((field) => ({ where, what: `the root Kustomization has no ${field}` })),
      ...(named.length > 0 ? [] : [{ where, what: 'the root Kustomization has no healthChecks' }]),
      ...named
        .filter((id) => !providers.has(`object ${id}`))
        .map((id) => ({ where, what: `the root names ${id}, which nobody makes` })),
    ];
  },
};

/** The object that a health check names. */
const idOf = (check: unknown): string =>
  key(
    groupOf(textAt(check, 'apiVersion') ?? ''),
    textAt(check, 'kind') ?? '',
    textAt(check, 'namespace'),
    textAt(check, 'name') ?? '',
  );

const checksOf = (layer: Layer): readonly unknown[] =>
  listAt(layer.kustomization, 'spec', 'healthChecks');

const waits = (layer: Layer): boolean => at(layer.kustomization, 'spec', 'wait') === true;

const form: Rule = {
  name: 'done-health-form',
  summary: 'exactly one form of health: wait, or health checks that name objects',
  scope: 'cluster',
  check: (cluster) =>
    written(cluster).flatMap((layer): readonly Finding[] => {
      const hasChecks = checksOf(layer).length > 0;
      if (waits(layer) !== hasChecks) {
        return [];
      }
      const what = hasChecks
        ? 'with wait: true its healthChecks are ignored'
        : 'neither wait nor healthChecks: Ready says nothing about what runs';
      return [{ where: `ks/${layer.name}`, what }];
    }),
};

const targets: Rule = {
  name: 'done-health-targets',
  summary: 'each health check names an object that is applied or known to be made',
  scope: 'cluster',
  check: (cluster) => {
    const providers = providersIn(cluster);
    return written(cluster).flatMap((layer) =>
      checksOf(layer).flatMap((check): readonly Finding[] => {
        const id = idOf(check);
        return providers.has(`object ${id}`)
          ? []
          : [{ where: `ks/${layer.name}`, what: `healthChecks names ${id}, which nobody makes` }];
      }),
    );
  },
};

/** Kinds that no controller reports on: applied means done. */
const passive: ReadonlySet<string> = new Set([
  'monitoring.coreos.com/PrometheusRule',
  'monitoring.coreos.com/ServiceMonitor',
  'monitoring.coreos.com/PodMonitor',
  'cilium.io/CiliumBGPAdvertisement',
  'cilium.io/CiliumCIDRGroup',
  'cilium.io/CiliumNetworkPolicy',
  'cilium.io/CiliumClusterwideNetworkPolicy',
]);

/** Whether kstatus alone calls an object of this kind current before its controller has looked at it. */
const needsExpression = (group: string, kind: string): boolean =>
  !(isBuiltIn(group) || isFlux(group) || passive.has(`${group}/${kind}`));

const checkedKinds = (layer: Layer): readonly (readonly [string, string])[] =>
  waits(layer)
    ? layer.objects.map((object) => [groupOf(object.apiVersion), object.kind] as const)
    : checksOf(layer).map(
        (check) =>
          [groupOf(textAt(check, 'apiVersion') ?? ''), textAt(check, 'kind') ?? ''] as const,
      );

const expressions: Rule = {
  name: 'done-health-expressions',
  summary: 'each checked kind that kstatus cannot judge has an expression, and no other has one',
  scope: 'cluster',
  check: (cluster) =>
    written(cluster).flatMap((layer): readonly Finding[] => {
      const checked = new Set(checkedKinds(layer).map(([group, kind]) => `${group}/${kind}`));
      const judged = new Set(
        listAt(layer.kustomization, 'spec', 'healthCheckExprs').map(
          (item) => `${groupOf(textAt(item, 'apiVersion') ?? '')}/${textAt(item, 'kind') ?? ''}`,
        ),
      );
      const unjudged = [...checked].filter((name) => {
        const [group = '', kind = ''] = name.split('/');
        return needsExpression(group, kind) && !judged.has(name);
      });
      const idle = [...judged].filter((name) => !checked.has(name));
      return [
        ...unjudged.map((name) => ({
          where: `ks/${layer.name}`,
          what: `${name} is Ready to kstatus before anybody looked: healthCheckExprs lacks it`,
        })),
        ...(layer.isExternal ? [] : idle).map((name) => ({
          where: `ks/${layer.name}`,
          what: `healthCheckExprs judges ${name}, which is not among what is checked`,
        })),
      ];
    }),
};

const release: Rule = {
  name: 'done-releases',
  summary:
    'every HelmRelease waits for its workloads, has a time-out and says what a failure leads to',
  scope: 'cluster',
  check: (cluster) =>
    appliedObjects(cluster)
      .filter(({ object }) => object.kind === 'HelmRelease')
      .flatMap(({ object }): readonly Finding[] => {
        const where = `HelmRelease/${object.metadata.namespace ?? ''}/${object.metadata.name}`;
        const spec = at(object, 'spec');
        const off = ['install', 'upgrade'].filter((act) => at(spec, act, 'disableWait') === true);
        const isHandled =
          at(spec, 'upgrade', 'remediation', 'retries') !== undefined ||
          at(spec, 'upgrade', 'strategy', 'name') !== undefined;
        return [
          ...off.map((act) => ({
            where,
            what: `${act}.disableWait hides workloads that never start`,
          })),
          ...(textAt(spec, 'timeout') === undefined ? [{ where, what: 'it has no timeout' }] : []),
          ...(isHandled ? [] : [{ where, what: 'a failed upgrade leads to nothing' }]),
        ];
      }),
};

const jobs: Rule = {
  name: 'done-jobs',
  summary: 'a Kustomization with Jobs makes them anew when they change, which a Job itself refuses',
  scope: 'cluster',
  check: (cluster) =>
    written(cluster)
      .filter((layer) => layer.objects.some((object) => object.kind === 'Job'))
      .filter((layer) => at(layer.kustomization, 'spec', 'force') !== true)
      .map((layer) => ({
        where: `ks/${layer.name}`,
        what: 'a changed Job is refused as immutable: spec.force is not true',
      })),
};

const secondsOf = (duration: string): number =>
  [...duration.matchAll(/(\d+)([hms])/g)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * ({ h: 3600, m: 60 }[unit ?? ''] ?? 1),
    0,
  );

const times: Rule = {
  name: 'done-times',
  summary:
    'a layer waits longer than any release in it may take, or it fails before Helm has said why',
  scope: 'cluster',
  check: (cluster) =>
    written(cluster).flatMap((layer) => {
      const waited = textAt(layer.kustomization, 'spec', 'timeout') ?? '';
      return layer.objects
        .filter((object) => object.kind === 'HelmRelease')
        .map((object) => ({ object, takes: textAt(object, 'spec', 'timeout') ?? '' }))
        .filter(({ takes }) => secondsOf(takes) >= secondsOf(waited))
        .map(({ object, takes }) => ({
          where: `ks/${layer.name}`,
          what: `it waits ${waited}, and ${object.metadata.name} may take ${takes}`,
        }));
    }),
};

export const doneRules: readonly Rule[] = [
  fields,
  root,
  form,
  targets,
  expressions,
  release,
  times,
  jobs,
];
