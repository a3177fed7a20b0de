import { createHash } from 'node:crypto';
import {
  isRecord,
  type JsonRecord,
  type KubeObject,
  listAt,
  recordAt,
  textAt,
} from '#test/sandbox/api/json.ts';
import type { ResourceKind } from '#test/sandbox/api/kinds.ts';
import { timestamp } from '#test/sandbox/clock.ts';
import { runningPod, tellPullFailure, waitingPod } from '#test/sandbox/controllers/pods.ts';
import type { EventWriter } from '#test/sandbox/controllers/recorder.ts';
import type { World } from '#test/sandbox/controllers/world.ts';

const imagesOf = (object: KubeObject): readonly string[] =>
  listAt(object, 'spec', 'template', 'spec', 'containers').map((one) => textAt(one, 'image') ?? '');

const numberAt = (record: JsonRecord, key: string, otherwise: number): number => {
  const value = record[key];
  return typeof value === 'number' ? value : otherwise;
};

const groups: Readonly<Record<string, string>> = {
  Job: 'batch',
  PersistentVolumeClaim: '',
  ValidatingAdmissionPolicy: 'admissionregistration.k8s.io',
};

/** Whether an image can be pulled; the recordings' stand-in for the kubelet refused `broken`. */
export type CanPull = (image: string) => boolean;

/**
 * Stands in for the controller manager, scheduler and kubelet: a Deployment gets its ReplicaSet and
 * pods, which are ready after a while, or never when their image cannot be pulled. StatefulSets and
 * DaemonSets get a status only, Jobs complete, admission policies are found to be well typed.
 */
