import { readFileSync } from 'node:fs';
import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { climb } from '#src/bootstrap/climb.ts';
import { type Ladder, parseLadder, wantedOf } from '#src/bootstrap/ladder.ts';
import { sayClimb } from '#src/bootstrap/say.ts';
import type { Listing, PlainObject, Snapshot } from '#src/bootstrap/snapshot.ts';

const parsed = (raw: unknown): Ladder => {
  const ladder = parseLadder(raw);
  if (!ladder.ok) throw new Error(ladder.failure.join('\n'));
  return ladder.value;
};
const real = parsed(parseYaml(readFileSync('bootstrap/ladder.yaml', 'utf8')));

const now = Date.parse('2026-11-24T12:00:00Z');
const ago = (minutes: number) => new Date(now - minutes * 60_000).toISOString();
const listed = (...objects: readonly object[]): Listing => ({
  type: 'objects',
  objects: objects as readonly PlainObject[],
});
const snapshot = (
  listings: Readonly<Record<string, Listing>>,
  more: Partial<Snapshot> = {},
): Snapshot => ({
  cluster: 'apps',
  at: now,
  listings: new Map(Object.entries(listings)),
  endpoints: new Map(),
  signals: new Map(),
  ...more,
});

const thing = (name: string, status: object | undefined, more: object = {}) => ({
  apiVersion: 'x/v1',
  kind: 'Thing',
  metadata: { name, generation: 2 },
  ...(status && { status }),
  ...more,
});
const ready = (status: string, reason: string, more: object = {}) => ({
  conditions: [
    {
      type: 'Ready',
      status,
      reason,
      message: `${reason} said`,
      lastTransitionTime: ago(8),
      ...more,
    },
  ],
});
const shape = {
  expect: [{ condition: 'Ready' }],
  waitingWhen: [{ condition: 'Ready', status: 'False', reasons: ['DependencyNotReady'] }],
  failedWhen: [{ condition: 'Ready', status: 'False' }],
  warnWhen: [{ field: 'spec.suspend', equals: true }],
};
const oneRung = (objects: object = {}, more: object = {}): Ladder =>
  parsed({
    clusters: ['apps'],
    shapes: { thing: { ...shape, ...more } },
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
            next: 'task fix CLUSTER={cluster}',
          },
        ],
      },
    ],
  });
const outcome = (ladder: Ladder, listing: Listing | undefined) =>
  climb(ladder, snapshot(listing ? { 'x/v1/Thing': listing } : {})).rungs[0]?.units.map(
    (unit) => unit.outcome,
  );

describe('one object', () => {
  it('passes with the condition it should have', () => {
    expect(outcome(oneRung(), listed(thing('a', ready('True', 'Done'))))).toEqual(['ok']);
  });

  it('passes with a remark', () => {
    const suspended = thing('a', ready('True', 'Done'), { spec: { suspend: true } });
    expect(outcome(oneRung(), listed(suspended))).toEqual(['warning']);
  });

  it('is not passed by a status for an older generation, nor failed by one', () => {
    const old = { observedGeneration: 1 };
    expect(outcome(oneRung(), listed(thing('a', ready('True', 'Done', old))))).toEqual([
      'progressing',
    ]);
    expect(outcome(oneRung(), listed(thing('a', ready('False', 'Broken', old))))).toEqual([
      'progressing',
    ]);
    const field = oneRung({}, { expect: [{ field: 'status.phase', equals: 'Ready' }] });
    expect(outcome(field, listed(thing('a', { phase: 'Ready', observedGeneration: 1 })))).toEqual([
      'progressing',
    ]);
    expect(outcome(field, listed(thing('a', { phase: 'Ready', observedGeneration: 2 })))).toEqual([
      'ok',
    ]);
  });

  it('is not there yet without a status', () => {
    expect(outcome(oneRung(), listed(thing('a', undefined)))).toEqual(['progressing']);
    expect(outcome(oneRung(), listed(thing('a', {})))).toEqual(['progressing']);
    expect(outcome(oneRung(), listed(thing('a', { conditions: [] })))).toEqual(['progressing']);
  });

  it('is missing when it is named and absent, or its kind is not served', () => {
    expect(
      outcome(oneRung({ names: ['a', 'b'] }), listed(thing('b', ready('True', 'Done')))),
    ).toEqual(['missing', 'ok']);
    expect(outcome(oneRung({ names: ['a', 'b'] }), { type: 'not-served' })).toEqual([
      'missing',
      'missing',
    ]);
    expect(outcome(oneRung({ count: 3 }), listed(thing('b', ready('True', 'Done'))))).toEqual([
      'ok',
      'missing',
      'missing',
    ]);
  });

  it('is unknown, never passed, when it could not be looked at', () => {
    for (const listing of [
      { type: 'forbidden', detail: 'things' } as const,
      { type: 'unreachable', detail: 'refused' } as const,
      undefined,
    ]) {
      expect(outcome(oneRung(), listing)).toEqual(['unknown']);
      expect(outcome(oneRung({ count: 0 }), listing)).toEqual(['unknown']);
    }
  });

  it('may be absent only where the ladder says so, and then proves nothing', () => {
    expect(outcome(oneRung(), listed())).toEqual(['missing']);
    const none = climb(oneRung({ count: 0 }), snapshot({ 'x/v1/Thing': listed() }));
    expect(none.rungs[0]).toMatchObject({ passed: 0, total: 0, state: 'unproven' });
    expect(none.reached).toBe(0);
  });
});

