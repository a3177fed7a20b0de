import { describe, expect, it } from 'vitest';
import { climb } from '#src/bootstrap/climb.ts';
import { parseLadder } from '#src/bootstrap/ladder.ts';
import type { Listing, PlainObject } from '#src/bootstrap/snapshot.ts';
import { climbView } from '#src/bootstrap/view.ts';
import { renderTerminal } from '#src/text/terminal.ts';

const now = Date.parse('2026-11-24T12:00:00Z');
const ago = (minutes: number) => new Date(now - minutes * 60_000).toISOString();

const rung = (name: string, kind: string) => ({
  name,
  title: name.toUpperCase(),
  budget: '5m',
  probes: [
    {
      name,
      shape: 'ready',
      objects: { apiVersion: 'v1', kind, names: ['one', 'two'] },
      next: 'Look at {cluster}.',
    },
  ],
});
const parsed = parseLadder({
  clusters: ['apps'],
  shapes: {
    ready: {
      expect: [{ condition: 'Ready' }],
      failedWhen: [{ condition: 'Ready', status: 'False' }],
      warnWhen: [{ field: 'spec.suspend', equals: true }],
    },
  },
  rungs: [rung('first', 'A'), rung('second', 'B'), rung('third', 'C')],
});

const listed = (...objects: readonly object[]): Listing => ({
  type: 'objects',
  objects: objects as readonly PlainObject[],
});
const object = (kind: string, name: string, status = 'True', spec: object = {}) => ({
  apiVersion: 'v1',
  kind,
  metadata: { name },
  spec,
  status: {
    conditions: [
      {
        type: 'Ready',
        status,
        reason: 'Why',
        message: `${name} said`,
        lastTransitionTime: ago(8),
      },
    ],
  },
});
const system = {
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: 'kube-system', creationTimestamp: ago(20) },
};

const shown = (listings: Readonly<Record<string, Listing>>): string => {
  if (!parsed.ok) {
    throw new Error(parsed.failure.join('\n'));
  }
  const climbed = climb(parsed.value, {
    cluster: 'apps',
    at: now,
    listings: new Map(Object.entries({ 'v1/Namespace': listed(system), ...listings })),
    endpoints: new Map(),
    signals: new Map(),
  });
  return renderTerminal(climbView([climbed]), { color: false });
};
const well = (kind: string) => listed(object(kind, 'one'), object(kind, 'two'));

describe('how far a cluster has come, for a person', () => {
  it('counts each rung, and tells the cause, its age against the budget, and what to do', () => {
    expect(
      shown({
        'v1/A': well('A'),
        'v1/B': listed(object('B', 'one'), object('B', 'two', 'False')),
        'v1/C': well('C'),
      }),
    ).toBe(
      `● apps: 1 of 3 rungs · 20 min old · budget 15 min

✓ FIRST 2/2
✗ SECOND 1/2
✓ THIRD 2/2

SECOND is blocked by B/two Ready=False Why, since 8 min (its budget is 5 min)
│ two said

What to do Look at apps.
`,
    );
  });

  it('says what could not be looked at, and blames nobody for it', () => {
    const text = shown({
      'v1/A': well('A'),
      'v1/B': { type: 'forbidden', detail: 'no right' },
      'v1/C': well('C'),
    });

    expect(text).toContain('● apps: 1 of 3 rungs');
    expect(text).toContain('- SECOND 0/2\n    not looked at: B/');
    expect(text).not.toContain('blocked');
  });

  it('remarks on what passes and is worth a look', () => {
    const text = shown({
      'v1/A': listed(object('A', 'one', 'True', { suspend: true }), object('A', 'two')),
      'v1/B': well('B'),
      'v1/C': well('C'),
    });

    expect(text).toContain('✓ apps: 3 of 3 rungs');
    expect(text).toContain('Worth a look:\n• A/one spec.suspend=true');
  });
});
