import { describe, expect, it } from 'vitest';
import { type GitFailure, pullRequestIn, sayGitFailure, subjectOf } from '#src/git/git.ts';
import { createGitHosts, type GitHost } from '#src/git/hosts.ts';
import { createFakeGit } from '#test/fakes/git.ts';

const author = { name: 'Robin', email: 'robin@example.com' };
const draft = { parents: [], files: { a: '1' }, message: 'one', author, at: 1_000 };

const bench = (owners?: readonly string[]) => {
  const git = createFakeGit();
  const sha = git.commit('acme/platform', draft);
  const hosts: GitHost[] = [{ host: 'git.example', git, owners }];
  const all = createGitHosts(() => hosts);
  const ask = (host: string, path = 'acme/platform') =>
    all.commitsBetween({ host, path }, { from: sha, to: sha, paths: [''], limit: 1 });
  return { git, hosts, ask };
};

describe('the hosts of Git', () => {
  it('asks the host of the repository, on whatever port it is', async () => {
    const { ask } = bench();

    expect(await ask('git.example')).toMatchObject({ ok: true });
    expect(await ask('git.example:8443')).toMatchObject({ ok: true });
  });

  it('asks nobody about a repository on a host that is not configured', async () => {
    const { git, ask } = bench();

    expect(await ask('evil.example')).toEqual({
      ok: false,
      failure: { code: 'not-configured', host: 'evil.example' },
    });
    expect(git.asked).toEqual([]);
  });

  it('reads the repositories of the named owners alone', async () => {
    const { git, ask } = bench(['Acme']);

    expect(await ask('git.example', 'acme/platform')).toMatchObject({ ok: true });
    expect(await ask('git.example', 'other/platform')).toMatchObject({
      failure: { code: 'not-configured' },
    });
    expect(git.asked.map(({ path }) => path)).toEqual(['acme/platform']);
  });

  it('follows the configuration while it runs', async () => {
    const { hosts, ask } = bench();
    hosts.length = 0;

    expect(await ask('git.example')).toMatchObject({ failure: { code: 'not-configured' } });
  });
});

describe('the subject of a commit', () => {
  it.each([
    ['web: v2 (#12)', 12],
    ['Merge pull request #7 from acme/web', 7],
    ['fix #12 in web', undefined],
    ['web: v2 (#12) again', undefined],
    ['web (#99999999999999999999)', undefined],
  ])('%s names the pull request %s', (subject, number) => {
    expect(pullRequestIn(subject)).toBe(number);
  });

  it('is the first line of the message', () => {
    expect(subjectOf('\nweb: v2\r\n\r\nbecause')).toBe('web: v2');
    expect(subjectOf('')).toBe('');
  });
});

describe('a failure of a Git host', () => {
  it.each<[GitFailure, string]>([
    [{ code: 'unreachable', detail: 'no route' }, 'the Git host does not answer (no route)'],
    [{ code: 'forbidden', detail: '401' }, 'the Git host refuses the token (401)'],
    [
      { code: 'not-found', what: 'repository acme/platform' },
      'repository acme/platform does not exist, or the token may not read it',
    ],
    [
      { code: 'no-commit', sha: '0123456789abcdef' },
      '0123456 is no longer in the repository: its history was rewritten',
    ],
    [{ code: 'rate-limited', until: 1 }, 'the Git host allows no more requests for now'],
    [
      { code: 'unreadable', detail: 'not JSON' },
      'the Git host answered something unexpected (not JSON)',
    ],
    [
      { code: 'not-configured', host: 'git.example' },
      'git.example is not configured for this repository',
    ],
  ])('is said in words: %o', (failure, words) => {
    expect(sayGitFailure(failure)).toBe(words);
  });
});
