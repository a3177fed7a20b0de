import { chartOf, isHelmRelease } from '#test/platform/world/charts.ts';
import { listAt, places, textAt } from '#test/platform/world/value.ts';
import {
  appliedObjects,
  type Cluster,
  type Finding,
  type Rule,
  titleOf,
  type World,
} from '#test/platform/world/world.ts';

const objectsOf = (cluster: Cluster) => appliedObjects(cluster).map(({ object }) => object);

const isAllowed = (allowed: readonly string[], value: string): boolean =>
  allowed.some((prefix) => value === prefix || (prefix.endsWith('/') && value.startsWith(prefix)));

const allowedPlaces: Rule = {
  name: 'sources-allowed',
  summary: 'charts and repositories come from the places that versions.yaml allows',
  failures: [3],
  scope: 'cluster',
  check: (cluster, { versions }) =>
    objectsOf(cluster).flatMap((object): readonly Finding[] => {
      const url = textAt(object, 'spec', 'url') ?? '';
      const lists: Readonly<Record<string, readonly string[]>> = {
        OCIRepository: versions.allowed.charts,
        HelmRepository: versions.allowed.charts,
        GitRepository: versions.allowed.git,
      };
      const list = lists[object.kind];
      return list === undefined || isAllowed(list, url)
        ? []
        : [{ where: titleOf(object), what: `${url} is not an allowed place` }];
    }),
};

/** An image as one text, or as what charts make one of; without a tag the chart brings its own. */
const imageOf = (value: unknown): string | undefined => {
  const [repository, tag] = [textAt(value, 'repository'), textAt(value, 'tag')];
  const text = repository === undefined || tag === undefined ? value : `${repository}:${tag}`;
  return typeof text === 'string' && text.includes('/') ? text : undefined;
};

/** `registry/name` and tag of an image, wherever an object names one. */
const imagesIn = (cluster: Cluster) =>
  objectsOf(cluster).flatMap((object) =>
    [...places(object)].flatMap(({ path, value }) => {
      const image = /^(?:image|\w+Image)$/.test(String(path.at(-1))) ? imageOf(value) : undefined;
      return image === undefined ? [] : [{ object, image }];
    }),
  );

const images: Rule = {
  name: 'images-pinned',
  summary: 'images that the tree names come from allowed places with the tag of versions.yaml',
  scope: 'cluster',
  check: (cluster, { versions }) =>
    imagesIn(cluster).flatMap(({ object, image }): readonly Finding[] => {
      const where = titleOf(object);
      const colon = image.lastIndexOf(':');
      const name = colon > image.lastIndexOf('/') ? image.slice(0, colon) : image;
      const tag = image.slice(name.length + 1);
      const pinned = Object.values(versions.images).find(({ source }) => source === name);
      return [
        ...(isAllowed(versions.allowed.images, name)
          ? []
          : [{ where, what: `${name} is not from an allowed place` }]),
        ...(pinned?.version === tag
          ? []
          : [
              {
                where,
                what: `${image} is not pinned in versions.yaml (${pinned?.version ?? 'unlisted'})`,
              },
            ]),
      ];
    }),
};

const layerSelector: Rule = {
  name: 'chart-layer',
  summary: 'a chart from an OCI repository selects its chart layer',
  failures: [2],
  scope: 'cluster',
  check: (cluster) =>
    objectsOf(cluster)
      .filter((object) => object.kind === 'OCIRepository')
      .filter(
        (object) =>
          textAt(object, 'spec', 'layerSelector', 'mediaType') !==
            'application/vnd.cncf.helm.chart.content.v1.tar+gzip' ||
          textAt(object, 'spec', 'layerSelector', 'operation') !== 'copy',
      )
      .map((object) => ({
        where: titleOf(object),
        what: 'layerSelector does not copy the chart layer',
      })),
};

const verified: Rule = {
  name: 'provenance',
  summary:
    'what upstream signs is verified against an identity; the rest says why not; none is unlisted',
  scope: 'cluster',
  check: (cluster, world: World) =>
    objectsOf(cluster).flatMap((object): readonly Finding[] => {
      if (!['OCIRepository', 'HelmRepository', 'GitRepository'].includes(object.kind)) {
        return [];
      }
      const url = textAt(object, 'spec', 'url') ?? '';
      const component = Object.values(world.versions.components).find(
        (candidate) => candidate.source === url,
      );
      const where = titleOf(object);
      if (component?.verify === undefined) {
        return [{ where, what: `versions.yaml does not say how far ${url} can be trusted` }];
      }
      if (component.verify.method === 'none') {
        return (component.verify.why ?? '') === ''
          ? [{ where, what: 'it is not verified and nobody says why' }]
          : [];
      }
      const identities = listAt(object, 'spec', 'verify', 'matchOIDCIdentity');
      const isNamed = identities.some((identity) => {
        const subject = textAt(identity, 'subject') ?? '';
        return (
          textAt(identity, 'issuer') !== undefined &&
          subject.length > 20 &&
          !/^\^?\.\*/.test(subject)
        );
      });
      return textAt(object, 'spec', 'verify', 'provider') === 'cosign' && isNamed
        ? []
        : [{ where, what: 'upstream signs it, but no signer is checked' }];
    }),
};

const notCopied: Rule = {
  name: 'crds-not-copied',
  summary: 'CRDs come from their pinned source: none lies copied in the tree',
  scope: 'both',
  check: (_, world) =>
    [...world.files]
      .filter(([path]) => /^(?:kubernetes|deploy)\/.*\.ya?ml$/.test(path))
      .filter(([, text]) => /^kind: CustomResourceDefinition$/m.test(text))
      .map(([path]) => ({ where: path, what: 'a copied CRD follows no release of its upstream' })),
};

const aligned: Rule = {
  name: 'clusters-aligned',
  summary: 'both clusters run the same version of every chart',
  scope: 'both',
  check: (_, world) => {
    const versionsOf = (cluster: Cluster) =>
      new Map(
        objectsOf(cluster)
          .filter(isHelmRelease)
          .map((object) => {
            const chart = chartOf(cluster, object);
            return [chart?.address ?? '', chart?.version ?? ''] as const;
          }),
      );
    const [first, second] = world.clusters.map(versionsOf);
    return [...(first ?? [])].flatMap(([address, version]) => {
      const other = second?.get(address);
      return other === undefined || other === version
        ? []
        : [{ where: address, what: `${version} here, ${other} there` }];
    });
  },
};

export const sourceRules: readonly Rule[] = [
  allowedPlaces,
  images,
  layerSelector,
  verified,
  notCopied,
  aligned,
];