describe('field checks', () => {
  const check = (written: object, object: object) =>
    outcome(
      oneRung({}, { expect: [written], warnWhen: [] }),
      listed(thing('a', undefined, object)),
    )?.[0] === 'ok';

  it('compare as they say', () => {
    const status = { n: 3, m: 3, phase: 'Bound', at: ago(10), next: ago(-10), nothing: null };
    const cases: readonly (readonly [object, boolean])[] = [
      [{ field: 'status.phase', equals: 'Bound' }, true],
      [{ field: 'status.phase', equals: 'Lost' }, false],
      [{ field: 'status.phase', in: ['Lost', 'Bound'] }, true],
      [{ field: 'status.phase', matches: '^Bo' }, true],
      [{ field: 'status.n', matches: '3' }, false],
      [{ field: 'status.n', atLeast: 3 }, true],
      [{ field: 'status.n', atLeast: 4 }, false],
      [{ field: 'status.absent', atLeast: 0 }, false],
      [{ field: 'status.n', sameField: 'status.m' }, true],
      [{ field: 'status.absent', sameField: 'status.missing' }, false],
      [{ field: 'status.nothing', isSet: true }, false],
      [{ field: 'status.nothing', isSet: false }, true],
      [{ field: 'status.at', within: '15m' }, true],
      [{ field: 'status.at', within: '5m' }, false],
      [{ field: 'status.next', isFuture: true }, true],
      [{ field: 'status.at', isFuture: true }, false],
      [{ field: ['metadata', 'labels', 'a.b/c'], equals: 'd' }, true],
    ];

    for (const [written, holds] of cases)
      expect([
        written,
        check(written, { status, metadata: { name: 'a', labels: { 'a.b/c': 'd' } } }),
      ]).toEqual([written, holds]);
  });

  it('look into every entry of a list, and an empty list is not enough', () => {
    const peers = {
      each: 'status.instances',
      expect: [{ each: 'peers', expect: [{ field: 'state', equals: 'established' }] }],
    };
    const instances = (...states: string[]) => ({
      status: { instances: [{ peers: states.map((state) => ({ state })) }] },
    });

    expect(check(peers, instances('established', 'established'))).toBe(true);
    expect(check(peers, instances('established', 'idle'))).toBe(false);
    expect(check(peers, instances())).toBe(false);
    expect(check(peers, { status: { instances: [] } })).toBe(false);
  });

  it('compare with another object', () => {
    const other = { apiVersion: 'x/v1', kind: 'Source', namespace: 'ns', name: 's' };
    const ladder = oneRung(
      {},
      {
        expect: [{ field: 'status.revision', sameAs: { object: other, field: 'status.revision' } }],
      },
    );
    const at = (revision: string) => ({
      'x/v1/Thing': listed(thing('a', { revision: 'r2' })),
      'x/v1/Source': listed({
        ...other,
        metadata: { name: 's', namespace: 'ns' },
        status: { revision },
      }),
    });

    expect(climb(ladder, snapshot(at('r2'))).reached).toBe(1);
    expect(climb(ladder, snapshot(at('r3'))).reached).toBe(0);
    expect(
      climb(ladder, snapshot({ 'x/v1/Thing': listed(thing('a', { revision: 'r2' })) })).reached,
    ).toBe(0);
  });
});

