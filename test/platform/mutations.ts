import type { Renderer } from '#src/render/render.ts';
import type { TreeContent } from '#src/render/tree.ts';
import { chatopsMutations } from '#test/platform/mutations/chatops.ts';
import { healthMutations } from '#test/platform/mutations/health.ts';
import { type Mutation, mutate } from '#test/platform/mutations/mutation.ts';
import { networkMutations } from '#test/platform/mutations/network.ts';
import { operationMutations } from '#test/platform/mutations/operations.ts';
import { runningMutations } from '#test/platform/mutations/running.ts';
import { structureMutations } from '#test/platform/mutations/structure.ts';
import { supplyMutations } from '#test/platform/mutations/supply.ts';
import { judge, rules } from '#test/platform/rules.ts';
import { loadWorld } from '#test/platform/world/load.ts';
import type { Finding, World } from '#test/platform/world/world.ts';

/** Every way in which the self-test breaks the platform. */
export const mutations: readonly Mutation[] = [
  ...structureMutations,
  ...healthMutations,
  ...supplyMutations,
  ...networkMutations,
  ...operationMutations,
  ...chatopsMutations,
  ...runningMutations,
];

/** Why a mutation cannot be tried on this machine; undefined when it can. */
export const hindrance = (world: World, mutation: Mutation): string | undefined =>
  world.schemas.unavailable().find(({ group }) => group === mutation.schema)?.reason;

export interface Trial {
  readonly mutation: Mutation;
  /** what the rule that is meant for it said */
  readonly findings: readonly Finding[];
}

/** Breaks a copy of the platform in one way and asks the rule that is meant for it. */
export const tryMutation = async (
  renderer: Renderer,
  base: TreeContent,
  world: World,
  mutation: Mutation,
): Promise<Trial> => {
  const rule = rules.find(({ name }) => name === mutation.rule);
  if (rule === undefined) {
    throw new Error(
      `"${mutation.name}" is meant for the rule ${mutation.rule}, which is not there`,
    );
  }
  const { content, changed } = mutate(base, mutation);
  const mutated = await loadWorld(renderer, world.schemas, content, { world, changed });
  return {
    mutation,
    findings: judge(rule, mutated)
      .flatMap(({ findings }) => findings)
      .filter(({ where, what }) => mutation.says?.test(`${where}: ${what}`) ?? true),
  };
};
