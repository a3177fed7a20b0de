import { setTimeout as sleep } from 'node:timers/promises';
import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import type { Observation } from '#src/cluster/cluster.ts';
import { foldObservations, versionsOf } from '#test/contract/cluster-fold.ts';
import { eventually, kustomization, serverWorld } from '#test/contract/cluster-worlds.ts';

const name = fc.constantFrom('a', 'b', 'c', 'd');

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('put' as const), name, path: fc.nat(9) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('remove' as const), name }) },
  fc.record({ do: fc.constantFrom('expire', 'cut', 'drop', 'calm') }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.nat(40) }),
  fc.record({ do: fc.constant('fail' as const), status: fc.constantFrom(500, 503, 429, 504, 404) }),
  fc.record({ do: fc.constant('restore' as const), back: fc.integer({ min: 1, max: 8 }) }),
  fc.record({ do: fc.constantFrom('disconnect', 'forbid', 'slow', 'bounce') }),
);

describe('a cluster after any trouble', () => {
  test.prop([fc.array(step, { minLength: 5, maxLength: 25 })], { numRuns: 40, endOnFailure: true })(
    'holds what its API server holds, and has told it',
    async (steps) => {
      const world = await serverWorld({ silenceMs: 1_000, deadlineMs: 500 });
      const { server, cluster } = world;
      const heard: Observation[] = [];
      cluster.subscribe((observation) => heard.push(observation));
      const quiet = async (): Promise<void> => {
        server.faults.clear();
        await eventually(() => {
          const there = server.objects
            .list('kustomize.toolkit.fluxcd.io/v1', 'Kustomization')
            .map(({ metadata }) => [
              `ks/${metadata.namespace}/${metadata.name}`,
              `${metadata.uid} ${metadata.resourceVersion}`,
            ]);
          expect(versionsOf(cluster.objects())).toEqual(Object.fromEntries(there));
          expect(foldObservations(heard)).toEqual(versionsOf(cluster.objects()));
        });
      };
      const restored = async (back: number): Promise<void> => {
        server.faults.clear();
        const before = server.requests().length;
        server.faults.restoreTo(Math.max(1, server.storage.version() - back));
        await eventually(() => {
          const since = server.requests().slice(before);
          expect(since.some(({ path }) => /\/kustomizations\?.*(limit|Initial)/.test(path))).toBe(
            true,
          );
        });
        // until the answer is there
        await sleep(20);
        await quiet();
      };
      try {
        await eventually(() => expect(cluster.freshness().synced).toBe(true));
        for (const one of steps) {
          switch (one.do) {
            case 'put':
              world.put(kustomization(one.name, { path: `./${one.path}` }));
              break;
            case 'remove':
              world.remove(kustomization(one.name));
              break;
            case 'expire':
              server.faults.expireWatches();
              break;
            case 'cut':
              server.faults.cutConnections();
              break;
            case 'drop':
              server.faults.dropWatches();
              break;
            case 'wait':
              await sleep(one.ms);
              break;
            case 'fail':
              server.faults.set({ fail: { status: one.status } });
              break;
            case 'restore':
              // it is seen if every kind is looked at before the counter has passed what we hold: in a
              // cluster that is hours, here it is a moment
              await restored(one.back);
              break;
            case 'disconnect':
              server.faults.set({ disconnect: {} });
              break;
            case 'forbid':
              server.faults.set({ forbid: { resource: 'kustomizations' } });
              break;
            case 'slow':
              server.faults.set({ slow: { ms: 20 } });
              break;
            case 'bounce':
              await server.faults.down();
              await server.faults.up();
              break;
            case 'calm':
              server.faults.clear();
              break;
            default:
              break;
          }
        }
        await quiet();
        const epochs = heard.map(({ epoch }) => epoch);
        expect(epochs).toEqual(epochs.toSorted((left, right) => left - right));
      } finally {
        await world.close();
      }
    },
    180_000,
  );
});
