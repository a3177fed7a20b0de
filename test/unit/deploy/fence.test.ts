import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { commands } from '#commands/index.ts';
import { fluxKinds } from '#src/flux/ref.ts';
import { forceAt, ownRequest, requestableKinds, requestedAt, resetAt } from '#src/flux/request.ts';

const Policy = z.looseObject({
  metadata: z.object({ name: z.string() }),
  spec: z.looseObject({
    failurePolicy: z.string(),
    matchConstraints: z.unknown(),
    matchConditions: z.array(z.object({ name: z.string(), expression: z.string() })),
    variables: z.array(z.object({ name: z.string(), expression: z.string() })),
    validations: z.array(z.looseObject({ reason: z.string(), expression: z.string() })),
  }),
});
const Binding = z.looseObject({ spec: z.unknown() });

const [first, second, ...others] = parseAllDocuments(
  readFileSync('deploy/cluster/fence.yaml', 'utf8'),
).map((document): unknown => document.toJS());
const policy = Policy.parse(first);
const binding = Binding.parse(second);

const listIn = (text: string | undefined): ReadonlySet<string | undefined> =>
  new Set([...(text ?? '').matchAll(/'([^' ]+\/[^' ]+)'/g)].map(([, word]) => word));

describe('the fence', () => {
  it('meets every write of every account of the namespace, and needs no parameters', () => {
    expect(others).toEqual([]);
    expect(policy.spec.failurePolicy).toBe('Fail');
    expect(policy.spec.matchConstraints).toEqual({
      resourceRules: [
        { apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: ['*/*'] },
      ],
    });
    expect(policy.spec.matchConditions.map(({ expression }) => expression)).toEqual([
      "request.userInfo.username.startsWith('system:serviceaccount:flux-chatops:')",
    ]);
    expect(binding.spec).toEqual({
      policyName: policy.metadata.name,
      validationActions: ['Deny', 'Audit'],
    });
  });

  it('lets through exactly the annotations that the code writes', () => {
    const rule = policy.spec.validations.find(({ expression }) =>
      expression.startsWith('variables.noted.all(k, k in ['),
    );

    expect(listIn(rule?.expression)).toEqual(new Set([requestedAt, forceAt, resetAt, ownRequest]));
  });

  it('lets through exactly the kinds that commands patch', () => {
    const patches = policy.spec.variables.find(({ name }) => name === 'patches');
    const patched = commands.flatMap(({ doc }) =>
      doc.needs
        .filter(({ verb }) => verb === 'patch')
        .map(({ group, resource }) => `${group}/${resource}`),
    );
    const requested = requestableKinds.map(
      (kind) => `${fluxKinds[kind].group}/${fluxKinds[kind].plural}`,
    );

    expect(listIn(patches?.expression)).toEqual(new Set(patched));
    expect(new Set(patched)).toEqual(new Set(requested));
  });

  it('refuses as forbidden, so that a refusal is not taken for a broken lock', () => {
    expect(new Set(policy.spec.validations.map(({ reason }) => reason))).toEqual(
      new Set(['Forbidden']),
    );
  });
});
