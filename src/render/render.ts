import { createHash } from 'node:crypto';
import { z } from 'zod';
import { FluxKustomization, type SubstituteReference } from '#src/render/flux-kustomization.ts';
import type { BuildLimits, Kustomize } from '#src/render/kustomize.ts';
import { mergeKustomization } from '#src/render/merge.ts';
import { type KubeObject, readObjects, withCommonMetadata } from '#src/render/objects.ts';
import type { RenderProblem } from '#src/render/problem.ts';
import { byText, type Tree } from '#src/render/tree.ts';
import { type Reach, type WalkLimits, walkTree } from '#src/render/walk.ts';
import { fail, ok, type Result } from '#src/result.ts';

export interface RenderLimits extends WalkLimits, BuildLimits {
  /** what finished builds may hold in memory for the next time */
  readonly maxCacheBytes: number;
  /** how many programs may run at once */
  readonly maxBuilds: number;
}

export const defaultRenderLimits: RenderLimits = {
  maxFiles: 5_000,
  maxBytes: 32 * 1024 * 1024,
  maxDepth: 40,
  timeoutMs: 30_000,
  maxOutputBytes: 32 * 1024 * 1024,
  maxMemoryKiB: 4 * 1024 * 1024,
  maxCacheBytes: 64 * 1024 * 1024,
  maxBuilds: 4,
};

/**
 * Gives the data of a ConfigMap or the decoded data of a Secret that `postBuild.substituteFrom` names, in
 * the Kustomization's own namespace; undefined when there is none.
 */
export type VariableSource = (
  reference: SubstituteReference,
  namespace: string,
) => Readonly<Record<string, string>> | undefined;

export interface RenderRequest {
  readonly tree: Tree;
  /** a Flux Kustomization, as written in Git or read from a cluster */
  readonly kustomization: unknown;
  readonly variables: VariableSource;
}

export interface Rendered {
  /** in the order in which kustomize wrote them */
  readonly objects: readonly KubeObject[];
  /** every file that had a part in it, sorted; the kustomization of the path is among them */
  readonly files: readonly string[];
  /** SHA-256 of what was built, before substitution */
  readonly digest: string;
}

export interface Renderer {
  render(request: RenderRequest): Promise<Result<Rendered, RenderProblem>>;
  /** how many builds were run, as against answered from memory */
  builds(): number;
}

const digestOf = (reach: Reach): string => {
  const hash = createHash('sha256').update(`${reach.directory}\0`);
  for (const path of [...reach.files.keys()].sort(byText)) {
    const content = reach.files.get(path) ?? Buffer.alloc(0);
    hash.update(`${path}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
};

type Output = Result<string, RenderProblem>;

// worth keeping: the same input fails the same way again
const isLasting = (output: Output): boolean =>
  output.ok || output.failure.code === 'build-failed' || output.failure.code === 'too-large';

/** Keeps builds by the digest of their input, also while they run; the oldest leave first. */
const createCache = (maxBytes: number) => {
  const kept = new Map<string, Promise<Output>>();
  const sizes = new Map<string, number>();
  let bytes = 0;
  const forget = (digest: string): void => {
    kept.delete(digest);
    bytes -= sizes.get(digest) ?? 0;
    sizes.delete(digest);
  };
  const settle = (digest: string, output: Output): void => {
    if (!isLasting(output)) {
      forget(digest);
      return;
    }
    const size = output.ok ? output.value.length : 256;
    sizes.set(digest, size);
    bytes += size;
    for (const oldest of [...sizes.keys()]) {
      if (bytes <= maxBytes) {
        return;
      }
      forget(oldest);
    }
  };
  return {
    through: (digest: string, build: () => Promise<Output>): Promise<Output> => {
      const known = kept.get(digest);
      if (known !== undefined) {
        return known;
      }
      const running = build().then(
        (output) => {
          settle(digest, output);
          return output;
        },
        (error: unknown) => {
          forget(digest);
          throw error;
        },
      );
      kept.set(digest, running);
      return running;
    },
  };
};

/** Lets a few tasks run at once; the others wait in their order. */
const createGate = (places: number) => {
  const waiting: (() => void)[] = [];
  let free = places;
  const enter = (): Promise<void> => {
    if (free > 0) {
      free -= 1;
      return Promise.resolve();
    }
    return new Promise((resolve) => waiting.push(resolve));
  };
  const leave = (): void => {
    const next = waiting.shift();
    if (next === undefined) {
      free += 1;
    } else {
      next();
    }
  };
  return async <Value>(task: () => Promise<Value>): Promise<Value> => {
    await enter();
    try {
      return await task();
    } finally {
      leave();
    }
  };
};

/** The variables in effect: from the sources in their order, then the Kustomization's own over them. */
const variablesOf = (
  kustomization: FluxKustomization,
  source: VariableSource,
): Result<ReadonlyMap<string, string> | undefined, RenderProblem> => {
  const { postBuild } = kustomization.spec;
  if (postBuild === undefined) {
    return ok(undefined);
  }
  const variables = new Map<string, string>();
  // the controller drops line breaks, so that a value cannot break the manifest's layout
  const add = (data: Readonly<Record<string, string>>) => {
    for (const [name, value] of Object.entries(data)) {
      variables.set(name, value.replaceAll('\n', ''));
    }
  };
  for (const reference of postBuild.substituteFrom) {
    const data = source(reference, kustomization.metadata.namespace);
    if (data === undefined && !reference.optional) {
      const named = `${reference.kind}/${kustomization.metadata.namespace}/${reference.name}`;
      return fail({ code: 'variables-missing', source: named });
    }
    add(data ?? {});
  }
  add(postBuild.substitute);
  const isAsked = variables.size > 0 || postBuild.substituteStrategy === 'Always';
  return ok(isAsked ? variables : undefined);
};

/**
 * Renders Flux Kustomizations as kustomize-controller does: kustomization generated when absent, the
 * Flux fields merged in, built by kustomize, variables replaced strictly, common metadata set. The input
 * is walked first; nothing outside the tree, remote or executable is ever built. A build whose input did
 * not change is answered from memory.
 */
export const createRenderer = (
  kustomize: Kustomize,
  limits: RenderLimits = defaultRenderLimits,
): Renderer => {
  const cache = createCache(limits.maxCacheBytes);
  const gate = createGate(limits.maxBuilds);
  let builds = 0;

  const build = (digest: string, reach: Reach): Promise<Output> =>
    cache.through(digest, () =>
      gate(() => {
        builds += 1;
        return kustomize.build(reach, limits);
      }),
    );

  const render: Renderer['render'] = async (request) => {
    const parsed = FluxKustomization.safeParse(request.kustomization);
    if (!parsed.success) {
      const detail = z.prettifyError(parsed.error);
      return fail({ code: 'not-kubernetes', detail: `not a Flux Kustomization: ${detail}` });
    }
    const merged = mergeKustomization(request.tree, parsed.data);
    if (!merged.ok) {
      return merged;
    }
    const reach = walkTree(request.tree, merged.value, limits);
    if (!reach.ok) {
      return reach;
    }
    const variables = variablesOf(parsed.data, request.variables);
    if (!variables.ok) {
      return variables;
    }
    const digest = digestOf(reach.value);
    const output = await build(digest, reach.value);
    if (!output.ok) {
      return output;
    }
    const objects = readObjects(output.value, variables.value);
    if (!objects.ok) {
      return objects;
    }
    return ok({
      objects: withCommonMetadata(objects.value, parsed.data.spec.commonMetadata),
      files: [...reach.value.files.keys()].sort(byText),
      digest,
    });
  };

  return { render, builds: () => builds };
};
