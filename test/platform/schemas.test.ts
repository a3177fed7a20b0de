import { describe, expect, it } from 'vitest';
import type { KubeObject } from '#src/render/objects.ts';
import { openPlatform } from '#test/platform/platform.ts';
import { isData, type Place, places, printPath } from '#test/platform/world/value.ts';
import { appliedObjects, groupOf, type World } from '#test/platform/world/world.ts';

const opened = await openPlatform();

/** Fields whose keys are the user's own; every other object has fields that its schema knows. */
const maps =
  /\.(?:labels|annotations|matchLabels|values|data|nodeSelector|selector|eventMetadata|vaults|hard|requests|limits|default|defaultRequest)(?:$|[.[])/;

const withUnknownField = (object: KubeObject, path: Place['path']): KubeObject => {
  const copy = structuredClone(object);
  const target = path.reduce<unknown>(
    (value, step) => (value as Record<string, unknown>)[step],
    copy,
  );
  Object.assign(target as object, { notAField: 'x' });
  return copy;
};

interface Struct {
  readonly name: string;
  readonly object: KubeObject;
  readonly path: Place['path'];
}

/** Each object inside an object, once for each kind. */
const structsOf = (world: World): readonly Struct[] => {
  const all = world.clusters.flatMap(appliedObjects).flatMap(({ object }) =>
    [...places(object)]
      .filter(({ value }) => isData(value))
      .map(({ path }) => {
        const place = printPath(path).replace(/\[\d+\]/g, '[]');
        return { name: `${object.apiVersion} ${object.kind}${place}`, object, path };
      }),
  );
  const byName = new Map(all.map((struct) => [struct.name, struct]));
  return [...byName.values()].filter(({ name }) => !maps.test(name));
};

const reason = opened.ok ? '' : ` (not run: ${opened.failure})`;

describe.skipIf(!opened.ok)(`the schemas of the tree${reason}`, () => {
  it('notice an unknown field in every object inside every kind', () => {
    if (!opened.ok) {
      return;
    }
    const { schemas } = opened.value.world;
    const skipped = schemas.unavailable().map(({ group }) => group);
    const structs = structsOf(opened.value.world).filter(
      ({ object }) => !skipped.includes(groupOf(object.apiVersion)),
    );

    const unseen = structs.filter(({ object, path }) => {
      const complaints = schemas.check(
        object.apiVersion,
        object.kind,
      )?.(withUnknownField(object, path));
      return complaints?.some((words) => words.includes('notAField')) !== true;
    });

    expect(unseen.map(({ name }) => name)).toEqual([]);
    expect(structs.length).toBeGreaterThan(150);
  });
});
