import { apiCases, type Case } from '#test/contract/cluster/api-cases.ts';
import { fluxCases } from '#test/contract/cluster/flux-cases.ts';
import { helmCases } from '#test/contract/cluster/helm-cases.ts';

/** All that the bot relies on, of API servers and of Flux. */
export const cases: readonly Case[] = [...apiCases, ...fluxCases, ...helmCases];
