import type { Clock } from '#src/clock.ts';
import type { LoadedConfig } from '#src/config/load.ts';
import type { Git } from '#src/git/git.ts';
import { createGitHub } from '#src/git/github.ts';
import { createGitHosts } from '#src/git/hosts.ts';

const publicGitHub = 'github.com';

const apiOf = (host: string): string =>
  host === publicGitHub ? 'https://api.github.com' : `https://${host}/api/v3`;

/** The Git hosts of the configuration as it is at each question, with their tokens as they are then. */
export const createLiveGit = (
  current: () => Pick<LoadedConfig, 'config' | 'secrets'>,
  clock: Pick<Clock, 'now'>,
): Git => {
  // kept as long as the address is the same, for what an adapter remembers of it
  const adapters = new Map<string, Git>();

  const tokenOf = (host: string): string | undefined => {
    const { config, secrets } = current();
    return secrets.get(
      `git.hosts[${config.git.hosts.findIndex((one) => one.host === host)}].token`,
    );
  };
  const adapterFor = (host: string, apiUrl: string): Git => {
    const name = `${host} ${apiUrl}`;
    const adapter =
      adapters.get(name) ?? createGitHub({ apiUrl, clock, token: () => tokenOf(host) });
    adapters.set(name, adapter);
    return adapter;
  };

  return createGitHosts(() =>
    current()
      .config.git.hosts.filter((one) => one.kind === 'github')
      .map(({ host, apiUrl, owners }) => ({
        host,
        owners,
        git: adapterFor(host, apiUrl ?? apiOf(host)),
      })),
  );
};
