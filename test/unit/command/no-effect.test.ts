import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import type { Actor } from '#src/command/actor.ts';
import { authorise, type Policy } from '#src/command/policy.ts';
import { createCommandBench } from '#test/fakes/command-bench.ts';

const actor: fc.Arbitrary<Actor> = fc.record({
  kind: fc.constant('slack' as const),
  team: fc.constantFrom('T1', 'T2'),
  user: fc.constantFrom('U1', 'U2'),
  name: fc.constant('robin'),
  groups: fc.subarray(['S1', 'S2']),
});

const subject = fc.constantFrom(
  'slack:T1:U1',
  'slack:T1:U2',
  'slack-member:T1',
  'slack-group:T1:S1',
  'kubernetes:apps:robin',
);
const policy: fc.Arbitrary<Policy> = fc.record({
  teams: fc.subarray(['T1', 'T2']),
  grants: fc.array(
    fc.record({
      role: fc.constant('some'),
      permissions: fc.subarray(['reconcile', 'status', '*']),
      subjects: fc.array(subject, { maxLength: 3 }),
      clusters: fc.option(fc.subarray(['apps', 'infra']), { nil: undefined }),
      namespaces: fc.option(fc.subarray(['data', 'media', 'flux-system']), { nil: undefined }),
    }),
    { maxLength: 4 },
  ),
});

const request = fc.constantFrom(
  'reconcile ks/data/api apps',
  'reconcile ks/data/api all',
  'reconcile api',
  'reconcile data/api --cluster apps --with-source',
  'status',
  'get',
);
const targetOf = (object: string) => ({
  cluster: 'apps',
  namespace: object.split('/')[1],
  object,
});
const target = targetOf('ks/data/api');

describe('a request', () => {
  test.prop([actor, policy, policy, request])(
    'has an effect only with the right to it, when asked and when run',
    async (who, asked, run, text) => {
      const bench = createCommandBench();
      bench.setPolicy(asked);
      const reply = await bench.dispatcher()(text, { actor: who });
      bench.setPolicy(run);
      if (reply.kind === 'queued') {
        await bench.runner('one').advance(reply.journal);
      }

      for (const object of bench.asked) {
        for (const each of [asked, run]) {
          expect(authorise(who, 'reconcile', targetOf(object), each)).toMatchObject({
            kind: 'allow',
          });
        }
      }
    },
  );

  test.prop([actor, policy])('has its effect with the right to it', async (who, granted) => {
    const bench = createCommandBench();
    bench.setPolicy(granted);
    const reply = await bench.dispatcher()('reconcile ks/data/api apps', { actor: who });
    if (reply.kind === 'queued') {
      await bench.runner('one').advance(reply.journal);
    }

    const allowed = authorise(who, 'reconcile', target, granted).kind === 'allow';
    expect(bench.patches.length).toBe(allowed ? 1 : 0);
  });
});
