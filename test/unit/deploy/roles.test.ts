import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { commands } from '#commands/index.ts';

const Role = z.object({
  rules: z.array(
    z.object({
      apiGroups: z.array(z.string()),
      resources: z.array(z.string()),
      verbs: z.array(z.string()),
    }),
  ),
});

const rulesOf = (file: string) =>
  Role.parse(parse(readFileSync(`deploy/rbac/${file}.yaml`, 'utf8'))).rules;

const rightsOf = (file: string): readonly string[] =>
  rulesOf(file).flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) => verbs.map((verb) => `${verb} ${group}/${resource}`)),
    ),
  );

describe.each(['observe', 'act'])('the role %s', (file) => {
  it('names each group, kind and verb', () => {
    expect(rightsOf(file).filter((right) => right.includes('*'))).toEqual([]);
  });

  it('reaches nothing that admission cannot watch over', () => {
    const never =
      /secrets|serviceaccounts|configmaps|admissionregistration|rbac\.authorization|^(impersonate|bind|escalate|create|delete|deletecollection|update) /;

    expect(rightsOf(file).filter((right) => never.test(right))).toEqual([]);
  });
});

describe('the roles together', () => {
  it('give every right that a command needs', () => {
    const given = new Set([...rightsOf('observe'), ...rightsOf('act')]);
    const needed = commands.flatMap(({ doc }) =>
      doc.needs.map(({ verb, group, resource }) => `${verb} ${group}/${resource}`),
    );

    expect(needed.filter((right) => !given.has(right))).toEqual([]);
  });

  it('leave changing to the role for acting, and changing is patching', () => {
    const verbs = (file: string) => new Set(rulesOf(file).flatMap((rule) => rule.verbs));

    expect(verbs('observe')).toEqual(new Set(['get', 'list', 'watch']));
    expect(verbs('act')).toEqual(new Set(['patch']));
  });
});