describe('the root cause', () => {
  it('is what fails for a reason of its own, before what is absent, and that before what waits', () => {
    const ladder = oneRung({ names: ['waits', 'absent', 'fails'] });
    const waits = thing('waits', ready('False', 'DependencyNotReady'));
    const fails = thing('fails', ready('False', 'BuildFailed'));

    expect(
      climb(ladder, snapshot({ 'x/v1/Thing': listed(waits, fails) })).blocked?.cause,
    ).toMatchObject({
      subject: 'Thing/fails',
      outcome: 'failed',
      detail: 'Ready=False BuildFailed',
      message: 'BuildFailed said',
      next: 'task fix CLUSTER=apps',
    });
    expect(climb(ladder, snapshot({ 'x/v1/Thing': listed(waits) })).blocked?.cause.subject).toBe(
      'Thing/absent',
    );
    const justWaits = climb(oneRung(), snapshot({ 'x/v1/Thing': listed(waits) }));
    expect(justWaits.blocked?.cause).toMatchObject({ subject: 'Thing/waits', outcome: 'waiting' });
  });

  it('says how long it stands and whether that is more than the rung may take', () => {
    const failing = (minutes: number) =>
      climb(
        oneRung(),
        snapshot({
          'x/v1/Thing': listed(
            thing('a', ready('False', 'Broken', { lastTransitionTime: ago(minutes) })),
          ),
          'v1/Namespace': listed({
            apiVersion: 'v1',
            kind: 'Namespace',
            metadata: { name: 'kube-system', creationTimestamp: ago(31) },
          }),
        }),
      );

    expect(failing(4)).toMatchObject({ blockedMs: 240_000, isLate: false, elapsedMs: 31 * 60_000 });
    expect(failing(8)).toMatchObject({ blockedMs: 480_000, isLate: true, budgetMs: 300_000 });
  });

  it('of a store that refuses its token reads as an operator needs it', () => {
    const store = {
      apiVersion: 'external-secrets.io/v1',
      kind: 'ClusterSecretStore',
      metadata: { name: 'onepassword' },
      status: {
        conditions: [
          {
            type: 'Ready',
            status: 'False',
            reason: 'InvalidProviderConfig',
            message: 'unable to log in: 401 invalid bearer token',
            lastTransitionTime: ago(8),
          },
        ],
      },
    };
    const secrets = { ...real, rungs: real.rungs.filter(({ name }) => name === 'secrets') };

    const { blocked } = climb(
      secrets,
      snapshot({
        'external-secrets.io/v1/ClusterSecretStore': listed(store),
        'external-secrets.io/v1/ExternalSecret': listed(),
        'kustomize.toolkit.fluxcd.io/v1/Kustomization': listed(),
      }),
    );

    expect(blocked?.cause).toMatchObject({
      subject: 'ClusterSecretStore/onepassword',
      detail: 'Ready=False InvalidProviderConfig',
      message: 'unable to log in: 401 invalid bearer token',
    });
    expect(blocked?.cause.next).toContain('task bootstrap:resources CLUSTER=apps');
  });
});

