import { fail, ok, type Result } from '#src/result.ts';
import { union } from '#test/sandbox/api/fields.ts';
import { equal, type KubeObject, recordAt, without } from '#test/sandbox/api/json.ts';
import type { ResourceKind } from '#test/sandbox/api/kinds.ts';
import { managedEntries, withEntries } from '#test/sandbox/api/ownership.ts';
import { statusOf } from '#test/sandbox/api/status.ts';
import {
  byApplyOrder,
  entryOf,
  type InventoryEntry,
  inventoryOf,
  isDefinition,
  refOfEntry,
  shown,
  shownName,
  sortableOf,
} from '#test/sandbox/controllers/kustomize/inventory.ts';
import type { World } from '#test/sandbox/controllers/world.ts';

const manager = 'kustomize-controller';
const group = 'kustomize.toolkit.fluxcd.io';

export interface Applied {
  /** `ConfigMap/ns/name created`, one for each that changed. */
  readonly changes: readonly string[];
  readonly entries: readonly InventoryEntry[];
  /** What was applied, without what was skipped; health is asked of these. */
  readonly objects: readonly KubeObject[];
}

const isOff = (object: KubeObject | undefined, key: string, value: string): boolean =>
  object?.metadata.annotations?.[`${group}/${key}`]?.toLowerCase() === value ||
  object?.metadata.labels?.[`${group}/${key}`]?.toLowerCase() === value;

/** What the Kustomization says about every object that it applies. */
const adopt = (
  object: KubeObject,
  owner: KubeObject,
  kind: ResourceKind | undefined,
): KubeObject => {
  const { namespace = '', name } = owner.metadata;
  const target = recordAt(owner, 'spec')['targetNamespace'];
  const placed =
    kind?.namespaced === false
      ? undefined
      : ((typeof target === 'string' ? target : undefined) ??
        object.metadata.namespace ??
        namespace);
  return {
    ...object,
    metadata: {
      ...object.metadata,
      ...(placed === undefined ? {} : { namespace: placed }),
      labels: {
        ...object.metadata.labels,
        [`${group}/name`]: name,
        [`${group}/namespace`]: namespace,
      },
    },
  };
};

// managers whose fields the controller takes over, so that what they set goes when Git does not say it
const takenOver = (name: string): boolean =>
  name.startsWith('kubectl') || name.startsWith('before-first-apply');

const takeOver = (live: KubeObject): KubeObject => {
  const entries = managedEntries(live);
  const foreign = entries.filter(
    (entry) => takenOver(entry.manager) && entry.subresource === undefined,
  );
  if (foreign.length === 0) {
    return live;
  }
  const fields = foreign.reduce((sum, entry) => union(sum, entry.fields), {});
  const own = entries.find((entry) => entry.manager === manager && entry.operation === 'Apply');
  const first = foreign[0];
  const mine = own ?? {
    ...(first ?? { apiVersion: live.apiVersion, time: '' }),
    manager,
    fields: {},
  };
  const rest = entries.filter((entry) => entry !== own && !foreign.includes(entry));
  const taken = { ...mine, operation: 'Apply' as const, fields: union(mine.fields, fields) };
  return withEntries(live, [taken, ...rest]);
};

const bare = (object: KubeObject): unknown => ({
  ...without(object, 'status'),
  metadata: without(object.metadata, 'managedFields', 'resourceVersion', 'generation'),
});

const reasonOf = (error: Error): string => {
  const answer = statusOf(error);
  return answer === undefined || answer.reason === '' ? '' : ` (${answer.reason})`;
};

