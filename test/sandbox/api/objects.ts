import { randomUUID } from 'node:crypto';
import { withDefaults } from '#test/sandbox/api/defaults.ts';
import { createDefinitions } from '#test/sandbox/api/definitions.ts';
import {
  asObject,
  equal,
  isRecord,
  type JsonRecord,
  type KubeObject,
  without,
} from '#test/sandbox/api/json.ts';
import type { Kinds, ResourceKind } from '#test/sandbox/api/kinds.ts';
import {
  checkIdentity,
  checkPreconditions,
  checkVersion,
  type DeleteOptions,
} from '#test/sandbox/api/locks.ts';
import { checkNotLeaving, finalizersOf, leaving } from '#test/sandbox/api/namespaces.ts';
import { managedEntries, ownApply, ownUpdate, type Writer } from '#test/sandbox/api/ownership.ts';
import { jsonPatch, mergePatch, strategicMergePatch } from '#test/sandbox/api/patch.ts';
import {
  alreadyExists,
  badRequest,
  conflict,
  notFound,
  unsupportedMediaType,
} from '#test/sandbox/api/status.ts';
import type { Storage } from '#test/sandbox/api/storage.ts';
import { stored as asStored, validate } from '#test/sandbox/api/validation.ts';
import { type SandboxClock, timestamp } from '#test/sandbox/clock.ts';

export type PatchType = 'json' | 'merge' | 'strategic' | 'apply';

/** Where an object is, and which part of it is meant. */
export interface Address {
  readonly namespace: string | undefined;
  readonly name: string;
}

export interface WriteOptions {
  /** Field manager; what the client calls itself when it names none. */
  readonly manager: string;
  readonly subresource?: string | undefined;
  readonly dryRun?: boolean | undefined;
  /** Apply only: take fields from their owners. */
  readonly force?: boolean | undefined;
  /** Looks at a write before it is stored; throws a refusal. */
  readonly admit?: (before: KubeObject | undefined, after: KubeObject) => void;
}

const acceptedPatches = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/apply-patch+yaml',
];

// what a writer cannot set
const system = ['uid', 'creationTimestamp', 'generation', 'deletionTimestamp', 'resourceVersion'];

const desired = (object: KubeObject): JsonRecord => without(object, 'metadata', 'status');

/**
 * The rules of an API server over a storage: what may be written, generation, ownership, locks, finalizers.
 * Refusals are thrown with the answer that a real server gives (`statusOf`); facts: access.md §7.
 */
