import { commands } from '#commands/index.ts';
import { createMemoryCluster, type MemoryCluster } from '#src/cluster/memory.ts';
import type { Actor } from '#src/command/actor.ts';
import { contextFor, missingRight, type Surroundings } from '#src/command/context.ts';
import type { AnyCommand, Planned } from '#src/command/define.ts';
import type { Grant } from '#src/command/policy.ts';
import { readWords, tokenize } from '#src/command/words.ts';
import { explain, type Failure } from '#src/failure.ts';
import { type FluxKind, fluxKinds } from '#src/flux/ref.ts';
import { fail, type Result } from '#src/result.ts';

/** Two clusters with a few objects, and one person who asks. */

export const now = Date.parse('2026-11-24T12:00:00Z');

export const robin: Actor = {
  kind: 'slack',
  team: 'T01',
  user: 'U01',
  name: 'robin',
  groups: ['S01'],
};

interface Written {
  readonly spec?: object;
  readonly status?: object;
}

const ready = {
  observedGeneration: 1,
  conditions: [
    {
      type: 'Ready',
      status: 'True',
      reason: 'ReconciliationSucceeded',
      message: 'Applied revision: main@sha1:a4c36030',
      lastTransitionTime: '2026-11-24T11:00:00Z',
    },
  ],
};

export const failing = {
  observedGeneration: 1,
  conditions: [
    {
      type: 'Ready',
      status: 'False',
      reason: 'HealthCheckFailed',
      message: 'timeout waiting for: [Deployment/media/plex status: InProgress]',
      lastTransitionTime: '2026-11-24T11:30:00Z',
    },
  ],
  lastAppliedRevision: 'main@sha1:772f24f4a4c36030772f24f4a4c36030772f24f4',
  lastAttemptedRevision: 'main@sha1:a4c36030772f24f4a4c36030772f24f4a4c36030',
};

let version = 10;

/** An object as an API server has it, by `<kind>/<namespace>/<name>`; Ready unless said. */
export const put = (cluster: MemoryCluster, path: string, written: Written = {}): void => {
  const [kind = '', namespace = '', name = ''] = path.split('/');
  version += 1;
  cluster.applyWatchEvent('ADDED', {
    apiVersion: `${fluxKinds[kind as FluxKind].group}/v1`,
    kind,
    metadata: {
      namespace,
      name,
      uid: `${cluster.name}-${path}`,
      generation: 1,
      resourceVersion: String(version),
      creationTimestamp: '2026-11-24T10:00:00Z',
    },
    spec: { interval: '10m', wait: true, ...written.spec },
    status: { ...ready, ...written.status },
  });
};

const git = { sourceRef: { kind: 'GitRepository', name: 'platform', namespace: 'flux-system' } };
export const applied = {
  lastAppliedRevision: 'main@sha1:a4c36030772f24f4a4c36030772f24f4a4c36030',
};

const fill = (cluster: MemoryCluster): MemoryCluster => {
  put(cluster, 'GitRepository/flux-system/platform', {
    status: { artifact: { revision: applied.lastAppliedRevision } },
  });
  put(cluster, 'Kustomization/harbor/harbor', { spec: git, status: applied });
  put(cluster, 'HelmRepository/pki/jetstack', { spec: { url: 'oci://registry.example/charts' } });
  put(cluster, 'HelmChart/pki/pki-cert-manager', {
    spec: { sourceRef: { kind: 'HelmRepository', name: 'jetstack' } },
  });
  put(cluster, 'HelmRelease/pki/cert-manager', {
    spec: { chart: { spec: { sourceRef: { kind: 'HelmRepository', name: 'jetstack' } } } },
    status: { helmChart: 'pki/pki-cert-manager' },
  });
  return cluster;
};

const everything: Grant = {
  role: 'operator',
  permissions: ['*'],
  subjects: ['slack:T01:U01'],
};

export interface StageOptions {
  readonly grants?: readonly Grant[];
  readonly defaultCluster?: string;
  readonly actor?: Actor;
  /** The other cluster has not been read yet. */
  readonly isAppsUnread?: boolean;
}

export const createStage = ({
  grants = [everything],
  defaultCluster,
  actor = robin,
  isAppsUnread = false,
}: StageOptions = {}) => {
  const infra = fill(createMemoryCluster('infra', () => now));
  const unread = createMemoryCluster('apps', () => now);
  const apps = isAppsUnread ? unread : fill(unread);
  put(infra, 'Kustomization/media/plex', { spec: git, status: failing });
  put(infra, 'Kustomization/home/zigbee', { spec: { ...git, suspend: true }, status: applied });
  for (const cluster of isAppsUnread ? [infra] : [infra, apps]) {
    cluster.listAll();
  }
  const surroundings: Surroundings = {
    clusters: [infra, apps],
    policy: () => ({ teams: ['T01'], grants }),
    root: '/flux',
    defaultCluster: () => defaultCluster,
    incidents: async () => [],
    commands: commands.map(({ doc }) => doc),
  };
  const context = contextFor(surroundings, actor, undefined, now);

  /** A request from its words to its plan, through the same doors as the dispatcher's. */
  const plan = async (text: string): Promise<Result<Planned, Failure>> => {
    const [name, ...words] = tokenize(text);
    const command = commands.find(({ doc }) => doc.name === name) as AnyCommand;
    const { doc } = command;
    const invalid = (issues: readonly string[]): Result<never, Failure> =>
      fail({ code: 'invalid-arguments', issues, usage: doc.usage });
    const input = readWords(words, doc.arguments, doc.positional);
    const prepared = input.ok ? command.prepare(input.value) : input;
    if (!prepared.ok) {
      return invalid(prepared.failure);
    }
    const targets = prepared.value.targets(context);
    if (!targets.ok) {
      return targets;
    }
    const missing = missingRight(surroundings, actor, doc.permission, targets.value);
    return missing === undefined
      ? prepared.value.plan(context)
      : fail({
          code: 'not-allowed',
          permission: doc.permission ?? '',
          target: missing,
          who: 'robin',
        });
  };

  return {
    infra,
    apps,
    context,
    plan,
    /** @throws with what the person is told when it is refused */
    show: async (text: string) => {
      const planned = await plan(text);
      if (!planned.ok) {
        const { what, next } = explain(planned.failure);
        throw new Error(`${what} ${next}`);
      }
      return planned.value.view(undefined, context);
    },
    refusal: async (text: string): Promise<string> => {
      const planned = await plan(text);
      if (planned.ok) {
        return 'not refused';
      }
      const { what, next } = explain(planned.failure);
      return `${what} ${next}`;
    },
  };
};
