import { beforeAll, describe, expect, it } from 'vitest';
import type { CommitRange, Git } from '#src/git/git.ts';
import type { CommitDraft } from '#test/fakes/git.ts';

/** One host with one repository that the suite fills. */
export interface GitWorld {
  readonly git: Git;
  readonly repository: { readonly host: string; readonly path: string };
  commit(draft: CommitDraft): Promise<string>;
}

export const robin = { name: 'Robin Platform', email: 'robin@example.com', login: 'robin' };
const stranger = { name: '<!channel> `x`', email: 'nobody@example.net' };

const never = '0123456789abcdef0123456789abcdef01234567';

/** What every Git adapter and its twin in memory do alike. */
export const gitContract = (name: string, create: () => Promise<GitWorld>): void => {
  describe(`${name} keeps the contract of Git`, () => {
    let world: GitWorld;
    let at = Date.parse('2026-11-20T10:00:00Z');
    const make = (
      parents: readonly string[],
      message: string,
      files: CommitDraft['files'],
      author: CommitDraft['author'] = { name: robin.name, email: robin.email },
    ): Promise<string> => {
      at += 60_000;
      return world.commit({ parents, message, files, author, at });
    };
    const ask = async (range: Partial<CommitRange> & Pick<CommitRange, 'from' | 'to'>) => {
      const result = await world.git.commitsBetween(world.repository, {
        paths: ['apps/web'],
        limit: 3,
        ...range,
      });
      return result.ok ? { ...result.value, failure: undefined } : { failure: result.failure };
    };
    const subjects = (answer: Awaited<ReturnType<typeof ask>>): readonly string[] | undefined =>
      'commits' in answer ? answer.commits.map(({ subject }) => subject) : undefined;

    let root = '';
    beforeAll(async () => {
      world = await create();
      root = await make([], 'start', { 'apps/web/a.yaml': '1', 'apps/website/a.yaml': '1' });
    });

    it('names the commits under a path, newest first, with their authors', async () => {
      const first = await make([root], 'web: one (#12)\n\nand why', { 'apps/web/a.yaml': '2' });
      const aside = await make([first], 'website', { 'apps/website/a.yaml': '2' });
      const last = await make([aside], 'web: two', { 'apps/web/b/c.yaml': '1' }, stranger);

      const answer = await ask({ from: root, to: last });

      expect(answer).toEqual({
        failure: undefined,
        relation: 'ahead',
        total: 3,
        commits: [
          {
            sha: last,
            subject: 'web: two',
            author: { name: stranger.name, email: stranger.email, login: undefined },
            at,
            pullRequest: undefined,
          },
          {
            sha: first,
            subject: 'web: one (#12)',
            author: robin,
            at: at - 120_000,
            pullRequest: 12,
          },
        ],
        more: 0,
        partly: false,
      });
    });

    it('names a few and counts the rest', async () => {
      let head = root;
      for (const number of [1, 2, 3, 4, 5]) {
        head = await make([head], `web: ${number}`, { 'apps/web/a.yaml': `v${number}` });
      }

      const answer = await ask({ from: root, to: head });

      expect(subjects(answer)).toEqual(['web: 5', 'web: 4', 'web: 3']);
      expect(answer).toMatchObject({ more: 2 });
    });

    it('looks under more than one path, and at everything where the path is the root', async () => {
      const one = await make([root], 'component', { 'components/x.yaml': '1' });
      const two = await make([one], 'web', { 'apps/web/a.yaml': 'x' });
      const three = await make([two], 'readme', { 'README.md': '1' });

      const both = await ask({ from: root, to: three, paths: ['apps/web', 'components'] });
      const all = await ask({ from: root, to: three, paths: [''] });

      expect(subjects(both)).toEqual(['web', 'component']);
      expect(subjects(all)).toEqual(['readme', 'web', 'component']);
    });

    it('names what a merge brought in, and not the merge', async () => {
      const branch = await make([root], 'web: on a branch', { 'apps/web/a.yaml': 'branch' });
      const main = await make([root], 'meanwhile', { 'README.md': 'x' });
      const merge = await make([main, branch], 'Merge pull request #7 from acme/web', {
        'apps/web/a.yaml': 'branch',
      });

      const answer = await ask({ from: root, to: merge });

      expect(subjects(answer)).toEqual(['web: on a branch']);
    });

    it('sees files that are moved into the path, out of it, or taken away', async () => {
      const moved = await make([root], 'move in', {
        'apps/website/a.yaml': null,
        'apps/web/moved.yaml': '1',
      });
      const out = await make([moved], 'move out', {
        'apps/web/moved.yaml': null,
        'apps/website/a.yaml': '1',
      });
      const gone = await make([out], 'delete', { 'apps/web/a.yaml': null });

      expect(subjects(await ask({ from: root, to: gone }))).toEqual([
        'delete',
        'move out',
        'move in',
      ]);
    });

    it('says how two revisions stand to each other', async () => {
      const good = await make([root], 'good', { 'apps/web/a.yaml': 'good' });
      const rewritten = await make([root], 'rewritten', { 'apps/web/a.yaml': 'other' });

      expect(await ask({ from: good, to: good })).toMatchObject({ relation: 'same', commits: [] });
      expect(await ask({ from: good, to: root })).toMatchObject({
        relation: 'behind',
        commits: [],
      });
      const diverged = await ask({ from: good, to: rewritten });
      expect(diverged).toMatchObject({ relation: 'diverged' });
      expect(subjects(diverged)).toEqual(['rewritten']);
    });

    it('tells a commit that is gone from a repository that is not there', async () => {
      expect(await ask({ from: never, to: root })).toEqual({
        failure: { code: 'no-commit', sha: never },
      });
      expect(await ask({ from: root, to: never })).toEqual({
        failure: { code: 'no-commit', sha: never },
      });
      const elsewhere = { ...world.repository, path: 'acme/nothing' };
      const range = { from: root, to: root, paths: [''], limit: 3 };
      expect(await world.git.commitsBetween(elsewhere, range)).toEqual({
        ok: false,
        failure: { code: 'not-found', what: 'repository acme/nothing' },
      });
    });
  });
};
