import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import type { Actor } from '#src/command/actor.ts';
import { authorise, grantsOf, type Policy } from '#src/command/policy.ts';

const robin: Actor = { kind: 'slack', team: 'T1', user: 'U1', name: 'robin', groups: ['S1'] };
const target = { cluster: 'apps', namespace: 'media', object: 'ks/media/plex' };

const policy: Policy = {
  teams: ['T1'],
  grants: [
    {
      role: 'operator',
      permissions: ['reconcile'],
      subjects: ['slack-group:T1:S1'],
      clusters: ['apps'],
      namespaces: ['media'],
    },
  ],
};

describe('who may do what', () => {
  it('allows what a grant covers, and names the role', () => {
    expect(authorise(robin, 'reconcile', target, policy)).toEqual({
      kind: 'allow',
      role: 'operator',
    });
  });

  it.each([
    ['another permission', robin, 'suspend', target],
    ['another cluster', robin, 'reconcile', { ...target, cluster: 'infra' }],
    ['another namespace', robin, 'reconcile', { ...target, namespace: 'pki' }],
    ['a target without a namespace', robin, 'reconcile', { cluster: 'apps' }],
    ['another person', { ...robin, user: 'U2', groups: [] }, 'reconcile', target],
    ['the same group of another workspace', { ...robin, team: 'T2' }, 'reconcile', target],
  ] as const)('refuses %s', (_, actor, permission, where) => {
    expect(authorise(actor as Actor, permission, where, policy).kind).toBe('reject');
  });

  it('names what is missing', () => {
    expect(authorise(robin, 'suspend', target, policy)).toEqual({
      kind: 'reject',
      why: 'suspend on ks/media/plex on apps',
    });
  });

  const word = fc.constantFrom('a', 'b', 'c');
  test.prop([word, word, word, fc.record({ cluster: word, namespace: word })])(
    'denies everything where there are no grants',
    (user, permission, group, where) => {
      const actor: Actor = { kind: 'slack', team: 'T1', user, name: user, groups: [group] };
      expect(authorise(actor, permission, where, { teams: ['T1'], grants: [] }).kind).toBe(
        'reject',
      );
    },
  );

  it('of a person of a workspace that is not served is refused, whatever the grants say', () => {
    const stranger: Actor = { kind: 'slack', team: 'T9', user: 'U1', name: 'x', groups: [] };
    const grants = [{ role: 'all', permissions: ['*'], subjects: ['slack:T9:U1'] }];

    expect(authorise(stranger, 'status', {}, { teams: ['T1'], grants })).toEqual({
      kind: 'reject',
      why: 'this workspace is not served',
    });
    expect(authorise(stranger, 'status', {}, { teams: ['T9'], grants }).kind).toBe('allow');
  });

  it.each([
    [{}, 'reconcile on everything'],
    [{ cluster: 'infra' }, 'reconcile on infra'],
    [{ cluster: 'infra', namespace: 'pki' }, 'reconcile on pki on infra'],
  ])('names what is missing for %o', (where, why) => {
    expect(authorise(robin, 'reconcile', where, policy)).toEqual({ kind: 'reject', why });
  });

  it('takes a grant for a part of a cluster for its lists, and not for the cluster itself', () => {
    expect(authorise(robin, 'reconcile', { cluster: 'apps', any: true }, policy).kind).toBe(
      'allow',
    );
    expect(authorise(robin, 'reconcile', { cluster: 'apps', any: false }, policy).kind).toBe(
      'reject',
    );
    expect(authorise(robin, 'reconcile', { cluster: 'infra', any: true }, policy).kind).toBe(
      'reject',
    );
    expect(authorise(robin, 'reconcile', { any: true }, policy).kind).toBe('reject');
  });

  it('names the first grant that allows it', () => {
    const grants = ['first', 'second'].map((role) => ({
      role,
      permissions: ['*'],
      subjects: ['slack-member:T1'],
    }));

    expect(authorise(robin, 'reconcile', target, { teams: ['T1'], grants })).toEqual({
      kind: 'allow',
      role: 'first',
    });
  });

  it('knows a person of a terminal by cluster and name alone', () => {
    const actor: Actor = {
      kind: 'terminal',
      cluster: 'infra',
      username: 'robin',
      groups: ['S1', 'system:masters'],
    };
    const granted = (...subjects: readonly string[]) =>
      authorise(actor, 'status', target, {
        teams: [],
        grants: [{ role: 'viewer', permissions: ['status'], subjects }],
      }).kind;

    expect(granted('kubernetes:infra:robin')).toBe('allow');
    expect(granted('kubernetes:apps:robin')).toBe('reject');
    expect(
      granted(
        'slack:undefined:undefined',
        'slack-member:undefined',
        'slack-group:undefined:S1',
        'slack-group:undefined:system:masters',
      ),
    ).toBe('reject');
  });
});

describe('what somebody may do anywhere', () => {
  it('is what grants give to them, and nothing of others', () => {
    const grants = [
      { role: 'mine', permissions: ['*'], subjects: ['slack:T1:U9', 'slack:T1:U1'] },
      { role: 'of others', permissions: ['*'], subjects: ['slack:T1:U9'] },
      { role: 'ours', permissions: ['*'], subjects: ['slack-group:T1:S1'] },
      { role: 'everybody’s', permissions: ['*'], subjects: ['slack-member:T1'] },
      { role: 'of another workspace', permissions: ['*'], subjects: ['slack-member:T2'] },
    ];

    expect(grantsOf(robin, { teams: ['T1'], grants }).map(({ role }) => role)).toEqual([
      'mine',
      'ours',
      'everybody’s',
    ]);
  });
});
