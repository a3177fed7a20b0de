import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { sayAdvice, sayObject, sayReason, sayTrouble } from '#src/incident/wording.ts';
import { plainLine } from '#src/text/plain.ts';
import { member } from '#test/fakes/incidents.ts';
import { readRecording, recordingNames } from '#test/fixtures/recordings.ts';

describe('what is wrong with an object', () => {
  it('is said in words for every reason that was recorded, and else as Flux says it', () => {
    const reasons = recordingNames()
      .flatMap((name) => readRecording(name).webhooks)
      .map(({ body }) => JSON.parse(body))
      .filter(({ severity }) => severity === 'error')
      .map(({ reason }) => String(reason));

    expect(reasons.length).toBeGreaterThan(10);
    expect(reasons.filter((reason) => sayTrouble(reason).includes(reason))).toEqual([]);
    expect(sayTrouble('SomethingNew')).toBe('fails (SomethingNew)');
    expect(sayTrouble('constructor')).toBe('fails (constructor)');
  });
});

describe('the part of a message that a person needs', () => {
  it.each([
    [
      'what does not become healthy, one on a line',
      "health check failed after 30.008758032s: timeout waiting for: [HelmRelease/harbor/harbor status: 'InProgress', Deployment/harbor/core status: 'Failed']\n",
      'HelmRelease/harbor/harbor: not ready in time\nDeployment/harbor/core: failed',
    ],
    [
      'what is stalled',
      "health check failed after 1s: failed early due to stalled resources: [Deployment/a/b status: 'Failed']",
      'Deployment/a/b: failed',
    ],
    [
      'the file that is missing',
      "kustomize build failed: accumulating resources: accumulation err='accumulating resources from 'gateways.yaml': open /tmp/kustomization-198372972/infrastructure/network/gateways.yaml: no such file or directory': must build at directory",
      'infrastructure/network/gateways.yaml: no such file or directory',
    ],
    [
      'the folder that is missing',
      'kustomize build failed: accumulating resources: lstat /tmp/kustomization-1/apps/web: no such file or directory',
      'apps/web: no such file or directory',
    ],
    [
      'what is wrong with a build',
      "kustomize build failed: accumulating resources from 'a.yaml': accumulating resources: '/tmp/kustomization-42/apps/a.yaml' and /tmp/kustomization-42/b.yaml clash",
      "'apps/a.yaml' and b.yaml clash",
    ],
    [
      'the folder that nothing can be built in',
      "kustomize build failed: unable to find one of 'kustomization.yaml' in directory '/tmp/kustomization-42'",
      "unable to find one of 'kustomization.yaml' in directory '.'",
    ],
    [
      'the chart and what became of it',
      'Helm upgrade failed for release harbor/harbor with chart harbor@1.18.1: timed out',
      'harbor@1.18.1: timed out',
    ],
    [
      'the chart of an install',
      'Helm install failed for release harbor/harbor with chart harbor@1.18.1: timed out',
      'harbor@1.18.1: timed out',
    ],
    [
      'the whole message of another form',
      ' open /a: no such file or directory ',
      'open /a: no such file or directory',
    ],
    [
      'the whole of a message that only mentions another form',
      'see: Helm upgrade failed for release a/b with chart c: kustomize build failed: d',
      'see: Helm upgrade failed for release a/b with chart c: kustomize build failed: d',
    ],
  ])('is %s', (_, message, said) => {
    expect(sayReason(message)).toBe(said);
  });

  test.prop([fc.lorem({ maxCount: 20 })])('is the original where its form is not known', (text) => {
    expect(sayReason(`  ${text}\n`)).toBe(text);
  });
});

describe('what to do about it', () => {
  const advice = (change: Parameters<typeof member>[0]): string =>
    plainLine(sayAdvice(member(change)));

  it('says where in Git, and what last worked', () => {
    expect(advice({ reason: 'HealthCheckFailed' })).toBe(
      'Look at the workload above; correct it under workloads/media/plex. What last worked is 772f24f.',
    );
    expect(advice({ reason: 'BuildFailed' })).toBe(
      'Correct it in Git under workloads/media/plex. What last worked is 772f24f.',
    );
  });

  it('names no folder and no revision that is not known', () => {
    const unknown = { path: undefined, lastGood: undefined };

    expect(advice({ reason: 'HealthCheckFailed', ...unknown })).toBe(
      'Look at the workload above; correct it.',
    );
    expect(advice({ reason: 'ReconciliationFailed', ...unknown })).toBe('Correct it in Git.');
  });

  it.each([
    ['PruneFailed', 'finalizers'],
    ['GitOperationFailed', 'the credentials'],
    ['OCIArtifactPullFailed', 'the credentials'],
    ['BucketOperationFailed', 'the credentials'],
    ['AuthenticationFailed', 'the credentials'],
    ['DriftDetected', 'changed it in the cluster'],
    ['InstallFailed', 'reconcile --reset'],
    ['UpgradeFailed', 'reconcile --reset'],
    ['ValuesError', 'ConfigMap or Secret'],
    ['Stuck', 'controller'],
    ['SomethingNew', 'in the thread'],
  ])('fits %s', (reason, word) => {
    expect(advice({ reason })).toContain(word);
  });
});

describe('an object by its short name', () => {
  it.each([
    ['HelmRelease', 'plex'],
    ['Kustomization', 'plex'],
    ['GitRepository', 'Git repository plex'],
    ['OCIRepository', 'OCI repository plex'],
    ['HelmRepository', 'Helm repository plex'],
    ['HelmChart', 'Helm chart plex'],
  ] as const)('of kind %s is %s', (kind, said) => {
    expect(sayObject({ kind, namespace: 'media', name: 'plex' })).toBe(said);
  });
});
