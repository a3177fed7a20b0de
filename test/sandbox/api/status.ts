import type { JsonRecord } from '#test/sandbox/api/json.ts';
import type { ResourceKind } from '#test/sandbox/api/kinds.ts';

/** The body that an API server answers with when it does not do what was asked. */
export interface Status {
  readonly kind: 'Status';
  readonly apiVersion: 'v1';
  readonly metadata: JsonRecord;
  readonly status: 'Failure';
  readonly message: string;
  readonly reason: string;
  readonly details?: JsonRecord;
  readonly code: number;
}

export const status = (
  code: number,
  reason: string,
  message: string,
  details?: JsonRecord,
): Status => ({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Failure',
  message,
  reason,
  ...(details === undefined ? {} : { details }),
  code,
});

const refusals = new WeakMap<Error, Status>();

/** An error that carries the answer of the API server; throw it, the server sends it. */
export const refusal = (answer: Status): Error => {
  const error = new Error(answer.message);
  refusals.set(error, answer);
  return error;
};

/** The answer that an error carries; undefined for a bug. */
export const statusOf = (error: unknown): Status | undefined =>
  error instanceof Error ? refusals.get(error) : undefined;

const resourceName = (kind: ResourceKind): string =>
  kind.group === '' ? kind.plural : `${kind.plural}.${kind.group}`;

const about = (kind: ResourceKind, name: string): JsonRecord => ({
  name,
  ...(kind.group === '' ? {} : { group: kind.group }),
  kind: kind.plural,
});

export const notFound = (kind: ResourceKind, name: string): Error =>
  refusal(status(404, 'NotFound', `${resourceName(kind)} "${name}" not found`, about(kind, name)));

export const alreadyExists = (kind: ResourceKind, name: string): Error =>
  refusal(
    status(
      409,
      'AlreadyExists',
      `${resourceName(kind)} "${name}" already exists`,
      about(kind, name),
    ),
  );

export const conflict = (kind: ResourceKind, name: string, why: string): Error =>
  refusal(
    status(
      409,
      'Conflict',
      `Operation cannot be fulfilled on ${resourceName(kind)} "${name}": ${why}`,
      about(kind, name),
    ),
  );

export const modified = (kind: ResourceKind, name: string): Error =>
  conflict(
    kind,
    name,
    'the object has been modified; please apply your changes to the latest version and try again',
  );

/** A field that the server refuses; `problem` reads as `Invalid value: "x": field is immutable`. */
export const invalid = (kind: ResourceKind, name: string, field: string, problem: string): Error =>
  refusal(
    status(
      422,
      'Invalid',
      `${kind.kind}${kind.group === '' ? '' : `.${kind.group}`} "${name}" is invalid: ${field}: ${problem}`,
      {
        ...about(kind, name),
        kind: kind.kind,
        causes: [{ reason: 'FieldValueInvalid', message: problem, field }],
      },
    ),
  );

export const badRequest = (message: string): Error => refusal(status(400, 'BadRequest', message));

export const unsupportedMediaType = (accepted: readonly string[]): Error =>
  refusal(
    status(
      415,
      'UnsupportedMediaType',
      `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`,
    ),
  );

/** What every failed JSON patch is answered with: it does not say which operation failed. */
export const patchRefused = (): Error =>
  refusal(
    status(422, 'Invalid', 'the server rejected our request due to an error in our request', {}),
  );

export const expired = (asked: string, oldest: string): Status =>
  status(410, 'Expired', `too old resource version: ${asked} (${oldest})`);

export const tooLarge = (asked: number, current: number): Status =>
  status(504, 'Timeout', `Too large resource version: ${asked}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  });
