import { z } from 'zod';

/** An object as the API server sends it. */
export const PlainObject = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), namespace: z.string().optional() }),
});
export type PlainObject = Readonly<z.output<typeof PlainObject>>;

/** What reading all objects of a kind gave. */
export type Listing =
  | { readonly type: 'objects'; readonly objects: readonly PlainObject[] }
  /** the API server does not know the kind: its CRD is not there yet */
  | { readonly type: 'not-served' }
  | { readonly type: 'forbidden'; readonly detail: string }
  | { readonly type: 'unreachable'; readonly detail: string };

export type Answer =
  | { readonly type: 'status'; readonly code: number }
  | { readonly type: 'forbidden'; readonly detail: string }
  | { readonly type: 'unreachable'; readonly detail: string };

/** One cluster at one moment, as far as it was read. What is not in it was not asked for. */
export interface Snapshot {
  readonly cluster: string;
  /** ms since the epoch, by the asker's clock */
  readonly at: number;
  /** by `<apiVersion>/<kind>` */
  readonly listings: ReadonlyMap<string, Listing>;
  /** by path */
  readonly endpoints: ReadonlyMap<string, Answer>;
  /** when the asker last saw each signal (ms); undefined: never; not in the map: it cannot know */
  readonly signals: ReadonlyMap<string, number | undefined>;
}

export const kindKey = (of: { readonly apiVersion: string; readonly kind: string }): string =>
  `${of.apiVersion}/${of.kind}`;

/** `ClusterSecretStore/onepassword`, `Deployment/kube-system/coredns`. */
export const nameOf = (kind: string, namespace: string | undefined, name: string): string =>
  [kind, namespace, name].filter((part) => part !== undefined && part !== '').join('/');

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The value at a path; a number picks an entry of a list. Undefined where any part is absent. */
export const valueAt = (value: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>((reached, key) => {
    if (Array.isArray(reached)) {
      return /^\d+$/.test(key) ? reached[Number(key)] : undefined;
    }
    return isRecord(reached) && Object.hasOwn(reached, key) ? reached[key] : undefined;
  }, value);

export interface PlainCondition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  /** ms; undefined where the condition does not say */
  readonly since: number | undefined;
  /** the generation it was written for, where it says so */
  readonly generation: number | undefined;
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const whole = (value: unknown): number | undefined =>
  typeof value === 'number' ? value : undefined;

export const timeOf = (value: unknown): number | undefined => {
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
};

/** The condition of this type, wherever its status keeps it; undefined when there is none. */
export const conditionIn = (object: unknown, type: string): PlainCondition | undefined => {
  const conditions = valueAt(object, ['status', 'conditions']) ?? valueAt(object, ['conditions']);
  const found = Array.isArray(conditions)
    ? conditions.find((condition) => valueAt(condition, ['type']) === type)
    : undefined;
  return found === undefined
    ? undefined
    : {
        type,
        status: text(valueAt(found, ['status'])),
        reason: text(valueAt(found, ['reason'])),
        message: text(valueAt(found, ['message'])),
        since: timeOf(valueAt(found, ['lastTransitionTime'])),
        generation:
          whole(valueAt(found, ['observedGeneration'])) ??
          whole(valueAt(object, ['status', 'observedGeneration'])),
      };
};

/** When the cluster began: its kube-system namespace was made with it. */
export const startOf = (snapshot: Snapshot): number | undefined => {
  const namespaces = snapshot.listings.get('v1/Namespace');
  const system =
    namespaces?.type === 'objects'
      ? namespaces.objects.find(({ metadata }) => metadata.name === 'kube-system')
      : undefined;
  return timeOf(system?.metadata['creationTimestamp']);
};
