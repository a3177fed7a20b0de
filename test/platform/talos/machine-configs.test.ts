import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse as parseYaml, stringify } from 'yaml';
import {
  documents,
  type Machine,
  machines,
  mergeMachineConfig,
  prepareStandIns,
} from '#test/platform/talos/machine-configs.ts';
import { findTool } from '#test/platform/tools/tools.ts';

const root = process.cwd();
const all = machines(root);
const talosValidate = findTool('talos-validate');
const yq = findTool('yq');
const missing = [talosValidate ? '' : 'talos-validate', yq ? '' : 'yq'].filter(Boolean).join(', ');

type Document = Readonly<Record<string, unknown>>;

describe.skipIf(missing !== '')(
  `machine configuration of every node, by Talos's own loader${missing && ` (not run: ${missing} is missing, npm run tools builds it)`}`,
  () => {
    let scratch: string;
    let path: string;
    let fields: ReadonlyMap<string, string>;
    const fileOf = ({ name }: Machine) => join(scratch, `${name}.yaml`);
    const check = (...files: string[]) =>
      spawnSync(talosValidate ?? '', ['check', ...files], { encoding: 'utf8' });
    const byKind = (machine: Machine, kind: string): readonly Document[] =>
      documents(fileOf(machine)).filter((document) => document['kind'] === kind);
    const only = (machine: Machine, kind: string): Document => {
      const [document, ...more] = byKind(machine, kind);
      expect(more, `${machine.name}: ${kind} once`).toEqual([]);
      if (document === undefined) throw new Error(`${machine.name} has no ${kind}`);
      return document;
    };

    beforeAll(() => {
      scratch = mkdtempSync(join(tmpdir(), 'machine-config-'));
      ({ path, fields } = prepareStandIns(root, scratch, {
        talosValidate: talosValidate ?? '',
        yq: yq ?? '',
      }));
      for (const machine of all) {
        const merged = mergeMachineConfig(root, path, machine, fileOf(machine));
        expect(merged.status, `${machine.name}: ${merged.stderr}`).toBe(0);
      }
    });
    afterAll(() => rmSync(scratch, { recursive: true, force: true }));

    it('loads all twelve, strictly and without a warning', () => {
      const checked = check(...all.map(fileOf));

      expect(checked.stdout).toBe('12 files are valid\n');
      expect(checked.status).toBe(0);
    });

    it('is refused by the loader as soon as one key is unknown', () => {
      const [machine] = all;
      const broken = join(scratch, 'unknown-key.yaml');
      const text = readFileSync(fileOf(machine as Machine), 'utf8');
      writeFileSync(
        broken,
        text.replace('kind: KubePrismConfig\n', 'kind: KubePrismConfig\nprot: 1\n'),
      );

      const checked = check(broken);

      expect(checked.status).toBe(1);
      expect(checked.stdout).toContain('prot');
    });

    it('leaves the cluster without CNI and kube-proxy, for Cilium to take both places', () => {
      for (const machine of all) {
        expect(byKind(machine, 'KubeFlannelCNIConfig'), machine.name).toEqual([]);
        const legacy = documents(fileOf(machine)).find(({ version }) => version === 'v1alpha1');
        expect(legacy, machine.name).not.toHaveProperty('cluster.network');
        if (machine.role === 'controlplane') {
          expect(only(machine, 'KubeProxyConfig')).toMatchObject({ enabled: false });
          expect(only(machine, 'KubeCoreDNSConfig')).toMatchObject({ enabled: false });
        }
        expect(only(machine, 'KubePrismConfig')).toMatchObject({ port: 7445 });
      }
    });

    it('runs one Kubernetes version everywhere', () => {
      const tags = all.flatMap((machine) =>
        documents(fileOf(machine)).flatMap((document) => {
          const image = document['image'];
          return typeof image === 'string' ? [image.split(':').at(-1)] : [];
        }),
      );

      expect(tags.length).toBe(12 + 6 * 4);
      expect(new Set(tags).size).toBe(1);
    });

    it('gives workers no private key of any CA', () => {
      for (const machine of all.filter(({ role }) => role === 'worker')) {
        const text = readFileSync(fileOf(machine), 'utf8');

        expect(text, machine.name).not.toContain('PRIVATE KEY');
        for (const [name, value] of fields)
          if (name.endsWith('-key'))
            expect(text.includes(value), `${machine.name}: ${name}`).toBe(false);
      }
    });

    it('gives every machine its own name, address, network card and disk', () => {
      const identities = all.map((machine) => ({
        hostname: only(machine, 'HostnameConfig')['hostname'],
        address: (only(machine, 'LinkConfig')['addresses'] as { address: string }[])[0]?.address,
        card: (only(machine, 'LinkAliasConfig')['selector'] as { match: string }).match,
        disk: (
          only(machine, 'UnattendedInstallConfig')['provisioning'] as {
            diskSelector: { match: string };
          }
        ).diskSelector.match,
      }));

      expect(identities.map(({ hostname }) => hostname)).toEqual(all.map(({ name }) => name));
      expect(identities.map(({ address }) => address)).toEqual(
        all.map(({ address }) => `${address}/24`),
      );
      for (const key of ['card', 'disk'] as const)
        expect(new Set(identities.map((identity) => identity[key])).size).toBe(all.length);
    });

    it('serves what the workloads need of the node', () => {
      for (const machine of all) {
        const modules = byKind(machine, 'KernelModuleConfig').map(({ name }) => name);
        expect(modules, 'Ceph block and file volumes').toEqual(['rbd', 'ceph']);
        expect(only(machine, 'CRICustomizationConfig')['content'], 'Spegel').toContain(
          'discard_unpacked_layers = false',
        );
        const { params } = only(machine, 'SysctlConfig') as { params: Record<string, string> };
        expect(Number(params['fs.aio-max-nr']), 'OSDs').toBeGreaterThanOrEqual(1_048_576);
        expect(Number(params['fs.inotify.max_user_watches']), 'controllers').toBeGreaterThan(
          500_000,
        );
      }
    });

    it('says which reference 1Password did not resolve, and leaves no configuration behind', () => {
      const [machine] = all;
      writeFileSync(join(scratch, 'fields.json'), JSON.stringify([...fields].slice(1)));
      const out = join(scratch, 'unresolved.yaml');

      const merged = mergeMachineConfig(root, path, machine as Machine, out);

      writeFileSync(join(scratch, 'fields.json'), JSON.stringify([...fields]));
      expect(merged.status).not.toBe(0);
      expect(merged.stderr).toContain(
        'a reference in talos/infra/secrets-controlplane.yaml was left',
      );
      expect(readdirSync(scratch)).not.toContain('unresolved.yaml');
    });

    it('refers to exactly the fields that task talos:secrets lays down', () => {
      const referred = new Set(
        ['infra', 'apps'].flatMap((cluster) =>
          ['controlplane', 'worker', 'operator'].flatMap((role) =>
            [
              ...readFileSync(`talos/${cluster}/secrets-${role}.yaml`, 'utf8').matchAll(
                /op:\/\/(\S+?)"/g,
              ),
            ].map(([, reference]) => {
              const [vault, item, field] = (reference ?? '').split('/');
              expect(`${vault}/${item}`).toBe(`platform-${cluster}/talos`);
              return field;
            }),
          ),
        ),
      );

      expect(referred).toEqual(new Set(fields.keys()));
    });
  },
);

