import type { Cluster } from '#src/cluster/cluster.ts';
import type { Context } from '#src/command/define.ts';
import { targetOf } from '#src/command/policy.ts';
import { nearest } from '#src/command/words.ts';
import type { Failure } from '#src/failure.ts';
import type { FluxObject } from '#src/flux/object.ts';
import {
  type FluxRef,
  fluxKinds,
  kindFromWord,
  parseRef,
  printRef,
  sameRef,
} from '#src/flux/ref.ts';
import { fail, ok, type Result } from '#src/result.ts';
import { byName } from '#src/text/order.ts';

/** One object on one cluster, as a person named it. */
export interface Named {
  readonly cluster: string;
  readonly ref: FluxRef;
}

const everyCluster: ReadonlySet<string> = new Set(['all', 'both']);
const meansAll = (word: string): boolean => everyCluster.has(word.toLowerCase());

// a phone begins a word with a capital letter
const isSame = (name: string, word: string): boolean => name.toLowerCase() === word.toLowerCase();

/** Whether a word can only mean clusters: the name of one, or all of them. */
export const meansClusters = (word: string, { configured }: Pick<Context, 'configured'>): boolean =>
  meansAll(word) || configured.some(({ name }) => isSame(name, word));

/** The same as {@link resolveClusters} for what only reads: `all` is all that the person may look at. */
export const readableClusters = (
  word: string | undefined,
  context: Pick<Context, 'clusters' | 'configured' | 'defaultCluster'>,
): Result<readonly Cluster[] | undefined, Failure> =>
  word !== undefined && meansAll(word) && context.clusters.length > 0
    ? ok(context.clusters)
    : resolveClusters(word, context);

/**
 * The clusters that a word means, in the configured order: a name, `all` (or `both`), or, without a word,
 * the default of the place; undefined where there is none and several are possible.
 */
export const resolveClusters = (
  word: string | undefined,
  context: Pick<Context, 'clusters' | 'configured' | 'defaultCluster'>,
): Result<readonly Cluster[] | undefined, Failure> => {
  const { clusters, configured, defaultCluster } = context;
  if (word !== undefined && meansAll(word)) {
    return ok(configured);
  }
  const wanted = word ?? defaultCluster;
  if (wanted === undefined) {
    return ok(clusters.length === 1 ? clusters : undefined);
  }
  // one that is closed to the person is refused by the right that is missing there
  const found = configured.filter(({ name }) => isSame(name, wanted));
  const known = [...clusters.map((cluster) => cluster.name), 'all'];
  return found.length > 0
    ? ok(found)
    : fail({ code: 'unknown-cluster', name: wanted, known, nearest: nearest(wanted, known) });
};

const mayUse = (context: Pick<Context, 'may'>, permission: string, named: Named): boolean =>
  context.may(permission, targetOf(named.cluster, named.ref));

/** `plex`, `media/plex` or `ks/plex`: whether it can mean this object. */
const fits = (word: string, ref: FluxRef): boolean => {
  const [first = '', second] = word.split('/');
  if (second === undefined) {
    return ref.name === first;
  }
  return ref.name === second && (ref.namespace === first || kindFromWord(first) === ref.kind);
};

// what people mean by a bare name is what applies things; its source is meant only where nothing else fits
const preferred = (candidates: readonly FluxObject[]): readonly FluxObject[] => {
  const appliers = candidates.filter((object) => fluxKinds[object.ref.kind].role === 'applier');
  return appliers.length > 0 ? appliers : candidates;
};

const byShortName = (
  word: string,
  clusters: readonly Cluster[],
  permission: string,
  context: Context,
): Result<readonly Named[], Failure> => {
  const readable = (cluster: Cluster) =>
    cluster
      .objects()
      .filter((object) => mayUse(context, permission, { cluster: cluster.name, ref: object.ref }));
  const found = clusters.flatMap((cluster) =>
    preferred(readable(cluster).filter((object) => fits(word, object.ref))).map((object) => ({
      cluster: cluster.name,
      ref: object.ref,
    })),
  );
  const refs = [...new Set(found.map((named) => printRef(named.ref)))];
  if (refs.length === 1) {
    return ok(found);
  }
  if (refs.length > 1) {
    return fail({ code: 'ambiguous', name: word, candidates: refs.toSorted(byName).slice(0, 8) });
  }
  const known = clusters.flatMap((cluster) => readable(cluster).map((object) => object.ref));
  const close =
    nearest(word, known.map(printRef)) ??
    nearest(
      word,
      known.map((ref) => ref.name),
    );
  const open = clusters.filter((cluster) => context.clusters.includes(cluster));
  const meant = known.find((ref) => ref.name === close || printRef(ref) === close);
  return fail({
    code: 'no-such-object',
    name: word,
    // a cluster that is closed to the person is not named
    clusters: (open.length > 0 ? open : context.clusters).map((cluster) => cluster.name),
    nearest: meant === undefined ? undefined : printRef(meant),
  });
};

interface Searched {
  readonly clusters: readonly Cluster[];
  /** Whether the person said which. */
  readonly named: boolean;
}

const byFullName = (
  ref: FluxRef,
  { clusters, named }: Searched,
  permission: string,
  context: Context,
): Result<readonly Named[], Failure> => {
  const there = clusters.filter(
    (cluster) =>
      // a cluster whose cache is not complete yet is asked itself, later
      (cluster.cached(ref) !== undefined || !cluster.freshness().synced) &&
      // where no cluster was named, one on which the person may not is not meant
      (named || mayUse(context, permission, { cluster: cluster.name, ref })),
  );
  if (there.length > 0) {
    return ok(there.map((cluster) => ({ cluster: cluster.name, ref })));
  }
  // whether it exists is not for everyone to know: there, the right is asked for first
  const closed = clusters.filter(
    (cluster) => !mayUse(context, permission, { cluster: cluster.name, ref }),
  );
  if (closed.length > 0) {
    return ok(closed.map((cluster) => ({ cluster: cluster.name, ref })));
  }
  const known = clusters.flatMap((cluster) =>
    cluster
      .objects()
      .filter((object) => mayUse(context, permission, { cluster: cluster.name, ref: object.ref }))
      .map((object) => object.ref),
  );
  const sameName = known.find((other) => other.name === ref.name && !sameRef(other, ref));
  return fail({
    code: 'not-found',
    object: ref,
    cluster: clusters.map((one) => one.name).join(' and '),
    nearest:
      sameName === undefined ? nearest(printRef(ref), known.map(printRef)) : printRef(sameName),
  });
};

/**
 * Finds what a person named, in the caches, among what they may use `permission` on.
 * With `all`, the object on each cluster that has it, in the configured order.
 * @returns at least one; more than one only where the word for the cluster says so
 */
export const resolveObject = (
  word: string,
  clusterWord: string | undefined,
  permission: string,
  context: Context,
): Result<readonly Named[], Failure> => {
  const clusters = resolveClusters(clusterWord, context);
  if (!clusters.ok) {
    return clusters;
  }
  const searched = clusters.value ?? context.clusters;
  const full = parseRef(word);
  const found = full.ok
    ? byFullName(
        full.value,
        { clusters: searched, named: clusters.value !== undefined },
        permission,
        context,
      )
    : byShortName(word.toLowerCase(), searched, permission, context);
  if (found.ok && clusters.value === undefined && found.value.length > 1) {
    return fail({
      code: 'ambiguous',
      name: word,
      candidates: found.value.map((named) => `${printRef(named.ref)} ${named.cluster}`),
    });
  }
  return found;
};
