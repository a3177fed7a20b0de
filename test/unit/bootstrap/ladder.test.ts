import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { parseLadder, wantedOf } from '#src/bootstrap/ladder.ts';

const probe = (name: string, more: object = {}) => ({
  name,
  objects: { apiVersion: 'v1', kind: 'Node' },
  shape: 'ready',
  ...more,
});
const written = (more: object = {}) => ({
  clusters: ['infra', 'apps'],
  shapes: { ready: { expect: [{ condition: 'Ready' }] } },
  rungs: [{ name: 'nodes', title: 'Nodes', budget: '7m', probes: [probe('nodes')] }],
  ...more,
});
const complaints = (raw: unknown): string => {
  const parsed = parseLadder(raw);
  return parsed.ok ? 'accepted' : parsed.failure.join('; ');
};
const withProbe = (...probes: object[]) =>
  written({ rungs: [{ name: 'nodes', title: 'Nodes', budget: '7m', probes }] });
const withCheck = (check: object) => written({ shapes: { ready: { expect: [check] } } });

describe('the schema of a ladder', () => {
  it('reads durations and paths into plain values', () => {
    const parsed = parseLadder(withCheck({ field: 'status.phase', equals: 'Active' }));

    expect(parsed).toMatchObject({
      ok: true,
      value: {
        rungs: [{ budget: 420_000 }],
        shapes: { ready: { expect: [{ field: ['status', 'phase'] }], failedWhen: [] } },
      },
    });
  });

  it('refuses what would silently prove nothing', () => {
    expect(complaints(withProbe(probe('nodes', { shape: 'redy' })))).toContain('redy');
    expect(complaints(withProbe(probe('nodes'), probe('nodes')))).toContain(
      'probe nodes is there twice',
    );
    expect(complaints(withProbe(probe('nodes', { clusters: ['prod'] })))).toContain('prod');
    expect(complaints(withProbe(probe('nodes', { clusters: ['infra'] })))).toContain(
      'rung nodes has no probe on apps',
    );
    expect(
      complaints(
        withProbe(
          probe('nodes', { objects: { apiVersion: 'v1', kind: 'Node', count: { prod: 1 } } }),
        ),
      ),
    ).toContain('prod');
    expect(complaints(withCheck({ field: 'status.phase' }))).not.toBe('accepted');
    expect(complaints(withCheck({ field: 'a', equals: 1, atLeast: 1 }))).not.toBe('accepted');
    expect(complaints(withCheck({ field: 'a', matches: '(' }))).not.toBe('accepted');
    expect(complaints(withCheck({ condition: 'Ready', reason: 'typo' }))).not.toBe('accepted');
    expect(complaints(written({ rungs: [] }))).not.toBe('accepted');
    const unused = {
      ready: { expect: [{ condition: 'Ready' }] },
      spare: { expect: [{ condition: 'X' }] },
    };
    expect(complaints(written({ shapes: unused }))).toContain('no probe uses the shape spare');
    const budget = [{ name: 'nodes', title: 'N', budget: 'soon', probes: [probe('nodes')] }];
    expect(complaints(written({ rungs: budget }))).toContain('soon is not a duration');
  });

  it('refuses names beside labels, a count or a repeated name', () => {
    const named = (more: object) =>
      withProbe(
        probe('nodes', { objects: { apiVersion: 'v1', kind: 'Node', names: ['a'], ...more } }),
      );

    expect(complaints(named({}))).toBe('accepted');
    for (const more of [{ count: 2 }, { labels: { a: 'b' } }, { names: ['a', 'a'] }])
      expect(complaints(named(more))).not.toBe('accepted');
  });
});

describe('bootstrap/ladder.yaml', () => {
  const parsed = parseLadder(parseYaml(readFileSync('bootstrap/ladder.yaml', 'utf8')));

  it('is a ladder of twelve rungs in the order in which a cluster comes up', () => {
    expect(parsed).toMatchObject({ ok: true });
    expect(parsed.ok && parsed.value.rungs.map(({ name }) => name)).toEqual([
      'nodes',
      'crds',
      'cni',
      'core',
      'flux',
      'secrets',
      'network',
      'storage',
      'observability',
      'policy',
      'workloads',
      'recovery',
    ]);
  });

  it('takes forty minutes in all', () => {
    expect(parsed.ok && parsed.value.rungs.reduce((sum, { budget }) => sum + budget, 0)).toBe(
      40 * 60_000,
    );
  });

  it('never asks for Secrets', () => {
    if (!parsed.ok) throw new Error(parsed.failure.join('\n'));
    const { rungs, shapes, clusters } = parsed.value;
    for (const cluster of clusters) {
      const { kinds, endpoints } = wantedOf(rungs, shapes, cluster);
      expect(kinds.map(({ kind }) => kind)).not.toContain('Secret');
      expect(kinds.length).toBeGreaterThan(20);
      expect(endpoints).toEqual(['/readyz']);
    }
  });
});
