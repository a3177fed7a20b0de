import { describe, expect, it } from 'vitest';
import { ownClusters } from '#src/entry/cli/clusters.ts';
import type { Kubeconfigs } from '#src/entry/cli/kubeconfig.ts';

const kubeconfigs = (
  contexts: readonly string[],
  more: Partial<Kubeconfigs> = {},
): Kubeconfigs => ({
  files: ['/k'],
  contexts: new Map(contexts.map((name) => [name, '/k'])),
  current: undefined,
  problems: [],
  ...more,
});

const talos = kubeconfigs(['admin@infra', 'admin@apps', 'kind=dev'], { current: 'admin@apps' });
const find = (flags: readonly string[], names: readonly string[], from = talos) =>
  ownClusters({ flags, names, kubeconfigs: from });
const cluster = (name: string, context: string) => ({ name, context, file: '/k' });

describe('ownClusters', () => {
  it('takes the current context where nothing is named, as kubectl does', () => {
    expect(find([], [])).toEqual({ ok: true, value: [cluster('apps', 'admin@apps')] });
  });

  it('takes the configured clusters by their names', () => {
    expect(find([], ['infra', 'apps'])).toEqual({
      ok: true,
      value: [cluster('infra', 'admin@infra'), cluster('apps', 'admin@apps')],
    });
  });

  it.each([
    [['infra=admin@infra'], [cluster('infra', 'admin@infra')]],
    [['admin@infra'], [cluster('infra', 'admin@infra')]],
    [['infra'], [cluster('infra', 'admin@infra')]],
    [['kind=dev'], [cluster('kind=dev', 'kind=dev')]],
    [['dev=kind=dev'], [cluster('dev', 'kind=dev')]],
    [
      ['apps', 'infra'],
      [cluster('infra', 'admin@infra'), cluster('apps', 'admin@apps')],
    ],
  ])('looks only at the clusters of %j, in the configured order', (flags, expected) => {
    expect(find(flags, ['infra', 'apps'])).toEqual({ ok: true, value: expected });
  });

  it('says what there is and what to do where a context is missing', () => {
    expect(find(['infra=admin@infar'], [])).toEqual({
      ok: false,
      failure: {
        what: 'Your kubeconfig has no context called admin@infar for the cluster infra; it has: admin@infra, admin@apps, kind=dev. Did you mean admin@infra?',
        next: 'Say which: --context infra=CONTEXT. With --context only the clusters that it names are looked at.',
      },
    });
  });

  it.each([
    [
      kubeconfigs([]),
      'There is no kubeconfig: KUBECONFIG is not set and ~/.kube/config is not there.',
    ],
    [
      kubeconfigs([], { problems: ['KUBECONFIG names /x, which is not there'] }),
      'KUBECONFIG names /x, which is not there.',
    ],
    [kubeconfigs(['a']), 'No cluster is named, and your kubeconfig has no current context.'],
  ])('says why no cluster is known', (from, what) => {
    expect(find([], [], from)).toMatchObject({ ok: false, failure: { what } });
  });

  it('refuses one name for two contexts', () => {
    expect(find(['a=admin@infra', 'a=admin@apps'], [])).toMatchObject({
      ok: false,
      failure: { what: 'The cluster a is named twice.' },
    });
  });
});