describe('what a terminal shows', () => {
  it('is a line for each rung, and the cause under the one that blocks', () => {
    const failing = thing('a', ready('False', 'Broken'));
    const ladder: Ladder = {
      ...oneRung(),
      rungs: [
        ...oneRung().rungs,
        ...parsed({
          clusters: ['apps'],
          shapes: {},
          rungs: [
            {
              name: 'alerts',
              title: 'Alerts',
              budget: '1m',
              probes: [{ name: 'alerts', signal: 'events', within: '2h' }],
            },
          ],
        }).rungs,
      ],
    };

    expect(
      sayClimb(
        climb(
          ladder,
          snapshot({ 'x/v1/Thing': listed(failing, thing('b', ready('True', 'Done'))) }),
        ),
      ),
    ).toBe(
      [
        'apps: 0 of 2 · budget 6 min',
        '  ✗ Things 1/2',
        '    Thing/a Ready=False Broken, since 8 min (over budget)',
        '    Broken said',
        '    What to do: task fix CLUSTER=apps',
        '  ? Alerts 0/1',
        '    not looked at: events only the running bot can know',
      ].join('\n'),
    );
  });

  it('says once why nothing could be looked at, however many objects there are', () => {
    const kinds = wantedOf(real.rungs, real.shapes, 'apps').kinds;
    const away = { type: 'unreachable', detail: 'connection refused' } as const;
    const seen = snapshot(
      Object.fromEntries(kinds.map(({ apiVersion, kind }) => [`${apiVersion}/${kind}`, away])),
      { endpoints: new Map([['/readyz', away]]) },
    );

    const [head, ...reasons] = sayClimb(climb(real, seen)).split('\n');

    expect(head).toContain('apps: 0 of 12');
    expect(reasons).toEqual([
      expect.stringMatching(/^ {2}not looked at: \/readyz connection refused and \d+ more$/),
      '  not looked at: flux-events only the running bot can know',
    ]);
  });

  it('ends in the remarks of what passes with one', () => {
    const suspended = thing('a', ready('True', 'Done'), { spec: { suspend: true } });

    expect(sayClimb(climb(oneRung(), snapshot({ 'x/v1/Thing': listed(suspended) })))).toBe(
      ['apps: 1 of 1 · budget 5 min', '  ✓ Things 1/1', '  ! Thing/a spec.suspend=true'].join('\n'),
    );
  });
});

describe('probes of one cluster', () => {
  it('count there only, and only there are they asked for', () => {
    const objects = { apiVersion: 'x/v1', kind: 'Thing' };
    const ladder = parsed({
      clusters: ['infra', 'apps'],
      shapes: { thing: shape },
      rungs: [
        {
          name: 'things',
          title: 'Things',
          budget: '1m',
          probes: [
            { name: 'everywhere', objects, shape: 'thing' },
            {
              name: 'infra-only',
              objects: { ...objects, kind: 'Other' },
              shape: 'thing',
              clusters: ['infra'],
            },
          ],
        },
      ],
    });
    const there = snapshot({ 'x/v1/Thing': listed(thing('a', ready('True', 'Done'))) });

    expect(climb(ladder, there)).toMatchObject({ reached: 1, probes: 1 });
    expect(climb(ladder, { ...there, cluster: 'infra' })).toMatchObject({ reached: 0, probes: 2 });
    expect(wantedOf(ladder.rungs, ladder.shapes, 'apps').kinds).toEqual([objects]);
    expect(wantedOf(ladder.rungs, ladder.shapes, 'infra').kinds).toHaveLength(2);
  });
});

describe('endpoints and signals', () => {
  const ladder = parsed({
    clusters: ['apps'],
    shapes: { thing: shape },
    rungs: [
      { name: 'api', title: 'API', budget: '1m', probes: [{ name: 'api', endpoint: '/readyz' }] },
      {
        name: 'alerts',
        title: 'Alerts',
        budget: '1m',
        probes: [{ name: 'alerts', signal: 'events', within: '2h' }],
      },
      {
        name: 'last',
        title: 'Last',
        budget: '1m',
        probes: [{ name: 'thing', objects: { apiVersion: 'x/v1', kind: 'Thing' }, shape: 'thing' }],
      },
    ],
  });
  const states = (endpoint: number | undefined, signals: Snapshot['signals']) =>
    climb(
      ladder,
      snapshot(
        {},
        {
          endpoints: new Map(endpoint ? [['/readyz', { type: 'status', code: endpoint }]] : []),
          signals,
        },
      ),
    ).rungs.map(({ state }) => state);

  it('must answer 200, and have been seen lately', () => {
    expect(states(200, new Map([['events', now - 60_000]])).slice(0, 2)).toEqual([
      'passed',
      'passed',
    ]);
    expect(states(500, new Map([['events', now - 3 * 3_600_000]])).slice(0, 2)).toEqual([
      'blocked',
      'blocked',
    ]);
    expect(states(undefined, new Map([['events', undefined]])).slice(0, 2)).toEqual([
      'unproven',
      'blocked',
    ]);
    expect(states(200, new Map())[1]).toBe('unproven');
  });

  it('an unproven rung stops the count but hides no blocked rung above it', () => {
    const result = climb(
      ladder,
      snapshot(
        { 'x/v1/Thing': listed(thing('a', ready('False', 'Broken'))) },
        {
          endpoints: new Map([['/readyz', { type: 'status', code: 200 }]]),
        },
      ),
    );

    expect(result.reached).toBe(1);
    expect(result.blocked?.rung.name).toBe('last');
    expect(result.unknown.map(({ subject }) => subject)).toEqual(['events']);
  });
});

