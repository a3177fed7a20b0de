import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { redact, redacted, redactForeign } from '#src/text/redact.ts';
import { readRecording, recordingNames } from '#test/fixtures/recordings.ts';

const messages = (names: readonly string[]): readonly string[] => [
  ...new Set(
    names.flatMap((name) =>
      readRecording(name).webhooks.map(({ body }) => String(JSON.parse(body).message)),
    ),
  ),
];

// put together here, so that no scanner takes them for real ones
const fake = (...parts: string[]): string => parts.join('');

const secrets: readonly (readonly [string, string])[] = [
  ['a GitHub token', fake('gh', 'p_', 'FAKE'.repeat(9))],
  ['a GitHub fine-grained token', fake('github', '_pat_', '11ABCDEFG0123456789_abcdefXYZ')],
  ['a GitLab token', fake('glpat', '-', 'FAKE_fake-1234567890')],
  ['a Slack bot token', fake('xo', 'xb-', '123456789012-abcdefABCDEF')],
  ['a Slack app token', fake('xa', 'pp-1-', 'A0123-4567-abcdef')],
  ['an AWS key id', fake('AKI', 'A', 'FAKEFAKEFAKE1234')],
  ['a JWT', fake('ey', 'JhbGciOiJIUzI1NiJ9', '.', 'eyJzdWIiOiJmYWtlIn0', '.', 'c2lnbmF0dXJl-_')],
  ['an age key', fake('AGE-SECRET', '-KEY-1', 'QQPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L')],
  ['a random word in base64', 'dGhpcyBpcyBOT1QgYSBzZWNyZXQgYnV0IGxvb2tz=='],
  ['a random word in hex', '9f86d081884c7d659a2feaa0c55ad015'],
];

