import { parseDocument, type ScalarTag, type Tags } from 'yaml';
import { fail, ok, type Result } from '#src/result.ts';

const notInGo: ReadonlySet<string> = new Set(['tag:yaml.org,2002:timestamp']);

const isGoTag = (tag: Tags[number]): boolean => {
  if (typeof tag === 'string') {
    return tag !== 'timestamp' && tag !== 'intTime' && tag !== 'floatTime';
  }
  // go-yaml reads 12:30 as text, and a date only into a typed field
  return !(notInGo.has(tag.tag) || (tag as ScalarTag).format === 'TIME');
};

// the package takes a lone `.` for a number (NaN); go-yaml wants a digit
const withDigit = (tag: Tags[number]): Tags[number] => {
  const { test } = tag as ScalarTag;
  return typeof tag !== 'string' && test?.test('.') === true
    ? ({ ...tag, test: new RegExp(`(?=.*[0-9])${test.source}`, test.flags) } as ScalarTag)
    : tag;
};

/**
 * Reads one YAML document with the scalars of the YAML 1.1 that Flux and kustomize use: an unquoted
 * `on`, `0755` or `1_000` is not text there.
 * @returns the value as JSON data, or the first error with its line
 */
export const readYaml = (text: string): Result<unknown, string> => {
  const document = parseDocument(text, {
    version: '1.1',
    customTags: (tags) => tags.filter(isGoTag).map(withDigit),
    uniqueKeys: true,
    prettyErrors: true,
  });
  const [error] = document.errors;
  if (error !== undefined) {
    return fail(error.message.split('\n')[0] ?? error.message);
  }
  try {
    return ok(document.toJS({ maxAliasCount: 1000 }) as unknown);
  } catch (error) {
    // an alias bomb is only seen while it is expanded
    return fail(error instanceof Error ? error.message : String(error));
  }
};

/** Cuts a stream at its `---` lines, as kustomize writes them: content is always indented there. */
export const splitDocuments = (text: string): readonly string[] =>
  text.split(/^---[ \t]*$/m).filter((part) => part.trim() !== '');
