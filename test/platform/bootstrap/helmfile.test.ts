import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments, parse as parseYaml } from 'yaml';
import type { KubeObject } from '#src/render/objects.ts';
import { substituteText } from '#src/render/substitute.ts';
import { renderCluster } from '#test/platform/bootstrap/flux-tree.ts';
import { findTool } from '#test/platform/tools/tools.ts';

const helm = findTool('helm');
const helmfile = findTool('helmfile');
const yq = findTool('yq');
const missing = Object.entries({ helm, helmfile, yq })
  .flatMap(([name, path]) => (path ? [] : [name]))
  .join(', ');

interface HelmRelease {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: {
    readonly releaseName?: string;
    readonly targetNamespace?: string;
    readonly chartRef: { readonly name: string };
    readonly values?: unknown;
  };
}
interface Source {
  readonly spec: { readonly url: string; readonly ref: { readonly tag: string } };
}
interface Release {
  readonly name: string;
  readonly namespace: string;
  readonly chart: string;
  readonly version: string;
}

const clusters = ['infra', 'apps'] as const;
const phases = ['00-crds', '01-apps'] as const;
/** Network, names, images, certificates, secrets, Flux: each needs those before it. */
const releaseOrder = [
  'cilium',
  'coredns',
  'spegel',
  'cert-manager',
  'external-secrets',
  'onepassword-connect',
  'flux-operator',
  'flux-instance',
];
/** The only values in which a bootstrapped release differs from its HelmRelease, and why: phase 0 laid the CRDs. */
const overrides: Readonly<Record<string, object>> = {
  'cert-manager': { crds: { enabled: false } },
  'external-secrets': { installCRDs: false },
};

const merged = (values: unknown, over: unknown): unknown => {
  if (typeof over !== 'object' || over === null) return over;
  const base = (values ?? {}) as Record<string, unknown>;
  const changed = Object.entries(over).map(
    ([key, value]) => [key, merged(base[key], value)] as const,
  );
  return { ...base, ...Object.fromEntries(changed) };
};

interface Printed {
  readonly kind: string;
  readonly release: string;
  readonly namespace: string;
  readonly values: unknown;
}
/** What the stand-in charts say they were given. */
const printedValues = (rendered: string): readonly Printed[] =>
  parseAllDocuments(rendered)
    .map((document) => document.toJS() as Printed | null)
    .filter((printed): printed is Printed => printed?.kind === 'Values');

