import { parse } from 'yaml';
import { fail, ok, type Result } from '#src/result.ts';
import {
  isRecord,
  type JsonRecord,
  type KubeObject,
  listAt,
  recordAt,
  textAt,
} from '#test/sandbox/api/json.ts';
import { valuesFrom } from '#test/sandbox/controllers/helm/release.ts';
import type { World } from '#test/sandbox/controllers/world.ts';

const decoded = (kind: string, value: unknown): string =>
  kind === 'Secret' ? Buffer.from(String(value), 'base64').toString('utf8') : String(value);

/** What one reference gives: values, nothing where it may be missing, or why it cannot be read. */
const valuesOf = (
  world: World,
  namespace: string,
  reference: JsonRecord,
): Result<JsonRecord, string> => {
  const kind = textAt(reference, 'kind') ?? 'ConfigMap';
  const name = textAt(reference, 'name') ?? '';
  const key = textAt(reference, 'valuesKey') ?? 'values.yaml';
  const found = world.server.storage.read(world.kindNamed('', kind), namespace, name);
  const value = recordAt(found, 'data')[key];
  if (value === undefined) {
    const named = `could not resolve ${kind} chart values reference '${namespace}/${name}' with key '${key}'`;
    const missing =
      found === undefined ? `${kind.toLowerCase()}s "${name}" not found` : 'missing key';
    return reference['optional'] === true ? ok({}) : fail(`${named}: ${missing}`);
  }
  // a target path sets one value; its own text is not read as values
  const isOne = textAt(reference, 'targetPath') !== undefined;
  const read: unknown = isOne ? {} : parse(decoded(kind, value));
  return ok(isRecord(read) ? read : {});
};

/** The values of a release, from what it names and what it says; or the first that is missing. */
export const composeValues = (world: World, release: KubeObject): Result<JsonRecord, string> => {
  const parts: JsonRecord[] = [];
  for (const reference of listAt(release, 'spec', 'valuesFrom').filter(isRecord)) {
    const values = valuesOf(world, release.metadata.namespace ?? '', reference);
    if (!values.ok) {
      return values;
    }
    parts.push(values.value);
  }
  return ok(valuesFrom([...parts, recordAt(release, 'spec', 'values')]));
};
