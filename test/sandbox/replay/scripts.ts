import type { KubeObject } from '#test/sandbox/api/json.ts';
import type { GitTrouble } from '#test/sandbox/controllers/git.ts';
import type { Deliver } from '#test/sandbox/controllers/notification.ts';
import { patchAt, type Stage } from '#test/sandbox/replay/schedule.ts';
import type { StageOptions } from '#test/sandbox/replay/stage.ts';
import { stormFiles } from '#test/sandbox/replay/storm.ts';

/** How a recording is played where the streams alone do not say what was done. */
export type Script = Omit<StageOptions, 'build'>;

const second = 1_000;

/** The recorder's stand-in for the kubelet let the pods become ready by itself. */
const heal = (
  stage: Stage,
  atSeconds: number,
  cluster: string,
  namespace: string,
  name: string,
): void => {
  const server = stage.clusters.get(cluster)?.server;
  stage.clock.after(atSeconds * second, () => {
    const object = server?.objects.get({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      namespace,
      name,
    });
    if (server === undefined || object === undefined) {
      throw new Error(`no Deployment ${namespace}/${name}`);
    }
    const ready = {
      type: 'Progressing',
      status: 'True',
      reason: 'NewReplicaSetAvailable',
      message: '',
    };
    server.objects.put({
      ...object,
      status: {
        observedGeneration: object.metadata.generation,
        replicas: 1,
        updatedReplicas: 1,
        readyReplicas: 1,
        availableReplicas: 1,
        conditions: [ready],
      },
    });
  });
};

const gitTrouble = (
  stage: Stage,
  url: string,
  times: readonly (readonly [atSeconds: number, trouble: GitTrouble | undefined])[],
): void => {
  for (const [atSeconds, trouble] of times) {
    stage.clock.after(atSeconds * second - 20, () => stage.git.setTrouble(url, trouble));
  }
};

const isNewArtifact = (body: string): boolean => body.includes('"reason":"NewArtifact"');

/** Takes so long that only a patient sender sees the answer. */
const slowly =
  (stage: Stage): Deliver =>
  async ({ timeoutMs }) => {
    await new Promise<void>((resolve) => {
      stage.clock.after(Math.min(20_000, timeoutMs), resolve);
    });
    return timeoutMs > 20_000 ? 202 : 'timed-out';
  };

/** The first few are answered so, the others taken. */
const firstFew = (count: number, answer: 503 | 'failed'): Deliver => {
  let left = count;
  return async () => {
    left -= 1;
    return left < 0 ? 202 : answer;
  };
};

/** The receiver of 13: what it does to each NewArtifact depends on the moment. */
const troubledReceiver = (stage: Stage): Deliver => {
  const phases: readonly (readonly [from: number, to: number, deliver: Deliver])[] = [
    [9.2, 22, firstFew(2, 503)],
    [111.5, 140, slowly(stage)],
    [146.6, 171, firstFew(2, 'failed')],
    [171.6, 191, async () => 400],
    [191.7, 221.8, slowly(stage)],
    [221.8, Number.POSITIVE_INFINITY, async () => 503],
  ];
  return async (delivery) => {
    const at = (stage.clock.now() - stage.startedMs) / second;
    const phase = phases.find(([from, to]) => at > from && at <= to);
    return phase === undefined || !isNewArtifact(delivery.body) ? 202 : phase[2](delivery);
  };
};

const immich = { kind: 'Kustomization', namespace: 'gitops', name: 'immich' };
const immichSource = { kind: 'GitRepository', namespace: 'gitops', name: 'immich' };
const suspend = { spec: { suspend: true } };
const resume = { spec: { suspend: null } };

const directOwnership = (stage: Stage): void => {
  const patch = (at: number, named: typeof immich, manager: string, body: object): void =>
    patchAt(stage, at, 'apps', named, manager, { ...body });
  patch(7.3, immich, 'flux-chatops', suspend);
  patch(32.4, immich, 'flux-chatops', resume);
  patch(34.4, immich, 'kubectl-patch', suspend);
  patch(41, immich, 'flux-chatops', resume);
  patch(43, immich, 'flux-chatops', { spec: { sourceRef: { name: 'platform' } } });
  patch(51, immichSource, 'flux-chatops', {
    spec: { ref: { commit: 'a78241232ad1e50da403bcb6f7b3dadd655d14cf' } },
  });
  patch(76, immichSource, 'flux-chatops', { spec: { ref: { commit: null } } });
  patch(89.2, immich, 'flux-chatops', {
    metadata: { annotations: { 'reconcile.fluxcd.io/requestedAt': 'flux-chatops/mid-run' } },
  });
  patch(89.22, immich, 'flux-chatops', suspend);
};

