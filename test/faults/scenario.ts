import { createHmac } from 'node:crypto';
import type { Clock } from '#src/clock.ts';
import type { Reply } from '#src/command/dispatch.ts';
import { printRef } from '#src/flux/ref.ts';
import { between, chance, pick } from '#test/faults/chance.ts';
import type { Change, FluxCluster, OnEvent } from '#test/faults/flux.ts';
import { channelOf, type Replica, team, webhookKey } from '#test/faults/replica.ts';

/** How long things happen before all is quiet, ms. */
export const lengthMs = 75_000;

interface ScenarioOptions {
  readonly seed: number;
  readonly clock: Clock;
  readonly clusters: readonly FluxCluster[];
  /** Those that are up now. */
  readonly replicas: () => readonly Replica[];
  readonly onAnswer: (reply: Reply) => void;
}

const changes: readonly Change[] = [
  ...(['break', 'break', 'break', 'break', 'mend', 'mend', 'mend'] as const),
  ...(['suspend', 'resume', 'delete', 'create', 'create', 'request'] as const),
];

const asker = {
  kind: 'slack' as const,
  team,
  user: 'U1',
  name: 'robin',
  groups: [],
};

/** What clusters and people do, the same for a seed whatever the faults. */
export const play = ({ seed, clock, clusters, replicas, onAnswer }: ScenarioOptions): void => {
  const at = (name: string, latest: number, act: () => void): void => {
    void clock.wait(between(`${seed}/${name}/at`, 500, latest)).then(act);
  };

  const changeSomething = (name: string): void => {
    const cluster = pick(`${seed}/${name}/cluster`, clusters);
    const thing = pick(`${seed}/${name}/thing`, cluster.things);
    cluster.change(thing, pick(`${seed}/${name}/what`, changes));
  };
  for (let count = between(`${seed}/changes`, 4, 16); count > 0; count--) {
    at(`change/${count}`, lengthMs - 5_000, () => changeSomething(`change/${count}`));
  }

  const ask = (name: string): void => {
    const up = replicas();
    if (up.length === 0) {
      return;
    }
    const replica = pick(`${seed}/${name}/replica`, up);
    const cluster = pick(`${seed}/${name}/cluster`, clusters);
    const thing = pick(`${seed}/${name}/thing`, cluster.things);
    const where = chance(`${seed}/${name}/all`) < 0.2 ? 'all' : cluster.server.name;
    const first = chance(`${seed}/${name}/source`) < 0.3 ? ' --with-source' : '';
    void replica
      .dispatch({
        origin: 'slash',
        actor: asker,
        place: { channel: channelOf(cluster.server.name) },
        request: { text: `reconcile ${printRef(thing.ref)} ${where}${first}` },
      })
      .then(onAnswer);
  };
  for (let count = between(`${seed}/asks`, 1, 6); count > 0; count--) {
    at(`ask/${count}`, lengthMs - 10_000, () => ask(`ask/${count}`));
  }

  if (chance(`${seed}/fence`) < 0.15) {
    const { server } = pick(`${seed}/fence/cluster`, clusters);
    const from = between(`${seed}/fence/from`, 500, lengthMs - 30_000);
    void clock.wait(from).then(() => server.setFence(false));
    void clock.wait(from + between(`${seed}/fence/for`, 5_000, 25_000)).then(() => {
      server.setFence(true);
    });
  }

  if (chance(`${seed}/restore`) < 0.15) {
    const cluster = pick(`${seed}/restore/cluster`, clusters);
    at('snapshot', 20_000, () => cluster.snapshot());
    at('restore', lengthMs - 20_000, () => cluster.restore());
  }
};

/** Delivers events as Flux does: again when it is not taken, for some seconds; some come twice. */
export const createSender = (
  seed: number,
  clock: Clock,
  replicas: () => readonly Replica[],
): OnEvent => {
  let sent = 0;

  const once = (name: string, cluster: string, body: Buffer): Promise<number> => {
    const up = replicas();
    const replica = up.length === 0 ? undefined : pick(name, up);
    const signature = createHmac('sha256', webhookKey).update(body).digest('hex');
    return replica === undefined
      ? Promise.resolve(503)
      : Promise.race([
          replica.receive(cluster, body, `sha256=${signature}`),
          clock.wait(15_000).then(() => 504),
        ]);
  };

  const deliver = async (name: string, cluster: string, body: Buffer): Promise<void> => {
    for (const pauseMs of [250, 500, 1_000, 2_000, 4_000]) {
      if ((await once(`${name}/${pauseMs}`, cluster, body)) === 202) {
        return;
      }
      await clock.wait(pauseMs);
    }
  };

  return (cluster, event) => {
    sent += 1;
    const name = `${seed}/event/${sent}`;
    const body = Buffer.from(JSON.stringify(event));
    void deliver(name, cluster, body);
    if (chance(`${name}/twice`) < 0.2) {
      void clock
        .wait(between(`${name}/again`, 0, 5_000))
        .then(() => deliver(`${name}/again`, cluster, body));
    }
  };
};
