import { describe, expect, it } from 'vitest';
import { policyOf } from '#src/config/policy.ts';

type Access = Parameters<typeof policyOf>[0]['access'];
type Grant = Access['grants'][number];

const person = (name: string, slack: string, username?: string) => ({
  name,
  slack,
  emails: [],
  kubernetes: username === undefined ? [] : [{ cluster: 'apps', username }],
});

const policyWith = (grant: Partial<Grant>, roles: Access['roles'] = { viewer: ['get'] }) =>
  policyOf({
    slack: { team: 'T1' } as Parameters<typeof policyOf>[0]['slack'],
    people: [person('robin', 'U1', 'robin@example.com'), person('alex', 'U2')],
    access: {
      roles,
      grants: [{ role: 'viewer', people: [], groups: [], members: false, ...grant }],
    },
  });

describe('the policy of a configuration', () => {
  it('serves the one workspace', () => {
    expect(policyWith({}).teams).toEqual(['T1']);
  });

  it('grants the commands of the role, everywhere, to nobody that is not named', () => {
    expect(policyWith({}).grants).toEqual([{ role: 'viewer', permissions: ['get'], subjects: [] }]);
  });

  it.each<[string, Partial<Grant>, readonly string[]]>([
    [
      'a person, by Slack and by terminal',
      { people: ['robin'] },
      ['slack:T1:U1', 'kubernetes:apps:robin@example.com'],
    ],
    ['a person without a terminal', { people: ['alex'] }, ['slack:T1:U2']],
    [
      'several',
      { people: ['alex', 'robin'] },
      ['slack:T1:U2', 'slack:T1:U1', 'kubernetes:apps:robin@example.com'],
    ],
    ['a group', { groups: ['S1', 'S2'] }, ['slack-group:T1:S1', 'slack-group:T1:S2']],
    ['every member', { members: true }, ['slack-member:T1']],
    ['nobody whom it does not know', { people: ['somebody'] }, []],
  ])('grants to %s', (_, grant, subjects) => {
    expect(policyWith(grant).grants[0]?.subjects).toEqual(subjects);
  });

  it('grants only on the clusters and in the namespaces that are named', () => {
    expect(policyWith({ clusters: ['apps'], namespaces: ['media'] }).grants[0]).toMatchObject({
      clusters: ['apps'],
      namespaces: ['media'],
    });
    expect(policyWith({ clusters: [], namespaces: [] }).grants[0]).toMatchObject({
      clusters: [],
      namespaces: [],
    });
  });

  it('grants nothing by a role that is not there', () => {
    expect(policyWith({}, {}).grants[0]?.permissions).toEqual([]);
  });
});
