import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { authorise } from '#src/command/policy.ts';
import { Config, configJsonSchema, configWith } from '#src/config/config.ts';
import { policyOf } from '#src/config/policy.ts';
import { configProblems, sayProblem } from '#src/config/problems.ts';

const good = `
clusters:
  - { name: apps, kubeconfig: /etc/flux-chatops/apps.yaml, channel: C0APPS }
  - { name: infra, channel: C0INFRA }
webhooks:
  keys:
    - { cluster: apps, key: { file: /run/secrets/apps } }
    - { cluster: infra, key: { env: INFRA_KEY } }
    - { cluster: infra, namespaces: [tenant-a], key: { env: TENANT_KEY } }
slack:
  mode: socket
  team: T01
  botToken: { env: SLACK_BOT_TOKEN }
  appToken: { env: SLACK_APP_TOKEN }
people:
  - { name: robin, slack: U01, kubernetes: [{ cluster: apps, username: robin@example.com }] }
access:
  roles: { viewer: [status, get], operator: [status, get, reconcile] }
  grants:
    - { role: viewer, members: true }
    - { role: operator, people: [robin], clusters: [apps] }
redis: { url: { env: REDIS_URL } }
keys: { journal: { env: JOURNAL_KEY }, audit: { env: AUDIT_KEY } }
`;

const problemsOf = (text: string, permissions?: readonly string[]): readonly string[] => {
  const parsed = configWith(permissions).safeParse(parse(text), { reportInput: true });
  return parsed.success ? [] : configProblems(parsed.error, configJsonSchema()).map(sayProblem);
};

