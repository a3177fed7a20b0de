/** Why an input was refused before anything was built; each is named, so that a reader can act on it. */
export type Refusal =
  | 'remote'
  | 'outside-tree'
  | 'executable'
  | 'symbolic-link'
  | 'unknown-field'
  | 'unsupported';

/** Everything that can be expected to go wrong while a Kustomization is rendered. */
export type RenderProblem =
  | {
      readonly code: 'refused';
      readonly refusal: Refusal;
      readonly file: string;
      readonly detail: string;
    }
  | { readonly code: 'missing'; readonly file: string; readonly detail: string }
  | { readonly code: 'invalid-yaml'; readonly file: string; readonly detail: string }
  | { readonly code: 'too-large'; readonly detail: string }
  | { readonly code: 'timed-out'; readonly afterMs: number }
  | { readonly code: 'build-failed'; readonly detail: string }
  | { readonly code: 'not-kubernetes'; readonly detail: string }
  | { readonly code: 'substitution'; readonly object: string; readonly detail: string }
  | { readonly code: 'variables-missing'; readonly source: string }
  | { readonly code: 'kustomize-unavailable'; readonly detail: string };

const refusalWords: Readonly<Record<Refusal, string>> = {
  remote: 'remote references are never fetched',
  'outside-tree': 'only files inside the tree are read',
  executable: 'nothing is executed while rendering',
  'symbolic-link': 'source-controller leaves symbolic links out of artifacts',
  'unknown-field': 'a field that is not known cannot be proven harmless',
  unsupported: 'this form is not rendered here',
};

/** One sentence for a person: what happened, and in which file. */
export const explainRenderProblem = (problem: RenderProblem): string => {
  switch (problem.code) {
    case 'refused':
      return `${problem.file}: ${problem.detail}; ${refusalWords[problem.refusal]}`;
    case 'missing':
      return `${problem.file}: ${problem.detail}`;
    case 'invalid-yaml':
      return `${problem.file} is not valid YAML: ${problem.detail}`;
    case 'too-large':
      return `too large to render: ${problem.detail}`;
    case 'timed-out':
      return `kustomize did not finish within ${problem.afterMs / 1000} s`;
    case 'build-failed':
      return `kustomize build failed: ${problem.detail}`;
    case 'not-kubernetes':
      return `the result is not made of Kubernetes objects: ${problem.detail}`;
    case 'substitution':
      return `${problem.object}: ${problem.detail}`;
    case 'variables-missing':
      return `substituteFrom names ${problem.source}, which does not exist`;
    case 'kustomize-unavailable':
      return problem.detail;
    default:
      return problem satisfies never;
  }
};
