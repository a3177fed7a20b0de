import { describe, expect, it } from 'vitest';
import type { FluxObject, HistoryEntry } from '#src/flux/object.ts';
import { parseFluxObject } from '#src/flux/object.ts';
import type { FluxRef } from '#src/flux/ref.ts';
import { gitOf } from '#src/incident/git-of.ts';
import { type MemberGit, questionOf } from '#src/incident/revisions.ts';
import { follow, type Tracked } from '#src/incident/tracked.ts';
import { fluxObject } from '#test/fakes/flux-objects.ts';
import { revision } from '#test/fakes/git-stage.ts';

const [a, b, c] = ['a'.repeat(40), 'b'.repeat(40), 'c'.repeat(40)] as const;
const start = 1_000_000_000;

const tracked = (object: FluxObject): Tracked =>
  follow(undefined, { cluster: 'apps', epoch: 1, object }, start);
const ref = (kind: FluxRef['kind'], name: string): FluxRef => ({
  kind,
  namespace: 'flux-system',
  name,
});

const repository = (url: string | undefined) =>
  tracked(fluxObject('healthy', { ref: ref('GitRepository', 'platform'), url }));
const kustomization = (change: Partial<FluxObject> = {}) =>
  tracked(
    fluxObject('failing', {
      ref: ref('Kustomization', 'web'),
      path: './apps/web/',
      source: ref('GitRepository', 'platform'),
      lastAppliedRevision: revision(a),
      lastAttemptedRevision: revision(b),
      ...change,
    }),
  );
const release = (change: Partial<FluxObject> = {}, failingSince = start) =>
  tracked(
    fluxObject('failing', {
      conditions: [
        {
          type: 'Ready',
          status: 'False',
          reason: 'UpgradeFailed',
          message: 'no',
          observedGeneration: 1,
          since: failingSince,
        },
      ],
      ref: ref('HelmRelease', 'web'),
      owner: ref('Kustomization', 'web'),
      lastAttemptedRevision: '1.2.0',
      ...change,
    }),
  );

interface Given {
  readonly about: Tracked;
  readonly others?: readonly Tracked[];
  readonly before?: MemberGit;
  readonly recovered?: boolean;
}
const find = ({ about, others = [], before, recovered = false }: Given) =>
  gitOf(
    {
      tracked: about,
      hosts: [],
      lookup: (_, wanted) =>
        [about, ...others].find(
          ({ object }) => object.ref.kind === wanted.kind && object.ref.name === wanted.name,
        ),
    },
    { before, recovered },
  );
const github = repository('ssh://git@github.com/acme/platform.git');

describe('the change behind a failing object', () => {
  it('is, of a Kustomization, from what last worked to what it tries, under its path', () => {
    expect(find({ about: kustomization(), others: [github] })).toMatchObject({
      origin: { webUrl: 'https://github.com/acme/platform' },
      from: a,
      to: b,
      path: 'apps/web',
    });
  });

  it.each([
    ['its source is not in Git', { source: ref('OCIRepository', 'platform') }],
    ['its source is not there', { source: ref('GitRepository', 'other') }],
    ['it has none', { source: undefined }],
  ])('is not known where %s', (_, change) => {
    expect(find({ about: kustomization(change), others: [github] })).toBeUndefined();
  });

  it('raises no question where it never worked, or tries what worked', () => {
    const never = find({
      about: kustomization({ lastAppliedRevision: undefined }),
      others: [github],
    });
    const same = find({
      about: kustomization({ lastAttemptedRevision: revision(a) }),
      others: [github],
    });

    expect([questionOf(never), questionOf(same)]).toEqual([undefined, undefined]);
    expect(never?.origin.path).toBe('acme/platform');
  });

  it('is, of a repository, only where it comes from', () => {
    expect(find({ about: github })).toEqual({
      origin: expect.objectContaining({ path: 'acme/platform' }),
    });
    expect(find({ about: repository('https://git.example/acme/platform') })).toBeUndefined();
    expect(find({ about: repository(undefined) })).toBeUndefined();
  });

  it('stays known while the source is away', () => {
    const before = find({ about: kustomization(), others: [github] });

    expect(before).toBeDefined();
    expect(find({ about: kustomization(), ...(before && { before }) })).toEqual(before);
  });

  it('is, of one that recovered, from what failed to what works', () => {
    const before = find({ about: kustomization(), others: [github] });
    const about = kustomization({
      lastAppliedRevision: revision(c),
      lastAttemptedRevision: revision(c),
    });

    expect(
      find({ about, others: [github], recovered: true, ...(before && { before }) }),
    ).toMatchObject({ from: b, to: c, path: 'apps/web' });
  });
});

