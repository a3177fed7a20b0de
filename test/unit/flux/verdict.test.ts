import { describe, expect, it } from 'vitest';
import { type Condition, type FluxObject, parseFluxObject } from '#src/flux/object.ts';
import { judge, passLimitMs, waitsFor } from '#src/flux/verdict.ts';
import { fluxObject } from '#test/fakes/flux-objects.ts';

const condition = (
  type: string,
  status: Condition['status'],
  reason: string,
  message = `${reason} as Flux says it`,
): Condition => ({ type, status, reason, message, since: 0, observedGeneration: 1 });

const having = (...conditions: readonly Condition[]): FluxObject =>
  fluxObject('healthy', { conditions });

const wellReady = condition('Ready', 'True', 'ReconciliationSucceeded');

describe('what one snapshot says about an object', () => {
  it('is nothing yet while there is no result', () => {
    expect(judge(having())).toEqual({ state: 'progressing' });
    expect(judge(having(condition('Ready', 'Unknown', 'Progressing')))).toEqual({
      state: 'progressing',
    });
  });

  it('is that it is well where nothing ever judges it', () => {
    const none = { conditions: [], observedGeneration: 0 };
    const repository = { kind: 'HelmRepository', namespace: 'pki', name: 'charts' } as const;
    const artifact = { kind: 'ExternalArtifact', namespace: 'pki', name: 'built' } as const;
    const stateOf = (change: Partial<FluxObject>) =>
      judge(fluxObject('healthy', { ...none, ...change })).state;

    // Flux keeps no status of a Helm repository of type oci
    expect(stateOf({ ref: repository, url: 'oci://registry.example/charts' })).toBe('healthy');
    expect(stateOf({ ref: repository, url: 'https://charts.example' })).toBe('progressing');
    expect(stateOf({ ref: artifact, artifactRevision: 'main@sha1:aa' })).toBe('healthy');
    expect(stateOf({ ref: artifact })).toBe('progressing');
    const refused = condition('Ready', 'False', 'URLInvalid');
    expect(stateOf({ ref: repository, url: 'oci://registry.example', conditions: [refused] })).toBe(
      'failing',
    );
  });

  it('is nothing new where a pass was broken off for a newer one', () => {
    const broken = condition(
      'Ready',
      'False',
      'HealthCheckCanceled',
      'New reconciliation triggered by GitRepository/flux-system/platform',
    );

    expect(judge(having(broken))).toEqual({ state: 'progressing' });
    expect(judge(having(broken, condition('Released', 'False', 'HealthCheckCanceled')))).toEqual({
      state: 'progressing',
    });
  });

  it('is what the condition of an ExternalArtifact says, whose status names no generation', () => {
    const artifact = (generation: number, observedGeneration?: number) => ({
      apiVersion: 'source.toolkit.fluxcd.io/v1',
      kind: 'ExternalArtifact',
      metadata: { namespace: 'pki', name: 'built', uid: 'u', resourceVersion: '7', generation },
      status: {
        artifact: { revision: 'latest@sha256:aa' },
        conditions: [{ type: 'Ready', status: 'True', reason: 'Succeeded', observedGeneration }],
      },
    });
    const stateOf = (wire: unknown) => {
      const object = parseFluxObject(wire);
      return object && judge(object).state;
    };

    expect(stateOf(artifact(1))).toBe('healthy');
    expect(stateOf(artifact(3, 3))).toBe('healthy');
    expect(stateOf(artifact(3, 2))).toBe('progressing');
    expect(stateOf({ ...artifact(1), kind: 'Bucket' })).toBe('progressing');
  });

  it('is, of an ImagePolicy, that it waits for the repository that it picks from', () => {
    const policy = parseFluxObject({
      apiVersion: 'image.toolkit.fluxcd.io/v1',
      kind: 'ImagePolicy',
      metadata: { namespace: 'media', name: 'app', uid: 'u', resourceVersion: '7', generation: 1 },
      spec: { imageRepositoryRef: { name: 'app', namespace: 'images' } },
      status: {
        conditions: [{ type: 'Ready', status: 'False', reason: 'DependencyNotReady' }],
      },
    });

    expect(policy && waitsFor(policy, judge(policy))).toEqual([
      { kind: 'ImageRepository', namespace: 'images', name: 'app' },
    ]);
  });

  it('is nothing new while a pass runs or its spec is newer than its status', () => {
    const reconciling = condition('Reconciling', 'True', 'Progressing');
    expect(judge(having(wellReady, reconciling))).toEqual({ state: 'progressing' });
    expect(judge(fluxObject('healthy', { generation: 2, observedGeneration: 1 }))).toEqual({
      state: 'progressing',
    });
  });

  it.each([
    ['ended', condition('Reconciling', 'False', 'Progressing')],
    ['tries again after a failure', condition('Reconciling', 'True', 'ProgressingWithRetry')],
  ])('is that it is well when its pass %s', (_, reconciling) => {
    expect(judge(having(wellReady, reconciling))).toEqual({ state: 'healthy' });
  });

  it.each(['DependencyNotReady', 'ArtifactFailed', 'SourceNotReady', 'NoSourceArtifact'])(
    'is that another one is to blame for %s',
    (reason) => {
      expect(judge(having(condition('Ready', 'False', reason, 'in words')))).toEqual({
        state: 'waiting',
        reason,
        message: 'in words',
      });
    },
  );

  it('is that it fails for any other reason, whatever else it says', () => {
    const failed = condition('Ready', 'False', 'BuildFailed', 'no such file');
    const released = condition('Released', 'False', 'UpgradeFailed', 'older');
    const expected = { state: 'failing', reason: 'BuildFailed', message: 'no such file' };
    expect(judge(having(failed))).toEqual(expected);
    expect(judge(having(failed, released))).toEqual(expected);
  });

  it.each(['RollbackSucceeded', 'UninstallSucceeded'])(
    'is what failed, and not that %s mended it',
    (reason) => {
      const ready = condition('Ready', 'False', reason);
      const failed = condition('Released', 'False', 'UpgradeFailed', 'timed out');
      expect(judge(having(ready, failed))).toEqual({
        state: 'failing',
        reason: 'UpgradeFailed',
        message: 'timed out',
      });
      const own = { state: 'failing', reason, message: ready.message };
      expect(judge(having(ready))).toEqual(own);
      expect(judge(having(ready, condition('Released', 'True', 'UpgradeSucceeded')))).toEqual(own);
    },
  );

  it('is that it fails where it is ready and has drifted', () => {
    const drifted = condition('Drifted', 'True', 'DriftDetected', 'replicas changed');
    expect(judge(having(wellReady, drifted))).toEqual({
      state: 'failing',
      reason: 'DriftDetected',
      message: 'replicas changed',
    });
    expect(judge(having(wellReady, condition('Drifted', 'False', 'NoDrift')))).toEqual({
      state: 'healthy',
    });
  });
});

