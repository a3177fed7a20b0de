import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { KubeConfig, type RequestContext } from '@kubernetes/client-node';
import { parse } from 'yaml';
import { z } from 'zod';

/** How to reach one cluster. */
export type KubernetesConnection =
  | {
      readonly type: 'kubeconfig';
      readonly file: string;
      /** The file's current context when left out. */
      readonly context?: string | undefined;
    }
  /** The service account of the pod we run in. */
  | { readonly type: 'in-cluster' };

type Dispatcher = NonNullable<ReturnType<RequestContext['getDispatcher']>>;

/** The address, and what makes a request ours; read again whenever the files behind it change. */
export interface Connection {
  /** @throws when the kubeconfig cannot be read or names no such context */
  server(): string;
  authorise(request: RequestContext): Promise<void>;
  /** Opens new connections from now on; requests under way end on the old ones. */
  renew(): void;
  close(): void;
}

const Users = z.object({
  users: z
    .array(
      z.object({
        name: z.string(),
        user: z.object({ tokenFile: z.string().optional() }).catch({}),
      }),
    )
    .catch([]),
});

const loopback = new Set(['127.0.0.1', 'localhost', '[::1]']);

const prepare = (config: KubeConfig): readonly string[] => {
  const cluster = config.getCurrentCluster();
  if (cluster === null) {
    throw new Error('the kubeconfig names no cluster for its context');
  }
  const { protocol, hostname } = new URL(cluster.server);
  // the client speaks plain HTTP only so; on loopback (`kubectl proxy`) there is nobody to overhear it
  const relaxed = protocol === 'http:' && loopback.has(hostname);
  const current = {
    ...cluster,
    server: cluster.server.replace(/\/+$/, ''),
    skipTLSVerify: cluster.skipTLSVerify || relaxed,
  };
  config.clusters = config.clusters.map((one) => (one.name === cluster.name ? current : one));
  const user = config.getCurrentUser();
  return [cluster.caFile, user?.certFile, user?.keyFile].filter(
    (file): file is string => typeof file === 'string',
  );
};

// the client knows only `token-file`, which it reads once; kubectl writes `tokenFile` and reads it anew
const withTokenFiles = (config: KubeConfig, file: string): readonly string[] => {
  const { users } = Users.parse(parse(readFileSync(file, 'utf8')));
  const tokenFiles = new Map(
    users.flatMap(({ name, user }) =>
      user.tokenFile === undefined ? [] : [[name, resolve(dirname(file), user.tokenFile)]],
    ),
  );
  config.users = config.users.map((user) => {
    const tokenFile = tokenFiles.get(user.name);
    return tokenFile === undefined
      ? user
      : { ...user, token: readFileSync(tokenFile, 'utf8').trim() };
  });
  return [...tokenFiles.values()];
};

interface Loaded {
  readonly config: KubeConfig;
  readonly server: string;
  readonly files: readonly string[];
  readonly stamp: string;
}

// mounted Secrets are swapped by a link, so that inode and time both tell
const stampOf = (files: readonly string[]): string =>
  files
    .map((file) => {
      const { mtimeMs, ino, size } = statSync(file);
      return `${file} ${mtimeMs} ${ino} ${size}`;
    })
    .join('\n');

const load = (connection: KubernetesConnection): Loaded => {
  const config = new KubeConfig();
  const files: string[] = [];
  if (connection.type === 'in-cluster') {
    if (process.env['KUBERNETES_SERVICE_HOST'] === undefined) {
      throw new Error('we run in no cluster, so its kubeconfig must be named');
    }
    // its token is read again every minute by the client itself
    config.loadFromCluster();
  } else {
    config.loadFromFile(connection.file);
    if (connection.context !== undefined) {
      config.setCurrentContext(connection.context);
    }
    files.push(connection.file, ...withTokenFiles(config, connection.file));
  }
  files.push(...prepare(config));
  const server = config.getCurrentCluster()?.server ?? '';
  return { config, server, files, stamp: stampOf(files) };
};

/**
 * Prepares the way to an API server. Nothing is read before the first request, so that a cluster whose
 * kubeconfig is missing does not hinder the start.
 */
export const createConnection = (connection: KubernetesConnection): Connection => {
  let loaded: Loaded | undefined;
  let shared: Dispatcher | undefined;

  const retire = (): void => {
    const old = shared;
    shared = undefined;
    // waits for what is under way; its failure is that request's
    old?.close().catch(() => undefined);
  };

  const current = (): Loaded => {
    if (loaded === undefined || stampOf(loaded.files) !== loaded.stamp) {
      const fresh = load(connection);
      retire();
      loaded = fresh;
    }
    return loaded;
  };

  return {
    server: () => current().server,
    authorise: async (request) => {
      const { config } = current();
      await config.applySecurityAuthentication(request);
      const made = request.getDispatcher();
      // the client makes a pool of connections per request; an exec plugin may have changed the
      // certificate in it, all others stay as they were when the files were read
      if (made !== undefined && !config.getCurrentUser()?.exec) {
        shared ??= made;
        request.setDispatcher(shared);
      }
    },
    renew: retire,
    close: () => {
      const old = shared;
      shared = undefined;
      old?.destroy().catch(() => undefined);
    },
  };
};
