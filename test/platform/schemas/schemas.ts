import type { KubeObject } from '#src/render/objects.ts';
import type { Check } from '#test/platform/schemas/check.ts';
import { moduleCheck, type Unavailable } from '#test/platform/schemas/modules.ts';
import { packageCheck } from '#test/platform/schemas/packages.ts';

/** The strict schemas of the kinds that were asked for beforehand. */
export interface Schemas {
  check(apiVersion: string, kind: string): Check | undefined;
  prepare(objects: Iterable<KubeObject>): Promise<void>;
  /** groups whose schemas exist but cannot be had on this machine; their kinds are skipped by name */
  unavailable(): readonly Unavailable[];
}

/** Makes an empty book of schemas; each kind is loaded once, by `prepare`. */
export const createSchemas = (): Schemas => {
  const checks = new Map<string, Check | undefined>();
  const unavailable: Unavailable[] = [];
  const tell = (one: Unavailable): void => void unavailable.push(one);
  const load = async (apiVersion: string, kind: string): Promise<Check | undefined> => {
    const slash = apiVersion.indexOf('/');
    const group = slash < 0 ? '' : apiVersion.slice(0, slash);
    const version = apiVersion.slice(slash + 1);
    return (
      (await packageCheck(group, version, kind)) ?? (await moduleCheck(group, version, kind, tell))
    );
  };
  return {
    unavailable: () => unavailable,
    check: (apiVersion, kind) => checks.get(`${apiVersion} ${kind}`),
    prepare: async (objects) => {
      for (const { apiVersion, kind } of objects) {
        const name = `${apiVersion} ${kind}`;
        if (!checks.has(name)) {
          checks.set(name, await load(apiVersion, kind));
        }
      }
    },
  };
};
