import { describe, expect, it } from 'vitest';
import { climb } from '#src/bootstrap/climb.ts';
import { parseLadder } from '#src/bootstrap/ladder.ts';
import type { Listing, PlainObject, Snapshot } from '#src/bootstrap/snapshot.ts';

const now = Date.parse('2026-11-24T12:00:00Z');

interface Written {
  readonly objects?: object;
  readonly expect?: readonly object[];
  readonly probe?: object;
}

/** The units of one rung with one probe over `x/v1/Thing`. */
const unitsOf = (
  { objects = {}, expect: checks = [{ condition: 'Ready' }], probe = {} }: Written,
  listings: Readonly<Record<string, Listing>>,
  cluster = 'apps',
) => {
  const ladder = parseLadder({
    clusters: ['apps', 'infra'],
    shapes: { thing: { expect: checks } },
    rungs: [
      {
        name: 'things',
        title: 'Things',
        budget: '5m',
        probes: [
          {
            name: 'things',
            objects: { apiVersion: 'x/v1', kind: 'Thing', ...objects },
            shape: 'thing',
            ...probe,
          },
        ],
      },
    ],
  });
  if (!ladder.ok) {
    throw new Error(ladder.failure.join('\n'));
  }
  const snapshot: Snapshot = {
    cluster,
    at: now,
    listings: new Map(Object.entries(listings)),
    endpoints: new Map(),
    signals: new Map(),
  };
  return climb(ladder.value, snapshot).rungs[0]?.units ?? [];
};

const thing = (name: string, more: object = {}) => ({
  apiVersion: 'x/v1',
  kind: 'Thing',
  metadata: { name },
  ...more,
});
const things = (...objects: readonly object[]): Record<string, Listing> => ({
  'x/v1/Thing': { type: 'objects', objects: objects as readonly PlainObject[] },
});
const ready = { conditions: [{ type: 'Ready', status: 'True', reason: 'Done', message: 'well' }] };

describe('what a rung says of its objects', () => {
  const detail = (check: object, more: object) =>
    unitsOf({ expect: [check] }, things(thing('a', more)))[0]?.detail;

  it.each<[string, object, object, string]>([
    ['a condition that is not there', { condition: 'Ready' }, {}, 'Ready=absent'],
    [
      'a condition with its reason',
      { condition: 'Ready' },
      { status: { conditions: [{ type: 'Ready', status: 'False', reason: 'Broken' }] } },
      'Ready=False Broken',
    ],
    [
      'a condition without a reason',
      { condition: 'Ready' },
      { status: { conditions: [{ type: 'Ready', status: 'Unknown' }] } },
      'Ready=Unknown',
    ],
    ['a field that is not there', { field: 'status.n', atLeast: 3 }, {}, 'status.n=absent'],
    [
      'a field that is empty',
      { field: 'status.n', atLeast: 3 },
      { status: { n: null } },
      'status.n=absent',
    ],
    ['a number', { field: 'status.n', atLeast: 3 }, { status: { n: 2 } }, 'status.n=2'],
    [
      'a text',
      { field: 'status.phase', equals: 'Bound' },
      { status: { phase: 'Lost' } },
      'status.phase=Lost',
    ],
    [
      'a status of before',
      { field: 'status.phase', equals: 'Bound' },
      { metadata: { name: 'a', generation: 2 }, status: { phase: 'Bound', observedGeneration: 1 } },
      'status.phase=Bound (not yet for the current generation)',
    ],
    [
      'the entry of a list that is not as wanted',
      { each: 'status.peers', expect: [{ field: 'state', equals: 'up' }] },
      { status: { peers: [{ state: 'up' }, { state: 'down' }] } },
      'status.peers[].state=down',
    ],
    [
      'a list that is not there',
      { each: 'status.peers', expect: [{ field: 'state', equals: 'up' }] },
      {},
      'status.peers=absent',
    ],
  ])('is %s', (_, check, more, expected) => {
    expect(detail(check, more)).toBe(expected);
  });

  it('is nothing where all is well', () => {
    expect(unitsOf({}, things(thing('a', { status: ready })))).toMatchObject([
      { outcome: 'ok', subject: 'Thing/a', detail: '', message: '' },
    ]);
  });

  it('is how many there are where some are missing', () => {
    expect(unitsOf({ objects: { count: 3 } }, things(thing('a', { status: ready })))).toMatchObject(
      [
        { outcome: 'ok' },
        { outcome: 'missing', detail: '1 of 3 are there' },
        { outcome: 'missing', detail: '1 of 3 are there' },
      ],
    );
  });

  it('is that it is not there, by name', () => {
    expect(
      unitsOf({ objects: { names: ['b', 'a'], namespace: 'ns' } }, things(thing('a'))),
    ).toMatchObject([
      { outcome: 'missing', subject: 'Thing/ns/b', detail: 'is not there' },
      { outcome: 'missing', subject: 'Thing/ns/a', detail: 'is not there' },
    ]);
  });

  it.each<[string, Listing | undefined, string, string]>([
    ['was not read', undefined, 'unknown', 'was not read'],
    ['may not be read', { type: 'forbidden', detail: 'things' }, 'unknown', 'not allowed: things'],
    ['cannot be read', { type: 'unreachable', detail: 'refused' }, 'unknown', 'refused'],
    ['is not known', { type: 'not-served' }, 'missing', 'the cluster does not know Thing yet'],
  ])('is that it %s', (_, listing, outcome, said) => {
    const listings = listing === undefined ? {} : { 'x/v1/Thing': listing };
    expect(unitsOf({}, listings)).toMatchObject([{ outcome, detail: said }]);
    expect(unitsOf({ objects: { names: ['a', 'b'] } }, listings)).toMatchObject([
      { outcome, subject: 'Thing/a', detail: said },
      { outcome, subject: 'Thing/b', detail: said },
    ]);
  });

  it('is nothing of a kind that may be absent and is not known', () => {
    const notServed: Record<string, Listing> = { 'x/v1/Thing': { type: 'not-served' } };
    expect(unitsOf({ objects: { count: 0 } }, notServed)).toEqual([]);
    expect(unitsOf({ objects: { names: ['a'] } }, notServed)).toHaveLength(1);
  });
});

