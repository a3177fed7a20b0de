import type { JsonRecord, KubeObject } from '#test/sandbox/api/json.ts';
import type { ResourceKind } from '#test/sandbox/api/kinds.ts';
import { conflict, invalid, modified, refusal, status } from '#test/sandbox/api/status.ts';

export interface DeleteOptions {
  readonly uid?: string | undefined;
  readonly resourceVersion?: string | undefined;
  readonly dryRun?: boolean | undefined;
  readonly admit?: (before: KubeObject) => void;
}

export const checkVersion = (
  kind: ResourceKind,
  name: string,
  asked: unknown,
  live: KubeObject,
): void => {
  if (asked === undefined) {
    return;
  }
  const version = String(asked);
  if (version === '' || version === '0') {
    throw invalid(
      kind,
      name,
      'metadata.resourceVersion',
      'Invalid value: 0: must be specified for an update',
    );
  }
  if (!/^\d+$/.test(version)) {
    throw refusal(
      status(
        500,
        'InternalError',
        `Internal error occurred: strconv.ParseUint: parsing "${version}": invalid syntax`,
      ),
    );
  }
  if (version !== live.metadata.resourceVersion) {
    throw modified(kind, name);
  }
};

export const checkIdentity = (kind: ResourceKind, asked: JsonRecord, live: KubeObject): void => {
  const { name, uid } = live.metadata;
  checkVersion(kind, name, asked['resourceVersion'], live);
  if (asked['uid'] !== undefined && asked['uid'] !== uid) {
    throw invalid(
      kind,
      name,
      'metadata.uid',
      `Invalid value: "${String(asked['uid'])}": field is immutable`,
    );
  }
};

export const checkPreconditions = (
  kind: ResourceKind,
  live: KubeObject,
  options: DeleteOptions,
): void => {
  const { name, uid, resourceVersion } = live.metadata;
  for (const [label, asked, found] of [
    ['UID', options.uid, uid],
    ['ResourceVersion', options.resourceVersion, resourceVersion],
  ] as const) {
    if (asked !== undefined && asked !== found) {
      const text = `Precondition failed: ${label} in precondition: ${asked}, ${label} in object meta: ${found ?? ''}`;
      throw conflict(kind, name, text);
    }
  }
};
