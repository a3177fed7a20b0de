import { type KubeObject, listAt, textAt } from '#test/sandbox/api/json.ts';
import type { Kinds, ResourceKind } from '#test/sandbox/api/kinds.ts';
import type { Storage } from '#test/sandbox/api/storage.ts';

export interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
  /** Only in these namespaces; everywhere when left out. Not part of Kubernetes' own rules. */
  readonly namespaces?: readonly string[];
}

export interface SandboxUser {
  readonly name: string;
  readonly groups?: readonly string[];
  /** Rights besides those that Roles and ClusterRoles in the cluster give. */
  readonly rules?: readonly Rule[];
}

export interface Question {
  readonly user: string;
  readonly groups: readonly string[];
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
}

export interface Answer {
  readonly allowed: boolean;
  readonly reason: string | undefined;
}

const strings = (value: unknown, key: string): readonly string[] =>
  listAt(value, key).filter((one): one is string => typeof one === 'string');

const ruleFrom = (value: unknown): Rule => {
  const resourceNames = strings(value, 'resourceNames');
  return {
    apiGroups: strings(value, 'apiGroups'),
    resources: strings(value, 'resources'),
    verbs: strings(value, 'verbs'),
    ...(resourceNames.length === 0 ? {} : { resourceNames }),
  };
};

const has = (list: readonly string[], wanted: string): boolean =>
  list.includes('*') || list.includes(wanted);

const covers = (rule: Rule, question: Question): boolean => {
  const { subresource } = question;
  const resource = subresource === '' ? question.resource : `${question.resource}/${subresource}`;
  const resources =
    has(rule.resources, resource) ||
    (subresource !== '' && rule.resources.includes(`*/${subresource}`));
  const named =
    rule.resourceNames === undefined ||
    (question.name !== undefined && rule.resourceNames.includes(question.name));
  const placed =
    rule.namespaces === undefined ||
    (question.namespace !== undefined && rule.namespaces.includes(question.namespace));
  return (
    has(rule.verbs, question.verb) &&
    has(rule.apiGroups, question.group) &&
    resources &&
    named &&
    placed
  );
};

interface Holder {
  readonly kind: string;
  readonly name: string;
}

/** The subject of a binding that the asker is; undefined when none. */
const subjectOf = (binding: KubeObject, question: Question): Holder | undefined => {
  for (const subject of listAt(binding, 'subjects')) {
    const kind = textAt(subject, 'kind') ?? '';
    const name = textAt(subject, 'name') ?? '';
    const account = `system:serviceaccount:${textAt(subject, 'namespace') ?? ''}:${name}`;
    const is =
      (kind === 'User' && name === question.user && name !== '') ||
      (kind === 'Group' && question.groups.includes(name)) ||
      (kind === 'ServiceAccount' && account === question.user);
    if (is) {
      return { kind, name: kind === 'ServiceAccount' ? account : name };
    }
  }
  return undefined;
};

/** Decides as RBAC does, over the roles and bindings in the cluster and the users' own rules. */
export const createAccess = (
  storage: Storage,
  kinds: Kinds,
  users: ReadonlyMap<string, SandboxUser>,
) => {
  const stored = (plural: string, namespace?: string): readonly KubeObject[] => {
    const kind: ResourceKind | undefined = kinds.byPlural('rbac.authorization.k8s.io', plural);
    return kind === undefined ? [] : storage.list(kind, namespace);
  };

  const rulesOf = (binding: KubeObject): readonly Rule[] => {
    const isRole = textAt(binding, 'roleRef', 'kind') === 'Role';
    const name = textAt(binding, 'roleRef', 'name');
    const roles = isRole ? stored('roles', binding.metadata.namespace) : stored('clusterroles');
    const role = roles.find((one) => one.metadata.name === name);
    return listAt(role, 'rules').map(ruleFrom);
  };

  const through = (bindings: readonly KubeObject[], question: Question): Answer | undefined => {
    for (const binding of bindings) {
      const holder = subjectOf(binding, question);
      if (holder !== undefined && rulesOf(binding).some((rule) => covers(rule, question))) {
        const { namespace, name } = binding.metadata;
        const place = namespace === undefined ? name : `${name}/${namespace}`;
        const role = `${textAt(binding, 'roleRef', 'kind')} "${textAt(binding, 'roleRef', 'name')}"`;
        const reason = `RBAC: allowed by ${binding.kind} "${place}" of ${role} to ${holder.kind} "${holder.name}"`;
        return { allowed: true, reason };
      }
    }
    return undefined;
  };

  return (question: Question): Answer => {
    const own = users.get(question.user)?.rules ?? [];
    if (question.groups.includes('system:masters') || own.some((rule) => covers(rule, question))) {
      return { allowed: true, reason: undefined };
    }
    const local =
      question.namespace === undefined ? [] : stored('rolebindings', question.namespace);
    return (
      through(stored('clusterrolebindings'), question) ??
      through(local, question) ?? { allowed: false, reason: undefined }
    );
  };
};

export type Authorise = ReturnType<typeof createAccess>;