/** Applies objects as kustomize-controller does: definitions first, each tried before any is written. */
export const createApplier = (world: World) => {
  const { server } = world;
  const kindFor = (object: KubeObject): ResourceKind | undefined =>
    server.kinds.byObject(object.apiVersion, object.kind);

  const liveOf = (kind: ResourceKind, object: KubeObject): KubeObject | undefined =>
    server.storage.read(
      kind,
      kind.namespaced ? object.metadata.namespace : undefined,
      object.metadata.name,
    );

  const applyOne = (kind: ResourceKind, object: KubeObject, dryRun: boolean): KubeObject => {
    const { namespace, name } = object.metadata;
    return server.api.patch(kind, { namespace, name }, 'apply', object, {
      manager,
      force: true,
      dryRun,
    });
  };

  const checkNamespace = (kind: ResourceKind, object: KubeObject): string | undefined => {
    const { namespace } = object.metadata;
    const namespaces = world.kindNamed('', 'Namespace');
    const found =
      namespace === undefined ? undefined : server.storage.read(namespaces, undefined, namespace);
    return kind.namespaced && found === undefined
      ? `${shown(object)} namespace not specified: the server could not find the requested resource`
      : undefined;
  };

  const dryRun = (
    kind: ResourceKind,
    object: KubeObject,
    live: KubeObject | undefined,
  ): Result<string | undefined, string> => {
    try {
      const next = applyOne(kind, object, true);
      if (live === undefined) {
        return ok('created');
      }
      return ok(equal(bare(live), bare(next)) ? undefined : 'configured');
    } catch (error) {
      if (!(error instanceof Error) || statusOf(error) === undefined) {
        throw error;
      }
      return fail(`${shown(object)} dry-run failed${reasonOf(error)}: ${error.message}`);
    }
  };

  // as the controller's own discovery, which never forgets: where a kind was, it is asked for again
  const discovered = new Map<string, ResourceKind>();

  const unserved = (object: KubeObject): string => {
    const { apiVersion, kind, metadata } = object;
    const known = discovered.get(`${apiVersion} ${kind}`);
    return known === undefined
      ? `${shown(object)} dry-run failed: no matches for kind "${kind}" in version "${apiVersion}"`
      : `${shown(object)} not found: the server could not find the requested resource (patch ${known.plural}.${known.group} ${metadata.name})`;
  };

  const tryOne = (object: KubeObject): Result<string | undefined, string> => {
    const kind = kindFor(object);
    if (kind === undefined) {
      return fail(unserved(object));
    }
    discovered.set(`${object.apiVersion} ${object.kind}`, kind);
    const homeless = checkNamespace(kind, object);
    if (homeless !== undefined) {
      return fail(homeless);
    }
    const live: KubeObject | undefined = liveOf(kind, object);
    const taken = live === undefined ? undefined : takeOver(live);
    if (taken !== undefined && taken !== live) {
      server.storage.put(kind, taken);
    }
    return dryRun(kind, object, live);
  };

  const applyStage = (objects: readonly KubeObject[]): Result<readonly string[], string> => {
    const planned: { readonly object: KubeObject; readonly change: string | undefined }[] = [];
    for (const object of objects) {
      const tried = tryOne(object);
      if (!tried.ok) {
        return tried;
      }
      planned.push({ object, change: tried.value });
    }
    const changed = planned.flatMap(({ object, change }) =>
      change === undefined ? [] : [{ object, change }],
    );
    for (const { object } of planned) {
      const kind = kindFor(object);
      if (kind !== undefined) {
        applyOne(kind, object, false);
      }
    }
    return ok(changed.map(({ object, change }) => `${shown(object)} ${change}`));
  };

  /** @returns what was done; or why not, with what had been done before it */
  const apply = (owner: KubeObject, built: readonly KubeObject[]): Result<Applied, string> => {
    const adopted = built
      .map((object) => adopt(object, owner, kindFor(object)))
      .toSorted((left, right) => byApplyOrder(sortableOf(left), sortableOf(right)));
    const wanted = adopted.filter((object) => {
      const kind = kindFor(object);
      const live = kind === undefined ? undefined : liveOf(kind, object);
      const isOnce = isOff(object, 'ssa', 'ifnotpresent') && live !== undefined;
      return (
        !isOff(object, 'reconcile', 'disabled') && !isOff(live, 'reconcile', 'disabled') && !isOnce
      );
    });
    const first = applyStage(wanted.filter(isDefinition));
    if (!first.ok) {
      return fail(`${first.failure}\n`);
    }
    const second = applyStage(wanted.filter((object) => !isDefinition(object)));
    if (!second.ok) {
      const done = first.value.map((line) => `${line}\n`).join('');
      return fail(`${second.failure}\n${done}`);
    }
    return ok({
      changes: [...first.value, ...second.value],
      // a skipped object stays remembered, so that it is neither lost nor pruned
      entries: adopted.map(entryOf),
      objects: wanted,
    });
  };

  /** Deletes what is remembered but no longer wanted; gives `Kind/ns/name deleted` lines. */
  const prune = (owner: KubeObject, keep: readonly InventoryEntry[]): readonly string[] => {
    const kept = new Set(keep.map(({ id }) => id));
    const gone = inventoryOf(owner)
      .filter(({ id }) => !kept.has(id))
      .map(refOfEntry)
      .toSorted((left, right) => byApplyOrder(right, left));
    return gone.flatMap(({ namespace, name, group: of, kind }) => {
      const known = server.kinds.all().find((one) => one.group === of && one.kind === kind);
      const live = known === undefined ? undefined : server.storage.read(known, namespace, name);
      const labels = live?.metadata.labels ?? {};
      const isOurs =
        labels[`${group}/name`] === owner.metadata.name &&
        labels[`${group}/namespace`] === owner.metadata.namespace;
      const isFrozen = isOff(live, 'reconcile', 'disabled') || isOff(live, 'prune', 'disabled');
      if (known === undefined || live === undefined || !isOurs || isFrozen) {
        return [];
      }
      server.api.remove(known, { namespace, name });
      return [`${shownName(kind, namespace, name)} deleted`];
    });
  };

  return { apply, prune };
};