const harbor = { kind: 'Kustomization', namespace: 'platform', name: 'harbor' };
const freeze = 'kustomize.toolkit.fluxcd.io/reconcile';

const directRollback = (stage: Stage): void => {
  const patch = (at: number, body: object): void =>
    patchAt(stage, at, 'infra', harbor, 'flux-chatops', { ...body });
  patch(51.75, suspend);
  patch(65.75, {
    metadata: {
      annotations: {
        [freeze]: 'disabled',
        'flux-chatops.example.com/rollback-id': '01jd7',
        'flux-chatops.example.com/expires-at': '2026-11-24T18:00:00Z',
        'reconcile.fluxcd.io/requestedAt': 'flux-chatops/rollback-01jd7',
      },
    },
    spec: { suspend: null, prune: false, sourceRef: { name: 'flux-chatops-01jd7' } },
  });
  patch(166.4, { metadata: { annotations: { [freeze]: null } } });
  patch(177.6, {
    metadata: {
      annotations: {
        'flux-chatops.example.com/rollback-id': null,
        'flux-chatops.example.com/expires-at': null,
        'reconcile.fluxcd.io/requestedAt': null,
      },
    },
  });
};

const directDrift = (stage: Stage): void => {
  const where = { namespace: 'victoria-metrics' };
  const deployment = { ...where, kind: 'Deployment', name: 'vmagent-core' };
  const config = { ...where, kind: 'ConfigMap', name: 'vmagent-config' };
  patchAt(stage, 21.2, 'apps', deployment, 'kubectl-scale', { spec: { replicas: 3 } });
  patchAt(stage, 21.2, 'apps', config, 'kubectl-edit', { data: { version: 'edited' } });
  stage.clock.after(106.5 * second, () => {
    stage.clusters.get('apps')?.server.objects.remove({ ...config, apiVersion: 'v1' });
  });
};

const isFluxOwned = (object: KubeObject): boolean =>
  object.metadata.labels?.['kustomize.toolkit.fluxcd.io/name'] !== undefined ||
  object.metadata.labels?.['helm.toolkit.fluxcd.io/name'] !== undefined;

/** By name of the recording; those that are not here are played from their streams. */
export const scripts: Readonly<Record<string, Script>> = {
  '04-health-timeout': {
    direct: (stage) => {
      heal(stage, 101.4, 'infra', 'harbor', 'harbor-core');
      heal(stage, 107.6, 'infra', 'harbor', 'harbor-registry');
    },
  },
  '06-source-down': {
    direct: (stage) =>
      gitTrouble(stage, 'http://127.0.0.1:21950/source-down/platform.git', [
        [11.9, 404],
        [47, 401],
        [77, 'drop'],
        [97, 'refused'],
        [127.1, undefined],
      ]),
  },
  // its third fetch came after a heartbeat that was due half a second later
  '07-helm-upgrade-rollback': { jitter: (ms) => (ms === 10_000 ? 10_300 : ms) },
  '08-helm-drift': { direct: directDrift },
  // cert-manager's heartbeat came a second before the fetch of the bad commit
  '12-storm': {
    files: stormFiles,
    takesTurns: true,
    jitter: (ms) => (ms === 20_000 ? 19_600 : ms),
  },
  '13-delivery-trouble': {
    direct: (stage) => {
      stage.answer = troubledReceiver(stage);
      stage.isRefusing = () => {
        const at = stage.clock.now() - stage.startedMs;
        return at > 22.4 * second && at < 70.9 * second;
      };
      const provider = { kind: 'Provider', namespace: 'rook-ceph', name: 'chatops' };
      patchAt(stage, 191.7, 'infra', provider, 'lab', { spec: { timeout: '60s' } });
    },
  },
  '15-rollback-pin': { isOurs: (object) => !isFluxOwned(object), direct: directRollback },
  '18-field-ownership': { isOurs: (object) => !isFluxOwned(object), direct: directOwnership },
};