describe('talos/ without any tool', () => {
  it('has an odd number of control planes, the first of which bootstraps', () => {
    for (const cluster of ['infra', 'apps']) {
      const planes = all.filter((machine) => machine.cluster === cluster);
      expect(planes[0]?.role).toBe('controlplane');
      expect(planes.filter(({ role }) => role === 'controlplane').length % 2).toBe(1);
    }
  });

  it('lists exactly the machines that have a layer of their own', () => {
    for (const cluster of ['infra', 'apps'])
      expect(readdirSync(`talos/${cluster}/nodes`).toSorted()).toEqual(
        all.filter((machine) => machine.cluster === cluster).map(({ name }) => `${name}.yaml`),
      );
  });

  it('installs the image of its own schematic', () => {
    // The Image Factory names a schematic by the digest of its canonical YAML.
    const canonical = stringify(parseYaml(readFileSync('talos/schematic.yaml', 'utf8')), {
      indent: 4,
    });
    const id = createHash('sha256').update(canonical).digest('hex');

    expect(readFileSync('talos/patches/shared.yaml', 'utf8')).toContain(
      `factory.talos.dev/metal-installer/${id}:v1.14.`,
    );
  });

  it('differs between the clusters only in what the network plan gives each', () => {
    for (const layer of ['controlplane.yaml', 'secrets-controlplane.yaml', 'secrets-worker.yaml']) {
      const [infra, apps] = ['infra', 'apps'].map((cluster) =>
        readFileSync(`talos/${cluster}/${layer}`, 'utf8')
          .replaceAll(cluster, '<cluster>')
          .replaceAll(/10\.25\.1[12]\./g, '10.25.<net>.'),
      );
      expect(apps).toBe(infra);
    }
  });

  it('agrees with the settings of the cluster, and with how Cilium routes', () => {
    const shared = readFileSync('talos/patches/shared.yaml', 'utf8');
    const cilium = readFileSync(
      'kubernetes/infrastructure/networking/cilium/app/helmrelease.yaml',
      'utf8',
    );
    expect(shared.includes('forwardKubeDNSToHost: true')).toBe(
      cilium.includes('hostLegacyRouting: true'),
    );
    for (const cluster of ['infra', 'apps']) {
      const { data } = parseYaml(
        readFileSync(`kubernetes/clusters/${cluster}/cluster-settings.yaml`, 'utf8'),
      ) as { data: Record<string, string> };
      const layer = readFileSync(`talos/${cluster}/cluster.yaml`, 'utf8');
      for (const line of [
        `clusterName: ${data['CLUSTER_NAME']}`,
        `endpoint: https://${data['API_VIP']}:6443`,
        `dnsDomain: ${data['CLUSTER_DNS_DOMAIN']}`,
        `podSubnets:\n  - ${data['POD_CIDR']}`,
        `serviceSubnets:\n  - ${data['SERVICE_CIDR']}`,
        `clusterDNS:\n  - ${data['CLUSTER_DNS_IP']}`,
        `validSubnets:\n    - ${data['NODE_CIDR']}`,
      ])
        expect(layer).toContain(line);
      expect(readFileSync(`talos/${cluster}/controlplane.yaml`, 'utf8')).toContain(
        `kind: Layer2VIPConfig\nname: ${data['API_VIP']}\n`,
      );
      for (const role of ['controlplane', 'worker', 'operator'])
        expect(readFileSync(`talos/${cluster}/secrets-${role}.yaml`, 'utf8')).toContain(
          `"op://${data['ONEPASSWORD_VAULT']}/talos/`,
        );
    }
  });

  it('runs the versions of versions.yaml', () => {
    const { platform } = parseYaml(readFileSync('versions.yaml', 'utf8')) as {
      platform: Record<'talos' | 'kubernetes', { version: string }>;
    };
    const text =
      readFileSync('talos/patches/shared.yaml', 'utf8') +
      readFileSync('talos/patches/controlplane.yaml', 'utf8');

    expect(text).toMatch(
      new RegExp(`metal-installer/[0-9a-f]{64}:v${platform.talos.version}$`, 'm'),
    );
    const tags = [...text.matchAll(/image: \S+\/(?:kubelet|kube-[a-z-]+):v(\S+)/g)].map(
      ([, tag]) => tag,
    );
    expect(tags).toEqual(Array(5).fill(platform.kubernetes.version));
  });

  it('keeps every secret a reference', () => {
    for (const cluster of ['infra', 'apps'])
      for (const role of ['controlplane', 'worker']) {
        const text = readFileSync(`talos/${cluster}/secrets-${role}.yaml`, 'utf8');
        const secretKeys =
          /^\s*(?:- )?(token|crt|key|cert|clusterID|clusterSecret|privateKey|secret):\s*(.*)$/gm;
        const values = [...text.matchAll(secretKeys)].map(([, , value]) => value ?? '');
        expect(values.length).toBeGreaterThan(4);
        for (const value of values) expect(value === '' || value.startsWith('"op://')).toBe(true);
      }
  });
});
