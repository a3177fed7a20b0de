import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { findKustomize, type Kustomize } from '#src/render/kustomize.ts';
import { createRenderer } from '#src/render/render.ts';
import { headStartClock } from '#test/demo/clock.ts';
import { inFolder, type Ports, readState, writeState } from '#test/demo/folder.ts';
import type { DemoGit } from '#test/demo/git-host.ts';
import { environment, searchPath, toolCache } from '#test/platform/tools.ts';
import { type KubeObject, textAt } from '#test/sandbox/api/json.ts';
import { botUsers } from '#test/sandbox/bot-account.ts';
import { conditionOf } from '#test/sandbox/controllers/conditions.ts';
import { type GitHost, withStandIns } from '#test/sandbox/controllers/git.ts';
import { buildWith } from '#test/sandbox/controllers/kustomize/build.ts';
import { keepBuilds } from '#test/sandbox/kept-builds.ts';
import { type SandboxCluster, startSandbox } from '#test/sandbox/sandbox.ts';

export const clusterNames = ['infra', 'apps'] as const;
export type ClusterName = (typeof clusterNames)[number];

/** How long a new pair has been running when the curtain rises; it takes 80 s to come up. */
const firstPastMs = 20 * 60_000;
/** What controllers need to look at everything once after a pause. */
const laterPastMs = 2 * 60_000;
const saveEveryMs = 3_000;

/** Beside the folder of the state: what was built stays true after a reset. */
const buildCache = join(toolCache, '../builds');
/** Flux's `--requeue-dependency` and its poll, shorter than usual: a commit is all over the tree in 20 s. */
const settings = { requeueDependencyMs: 1_000, healthPollMs: 1_000 };
const requestedAt = 'reconcile.fluxcd.io/requestedAt';
const webhookSecret = 'flux-chatops-webhook';

export interface DemoClusters {
  cluster(name: ClusterName): SandboxCluster;
  /** Asks Flux for a pass over one object, as a person, or a Receiver that Git's host calls, does. */
  request(name: ClusterName, object: ObjectName): void;
  /**
   * Changes an object as it stands, as a person with kubectl does.
   * @param manager - who owns the change then, where it is another program
   */
  edit(
    name: ClusterName,
    object: ObjectName,
    change: (live: KubeObject) => KubeObject,
    manager?: string,
  ): void;
  find(name: ClusterName, object: ObjectName): KubeObject | undefined;
  /** Whether charts whose address has this in it can be pulled. */
  setChartAway(urlPart: string, away: boolean): void;
  /** The key that notification-controller signs with. */
  setWebhookKey(name: ClusterName, key: string): void;
  /** What is not ready, by name; of Flux's objects. */
  notReady(name: ClusterName): readonly string[];
  /** Objects of Flux in all. */
  count(name: ClusterName): number;
  save(): void;
  close(): Promise<void>;
}

