import { describe, expect, it } from 'vitest';
import { mutate } from '#test/platform/mutations/mutation.ts';
import { hindrance, mutations, tryMutation } from '#test/platform/mutations.ts';
import { openPlatform } from '#test/platform/platform.ts';
import { judge, rules } from '#test/platform/rules.ts';
import { clusterNames, loadWorld } from '#test/platform/world/load.ts';

const opened = await openPlatform();

if (!opened.ok) {
  // named, so that a machine without kustomize never looks as if the platform were proven
  describe(`the platform (could not run: ${opened.failure})`, () => {
    it.skip('is rendered and held to its rules', () => undefined);
  });
} else {
  const { renderer, content, world } = opened.value;

  describe('the platform as it is', () => {
    it.each(rules.map((rule) => [rule.name, rule.summary, rule] as const))(
      '%s: %s',
      (_, __, rule) => {
        const found = judge(rule, world).flatMap(({ on, findings }) =>
          findings.map(({ where, what }) => `${on}: ${where}: ${what}`),
        );
        expect(found).toEqual([]);
      },
    );

    it('is rendered for both clusters', () => {
      expect(world.clusters.map(({ name }) => name)).toEqual(clusterNames);
    });
  });

  describe('the self-test', () => {
    const hindered = mutations.filter((mutation) => hindrance(world, mutation) !== undefined);
    for (const mutation of hindered) {
      it.skip(`${mutation.rule} notices ${mutation.name} (not run: ${hindrance(world, mutation)})`, () =>
        undefined);
    }

    const tried = mutations.filter((mutation) => !hindered.includes(mutation));
    it.concurrent.each(tried.map((mutation) => [mutation.rule, mutation.name, mutation] as const))(
      '%s notices %s',
      async (_, __, mutation) => {
        const { findings } = await tryMutation(renderer, content, world, mutation);
        expect(findings).not.toEqual([]);
      },
    );

    it('proves every rule, and repeats every failure of the first attempt', () => {
      const proven = new Set(mutations.map(({ rule }) => rule));
      const repeated = new Set(mutations.map(({ failure }) => failure));
      const failures = Array.from({ length: 22 }, (_, index) => index + 1);

      expect(rules.filter(({ name }) => !proven.has(name)).map(({ name }) => name)).toEqual([]);
      expect(failures.filter((failure) => !repeated.has(failure))).toEqual([]);
      expect(mutations.length).toBeGreaterThanOrEqual(60);
      expect(new Set(mutations.map(({ name }) => name)).size).toBe(mutations.length);
    });

    it('renders again only what the files of a mutation reach', async () => {
      const mutation = mutations.find(({ name }) => name === 'a store that does not exist');
      const { content: changed, changed: paths } = mutate(
        content,
        mutation ?? { name: '', rule: '', edit: () => undefined },
      );
      const mutated = await loadWorld(renderer, world.schemas, changed, { world, changed: paths });

      const fresh = mutated.clusters.flatMap((cluster, index) =>
        cluster.layers
          .filter(
            (layer) => !world.clusters[index]?.layers.some((old) => old.objects === layer.objects),
          )
          .map((layer) => layer.name),
      );
      expect(fresh).toEqual(['secret-stores', 'secret-stores']);
    });
  });
}
