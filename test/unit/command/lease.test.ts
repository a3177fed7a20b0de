import { describe, expect, it } from 'vitest';
import type { Cluster } from '#src/cluster/cluster.ts';
import type { CommandStep, StepContext } from '#src/command/define.ts';
import { takeStep } from '#src/command/take-step.ts';
import { ok } from '#src/result.ts';
import { createCommandBench } from '#test/fakes/command-bench.ts';

describe('a worker that lost its journal to another', () => {
  it('does not write what it found, though nobody else has written yet', async () => {
    const bench = createCommandBench();
    await bench.dispatcher()('reconcile ks/data/api apps');
    await bench.runner('first').advance('CMD-1');
    bench.handle();
    const slow: Cluster = {
      ...bench.cluster,
      read: async (ref) => {
        await bench.clock.wait(20_000);
        return bench.cluster.read(ref);
      },
    };
    const hanging: Cluster = { ...bench.cluster, read: () => new Promise(() => undefined) };
    await bench.clock.advance(1_000);
    const first = bench.runner('first', slow).advance('CMD-1');
    await bench.clock.advance(16_000);
    void bench.runner('second', hanging).advance('CMD-1');
    await bench.clock.advance(10_000);

    expect(await first).toBe(false);
    expect((await bench.journal('CMD-1')).status).toBe('running');
    expect(bench.facts.map(({ kind }) => kind)).toEqual(['decided']);
  });

  it('does not act', async () => {
    let acted = false;
    const step: CommandStep = {
      name: 'pull',
      title: 'Pull',
      done: async () => ok(false),
      act: async () => {
        acted = true;
        return { kind: 'done' };
      },
    };

    const outcome = await takeStep(step, { stillMine: async () => false } as StepContext);

    expect(outcome).toBe('lost');
    expect(acted).toBe(false);
  });
});
