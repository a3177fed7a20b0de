/**
 * Runs the cluster contract, and ends with `N passed, N failed, N skipped`.
 *   npm run contract                                          on two sandbox clusters
 *   npm run contract -- --infra KUBECONFIG --apps KUBECONFIG  on a real pair, in namespaces of its own
 *     --host ADDRESS   where the clusters reach this machine (Git and webhooks); 127.0.0.1 by default
 *     --only TEXT      only the cases whose name holds the text
 */
import { parseArgs } from 'node:util';
import { type Arranged, arrange, runCase } from '#test/contract/cluster/arrange.ts';
import { cases as allCases } from '#test/contract/cluster/cases.ts';
import { connectTo } from '#test/contract/cluster/connect.ts';
import { startSandboxPair } from '#test/contract/cluster/on-sandbox.ts';
import { whyUnusable } from '#test/contract/cluster/reach.ts';
import type { PlainClient } from '#test/sandbox/api/client.ts';

const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const { values } = parseArgs({
  options: {
    infra: { type: 'string' },
    apps: { type: 'string' },
    host: { type: 'string', default: '127.0.0.1' },
    only: { type: 'string', default: '' },
  },
});

const cases = allCases.filter(({ name }) => name.includes(values.only));
const counts = { tried: 0, passed: 0, failed: 0 };

/** Says it, and counts it as failed. */
const failAt = (what: string, why = ''): void => {
  counts.failed += 1;
  say(`FAIL  ${what}${why === '' ? '' : `\n      ${why}`}`);
};

interface Pair {
  readonly clients: ReadonlyMap<string, PlainClient>;
  close(): Promise<void>;
}

/** The clusters that the kubeconfigs name, each of which answers; or (undefined) it was said why not. */
const realPair = async (paths: readonly (readonly [string, string])[]) => {
  const clients = new Map<string, PlainClient>();
  for (const [name, path] of paths) {
    try {
      const client = await connectTo(path);
      clients.set(name, client);
      const problem = await whyUnusable(name, client);
      if (problem !== undefined) {
        failAt(problem);
      }
    } catch (error) {
      failAt(`${name}: ${path} is no kubeconfig that can be used`, textOf(error));
    }
  }
  return counts.failed > 0 ? undefined : { clients, close: async () => undefined };
};

const pairOf = (): Promise<Pair | undefined> => {
  const paths = Object.entries({ infra: values.infra, apps: values.apps }).flatMap(
    ([name, path]) => (path === undefined ? [] : [[name, path] as const]),
  );
  return paths.length === 0 ? startSandboxPair() : realPair(paths);
};

let isStopped = false;
/** Of this run, once they may be there. */
let namespaces: readonly string[] = [];

const runAll = async ({ world }: Arranged): Promise<void> => {
  for (const one of cases) {
    if (isStopped) {
      return;
    }
    counts.tried += 1;
    try {
      await runCase(world, one);
      counts.passed += 1;
      say(`ok    ${one.name}`);
    } catch (error) {
      failAt(one.name, textOf(error));
    }
  }
};

const runOn = async (pair: Pair): Promise<void> => {
  const arranged = await arrange({ host: values.host, clients: pair.clients });
  if (!arranged.ok) {
    say(`skip  all: ${arranged.failure}`);
    return;
  }
  namespaces = [...new Set(arranged.value.world.clusters.map(({ namespace }) => namespace))];
  await runAll(arranged.value);
  for (const left of await arranged.value.clear()) {
    say(`left  ${left}; remove it by hand`);
  }
};

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    const leaves =
      namespaces.length === 0 ? '' : `, and leaves the namespace ${namespaces.join(', ')}`;
    say(`stopping after this case, then removing what was made; once more ends at once${leaves}`);
    isStopped = true;
  });
}

const pair = await pairOf();
if (pair !== undefined) {
  try {
    await runOn(pair);
  } catch (error) {
    failAt('the stage could not be set', textOf(error));
  }
  await pair.close();
}
const skipped = cases.length - counts.tried;
say(`${counts.passed} passed, ${counts.failed} failed, ${skipped} skipped`);
const interrupted = 130;
process.exitCode = counts.failed > 0 ? 1 : isStopped ? interrupted : 0;
