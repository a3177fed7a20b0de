import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

type Environment = Readonly<Record<string, string | undefined>>;

const Kubeconfig = z.object({
  'current-context': z.string().optional().catch(undefined),
  contexts: z.array(z.object({ name: z.string() })).nullish(),
});

/** The caller's own kubeconfig files, as kubectl would take them together. */
export interface Kubeconfigs {
  /** Files that are there. */
  readonly files: readonly string[];
  /** Context → the file it stands in; the first file wins. */
  readonly contexts: ReadonlyMap<string, string>;
  readonly current: string | undefined;
  /** Files that are named but missing or broken, in words. */
  readonly problems: readonly string[];
}

const wantedFiles = (environment: Environment): { files: readonly string[]; isNamed: boolean } => {
  const listed = environment['KUBECONFIG']?.split(delimiter).filter((file) => file !== '') ?? [];
  return listed.length > 0
    ? { files: listed, isNamed: true }
    : { files: [join(environment['HOME'] ?? homedir(), '.kube', 'config')], isNamed: false };
};

const readFile = (file: string): z.output<typeof Kubeconfig> | string => {
  try {
    const parsed = Kubeconfig.safeParse(parse(readFileSync(file, 'utf8')) ?? {});
    return parsed.success ? parsed.data : `${file} is not a kubeconfig`;
  } catch (error) {
    const why = error instanceof Error ? error.message.split('\n')[0] : String(error);
    return `${file} cannot be read: ${why}`;
  }
};

/** Reads KUBECONFIG, else ~/.kube/config. */
export const readKubeconfigs = (environment: Environment): Kubeconfigs => {
  const { files, isNamed } = wantedFiles(environment);
  const contexts = new Map<string, string>();
  const there: string[] = [];
  const problems: string[] = [];
  let current: string | undefined;
  for (const file of files) {
    if (!existsSync(file)) {
      problems.push(...(isNamed ? [`KUBECONFIG names ${file}, which is not there`] : []));
      continue;
    }
    const read = readFile(file);
    if (typeof read === 'string') {
      problems.push(read);
      continue;
    }
    there.push(file);
    current ??= read['current-context'] || undefined;
    for (const { name } of read.contexts ?? []) {
      contexts.set(name, contexts.get(name) ?? file);
    }
  }
  return { files: there, contexts, current, problems };
};
