/** Where a repository lives, told from the address that Flux fetches it by; without asking anybody. */

/** What runs on a host, which decides the form of its addresses; `gitea` is Forgejo as well. */
export const hostKinds = ['github', 'gitlab', 'gitea', 'bitbucket'] as const;
export type HostKind = (typeof hostKinds)[number];

/** A repository by host (with its port, where the address has one that is not usual) and path. */
export interface Repository {
  readonly host: string;
  /** `acme/platform`; on GitLab with all its groups. */
  readonly path: string;
}

/** What the configuration says of a host. */
export interface KnownHost {
  readonly host: string;
  readonly kind: HostKind;
  /** Its address in the browser, where that is not `https://` and the host. */
  readonly webUrl?: string | undefined;
}

/** A repository whose pages can be linked. */
export interface Origin extends Repository {
  readonly kind: HostKind;
  /** `https://github.com/acme/platform`. */
  readonly webUrl: string;
}

const publicHosts: readonly KnownHost[] = [
  { host: 'github.com', kind: 'github' },
  { host: 'gitlab.com', kind: 'gitlab' },
  { host: 'codeberg.org', kind: 'gitea' },
  { host: 'gitea.com', kind: 'gitea' },
  { host: 'bitbucket.org', kind: 'bitbucket' },
];

/** Hosts that offer SSH on the port of HTTPS do so under a second name. */
const sshNames: Readonly<Record<string, string>> = {
  'ssh.github.com': 'github.com',
  'altssh.gitlab.com': 'gitlab.com',
  'altssh.bitbucket.org': 'bitbucket.org',
};

/** `git@github.com:acme/platform.git`, as Git itself takes it. */
const shortForm = /^(?:[^@/:\s]+@)?([A-Za-z0-9.-]+):(?!\/)(\S+)$/;

// the address is a tenant's own text; what browsers and proxies carry is enough
const LONGEST_ADDRESS = 2_048;

const parseAddress = (url: string): URL | undefined => {
  if (url.length > LONGEST_ADDRESS) {
    return undefined;
  }
  const [, host, path] = shortForm.exec(url) ?? [];
  const written = url.includes('://') || host === undefined ? url : `ssh://${host}/${path}`;
  return URL.canParse(written) ? new URL(written) : undefined;
};

const repositoryPath = (pathname: string): string | undefined => {
  const all = pathname.split('/');
  const isNamed = (part: string) => part !== '';
  // slashes at the ends say nothing; between the parts they make it another path
  const path = all
    .slice(all.findIndex(isNamed), all.findLastIndex(isNamed) + 1)
    .join('/')
    .replace(/\.git$/, '');
  const parts = path.split('/');
  return parts.length >= 2 && parts.every((part) => /^[\w.~-]+$/.test(part) && !/^\.+$/.test(part))
    ? path
    : undefined;
};

interface Address extends Repository {
  /** How the host is reached in a browser, as far as the address tells. */
  readonly base: string;
}

const addressOf = (url: string): Address | undefined => {
  const address = parseAddress(url);
  const path = address === undefined ? undefined : repositoryPath(address.pathname);
  if (address === undefined || path === undefined || address.hostname === '') {
    return undefined;
  }
  const name = address.hostname.toLowerCase();
  switch (address.protocol) {
    case 'https:':
    case 'http:':
      return {
        host: address.host.toLowerCase(),
        path,
        base: `${address.protocol}//${address.host}`,
      };
    case 'ssh:':
    case 'git+ssh:': {
      // the port is the SSH server's, and says nothing about the pages
      const host = sshNames[name] ?? name;
      return { host, path, base: `https://${host}` };
    }
    default:
      return undefined;
  }
};

/**
 * The repository that an address names: `https://…`, `ssh://…` and `user@host:path` forms, with or without
 * `.git`. Credentials in the address are dropped.
 * @returns undefined for an address of another form, and for one longer than 2,048 characters
 */
export const repositoryOf = (url: string): Repository | undefined => {
  const address = addressOf(url);
  return address === undefined ? undefined : { host: address.host, path: address.path };
};

const withoutPort = (host: string): string => host.replace(/:\d+$/, '');

/** The entry that speaks for a host: first its exact name, then its name without the port. */
export const hostEntry = <Host extends { readonly host: string }>(
  host: string,
  hosts: readonly Host[],
): Host | undefined =>
  hosts.find((one) => one.host === host) ?? hosts.find((one) => one.host === withoutPort(host));

/**
 * The repository of an address with what is needed to link its pages.
 * @param hosts - what the configuration knows, beside the public hosts
 * @returns undefined where it is not known what runs on the host
 */
export const originOf = (url: string, hosts: readonly KnownHost[]): Origin | undefined => {
  const address = addressOf(url);
  const known = address && hostEntry(address.host, [...hosts, ...publicHosts]);
  if (address === undefined || known === undefined) {
    return undefined;
  }
  const { host, path, base } = address;
  const pages = (known.webUrl ?? base).replace(/\/+$/, '');
  return { host, path, kind: known.kind, webUrl: `${pages}/${path}` };
};

/** The page of one commit. */
export const commitUrl = ({ kind, webUrl }: Origin, sha: string): string => {
  switch (kind) {
    case 'github':
    case 'gitea':
      return `${webUrl}/commit/${sha}`;
    case 'gitlab':
      return `${webUrl}/-/commit/${sha}`;
    case 'bitbucket':
      return `${webUrl}/commits/${sha}`;
    default:
      return kind satisfies never;
  }
};

/** The page of a pull request (on GitLab: a merge request). */
export const pullRequestUrl = ({ kind, webUrl }: Origin, number: number): string => {
  switch (kind) {
    case 'github':
      return `${webUrl}/pull/${number}`;
    case 'gitlab':
      return `${webUrl}/-/merge_requests/${number}`;
    case 'gitea':
      return `${webUrl}/pulls/${number}`;
    case 'bitbucket':
      return `${webUrl}/pull-requests/${number}`;
    default:
      return kind satisfies never;
  }
};

/** The page of what `to` has and `from` has not. */
export const compareUrl = ({ kind, webUrl }: Origin, from: string, to: string): string => {
  switch (kind) {
    case 'github':
    case 'gitea':
      return `${webUrl}/compare/${from}...${to}`;
    case 'gitlab':
      return `${webUrl}/-/compare/${from}...${to}`;
    case 'bitbucket':
      return `${webUrl}/branches/compare/${to}..${from}`;
    default:
      return kind satisfies never;
  }
};

const encodePath = (path: string): string => path.split('/').map(encodeURIComponent).join('/');

/** The page of a folder or file as a commit has it; of the whole tree where the path is empty. */
export const pathUrl = ({ kind, webUrl }: Origin, sha: string, path: string): string => {
  const end = path === '' ? sha : `${sha}/${encodePath(path)}`;
  switch (kind) {
    case 'github':
      return `${webUrl}/tree/${end}`;
    case 'gitlab':
      return `${webUrl}/-/tree/${end}`;
    case 'gitea':
      return `${webUrl}/src/commit/${end}`;
    case 'bitbucket':
      return `${webUrl}/src/${end}`;
    default:
      return kind satisfies never;
  }
};

/** A path of a Kustomization as Git writes it: `./apps/web/` → `apps/web`; the root is empty. */
export const gitPath = (path: string): string =>
  path
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/');