export interface ObjectName {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

const fluxSystem = 'flux-system';
export const kustomization = (name: string): ObjectName => ({
  ...{ apiVersion: 'kustomize.toolkit.fluxcd.io/v1', kind: 'Kustomization' },
  ...{ namespace: fluxSystem, name },
});
export const treeSource: ObjectName = {
  ...{ apiVersion: 'source.toolkit.fluxcd.io/v1', kind: 'GitRepository' },
  ...{ namespace: fluxSystem, name: fluxSystem },
};

const Saved = z.object({
  version: z.number(),
  objects: z.array(z.custom<KubeObject>((value) => typeof value === 'object' && value !== null)),
});

// Definitions first: what they define can be put only then. Events are news, and old by then.
const inOrder = (objects: readonly KubeObject[]): readonly KubeObject[] => {
  const rank = ({ kind }: KubeObject): number =>
    ['CustomResourceDefinition', 'Namespace'].includes(kind) ? 0 : 1;
  return objects
    .filter(({ kind }) => kind !== 'Event')
    .toSorted((left, right) => rank(left) - rank(right));
};

export interface ClusterParts {
  readonly kustomize: Kustomize;
  readonly git: DemoGit;
  readonly ports: Ports;
  readonly webhookKey: (cluster: ClusterName) => string;
  /** Where notification-controller sends; undefined while the bot is not started. */
  readonly receiver: (cluster: ClusterName) => string | undefined;
}

/** What builds the tree; looked for before anything is started. */
export const findBuilder = () =>
  findKustomize(searchPath, { cacheDirectory: toolCache, env: environment });

/** Both clusters on the repository's tree, as they were the last time, or come up from nothing. */
export const startDemoClusters = async (parts: ClusterParts): Promise<DemoClusters> => {
  mkdirSync(inFolder(), { recursive: true });
  const before = new Map(
    clusterNames.map((name) => [name, Saved.safeParse(readState(`cluster-${name}.json`))] as const),
  );
  const isFirst = [...before.values()].some(({ success }) => !success);
  const clock = headStartClock(Date.now() - (isFirst ? firstPastMs : laterPastMs));
  const chartsAway = new Set<string>();
  const { git } = parts;
  const upstream = withStandIns(git.host, (url) => url === git.repositoryUrl);
  const host: GitHost = {
    resolve: async (url, ref) =>
      [...chartsAway].some((part) => url !== git.repositoryUrl && url.includes(part))
        ? {
            ok: false,
            failure:
              'MANIFEST_UNKNOWN: manifest unknown; map[Tag:the registry does not know this chart]',
          }
        : upstream.resolve(url, ref),
  };
  const sandbox = await startSandbox({
    clusters: clusterNames.map((name) => {
      const saved = before.get(name);
      return {
        ...{ name, path: `./kubernetes/clusters/${name}`, port: parts.ports[name] },
        receiver: () => parts.receiver(name),
        secretValue: (_, secret) =>
          secret === webhookSecret ? parts.webhookKey(name) : 'of the demo, not a secret',
        ...(!isFirst && saved?.success === true
          ? { restored: { version: saved.data.version, objects: inOrder(saved.data.objects) } }
          : {}),
      };
    }),
    git: host,
    repositoryUrl: git.repositoryUrl,
    build: buildWith(createRenderer(keepBuilds(parts.kustomize, buildCache)), Math.random),
    users: botUsers,
    clock,
    settings,
  });
  const clusterOf = (name: ClusterName): SandboxCluster => sandbox.cluster(name);

  const fluxObjects = (name: ClusterName, wanted: (group: string) => boolean) => {
    const { server } = clusterOf(name);
    return server.kinds
      .all()
      .filter(({ group }) => group.endsWith('.toolkit.fluxcd.io') && wanted(group))
      .flatMap((kind) => server.storage.list(kind));
  };

  /** source-controller keeps its artifacts over a restart. */
  const refill = async (name: ClusterName): Promise<void> => {
    const { flux } = clusterOf(name);
    for (const source of fluxObjects(name, (group) => group.startsWith('source.'))) {
      const revision = textAt(source, 'status', 'artifact', 'revision');
      const digest = textAt(source, 'status', 'artifact', 'digest');
      const url = textAt(source, 'spec', 'url') ?? '';
      if (revision !== undefined && digest !== undefined) {
        const commit = /sha1:([0-9a-f]{40})$/.exec(revision)?.[1];
        const tree = commit === undefined ? undefined : await upstream.resolve(url, { commit });
        flux.artifacts.put(
          source,
          { revision, digest, tree: tree?.ok === true ? tree.value.tree : undefined },
          clock.now(),
        );
      }
    }
  };

  if (!isFirst) {
    await Promise.all(clusterNames.map(refill));
  }
  await clock.advance(isFirst ? firstPastMs : laterPastMs);
  clock.goLive();

  const find = (name: ClusterName, object: ObjectName): KubeObject | undefined =>
    clusterOf(name).server.objects.get(object);

  const edit: DemoClusters['edit'] = (name, object, change, manager = 'kubectl-edit') => {
    const live = find(name, object);
    if (live === undefined) {
      throw new Error(`${object.kind}/${object.namespace}/${object.name} is not on ${name}`);
    }
    const { server } = clusterOf(name);
    const kind = server.kinds.byObject(object.apiVersion, object.kind);
    if (kind !== undefined) {
      server.api.replace(kind, change(live), { manager });
    }
  };

  const request = (name: ClusterName, object: ObjectName): void =>
    edit(name, object, (live) => ({
      ...live,
      metadata: {
        ...live.metadata,
        annotations: { ...live.metadata.annotations, [requestedAt]: new Date().toISOString() },
      },
    }));

  const saved = new Map<ClusterName, number>();
  const save = (): void => {
    for (const name of clusterNames) {
      const { server } = clusterOf(name);
      const version = server.storage.version();
      if (saved.get(name) !== version) {
        const objects = server.kinds.all().flatMap((kind) => server.storage.list(kind));
        writeState(`cluster-${name}.json`, { version, objects });
        saved.set(name, version);
      }
    }
  };
  const saving = setInterval(save, saveEveryMs);
  save();

  // what a push does on GitHub: it calls Flux's Receiver, which asks for a pass over the source
  let seen = await git.head();
  const watching = setInterval(() => {
    git
      .head()
      .then((sha) => {
        if (sha !== seen) {
          seen = sha;
          for (const name of clusterNames) {
            request(name, treeSource);
          }
        }
      })
      .catch(() => {
        // Git is being closed, or a request was cut off: Flux's own interval makes up for it
      });
  }, 1_000);

  return {
    cluster: clusterOf,
    request,
    edit,
    find,
    setChartAway: (part, away) => {
      if (away) {
        chartsAway.add(part);
      } else {
        chartsAway.delete(part);
      }
    },
    setWebhookKey: (name, key) => {
      const { objects, storage, kinds } = clusterOf(name).server;
      const secrets = kinds.byPlural('', 'secrets');
      const data = { token: Buffer.from(key).toString('base64') };
      for (const secret of secrets === undefined ? [] : storage.list(secrets)) {
        if (secret.metadata.name === webhookSecret) {
          objects.put({ ...secret, data });
        }
      }
    },
    notReady: (name) =>
      fluxObjects(name, (group) => !group.startsWith('notification.')).flatMap((object) => {
        const ready = conditionOf(object, 'Ready');
        const { namespace, name: objectName } = object.metadata;
        return ready === undefined || ready.status === 'True'
          ? []
          : [`${object.kind}/${namespace}/${objectName}: ${ready.reason}`];
      }),
    count: (name) => fluxObjects(name, (group) => !group.startsWith('notification.')).length,
    save,
    close: async () => {
      clearInterval(saving);
      clearInterval(watching);
      save();
      await sandbox.close();
    },
  };
};
