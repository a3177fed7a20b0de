import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { Config, configJsonSchema } from '#src/config/config.ts';
import { configProblems, sayProblem } from '#src/config/problems.ts';
import { judgeSettings } from '#src/store/redis-health.ts';
import { createSchemas } from '#test/platform/schemas/schemas.ts';

const Built = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string().optional(),
    labels: z.record(z.string(), z.string()).optional(),
  }),
});
type Built = z.infer<typeof Built>;

const Volumes = z.array(
  z.looseObject({
    name: z.string(),
    secret: z.looseObject({ secretName: z.string() }).optional(),
    configMap: z.looseObject({ name: z.string() }).optional(),
  }),
);
const Container = z.looseObject({
  args: z.array(z.string()).default([]),
  image: z.string(),
  securityContext: z.looseObject({}),
  resources: z.looseObject({ limits: z.object({ memory: z.string() }) }),
  ports: z.array(z.object({ name: z.string(), containerPort: z.number() })),
  volumeMounts: z.array(z.looseObject({ name: z.string(), mountPath: z.string() })),
});
const Workload = z.looseObject({
  metadata: z.object({ name: z.string() }),
  spec: z.looseObject({
    template: z.looseObject({
      spec: z.looseObject({
        automountServiceAccountToken: z.boolean(),
        serviceAccountName: z.string().optional(),
        securityContext: z.looseObject({}),
        containers: z.array(Container),
        volumes: Volumes,
      }),
    }),
  }),
});

const build = (folder: string): readonly Built[] =>
  parseAllDocuments(execFileSync('kubectl', ['kustomize', folder], { encoding: 'utf8' })).map(
    (document) => Built.parse(document.toJS()),
  );

let objects: readonly Built[] = [];

const ofKind = (...kinds: readonly string[]): readonly Built[] =>
  objects.filter(({ kind }) => kinds.includes(kind));
const workloads = () => ofKind('Deployment', 'StatefulSet').map((object) => Workload.parse(object));
const pods = () => workloads().map((workload) => workload.spec.template.spec);

const missing = spawnSync('kubectl', ['version', '--client']).error !== undefined;

