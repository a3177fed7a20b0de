import type { Kinds, ResourceKind } from '#test/sandbox/api/kinds.ts';

/** What a request is about. */
export interface Route {
  readonly group: string;
  readonly plural: string;
  /** Undefined for reviews, which are answered but not stored. */
  readonly kind: ResourceKind | undefined;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly subresource: string;
  /** Events read or written through events.k8s.io. */
  readonly newEvents: boolean;
}

const decode = (part: string): string => decodeURIComponent(part);

interface Place {
  readonly namespace: string | undefined;
  readonly rest: readonly string[];
}

// `namespaces/x` is the Namespace itself, `namespaces/x/pods` lies in it
const place = (parts: readonly string[]): Place => {
  const [first, namespace, next] = parts;
  const inside =
    first === 'namespaces' && next !== undefined && next !== 'status' && next !== 'finalize';
  return inside ? { namespace, rest: parts.slice(2) } : { namespace: undefined, rest: parts };
};

/** Reads `/api/v1/…` and `/apis/<group>/<version>/…`; undefined for what is not served. */
export const parseRoute = (kinds: Kinds, path: string): Route | undefined => {
  const [, root, ...parts] = path.split('/').map(decode);
  const group = root === 'apis' ? (parts[0] ?? '') : '';
  const version = root === 'apis' ? parts[1] : parts[0];
  const { namespace, rest } = place(parts.slice(root === 'apis' ? 2 : 1));
  const [plural = '', name, ...sub] = rest;
  const newEvents = group === 'events.k8s.io' && plural === 'events';
  const kind = kinds.byPlural(newEvents ? '' : group, plural);
  const isReview = group === 'authorization.k8s.io' || group === 'authentication.k8s.io';
  if (plural === '' || (root !== 'api' && root !== 'apis')) {
    return undefined;
  }
  if (kind === undefined ? !isReview : kind.version !== version) {
    return undefined;
  }
  return { group, plural, kind, namespace, name, subresource: sub.join('/'), newEvents };
};

const methodVerbs: Readonly<Record<string, string>> = {
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
};

/** The verb that RBAC knows the request by. */
export const verbOf = (method: string, route: Route, params: URLSearchParams): string => {
  if (method === 'DELETE') {
    return route.name === undefined ? 'deletecollection' : 'delete';
  }
  if (method !== 'GET') {
    return methodVerbs[method] ?? method.toLowerCase();
  }
  const watching = ['true', '1'].includes(params.get('watch') ?? '');
  if (watching) {
    return 'watch';
  }
  return route.name === undefined ? 'list' : 'get';
};
