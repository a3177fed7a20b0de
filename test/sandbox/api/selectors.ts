import { at, type KubeObject, textAt } from '#test/sandbox/api/json.ts';
import { badRequest } from '#test/sandbox/api/status.ts';

export type Match = (object: KubeObject) => boolean;

const everything: Match = () => true;

const and =
  (parts: readonly Match[]): Match =>
  (object) =>
    parts.every((part) => part(object));

// a comma inside `in (a,b)` does not end a requirement
const split = (text: string): readonly string[] =>
  text
    .split(/,(?![^(]*\))/)
    .map((part) => part.trim())
    .filter((part) => part !== '');

const setRequirement = /^(\S+)\s+(in|notin)\s+\(([^)]*)\)$/;
const equalRequirement = /^([^!=\s]+)\s*(==|=|!=)\s*(.*)$/;

const labelRequirement = (part: string): Match => {
  const label = (object: KubeObject, key: string) => object.metadata.labels?.[key];
  const [, setKey = '', operator, written = ''] = setRequirement.exec(part) ?? [];
  if (operator !== undefined) {
    const values = written.split(',').map((value) => value.trim());
    return (object) => {
      const value = label(object, setKey);
      return (value !== undefined && values.includes(value)) === (operator === 'in');
    };
  }
  const [, key = '', sign, value = ''] = equalRequirement.exec(part) ?? [];
  if (sign !== undefined) {
    return (object) => (label(object, key) === value) === (sign !== '!=');
  }
  return part.startsWith('!')
    ? (object) => label(object, part.slice(1)) === undefined
    : (object) => label(object, part) !== undefined;
};

/** Reads a label selector: `a=b`, `a!=b`, `a in (b,c)`, `a notin (b)`, `a`, `!a`, joined by commas. */
export const labelSelector = (text: string | null): Match =>
  text === null || text === '' ? everything : and(split(text).map(labelRequirement));

// what events.k8s.io calls by another name than what is stored
const storedField = (field: string): string =>
  field
    .replace(/^regarding\./, 'involvedObject.')
    .replace(/^reportingController$/, 'reportingComponent');

const fieldRequirement = (part: string): Match => {
  const [, field = '', sign, value = ''] = equalRequirement.exec(part) ?? [];
  if (sign === undefined) {
    throw badRequest(`invalid selector: '${part}'; can't understand '${part}'`);
  }
  const path = storedField(field).split('.');
  return (object) => {
    const found = textAt(object, ...path) ?? String(at(object, ...path) ?? '');
    return (found === value) === (sign !== '!=');
  };
};

/** Reads a field selector over any path of the object: `metadata.name=x,involvedObject.uid!=y`. */
export const fieldSelector = (text: string | null): Match =>
  text === null || text === '' ? everything : and(split(text).map(fieldRequirement));

export const both = (left: Match, right: Match): Match => and([left, right]);