describe('what a waiting object waits for', () => {
  const one = { kind: 'Kustomization', namespace: 'data', name: 'postgres' } as const;
  const sibling = { ...one, name: 'redis' };
  const elsewhere = { ...one, namespace: 'other' };
  const source = { kind: 'GitRepository', namespace: 'flux-system', name: 'platform' } as const;
  const object = fluxObject('waiting', { dependsOn: [sibling, elsewhere, one], source });
  const waiting = (reason: string, message: string) =>
    waitsFor(object, { state: 'waiting', reason, message });

  it('is the dependency that the message names', () => {
    expect(waiting('DependencyNotReady', "dependency 'data/postgres' is not ready")).toEqual([one]);
  });

  it.each(['dependencies do not meet ready condition', "dependency 'data/gone' not found"])(
    'is any of its dependencies where "%s" names none of them',
    (message) => {
      expect(waiting('DependencyNotReady', message)).toEqual([sibling, elsewhere, one]);
    },
  );

  it('is its source for any other reason', () => {
    expect(waiting('ArtifactFailed', "dependency 'data/postgres' is not ready")).toEqual([source]);
    const without = fluxObject('waiting', { dependsOn: [one] });
    expect(waitsFor(without, { state: 'waiting', reason: 'ArtifactFailed', message: '' })).toEqual(
      [],
    );
  });

  it('is nothing where it does not wait', () => {
    expect(waitsFor(object, { state: 'healthy' })).toEqual([]);
    expect(
      waitsFor(object, { state: 'failing', reason: 'DependencyNotReady', message: '' }),
    ).toEqual([]);
  });
});

describe('how long a pass may take', () => {
  const release = { kind: 'HelmRelease', namespace: 'data', name: 'api' } as const;
  const source = { kind: 'GitRepository', namespace: 'data', name: 'api' } as const;
  const none = { timeoutMs: undefined, intervalMs: undefined };
  const limit = (change: Partial<FluxObject>) => passLimitMs(fluxObject('progressing', change));

  it.each<[string, Partial<FluxObject>, number]>([
    ['its own time-out', { timeoutMs: 90_000 }, 90_000],
    ['never less than half a minute', { timeoutMs: 1_000 }, 30_000],
    [
      'of a Kustomization without one, its interval less half a minute',
      { timeoutMs: undefined, intervalMs: 600_000 },
      570_000,
    ],
    [
      'nor less than that with a short interval',
      { timeoutMs: undefined, intervalMs: 40_000 },
      30_000,
    ],
    ['a minute where a Kustomization has neither', none, 60_000],
    [
      'five minutes for a release, whatever its interval',
      { ref: release, timeoutMs: undefined, intervalMs: 600_000 },
      300_000,
    ],
    ['a minute for a source', { ref: source, timeoutMs: undefined, intervalMs: 600_000 }, 60_000],
  ])('is %s, and a minute of slack', (_, change, expected) => {
    expect(limit(change)).toBe(expected + 60_000);
  });
});
