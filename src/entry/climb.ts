/**
 * Climbs bootstrap/ladder.yaml with kubectl, for the Taskfiles: at that point there is no bot yet to ask.
 *
 *     node src/entry/climb.ts --cluster infra [--cluster apps] [--rung flux] [--wait] [--quiet]
 *
 * With --rung only the rungs up to that one count. With --wait it looks again until they are passed or the
 * rung's budget is used up. Exits 0 when all are passed, 1 when something stands against one, 2 when nothing
 * does but something could not be looked at, 64 when it was asked wrongly.
 */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { parse as parseYaml } from 'yaml';
import { type Climb, climb } from '#src/bootstrap/climb.ts';
import { type Ladder, parseLadder, wantedOf } from '#src/bootstrap/ladder.ts';
import { sayClimb } from '#src/bootstrap/say.ts';
import { type Answer, kindKey, type Listing, type Snapshot } from '#src/bootstrap/snapshot.ts';

type Printed =
  | { readonly ok: true; readonly out: string }
  | { readonly ok: false; readonly error: string };

const kubectl = (cluster: string, args: readonly string[]): Promise<Printed> =>
  new Promise((resolve) => {
    execFile(
      'kubectl',
      [`--kubeconfig=.cache/clusters/${cluster}/kubeconfig`, '--request-timeout=10s', ...args],
      { timeout: 15_000, maxBuffer: 256 * 1024 * 1024 },
      (error, out, said) =>
        resolve(
          error === null ? { ok: true, out } : { ok: false, error: said.trim() || error.message },
        ),
    );
  });

const refusal = (
  cluster: string,
  error: string,
): { type: 'forbidden' | 'unreachable'; detail: string } => ({
  type: /\(Forbidden\)/.test(error) ? 'forbidden' : 'unreachable',
  detail: /kubeconfig: no such file/.test(error)
    ? `(no kubeconfig: task talos:kubeconfig CLUSTER=${cluster} fetches it)`
    : (error.split('\n').at(-1) ?? error),
});

const list = async (
  cluster: string,
  of: { apiVersion: string; kind: string },
): Promise<Listing> => {
  const [group, version] = of.apiVersion.includes('/')
    ? of.apiVersion.split('/')
    : ['', of.apiVersion];
  const named = `${of.kind}.${version}.${group}`;
  const printed = await kubectl(cluster, ['get', named, '--all-namespaces', '--output=json']);
  if (printed.ok) {
    return { type: 'objects', objects: JSON.parse(printed.out).items };
  }
  return /the server doesn't have a resource type|no matches for kind/.test(printed.error)
    ? { type: 'not-served' }
    : refusal(cluster, printed.error);
};

const ask = async (cluster: string, endpoint: string): Promise<Answer> => {
  const printed = await kubectl(cluster, ['get', '--raw', endpoint]);
  if (printed.ok) {
    return { type: 'status', code: 200 };
  }
  return /Error from server \((InternalError|ServiceUnavailable)\)/.test(printed.error)
    ? { type: 'status', code: 503 }
    : refusal(cluster, printed.error);
};

/** One after the other in four lanes: kubectl is a process of its own each time. */
const inLanes = async <Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> => {
  const results: Result[] = [];
  const queue = [...items.entries()];
  const lane = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      results[next[0]] = await work(next[1]);
    }
  };
  await Promise.all([lane(), lane(), lane(), lane()]);
  return results;
};

const look = async (ladder: Ladder, cluster: string): Promise<Climb> => {
  const wanted = wantedOf(ladder.rungs, ladder.shapes, cluster);
  const kinds = [{ apiVersion: 'v1', kind: 'Namespace' }, ...wanted.kinds];
  const unique = [...new Map(kinds.map((kind) => [kindKey(kind), kind])).values()];
  const listings = await inLanes(
    unique,
    async (kind) => [kindKey(kind), await list(cluster, kind)] as const,
  );
  const endpoints = await inLanes(
    wanted.endpoints,
    async (path) => [path, await ask(cluster, path)] as const,
  );
  const snapshot: Snapshot = {
    cluster,
    at: Date.now(),
    listings: new Map(listings),
    endpoints: new Map(endpoints),
    signals: new Map(),
  };
  return climb(ladder, snapshot);
};

const exitCode = ({ reached, rungs, blocked }: Climb): 0 | 1 | 2 => {
  if (reached === rungs.length) return 0;
  return blocked === undefined ? 2 : 1;
};

interface Asked {
  readonly clusters: readonly string[];
  readonly rung: string | undefined;
  readonly isWaiting: boolean;
  readonly isQuiet: boolean;
}

const readLadder = async ({ clusters, rung }: Asked): Promise<Ladder> => {
  const parsed = parseLadder(parseYaml(await readFile('bootstrap/ladder.yaml', 'utf8')));
  if (!parsed.ok) throw new Error(`bootstrap/ladder.yaml: ${parsed.failure.join('; ')}`);
  const { rungs, clusters: known } = parsed.value;
  const unknown = clusters.find((cluster) => !known.includes(cluster));
  if (clusters.length === 0 || unknown !== undefined)
    throw new Error(`--cluster must be one of ${known.join(', ')}`);
  const last = rungs.findIndex(({ name }) => name === rung);
  if (rung !== undefined && last === -1)
    throw new Error(`--rung must be one of ${rungs.map(({ name }) => name).join(', ')}`);
  return { ...parsed.value, rungs: rung === undefined ? rungs : rungs.slice(0, last + 1) };
};

const climbOne = async (ladder: Ladder, cluster: string, asked: Asked): Promise<0 | 1 | 2> => {
  const budget = asked.rung === undefined ? undefined : ladder.rungs.at(-1)?.budget;
  const everyMs = Number(process.env['BOOTSTRAP_EVERY'] ?? 5) * 1_000;
  const until = Date.now() + Number(process.env['BOOTSTRAP_BUDGET_MS'] ?? budget ?? 0);
  let result = await look(ladder, cluster);
  while (asked.isWaiting && exitCode(result) !== 0 && Date.now() < until) {
    await wait(everyMs);
    result = await look(ladder, cluster);
  }
  if (!asked.isQuiet) {
    console.log(sayClimb(result));
  }
  if (asked.isWaiting && exitCode(result) !== 0) {
    console.error(
      `${cluster}: rung ${asked.rung ?? ladder.rungs.at(-1)?.name} was not reached in time`,
    );
  }
  return exitCode(result);
};

const asked = (): Asked => {
  const { values } = parseArgs({
    options: {
      cluster: { type: 'string', multiple: true, default: [] },
      rung: { type: 'string' },
      wait: { type: 'boolean', default: false },
      quiet: { type: 'boolean', default: false },
    },
  });
  return {
    clusters: values.cluster,
    rung: values.rung,
    isWaiting: values.wait,
    isQuiet: values.quiet,
  };
};

if (import.meta.main) {
  try {
    const wish = asked();
    const ladder = await readLadder(wish);
    const codes: number[] = [];
    for (const cluster of wish.clusters) {
      codes.push(await climbOne(ladder, cluster, wish));
    }
    process.exitCode = codes.includes(1) ? 1 : Math.max(...codes);
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 64;
  }
}
