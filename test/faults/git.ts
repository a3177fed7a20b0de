import { createFakeGit, type FakeGit } from '#test/fakes/git.ts';

/** The repository that the clusters of a run are made of: one commit that works, and one that does not. */
export interface Platform {
  readonly git: FakeGit;
  readonly url: string;
  readonly good: string;
  readonly bad: string;
}

export const createPlatform = (): Platform => {
  const git = createFakeGit();
  const author = { name: 'Robin', email: 'robin@example.com' };
  const commit = (parents: readonly string[], message: string, at: number): string =>
    git.commit('acme/platform', {
      parents,
      message,
      author,
      at,
      files: { 'postgres/a.yaml': message, 'plex/a.yaml': message },
    });
  const good = commit([], 'it works', 1_000);
  const bad = commit([good], 'it does not', 2_000);
  return { git, url: 'https://github.com/acme/platform', good, bad };
};
