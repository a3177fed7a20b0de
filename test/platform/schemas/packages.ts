import type { Check } from '#test/platform/schemas/check.ts';
import { unknownFields } from '#test/platform/schemas/strict.ts';

/** Where the schemas of an API group come from; a package is generated from upstream's own Go types. */
const packages: readonly (readonly [RegExp, string])[] = [
  [/\.toolkit\.fluxcd\.io$/, '@kubernetes-models/flux-cd'],
  [/(?:^|\.)cert-manager\.io$/, '@kubernetes-models/cert-manager'],
  [/^cilium\.io$/, '@kubernetes-models/cilium'],
  [/^gateway\.networking\.k8s\.io$/, '@kubernetes-models/gateway-api'],
  [/external-secrets\.io$/, '@kubernetes-models/external-secrets'],
  [/^postgresql\.cnpg\.io$/, '@kubernetes-models/cloudnative-pg'],
  [/^monitoring\.coreos\.com$/, '@kubernetes-models/prometheus-operator'],
];

const builtIn =
  /^(?:|apps|batch|autoscaling|policy|(?:networking|rbac\.authorization|storage|scheduling|coordination|admissionregistration|apiextensions|discovery)\.k8s\.io)$/;

const packageOf = (group: string): string | undefined =>
  builtIn.test(group)
    ? 'kubernetes-models'
    : packages.find(([pattern]) => pattern.test(group))?.[1];

interface Model {
  readonly prototype: { validate(this: object): void };
}

const isModel = (value: unknown): value is Model =>
  typeof value === 'function' &&
  'prototype' in value &&
  typeof (value.prototype as { validate?: unknown }).validate === 'function';

interface Complaint {
  readonly instancePath: string;
  readonly message?: string;
}

const complaintsOf = (error: unknown): readonly string[] => {
  const { errors } = error as { errors?: readonly Complaint[] };
  return (errors ?? [{ instancePath: '', message: String(error) }]).map(
    ({ instancePath, message }) => `${instancePath.replaceAll('/', '.')} ${message ?? ''}`,
  );
};

const checkWith =
  (model: Model): Check =>
  (object) => {
    const complaints: string[] = [];
    const unknown = unknownFields(object, (watched) => {
      try {
        model.prototype.validate.call(watched);
      } catch (error) {
        complaints.push(...complaintsOf(error));
      }
    });
    return [...complaints, ...unknown.map((path) => `${path} is not a field`)];
  };

/** The check of one kind from a schema package; undefined when no package has it. */
export const packageCheck = async (
  group: string,
  version: string,
  kind: string,
): Promise<Check | undefined> => {
  const name = packageOf(group);
  if (name === undefined) {
    return undefined;
  }
  const path = [name, group, version, kind].filter((part) => part !== '').join('/');
  const module: unknown = await import(path).catch(() => undefined);
  const model = (module as Readonly<Record<string, unknown>> | undefined)?.[kind];
  return isModel(model) ? checkWith(model) : undefined;
};
