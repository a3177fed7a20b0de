import { fail, ok, type Result } from '#src/result.ts';

/**
 * The kinds of Flux object that the product speaks about, with the API group that serves them and the
 * short name people type. Versions are discovered from each cluster, never written down here.
 * @see https://fluxcd.io/flux/components/
 */
export const fluxKinds = {
  Kustomization: {
    group: 'kustomize.toolkit.fluxcd.io',
    plural: 'kustomizations',
    short: 'ks',
    role: 'applier',
  },
  HelmRelease: {
    group: 'helm.toolkit.fluxcd.io',
    plural: 'helmreleases',
    short: 'hr',
    role: 'applier',
  },
  GitRepository: {
    group: 'source.toolkit.fluxcd.io',
    plural: 'gitrepositories',
    short: 'gitrepo',
    role: 'source',
  },
  OCIRepository: {
    group: 'source.toolkit.fluxcd.io',
    plural: 'ocirepositories',
    short: 'ocirepo',
    role: 'source',
  },
  Bucket: {
    group: 'source.toolkit.fluxcd.io',
    plural: 'buckets',
    short: 'bucket',
    role: 'source',
  },
  HelmRepository: {
    group: 'source.toolkit.fluxcd.io',
    plural: 'helmrepositories',
    short: 'helmrepo',
    role: 'source',
  },
  HelmChart: {
    group: 'source.toolkit.fluxcd.io',
    plural: 'helmcharts',
    short: 'chart',
    role: 'source',
  },
  ExternalArtifact: {
    group: 'source.toolkit.fluxcd.io',
    plural: 'externalartifacts',
    short: 'artifact',
    role: 'source',
  },
  ImageRepository: {
    group: 'image.toolkit.fluxcd.io',
    plural: 'imagerepositories',
    short: 'imagerepo',
    role: 'image',
  },
  ImagePolicy: {
    group: 'image.toolkit.fluxcd.io',
    plural: 'imagepolicies',
    short: 'imagepolicy',
    role: 'image',
  },
  ImageUpdateAutomation: {
    group: 'image.toolkit.fluxcd.io',
    plural: 'imageupdateautomations',
    short: 'imageupdate',
    role: 'image',
  },
} as const satisfies Record<
  string,
  { group: string; plural: string; short: string; role: 'applier' | 'source' | 'image' }
>;

export type FluxKind = keyof typeof fluxKinds;

/** One Flux object in one cluster, by name; the cluster is said elsewhere. */
export interface FluxRef {
  readonly kind: FluxKind;
  readonly namespace: string;
  readonly name: string;
}

/** What was wrong with a written reference, in words for the person who wrote it. */
export interface RefProblem {
  readonly message: string;
}

const kindNames = Object.keys(fluxKinds) as readonly FluxKind[];

const kindByWord: ReadonlyMap<string, FluxKind> = new Map(
  kindNames.flatMap((kind) => [
    [kind.toLowerCase(), kind],
    [fluxKinds[kind].plural, kind],
    [fluxKinds[kind].short, kind],
  ]),
);

export const isFluxKind = (word: string): word is FluxKind => Object.hasOwn(fluxKinds, word);

/** Every word that {@link kindFromWord} reads. */
export const kindWords: readonly string[] = [...kindByWord.keys()];

/** Reads `ks`, `kustomization`, `Kustomization` or `kustomizations`; undefined for any other word. */
export const kindFromWord = (word: string): FluxKind | undefined =>
  kindByWord.get(word.toLowerCase());

// RFC 1123 subdomain, as the API server asks of an object's name
const dnsName = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;

/** Writes the form that a person can type back: `ks/harbor/harbor`. */
export const printRef = (ref: FluxRef): string =>
  `${fluxKinds[ref.kind].short}/${ref.namespace}/${ref.name}`;

/** Reads `ks/harbor/harbor`; the inverse of {@link printRef}. A shorter name is resolved elsewhere. */
export const parseRef = (text: string): Result<FluxRef, RefProblem> => {
  const parts = text.split('/');
  const [word = '', namespace = '', name = ''] = parts;
  if (parts.length !== 3) {
    return fail({
      message: `"${text}" is not an object; write kind/namespace/name, such as ks/flux-system/apps`,
    });
  }
  const kind = kindFromWord(word);
  if (kind === undefined) {
    return fail({
      message: `"${word}" is not a Flux kind; use one of ${kindNames.map((known) => fluxKinds[known].short).join(', ')}`,
    });
  }
  if (!dnsName.test(namespace) || !dnsName.test(name)) {
    return fail({
      message: `"${namespace}/${name}" is not a namespace and a name; both are lower-case letters, digits, "-" and "."`,
    });
  }
  return ok({ kind, namespace, name });
};

export const sameRef = (left: FluxRef, right: FluxRef): boolean =>
  left.kind === right.kind && left.namespace === right.namespace && left.name === right.name;
