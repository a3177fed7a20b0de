import { explainRenderProblem, type RenderProblem } from '#src/render/problem.ts';
import type { Renderer, VariableSource } from '#src/render/render.ts';
import type { Tree } from '#src/render/tree.ts';
import { fail, ok, type Result } from '#src/result.ts';
import type { KubeObject } from '#test/sandbox/api/json.ts';

export interface Built {
  readonly objects: readonly KubeObject[];
  /** Of all that was built, substitution included. */
  readonly digest: string;
}

export interface BuildFailure {
  readonly reason: 'BuildFailed' | 'ArtifactFailed';
  readonly message: string;
}

/** Renders what a Kustomization applies at one revision. */
export type Build = (
  tree: Tree,
  kustomization: KubeObject,
  variables: VariableSource,
) => Promise<Result<Built, BuildFailure>>;

const quoted = /^"(.*)" is not in the tree$/;

/** Says a problem in the words of kustomize-controller, which differ in its temporary directory each time. */
const fluxWords = (problem: RenderProblem, random: () => number): BuildFailure => {
  const directory = `/tmp/kustomization-${Math.floor(random() * 4_294_967_296)}`;
  const buildFailed = (text: string): BuildFailure => ({
    reason: 'BuildFailed',
    message: `kustomize build failed: ${text}`,
  });
  if (problem.code === 'missing' && problem.detail === 'kustomization path not found') {
    return {
      reason: 'ArtifactFailed',
      message: `kustomization path not found: stat ${directory}/${problem.file}: no such file or directory`,
    };
  }
  if (problem.code === 'missing') {
    const reference = quoted.exec(problem.detail)?.[1] ?? problem.detail;
    const place = problem.file.includes('/') ? problem.file.replace(/[^/]*$/, '') : '';
    const path = `${directory}/${place}${reference}`;
    return buildFailed(
      `accumulating resources: accumulation err='accumulating resources from '${reference}': open ${path}: no such file or directory': must build at directory: not a valid directory: evalsymlink failure on '${path}' : lstat ${path}: no such file or directory`,
    );
  }
  if (problem.code === 'build-failed') {
    // kubectl wraps what kustomize says in a log line of its own
    const wrapped = /err="(.*)"\s*$/s.exec(problem.detail)?.[1];
    return buildFailed(wrapped?.replaceAll('\\"', '"') ?? problem.detail.replace(/^Error: /, ''));
  }
  if (problem.code === 'variables-missing') {
    const [kind = '', , name = ''] = problem.source.split('/');
    const plural = kind === 'Secret' ? 'secrets' : 'configmaps';
    return {
      reason: 'BuildFailed',
      message: `post build failed for '${name}': substitute from '${problem.source}' error: ${plural} "${name}" not found`,
    };
  }
  if (problem.code === 'substitution') {
    return {
      reason: 'BuildFailed',
      message: `post build failed for '${problem.object}': ${problem.detail}`,
    };
  }
  return buildFailed(explainRenderProblem(problem).replace(/^kustomize build failed: /, ''));
};

/**
 * Builds with the product's own renderer. Where that refuses an input before kustomize has seen it, the
 * words are those that kustomize-controller was recorded with.
 */
export const buildWith =
  (renderer: Renderer, random: () => number): Build =>
  async (tree, kustomization, variables) => {
    const rendered = await renderer.render({ tree, kustomization, variables });
    return rendered.ok
      ? ok({
          objects: rendered.value.objects as unknown as readonly KubeObject[],
          digest: rendered.value.digest,
        })
      : fail(fluxWords(rendered.failure, random));
  };