describe('what the last pass failed with', () => {
  const failedWith = (about: Tracked, before?: MemberGit) =>
    find({ about, others: [github], ...(before && { before }) })?.failed?.sha;

  it('is the revision of a result, and not of a pass that has just begun', () => {
    const before = find({ about: kustomization(), others: [github] });
    const begun = {
      ...kustomization({ lastAttemptedRevision: revision(c) }),
      progressingSince: start,
    };

    expect(before?.failed?.sha).toBe(b);
    expect(failedWith(begun, before)).toBe(b);
    expect(failedWith(kustomization({ lastAttemptedRevision: revision(c) }), before)).toBe(c);
  });
});

describe('the change behind a failing HelmRelease', () => {
  const entry = (sha: string, firstAt: number): HistoryEntry => ({
    revision: revision(sha),
    status: 'ReconciliationSucceeded',
    at: firstAt,
    firstAt,
  });
  const owner = (change: Partial<FluxObject>) => kustomization({ path: './apps', ...change });

  it('is that of the Kustomization that made it: from the content before', () => {
    const made = owner({
      lastAppliedRevision: revision(b),
      history: [entry(b, start - 30_000), entry(a, start - 90_000)],
    });

    expect(find({ about: release(), others: [made, github] })).toMatchObject({
      from: a,
      to: b,
      path: 'apps',
    });
  });

  it('is from what was applied while the Kustomization still waits for it', () => {
    const made = owner({ lastAppliedRevision: revision(a), history: [entry(a, start - 90_000)] });

    expect(find({ about: release(), others: [made, github] })).toMatchObject({ from: a, to: b });
  });

  it('is not guessed where the release failed long before this content came', () => {
    const old = release({}, start - 5 * 3_600_000);
    const made = owner({ history: [entry(b, start), entry(a, start - 90_000)] });

    expect(find({ about: old, others: [made, github] })?.from).toBeUndefined();
  });

  it('keeps its beginning while the Kustomization goes on to other revisions', () => {
    const made = owner({ history: [entry(b, start), entry(a, start - 90_000)] });
    const before = find({ about: release(), others: [made, github] });
    const later = owner({
      lastAttemptedRevision: revision(c),
      history: [entry(c, start + 60_000), entry(b, start)],
    });

    expect(
      find({ about: release(), others: [later, github], ...(before && { before }) }),
    ).toMatchObject({ from: a, to: c });
  });

  it('is not known without an owner', () => {
    expect(find({ about: release({ owner: undefined }), others: [github] })).toBeUndefined();
    expect(find({ about: release(), others: [github] })).toBeUndefined();
  });
});

describe('the history of a Flux object', () => {
  it('says since when there is a content', () => {
    const parsed = parseFluxObject({
      apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
      kind: 'Kustomization',
      metadata: {
        namespace: 'x',
        name: 'y',
        uid: 'u',
        resourceVersion: '1',
        creationTimestamp: '2026-11-24T10:00:00Z',
      },
      status: {
        history: [
          {
            firstReconciled: '2026-11-24T10:00:00Z',
            lastReconciled: '2026-11-24T11:00:00Z',
            lastReconciledStatus: 'ReconciliationSucceeded',
            metadata: { revision: revision(a) },
          },
          { firstDeployed: '2026-11-24T09:00:00Z', lastDeployed: '2026-11-24T09:30:00Z' },
          {},
        ],
      },
    });

    expect(parsed?.history.map(({ firstAt, at }) => [firstAt, at])).toEqual([
      [Date.parse('2026-11-24T10:00:00Z'), Date.parse('2026-11-24T11:00:00Z')],
      [Date.parse('2026-11-24T09:00:00Z'), Date.parse('2026-11-24T09:30:00Z')],
      [0, 0],
    ]);
  });
});
