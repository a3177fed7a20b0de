import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { createWorkbench } from '#test/platform/taskfiles/workbench.ts';
import { findTool } from '#test/platform/tools/tools.ts';

const task = findTool('task');
const yq = findTool('yq');
const missing = [task ? '' : 'task', yq ? '' : 'yq'].filter(Boolean).join(', ');

interface Item {
  readonly title: string;
  readonly fields: readonly {
    readonly id: string;
    readonly type: string;
    readonly value: string;
  }[];
}

describe.skipIf(missing !== '')(
  `bootstrap:bot-access${missing && ` (not run: ${missing} is missing, npm run tools builds it)`}`,
  () => {
    let bench: ReturnType<typeof createWorkbench>;

    beforeAll(() => {
      bench = createWorkbench({ task: task ?? '', yq: yq ?? '' });
    });
    beforeEach(() => {
      bench.reset();
      bench.write('.cache/clusters/apps/kubeconfig', 'a kubeconfig');
    });
    afterAll(() => bench.close());

    it('stores a kubeconfig for each role in the vault of the cluster that the bot runs on', () => {
      const run = bench.run('bootstrap:bot-access', 'CLUSTER=apps');

      expect(run.out).toContain('is stored in vault platform-infra');
      expect(run.status).toBe(0);
      const created = run.calls.find(({ args }) => args.startsWith('item create'));
      const item = JSON.parse(created?.stdin ?? '{}') as Item;
      expect(created?.args).toBe('item create --vault platform-infra -');
      expect(item.title).toBe('flux-chatops-kubeconfigs');
      expect(item.fields.map(({ id, type }) => [id, type])).toEqual([
        ['front-apps', 'CONCEALED'],
        ['worker-apps', 'CONCEALED'],
      ]);
      expect(item.fields.map(({ value }) => parseYaml(value))).toEqual(
        ['flux-chatops-front', 'flux-chatops'].map((account) => ({
          apiVersion: 'v1',
          kind: 'Config',
          clusters: [
            {
              name: 'apps',
              cluster: {
                server: 'https://10.25.12.10:6443',
                'certificate-authority-data': 'Y2VydA==',
              },
            },
          ],
          users: [{ name: account, user: { token: `token of ${account}-remote` } }],
          contexts: [{ name: 'apps', context: { cluster: 'apps', user: account } }],
          'current-context': 'apps',
        })),
      );
      expect(run.calls.map(({ args }) => args).join('\n')).not.toContain('token of');
      expect(bench.scratch()).toEqual([]);
    });

    it('leaves an item alone that is there', () => {
      bench.run('bootstrap:bot-access', 'CLUSTER=apps');
      bench.order();

      const again = bench.run('bootstrap:bot-access', 'CLUSTER=apps');

      expect(again.status).toBe(0);
      expect(again.out).toContain('is left as it is');
      expect(again.calls.filter(({ args }) => /secret|create/.test(args))).toEqual([]);
    });

    it.each([
      ['op', '^vault get', '1Password does not show vault platform-infra'],
      [
        'kubectl',
        'flux-chatops-front-remote',
        'apps has no Secret flux-chatops/flux-chatops-front',
      ],
      ['kubectl', 'secret flux-chatops-remote', 'apps has no Secret flux-chatops/flux-chatops-rem'],
      ['op', '^item create', '1Password did not store the item'],
    ])('stops with a clear word when %s %s fails', (tool, args, word) => {
      bench.order({ tool, args, error: 'planted failure' });

      const run = bench.run('bootstrap:bot-access', 'CLUSTER=apps');

      expect(run.status).not.toBe(0);
      expect(run.out).toContain(word);
      expect(run.out).not.toContain('is stored');
    });

    it('stores nothing as long as Kubernetes has made no token', () => {
      bench.assume('tokenless');

      const run = bench.run('bootstrap:bot-access', 'CLUSTER=apps');

      expect(run.status).not.toBe(0);
      expect(run.out).toContain('has not filled in a token yet');
      expect(run.calls.filter(({ args }) => args.includes('create'))).toEqual([]);
    });

    it('refuses infra, where the bot needs no way in, and another program called yq', () => {
      const infra = bench.run('bootstrap:bot-access', 'CLUSTER=infra');
      const other = createWorkbench({ task: task ?? '', yq: '/bin/echo jq wrapper' });
      other.write('.cache/clusters/apps/kubeconfig', 'a kubeconfig');
      const wrong = other.run('bootstrap:bot-access', 'CLUSTER=apps');
      other.close();

      expect([infra.status === 0, infra.calls]).toEqual([false, []]);
      expect(wrong.status).not.toBe(0);
      expect(wrong.out).toContain('PATH has another yq first');
      expect(wrong.calls.filter(({ tool }) => tool === 'op')).toEqual([]);
    });
  },
);
