import type { KubeObject } from '#src/render/objects.ts';
import { key } from '#test/platform/world/world.ts';

/** Something an object cannot do without: another object (by its key), the kinds of an API group, or addresses. */
export interface Need {
  /** `object <key>`, `crds <group>`, `webhook <group>`, `load balancer addresses` or `default storage class` */
  readonly id: string;
  /** the field or fact that asks for it */
  readonly by: string;
  /** it must be there before the object can be applied or become ready, so dependsOn must say so */
  readonly first: boolean;
}

export const loadBalancerAddresses = 'load balancer addresses';

/** What a claim that names no class is made of. */
export const defaultStorageClass = 'default storage class';

/** The need for another object by its address; none when no name is given. */
export const object = (
  group: string,
  kind: string,
  namespace: string | undefined,
  name: string | undefined,
  by: string,
  first = true,
): readonly Need[] =>
  name === undefined ? [] : [{ id: `object ${key(group, kind, namespace, name)}`, by, first }];

/** Finds what one kind of object needs. */
export type Reader = (item: KubeObject) => readonly Need[];

/** The need for a Secret by name; none when no name is given. */
export const secretIn = (
  namespace: string | undefined,
  name: string | undefined,
  by: string,
  first = true,
): readonly Need[] => object('', 'Secret', namespace, name, by, first);