describe('redaction of foreign text', () => {
  it.each(secrets)('hides %s wherever it stands', (_, secret) => {
    for (const text of [secret, `push with ${secret} failed`, `"${secret}"`, `x=${secret};y`]) {
      expect(redact(text)).not.toContain(secret);
      expect(redact(text)).toContain(redacted);
    }
  });

  it.each([
    ['password: hunter2', 'hunter2'],
    ['DB_PASSWORD=hunter2', 'hunter2'],
    ['{"nested":{"clientSecret":"hunter2 and more"}}', 'hunter2'],
    ["api-key: 'hunter2'", 'hunter2'],
    ['{\\"password\\":\\"hunter2\\"}', 'hunter2'],
    ['--set auth.token=hunter2', 'hunter2'],
    ['Authorization: Bearer hunter2', 'hunter2'],
    ['clone https://bot:hunter2@git.example/a.git', 'hunter2'],
    ['post to https://hooks.slack.com/services/T1/B2/hunter2', 'hunter2'],
    ['-----BEGIN RSA PRIVATE KEY-----\nhunter2\n-----END RSA PRIVATE KEY-----', 'hunter2'],
    ['cut off: -----BEGIN PRIVATE KEY-----\nhunter2', 'hunter2'],
    [
      'Secret "web" is invalid: stringData[x]: Invalid value: "hunter2: x": must be longer',
      'hunter2',
    ],
    ['spec.containers[0].env[name="API_TOKEN"].value: Invalid value: "hunter2": no', 'hunter2'],
    [
      'ReadString: expects " or n, but found 1, error found in #10 byte of ...|":hunter2}|..., bigger context ...|{"a":hunter2|...',
      'hunter2',
    ],
  ])('hides the value in %s', (text, secret) => {
    expect(redact(text)).not.toContain(secret);
  });

  it('leaves no fake secret of the recording with hostile text', () => {
    const shown = messages(['17-hostile-text']).map(redact).join('\n');
    expect(shown).not.toMatch(/hunter2|ghp_|FAKE/);
    expect(shown).toContain('.stringData.password: expected string, got');
  });

  it('changes no other message of any recording', () => {
    const names = recordingNames().filter((name) => name !== '17-hostile-text');
    const ordinary = messages(names);
    expect(ordinary.length).toBeGreaterThan(200);
    expect(ordinary.map(redact)).toEqual(ordinary);
  });

  it.each([
    'main@sha1:ffa9d5388cd298e61ce86b70f3c624fea080c584',
    'latest@sha256:3a1b7e5f0c9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f4a3b2c1d0e9f8a7b6c5d4e3f',
    '0a75b3f9-a160-4a3f-aaae-2f47e526d0f3',
    'kustomize-controller-6b8c9d5f7-x2k4q',
    'ValidatingAdmissionPolicyBinding/harbor-core-image-tags-v1beta1',
    'failed to get secret \'flux-system/git-auth\': secrets "git-auth" not found',
    'external-secrets: v1.2.3',
    'secretRef: harbor-core, secretName: harbor-tls',
    'ssh://git@git.example/platform.git',
    'Deployment.apps "pgbouncer" is invalid: spec.selector: Invalid value: {"matchLabels":{"a":"b"}}: field is immutable',
    'cannot use token: unauthorized',
  ])('leaves %s as it is', (text) => {
    expect(redact(text)).toBe(text);
  });

  const fragment = fc.oneof(
    fc.string({ maxLength: 12 }),
    fc.constantFrom(...secrets.map(([, secret]) => secret), redacted),
    fc.constantFrom(': ', '=', '"', "'", '\n', '\\"', 'password', 'token', 'got ', '//a:b@', '{'),
    fc.constantFrom('Invalid value: ', '-----BEGIN A KEY-----', '-----END A KEY-----', 'Bearer '),
  );
  const hostile = fc.array(fragment, { maxLength: 25 }).map((parts) => parts.join(''));

  test.prop([hostile], { numRuns: 500 })(
    'never throws, and is the same when done again',
    (text) => {
      expect(redact(redact(text))).toBe(redact(text));
    },
  );

  test.prop([fc.constantFrom(...secrets), hostile, hostile], { numRuns: 300 })(
    'hides a token in any surroundings',
    ([, secret], before, after) => {
      fc.pre(!(before + after).includes(secret));
      expect(redact(`${before} ${secret} ${after}`)).not.toContain(secret);
    },
  );

  // a rule that goes back and forth over a long word would need minutes and run out of time
  it('gets through long text where every rule begins and none ends', () => {
    for (const unit of ['a', 'a.', 'a:', '="', '\\"', 'x://a:', 'ghp_', '{"a":', 'aB1', 'eyJ']) {
      expect(redact(unit.repeat(200_000 / unit.length))).toBeTypeOf('string');
    }
  });

  it('cuts what is too long, and no token in half', () => {
    const [, secret] = secrets[0] ?? ['', ''];
    const text = `${'word '.repeat(7_998)}${secret} ${'more '.repeat(100)}`;
    const kept = redactForeign(text);
    expect(kept.length).toBeLessThanOrEqual(40_001);
    expect(kept).not.toContain('FAKE');
    expect(kept.endsWith('…')).toBe(true);
  });

  it('cuts a word that is too long to be a token where the limit is', () => {
    const one = redactForeign('a'.repeat(50_000));
    expect(one).toBe(`${'a'.repeat(36_000)}…`);

    const before = 'word '.repeat(7_900);
    expect(redactForeign(`${before}${'a'.repeat(9_000)}`)).toBe(`${before}…`);
    expect(redactForeign(`${before}${' '.repeat(500)}${'a'.repeat(9_000)}`)).toBe(
      `${before}${' '.repeat(500)}…`,
    );
  });

  // looking for the end of the text from each character would run out of time
  it('cuts one long word after another at once', () => {
    for (let one = 0; one < 40; one++) {
      expect(redactForeign('a'.repeat(50_000)).endsWith('…')).toBe(true);
    }
  });
});
