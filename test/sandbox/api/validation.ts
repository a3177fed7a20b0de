import {
  at,
  equal,
  isList,
  isRecord,
  type KubeObject,
  listAt,
  recordAt,
  textAt,
} from '#test/sandbox/api/json.ts';
import type { ResourceKind } from '#test/sandbox/api/kinds.ts';
import { invalid, refusal, status } from '#test/sandbox/api/status.ts';

const dnsSubdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const labelValue = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;

const subdomainText =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const labelText =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

/** A refusal without a reason, as the typed conversion of server-side apply gives it. */
const untyped = (kind: ResourceKind, object: KubeObject, problem: string): Error => {
  const { namespace = '', name } = object.metadata;
  const version = kind.group === '' ? `/${kind.version}` : `${kind.group}/${kind.version}`;
  const named = `${namespace}/${name}; ${version}, Kind=${kind.kind}`;
  return refusal(status(500, '', `failed to create typed patch object (${named}): ${problem}`));
};

// how Go prints a value that it did not expect
const goValue = (value: unknown): string => {
  if (typeof value === 'string') {
    return 'string';
  }
  if (!isRecord(value)) {
    return isList(value) ? 'list' : String(value);
  }
  const entries = Object.entries(value)
    .map(([key, inner]) => `"${key}":${JSON.stringify(inner)}`)
    .join(', ');
  return `&value.valueUnstructured{Value:map[string]interface {}{${entries}}}`;
};

const checkTypes = (kind: ResourceKind, object: KubeObject): void => {
  const replicas = recordAt(object, 'spec')['replicas'];
  if (kind.group === 'apps' && replicas !== undefined && typeof replicas !== 'number') {
    const got = goValue(replicas);
    throw untyped(kind, object, `.spec.replicas: expected numeric (int or float), got ${got}`);
  }
  for (const container of listAt(object, 'spec', 'template', 'spec', 'containers')) {
    for (const variable of listAt(container, 'env')) {
      const value = isRecord(variable) ? variable['value'] : undefined;
      if (value !== undefined && typeof value !== 'string') {
        const path = `.spec.template.spec.containers[name="${textAt(container, 'name')}"].env[name="${textAt(variable, 'name')}"].value`;
        throw untyped(kind, object, `${path}: expected string, got ${goValue(value)}`);
      }
    }
  }
};

const base64 = /^[A-Za-z0-9+/\n\r]*={0,2}$/;

const firstBadByte = (text: string): number => {
  const index = [...text].findIndex((letter) => !/[A-Za-z0-9+/=]/.test(letter));
  return index < 0 ? text.length - (text.length % 4) : index;
};

const checkSecret = (kind: ResourceKind, object: KubeObject): void => {
  for (const [key, value] of Object.entries(recordAt(object, 'stringData'))) {
    if (typeof value !== 'string') {
      throw untyped(kind, object, `.stringData.${key}: expected string, got ${goValue(value)}`);
    }
  }
  for (const value of Object.values(recordAt(object, 'data')).map(String)) {
    if (!base64.test(value) || value.length % 4 !== 0) {
      const { namespace = '', name } = object.metadata;
      const where = `${namespace}/${name}; /v1, Kind=Secret`;
      const problem = `error decoding from json: illegal base64 data at input byte ${firstBadByte(value)}`;
      throw refusal(
        status(
          500,
          '',
          `failed to convert new object (${where}) to proper version: unable to convert unstructured object to /v1, Kind=Secret: ${problem}`,
        ),
      );
    }
  }
};

const quoted = (value: string): string => `Invalid value: ${JSON.stringify(value)}`;

const checkName = (kind: ResourceKind, name: string): void => {
  // names of roles may hold a colon
  const isRbac = kind.group === 'rbac.authorization.k8s.io';
  if (!isRbac && (!dnsSubdomain.test(name) || name.length > 253)) {
    throw invalid(kind, name, 'metadata.name', `${quoted(name)}: ${subdomainText}`);
  }
};

