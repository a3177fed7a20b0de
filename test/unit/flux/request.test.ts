import { describe, expect, it } from 'vitest';
import { type FluxObject, parseFluxObject } from '#src/flux/object.ts';
import { outcomeOf, requestedAt } from '#src/flux/request.ts';
import { readRecording } from '#test/fixtures/recordings.ts';

interface Seen {
  readonly atMs: number;
  readonly object: FluxObject;
}

/** What an object went through from the moment that it carries the token. */
const storyOf = (recording: string, name: string, token: string): readonly Seen[] => {
  const seen = readRecording(recording).watch.flatMap(({ atMs, object: wire }) => {
    const object = parseFluxObject(wire);
    return object === undefined || `${object.ref.kind}/${object.ref.name}` !== name
      ? []
      : [{ atMs, object }];
  });
  const from = seen.findIndex(({ object }) => object.annotations[requestedAt] === token);
  return seen.slice(from);
};

const settled = (seen: readonly Seen[], token: string, wanted?: string) => {
  const outcomes = seen.map(({ atMs, object }) => ({
    atMs,
    outcome: outcomeOf(object, token, wanted),
  }));
  return outcomes.find(({ outcome }) => outcome.state !== 'running');
};

const asked = (token: string): string => `flux-chatops/${token}`;

describe('what became of a request, as real controllers answered it', () => {
  it.each([
    ['Kustomization/external-secrets', '01JD-healthy', 34_411, 'main@sha1:0f4315cc'],
    ['GitRepository/platform', '01JD-with-source', 74_137, 'main@sha1:0cea75b2'],
    ['Kustomization/external-secrets', '01JD-with-source', 79_923, 'main@sha1:0cea75b2'],
    ['HelmRelease/eso', '01JD-hr-plain', 83_046, '0.20.1'],
    ['HelmRelease/eso', '01JD-hr-force', 86_425, '0.20.1'],
  ])('%s succeeds for %s, once result and token are both there', (name, word, atMs, revision) => {
    const token = asked(word);

    const end = settled(storyOf('10-reconcile-requests', name, token), token);

    expect(end?.atMs).toBe(atMs);
    expect(end?.outcome).toEqual({
      state: 'succeeded',
      revision: expect.stringContaining(revision),
    });
  });

  it.each([
    ['Kustomization/onepassword-connect', '01JD-failing', 67_553, 'HealthCheckFailed', false],
    ['HelmRelease/eso', '01JD-hr-stalled-plain', 97_986, 'UpgradeFailed', true],
    ['HelmRelease/eso', '01JD-hr-reset', 109_442, 'UpgradeFailed', true],
    ['HelmRelease/eso', '01JD-hr-force-broken', 132_915, 'UpgradeFailed', true],
  ])('%s fails for %s, though it stays Reconciling', (name, word, atMs, reason, final) => {
    const token = asked(word);

    const end = settled(storyOf('10-reconcile-requests', name, token), token);

    expect(end?.atMs).toBe(atMs);
    expect(end?.outcome).toMatchObject({ state: 'failed', reason, final });
  });

  it('says what a blocked object waits for', () => {
    const token = asked('01JD-blocked');

    const end = settled(
      storyOf('10-reconcile-requests', 'Kustomization/cluster-secret-stores', token),
      token,
    );

    expect(end?.outcome).toEqual({
      state: 'waiting',
      reason: 'DependencyNotReady',
      message: "dependency 'external-secrets/onepassword-connect' is not ready",
    });
  });

  it.each([
    ['Kustomization/cnpg', 'while-suspended-cnpg'],
    ['HelmRelease/cnpg-operator', 'while-suspended-cnpg-operator'],
    ['GitRepository/platform', 'while-suspended-platform'],
  ])('claims nothing of a suspended %s, which Flux marks as handled at once', (name, token) => {
    const seen = storyOf('09-suspend-resume', name, token);
    const suspended = seen.filter(({ object }) => object.suspended);

    expect(suspended.some(({ object }) => object.lastHandledReconcileAt === token)).toBe(true);
    expect(
      new Set(suspended.map(({ object }) => outcomeOf(object, token, undefined).state)),
    ).toEqual(new Set(['suspended']));
  });

  it('claims nothing once another request has come after ours', () => {
    const token = asked('01JD-hr-plain');
    const later = asked('01JD-hr-force');
    const overtaken = storyOf('10-reconcile-requests', 'HelmRelease/eso', later).filter(
      ({ object }) => object.lastHandledReconcileAt === later,
    );

    expect(overtaken[0] && outcomeOf(overtaken[0].object, token, undefined)).toEqual({
      state: 'overtaken',
      by: later,
    });
  });

  it('takes the failure of the wanted revision as the answer before the token is there', () => {
    const token = asked('01JD-hr-stalled-plain');
    const [first] = storyOf('10-reconcile-requests', 'HelmRelease/eso', token);

    expect(first && outcomeOf(first.object, token, '0.20.2').state).toBe('failed');
    expect(first && outcomeOf(first.object, token, '0.20.1').state).toBe('running');
  });
});
