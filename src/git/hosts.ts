import type { Git } from '#src/git/git.ts';
import { hostEntry, type Repository } from '#src/git/origin.ts';
import { fail } from '#src/result.ts';

/** One host that may be asked. */
export interface GitHost {
  readonly host: string;
  /**
   * Whose repositories may be read there; undefined, where there is no token: all that are public. The
   * addresses come from Flux objects, which a tenant may write.
   */
  readonly owners?: readonly string[] | undefined;
  readonly git: Git;
}

const mayRead = ({ owners }: GitHost, { path }: Repository): boolean => {
  const owner = path.split('/', 1)[0]?.toLowerCase();
  return owners === undefined || owners.some((one) => one.toLowerCase() === owner);
};

/**
 * All hosts as one: each question goes to the host of its repository.
 * @param hosts - asked each time, since the configuration may change while we run
 */
export const createGitHosts = (hosts: () => readonly GitHost[]): Git => ({
  commitsBetween: async (repository, range) => {
    const host = hostEntry(repository.host, hosts());
    return host !== undefined && mayRead(host, repository)
      ? host.git.commitsBetween(repository, range)
      : fail({ code: 'not-configured', host: repository.host });
  },
});
