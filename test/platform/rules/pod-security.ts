import type { KubeObject } from '#src/render/objects.ts';
import { isHelmRelease } from '#test/platform/world/charts.ts';
import { podsOf } from '#test/platform/world/pods.ts';
import { at, dataAt, listAt, textAt } from '#test/platform/world/value.ts';
import {
  appliedObjects,
  type Cluster,
  type Finding,
  type Rule,
  titleOf,
} from '#test/platform/world/world.ts';

const objectsOf = (cluster: Cluster) => appliedObjects(cluster).map(({ object }) => object);

const namespacesOf = (cluster: Cluster): readonly KubeObject[] =>
  objectsOf(cluster).filter((object) => object.kind === 'Namespace');

const levelOf = (cluster: Cluster, name: string | undefined): string | undefined =>
  namespacesOf(cluster).find((object) => object.metadata.name === name)?.metadata.labels?.[
    'pod-security.kubernetes.io/enforce'
  ];

const containersOf = (pod: unknown): readonly unknown[] =>
  ['initContainers', 'containers', 'ephemeralContainers'].flatMap((field) => listAt(pod, field));

const inBaseline =
  /^(?:AUDIT_WRITE|CHOWN|DAC_OVERRIDE|FOWNER|FSETID|KILL|MKNOD|NET_BIND_SERVICE|SETFCAP|SETGID|SETPCAP|SETUID|SYS_CHROOT)$/;

/** What the level baseline refuses in a pod. */
const baselineProblems = (pod: unknown): readonly string[] => [
  ...['hostNetwork', 'hostPID', 'hostIPC'].filter((field) => at(pod, field) === true),
  ...listAt(pod, 'volumes')
    .filter((volume) => at(volume, 'hostPath') !== undefined)
    .map((volume) => `hostPath of ${textAt(volume, 'name') ?? ''}`),
  ...containersOf(pod).flatMap((container) => [
    ...(at(container, 'securityContext', 'privileged') === true ? ['privileged'] : []),
    ...listAt(container, 'ports')
      .filter((port) => Number(at(port, 'hostPort') ?? 0) > 0)
      .map((port) => `hostPort ${String(at(port, 'hostPort'))}`),
    ...listAt(container, 'securityContext', 'capabilities', 'add')
      .filter((capability) => !inBaseline.test(String(capability)))
      .map((capability) => `capability ${String(capability)}`),
  ]),
];

const ownVolumes =
  /^(?:configMap|csi|downwardAPI|emptyDir|ephemeral|persistentVolumeClaim|projected|secret|name)$/;

/** A field of the container, or of its pod where the container says nothing. */
const inherited = (pod: unknown, container: unknown, ...path: readonly string[]): unknown =>
  at(container, 'securityContext', ...path) ?? at(pod, 'securityContext', ...path);

/** What the level restricted refuses in a pod on top. */
const restrictedProblems = (pod: unknown): readonly string[] => [
  ...baselineProblems(pod),
  ...listAt(pod, 'volumes')
    .flatMap((volume) => Object.keys(dataAt(volume)))
    .filter((field) => !ownVolumes.test(field))
    .map((field) => `a volume of type ${field}`),
  ...containersOf(pod).flatMap((container) => {
    const capabilities = dataAt(container, 'securityContext', 'capabilities');
    const seccomp = String(inherited(pod, container, 'seccompProfile', 'type'));
    return [
      ...(inherited(pod, container, 'runAsNonRoot') === true ? [] : ['runAsNonRoot is not true']),
      ...(inherited(pod, container, 'runAsUser') === 0 ? ['runAsUser is 0'] : []),
      ...(/^(?:RuntimeDefault|Localhost)$/.test(seccomp) ? [] : ['no seccompProfile']),
      ...(at(container, 'securityContext', 'allowPrivilegeEscalation') === false
        ? []
        : ['allowPrivilegeEscalation is not false']),
      ...(listAt(capabilities, 'drop').includes('ALL') ? [] : ['capabilities are not dropped']),
      ...listAt(capabilities, 'add')
        .filter((capability) => capability !== 'NET_BIND_SERVICE')
        .map((capability) => `capability ${String(capability)}`),
    ];
  }),
];

const refused = (level: string | undefined, pod: unknown): readonly string[] => {
  if (level === 'privileged') {
    return [];
  }
  return level === 'restricted' ? restrictedProblems(pod) : baselineProblems(pod);
};

const podSecurity: Rule = {
  name: 'pod-security',
  summary: 'every namespace enforces a level, and the pods of the tree fit that of theirs',
  scope: 'cluster',
  check: (cluster) => [
    ...namespacesOf(cluster)
      .filter((object) => levelOf(cluster, object.metadata.name) === undefined)
      .map((object) => ({
        where: titleOf(object),
        what: 'no pod-security.kubernetes.io/enforce',
      })),
    ...podsOf(cluster).flatMap(({ owner, namespace, spec }) => {
      const level = levelOf(cluster, namespace);
      return refused(level, spec).map((what) => ({
        where: titleOf(owner),
        what: `refused by the level ${level ?? 'baseline'}: ${what}`,
      }));
    }),
  ],
};

/** Releases whose pods use the host; charts are not rendered here. */
const onTheHost: Readonly<Record<string, string>> = {
  cilium: 'host network, BPF file system',
  spegel: "containerd's socket and a port of the host",
  'rook-ceph': 'disks of the host',
  'rook-ceph-cluster': 'disks of the host',
  'ceph-csi-drivers': 'mounts of the kubelet',
};

const hostReleases: Rule = {
  name: 'host-pods',
  summary: 'a chart whose pods use the host is in a namespace that lets them',
  scope: 'cluster',
  check: (cluster): readonly Finding[] =>
    objectsOf(cluster)
      .filter(isHelmRelease)
      .filter(({ metadata }) => metadata.name in onTheHost)
      .filter(({ metadata }) => levelOf(cluster, metadata.namespace) !== 'privileged')
      .map((release) => ({
        where: titleOf(release),
        what: `its pods are refused in ${release.metadata.namespace ?? ''}: ${onTheHost[release.metadata.name] ?? ''}`,
      })),
};

export const podSecurityRules: readonly Rule[] = [podSecurity, hostReleases];
