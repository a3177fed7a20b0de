import { nearest } from '#src/command/words.ts';
import type { Kubeconfigs } from '#src/entry/cli/kubeconfig.ts';
import { fail, ok, type Result } from '#src/result.ts';

/** A cluster as the caller's own kubeconfig reaches it. */
export interface OwnCluster {
  readonly name: string;
  readonly file: string;
  readonly context: string;
}

export interface OwnClusterOptions {
  /** `--context infra=admin@infra`, or a context alone. */
  readonly flags: readonly string[];
  /** Names in the configured order; empty where there is no configuration. */
  readonly names: readonly string[];
  readonly kubeconfigs: Kubeconfigs;
}

export interface Misuse {
  readonly what: string;
  readonly next: string;
}

/** What people call the cluster of a context: `admin@infra`, as Talos names it, is `infra`. */
export const clusterOfContext = (context: string): string => context.replace(/^[^@/]*@/, '');

interface Wanted {
  readonly name: string;
  /** Undefined: a context that fits the name. */
  readonly context: string | undefined;
}

const fromFlag = (flag: string, contexts: Kubeconfigs['contexts']): Wanted => {
  // a context may hold a "=" itself
  const at = contexts.has(flag) ? -1 : flag.indexOf('=');
  if (at > 0) {
    return { name: flag.slice(0, at), context: flag.slice(at + 1) };
  }
  return contexts.has(flag)
    ? { name: clusterOfContext(flag), context: flag }
    : { name: flag, context: undefined };
};

const inOrder = (wanted: readonly Wanted[], names: readonly string[]): readonly Wanted[] => {
  const place = ({ name }: Wanted) => (names.includes(name) ? names.indexOf(name) : names.length);
  return wanted.toSorted((left, right) => place(left) - place(right));
};

const wantedClusters = ({ flags, names, kubeconfigs }: OwnClusterOptions): readonly Wanted[] => {
  const { contexts, current } = kubeconfigs;
  if (flags.length > 0) {
    return inOrder(
      flags.map((flag) => fromFlag(flag, contexts)),
      names,
    );
  }
  if (names.length > 0) {
    return names.map((name) => ({ name, context: undefined }));
  }
  return current === undefined ? [] : [{ name: clusterOfContext(current), context: current }];
};

const listed = (contexts: Kubeconfigs['contexts']): string =>
  [...contexts.keys()].join(', ') || 'none';

const noneKnown = ({ kubeconfigs }: OwnClusterOptions): Misuse => {
  const [problem] = kubeconfigs.problems;
  if (kubeconfigs.contexts.size > 0) {
    return {
      what: 'No cluster is named, and your kubeconfig has no current context.',
      next: `Say which with --context CONTEXT, once for each cluster; there are: ${listed(kubeconfigs.contexts)}.`,
    };
  }
  return {
    what: `${problem ?? 'There is no kubeconfig: KUBECONFIG is not set and ~/.kube/config is not there'}.`,
    next: 'Set KUBECONFIG to the file that reaches your clusters (several with ":" between them).',
  };
};

const noContext = (wanted: Wanted, { kubeconfigs }: OwnClusterOptions): Misuse => {
  const { contexts, problems } = kubeconfigs;
  const close = nearest(wanted.context ?? wanted.name, [...contexts.keys()]);
  const asked = wanted.context === undefined ? '' : ` called ${wanted.context}`;
  return {
    what: [
      `Your kubeconfig has no context${asked} for the cluster ${wanted.name}; it has: ${listed(contexts)}.`,
      ...(close === undefined ? [] : [`Did you mean ${close}?`]),
      ...problems.map((problem) => `${problem}.`),
    ].join(' '),
    next: `Say which: --context ${wanted.name}=CONTEXT. With --context only the clusters that it names are looked at.`,
  };
};

/**
 * Finds the clusters to look at and the context of each. By `--context`, only those; else those of the
 * configuration, by a context of the cluster's name or `admin@<name>`; else the current context.
 */
export const ownClusters = (options: OwnClusterOptions): Result<readonly OwnCluster[], Misuse> => {
  const { contexts } = options.kubeconfigs;
  const wanted = wantedClusters(options);
  if (wanted.length === 0) {
    return fail(noneKnown(options));
  }
  const found: OwnCluster[] = [];
  for (const one of wanted) {
    const candidates = one.context === undefined ? [one.name, `admin@${one.name}`] : [one.context];
    const context = candidates.find((candidate) => contexts.has(candidate));
    const file = context === undefined ? undefined : contexts.get(context);
    if (context === undefined || file === undefined) {
      return fail(noContext(one, options));
    }
    if (found.some(({ name }) => name === one.name)) {
      return fail({
        what: `The cluster ${one.name} is named twice.`,
        next: 'Give each its own name: --context NAME=CONTEXT.',
      });
    }
    found.push({ name: one.name, file, context });
  }
  return ok(found);
};
