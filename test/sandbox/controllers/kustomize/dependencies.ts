import {
  isRecord,
  type JsonRecord,
  type KubeObject,
  listAt,
  textAt,
} from '#test/sandbox/api/json.ts';
import type { ResourceKind } from '#test/sandbox/api/kinds.ts';
import {
  conditionOf,
  generationOf,
  observedGenerationOf,
  statusText,
} from '#test/sandbox/controllers/conditions.ts';
import type { World } from '#test/sandbox/controllers/world.ts';

/** Decides `readyExpr` over the dependency and the object that depends; throws what is wrong with it. */
export type Evaluate = (
  expression: string,
  variables: { readonly dep: KubeObject; readonly self: KubeObject },
) => boolean;

const sourceOf = (object: KubeObject): string => {
  const ref = (key: string): string => textAt(object, 'spec', 'sourceRef', key) ?? '';
  return `${ref('kind')}/${ref('namespace') || (object.metadata.namespace ?? '')}/${ref('name')}`;
};

const isReadyNow = (dependency: KubeObject): boolean =>
  observedGenerationOf(dependency) === generationOf(dependency) &&
  conditionOf(dependency, 'Ready')?.status === 'True';

/**
 * Looks at what an object depends on.
 * @param revision - of the source; a dependency on the same source must have applied it
 * @returns the first thing that is missing, in Flux's words
 */
export const unmetDependency = (
  world: World,
  kind: ResourceKind,
  object: KubeObject,
  revision: string | undefined,
  evaluate: Evaluate,
): string | undefined => {
  const unmet = (wanted: JsonRecord): string | undefined => {
    const name = textAt(wanted, 'name') ?? '';
    const namespace = textAt(wanted, 'namespace') ?? object.metadata.namespace ?? '';
    const named = `dependency '${namespace}/${name}'`;
    const found = world.read(kind, { namespace, name });
    if (found === undefined) {
      return `${named} not found: ${kind.plural}.${kind.group} "${name}" not found`;
    }
    const expression = textAt(wanted, 'readyExpr');
    if (expression !== undefined) {
      const isMet = evaluate(expression, { dep: found, self: object });
      return isMet ? undefined : `${named} is not ready according to readyExpr eval`;
    }
    if (!isReadyNow(found)) {
      return `${named} is not ready`;
    }
    const isSame = revision !== undefined && sourceOf(found) === sourceOf(object);
    const isBehind = isSame && statusText(found, 'lastAppliedRevision') !== revision;
    return isBehind ? `${named} revision is not up to date` : undefined;
  };
  for (const wanted of listAt(object, 'spec', 'dependsOn').filter(isRecord)) {
    const problem = unmet(wanted);
    if (problem !== undefined) {
      return problem;
    }
  }
  return undefined;
};
