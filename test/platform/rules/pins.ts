import { chartOf, isHelmRelease } from '#test/platform/world/charts.ts';
import { at, dataAt, textAt } from '#test/platform/world/value.ts';
import { type Component, readVersions, type Versions } from '#test/platform/world/versions.ts';
import {
  appliedObjects,
  type Cluster,
  type Finding,
  type Rule,
  titleOf,
} from '#test/platform/world/world.ts';

const exact = /^v?\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.-]+)?$/;

const objectsOf = (cluster: Cluster) => appliedObjects(cluster).map(({ object }) => object);

const readable: Rule = {
  name: 'versions-table',
  summary: 'versions.yaml can be read, and each line that renders charts says what they need',
  scope: 'both',
  check: (_, world) => {
    const { problem } = readVersions(world.files.get('versions.yaml'));
    return problem === undefined ? [] : [{ where: 'versions.yaml', what: problem }];
  },
};

const pins: Rule = {
  name: 'pins-exact',
  summary: 'charts, sources and images are pinned: no ranges, no branches, no latest',
  scope: 'cluster',
  check: (cluster) => {
    const objects = objectsOf(cluster);
    const sources = objects.flatMap((object): readonly Finding[] => {
      const reference = dataAt(object, 'spec', 'ref');
      const where = titleOf(object);
      if (object.kind === 'OCIRepository') {
        const tag = textAt(reference, 'tag') ?? '';
        return exact.test(tag) ? [] : [{ where, what: `tag "${tag}" is not one exact version` }];
      }
      if (object.kind === 'GitRepository') {
        return /^[0-9a-f]{40}$/.test(textAt(reference, 'commit') ?? '')
          ? []
          : [{ where, what: 'it follows a name that can move; pin the commit' }];
      }
      return [];
    });
    const charts = objects.filter(isHelmRelease).flatMap((object): readonly Finding[] => {
      const version = textAt(object, 'spec', 'chart', 'spec', 'version');
      return at(object, 'spec', 'chart') === undefined || exact.test(version ?? '')
        ? []
        : [{ where: titleOf(object), what: `chart version "${version ?? ''}" is not exact` }];
    });
    return [...sources, ...charts];
  },
};

const componentOf = (
  versions: Versions,
  address: string,
): readonly [string, Component] | undefined => {
  const [source, chart] = address.split('#');
  return Object.entries(versions.components).find(
    ([, component]) => component.source === source && component.chart === chart,
  );
};

const listed: Rule = {
  name: 'pins-listed',
  summary: 'every pin stands in versions.yaml with the same version, and nothing there is unused',
  failures: [8],
  scope: 'cluster',
  check: (cluster, world) => {
    const { versions } = world;
    const objects = objectsOf(cluster);
    const used = objects.filter(isHelmRelease).flatMap((object) => {
      const chart = chartOf(cluster, object);
      return chart === undefined ? [] : [{ object, chart }];
    });
    const charts = used.flatMap(({ object, chart }): readonly Finding[] => {
      const found = componentOf(versions, chart.address);
      if (found === undefined) {
        return [{ where: titleOf(object), what: `${chart.address} is not in versions.yaml` }];
      }
      return found[1].version === chart.version
        ? []
        : [
            {
              where: titleOf(object),
              what: `${chart.version ?? ''} is pinned, versions.yaml says ${found[1].version ?? ''}`,
            },
          ];
    });
    const git = objects.flatMap((object): readonly Finding[] => {
      const commit = textAt(object, 'spec', 'ref', 'commit');
      const component = componentOf(versions, textAt(object, 'spec', 'url') ?? '')?.[1];
      return object.kind !== 'GitRepository' || component?.commit === commit
        ? []
        : [{ where: titleOf(object), what: 'versions.yaml has another commit' }];
    });
    const addresses = new Set(used.map(({ chart }) => chart.address));
    const unused = Object.entries(versions.components).flatMap(([name, component]) => {
      const address = [component.source, component.chart].filter(Boolean).join('#');
      const isChart = component.source !== undefined && component.commit === undefined;
      return isChart && !addresses.has(address)
        ? [{ where: `versions.yaml ${name}`, what: `${cluster.name} does not use it` }]
        : [];
    });
    return [...charts, ...git, ...unused];
  },
};

const minorOf = (version: string): number => Number(version.replace(/^v/, '').split('.')[1]);

const fits = (version: string, range: Component['kubernetes']): boolean =>
  (range?.min === undefined || minorOf(version) >= minorOf(`${range.min}.0`)) &&
  (range?.max === undefined || minorOf(version) <= minorOf(`${range.max}.0`));

const compatible: Rule = {
  name: 'pins-compatible',
  summary: "the pinned Kubernetes lies in every vendor's range; aligned pieces have one version",
  scope: 'both',
  check: (_, { versions, files }) => {
    const kubernetes = versions.platform.kubernetes.version;
    const ranges: readonly (readonly [string, Component['kubernetes']])[] = [
      ['talos', versions.platform.talos.kubernetes],
      ['flux', versions.platform.flux.kubernetes],
      ...Object.entries(versions.components).map(
        ([name, component]) => [name, component.kubernetes] as const,
      ),
    ];
    const outside = ranges
      .filter(([, range]) => !fits(kubernetes, range))
      .map(([name, range]) => ({
        where: `versions.yaml ${name}`,
        what: `Kubernetes ${kubernetes} is outside ${range?.min ?? ''}–${range?.max ?? ''}`,
      }));
    const apart = Object.entries(versions.components).flatMap(([name, component]) => {
      const other = versions.components[component.alignedWith ?? ''];
      return component.alignedWith === undefined || other?.version === component.version
        ? []
        : [
            {
              where: `versions.yaml ${name}`,
              what: `it must have the version of ${component.alignedWith}`,
            },
          ];
    });
    const talos = [...files].flatMap(([path, text]) =>
      path.startsWith('talos/')
        ? [...text.matchAll(/image: \S*(kube-\w+|kubelet|kube-\w+-\w+):v(\S+)/g)]
            .filter((found) => found[2] !== kubernetes)
            .map((found) => ({
              where: path,
              what: `${found[1] ?? ''} is ${found[2] ?? ''}, not ${kubernetes}`,
            }))
        : [],
    );
    return [...outside, ...apart, ...talos];
  },
};

const fluxVersion: Rule = {
  name: 'pins-flux',
  summary:
    'the FluxInstance installs the Flux of versions.yaml, by an artifact of the operator pinned beside it',
  failures: [8],
  scope: 'cluster',
  check: (cluster, { versions }) => {
    const release = objectsOf(cluster).find(
      (object) => object.metadata.name === 'flux-instance' && isHelmRelease(object),
    );
    const distribution = dataAt(release, 'spec', 'values', 'instance', 'distribution');
    const operator = versions.components['flux-operator']?.version ?? '';
    return [
      ...(textAt(distribution, 'version') === versions.platform.flux.version
        ? []
        : [
            {
              where: 'FluxInstance',
              what: `distribution.version is not ${versions.platform.flux.version}`,
            },
          ]),
      ...((textAt(distribution, 'artifact') ?? '').endsWith(`:v${operator}`)
        ? []
        : [{ where: 'FluxInstance', what: `distribution.artifact is not pinned to v${operator}` }]),
    ];
  },
};

export const pinRules: readonly Rule[] = [readable, pins, listed, compatible, fluxVersion];
