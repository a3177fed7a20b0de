import { beforeAll, describe, expect, it } from 'vitest';
import type { Climb } from '#src/bootstrap/climb.ts';
import { openPlatform, type Platform } from '#test/platform/platform.ts';
import { climbOn, readLadder } from '#test/platform/sandbox/look.ts';
import { addMachinery } from '#test/platform/sandbox/machinery.ts';
import { type Broken, raiseStage } from '#test/platform/sandbox/stage.ts';

const minute = 60_000;
const ladder = readLadder();

let platform: Platform;

beforeAll(async () => {
  const opened = await openPlatform();
  if (!opened.ok) {
    throw new Error(opened.failure);
  }
  platform = opened.value;
}, 120_000);

const climbAfter = async (
  name: string,
  broken: readonly Broken[],
  isWithoutSource = false,
): Promise<Climb> => {
  const world = platform.world.clusters.find((one) => one.name === name);
  if (world === undefined) {
    throw new Error(`no cluster ${name}`);
  }
  const stage = await raiseStage(platform, name, broken);
  try {
    addMachinery(stage.cluster, world, ladder);
    stage.cluster.flux.setPaused('source-controller', isWithoutSource);
    await stage.clock.advance(3 * minute);
    return await climbOn(stage, name, ladder);
  } finally {
    await stage.close();
  }
};

const open = ({ rungs }: Climb): readonly string[] =>
  rungs.flatMap(({ name, units }) =>
    units
      .filter(({ outcome }) => outcome !== 'ok')
      .map(({ outcome, subject, detail }) => `${name}: ${subject} ${outcome} ${detail}`),
  );

const broken: readonly { readonly rung: string; readonly cause: string; readonly by: Broken }[] = [
  {
    rung: 'network',
    cause: 'CiliumLoadBalancerIPPool/*',
    by: { type: 'chart', urlPart: 'cilium' },
  },
  {
    rung: 'secrets',
    cause: 'ClusterSecretStore/onepassword',
    by: { type: 'object', kind: 'ClusterSecretStore', name: 'onepassword' },
  },
  {
    rung: 'storage',
    cause: 'Kustomization/flux-system/storage-tests',
    by: { type: 'build', layer: 'storage-tests' },
  },
];

describe.each(['infra', 'apps'])('the ladder on %s', (name) => {
  it('is climbed to the top', async () => {
    const climb = await climbAfter(name, []);

    expect(open(climb)).toEqual([]);
    expect(climb.reached).toBe(ladder.rungs.length);
  });

  it('stops at flux with what bootstrap left, as long as Flux cannot read the repository', async () => {
    const climb = await climbAfter(name, [], true);

    expect(climb.blocked?.rung.name).toBe('flux');
  });

  it.each(broken)('stops at $rung because of $cause', async ({ rung, cause, by }) => {
    const climb = await climbAfter(name, [by]);

    expect(climb.blocked?.rung.name).toBe(rung);
    expect(climb.blocked?.cause.subject).toBe(cause);
  });
});

it('says on infra whose secret is missing while apps has not let the bot in', async () => {
  const name = 'flux-chatops-worker-kubeconfigs';
  const climb = await climbAfter('infra', [
    { type: 'object', kind: 'ExternalSecret', namespace: 'flux-chatops', name },
  ]);

  expect(climb.blocked?.rung.name).toBe('secrets');
  expect(climb.blocked?.cause.subject).toBe(`ExternalSecret/flux-chatops/${name}`);
});