describe('the objects of a probe', () => {
  it('are those of its namespace with its labels', () => {
    const labelled = (name: string, namespace: string, app: string) =>
      thing(name, { metadata: { name, namespace, labels: { app } }, status: ready });
    const all = things(
      labelled('a', 'one', 'x'),
      labelled('b', 'two', 'x'),
      labelled('c', 'one', 'y'),
    );
    const subjects = (objects: object) => unitsOf({ objects }, all).map(({ subject }) => subject);

    expect(subjects({})).toEqual(['Thing/one/a', 'Thing/two/b', 'Thing/one/c']);
    expect(subjects({ namespace: 'one' })).toEqual(['Thing/one/a', 'Thing/one/c']);
    expect(subjects({ labels: { app: 'x' } })).toEqual(['Thing/one/a', 'Thing/two/b']);
    expect(subjects({ namespace: 'one', labels: { app: 'x' } })).toEqual(['Thing/one/a']);
  });

  it('are as many as the cluster should have', () => {
    const count = { apps: 2, infra: 1 };
    const one = things(thing('a', { status: ready }));

    expect(unitsOf({ objects: { count } }, one, 'apps')).toHaveLength(2);
    expect(unitsOf({ objects: { count } }, one, 'infra')).toHaveLength(1);
  });

  it('agree where they should', () => {
    const version = (name: string, value: string) =>
      thing(name, { status: { ...ready, version: value } });
    const probe = { agree: ['status.version'] };
    const last = (...objects: readonly object[]) => unitsOf({ probe }, things(...objects)).at(-1);

    expect(last(version('a', 'v1'), version('b', 'v1'))).toMatchObject({
      outcome: 'ok',
      subject: 'Thing status.version',
    });
    expect(last(version('a', 'v1'), version('b', 'v2'))).toMatchObject({
      outcome: 'progressing',
      detail: 'differs: "v1", "v2"',
    });
    expect(unitsOf({ probe, objects: { count: 0 } }, things())).toEqual([]);
    const named = { names: ['a', 'b'] };
    expect(
      unitsOf({ probe, objects: named }, things(version('a', 'v1'), version('c', 'v2'))).at(-1),
    ).toMatchObject({ outcome: 'ok', subject: 'Thing status.version' });
  });

  it('are compared with an object of the namespace that is named', () => {
    const other = (namespace: string, name = 's') => ({
      apiVersion: 'x/v1',
      kind: 'Source',
      metadata: { name, namespace },
      status: { revision: `of ${namespace}` },
    });
    const compared = (...sources: readonly object[]) =>
      unitsOf(
        {
          expect: [
            {
              field: 'status.revision',
              sameAs: {
                object: { apiVersion: 'x/v1', kind: 'Source', namespace: 'two', name: 's' },
                field: 'status.revision',
              },
            },
          ],
        },
        {
          ...things(thing('a', { status: { revision: 'of two' } })),
          'x/v1/Source': { type: 'objects', objects: sources as readonly PlainObject[] },
        },
      )[0]?.outcome;

    expect(compared(other('one'), other('two', 't'), other('two'))).toBe('ok');
    expect(compared(other('one'), other('two', 't'))).not.toBe('ok');
  });
});