const checkLabel = (kind: ResourceKind, name: string, value: string): void => {
  const problems = [
    ...(value.length > 63 ? [`${quoted(value)}: must be no more than 63 bytes`] : []),
    ...(labelValue.test(value) ? [] : [`${quoted(value)}: ${labelText}`]),
  ];
  const [only] = problems;
  if (problems.length > 1) {
    const list = problems.map((problem) => `metadata.labels: ${problem}`).join(', ');
    const what = `${kind.kind}${kind.group === '' ? '' : `.${kind.group}`} "${name}"`;
    throw refusal(status(422, 'Invalid', `${what} is invalid: [${list}]`));
  }
  if (only !== undefined) {
    throw invalid(kind, name, 'metadata.labels', only);
  }
};

const checkMetadata = (kind: ResourceKind, { metadata }: KubeObject): void => {
  checkName(kind, metadata.name);
  for (const value of Object.values(metadata.labels ?? {})) {
    checkLabel(kind, metadata.name, value);
  }
};

const checkImmutable = (kind: ResourceKind, live: KubeObject, object: KubeObject): void => {
  const { name } = object.metadata;
  const selector = recordAt(object, 'spec')['selector'];
  const isWorkload = kind.group === 'apps' && kind.kind !== 'ReplicaSet';
  if (isWorkload && !equal(recordAt(live, 'spec')['selector'], selector)) {
    const problem = `Invalid value: ${JSON.stringify(selector)}: field is immutable`;
    throw invalid(kind, name, 'spec.selector', problem);
  }
  const isFrozen = ['Secret', 'ConfigMap'].includes(kind.kind) && live['immutable'] === true;
  if (isFrozen && !equal(live['data'], stored(kind, object)['data'])) {
    const problem = 'Forbidden: field is immutable when `immutable` is set';
    throw invalid(kind, name, 'data', problem);
  }
};

const checkLeast = (
  kind: ResourceKind,
  name: string,
  schema: unknown,
  found: unknown,
  path: string,
) => {
  const minimum = isRecord(schema) ? schema['minimum'] : undefined;
  if (typeof minimum === 'number' && typeof found === 'number' && found < minimum) {
    const problem = `Invalid value: ${found}: ${path} in body should be greater than or equal to ${minimum}`;
    throw invalid(kind, name, path, problem);
  }
};

/** The part of a schema that is checked: the least a number may be. */
const checkSchema = (kind: ResourceKind, object: KubeObject): void => {
  const walk = (schema: unknown, found: unknown, path: readonly string[]): void => {
    checkLeast(kind, object.metadata.name, schema, found, path.join('.'));
    for (const [key, inner] of Object.entries(recordAt(schema, 'properties'))) {
      walk(inner, at(found, key), [...path, key]);
    }
  };
  walk(kind.schema, object, []);
};

/**
 * Refuses what a real server refuses, as far as the recordings show it: names, labels, types of a few
 * fields, immutable ones, and the least values of a custom schema.
 */
export const validate = (
  kind: ResourceKind,
  live: KubeObject | undefined,
  object: KubeObject,
): void => {
  checkTypes(kind, object);
  if (kind.kind === 'Secret' && kind.group === '') {
    checkSecret(kind, object);
  }
  checkMetadata(kind, object);
  checkSchema(kind, object);
  if (live !== undefined) {
    checkImmutable(kind, live, object);
  }
};

/** A Secret as it is stored: what was written as text is kept as base64. */
export const stored = (kind: ResourceKind, object: KubeObject): KubeObject => {
  const texts = recordAt(object, 'stringData');
  if (kind.kind !== 'Secret' || Object.keys(texts).length === 0) {
    return object;
  }
  const { stringData: _, ...rest } = object;
  const encoded = Object.entries(texts).map(([key, value]) => [
    key,
    Buffer.from(String(value)).toString('base64'),
  ]);
  return {
    ...(rest as KubeObject),
    data: { ...recordAt(object, 'data'), ...Object.fromEntries(encoded) },
  };
};
