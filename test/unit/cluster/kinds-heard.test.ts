import { describe, expect, it } from 'vitest';
import { createKindsHeard } from '#src/cluster/kinds-heard.ts';
import type { Outcome } from '#src/cluster/reflection.ts';
import type { Trouble } from '#src/cluster/trouble.ts';

const started = () => {
  const clock = { now: 1_000 };
  const kinds = createKindsHeard(['Kustomization', 'HelmRelease'], () => clock.now);
  return { clock, kinds };
};
const served: Outcome = { type: 'served' };
const trouble = (what: Trouble): Outcome => ({
  type: 'trouble',
  trouble: what,
  heard: false,
  listed: false,
});
const silent = trouble({ type: 'no-reply', detail: 'time-out' });
const forbidden = trouble({
  type: 'status',
  status: 403,
  reason: 'Forbidden',
  message: '',
  retryAfterMs: undefined,
});

describe('how current a cluster is', () => {
  it('is not known before every kind was listed', () => {
    const { kinds } = started();
    expect(kinds.freshness()).toMatchObject({
      synced: false,
      heardAt: undefined,
      problem: undefined,
    });
    kinds.after('Kustomization', served);
    kinds.heard('Kustomization');
    kinds.listed('Kustomization');
    expect(kinds.freshness()).toMatchObject({
      synced: false,
      heardAt: undefined,
      problem: undefined,
    });

    kinds.after('HelmRelease', served);
    kinds.listed('HelmRelease');
    expect(kinds.freshness()).toMatchObject({ synced: true, heardAt: undefined });
  });

  it('is as old as the kind that was heard of last', () => {
    const { clock, kinds } = started();
    kinds.heard('Kustomization');
    clock.now = 2_000;
    kinds.heard('HelmRelease');
    expect(kinds.freshness().heardAt).toBe(1_000);
    clock.now = 3_000;
    kinds.heard('Kustomization');
    expect(kinds.freshness().heardAt).toBe(2_000);
  });

  it('does not wait for a kind that the cluster does not serve', () => {
    const { kinds } = started();
    kinds.after('Kustomization', served);
    kinds.listed('Kustomization');
    kinds.heard('Kustomization');
    kinds.after('HelmRelease', { type: 'not-served' });
    expect(kinds.freshness()).toMatchObject({ synced: true, heardAt: 1_000, problem: undefined });

    // it is there again, and has to be listed anew
    kinds.after('HelmRelease', served);
    expect(kinds.freshness()).toMatchObject({ synced: false, heardAt: undefined });
  });

  it('says so where it serves nothing of Flux', () => {
    const { kinds } = started();
    kinds.after('Kustomization', { type: 'not-served' });
    kinds.after('HelmRelease', { type: 'not-served' });
    expect(kinds.freshness().problem).toBe('it serves none of the kinds of Flux');
  });

  it('has a problem until something is heard again', () => {
    const { kinds } = started();
    kinds.after('Kustomization', silent);
    kinds.after('HelmRelease', silent);
    const { problem } = kinds.freshness();
    expect(problem).toContain('time-out');
    expect(problem?.split('; ')).toHaveLength(1);

    expect(kinds.freshness().unheard).toEqual(['Kustomization', 'HelmRelease']);
    kinds.heard('Kustomization');
    expect(kinds.freshness()).toMatchObject({ problem, unheard: ['HelmRelease'] });
    kinds.heard('HelmRelease');
    expect(kinds.freshness()).toMatchObject({ problem: undefined, unheard: [] });
  });

  it('names the right that is missing', () => {
    const { kinds } = started();
    kinds.after('HelmRelease', forbidden);
    expect(kinds.freshness().problem).toBe(
      'the right to list and watch helmreleases.helm.toolkit.fluxcd.io is missing',
    );
    kinds.after('Kustomization', silent);
    expect(kinds.freshness().problem?.split('; ')).toHaveLength(2);
  });
});
