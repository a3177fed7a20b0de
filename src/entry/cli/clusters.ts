import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { fail, ok, type Result } from '#src/result.ts';

/** A cluster as the caller's own kubeconfig reaches it. */
export interface OwnCluster {
  readonly name: string;
  readonly file: string;
  readonly context: string;
}

export interface OwnClusterOptions {
  /** `--context infra=admin@infra`. */
  readonly flags: readonly string[];
  /** Names in the configured order; empty where there is no configuration. */
  readonly names: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
}

const Kubeconfig = z.object({
  contexts: z.array(z.object({ name: z.string() })).default([]),
});

const kubeconfigFiles = (environment: OwnClusterOptions['environment']): readonly string[] => {
  const listed = environment['KUBECONFIG']?.split(delimiter).filter((file) => file !== '') ?? [];
  return (listed.length > 0 ? listed : [join(homedir(), '.kube', 'config')]).filter(existsSync);
};

/** Context name → the file it stands in; the first file wins, as with kubectl. */
const readContexts = (files: readonly string[]): ReadonlyMap<string, string> => {
  const found = new Map<string, string>();
  for (const file of files) {
    const parsed = Kubeconfig.safeParse(parse(readFileSync(file, 'utf8')));
    for (const { name } of parsed.success ? parsed.data.contexts : []) {
      found.set(name, found.get(name) ?? file);
    }
  }
  return found;
};

const flagPairs = (flags: readonly string[]): Result<ReadonlyMap<string, string>, string> => {
  const pairs = new Map<string, string>();
  for (const flag of flags) {
    const at = flag.indexOf('=');
    if (at < 1) {
      return fail(`--context ${flag}: write CLUSTER=CONTEXT, such as infra=admin@infra.`);
    }
    pairs.set(flag.slice(0, at), flag.slice(at + 1));
  }
  return ok(pairs);
};

/**
 * Finds the context of each cluster: by flag, else a context of the cluster's name, else `admin@<name>`,
 * as Talos names it.
 */
export const ownClusters = (options: OwnClusterOptions): Result<readonly OwnCluster[], string> => {
  const pairs = flagPairs(options.flags);
  if (!pairs.ok) {
    return pairs;
  }
  const contexts = readContexts(kubeconfigFiles(options.environment));
  const names = options.names.length > 0 ? options.names : [...pairs.value.keys()];
  if (names.length === 0) {
    return fail(
      'No cluster is known. Give a configuration (--config) or name them: --context infra=CONTEXT.',
    );
  }
  const found: OwnCluster[] = [];
  for (const name of names) {
    const wanted = pairs.value.get(name);
    const context = [wanted, wanted === undefined ? name : undefined, `admin@${name}`]
      .filter((candidate) => candidate !== undefined)
      .find((candidate) => contexts.has(candidate));
    const file = context === undefined ? undefined : contexts.get(context);
    if (context === undefined || file === undefined) {
      const there = [...contexts.keys()].join(', ') || 'none';
      return fail(
        `No context for cluster ${name}; your kubeconfig has: ${there}. Say which: --context ${name}=CONTEXT.`,
      );
    }
    found.push({ name, file, context });
  }
  return ok(found);
};
