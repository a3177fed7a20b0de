import type { Cluster } from '#src/cluster/cluster.ts';
import type { Part } from '#src/view.ts';

/** Why what is known of a cluster may be old, or not all; undefined where nothing says so. */
export const doubtAbout = (cluster: Pick<Cluster, 'freshness'>): string | undefined => {
  const { synced, problem } = cluster.freshness();
  return problem ?? (synced ? undefined : 'it has not been read whole yet');
};

/** The same beneath an answer: nobody takes a list for whole because nothing else is on it. */
export const sayDoubt = (cluster: string, problem: string | undefined): readonly Part[] =>
  problem === undefined
    ? []
    : [{ kind: 'text', line: [`What is shown of ${cluster} may be old: ${problem}.`] }];
