import { findKustomize } from '#src/render/kustomize.ts';
import { explainRenderProblem } from '#src/render/problem.ts';
import { createRenderer, type Renderer } from '#src/render/render.ts';
import type { TreeContent } from '#src/render/tree.ts';
import { fail, ok, type Result } from '#src/result.ts';
import { createSchemas } from '#test/platform/schemas/schemas.ts';
import { environment, searchPath, toolCache } from '#test/platform/tools.ts';
import { loadWorld } from '#test/platform/world/load.ts';
import { readRepository } from '#test/platform/world/repository.ts';
import type { World } from '#test/platform/world/world.ts';

export interface Platform {
  readonly renderer: Renderer;
  readonly kustomize: string;
  readonly content: TreeContent;
  readonly world: World;
}

/** Reads this repository and renders both clusters; fails with words when kustomize cannot be had. */
export const openPlatform = async (): Promise<Result<Platform, string>> => {
  const kustomize = await findKustomize(searchPath, {
    cacheDirectory: toolCache,
    env: environment,
  });
  if (!kustomize.ok) {
    return fail(explainRenderProblem(kustomize.failure));
  }
  const renderer = createRenderer(kustomize.value);
  const content = await readRepository();
  const world = await loadWorld(renderer, createSchemas(), content);
  const { origin, version } = kustomize.value;
  return ok({ renderer, kustomize: `${origin} ${version}`, content, world });
};
