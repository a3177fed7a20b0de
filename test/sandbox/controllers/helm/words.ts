import { durationMs } from '#src/flux/duration.ts';
import { type KubeObject, textAt } from '#test/sandbox/api/json.ts';
import type { NewCondition } from '#test/sandbox/controllers/conditions.ts';
import { goDuration } from '#test/sandbox/controllers/go-text.ts';
import type { Wanted } from '#test/sandbox/controllers/helm/release.ts';

/** How long an action may take. */
export const timeoutOf = (object: KubeObject): number =>
  durationMs(textAt(object, 'spec', 'timeout')) ?? 300_000;

/** The condition while an action runs. */
export const running = (object: KubeObject, action: string): NewCondition => ({
  type: 'Reconciling',
  status: 'True',
  reason: 'Progressing',
  message: `Running '${action}' action with timeout of ${goDuration(timeoutOf(object))}`,
});

/** What an event says of a release, besides its words. */
export const about = (release: {
  readonly chartVersion: string;
  readonly appVersion: string;
  readonly ociDigest: string | undefined;
  readonly configDigest: string;
}): Readonly<Record<string, string>> => ({
  'app-version': release.appVersion,
  revision: release.chartVersion,
  token: release.configDigest,
  ...(release.ociDigest === undefined ? {} : { 'oci-digest': release.ociDigest }),
});

/** `harbor/harbor.v3`, as Flux writes a release. */
export const named = (wanted: Wanted, version: number): string =>
  `${wanted.namespace}/${wanted.releaseName}.v${version}`;
