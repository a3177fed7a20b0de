import type { Config } from '#src/config/config.ts';
import type { CommitAuthor } from '#src/git/git.ts';

/**
 * The person of the configuration who wrote a commit, by account on the host or else by e-mail. Anybody
 * can write any name and e-mail into a commit: good for showing, never for a right.
 */
export const personOf = (
  people: Config['people'],
  { login, email }: CommitAuthor,
): { readonly user: string; readonly name: string } | undefined => {
  const same = (left: string, right: string | undefined): boolean =>
    left.toLowerCase() === right?.toLowerCase();
  const person =
    people.find(({ github }) => github !== undefined && same(github, login)) ??
    people.find(({ emails }) => emails.some((one) => same(one, email)));
  return person === undefined ? undefined : { user: person.slack, name: person.name };
};
