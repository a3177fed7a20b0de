import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadConfig, readConfig } from '#src/config/load.ts';
import { sayProblemIn } from '#src/config/problems.ts';

const example = 'deploy/bot/flux-chatops.yaml';
const folder = mkdtempSync(join(tmpdir(), 'flux-chatops-config-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const problemsOf = (text: string): readonly string[] => {
  const file = join(folder, 'c.yaml');
  writeFileSync(file, text);
  const read = readConfig(file);
  return read.ok
    ? []
    : read.failure.map((problem) => sayProblemIn(file, problem).replace(`${folder}/`, ''));
};

const sections = {
  webhooks: '{ keys: [{ cluster: infra, key: { file: /run/secrets/name } }] }',
  slack: '{ mode: socket, team: T024BE7LD, botToken: { file: /run/secrets/name } }',
  redis: '{ url: { file: /run/secrets/name } }',
  keys: '{ journal: { file: /run/secrets/name }, audit: { file: /run/secrets/name } }',
};
const missing = (place: string) =>
  Object.entries(sections).map(
    ([name, written]) => `${place}: ${name}: is missing (for example ${written})`,
  );

const whole = `
clusters: [{ name: infra, channel: C1 }]
webhooks: { keys: [{ cluster: infra, key: { env: KEY } }] }
slack:
  mode: socket
  team: T1
  botToken: { env: KEY }
  appToken: { env: KEY }
redis: { url: { env: KEY } }
keys: { journal: { env: KEY }, audit: { env: KEY } }
`;

describe('a configuration file', () => {
  it('is in order as the example in deploy is', () => {
    expect(readConfig(example)).toMatchObject({ ok: true });
  });

  it.each<[string, string, readonly string[]]>([
    [
      'is empty',
      '',
      [
        'c.yaml: clusters: is missing (for example [{ name: infra, channel: C024BE91L }])',
        ...missing('c.yaml'),
      ],
    ],
    ['is a list', '- a', ['c.yaml:1:1: must be a mapping, not a list']],
    [
      'has a tab',
      'clusters:\n\t- a',
      ['c.yaml:2:1: is not YAML: Tabs are not allowed as indentation'],
    ],
    ['says a thing twice', `${whole}redis: {}\n`, ['c.yaml:11:1: redis stands here a second time']],
    [
      'has a misspelt section',
      whole.replace('slack:', 'slck:'),
      ['c.yaml:4:1: slck: is no setting; did you mean slack?'],
    ],
    [
      'has a word of another list',
      whole.replace('mode: socket', 'mode: sockets'),
      ['c.yaml:5:3: slack.mode: must be "socket" or "http", not "sockets" (for example socket)'],
    ],
    [
      'has values of other types',
      'clusters: infra\n',
      [
        'c.yaml:1:1: clusters: must be a list, not "infra" (for example [{ name: infra, channel: C024BE91L }])',
        ...missing('c.yaml:1:1'),
      ],
    ],
    [
      'has no cluster',
      whole.replace(/clusters: .*/, 'clusters: []'),
      ['c.yaml:2:1: clusters: is empty (for example [{ name: infra, channel: C024BE91L }])'],
    ],
    [
      'has a secret in it',
      whole.replace('botToken: { env: KEY }', 'botToken: xoxb-1'),
      [
        'c.yaml:7:3: slack.botToken: is a secret: say where it stands (for example { file: /run/secrets/name })',
      ],
    ],
    [
      'has wrong numbers, durations and zones',
      `${whole}listen: { public: { port: 99999 } }\nincidents: { dwell: 10 seconds }\ntimeZone: Berlin\n`,
      [
        'c.yaml:11:21: listen.public.port: must be at most 65535',
        'c.yaml:12:14: incidents.dwell: is not a duration (for example 10s)',
        'c.yaml:13:1: timeZone: is no time zone (for example Europe/Berlin)',
      ],
    ],
    [
      'lacks a part in the middle',
      whole.replace('team: T1', ''),
      ['c.yaml:4:1: slack.team: is missing (for example T024BE7LD)'],
    ],
  ])('tells where it %s', (_, text, expected) => {
    expect(problemsOf(text)).toEqual(expected);
  });

  it('tells a file that is not there', () => {
    expect(readConfig('/absent.yaml')).toMatchObject({
      failure: [{ path: '', wrong: 'there is no file /absent.yaml' }],
    });
  });

  it('tells a webhook key that two who must not speak for each other share', () => {
    const file = join(folder, 'c.yaml');
    const environment = { KEY: 'x'.repeat(32), ONE: 'one', SAME: 'one', OTHER: 'other' };
    const told = (...keys: readonly string[]) => {
      writeFileSync(file, whole.replace('{ cluster: infra, key: { env: KEY } }', keys.join(', ')));
      const loaded = loadConfig({ file, environment });
      return loaded.ok ? [] : loaded.failure.map((one) => sayProblemIn('c.yaml', one));
    };
    const one = '{ cluster: infra, key: { env: ONE } }';

    expect(told(one, '{ cluster: infra, namespaces: [a, b], key: { env: OTHER } }')).toEqual([]);
    // while a key is rotated both entries may hold the same for a while
    expect(told(one, '{ cluster: infra, key: { env: SAME } }')).toEqual([]);
    expect(told(one, '{ cluster: infra, namespaces: [a, b], key: { env: SAME } }')).toEqual([
      'c.yaml:3:97: webhooks.keys[1].key: is the same as webhooks.keys[0].key, which speaks for infra; each needs its own (for example openssl rand -hex 32)',
    ]);
  });

  it('tells what is wrong with it together with the secrets that are not there', () => {
    const file = join(folder, 'c.yaml');
    writeFileSync(
      file,
      whole
        .replace('mode: socket', 'mode: sockets')
        .replace('{ env: KEY } }\n', '{ env: GONE } }\n'),
    );

    const loaded = loadConfig({ file, environment: { KEY: 'x'.repeat(32) } });

    expect(loaded.ok ? [] : loaded.failure.map((one) => sayProblemIn('c.yaml', one))).toEqual([
      'c.yaml:5:3: slack.mode: must be "socket" or "http", not "sockets" (for example socket)',
      'c.yaml:9:10: redis.url: the environment has no GONE',
    ]);
  });

  it('tells every secret that is not there, at its place', () => {
    const file = join(folder, 'c.yaml');
    writeFileSync(file, whole.replace('journal: { env: KEY }', 'journal: { file: /absent }'));

    const loaded = loadConfig({ file, environment: { KEY: 'x' } });

    expect(loaded.ok ? [] : loaded.failure.map((one) => sayProblemIn('c.yaml', one))).toEqual([
      'c.yaml:10:9: keys.journal: there is no file /absent',
      'c.yaml:10:37: keys.audit: is shorter than 32 characters (for example openssl rand -hex 32)',
    ]);
  });

  it('takes a webhook key byte by byte, and leaves out the last line end elsewhere', () => {
    const file = join(folder, 'c.yaml');
    const secret = join(folder, 'secret');
    writeFileSync(secret, `${'x'.repeat(32)}\n`);
    writeFileSync(file, whole.replaceAll('{ env: KEY }', `{ file: ${secret} }`));

    const loaded = loadConfig({ file, environment: {} });

    expect(loaded.ok && Object.fromEntries(loaded.value.secrets)).toMatchObject({
      'webhooks.keys[0].key': `${'x'.repeat(32)}\n`,
      'slack.botToken': 'x'.repeat(32),
      'redis.url': 'x'.repeat(32),
      'keys.journal': 'x'.repeat(32),
    });
  });

  it.each<readonly [string, string, string]>([
    ['is empty', 'empty', 'the file PATH is empty'],
    ['is a folder', '.', 'PATH is a folder'],
  ])('tells a secret whose file %s', (_, name, expected) => {
    const file = join(folder, 'c.yaml');
    writeFileSync(join(folder, 'empty'), '');
    const path = join(folder, name);
    writeFileSync(file, whole.replace('url: { env: KEY }', `url: { file: ${path} }`));

    const loaded = loadConfig({ file, environment: { KEY: 'x'.repeat(32) } });

    expect(loaded.ok ? [] : loaded.failure).toMatchObject([
      { path: 'redis.url', wrong: expected.replace('PATH', path) },
    ]);
  });

  it('takes an empty word of the environment for none', () => {
    const file = join(folder, 'c.yaml');
    writeFileSync(file, whole.replace('url: { env: KEY }', 'url: { env: EMPTY }'));

    const loaded = loadConfig({ file, environment: { KEY: 'x'.repeat(32), EMPTY: '' } });

    expect(loaded.ok ? [] : loaded.failure).toMatchObject([
      { path: 'redis.url', wrong: 'the environment has no EMPTY' },
    ]);
  });
});
