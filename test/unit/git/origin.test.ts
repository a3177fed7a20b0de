import { fc, it as property } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import {
  commitUrl,
  compareUrl,
  gitPath,
  type Origin,
  originOf,
  pathUrl,
  pullRequestUrl,
  repositoryOf,
} from '#src/git/origin.ts';

const from = 'a'.repeat(40);
const to = 'b'.repeat(40);

describe('the origin of a repository', () => {
  it.each([
    'https://github.com/acme/platform',
    'https://github.com/acme/platform.git',
    'https://github.com/acme/platform/',
    'https://robin:ghp_secret@github.com/acme/platform.git',
    'ssh://git@github.com/acme/platform.git',
    'ssh://git@github.com:22/acme/platform',
    'ssh://git@ssh.github.com:443/acme/platform.git',
    'git@github.com:acme/platform.git',
    'HTTPS://GitHub.com/acme/platform',
  ])('is the same whatever form its address has: %s', (url) => {
    expect(originOf(url, [])).toEqual({
      host: 'github.com',
      path: 'acme/platform',
      kind: 'github',
      webUrl: 'https://github.com/acme/platform',
    });
  });

  it.each([
    'https://github.com/',
    'https://github.com/acme',
    'https://github.com/acme/../secret',
    'https://github.com/acme/a%2f..',
    'file:///srv/git/platform',
    'oci://ghcr.io/acme/platform',
    'not an address',
    '',
  ])('is unknown where the address names no repository: %s', (url) => {
    expect(originOf(url, [])).toBeUndefined();
  });

  it('takes slashes at the ends of the path away, and none in it', () => {
    expect(repositoryOf('https://git.example//acme/platform.git//')?.path).toBe('acme/platform');
    expect(repositoryOf('https://git.example/acme//platform')).toBeUndefined();
    expect(repositoryOf('https://git.example/acme/.git')).toBeUndefined();
    expect(repositoryOf('https://git.example///')).toBeUndefined();
  });

  it('is unknown where the address is longer than any is', () => {
    const written = (length: number) => 'https://github.com/acme/'.padEnd(length, 'a');

    expect(originOf(written(2_048), [])).toBeDefined();
    expect(originOf(written(2_049), [])).toBeUndefined();
    expect(repositoryOf(`git@github.com:acme/${'a'.repeat(3_000)}`)).toBeUndefined();
  });

  // going back over the slashes from each of them would need minutes and run out of time
  it('is told at once, however many slashes are in the address', () => {
    expect(originOf(`https://github.com/a${'/'.repeat(150_000)}b`, [])).toBeUndefined();
  });

  it('is unknown where nobody said what runs on the host', () => {
    expect(originOf('https://git.example/acme/platform', [])).toBeUndefined();
    expect(repositoryOf('https://git.example/acme/platform')).toEqual({
      host: 'git.example',
      path: 'acme/platform',
    });
  });

  it('follows the configuration for a host of one’s own, with its ports', () => {
    const hosts = [
      { host: 'git.example', kind: 'gitlab' as const },
      { host: 'forge.svc:3000', kind: 'gitea' as const, webUrl: 'https://forge.example/' },
    ];

    const webUrls = [
      'ssh://git@git.example:2222/group/team/platform.git',
      'https://git.example:8443/acme/platform',
      'http://forge.svc:3000/acme/platform',
    ].map((url) => originOf(url, hosts)?.webUrl);

    expect(webUrls).toEqual([
      'https://git.example/group/team/platform',
      'https://git.example:8443/acme/platform',
      'https://forge.example/acme/platform',
    ]);
  });

  it.each([
    [
      'https://github.com/acme/platform',
      `https://github.com/acme/platform/commit/${to}`,
      `https://github.com/acme/platform/compare/${from}...${to}`,
      `https://github.com/acme/platform/tree/${to}/apps/a%20b`,
      'https://github.com/acme/platform/pull/12',
    ],
    [
      'https://gitlab.com/acme/team/platform',
      `https://gitlab.com/acme/team/platform/-/commit/${to}`,
      `https://gitlab.com/acme/team/platform/-/compare/${from}...${to}`,
      `https://gitlab.com/acme/team/platform/-/tree/${to}/apps/a%20b`,
      'https://gitlab.com/acme/team/platform/-/merge_requests/12',
    ],
    [
      'https://codeberg.org/acme/platform',
      `https://codeberg.org/acme/platform/commit/${to}`,
      `https://codeberg.org/acme/platform/compare/${from}...${to}`,
      `https://codeberg.org/acme/platform/src/commit/${to}/apps/a%20b`,
      'https://codeberg.org/acme/platform/pulls/12',
    ],
    [
      'https://bitbucket.org/acme/platform',
      `https://bitbucket.org/acme/platform/commits/${to}`,
      `https://bitbucket.org/acme/platform/branches/compare/${to}..${from}`,
      `https://bitbucket.org/acme/platform/src/${to}/apps/a%20b`,
      'https://bitbucket.org/acme/platform/pull-requests/12',
    ],
  ])('links the pages of %s', (url, commit, compare, path, pullRequest) => {
    const origin = originOf(url, []) as Origin;

    expect([
      commitUrl(origin, to),
      compareUrl(origin, from, to),
      pathUrl(origin, to, 'apps/a b'),
      pullRequestUrl(origin, 12),
    ]).toEqual([commit, compare, path, pullRequest]);
  });

  it('links the tree where the path is the root', () => {
    const origin = originOf('https://github.com/acme/platform', []) as Origin;

    expect(pathUrl(origin, to, gitPath('./'))).toBe(`https://github.com/acme/platform/tree/${to}`);
  });

  const word = fc.stringMatching(/^[a-z][a-z0-9-]{0,12}$/);
  property.prop([word, word, fc.stringMatching(/^[A-Za-z0-9]{8,30}$/), fc.boolean()])(
    'never shows a credential that stands in the address',
    (owner, name, secret, withUser) => {
      fc.pre(!(owner + name).includes(secret));
      const url = `https://${withUser ? 'u:' : ''}${secret}@github.com/${owner}/${name}.git`;

      expect(JSON.stringify(originOf(url, []))).not.toContain(secret);
    },
  );

  property.prop([fc.string()])('takes any text without throwing', (url) => {
    const origin = originOf(url, [{ host: 'x', kind: 'gitea' }]);

    expect(origin === undefined || URL.canParse(origin.webUrl)).toBe(true);
  });
});

describe('the path of a Kustomization', () => {
  it.each([
    ['./apps/web/', 'apps/web'],
    ['apps//web', 'apps/web'],
    ['./', ''],
    ['/', ''],
    ['', ''],
  ])('%s is %s in Git', (written, path) => {
    expect(gitPath(written)).toBe(path);
  });
});
