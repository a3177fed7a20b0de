import { z } from 'zod';
import { type Answer, type Listing, PlainObject } from '#src/bootstrap/snapshot.ts';
import { createApi, type HttpApi } from '#src/cluster/kubernetes/client.ts';
import { createConnection, type KubernetesConnection } from '#src/cluster/kubernetes/connection.ts';
import { describeTrouble, type Trouble } from '#src/cluster/trouble.ts';
import { ok, type Result } from '#src/result.ts';

/** Looks at a cluster once, at objects of any kind; it changes and follows nothing. */
export interface Looker {
  list(kind: { readonly apiVersion: string; readonly kind: string }): Promise<Listing>;
  /** What a path of the API server answers. */
  ask(path: string): Promise<Answer>;
  close(): void;
}

const deadlineMs = 10_000;
const pageSize = 500;

const Resources = z.object({
  resources: z.array(z.object({ name: z.string(), kind: z.string() })),
});
const Page = z.object({
  items: z.array(z.looseObject({ metadata: z.looseObject({ name: z.string() }) })),
  metadata: z.object({ continue: z.string().optional() }).optional(),
});

const refusal = (trouble: Trouble): Extract<Listing, { detail: string }> => ({
  type:
    trouble.type === 'status' && [401, 403].includes(trouble.status) ? 'forbidden' : 'unreachable',
  detail: describeTrouble(trouble),
});

const isAbsent = (trouble: Trouble): boolean => trouble.type === 'status' && trouble.status === 404;

const listAll = async (
  api: HttpApi,
  path: string,
  of: { readonly apiVersion: string; readonly kind: string },
): Promise<Result<readonly PlainObject[], Trouble>> => {
  const objects: PlainObject[] = [];
  let next: string | undefined;
  do {
    const query = { limit: pageSize, ...(next === undefined ? {} : { continue: next }) };
    const answer = await api.request({ method: 'GET', path, query });
    if (!answer.ok) {
      return answer;
    }
    const page = Page.parse(answer.value);
    // in a list the items themselves do not say what they are
    objects.push(...page.items.map((item) => PlainObject.parse({ ...item, ...of })));
    next = page.metadata?.continue || undefined;
  } while (next !== undefined);
  return ok(objects);
};

/** @param connection - read at the first request */
export const createLooker = (connection: KubernetesConnection): Looker => {
  const api = createApi(createConnection(connection), deadlineMs);
  const resources = new Map<string, Promise<Result<unknown, Trouble>>>();
  const resourcesOf = (path: string) => {
    const asked = resources.get(path) ?? api.request({ method: 'GET', path });
    resources.set(path, asked);
    return asked;
  };
  return {
    list: async (of) => {
      const root = of.apiVersion.includes('/') ? `/apis/${of.apiVersion}` : `/api/${of.apiVersion}`;
      const served = await resourcesOf(root);
      if (!served.ok) {
        return isAbsent(served.failure) ? { type: 'not-served' } : refusal(served.failure);
      }
      const resource = Resources.parse(served.value).resources.find(
        ({ kind, name }) => kind === of.kind && !name.includes('/'),
      );
      if (resource === undefined) {
        return { type: 'not-served' };
      }
      const listed = await listAll(api, `${root}/${resource.name}`, of);
      return listed.ok ? { type: 'objects', objects: listed.value } : refusal(listed.failure);
    },
    ask: async (path) => {
      const status = await api.status(path);
      if (!status.ok) {
        return refusal(status.failure);
      }
      return [401, 403].includes(status.value)
        ? { type: 'forbidden', detail: `it answered ${status.value}` }
        : { type: 'status', code: status.value };
    },
    close: api.close,
  };
};
