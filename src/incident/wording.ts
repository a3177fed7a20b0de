import type { FluxKind, FluxRef } from '#src/flux/ref.ts';
import { folderSpan, revisionSpan } from '#src/incident/commit-lines.ts';
import type { Member } from '#src/incident/incident.ts';
import type { Line } from '#src/view.ts';

/** What is wrong with an object, as the end of a sentence that begins with its name. */
export const sayTrouble = (reason: string): string => {
  const known: Readonly<Record<string, string>> = {
    HealthCheckFailed: 'does not become healthy',
    BuildFailed: 'cannot be built',
    ReconciliationFailed: 'cannot be applied',
    PruneFailed: 'cannot remove what Git no longer has',
    ArtifactFailed: 'has no source to apply',
    DependencyNotReady: 'waits for another object',
    SourceNotReady: 'waits for its chart',
    InstallFailed: 'does not install',
    UpgradeFailed: 'does not upgrade',
    UninstallFailed: 'does not uninstall',
    RollbackFailed: 'could not be rolled back',
    TestFailed: 'fails its Helm tests',
    ValuesError: 'has values that cannot be read',
    DriftDetected: 'has drifted from Git',
    GitOperationFailed: 'cannot be fetched',
    OCIArtifactPullFailed: 'cannot be pulled',
    BucketOperationFailed: 'cannot be read',
    IndexationFailed: 'has no readable index',
    ChartPullError: 'has a chart that cannot be pulled',
    AuthenticationFailed: 'is refused by its host',
    VerificationError: 'fails signature verification',
    AccessDenied: 'is denied access',
    Stuck: 'is stuck',
  };
  return (Object.hasOwn(known, reason) ? known[reason] : undefined) ?? `fails (${reason})`;
};

/**
 * The part of Flux's message that a person needs, one fact per line; the original where nothing is known
 * about its form.
 */
export const sayReason = (message: string): string => {
  const health =
    /^health check failed after ([^:]+): (?:timeout waiting for|failed early due to stalled resources): \[(.*)\]$/s.exec(
      message.trim(),
    );
  if (health !== null) {
    return (health[2] ?? '')
      .split(/, (?=\S+\/)/)
      .map((line) => line.replace(/ status: '([^']+)'/, (_, status) => `: ${sayStatus(status)}`))
      .join('\n');
  }
  const missing = /(?:open|lstat) (\S+): no such file or directory/.exec(message);
  if (message.includes('accumulating resources') && missing !== null) {
    return `${(missing[1] ?? '').replace(/^'?\/tmp\/kustomization-\d+\//, '')}: no such file or directory`;
  }
  return message
    .trim()
    .replace(/\/tmp\/kustomization-\d+\//g, '')
    .replace(/\/tmp\/kustomization-\d+/g, '.')
    .replace(/^kustomize build failed: /, '')
    .replace(/^(?:accumulating resources(?: from '[^']*')?: )+/, '')
    .replace(/^Helm (?:install|upgrade) failed for release \S+ with chart (\S+): /, '$1: ');
};

const sayStatus = (status: string): string =>
  status === 'InProgress' ? 'not ready in time' : status.toLowerCase();

/** What to do about it, in one or two sentences. */
export const sayAdvice = (member: Member): Line => {
  const folder = folderSpan(member);
  const where: Line = folder === undefined ? [] : [' under ', folder];
  const lastGood: Line =
    member.lastGood === undefined
      ? []
      : [' What last worked is ', revisionSpan(member, member.lastGood), '.'];
  switch (member.reason) {
    case 'HealthCheckFailed':
      return ['Look at the workload above; correct it', ...where, '.', ...lastGood];
    case 'BuildFailed':
    case 'ReconciliationFailed':
      return ['Correct it in Git', ...where, '.', ...lastGood];
    case 'PruneFailed':
      return ['Something keeps an object from being deleted: look at its finalizers.'];
    case 'GitOperationFailed':
    case 'OCIArtifactPullFailed':
    case 'BucketOperationFailed':
    case 'AuthenticationFailed':
      return [
        'Check the address, the credentials and the host. After a long outage Flux looks rarely: Reconcile makes it look now.',
      ];
    case 'DriftDetected':
      return ['Somebody changed it in the cluster. Take the change to Git, or let Flux undo it.'];
    case 'InstallFailed':
    case 'UpgradeFailed':
      return [
        'Correct chart or values in Git',
        ...where,
        '. When its retries are used up, Flux waits for a change or for ',
        { kind: 'code', text: 'reconcile --reset' },
        '.',
      ];
    case 'ValuesError':
      return ['A ConfigMap or Secret that holds values is missing or lacks a key.'];
    case 'Stuck':
      return [
        'Its controller may be down or overloaded: look at the controller before the object.',
      ];
    default:
      return ['See the whole message in the thread.'];
  }
};

const nouns: Partial<Record<FluxKind, string>> = {
  GitRepository: 'Git repository',
  OCIRepository: 'OCI repository',
  HelmRepository: 'Helm repository',
  HelmChart: 'Helm chart',
};

/** The object by its short name: `cert-manager`, and for a source what it is: `Git repository platform`. */
export const sayObject = (ref: FluxRef): string => {
  const noun = nouns[ref.kind];
  return noun === undefined ? ref.name : `${noun} ${ref.name}`;
};
