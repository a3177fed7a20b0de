import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Arranged, arrange, runCase } from '#test/contract/cluster/arrange.ts';
import { cases } from '#test/contract/cluster/cases.ts';
import { type SandboxPair, startSandboxPair } from '#test/contract/cluster/on-sandbox.ts';

let arranged: Arranged;
let pair: SandboxPair | undefined;

beforeAll(async () => {
  pair = await startSandboxPair();
  const made = await arrange({ host: '127.0.0.1', clients: pair.clients });
  if (!made.ok) {
    throw new Error(made.failure);
  }
  arranged = made.value;
});

afterAll(async () => {
  expect(await arranged.clear()).toEqual([]);
  await pair?.close();
});

describe('what the bot relies on, on the sandbox', () => {
  it.each(cases.map((one) => [one.name, one] as const))('%s', async (_, one) => {
    await runCase(arranged.world, one);
  });
});
