/**
 * Runs the cluster contract, and ends with `N passed, N failed, N skipped`.
 *   npm run contract                                          on two sandbox clusters
 *   npm run contract -- --infra KUBECONFIG --apps KUBECONFIG  on a real pair, in namespaces of its own
 *     --host ADDRESS   where the clusters reach this machine (Git and webhooks); 127.0.0.1 by default
 *     --only TEXT      only the cases whose name holds the text
 */
import { parseArgs } from 'node:util';
import { apiCases, type Case } from '#test/contract/cluster/api-cases.ts';
import { arrange, runCase } from '#test/contract/cluster/arrange.ts';
import { connectTo } from '#test/contract/cluster/connect.ts';
import { fluxCases } from '#test/contract/cluster/flux-cases.ts';
import { startSandboxPair } from '#test/contract/cluster/on-sandbox.ts';
import type { PlainClient } from '#test/sandbox/api/client.ts';
import type { GitHost } from '#test/sandbox/controllers/git.ts';

const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

const { values } = parseArgs({
  options: {
    infra: { type: 'string' },
    apps: { type: 'string' },
    host: { type: 'string', default: '127.0.0.1' },
    only: { type: 'string', default: '' },
  },
});

const cases: readonly Case[] = [...apiCases, ...fluxCases].filter(({ name }) =>
  name.includes(values.only),
);

let stop = async (): Promise<void> => undefined;

const connectAll = async (git: GitHost): Promise<ReadonlyMap<string, PlainClient>> => {
  const named = Object.entries({ infra: values.infra, apps: values.apps });
  const given = named.flatMap(([name, path]) =>
    path === undefined ? [] : [[name, path] as const],
  );
  if (given.length === 0) {
    const pair = await startSandboxPair(git);
    stop = pair.close;
    return pair.clients;
  }
  const connected = given.map(async ([name, path]) => [name, await connectTo(path)] as const);
  return new Map(await Promise.all(connected));
};

const arranged = await arrange({ host: values.host, connect: connectAll });
if (arranged.ok) {
  let failed = 0;
  for (const one of cases) {
    try {
      await runCase(arranged.value.world, one);
      say(`ok    ${one.name}`);
    } catch (error) {
      failed += 1;
      say(`FAIL  ${one.name}\n      ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  await arranged.value.clear();
  await stop();
  say(`${cases.length - failed} passed, ${failed} failed, 0 skipped`);
  process.exitCode = failed > 0 ? 1 : 0;
} else {
  say(`skip  all: ${arranged.failure}`);
  say(`0 passed, 0 failed, ${cases.length} skipped`);
}