describe('properties', () => {
  const statuses = fc.constantFrom('True', 'False', 'Unknown', '');
  const reasons = fc.constantFrom('Done', 'Broken', 'DependencyNotReady', '');
  const object = fc
    .record({
      name: fc.constantFrom('a', 'b', 'c', 'd'),
      status: statuses,
      reason: reasons,
      minutes: fc.nat(99),
    })
    .map(({ name, status, reason, minutes }) =>
      thing(name, ready(status, reason, { lastTransitionTime: ago(minutes) })),
    );
  const objects = fc.uniqueArray(object, { selector: ({ metadata }) => metadata.name });
  const listing: fc.Arbitrary<Listing> = fc.oneof(
    objects.map((each) => listed(...each)),
    fc.constantFrom<Listing>({ type: 'not-served' }, { type: 'forbidden', detail: 'no' }),
  );
  const ladders = [
    oneRung(),
    oneRung({ names: ['a', 'b'] }),
    oneRung({ count: 2 }),
    oneRung({ count: 0 }),
  ];

  test.prop([fc.constantFrom(...ladders), listing])(
    'a rung is passed exactly when all it counts is',
    (ladder, each) => {
      const { rungs, reached, blocked } = climb(ladder, snapshot({ 'x/v1/Thing': each }));
      const [rung] = rungs;
      const isAll = rung !== undefined && rung.total > 0 && rung.passed === rung.total;
      expect(rung?.state === 'passed').toBe(isAll);
      expect(reached).toBe(isAll ? 1 : 0);
      expect(blocked === undefined).toBe(rung?.state !== 'blocked');
      expect(blocked?.cause.outcome).not.toBe('ok');
    },
  );

  test.prop([objects, fc.infiniteStream(fc.nat())])(
    'the order in which objects are listed decides nothing',
    (each, stream) => {
      const shuffled = each
        .map((one) => ({ one, key: stream.next().value ?? 0 }))
        .toSorted((left, right) => left.key - right.key)
        .map(({ one }) => one);
      const of = (list: readonly object[]) => {
        const { rungs, reached, blocked } = climb(
          oneRung(),
          snapshot({ 'x/v1/Thing': listed(...list) }),
        );
        return {
          reached,
          passed: rungs[0]?.passed,
          outcome: blocked?.cause.outcome,
          since: blocked?.cause.since,
        };
      };
      expect(of(shuffled)).toEqual(of(each));
    },
  );

  test.prop([listing])('taking an object away never brings a cluster further up', (each) => {
    const ladder = oneRung({ names: ['a', 'b'] });
    const before = climb(ladder, snapshot({ 'x/v1/Thing': each })).rungs[0]?.passed ?? 0;
    const fewer: Listing =
      each.type === 'objects' ? { ...each, objects: each.objects.slice(1) } : each;
    expect(
      climb(ladder, snapshot({ 'x/v1/Thing': fewer })).rungs[0]?.passed ?? 0,
    ).toBeLessThanOrEqual(before);
  });

  test.prop([
    fc.dictionary(fc.string(), fc.jsonValue()),
    fc.constantFrom(...real.rungs.map(({ name }) => name)),
  ])('no object, however odd, makes the real ladder throw', (odd, name) => {
    const rungs = real.rungs.filter((rung) => rung.name === name);
    const kinds = rungs.flatMap(({ probes }) =>
      probes.flatMap((probe) =>
        'objects' in probe ? [`${probe.objects.apiVersion}/${probe.objects.kind}`] : [],
      ),
    );
    const listings = Object.fromEntries(
      kinds.map((kind) => [
        kind,
        listed({ ...odd, apiVersion: 'v1', kind: 'Odd', metadata: { name: 'flux' } }),
      ]),
    );
    expect(() => climb({ ...real, rungs }, snapshot(listings))).not.toThrow();
  });
});
