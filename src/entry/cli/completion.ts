import { readFileSync } from 'node:fs';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import type { Cluster } from '#src/cluster/cluster.ts';
import { tokenize } from '#src/command/words.ts';
import { configuredClusters } from '#src/entry/cli/ask.ts';
import { catalogue } from '#src/entry/cli/catalogue.ts';
import { clusterOfContext, ownClusters } from '#src/entry/cli/clusters.ts';
import { type Candidate, type Fitting, type Source, whatFits } from '#src/entry/cli/fitting.ts';
import { readKubeconfigs } from '#src/entry/cli/kubeconfig.ts';
import { readOptions } from '#src/entry/cli/options.ts';
import type { Call, Outcome } from '#src/entry/cli/outcome.ts';
import { completionScripts, shellNames } from '#src/entry/cli/shells.ts';
import { fluxKinds, printRef } from '#src/flux/ref.ts';
import { requestableKinds } from '#src/flux/request.ts';
import { cleanLine } from '#src/text/clean.ts';
import { byName } from '#src/text/order.ts';

export const CompletionResult = z.object({ shell: z.enum(shellNames), script: z.string() });

/** `completion bash`. */
export const printCompletion = async ({ input }: Call): Promise<Outcome> => {
  const shell = z.enum(shellNames).parse(input['shell']);
  const script = completionScripts[shell];
  return { kind: 'answer', exit: 'done', result: { shell, script }, shown: script };
};

/** How long a person waits for names from a cluster. */
const patienceMs = 1_500;
/** More than that nobody reads. */
const most = 500;

const kubeconfigs = () => readKubeconfigs(process.env);

const wantedClusters = (words: readonly string[]) => {
  const options = readOptions(words);
  const own = options.ok ? options.value : undefined;
  const names = configuredClusters(own?.config);
  return ownClusters({
    flags: own?.contexts ?? [],
    names: names.ok ? names.value : [],
    kubeconfigs: kubeconfigs(),
  });
};

const objectsOf = async <Found>(
  words: readonly string[],
  take: (cluster: Cluster) => readonly Found[],
): Promise<readonly Found[]> => {
  const own = wantedClusters(words);
  if (!own.ok) {
    return [];
  }
  const { openClusters, synced } = await import('#src/entry/cli/run.ts');
  const clusters = openClusters(own.value);
  try {
    await synced(clusters, patienceMs);
    return clusters.flatMap(take);
  } finally {
    await Promise.all(clusters.map((cluster) => cluster.close()));
  }
};

const objects = async (words: readonly string[], typed: string): Promise<readonly Candidate[]> => {
  const isRequest = words.includes('reconcile');
  const found = await objectsOf(words, (cluster) =>
    cluster
      .objects()
      .filter(({ ref }) => !isRequest || requestableKinds.some((kind) => kind === ref.kind))
      .map(({ ref }) => ({ ref, cluster: cluster.name })),
  );
  const byText = new Map<string, string[]>();
  const add = (text: string, cluster: string): void => {
    byText.set(text, [...(byText.get(text) ?? []), cluster]);
  };
  for (const { ref, cluster } of found) {
    add(printRef(ref), cluster);
    if (typed !== '' && !typed.includes('/')) {
      // a short name will do, too
      add(ref.name, cluster);
    }
  }
  return [...byText].map(([text, where]) => ({ text, help: [...new Set(where)].join(', ') }));
};

const rungs = (): readonly string[] => {
  const file = `${import.meta.dirname}/../../../bootstrap/ladder.yaml`;
  const ladder = z.object({ rungs: z.array(z.object({ name: z.string() })) });
  return ladder.parse(parseYaml(readFileSync(file, 'utf8'))).rungs.map(({ name }) => name);
};

const bare = (texts: readonly string[]): readonly Candidate[] =>
  texts.map((text) => ({ text, help: '' }));

const contextWords = (typed: string): readonly Candidate[] => {
  const named = /^([^=]+)=/.exec(typed)?.[0] ?? '';
  return [...kubeconfigs().contexts.keys()].map((context) => ({
    text: named + context,
    help: named === '' ? `the cluster ${clusterOfContext(context)}` : '',
  }));
};

const lookUp = async (
  source: Source,
  words: readonly string[],
  typed: string,
): Promise<readonly Candidate[]> => {
  switch (source) {
    case 'contexts':
      return contextWords(typed);
    case 'clusters': {
      const own = wantedClusters(words);
      return bare([...(own.ok ? own.value.map(({ name }) => name) : []), 'all']);
    }
    case 'kinds':
      return Object.entries(fluxKinds).map(([kind, { short }]) => ({ text: short, help: kind }));
    case 'namespaces': {
      const found = await objectsOf(words, (cluster) =>
        cluster.objects().map(({ ref }) => ref.namespace),
      );
      return bare([...new Set(found)]);
    }
    case 'objects':
      return objects(words, typed);
    case 'rungs':
      return bare(rungs());
    case 'files':
      return [];
    default:
      return source satisfies never;
  }
};

const resolve = async (
  { candidates, sources, prefix, typed }: Fitting,
  words: readonly string[],
): Promise<readonly Candidate[]> => {
  const looked = await Promise.all(sources.map((source) => lookUp(source, words, typed)));
  const fitting = looked
    .flat()
    .filter(({ text }) => text.toLowerCase().startsWith(typed.toLowerCase()))
    .toSorted((left, right) => byName(left.text, right.text))
    .map(({ text, help }) => ({ text: prefix + text, help }));
  // a word that can mean two things is said once
  const byText = new Map([...candidates, ...fitting].map((one) => [one.text, one]));
  return [...byText.values()].slice(0, most);
};

/** `__complete -- LINE`: the line up to the cursor, the program first. Never fails, never complains. */
export const complete = async (words: readonly string[]): Promise<number> => {
  const line = words[0] === '--' ? (words[1] ?? '') : words.join(' ');
  try {
    const all = tokenize(line);
    const isBegun = /\S$/.test(line);
    const typed = isBegun ? (all.at(-1) ?? '') : '';
    const before = isBegun ? all.slice(1, -1) : all.slice(1);
    const fitting = whatFits(before, typed, catalogue);
    const found = await resolve(fitting, before);
    const lines = found.map(({ text, help }) =>
      help === '' ? cleanLine(text) : `${cleanLine(text)}\t${cleanLine(help)}`,
    );
    const files = fitting.sources.includes('files') ? [':files'] : [];
    process.stdout.write([...lines, ...files].map((one) => `${one}\n`).join(''));
  } catch {
    // in the middle of a person's line there is no place for an error; the command itself will say it
  }
  return 0;
};