describe.skipIf(missing)('the manifests of the bot, built by kubectl', () => {
  beforeAll(() => {
    objects = build('deploy');
  });

  it('are what Kubernetes and External Secrets know', async () => {
    const schemas = createSchemas();
    await schemas.prepare(objects);
    const complaints = objects.flatMap((object) => {
      const check = schemas.check(object.apiVersion, object.kind);
      return check === undefined
        ? [`${object.kind} has no schema`]
        : check(object).map((problem) => `${object.kind}/${object.metadata.name}: ${problem}`);
    });

    expect(objects.length).toBeGreaterThan(20);
    expect(complaints).toEqual([]);
  });

  it('give another cluster the accounts, the roles and the fence, closed, and nothing that runs', () => {
    const kinds = new Set(build('deploy/cluster').map(({ kind }) => kind));

    expect(kinds).toEqual(
      new Set([
        'Namespace',
        'NetworkPolicy',
        'ServiceAccount',
        'ClusterRole',
        'ClusterRoleBinding',
        'ValidatingAdmissionPolicy',
        'ValidatingAdmissionPolicyBinding',
      ]),
    );
  });

  it('hold no Secret, and lay every mounted one down from the store', () => {
    const mounted = pods().flatMap(({ volumes }) =>
      volumes.flatMap(({ secret }) => (secret === undefined ? [] : [secret.secretName])),
    );

    expect(ofKind('Secret')).toEqual([]);
    expect(new Set(mounted)).toEqual(
      new Set(ofKind('ExternalSecret').map(({ metadata }) => metadata.name)),
    );
  });

  it('mount every file that the configuration names', () => {
    const text = readFileSync('deploy/bot/flux-chatops.yaml', 'utf8');
    const External = z.looseObject({
      metadata: z.object({ name: z.string() }),
      spec: z.looseObject({
        target: z.looseObject({
          template: z.looseObject({ data: z.record(z.string(), z.string()) }).optional(),
        }),
        data: z.array(z.looseObject({ secretKey: z.string() })),
      }),
    });
    const filesOf = (secretName: string, path: string): readonly string[] =>
      ofKind('ExternalSecret')
        .map((object) => External.parse(object))
        .filter(({ metadata }) => metadata.name === secretName)
        .flatMap(({ spec }) => [
          ...spec.data.map(({ secretKey }) => secretKey),
          ...Object.keys(spec.target.template?.data ?? {}),
        ])
        .map((key) => `${path}/${key}`);
    const named = [...text.matchAll(/\/run\/secrets\/[\w./-]+/g)].map(([file]) => file);

    for (const role of ['front', 'worker']) {
      const mounted = [
        ...filesOf('flux-chatops', '/run/secrets/flux-chatops'),
        ...filesOf(`flux-chatops-${role}-kubeconfigs`, '/run/secrets/kubeconfigs'),
      ];
      expect(named.filter((file) => !mounted.includes(file))).toEqual([]);
    }
  });

  it('meet the restricted Pod Security Standard, and more', () => {
    const namespace = ofKind('Namespace')[0];

    expect(namespace?.metadata.labels).toMatchObject({
      'pod-security.kubernetes.io/enforce': 'restricted',
    });
    expect(pods()).toHaveLength(3);
    for (const pod of pods()) {
      expect(pod.securityContext).toMatchObject({
        runAsNonRoot: true,
        seccompProfile: { type: 'RuntimeDefault' },
      });
      expect(pod['hostNetwork'] ?? pod['hostPID'] ?? pod['hostIPC']).toBeUndefined();
      for (const { securityContext } of pod.containers) {
        expect(securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
      }
      for (const volume of pod.volumes) {
        expect(['configMap', 'secret', 'emptyDir'].filter((kind) => kind in volume)).toHaveLength(
          1,
        );
      }
    }
  });

  it('run the image’s own command, once per role, with a place to write', () => {
    const [, command = '[]'] = /^CMD (\[.*\])$/m.exec(readFileSync('Dockerfile', 'utf8')) ?? [];
    const bots = workloads().filter(({ metadata }) => !metadata.name.endsWith('valkey'));
    const argsOf = bots.flatMap(({ spec }) =>
      spec.template.spec.containers.map(({ args }) => args),
    );

    expect(argsOf).toEqual(
      ['front', 'worker'].map((role) => [
        ...z.array(z.string()).parse(JSON.parse(command)),
        '--role',
        role,
      ]),
    );
    for (const { spec } of bots) {
      const [bot] = spec.template.spec.containers;
      expect(bot?.volumeMounts.map(({ mountPath }) => mountPath)).toContain('/tmp');
      expect(bot).toMatchObject({
        readinessProbe: { httpGet: { path: '/readyz', port: 'internal' } },
        livenessProbe: { httpGet: { path: '/healthz', port: 'internal' } },
      });
      expect(bot?.ports).toContainEqual({ name: 'internal', containerPort: 9090 });
    }
  });

  it('let the worker act, and nobody else', () => {
    const Binding = z.looseObject({
      metadata: z.object({ name: z.string() }),
      subjects: z.array(z.object({ kind: z.string(), name: z.string(), namespace: z.string() })),
    });
    const bound = Object.fromEntries(
      ofKind('ClusterRoleBinding', 'RoleBinding')
        .map((object) => Binding.parse(object))
        .map(({ metadata, subjects }) => [metadata.name, subjects.map(({ name }) => name)]),
    );
    const accounts = pods().map((pod) => [
      pod.serviceAccountName,
      pod.automountServiceAccountToken,
    ]);

    expect(bound).toEqual({
      'flux-chatops-observe': ['flux-chatops-front', 'flux-chatops'],
      'flux-chatops-act': ['flux-chatops'],
    });
    expect(accounts).toEqual([
      ['flux-chatops-front', true],
      ['flux-chatops', true],
      [undefined, false],
    ]);
  });

  it('deny the network by default', () => {
    const Policy = z.looseObject({ spec: z.looseObject({ podSelector: z.looseObject({}) }) });
    const [deny] = ofKind('NetworkPolicy').filter(
      ({ metadata }) => metadata.name === 'default-deny',
    );

    expect(Policy.parse(deny).spec).toEqual({
      podSelector: {},
      policyTypes: ['Ingress', 'Egress'],
    });
  });

  it('set up a store that keeps what it answered', () => {
    const Settings = z.looseObject({ data: z.record(z.string(), z.string()) });
    const [map] = ofKind('ConfigMap').filter(({ metadata }) => metadata.name.endsWith('valkey'));
    const setting = (name: string) =>
      new RegExp(`^${name} (.*)$`, 'm').exec(Settings.parse(map).data['valkey.conf'] ?? '')?.[1];

    expect(
      judgeSettings({
        appendOnly: setting('appendonly') === 'yes',
        appendFsync: setting('appendfsync'),
        save: setting('save'),
        maxMemoryPolicy: setting('maxmemory-policy'),
        role: 'master',
      }),
    ).toEqual({ durability: 'always', warnings: [] });
  });
});

describe('the example configuration', () => {
  it('is a good one', () => {
    const text = readFileSync('deploy/bot/flux-chatops.yaml', 'utf8');
    const parsed = Config.safeParse(parse(text), { reportInput: true });

    expect(
      parsed.success ? [] : configProblems(parsed.error, configJsonSchema()).map(sayProblem),
    ).toEqual([]);
  });
});
