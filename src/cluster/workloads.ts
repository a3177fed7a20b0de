import { z } from 'zod';
import type { Api } from '#src/cluster/api.ts';
import type { ClusterFailure, Workload } from '#src/cluster/cluster.ts';
import { failureFrom } from '#src/cluster/trouble.ts';
import {
  describeWorkload,
  podLabels,
  type WorkloadKind,
  type WorkloadRef,
  workloadKinds,
  workloadRef,
} from '#src/cluster/workload.ts';
import { fail, ok, type Result } from '#src/result.ts';

const PAGE = 500;
// a namespace with more than this is not looked through for one card's sake
const PAGES = 4;

const Item = z.looseObject({
  metadata: z.looseObject({
    name: z.string(),
    labels: z.record(z.string(), z.string()).catch({}),
  }),
});
type Item = z.output<typeof Item>;

const List = z.object({
  metadata: z.object({ continue: z.string().optional() }),
  items: z.array(Item).catch([]),
});

type Items = Result<readonly Item[], ClusterFailure>;

const carries = (item: Item, labels: Readonly<Record<string, string>>): boolean => {
  const wanted = Object.entries(labels);
  return wanted.length > 0 && wanted.every(([key, value]) => item.metadata.labels[key] === value);
};

/**
 * Reads how the workloads of an inventory are; ids that are no workloads are left out. Pods are read
 * only in namespaces where something is not up.
 */
export const readWorkloads = async (
  api: Api,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<Result<readonly Workload[], ClusterFailure>> => {
  const lists = new Map<string, Promise<Items>>();

  const list = async (kind: WorkloadKind, namespace: string): Promise<Items> => {
    const { group, plural } = workloadKinds[kind];
    const root = group === '' ? '/api/v1' : `/apis/${group}/v1`;
    const path = `${root}/namespaces/${encodeURIComponent(namespace)}/${plural}`;
    const items: Item[] = [];
    let query: Record<string, string | number> = { limit: PAGE };
    for (let page = 0; page < PAGES; page += 1) {
      const answer = await api.request({ method: 'GET', path, query, signal });
      if (!answer.ok) {
        const asked = { verb: 'list', group, resource: plural, namespace };
        return fail(failureFrom(answer.failure, { ...asked, writes: false, kind: undefined }));
      }
      const parsed = List.safeParse(answer.value).data;
      items.push(...(parsed?.items ?? []));
      const next = parsed?.metadata.continue ?? '';
      if (next === '') {
        break;
      }
      query = { limit: PAGE, continue: next };
    }
    return ok(items);
  };

  const listOnce = (kind: WorkloadKind, namespace: string): Promise<Items> => {
    const key = `${namespace}/${kind}`;
    const asked = lists.get(key) ?? list(kind, namespace);
    lists.set(key, asked);
    return asked;
  };

  const describe = async (ref: WorkloadRef): Promise<Result<Workload, ClusterFailure>> => {
    const items = await listOnce(ref.kind, ref.namespace);
    if (!items.ok) {
      return items;
    }
    const wire = items.value.find((item) => item.metadata.name === ref.name);
    const alone = describeWorkload(ref, wire, []);
    if (alone.healthy || wire === undefined || ref.kind === 'Pod') {
      return ok(alone);
    }
    const pods = await listOnce('Pod', ref.namespace);
    if (!pods.ok) {
      return pods;
    }
    const labels = podLabels(wire);
    return ok(
      describeWorkload(
        ref,
        wire,
        pods.value.filter((pod) => carries(pod, labels)),
      ),
    );
  };

  const described: Workload[] = [];
  for (const ref of ids.flatMap((id) => workloadRef(id) ?? [])) {
    const one = await describe(ref);
    if (!one.ok) {
      return one;
    }
    described.push(one.value);
  }
  return ok(described);
};
