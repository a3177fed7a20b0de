import { z } from 'zod';
import { type FluxKind, fluxKinds, isFluxKind } from '#src/flux/ref.ts';

/** Where the API server serves a kind: `/apis/<group>/<version>`. */
export interface ServedKind {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
}

export type ServedKinds = ReadonlyMap<FluxKind, ServedKind>;

const Groups = z.object({
  groups: z.array(
    z.object({
      name: z.string(),
      versions: z.array(z.object({ version: z.string() })),
      preferredVersion: z.object({ version: z.string() }).optional(),
    }),
  ),
});

const Resources = z.object({
  resources: z.array(z.object({ name: z.string(), verbs: z.array(z.string()).catch([]) })),
});

const kindNames = Object.keys(fluxKinds).filter(isFluxKind);
const ourGroups: ReadonlySet<string> = new Set(kindNames.map((kind) => fluxKinds[kind].group));

/**
 * The versions of Flux's groups that an API server lists at `/apis`, in the order it prefers.
 * @returns undefined when it is not such a list
 */
export const groupVersions = (
  wire: unknown,
): readonly { readonly group: string; readonly version: string }[] | undefined => {
  const parsed = Groups.safeParse(wire);
  if (!parsed.success) {
    return undefined;
  }
  return parsed.data.groups
    .filter(({ name }) => ourGroups.has(name))
    .flatMap(({ name, versions, preferredVersion }) => {
      const preferred = preferredVersion === undefined ? [] : [preferredVersion.version];
      const ordered = new Set([...preferred, ...versions.map(({ version }) => version)]);
      return [...ordered].map((version) => ({ group: name, version }));
    });
};

/** What a group has in one version, as the API server lists it at `/apis/<group>/<version>`. */
export interface GroupResources {
  readonly group: string;
  readonly version: string;
  readonly wire: unknown;
}

/** Finds each kind that can be listed and watched, in the first version that has it. */
export const servedKinds = (found: readonly GroupResources[]): ServedKinds => {
  const served = new Map<FluxKind, ServedKind>();
  for (const { group, version, wire } of found) {
    const resources = Resources.safeParse(wire).data?.resources ?? [];
    const watched = new Set(
      resources
        .filter(({ verbs }) => verbs.includes('list') && verbs.includes('watch'))
        .map(({ name }) => name),
    );
    for (const kind of kindNames) {
      const { plural } = fluxKinds[kind];
      if (fluxKinds[kind].group === group && watched.has(plural) && !served.has(kind)) {
        served.set(kind, { group, version, plural });
      }
    }
  }
  return served;
};
