import { cephObjects } from '#test/platform/world/charts.ts';
import {
  type Applied,
  appliedObjects,
  type Cluster,
  type Finding,
  groupOf,
  type Rule,
  titleOf,
} from '#test/platform/world/world.ts';

/** What is applied, and what charts copy out of values into objects of kinds that have a schema. */
const objectsOf = (cluster: Cluster): readonly Applied[] =>
  appliedObjects(cluster).flatMap((applied) => [
    applied,
    ...cephObjects(applied.object).map((object) => ({ ...applied, object })),
  ]);

const kindOf = ({ object }: Applied): string => `${object.apiVersion} ${object.kind}`;

const covered: Rule = {
  name: 'schema-known',
  summary: 'every kind in the tree has a strict schema; none is skipped',
  failures: [17, 18],
  scope: 'cluster',
  check: (cluster, world) => {
    const kinds = new Map(objectsOf(cluster).map((applied) => [kindOf(applied), applied]));
    const skipped = new Set(world.schemas.unavailable().map(({ group }) => group));
    return [...kinds.values()]
      .filter(({ object }) => !skipped.has(groupOf(object.apiVersion)))
      .filter(({ object }) => world.schemas.check(object.apiVersion, object.kind) === undefined)
      .map((applied) => ({
        where: titleOf(applied.object),
        what: `no schema for ${kindOf(applied)}`,
      }));
  },
};

const valid: Rule = {
  name: 'schema-strict',
  summary: 'every object fits its schema, without a field that the schema does not know',
  failures: [2, 4],
  scope: 'cluster',
  check: (cluster, world) =>
    objectsOf(cluster).flatMap(({ object }): readonly Finding[] =>
      (world.schemas.check(object.apiVersion, object.kind)?.(object) ?? []).map((what) => ({
        where: titleOf(object),
        what,
      })),
    ),
};

interface Ban {
  readonly pattern: RegExp;
  readonly why: string;
}

const bans: readonly Ban[] = [
  { pattern: /^external-secrets\.io\/v1beta1 /, why: 'no longer served; v1 is' },
  { pattern: /^source\.toolkit\.fluxcd\.io\/v1beta\d /, why: 'removed; v1 is served' },
  { pattern: /^helm\.toolkit\.fluxcd\.io\/v2beta\d /, why: 'removed; v2 is served' },
  { pattern: /^kustomize\.toolkit\.fluxcd\.io\/v1beta\d /, why: 'removed; v1 is served' },
  { pattern: /^image\.toolkit\.fluxcd\.io\/v1beta\d /, why: 'removed; v1 is served' },
  { pattern: /^notification\.toolkit\.fluxcd\.io\/v1beta[12] /, why: 'removed' },
  {
    pattern: /^cilium\.io\/v2alpha1 Cilium(?:BGP|LoadBalancer|CIDR)/,
    why: 'deprecated; v2 is served',
  },
  {
    pattern: /^cilium\.io\/\S+ CiliumBGPPeeringPolicy$/,
    why: 'removed; CiliumBGPClusterConfig is',
  },
  {
    pattern: /^cilium\.io\/\S+ CiliumAuthPolicy$/,
    why: 'never existed; authentication.mode is a field',
  },
  {
    pattern: /^gateway\.networking\.k8s\.io\/v1(?:alpha|beta)\d (?:Gateway|HTTPRoute)/,
    why: 'v1 is served',
  },
  { pattern: /^cert-manager\.io\/v1(?:alpha|beta)\d /, why: 'v1 is served' },
  { pattern: /^kyverno\.io\/v1 ClusterPolicy$/, why: 'removed in 1.20' },
  { pattern: /^policy\/v1beta1 /, why: 'removed from Kubernetes' },
  { pattern: /^batch\/v1beta1 /, why: 'removed from Kubernetes' },
];

const banned: Rule = {
  name: 'api-versions',
  summary: 'no API version that the pinned versions do not serve, and the one that Flux serves',
  failures: [5, 17],
  scope: 'cluster',
  check: (cluster, world) =>
    appliedObjects(cluster).flatMap((applied): readonly Finding[] => {
      const { object } = applied;
      const ban = bans.find(({ pattern }) => pattern.test(kindOf(applied)));
      const group = groupOf(object.apiVersion);
      const served = world.versions.platform.flux.apis[group];
      const isServed = served === undefined || object.apiVersion === `${group}/${served}`;
      return [
        ...(ban === undefined
          ? []
          : [{ where: titleOf(object), what: `${kindOf(applied)}: ${ban.why}` }]),
        ...(isServed
          ? []
          : [
              {
                where: titleOf(object),
                what: `${object.apiVersion}: the pinned Flux serves ${served ?? ''}`,
              },
            ]),
      ];
    }),
};

export const schemaRules: readonly Rule[] = [covered, valid, banned];
