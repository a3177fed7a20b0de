import type { KubeObject } from '#src/render/objects.ts';
import { at, type Data, dataAt, listAt, textAt } from '#test/platform/world/value.ts';
import { appliedObjects, type Cluster } from '#test/platform/world/world.ts';

export interface PodPort {
  readonly name: string | undefined;
  readonly number: number;
}

/** The pods that one workload of the tree makes; those of charts are not rendered here. */
export interface Pods {
  readonly owner: KubeObject;
  readonly namespace: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly replicas: number;
  readonly ports: readonly PodPort[];
  readonly spec: Data;
}

const textsOf = (data: Data): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(data).flatMap(([name, value]) =>
      typeof value === 'string' ? [[name, value] as const] : [],
    ),
  );

export const podsOf = (cluster: Cluster): readonly Pods[] =>
  appliedObjects(cluster)
    .map(({ object }) => object)
    .filter((object) => /^(?:Deployment|DaemonSet|StatefulSet|Job)$/.test(object.kind))
    .map((owner) => {
      const spec = dataAt(owner, 'spec', 'template', 'spec');
      return {
        owner,
        namespace: owner.metadata.namespace,
        labels: textsOf(dataAt(owner, 'spec', 'template', 'metadata', 'labels')),
        replicas: Number(at(owner, 'spec', 'replicas') ?? 1),
        spec,
        ports: listAt(spec, 'containers').flatMap((container) =>
          listAt(container, 'ports').map((port) => ({
            name: textAt(port, 'name'),
            number: Number(at(port, 'containerPort')),
          })),
        ),
      };
    });

/** Whether a pod listens on a port that a policy, a Service or a probe asks for by name or by number. */
export const hasPort = (pods: Pods, port: unknown): boolean =>
  pods.ports.some(({ name, number }) => port === name || Number(port) === number);
