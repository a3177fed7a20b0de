import type { KubeObject } from '#src/render/objects.ts';

/** Gives every complaint about an object: wrong types, missing fields, unknown fields. */
export type Check = (object: KubeObject) => readonly string[];