describe('the configuration', () => {
  it('takes a complete one and fills in what may be left out', () => {
    expect(Config.parse(parse(good))).toMatchObject({
      slack: { command: '/flux' },
      incidents: { dwell: 10_000, reopen: 900_000 },
      listen: { public: { port: 8080 } },
      clusters: [{ fence: 'required' }, { fence: 'required' }],
    });
  });

  it('says all mistakes at once, each with its place and an example', () => {
    const bad = good
      .replace('channel: C0APPS', "channel: '#apps'")
      .replace('mode: socket', 'mode: sockets')
      .replace('{ env: SLACK_BOT_TOKEN }', 'xoxb-1')
      .replace('team: T01', 'tem: T01');

    expect(problemsOf(bad)).toEqual([
      'clusters[0].channel: is a channel’s id, not its name (Slack: channel details, at the bottom) (for example C024BE91L)',
      'slack.mode: must be "socket" or "http", not "sockets" (for example socket)',
      'slack.botToken: is a secret: say where it stands (for example { file: /run/secrets/name })',
      'slack.tem: is no setting; did you mean team?',
    ]);
  });

  it('finds names that lead nowhere', () => {
    const bad = good
      .replace('people: [robin]', 'people: [robyn]')
      .replace('role: viewer, members', 'role: reader, members')
      .replace('{ cluster: apps, key', '{ cluster: app, key')
      .replace('appToken: { env: SLACK_APP_TOKEN }', '');

    expect(problemsOf(bad)).toEqual([
      'webhooks.keys[0].cluster: no cluster is called "app"; there are apps, infra',
      'clusters[0]: no webhook key speaks for "apps"; add one under webhooks.keys',
      'access.grants[0].role: no role is called "reader"; there are viewer, operator',
      'access.grants[1].people[0]: nobody under people is called "robyn"',
      'slack.appToken: mode socket needs the app token (for example { file: /run/secrets/name })',
    ]);
  });

  it('tells names that lead nowhere beside what is wrong with the shape, all at once', () => {
    const bad = good
      .replace('team: T01', 'tem: T01')
      .replace('appToken: { env: SLACK_APP_TOKEN }', 'appToken: xapp-1')
      .replace('{ env: INFRA_KEY }', 'literal')
      .replace('name: infra, channel', 'name: apps, channel')
      .replace('slack: U01', 'slack: robin')
      .replace('people: [robin]', 'people: [robyn]')
      .replace('role: viewer, members', 'role: reader, members');

    expect(problemsOf(bad)).toEqual([
      'webhooks.keys[1].key: is a secret: say where it stands (for example { file: /run/secrets/name })',
      'slack.appToken: is a secret: say where it stands (for example { file: /run/secrets/name })',
      'slack.tem: is no setting; did you mean team?',
      'people[0].slack: is a member’s id (for example U024BE7LH)',
      'clusters[1].name: another cluster is called "apps" already',
      'webhooks.keys[1].cluster: no cluster is called "infra"; there are apps',
      'webhooks.keys[2].cluster: no cluster is called "infra"; there are apps',
      'access.grants[0].role: no role is called "reader"; there are viewer, operator',
      'access.grants[1].people[0]: nobody under people is called "robyn"',
    ]);
  });

  it('says nothing of names whose section is not there at all', () => {
    expect(problemsOf('access: { roles: [], grants: [{ role: a, people: [b] }] }')).toEqual([
      'clusters: is missing (for example [{ name: infra, channel: C024BE91L }])',
      'webhooks: is missing (for example { keys: [{ cluster: infra, key: { file: /run/secrets/name } }] })',
      'slack: is missing (for example { mode: socket, team: T024BE7LD, botToken: { file: /run/secrets/name } })',
      'access.roles: must be a mapping, not a list',
      'redis: is missing (for example { url: { file: /run/secrets/name } })',
      'keys: is missing (for example { journal: { file: /run/secrets/name }, audit: { file: /run/secrets/name } })',
      'access.grants[0].people[0]: nobody under people is called "b"',
    ]);
  });

  test.prop([fc.jsonValue()])('gives an answer to anything', (written) => {
    const parsed = configWith(['get']).safeParse(written, { reportInput: true });
    expect(parsed.success).toBe(false);
  });

  it('finds roles that allow what no command asks for', () => {
    const roles = good.replace('viewer: [status, get]', 'viewer: [status, gett, destroy, "*"]');
    const known = ['status', 'get', 'reconcile'];

    expect(problemsOf(good, known)).toEqual([]);
    expect(problemsOf(roles, known)).toEqual([
      'access.roles.viewer[1]: no command is called "gett"; did you mean get?',
      'access.roles.viewer[2]: no command is called "destroy"; there are status, get, reconcile, and "*" for all',
    ]);
  });

  it('gives an example of addresses and of the slash command, too', () => {
    const bad = good
      .replace('slack: U01,', 'slack: U01, emails: [robin],')
      .replace('mode: socket', 'mode: socket\n  command: flux\n  apiUrl: slack');

    expect(problemsOf(bad)).toEqual([
      'slack.command: is a slash command (for example /flux)',
      'slack.apiUrl: is no address (for example http://127.0.0.1:8081/api/)',
      'people[0].emails[0]: is no e-mail address (for example robin@example.com)',
    ]);
  });

  it('knows no role but those that are written down', () => {
    expect(problemsOf(good.replace('role: viewer, members', 'role: constructor, members'))).toEqual(
      ['access.grants[0].role: no role is called "constructor"; there are viewer, operator'],
    );
  });

  it('finds clusters that are not there, wherever they are named', () => {
    const bad = good
      .replace('clusters: [apps] }', 'clusters: [apps, ap] }')
      .concat('channels: [{ id: C0MORE, cluster: apps }, { id: C0ELSE, cluster: inf }]\n');

    expect(problemsOf(bad)).toEqual([
      'channels[1].cluster: no cluster is called "inf"; there are apps, infra',
      'access.grants[1].clusters[1]: no cluster is called "ap"; there are apps, infra',
    ]);
  });

  it('asks for the signing secret where Slack comes by HTTP', () => {
    const http = good.replace('mode: socket', 'mode: http');

    expect(problemsOf(http)).toEqual([
      'slack.signingSecret: mode http needs the signing secret (for example { file: /run/secrets/name })',
    ]);
    expect(problemsOf(http.replace('  appToken: { env', '  signingSecret: { env'))).toEqual([]);
  });

  it('takes Git hosts, and says what is wrong with them', () => {
    const hosts = (written: string) => `${good}git: { hosts: [${written}] }`;

    expect(
      problemsOf(
        hosts('{ host: github.com, kind: github, token: { env: GITHUB_TOKEN }, owners: [acme] }'),
      ),
    ).toEqual([]);
    // without a token there is nothing that is not public
    expect(problemsOf(hosts('{ host: github.com, kind: github }'))).toEqual([]);
    expect(problemsOf(hosts('{ host: https://git.example/, kind: git, token: ghp_x }'))).toEqual([
      'git.hosts[0].host: is a host as it stands in spec.url of a GitRepository: no scheme, no path (for example github.com)',
      'git.hosts[0].kind: must be "github" or "gitlab" or "gitea" or "bitbucket", not "git" (for example github)',
      'git.hosts[0].token: is a secret: say where it stands (for example { file: /run/secrets/name })',
    ]);
    expect(
      problemsOf(
        hosts(
          '{ host: git.example, kind: gitea, token: { env: T } }, { host: git.example, kind: gitlab }',
        ),
      ),
    ).toEqual([
      'git.hosts: two entries have one host',
      'git.hosts[0].token: is for kind github; pages of a gitea host are linked, and nothing is read there (for example { file: /run/secrets/name })',
    ]);
  });

  it('lets no token read whatever a GitRepository names', () => {
    expect(
      problemsOf(
        `${good}git: { hosts: [{ host: github.com, kind: github, token: { env: GITHUB_TOKEN } }] }`,
      ),
    ).toEqual([
      'git.hosts[0].owners: is needed with a token, for example owners: [acme]; without it whoever may write a GitRepository could have the bot read all that the token can',
    ]);
    expect(configJsonSchema()).toMatchObject({
      properties: {
        git: {
          properties: { hosts: { items: { dependentRequired: { token: ['owners'] } } } },
        },
      },
    });
  });

  it('becomes a policy that grants what it says and nothing more', () => {
    const policy = policyOf(Config.parse(parse(good)));
    const robin = { kind: 'slack', team: 'T01', user: 'U01', name: 'robin', groups: [] } as const;
    const terminal = {
      kind: 'terminal',
      cluster: 'apps',
      username: 'robin@example.com',
      groups: [],
    } as const;
    const where = (cluster: string) => ({ cluster, namespace: 'media', object: 'ks/media/plex' });

    expect(authorise(robin, 'reconcile', where('apps'), policy).kind).toBe('allow');
    expect(authorise(terminal, 'reconcile', where('apps'), policy).kind).toBe('allow');
    expect(authorise(robin, 'reconcile', where('infra'), policy).kind).toBe('reject');
    expect(authorise({ ...robin, user: 'U02' }, 'get', where('infra'), policy).kind).toBe('allow');
    expect(authorise({ ...terminal, cluster: 'infra' }, 'get', where('infra'), policy).kind).toBe(
      'reject',
    );
  });
});
