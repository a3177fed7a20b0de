import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import type { Call } from '#test/platform/taskfiles/stand-in.ts';
import { createWorkbench, type Run } from '#test/platform/taskfiles/workbench.ts';
import { findTool } from '#test/platform/tools/tools.ts';

const task = findTool('task');
const yq = findTool('yq');
const shellcheck = findTool('shellcheck');
const missing = [task ? '' : 'task', yq ? '' : 'yq'].filter(Boolean).join(', ');

const line = ({ tool, args }: Call): string =>
  `${tool} ${args}`.replaceAll(/\/\S+\/scratch\/\S+/g, '<scratch>');
const lines = (run: Run): readonly string[] => run.calls.map(line);

describe.skipIf(missing !== '')(
  `Taskfiles, run by task against stand-ins${missing && ` (not run: ${missing} is missing, npm run tools builds it)`}`,
  () => {
    let bench: ReturnType<typeof createWorkbench>;
    const kubeconfig = '.cache/clusters/infra/kubeconfig';
    const talosconfig = '.cache/clusters/infra/talosconfig';

    beforeAll(() => {
      bench = createWorkbench({ task: task ?? '', yq: yq ?? '' });
    });
    beforeEach(() => bench.reset());
    afterAll(() => bench.close());

    describe('bootstrap:talos', () => {
      it('configures every machine, bootstraps etcd once and fetches the kubeconfig, in this order', () => {
        const run = bench.run('bootstrap:talos', 'CLUSTER=infra');

        expect(run.out).toContain('Nodes 9/9');
        expect(run.status).toBe(0);
        const merges = lines(run).filter((each) => each.startsWith('talosctl machineconfig patch'));
        expect(merges).toHaveLength(6);
        expect(merges[0]).toBe(
          'talosctl machineconfig patch talos/patches/shared.yaml --patch @talos/patches/controlplane.yaml --patch @talos/infra/cluster.yaml --patch @talos/infra/controlplane.yaml --patch @<scratch> --patch @talos/infra/nodes/infra-01.yaml --output <scratch>',
        );
        expect(merges[5]).toBe(
          'talosctl machineconfig patch talos/patches/shared.yaml --patch @talos/patches/worker.yaml --patch @talos/infra/cluster.yaml --patch @<scratch> --patch @talos/infra/nodes/infra-06.yaml --output <scratch>',
        );
        expect(lines(run).filter((each) => !/machineconfig|inject/.test(each))).toEqual([
          'op read --no-newline op://platform-infra/talos/talosconfig',
          'talosctl --talosconfig .cache/clusters/infra/talosconfig.new config endpoint 10.25.11.11 10.25.11.12 10.25.11.13',
          ...[11, 12, 13, 14, 15, 16].map(
            (host) => `talosctl apply-config --insecure --nodes 10.25.11.${host} --file <scratch>`,
          ),
          'talosctl --nodes 10.25.11.11 --endpoints 10.25.11.11 bootstrap',
          'talosctl --nodes 10.25.11.11 --endpoints 10.25.11.11 kubeconfig --merge=false --force .cache/clusters/infra/kubeconfig',
        ]);
      });

      it('leaves machines and etcd as they are when they are there already', () => {
        bench.assume('nodes');
        bench.order(
          {
            tool: 'talosctl',
            args: 'apply-config --insecure',
            error: 'remote error: tls: certificate required',
          },
          {
            tool: 'talosctl',
            args: ' bootstrap$',
            error: 'rpc error: code = AlreadyExists desc = etcd data directory is not empty',
          },
        );

        const run = bench.run('bootstrap:talos', 'CLUSTER=infra');

        expect(run.status).toBe(0);
        expect(run.out.match(/configured already/g)).toHaveLength(6);
        expect(run.out).toContain('etcd is there already');
      });

      it('asks a machine that still installs again', () => {
        bench.order({
          tool: 'talosctl',
          args: ' bootstrap$',
          error: 'connection refused',
          times: 2,
        });

        const run = bench.run('talos:etcd', 'CLUSTER=infra');

        expect(run.out).toContain('No credentials of infra');
        bench.write(talosconfig, 'context: infra');
        expect(bench.run('talos:etcd', 'CLUSTER=infra')).toMatchObject({ status: 0 });
      });

      it.each([
        [
          'op',
          '^read',
          '1Password does not give op://platform-infra/talos/talosconfig',
          'apply-config',
        ],
        ['talosctl', 'config endpoint', 'holds no talosconfig', 'apply-config'],
        [
          'op',
          '^inject',
          '1Password did not resolve talos/infra/secrets-controlplane.yaml',
          'machineconfig',
        ],
        ['talosctl', '^machineconfig', 'could not merge the layers of infra-01', 'apply-config'],
        [
          'talosctl',
          '^apply-config',
          'infra-01 (10.25.11.11) does not take its configuration',
          '--nodes 10.25.11.12',
        ],
        [
          'talosctl',
          ' bootstrap$',
          'etcd of infra could not be bootstrapped in 3 tries',
          ' kubeconfig ',
        ],
        ['talosctl', ' kubeconfig ', 'talosctl kubeconfig failed on first of infra', 'kubectl'],
        ['kubectl', ' get ', 'rung nodes was not reached in time', 'nothing after it'],
      ])('stops with a clear word when %s %s fails', (tool, args, word, later) => {
        bench.order({ tool, args, error: 'planted failure' });

        const run = bench.run('bootstrap:talos', 'CLUSTER=infra');

        expect(run.status).not.toBe(0);
        expect(run.out).toContain(word);
        expect(lines(run).filter((each) => each.includes(later))).toEqual([]);
      });

      it('takes infra, then apps, when no cluster is named, and never apps when infra fails', () => {
        bench.order({ tool: 'op', args: '^read', error: 'planted failure' });
        const failed = bench.run('bootstrap:talos');
        bench.order();
        const done = bench.run('bootstrap:talos');

        expect(lines(failed).join('\n')).not.toContain('platform-apps');
        const bootstraps = lines(done).filter((each) => each.endsWith(' bootstrap'));
        expect(bootstraps).toEqual([
          'talosctl --nodes 10.25.11.11 --endpoints 10.25.11.11 bootstrap',
          'talosctl --nodes 10.25.12.11 --endpoints 10.25.12.11 bootstrap',
        ]);
        expect(done.calls.at(-1)?.kubeconfig).toMatch(/clusters\/apps\/kubeconfig$/);
      });

      it('keeps no secret behind, and the credentials for their owner only', () => {
        bench.run('bootstrap:talos', 'CLUSTER=infra');

        expect(bench.mode(talosconfig)).toBe('600');
        expect(bench.has(`${talosconfig}.new`)).toBe(false);
        expect(bench.scratch()).toEqual([]);
      });
    });

    describe('bootstrap:apps', () => {
      const ready = () => {
        bench.assume('nodes');
        bench.write(kubeconfig, 'a kubeconfig');
      };

      it('lays down secrets, CRDs, the core and Flux, in this order, all on the cluster it was asked for', () => {
        ready();

        const run = bench.run('bootstrap:apps', 'CLUSTER=infra');

        expect(run.out).toContain('Flux 9/9');
        expect(run.status).toBe(0);
        expect(lines(run).filter((each) => !each.includes('current-context'))).toEqual([
          ...[
            'onepassword-connect/1password-credentials.json',
            'onepassword-connect/token',
            'flux-github-app/app-id',
            'flux-github-app/installation-id',
            'flux-github-app/private-key',
          ].map((field) => `op read --no-newline op://platform-infra/${field}`),
          'kubectl apply --server-side --force-conflicts --field-manager flux-bootstrap --filename -',
          'helmfile --quiet --file bootstrap/helmfile.d/00-crds.yaml --environment infra template',
          'kubectl apply --server-side --force-conflicts --field-manager flux-bootstrap --filename -',
          expect.stringMatching(
            /^kubectl apply .* --kustomize https:\/\/github\.com\/kubernetes-sigs\/gateway-api\/config\/crd\?ref=[0-9a-f]{40}$/,
          ),
          'kubectl get helmreleases.helm.toolkit.fluxcd.io cilium --namespace kube-system --ignore-not-found --output name',
          'helmfile --file bootstrap/helmfile.d/01-apps.yaml --environment infra sync --hide-notes',
        ]);
        for (const call of run.calls) expect(call.kubeconfig).toBe(join(bench.top, kubeconfig));
      });

      it('hands over every value as it is, and nothing but CRDs as CRDs', () => {
        ready();

        const applied = bench
          .run('bootstrap:apps', 'CLUSTER=infra')
          .calls.filter(({ args }) => args.endsWith('--filename -'))
          .map(({ stdin }) => stdin.split(/^---$/m).map((text) => parseYaml(text)));

        expect(applied[0]?.map(({ kind }) => kind)).toEqual([
          ...Array(3).fill('Namespace'),
          ...Array(3).fill('Secret'),
        ]);
        expect(applied[0]?.at(-1)?.stringData).toEqual({
          githubAppID: 'the value of\napp-id: "quoted"',
          githubAppInstallationID: 'the value of\ninstallation-id: "quoted"',
          githubAppPrivateKey: 'the value of\nprivate-key: "quoted"',
        });
        expect(applied[1]?.map(({ kind, metadata }) => [kind, metadata.name])).toEqual([
          ['CustomResourceDefinition', 'a'],
          ['CustomResourceDefinition', 'b'],
        ]);
      });

      it('changes nothing the second time: Flux owns it by then', () => {
        ready();
        bench.run('bootstrap:apps', 'CLUSTER=infra');
        bench.order();

        const again = bench.run('bootstrap:apps', 'CLUSTER=infra');
        const core = bench.run('bootstrap:core', 'CLUSTER=infra');

        expect(again.status).toBe(0);
        expect(core.status).toBe(0);
        expect(again.out).toContain('up to date');
        expect(new Set(lines(core))).toEqual(new Set(['kubectl config current-context']));
      });

      it.each([
        [
          'op',
          '^read.*token',
          '1Password does not give op://platform-infra/onepassword-connect/token',
          'apply',
        ],
        ['kubectl', '^apply .*--filename', 'the cluster did not take the resources', 'helmfile'],
        ['helmfile', 'template', 'helmfile could not render the charts', 'kustomize'],
        ['kubectl', '--kustomize', 'did not take the CRDs of Gateway API', 'sync'],
        ['kubectl', 'CustomResourceDefinition', 'rung crds was not reached in time', 'sync'],
        ['helmfile', 'sync', 'helmfile could not install the core of infra', 'nothing after it'],
        ['kubectl', 'FluxInstance', 'rung flux was not reached in time', 'nothing after it'],
      ])('stops with a clear word when %s %s fails', (tool, args, word, later) => {
        ready();
        bench.order({ tool, args, error: 'planted failure' });

        const run = bench.run('bootstrap:apps', 'CLUSTER=infra');

        expect(run.status).not.toBe(0);
        expect(run.out).toContain(word);
        expect(lines(run).filter((each) => each.includes(later))).toEqual([]);
      });

      it('never installs over what Flux has taken over, not even when Flux is not well', () => {
        ready();
        bench.assume('crds', 'core', 'adopted');
        const unwell = { tool: 'kubectl', args: 'FluxInstance', error: 'planted failure' };
        bench.order(unwell);
        const run = bench.run('bootstrap:apps', 'CLUSTER=infra');
        bench.order(unwell, {
          tool: 'kubectl',
          args: '^get helmreleases',
          error: 'connection refused',
        });
        const away = bench.run('bootstrap:core', 'CLUSTER=infra');

        expect(run.out).toContain('Flux owns the core already');
        expect(run.out).toContain('rung flux was not reached in time');
        expect(away.out).toContain('the cluster does not say whether Flux owns the core');
        expect([run, away].map(({ status }) => status === 0)).toEqual([false, false]);
        expect(
          lines(run)
            .concat(lines(away))
            .filter((each) => each.includes(' sync ')),
        ).toEqual([]);
      });

      it('installs before there are kinds of Flux to ask for', () => {
        ready();

        const run = bench.run('bootstrap:core', 'CLUSTER=infra');

        expect(run.status).toBe(0);
        expect(lines(run).at(-1)).toContain('sync --hide-notes');
      });

      it('never runs against another cluster than the one it was asked for', () => {
        ready();
        bench.assume('wrong-context');

        const run = bench.run('bootstrap:apps', 'CLUSTER=infra');

        expect(run.status).not.toBe(0);
        expect(run.out).toContain('its context is not admin@infra');
        expect(lines(run).every((each) => each === 'kubectl config current-context')).toBe(true);
      });

      it('says what is missing before it does anything', () => {
        expect(bench.run('bootstrap:apps', 'CLUSTER=infra').out).toContain(
          'No kubeconfig of infra: task talos:kubeconfig CLUSTER=infra fetches it.',
        );
        ready();
        for (const [name, asked, word] of [
          ['helmfile', 'bootstrap:crds', 'helmfile is missing'],
          ['kubectl', 'bootstrap:crds', 'kubectl is missing'],
          ['op', 'bootstrap:resources', 'op, the 1Password command line, is missing'],
          ['node', 'bootstrap:core', 'The ladder is read by Node 24 or newer'],
        ] as const) {
          const bringBack = bench.without(name);
          const run = bench.run(asked, 'CLUSTER=infra');
          bringBack();

          expect([name, run.status === 0]).toEqual([name, false]);
          expect(run.out).toContain(word);
          expect(lines(run).filter((each) => each.includes('apply'))).toEqual([]);
        }
      });
    });

    describe('tasks for a running cluster', () => {
      const first = 'talosctl --nodes 10.25.11.11 --endpoints 10.25.11.11';
      const fourth = 'talosctl --nodes 10.25.11.14 --endpoints 10.25.11.14';

      it.each([
        ['talos:health', [], [`${first} health --wait-timeout 10m`]],
        ['talos:etcd-snapshot', ['FILE=etcd.db'], [`${first} etcd snapshot etcd.db`]],
        ['bootstrap:kubeconfig', [], [`${first} kubeconfig --merge=false --force ${kubeconfig}`]],
        [
          'talos:apply-node',
          ['NODE=infra-04'],
          [`${fourth} apply-config --mode auto --file <scratch>`],
        ],
        [
          'talos:wipe-disk',
          ['NODE=infra-04', 'DISK=nvme1n1', '--yes'],
          [`${fourth} wipe disk nvme1n1`],
        ],
      ])('%s asks the right machine', (name, words, expected) => {
        bench.write(talosconfig, 'context: infra');

        const run = bench.run(name, 'CLUSTER=infra', ...words);

        expect(run.out).not.toContain('planted');
        expect(run.status).toBe(0);
        expect(lines(run).filter((each) => !/inject|machineconfig/.test(each))).toEqual(expected);
      });

      it('validate and apply take every machine', () => {
        bench.write(talosconfig, 'context: infra');

        const validated = lines(bench.run('talos:validate', 'CLUSTER=infra'));
        bench.order();
        const applied = lines(bench.run('talos:apply', 'CLUSTER=infra'));

        expect(validated.filter((each) => each.includes(' validate '))).toEqual(
          Array(6).fill('talosctl validate --mode metal --strict --config <scratch>'),
        );
        expect(applied.filter((each) => each.includes(' apply-config '))).toHaveLength(6);
        expect(bench.scratch()).toEqual([]);
      });

      it('refuse a machine that the cluster does not have', () => {
        bench.write(talosconfig, 'context: infra');

        const run = bench.run('talos:upgrade-node', 'CLUSTER=infra', 'NODE=apps-01');

        expect(run.status).not.toBe(0);
        expect(run.out).toContain('talos/clusters.yaml has no node apps-01 in cluster infra');
        expect(run.calls).toEqual([]);
      });
    });

    it('refuses a cluster that does not exist', () => {
      for (const each of ['bootstrap:apps', 'bootstrap:talos', 'talos:reset', 'talos:upgrade']) {
        const run = bench.run(each, 'CLUSTER=prod', '--yes');
        expect([each, run.status === 0, run.calls]).toEqual([each, false, []]);
        expect(run.out).toContain('CLUSTER');
      }
    });

    it('bootstrap:status says what holds each cluster, and fails while something does', () => {
      bench.assume('nodes', 'crds', 'core');

      const run = bench.run('bootstrap:status');

      expect(run.status).not.toBe(0);
      expect(run.out).toMatch(/infra: 5 of 12[\s\S]*apps: 5 of 12/);
      expect(run.out).toContain('ClusterSecretStore/onepassword');
      expect(run.out).toContain('What to do: ');
      expect(run.calls).toEqual([]);
    });

    it('the ladder says how to ask when it is asked wrongly', () => {
      for (const [words, answer] of [
        [['--cluster', 'prod'], '--cluster must be one of infra, apps'],
        [['--cluster', 'infra', '--rung', 'roof'], '--rung must be one of nodes, crds,'],
        [[], '--cluster must be one of'],
        [['--clutser', 'infra'], '--clutser'],
      ] as const) {
        const asked = spawnSync(process.execPath, ['src/entry/climb.ts', ...words], {
          encoding: 'utf8',
        });
        expect(asked.status).toBe(64);
        expect(asked.stderr).toContain(answer);
      }
    });

    it('the ladder tells a cluster that does not answer from one that is not well', () => {
      bench.order({
        tool: 'kubectl',
        args: ' get ',
        error: 'dial tcp 10.25.11.10:6443: connection refused',
      });
      const away = bench.run('bootstrap:status', 'CLUSTER=infra');
      bench.order({
        tool: 'kubectl',
        args: 'get (Node|--raw)',
        error: 'Error from server (Forbidden): nodes is forbidden',
      });
      const forbidden = bench.run('bootstrap:status', 'CLUSTER=infra');

      expect(away.out).toContain('infra: 0 of 12');
      expect(away.out).toContain(
        'not looked at: /readyz dial tcp 10.25.11.10:6443: connection refused',
      );
      // a cluster that is away is one reason, however many objects it has
      expect(away.out.match(/connection refused/g)).toHaveLength(1);
      expect(away.status).not.toBe(0);
      expect(forbidden.out).toContain('not allowed: Error from server (Forbidden)');
    });

    describe('talos:secrets', () => {
      it('makes the item once, and hands it over through a pipe', () => {
        const first = bench.run('talos:secrets', 'CLUSTER=infra');
        bench.order();
        const second = bench.run('talos:secrets', 'CLUSTER=infra');

        const created = first.calls.find(({ args }) => args.startsWith('item create'));
        const item = JSON.parse(created?.stdin ?? '{}') as {
          fields: { id: string; value: string; type: string }[];
        };
        expect(item.fields.map(({ type }) => type)).toEqual(Array(15).fill('CONCEALED'));
        expect(item.fields.find(({ id }) => id === 'k8s-ca-crt')?.value).toBe('cert');
        expect(second.status).toBe(0);
        expect(second.out).toContain('is left as it is');
        expect(lines(second).join('\n')).not.toMatch(/gen|create/);
        expect(bench.scratch()).toEqual([]);
      });

      it.each([
        ['op', '^vault get', '1Password does not show vault platform-infra'],
        ['talosctl', '^gen secrets', 'talosctl made no secrets'],
        ['talosctl', '^gen config', 'talosctl made no talosconfig'],
        ['op', '^item create', '1Password did not store the item'],
      ])('stops with a clear word when %s %s fails', (tool, args, word) => {
        bench.order({ tool, args, error: 'planted failure' });

        const run = bench.run('talos:secrets', 'CLUSTER=infra');

        expect(run.status).not.toBe(0);
        expect(run.out).toContain(word);
        expect(bench.scratch()).toEqual([]);
      });
    });

    describe('upgrades', () => {
      beforeEach(() => bench.write(talosconfig, 'context: infra'));

      it('go machine by machine, each followed by a look at the cluster', () => {
        const run = bench.run('talos:upgrade', 'CLUSTER=infra');

        expect(run.status).toBe(0);
        const steps = lines(run).filter((each) => / upgrade | health /.test(each));
        expect(steps).toHaveLength(12);
        expect(steps[2]).toMatch(
          /^talosctl --nodes 10\.25\.11\.12 --endpoints 10\.25\.11\.12 upgrade --image factory\.talos\.dev\/metal-installer\/[0-9a-f]{64}:v1\.14\.\d+ --wait$/,
        );
        expect(steps[3]).toBe(
          'talosctl --nodes 10.25.11.11 --endpoints 10.25.11.11 health --wait-timeout 10m',
        );
      });

      it('stop at the first machine after which the cluster is not well', () => {
        bench.order({ tool: 'talosctl', args: ' health ', error: 'etcd is not well' });

        const run = bench.run('talos:upgrade', 'CLUSTER=infra');

        expect(run.status).not.toBe(0);
        expect(run.out).toContain('talosctl health failed on first of infra');
        expect(lines(run).filter((each) => each.includes(' upgrade '))).toHaveLength(1);
      });

      it('leave a machine alone that runs the version', () => {
        bench.assume('upgraded');

        const run = bench.run('talos:upgrade', 'CLUSTER=infra');

        expect(run.out.match(/runs v1\.14\.6 already/g)).toHaveLength(6);
        expect(lines(run).join('\n')).not.toMatch(/ upgrade /);
      });

      it('of Kubernetes go to the version of the machine configuration', () => {
        expect(lines(bench.run('talos:upgrade-k8s', 'CLUSTER=infra'))).toEqual([
          'talosctl --nodes 10.25.11.11 --endpoints 10.25.11.11 upgrade-k8s --to 1.36.5',
        ]);
      });
    });

    describe('reset', () => {
      beforeEach(() => bench.write(talosconfig, 'context: infra'));

      it('does nothing without a yes, and nothing without the name of the cluster', () => {
        for (const words of [
          ['bootstrap:reset', 'CLUSTER=infra', 'CONFIRM=infra'],
          ['bootstrap:reset', 'CLUSTER=infra', '--yes'],
          ['bootstrap:reset', 'CLUSTER=infra', 'CONFIRM=apps', '--yes'],
        ]) {
          const run = bench.run(...words);
          expect([words, run.status === 0, run.calls]).toEqual([words, false, []]);
        }
        expect(bench.has(talosconfig)).toBe(true);
      });

      it('takes workers first, the bootstrapping control plane last, and forgets the credentials', () => {
        const run = bench.run('bootstrap:reset', 'CLUSTER=infra', 'CONFIRM=infra', '--yes');

        expect(run.status).toBe(0);
        expect(lines(run).map((each) => /nodes (\S+)/.exec(each)?.[1])).toEqual(
          [16, 15, 14, 13, 12, 11].map((host) => `10.25.11.${host}`),
        );
        expect(lines(run)[0]).toContain(
          'reset --graceful=false --reboot --system-labels-to-wipe STATE',
        );
        expect(bench.has(talosconfig)).toBe(false);
      });

      it('stops at a machine that does not answer and keeps the credentials', () => {
        bench.order({
          tool: 'talosctl',
          args: '10\\.25\\.11\\.15 .*reset',
          error: 'no route to host',
        });

        const run = bench.run('bootstrap:reset', 'CLUSTER=infra', 'CONFIRM=infra', '--yes');

        expect(run.status).not.toBe(0);
        expect(run.out).toContain('talosctl reset failed on infra-05 of infra (10.25.11.15)');
        expect(run.calls).toHaveLength(2);
        expect(bench.has(talosconfig)).toBe(true);
      });
    });

    it('every task that is listed has a description, and every one that is recommended is listed', () => {
      const listed = bench.run('--list-all', '--json');
      const { tasks } = JSON.parse(listed.out) as {
        tasks: { name: string; desc: string; aliases: string[] }[];
      };
      const names = new Set(tasks.flatMap(({ name, aliases }) => [name, ...aliases]));
      const texts = [
        'bootstrap/ladder.yaml',
        'docs/runbooks/bootstrap.md',
        'docs/secrets.md',
        ...['bootstrap', 'talos'].flatMap((folder) =>
          readdirSync(`.taskfiles/${folder}`).map((name) => `.taskfiles/${folder}/${name}`),
        ),
      ].map((file) => readFileSync(file, 'utf8'));
      const recommended = texts.flatMap((text) =>
        [...text.matchAll(/\btask ([a-z]+:[a-z0-9-]+)/g)].map(([, name]) => name ?? ''),
      );

      expect(tasks.length).toBeGreaterThan(20);
      expect(tasks.filter(({ desc }) => desc === '')).toEqual([]);
      expect(recommended.length).toBeGreaterThan(20);
      expect(recommended.filter((name) => !names.has(name))).toEqual([]);
    });
  },
);

