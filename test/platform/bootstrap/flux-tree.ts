import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse as parseYaml } from 'yaml';
import { readTree } from '#src/render/disk.ts';
import { findKustomize } from '#src/render/kustomize.ts';
import type { KubeObject } from '#src/render/objects.ts';
import { explainRenderProblem } from '#src/render/problem.ts';
import { createRenderer } from '#src/render/render.ts';
import { environment, searchPath, toolCache } from '#test/platform/tools.ts';

/** Everything a cluster's entry renders to, and what its Kustomizations of this repository render to, as Flux does it. */
export const renderCluster = async (
  root: string,
  cluster: string,
): Promise<readonly KubeObject[]> => {
  const kustomize = await findKustomize(searchPath, {
    cacheDirectory: toolCache,
    env: environment,
  });
  if (!kustomize.ok) throw new Error(explainRenderProblem(kustomize.failure));
  const tree = await readTree(root, ['kubernetes', 'deploy']);
  if (!tree.ok) throw new Error(explainRenderProblem(tree.failure));
  const settings = parseYaml(
    readFileSync(join(root, `kubernetes/clusters/${cluster}/cluster-settings.yaml`), 'utf8'),
  ) as { data: Record<string, string> };
  const renderer = createRenderer(kustomize.value);
  const render = async (kustomization: unknown): Promise<readonly KubeObject[]> => {
    const rendered = await renderer.render({
      tree: tree.value,
      kustomization,
      variables: ({ name }) => (name === 'cluster-settings' ? settings.data : undefined),
    });
    if (!rendered.ok) throw new Error(explainRenderProblem(rendered.failure));
    return rendered.value.objects;
  };
  const entry = await render({
    metadata: { name: 'flux-system', namespace: 'flux-system' },
    spec: { path: `./kubernetes/clusters/${cluster}` },
  });
  const layers = entry.filter(
    ({ kind, spec }) =>
      kind === 'Kustomization' &&
      (spec as { sourceRef: { name: string } }).sourceRef.name === 'flux-system',
  );
  const objects = [...entry];
  for (const layer of layers) objects.push(...(await render(layer)));
  return objects;
};
