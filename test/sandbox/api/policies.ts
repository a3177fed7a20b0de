import { isDeepStrictEqual } from 'node:util';
import { Environment } from '@marcbachmann/cel-js';
import { z } from 'zod';
import type { Write } from '#test/sandbox/api/admission.ts';
import type { KubeObject } from '#test/sandbox/api/json.ts';
import type { Kinds } from '#test/sandbox/api/kinds.ts';
import { refusal, status } from '#test/sandbox/api/status.ts';
import type { Storage } from '#test/sandbox/api/storage.ts';

const group = 'admissionregistration.k8s.io';

const Expression = z.looseObject({ expression: z.string() });

export const AdmissionPolicy = z.looseObject({
  spec: z.looseObject({
    matchConditions: z.array(Expression).default([]),
    variables: z.array(z.looseObject({ name: z.string(), expression: z.string() })).default([]),
    validations: z.array(
      z.looseObject({
        expression: z.string(),
        reason: z.string().default('Invalid'),
        message: z.string().optional(),
        messageExpression: z.string().optional(),
      }),
    ),
  }),
});
export type AdmissionPolicy = z.output<typeof AdmissionPolicy>;

const Binding = z.looseObject({
  metadata: z.looseObject({ name: z.string() }),
  spec: z.looseObject({
    policyName: z.string(),
    validationActions: z.array(z.string()),
  }),
});

/** A request as the expressions of a policy see it. */
export interface AdmissionRequest {
  readonly operation: string;
  readonly username: string;
  readonly group: string;
  readonly resource: string;
  readonly subResource: string;
  readonly fieldManager: string;
  readonly object: unknown;
  readonly oldObject: unknown;
}

interface Optional {
  hasValue(): boolean;
  value(): unknown;
}

const environment = new Environment({ enableOptionalTypes: true, unlistedVariablesAreDyn: true });
// Kubernetes' CEL compares optionals; the package has to be told how
environment.registerOperator(
  'optional<dyn> == optional<dyn>',
  (left: Optional, right: Optional) =>
    left.hasValue() === right.hasValue() &&
    (!left.hasValue() || isDeepStrictEqual(left.value(), right.value())),
);

export interface Denial {
  readonly reason: string;
  readonly message: string;
}

/** What a policy denies of a request; undefined where its match conditions leave it alone. */
export const denialsOf = (
  { spec }: AdmissionPolicy,
  request: AdmissionRequest,
): readonly Denial[] | undefined => {
  const context: Record<string, unknown> & { variables: Record<string, unknown> } = {
    request: {
      operation: request.operation,
      userInfo: { username: request.username },
      resource: { group: request.group, resource: request.resource },
      ...(request.subResource === '' ? {} : { subResource: request.subResource }),
      options: { fieldManager: request.fieldManager },
    },
    object: request.object,
    oldObject: request.oldObject,
    variables: {},
  };
  const asked = (expression: string): unknown => environment.evaluate(expression, context);
  if (!spec.matchConditions.every(({ expression }) => asked(expression) === true)) {
    return undefined;
  }
  for (const { name, expression } of spec.variables) {
    context.variables[name] = asked(expression);
  }
  return spec.validations.flatMap(({ expression, reason, message, messageExpression }) =>
    asked(expression) === true
      ? []
      : [{ reason, message: message ?? String(asked(messageExpression ?? '')) }],
  );
};

const requestOf = (write: Write): AdmissionRequest => ({
  operation: write.operation,
  username: write.user,
  group: write.kind.group,
  resource: write.kind.plural,
  subResource: write.subresource,
  fieldManager: write.manager,
  object: write.after ?? null,
  oldObject: write.before ?? null,
});

const denied = ({ kind, before, after }: Write, denial: Denial, by: string): Error => {
  const resource = kind.group === '' ? kind.plural : `${kind.plural}.${kind.group}`;
  const name = (after ?? before)?.metadata.name ?? '';
  return refusal(
    status(
      denial.reason === 'Forbidden' ? 403 : 422,
      denial.reason,
      `${resource} "${name}" is forbidden: ValidatingAdmissionPolicy ${by} denied request: ${denial.message}`,
    ),
  );
};

/**
 * Admission by the ValidatingAdmissionPolicies in the cluster and their bindings, so that the fence which is
 * deployed is the fence which denies here. Only what our own policies use: match conditions, variables,
 * validations; every rule matches every resource.
 */
export const createPolicies = (storage: Storage, kinds: Kinds) => {
  const stored = (plural: string): readonly KubeObject[] => {
    const kind = kinds.byPlural(group, plural);
    return kind === undefined ? [] : storage.list(kind, undefined);
  };

  const denialBy = (policyName: string, write: Write): Denial | undefined => {
    const policy = stored('validatingadmissionpolicies').find(
      (one) => one.metadata.name === policyName,
    );
    return policy === undefined
      ? undefined
      : denialsOf(AdmissionPolicy.parse(policy), requestOf(write))?.[0];
  };

  return (write: Write): void => {
    // a policy decides neither about policies nor about their bindings
    const bindings = write.kind.group === group ? [] : stored('validatingadmissionpolicybindings');
    for (const { metadata, spec } of bindings.map((one) => Binding.parse(one))) {
      const denial = spec.validationActions.includes('Deny')
        ? denialBy(spec.policyName, write)
        : undefined;
      if (denial !== undefined) {
        throw denied(write, denial, `'${spec.policyName}' with binding '${metadata.name}'`);
      }
    }
  };
};
