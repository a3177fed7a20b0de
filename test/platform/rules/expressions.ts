import { evaluate } from '@marcbachmann/cel-js';
import {
  type HealthFixture,
  healthFixtures,
  variablesOf,
} from '#test/platform/rules/health-fixtures.ts';
import { type Data, listAt, textAt } from '#test/platform/world/value.ts';
import { type Finding, groupOf, type Rule } from '#test/platform/world/world.ts';

type Answer = boolean | 'error';

// numbers of an object are integers to Flux, as they are in JSON
const asCel = (value: unknown): unknown => {
  if (typeof value === 'number') {
    return BigInt(value);
  }
  if (Array.isArray(value)) {
    return value.map(asCel);
  }
  return typeof value === 'object' && value !== null
    ? Object.fromEntries(Object.entries(value).map(([name, item]) => [name, asCel(item)]))
    : value;
};

const answer = (expression: string, variables: Data): Answer => {
  try {
    const found: unknown = evaluate(expression, asCel(variables) as Record<string, unknown>);
    return typeof found === 'boolean' ? found : 'error';
  } catch {
    // Flux keeps waiting when an expression cannot be evaluated
    return 'error';
  }
};

const judge = (item: unknown, fixture: HealthFixture): readonly string[] => {
  const variables = variablesOf(fixture);
  const current = answer(textAt(item, 'current') ?? 'false', variables);
  const failedText = textAt(item, 'failed');
  const failed = failedText === undefined ? false : answer(failedText, variables);
  const status = JSON.stringify(fixture.object['status'] ?? null);
  const wrongCurrent = (current === true) !== (fixture.state === 'ready');
  // a condition that is False now may become True: only `failed` fixtures and those that say so may fail
  const wrongFailed =
    failed === true ? fixture.state === 'ready' || fixture.state === 'empty' : false;
  return [
    ...(wrongCurrent
      ? [`current says ${String(current)} of a ${fixture.state} object: ${status}`]
      : []),
    ...(wrongFailed ? [`failed says true of a ${fixture.state} object: ${status}`] : []),
    ...(fixture.state === 'failed' && failed !== true
      ? [`failed says ${String(failed)} of a failed object: ${status}`]
      : []),
    ...(isTransient(fixture) && failed === true
      ? [`failed gives up on ${status}, which passes`]
      : []),
  ];
};

const isTransient = (fixture: HealthFixture): boolean =>
  JSON.stringify(fixture.object['status'] ?? null).includes('HEALTH_ERR');

const executed: Rule = {
  name: 'health-expressions-executed',
  summary: 'every CEL expression is run on ready, not ready, empty, stale and failed objects',
  scope: 'cluster',
  check: (cluster) =>
    cluster.layers.flatMap((layer) =>
      listAt(layer.kustomization, 'spec', 'healthCheckExprs').flatMap(
        (item): readonly Finding[] => {
          const kind = `${groupOf(textAt(item, 'apiVersion') ?? '')}/${textAt(item, 'kind') ?? ''}`;
          const where = `ks/${layer.name} ${kind}`;
          const fixtures = healthFixtures(kind);
          if (fixtures === undefined) {
            return [
              {
                where,
                what: 'nobody wrote down how an object of this kind looks (health-fixtures.ts)',
              },
            ];
          }
          return fixtures.flatMap((fixture) =>
            judge(item, fixture).map((what) => ({ where, what })),
          );
        },
      ),
    ),
};

export const expressionRules: readonly Rule[] = [executed];
