import { afterAll, beforeAll, describe, it } from 'vitest';
import { apiCases } from '#test/contract/cluster/api-cases.ts';
import { type Arranged, arrange, runCase } from '#test/contract/cluster/arrange.ts';
import { fluxCases } from '#test/contract/cluster/flux-cases.ts';
import { type SandboxPair, startSandboxPair } from '#test/contract/cluster/on-sandbox.ts';

let arranged: Arranged;
let pair: SandboxPair | undefined;

beforeAll(async () => {
  const made = await arrange({
    host: '127.0.0.1',
    connect: async (git) => {
      pair = await startSandboxPair(git);
      return pair.clients;
    },
  });
  if (!made.ok) {
    throw new Error(made.failure);
  }
  arranged = made.value;
});

afterAll(async () => {
  await arranged.clear();
  await pair?.close();
});

describe('what the bot relies on, on the sandbox', () => {
  it.each([...apiCases, ...fluxCases].map((one) => [one.name, one] as const))(
    '%s',
    async (_, one) => {
      await runCase(arranged.world, one);
    },
  );
});
