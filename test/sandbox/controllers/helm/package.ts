import { posix } from 'node:path';
import { parse } from 'yaml';
import type { Tree } from '#src/render/tree.ts';
import { isRecord, type JsonRecord, textAt } from '#test/sandbox/api/json.ts';

/** A chart that lies in a tree, as source-controller packages it. */
export interface ChartPackage {
  readonly name: string;
  readonly version: string;
  readonly appVersion: string | undefined;
  /** Its own `values.yaml`. */
  readonly values: JsonRecord;
  /** Texts of `templates/`, by name. */
  readonly templates: ReadonlyMap<string, string>;
}

const textOf = (tree: Tree, path: string): string | undefined => {
  const entry = tree.entry(path);
  return entry?.kind === 'file' ? entry.content.toString('utf8') : undefined;
};

const recordIn = (text: string | undefined): JsonRecord => {
  const parsed: unknown = parse(text ?? '');
  return isRecord(parsed) ? parsed : {};
};

/** The chart in a directory of a tree; undefined when there is no `Chart.yaml`. */
export const chartIn = (tree: Tree | undefined, path: string): ChartPackage | undefined => {
  const directory = posix.normalize(path).replace(/\/+$/, '');
  const about = tree === undefined ? undefined : textOf(tree, posix.join(directory, 'Chart.yaml'));
  if (tree === undefined || about === undefined) {
    return undefined;
  }
  const folder = posix.join(directory, 'templates');
  const listed = tree.entry(folder);
  const names = listed?.kind === 'directory' ? listed.names : [];
  return {
    name: textAt(recordIn(about), 'name') ?? posix.basename(directory),
    version: textAt(recordIn(about), 'version') ?? '0.0.0',
    appVersion: textAt(recordIn(about), 'appVersion'),
    values: recordIn(textOf(tree, posix.join(directory, 'values.yaml'))),
    templates: new Map(
      names
        .filter((name) => name.endsWith('.yaml') && !name.startsWith('_'))
        .map((name) => [name, textOf(tree, posix.join(folder, name)) ?? '']),
    ),
  };
};
