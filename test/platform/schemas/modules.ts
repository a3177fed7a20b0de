import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv, type ErrorObject } from 'ajv';
import { parseAllDocuments } from 'yaml';
import type { Check } from '#test/platform/schemas/check.ts';
import { type GoModule, moduleFolder } from '#test/platform/schemas/go-module.ts';
import { at, type Data, dataAt, isData, listAt, textAt } from '#test/platform/world/value.ts';

/** CRDs that no schema package has, read from upstream's Go module of an exact version. */
interface Module extends GoModule {
  readonly group: string;
  readonly folder: string;
  /** the one file of the folder that holds CRDs; left out: every file may */
  readonly file?: string;
}

const modules: readonly Module[] = [
  {
    group: 'snapshot.storage.k8s.io',
    module: 'github.com/kubernetes-csi/external-snapshotter/client/v8',
    version: 'v8.6.0',
    sum: 'h1:FtGewu2k6HWw6evLGXY8JqUZ9eHpti1kd3e4amj+ilA=',
    folder: 'config/crd',
  },
  {
    group: 'ceph.rook.io',
    // one patch behind the pin, the newest that can be had
    module: 'github.com/rook/rook',
    version: 'v1.20.6',
    sum: 'h1:2+Qe/CLcZ2WrXf9Vhf21JwZQqN8cVXPQskZzHf3KLjU=',
    folder: 'deploy/examples',
    file: 'crds.yaml',
  },
];

const isOpen = (schema: Data): boolean => schema['x-kubernetes-preserve-unknown-fields'] === true;

/** Closes every object of a structural schema that does not say it keeps unknown fields. */
const close = (schema: unknown): unknown => {
  if (Array.isArray(schema)) {
    return schema.map(close);
  }
  if (!isData(schema)) {
    return schema;
  }
  const closed = Object.fromEntries(
    Object.entries(schema).map(([name, value]) => [name, name === 'enum' ? value : close(value)]),
  );
  return isData(schema['properties']) && !('additionalProperties' in schema) && !isOpen(schema)
    ? { ...closed, additionalProperties: false }
    : closed;
};

/** The part of ObjectMeta that people write. */
const objectMeta = {
  type: 'object',
  additionalProperties: false,
  properties: {
    name: { type: 'string' },
    namespace: { type: 'string' },
    labels: { type: 'object', additionalProperties: { type: 'string' } },
    annotations: { type: 'object', additionalProperties: { type: 'string' } },
    finalizers: { type: 'array', items: { type: 'string' } },
  },
};

const checkOf = (schema: Data): Check => {
  const top = close(schema);
  const properties = { ...dataAt(top, 'properties'), metadata: objectMeta };
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false, logger: false });
  const validate = ajv.compile({ ...(isData(top) ? top : {}), properties });
  const words = (error: ErrorObject): string =>
    error.keyword === 'additionalProperties'
      ? `${error.instancePath.replaceAll('/', '.')}.${String(error.params['additionalProperty'])} is not a field`
      : `${error.instancePath.replaceAll('/', '.')} ${error.message ?? ''}`;
  return (object) => (validate(object) ? [] : (validate.errors ?? []).map(words));
};

/** Compiled when it is first asked for: a bundle of CRDs has many that nobody does. */
const checkFor = (schema: Data): Check => {
  let compiled: Check | undefined;
  return (object) => {
    compiled ??= checkOf(schema);
    return compiled(object);
  };
};

const checksOf = (crd: unknown): readonly (readonly [string, Check])[] =>
  listAt(crd, 'spec', 'versions').flatMap((version) => {
    const group = textAt(crd, 'spec', 'group') ?? '';
    const kind = textAt(crd, 'spec', 'names', 'kind') ?? '';
    const schema = at(version, 'schema', 'openAPIV3Schema');
    const name = `${group}/${textAt(version, 'name') ?? ''}/${kind}`;
    return isData(schema) ? [[name, checkFor(schema)] as const] : [];
  });

const checksIn = async (
  folder: string,
  file: string | undefined,
): Promise<ReadonlyMap<string, Check>> => {
  const names = (await readdir(folder)).filter((name) =>
    file === undefined ? name.endsWith('.yaml') : name === file,
  );
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  const documents = texts.flatMap((text) => [...parseAllDocuments(text)]);
  return new Map(documents.flatMap((document) => checksOf(document.toJS())));
};

const loaded = new Map<string, Promise<ReadonlyMap<string, Check>>>();

/** Why the kinds of a module could not be checked, such as Go not being on this machine. */
export interface Unavailable {
  readonly group: string;
  readonly reason: string;
}

/**
 * The check of one kind from an upstream module; undefined when there is none.
 * @param tell - hears once when the module of the group cannot be had here
 */
export const moduleCheck = async (
  group: string,
  version: string,
  kind: string,
  tell: (unavailable: Unavailable) => void,
): Promise<Check | undefined> => {
  const module = modules.find((candidate) => candidate.group === group);
  if (module === undefined) {
    return undefined;
  }
  const checks =
    loaded.get(group) ??
    moduleFolder(module)
      .then((folder) => checksIn(join(folder, module.folder), module.file))
      .catch((error: unknown) => {
        tell({ group, reason: `${module.module}: ${String(error).split('\n')[0] ?? ''}` });
        return new Map<string, Check>();
      });
  loaded.set(group, checks);
  return (await checks).get(`${group}/${version}/${kind}`);
};