export const startWorkloads = (world: World, write: EventWriter, canPull: CanPull) => {
  const { server, clock, settings } = world;
  const deployments = world.kindNamed('apps', 'Deployment');
  const replicaSets = world.kindNamed('apps', 'ReplicaSet');
  const pods = world.kindNamed('', 'Pod');
  const stops: (() => void)[] = [];

  const setStatus = (kind: ResourceKind, object: KubeObject, status: JsonRecord): void => {
    const { namespace, name } = object.metadata;
    const live = server.storage.read(kind, namespace, name);
    if (live !== undefined) {
      server.storage.put(kind, { ...live, status });
    }
  };

  const hashOf = (object: KubeObject): string =>
    createHash('sha256')
      .update(JSON.stringify(recordAt(object, 'spec', 'template')))
      .digest('hex')
      .slice(0, 9);

  const deploymentConditions = (isAvailable: boolean, isReady: boolean): readonly JsonRecord[] => {
    const now = timestamp(clock.now());
    const times = { lastUpdateTime: now, lastTransitionTime: now };
    const minimum = isAvailable
      ? ['True', 'MinimumReplicasAvailable', 'Deployment has minimum availability.']
      : ['False', 'MinimumReplicasUnavailable', 'Deployment does not have minimum availability.'];
    const rollout = isReady
      ? ['True', 'NewReplicaSetAvailable', 'ReplicaSet has successfully progressed.']
      : ['True', 'ReplicaSetUpdated', 'ReplicaSet is progressing.'];
    return [
      ['Available', ...minimum],
      ['Progressing', ...rollout],
    ].map(([type, status, reason, message]) => ({ type, status, reason, message, ...times }));
  };

  const deploymentStatus = (object: KubeObject, isReady: boolean, oldReady: number): JsonRecord => {
    const wanted = numberAt(recordAt(object, 'spec'), 'replicas', 1);
    const available = isReady ? wanted : oldReady;
    return {
      observedGeneration: object.metadata.generation,
      // a pod of the old version stays until the new one is ready
      replicas: isReady ? wanted : wanted + Math.min(oldReady, 1),
      updatedReplicas: wanted,
      readyReplicas: available,
      availableReplicas: available,
      ...(isReady ? {} : { unavailableReplicas: wanted }),
      conditions: deploymentConditions(available > 0 || wanted === 0, isReady),
    };
  };

  const removeOwned = (
    kind: ResourceKind,
    namespace: string | undefined,
    uid: string,
    keep: string,
  ): void => {
    for (const object of server.storage.list(kind, namespace)) {
      const isOwned = listAt(object, 'metadata', 'ownerReferences').some(
        (one) => textAt(one, 'uid') === uid,
      );
      if (isOwned && object.metadata.name !== keep) {
        removeOwned(pods, namespace, object.metadata.uid ?? '', '');
        server.storage.remove(kind, namespace, object.metadata.name);
      }
    }
  };

  const owner = (object: KubeObject): readonly JsonRecord[] => [
    {
      apiVersion: object.apiVersion,
      kind: object.kind,
      name: object.metadata.name,
      uid: object.metadata.uid,
      controller: true,
    },
  ];

  const makePods = (
    object: KubeObject,
    replicaSet: KubeObject,
    status: JsonRecord,
  ): readonly KubeObject[] => {
    const made: KubeObject[] = [];
    const wanted = numberAt(recordAt(object, 'spec'), 'replicas', 1);
    const template = recordAt(object, 'spec', 'template');
    for (let index = 0; index < Math.min(wanted, 3); index += 1) {
      const suffix = createHash('sha256')
        .update(`${replicaSet.metadata.uid}${index}`)
        .digest('hex')
        .slice(0, 5);
      const pod = server.objects.put({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: {
          name: `${replicaSet.metadata.name}-${suffix}`,
          ...(object.metadata.namespace === undefined
            ? {}
            : { namespace: object.metadata.namespace }),
          labels: recordAt(template, 'metadata', 'labels') as Readonly<Record<string, string>>,
          ownerReferences: owner(replicaSet),
        },
        spec: recordAt(template, 'spec'),
        status,
      });
      made.push(pod);
    }
    return made;
  };

  const rollOut = (object: KubeObject): void => {
    const { namespace, name, uid = '' } = object.metadata;
    const setName = `${name}-${hashOf(object)}`;
    const isNew = server.storage.read(replicaSets, namespace, setName) === undefined;
    const replicaSet = server.objects.put({
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: {
        name: setName,
        ...(namespace === undefined ? {} : { namespace }),
        ownerReferences: owner(object),
      },
      spec: { replicas: numberAt(recordAt(object, 'spec'), 'replicas', 1) },
    });
    const image = imagesOf(object).find((one) => !canPull(one));
    const status = image === undefined ? runningPod(imagesOf(object)[0] ?? '') : waitingPod(image);
    const made = makePods(object, replicaSet, status);
    for (const pod of image === undefined ? [] : made) {
      tellPullFailure(write, pod, image ?? '');
    }
    if (isNew) {
      const message = `Scaled up replica set ${setName} from 0 to 1`;
      write(object, 'deployment-controller', 'Normal', 'ScalingReplicaSet', message);
    }
    if (image === undefined) {
      removeOwned(replicaSets, namespace, uid, setName);
      setStatus(deployments, object, deploymentStatus(object, true, 0));
    }
  };

  const runOut = (generation: number | undefined, object: KubeObject): void => {
    const { namespace, name } = object.metadata;
    const live = server.storage.read(deployments, namespace, name);
    if (
      live === undefined ||
      live.metadata.generation !== generation ||
      imagesOf(live).every(canPull)
    ) {
      return;
    }
    const status = recordAt(live, 'status');
    const setName = `${name}-${hashOf(live)}`;
    setStatus(deployments, live, {
      ...status,
      conditions: listAt(status, 'conditions').map((one) =>
        isRecord(one) && one['type'] === 'Progressing'
          ? {
              ...one,
              status: 'False',
              reason: 'ProgressDeadlineExceeded',
              message: `ReplicaSet "${setName}" has timed out progressing.`,
            }
          : one,
      ),
    });
  };

  const seeDeployment = (object: KubeObject): void => {
    const { generation } = object.metadata;
    const before = numberAt(recordAt(object, 'status'), 'availableReplicas', 0);
    clock.after(20, () => {
      const live = server.storage.read(
        deployments,
        object.metadata.namespace,
        object.metadata.name,
      );
      if (live?.metadata.generation === generation && live !== undefined) {
        setStatus(deployments, live, deploymentStatus(live, false, before));
      }
    });
    clock.after(settings.podStartMs, () => {
      const live = server.storage.read(
        deployments,
        object.metadata.namespace,
        object.metadata.name,
      );
      if (live?.metadata.generation === generation && live !== undefined) {
        rollOut(live);
      }
    });
    const deadline = numberAt(recordAt(object, 'spec'), 'progressDeadlineSeconds', 600);
    clock.after(deadline * 1000, () => runOut(generation, object));
  };

  const simpleStatus: Readonly<
    Record<string, (wanted: number, generation: number | undefined) => JsonRecord>
  > = {
    StatefulSet: (wanted, observedGeneration) => ({
      observedGeneration,
      replicas: wanted,
      readyReplicas: wanted,
      updatedReplicas: wanted,
      availableReplicas: wanted,
    }),
    DaemonSet: (_, observedGeneration) => ({
      observedGeneration,
      desiredNumberScheduled: 3,
      currentNumberScheduled: 3,
      updatedNumberScheduled: 3,
      numberReady: 3,
      numberAvailable: 3,
    }),
    Job: () => ({
      succeeded: 1,
      completionTime: timestamp(clock.now()),
      conditions: [{ type: 'Complete', status: 'True' }],
    }),
    PersistentVolumeClaim: () => ({ phase: 'Bound' }),
    ValidatingAdmissionPolicy: (_, observedGeneration) => ({
      observedGeneration,
      typeChecking: {},
    }),
  };

  const follow = (kind: ResourceKind, see: (object: KubeObject) => void): void => {
    stops.push(
      server.storage.subscribe(kind, {
        changed: ({ type, object, previous }) => {
          const isDesired =
            previous === undefined || object.metadata.generation !== previous.metadata.generation;
          if (type === 'DELETED') {
            removeOwned(replicaSets, object.metadata.namespace, object.metadata.uid ?? '', '');
          } else if (isDesired) {
            see(object);
          }
        },
        ended: () => undefined,
      }),
    );
    server.storage.list(kind).forEach(see);
  };

  follow(deployments, seeDeployment);
  for (const [name, statusFor] of Object.entries(simpleStatus)) {
    const kind = world.kindNamed(groups[name] ?? 'apps', name);
    follow(kind, (object) => {
      clock.after(settings.podStartMs, () => {
        const live = server.storage.read(kind, object.metadata.namespace, object.metadata.name);
        if (live !== undefined && imagesOf(live).every(canPull)) {
          const wanted = numberAt(recordAt(live, 'spec'), 'replicas', 1);
          setStatus(kind, live, statusFor(wanted, live.metadata.generation));
        }
      });
    });
  }

  return {
    /** Looks at every Deployment again, as after an image came to be. */
    again: (): void => server.storage.list(deployments).forEach(seeDeployment),
    stop: (): void => {
      for (const stop of stops) {
        stop();
      }
    },
  };
};