describe('shell parts', () => {
  const scripts = ['bootstrap', 'talos'].flatMap((folder) =>
    readdirSync(`.taskfiles/${folder}`)
      .filter((name) => name.endsWith('.sh'))
      .map((name) => `.taskfiles/${folder}/${name}`),
  );

  it.skipIf(shellcheck === undefined)(
    `are clean under shellcheck${shellcheck ? '' : ' (not run: shellcheck is missing, npm run tools installs it)'}`,
    () => {
      const checked = spawnSync(shellcheck ?? '', scripts, {
        encoding: 'utf8',
      });

      expect(scripts.length).toBeGreaterThan(8);
      expect(checked.stdout).toBe('');
      expect(checked.status).toBe(0);
    },
  );

  it('stop at the first failure, and hide none', () => {
    for (const script of scripts) {
      const text = readFileSync(script, 'utf8');
      expect(text, script).toContain('set -euo pipefail');
      expect(text, script).not.toMatch(/\|\| true/);
    }
  });

  it('in Taskfiles stay one command each: what needs more is a script', () => {
    for (const file of [
      'Taskfile.yaml',
      '.taskfiles/bootstrap/Taskfile.yaml',
      '.taskfiles/talos/Taskfile.yaml',
    ])
      expect(readFileSync(file, 'utf8'), file).not.toMatch(/^\s+- .*(&&|\|\||;)\s/m);
  });
});