export const createObjects = (storage: Storage, kinds: Kinds, clock: SandboxClock) => {
  const definitions = createDefinitions(storage, kinds);

  /** The new object with what only the server sets. */
  const settle = (kind: ResourceKind, live: KubeObject, next: KubeObject): KubeObject => {
    const kept = Object.fromEntries(
      system.flatMap((key) => (key in live.metadata ? [[key, live.metadata[key]]] : [])),
    );
    const moved = kind.generation && !equal(desired(live), desired(next));
    const generation = (live.metadata.generation ?? 0) + 1;
    return {
      ...next,
      metadata: {
        ...(without(next.metadata, ...system) as KubeObject['metadata']),
        ...kept,
        name: live.metadata.name,
        ...(live.metadata.namespace === undefined ? {} : { namespace: live.metadata.namespace }),
        ...(moved ? { generation } : {}),
      },
    };
  };

  const withPart = (
    kind: ResourceKind,
    live: KubeObject,
    next: KubeObject,
    subresource: string | undefined,
  ): KubeObject => {
    const metadata = without(live.metadata, 'managedFields');
    if (subresource === 'status') {
      const managedFields = next.metadata['managedFields'];
      return {
        ...without(live, 'status'),
        ...('status' in next ? { status: next['status'] } : {}),
        metadata: { ...metadata, ...(managedFields === undefined ? {} : { managedFields }) },
      } as KubeObject;
    }
    return kind.status
      ? ({
          ...without(next, 'status'),
          ...('status' in live ? { status: live['status'] } : {}),
        } as KubeObject)
      : next;
  };

  const store = (kind: ResourceKind, object: KubeObject): KubeObject => {
    const finished =
      object.metadata.deletionTimestamp !== undefined && finalizersOf(object).length === 0;
    if (finished) {
      const { namespace, name } = object.metadata;
      definitions.gone(kind, object);
      return storage.remove(kind, namespace, name) ?? object;
    }
    const stored = storage.put(kind, object);
    definitions.written(kind, stored);
    return stored;
  };

  const sameButManaged = (left: KubeObject, right: KubeObject): boolean => {
    const bare = (object: KubeObject) => ({
      ...object,
      metadata: without(object.metadata, 'managedFields'),
    });
    const owners = (object: KubeObject) =>
      managedEntries(object).map(({ time: _, ...entry }) => entry);
    return equal(bare(left), bare(right)) && equal(owners(left), owners(right));
  };

  const writer = (options: WriteOptions, operation: 'Apply' | 'Update'): Writer => ({
    manager: options.manager,
    operation,
    subresource: options.subresource,
    time: timestamp(clock.now()),
  });

  const finish = (
    kind: ResourceKind,
    live: KubeObject,
    next: KubeObject,
    options: WriteOptions,
  ): KubeObject => {
    validate(kind, live, next);
    options.admit?.(live, next);
    const kept = asStored(kind, next);
    if (sameButManaged(live, kept)) {
      return live;
    }
    return options.dryRun === true ? kept : store(kind, kept);
  };

  const update = (
    kind: ResourceKind,
    live: KubeObject,
    asked: KubeObject,
    options: WriteOptions,
  ): KubeObject => {
    const part = withPart(kind, live, asked, options.subresource);
    const next = settle(kind, live, withDefaults(kind, part));
    return finish(kind, live, ownUpdate(kind, live, next, writer(options, 'Update')), options);
  };

  const create = (kind: ResourceKind, asked: KubeObject, options: WriteOptions): KubeObject => {
    const { name, namespace, generateName } = asked.metadata;
    const suffix = randomUUID().slice(0, 5);
    const chosen =
      typeof name === 'string' && name !== '' ? name : `${String(generateName)}${suffix}`;
    if (storage.read(kind, namespace, chosen) !== undefined) {
      throw alreadyExists(kind, chosen);
    }
    checkNotLeaving(storage, kinds, kind, chosen, namespace);
    definitions.checkStays(kind, chosen);
    const body = kind.status ? (without(asked, 'status') as KubeObject) : asked;
    const born = withDefaults(kind, {
      ...body,
      metadata: {
        ...(without(asked.metadata, ...system, 'managedFields') as KubeObject['metadata']),
        name: chosen,
        uid: randomUUID(),
        creationTimestamp: timestamp(clock.now()),
        ...(kind.generation ? { generation: 1 } : {}),
      },
    });
    const owned =
      managedEntries(asked).length === 0
        ? ownUpdate(kind, undefined, born, writer(options, 'Update'))
        : {
            ...born,
            metadata: { ...born.metadata, managedFields: asked.metadata['managedFields'] },
          };
    validate(kind, undefined, owned);
    options.admit?.(undefined, owned);
    return options.dryRun === true ? owned : store(kind, asStored(kind, owned));
  };

  const apply = (
    kind: ResourceKind,
    { namespace, name }: Address,
    config: KubeObject,
    options: WriteOptions,
  ): KubeObject => {
    const live = storage.read(kind, namespace, name);
    const asked = config.metadata;
    if (live === undefined && options.subresource !== undefined) {
      throw notFound(kind, name);
    }
    if (live === undefined && asked.uid !== undefined) {
      throw conflict(
        kind,
        name,
        `uid mismatch: the provided object specified uid ${asked.uid}, and no existing object was found`,
      );
    }
    if (live !== undefined) {
      checkIdentity(kind, asked, live);
    }
    const part = options.subresource === 'status' ? statusOnly(config) : config;
    const owned = ownApply(kind, live, part, writer(options, 'Apply'), options.force === true);
    if (live === undefined) {
      const born = { ...owned, metadata: { ...owned.metadata, name, ...inNamespace(namespace) } };
      return create(kind, born, options);
    }
    const kept = withPart(kind, live, owned, options.subresource);
    const next = settle(kind, live, withDefaults(kind, kept));
    return finish(kind, live, next, options);
  };

  const patch = (
    kind: ResourceKind,
    address: Address,
    type: PatchType,
    body: unknown,
    options: WriteOptions,
  ): KubeObject => {
    if (type === 'strategic' && kind.custom) {
      throw unsupportedMediaType(acceptedPatches);
    }
    if (type === 'apply') {
      const config = asObject(body);
      if (config === undefined) {
        throw badRequest('error decoding YAML: apiVersion, kind and metadata are required');
      }
      return apply(kind, address, config, options);
    }
    const live = storage.read(kind, address.namespace, address.name);
    if (live === undefined) {
      throw notFound(kind, address.name);
    }
    const patchWith = { json: jsonPatch, merge: mergePatch, strategic: strategicMergePatch }[type];
    const patched = asObject(patchWith(live, body));
    if (patched === undefined || (type !== 'json' && !isRecord(body))) {
      throw badRequest('the patch does not leave a Kubernetes object');
    }
    checkIdentity(kind, patched.metadata, live);
    return update(kind, live, patched, options);
  };

  const replace = (kind: ResourceKind, asked: KubeObject, options: WriteOptions): KubeObject => {
    const { namespace, name } = asked.metadata;
    const live = storage.read(kind, namespace, name);
    if (live === undefined) {
      throw notFound(kind, name);
    }
    if (kind.custom && asked.metadata.resourceVersion === undefined) {
      checkVersion(kind, name, '', live);
    }
    checkIdentity(kind, asked.metadata, live);
    return update(kind, live, asked, options);
  };

  const remove = (
    kind: ResourceKind,
    { namespace, name }: Address,
    options: DeleteOptions = {},
  ): KubeObject => {
    const live = storage.read(kind, namespace, name);
    if (live === undefined) {
      throw notFound(kind, name);
    }
    checkPreconditions(kind, live, options);
    options.admit?.(live);
    if (options.dryRun === true) {
      return live;
    }
    if (finalizersOf(live).length === 0) {
      definitions.gone(kind, live);
      return storage.remove(kind, namespace, name) ?? live;
    }
    if (live.metadata.deletionTimestamp !== undefined) {
      return live;
    }
    const generation = kind.generation ? { generation: (live.metadata.generation ?? 0) + 1 } : {};
    return storage.put(kind, {
      ...leaving(live),
      metadata: {
        ...live.metadata,
        ...generation,
        deletionGracePeriodSeconds: 0,
        deletionTimestamp: timestamp(clock.now()),
      },
    });
  };

  return { create, replace, patch, remove };
};

const inNamespace = (namespace: string | undefined) =>
  namespace === undefined ? {} : { namespace };

const statusOnly = (config: KubeObject): KubeObject => ({
  apiVersion: config.apiVersion,
  kind: config.kind,
  metadata: config.metadata,
  ...('status' in config ? { status: config['status'] } : {}),
});

export type Objects = ReturnType<typeof createObjects>;