describe.skipIf(missing !== '')(
  `helmfile and Flux${missing && ` (not run: ${missing} is missing, npm run tools builds it)`}`,
  () => {
    let scratch: string;
    const flux = new Map<string, readonly KubeObject[]>();
    const run = (folder: string, phase: string, cluster: string, ...words: string[]) =>
      spawnSync(
        helmfile ?? '',
        [
          '--quiet',
          '--helm-binary',
          helm ?? '',
          '--file',
          `bootstrap/helmfile.d/${phase}.yaml`,
          '--environment',
          cluster,
          ...words,
        ],
        { cwd: folder, encoding: 'utf8', env: { ...process.env, HOME: scratch } },
      );
    const releases = (phase: string, cluster: string): readonly Release[] =>
      JSON.parse(
        run(process.cwd(), phase, cluster, 'list', '--output', 'json').stdout,
      ) as readonly Release[];
    const helmReleaseOf = (cluster: string, { name, namespace }: Release): HelmRelease => {
      const found = (flux.get(cluster) ?? []).filter(
        ({ kind, metadata }) =>
          kind === 'HelmRelease' && metadata.name === name && metadata.namespace === namespace,
      );
      expect(found, `HelmRelease ${namespace}/${name} on ${cluster}`).toHaveLength(1);
      return found[0] as unknown as HelmRelease;
    };

    /** A copy of what helmfile reads, in which every chart is one that prints its values. */
    const copyWithStandInChart = (name: string): string => {
      const folder = join(scratch, name);
      for (const part of ['bootstrap', 'kubernetes'])
        cpSync(part, join(folder, part), { recursive: true });
      const chart = join(folder, 'chart');
      mkdirSync(join(chart, 'templates'), { recursive: true });
      mkdirSync(join(chart, 'crds'));
      writeFileSync(join(chart, 'Chart.yaml'), 'apiVersion: v2\nname: stand-in\nversion: 0.0.1\n');
      writeFileSync(
        join(chart, 'templates/values.yaml'),
        'kind: Values\nrelease: {{ .Release.Name }}\nnamespace: {{ .Release.Namespace }}\nvalues: {{ toJson .Values }}\n',
      );
      const crd = (crdName: string) =>
        `apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: ${crdName}}\n`;
      writeFileSync(
        join(chart, 'crds/crd.yaml'),
        crd('plain-{{ not a template }}').replace('{{ not a template }}', 'crd'),
      );
      writeFileSync(join(chart, 'templates/crd.yaml'), crd('templated-{{ .Release.Name }}'));
      writeFileSync(
        join(chart, 'templates/hook.yaml'),
        'apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: hook\n  annotations: {helm.sh/hook: pre-install}\n',
      );
      for (const file of readdirSync(join(folder, 'kubernetes'), {
        recursive: true,
        encoding: 'utf8',
      }))
        if (file.endsWith('ocirepository.yaml')) {
          const path = join(folder, 'kubernetes', file);
          writeFileSync(path, readFileSync(path, 'utf8').replace(/url: oci:\S+/, `url: ${chart}`));
        }
      return folder;
    };

    beforeAll(async () => {
      scratch = mkdtempSync(join(tmpdir(), 'helmfile-'));
      for (const cluster of clusters)
        flux.set(cluster, await renderCluster(process.cwd(), cluster));
    }, 300_000);
    afterAll(() => rmSync(scratch, { recursive: true, force: true }));

    it.each(clusters)(
      'install on %s what Flux adopts: name, namespace, chart and version',
      (cluster) => {
        for (const phase of phases) {
          const all = releases(phase, cluster);
          expect(all.length).toBe(phase === '00-crds' ? 4 : 8);
          for (const release of all) {
            const { metadata, spec } = helmReleaseOf(cluster, release);
            const source = (flux.get(cluster) ?? []).find(
              (each) =>
                each.kind === 'OCIRepository' &&
                each.metadata.name === spec.chartRef.name &&
                each.metadata.namespace === metadata.namespace,
            ) as unknown as Source;
            expect(spec.releaseName ?? metadata.name).toBe(release.name);
            expect(spec.targetNamespace ?? metadata.namespace).toBe(release.namespace);
            expect(release).toMatchObject({ chart: source.spec.url, version: source.spec.ref.tag });
          }
        }
      },
    );

    it.each(clusters)('give every release of %s the values of its HelmRelease', (cluster) => {
      for (const phase of phases) {
        const out = join(scratch, `values-${phase}-${cluster}`);
        const written = run(
          process.cwd(),
          phase,
          cluster,
          'write-values',
          '--output-file-template',
          `${out}/{{ .Release.Name }}.yaml`,
        );
        expect(written.stderr).toBe('');
        expect(written.status).toBe(0);
        for (const release of releases(phase, cluster)) {
          const values = parseYaml(readFileSync(join(out, `${release.name}.yaml`), 'utf8'));
          expect(values, `${release.name} on ${cluster}`).toEqual(
            helmReleaseOf(cluster, release).spec.values ?? {},
          );
        }
      }
    });

    it.each(clusters)('differ on %s only by the overrides that are declared', (cluster) => {
      const folder = copyWithStandInChart(`template-${cluster}`);
      const rendered = run(folder, '01-apps', cluster, 'template');
      expect(rendered.status, rendered.stderr).toBe(0);
      const printed = printedValues(rendered.stdout);

      expect(printed.map(({ release }) => release)).toEqual(releaseOrder);
      for (const { release, namespace, values } of printed) {
        const { spec } = helmReleaseOf(cluster, {
          name: release,
          namespace,
          chart: '',
          version: '',
        });
        expect(values, release).toEqual(merged(spec.values, overrides[release] ?? {}));
      }
    });

    it('switch CRDs off in phase 1 for every chart of phase 0 that phase 1 installs', () => {
      const both = releases('01-apps', 'infra')
        .map(({ name }) => name)
        .filter((name) => releases('00-crds', 'infra').some((release) => release.name === name));

      expect(both.toSorted()).toEqual(Object.keys(overrides));
    });

    it('lay the same CRDs on both clusters', () => {
      expect(releases('00-crds', 'apps')).toEqual(releases('00-crds', 'infra'));
    });

    it('refuse a value that no setting of the cluster fills', () => {
      const folder = copyWithStandInChart('leftover');
      const settings = join(folder, 'kubernetes/clusters/apps/cluster-settings.yaml');
      writeFileSync(
        settings,
        readFileSync(settings, 'utf8').replace(/^ {2}CLUSTER_DNS_IP: .*\n/m, ''),
      );

      const apps = run(folder, '01-apps', 'apps', 'template');
      const infra = run(folder, '01-apps', 'infra', 'template');

      expect(apps.status).not.toBe(0);
      expect(apps.stderr).toContain('coredns: no setting of cluster apps fills ${CLUSTER_DNS_IP}');
      expect(infra.status).toBe(0);
    });

    it('read tokens as Flux does, and refuse those they cannot read', () => {
      const folder = copyWithStandInChart('syntax');
      const file = join(folder, 'kubernetes/infrastructure/networking/spegel/app/helmrelease.yaml');
      const original = readFileSync(file, 'utf8');
      const settings = join(folder, 'kubernetes/clusters/infra/cluster-settings.yaml');
      writeFileSync(settings, `${readFileSync(settings, 'utf8')}  EMPTY: ""\n`);
      const rendered = (...texts: readonly string[]) => {
        const probes = texts.map((text) => `      - ${JSON.stringify(text)}\n`).join('');
        writeFileSync(
          file,
          original.replace(/^ {2}values:$/m, () => `  values:\n    probes:\n${probes}`),
        );
        return run(folder, '01-apps', 'infra', '--selector', 'name=spegel', 'template');
      };
      const variables = new Map([
        ['CLUSTER_NAME', 'infra'],
        ['CLUSTER_ID', '1'],
        ['EMPTY', ''],
      ]);
      const texts = [
        'a ${CLUSTER_NAME} b',
        '${CLUSTER_ID}',
        'x${CLUSTER_ID}',
        '${NOWHERE:=fallback}',
        '${CLUSTER_NAME:-fallback}',
        'x${EMPTY}y',
        '${EMPTY:=fallback}',
        '${NOWHERE:=a:b/c}',
        '${NOWHERE:=a-${CLUSTER_NAME}}',
        'cost $${CLUSTER_NAME} $$5',
        '$$$5 $',
        '$CLUSTER_NAME {$}',
      ];

      const { stdout, stderr } = rendered(...texts);
      const [printed] = printedValues(stdout);

      expect(stderr).toBe('');
      expect(printed?.values).toMatchObject({
        probes: texts.map((text) => {
          const replaced = substituteText(text, variables);
          return replaced.ok ? parseYaml(replaced.value) : replaced.failure;
        }),
      });
      for (const text of ['${NOWHERE}', '${CLUSTER_NAME^^}', '${CLUSTER_NAME']) {
        const refused = rendered(text);
        expect(refused.status).not.toBe(0);
        expect(refused.stderr).toContain('spegel: no setting of cluster infra fills ${');
      }
    });

    it('install the core in the order of its needs, with flags that Helm knows, and stop where one fails', () => {
      const folder = copyWithStandInChart('sync');
      const bin = join(folder, 'helm');
      writeFileSync(
        bin,
        `#!/bin/bash
case $1 in version | show | dependency) exec ${helm} "$@" ;; esac
echo "$*" >>${folder}/calls
if [ "$1 $3" = "upgrade $FAILS" ]; then echo 'planted failure' >&2; exit 1; fi
`,
        { mode: 0o755 },
      );
      const sync = (fails: string): readonly string[] => {
        rmSync(join(folder, 'calls'), { force: true });
        const done = spawnSync(
          helmfile ?? '',
          [
            '--helm-binary',
            bin,
            '--file',
            'bootstrap/helmfile.d/01-apps.yaml',
            '--environment',
            'apps',
            'sync',
            '--hide-notes',
          ],
          { cwd: folder, encoding: 'utf8', env: { ...process.env, HOME: scratch, FAILS: fails } },
        );
        expect(done.status === 0, done.stderr).toBe(fails === 'none');
        const calls = readFileSync(join(folder, 'calls'), 'utf8').split('\n');
        return calls.filter((call) => call.startsWith('upgrade --install '));
      };

      const all = sync('none');
      const some = sync('cert-manager');

      expect(
        all.map((call) => `${call.split(' ')[2]} ${/--version (\S+)/.exec(call)?.[1]}`),
      ).toEqual(
        releaseOrder.map((name) => {
          const release = releases('01-apps', 'apps').find((each) => each.name === name);
          return `${name} ${release?.version}`;
        }),
      );
      expect(some.map((call) => call.split(' ')[2])).toEqual(releaseOrder.slice(0, 4));
      for (const call of all) {
        // waits, and takes back what another hand holds
        expect(call).toMatch(/ --wait\b.* --force-conflicts\b| --force-conflicts\b.* --wait\b/);
        // it stops where it has to ask the cluster, after it has read its flags
        const tried = spawnSync(helm ?? '', [...call.split(' '), '--kubeconfig', '/nowhere'], {
          encoding: 'utf8',
        });
        expect(tried.stderr).not.toMatch(/unknown (shorthand )?flag|invalid argument/);
      }
    });

    it('keep of phase 0 only the CRDs, those of templates among them', () => {
      const folder = copyWithStandInChart('crds');
      cpSync('.taskfiles', join(folder, '.taskfiles'), { recursive: true });
      const bin = join(folder, 'bin');
      mkdirSync(bin);
      const program = (name: string, text: string) =>
        writeFileSync(join(bin, name), `#!/bin/bash\n${text}\n`, { mode: 0o755 });
      program('helmfile', `exec ${helmfile} --helm-binary ${helm} "$@"`);
      program('yq', `exec ${yq} "$@"`);
      program(
        'kubectl',
        `echo "$*" >>${folder}/calls; case $* in *--filename*) cat >${folder}/applied ;; esac`,
      );

      const done = spawnSync('.taskfiles/bootstrap/crds.sh', ['apps'], {
        cwd: folder,
        encoding: 'utf8',
        env: { ...process.env, HOME: scratch, PATH: `${bin}:${process.env['PATH']}` },
      });

      expect(done.stderr).toBe('');
      expect(done.status).toBe(0);
      const applied = parseAllDocuments(readFileSync(join(folder, 'applied'), 'utf8')).map(
        (document) => document.toJS() as { kind: string; metadata: { name: string } },
      );
      expect(new Set(applied.map(({ kind }) => kind))).toEqual(
        new Set(['CustomResourceDefinition']),
      );
      expect(
        new Set(
          applied
            .map(({ metadata }) => metadata.name)
            .filter((name) => name.startsWith('templated')),
        ),
      ).toEqual(
        new Set([
          'templated-cert-manager',
          'templated-external-secrets',
          'templated-prometheus-operator-crds',
          'templated-victoria-metrics-operator-crds',
        ]),
      );
      expect(applied.filter(({ metadata }) => metadata.name === 'plain-crd')).toHaveLength(4);
      expect(readFileSync(join(folder, 'calls'), 'utf8').split('\n').filter(Boolean)).toHaveLength(
        2,
      );
    });
  },
);
