import { z } from 'zod';
import type { ClusterFailure } from '#src/cluster/cluster.ts';
import type { FluxKind } from '#src/flux/ref.ts';

/** How a request to an API server went wrong, before anyone says what that means for an act. */
export type Trouble =
  | {
      readonly type: 'status';
      readonly status: number;
      /** The API server's own word, `NotFound` or `Expired`; empty when something else answered. */
      readonly reason: string;
      readonly message: string;
      readonly retryAfterMs: number | undefined;
    }
  /** Nobody took the request: refused, no such host, no trust. */
  | { readonly type: 'unreachable'; readonly detail: string }
  /** The request was sent, or may have been, and nothing came back. */
  | { readonly type: 'no-reply'; readonly detail: string };

/** What was asked of the API server, to name the right it needs. */
export interface Asked {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly namespace: string | undefined;
  /** Whether it would have changed something. */
  readonly writes: boolean;
  readonly kind: FluxKind | undefined;
}

const Status = z.object({
  kind: z.literal('Status'),
  code: z.number().catch(0),
  reason: z.string().catch(''),
  message: z.string().catch(''),
});

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

// an admission policy says why after the object's name, which alone has up to 253 characters
const LONGEST_MESSAGE = 1_000;
const LONGEST_SHOWN = 300;

const shown = (message: string): string => message.slice(0, LONGEST_SHOWN);

const sayStatus = ({ status, message }: Trouble & { type: 'status' }): string =>
  `it answered ${status}${message === '' ? '' : `: ${shown(message)}`}`;

/** Reads an answer that is not a success; the body is a Kubernetes Status or anything else. */
export const troubleFromAnswer = (
  status: number,
  body: string,
  retryAfter: string | undefined,
): Trouble => {
  const parsed = Status.safeParse(parseJson(body));
  const seconds = Number(retryAfter ?? Number.NaN);
  const words = parsed.success ? parsed.data.message : body;
  return {
    type: 'status',
    status,
    reason: parsed.success ? parsed.data.reason : '',
    message: words.trim().slice(0, LONGEST_MESSAGE),
    retryAfterMs: seconds >= 0 ? seconds * 1_000 : undefined,
  };
};

/** Reads the Status that a watch sends as an event of type ERROR. */
export const troubleFromStatus = (object: unknown): Trouble => {
  const parsed = Status.safeParse(object);
  return parsed.success
    ? {
        type: 'status',
        status: parsed.data.code,
        reason: parsed.data.reason,
        message: parsed.data.message,
        retryAfterMs: undefined,
      }
    : { type: 'no-reply', detail: 'the watch ended with an error without a reason' };
};

// an API server says "the server could not find the requested resource" or plain "404 page not found"
// for a kind, and names the object when it is the object that is missing
const isMissingObject = (trouble: Trouble & { type: 'status' }): boolean =>
  trouble.reason === 'NotFound' && trouble.message.includes('"');

const rightOf = (asked: Asked, message: string): string => {
  const { verb, resource, group, namespace } = asked;
  const right = `${verb} ${group === '' ? resource : `${resource}.${group}`}`;
  const where = namespace === undefined ? '' : ` in namespace ${namespace}`;
  // an admission policy says why after these words
  const [, denied] = message.split('denied request: ');
  return denied === undefined ? `${right}${where}` : `${right}${where} (${shown(denied)})`;
};

const statusFailure = (trouble: Trouble & { type: 'status' }, asked: Asked): ClusterFailure => {
  const detail = sayStatus(trouble);
  switch (trouble.status) {
    case 401:
      return { code: 'forbidden', right: 'a valid token' };
    case 403:
      return { code: 'forbidden', right: rightOf(asked, trouble.message) };
    case 404:
      return asked.kind !== undefined && !isMissingObject(trouble)
        ? { code: 'not-served', kind: asked.kind }
        : { code: 'not-found' };
    case 400:
    case 409:
    case 415:
    case 422:
      return { code: 'changed', what: `the API server refused it: ${shown(trouble.message)}` };
    case 429:
    case 503:
      return { code: 'unreachable', detail };
    default:
      return { code: asked.writes ? 'no-reply' : 'unreachable', detail };
  }
};

/**
 * Says what trouble means for whoever asked. A write without an answer may have been done: `no-reply`.
 * A read without one has simply not been answered: `unreachable`.
 */
export const failureFrom = (trouble: Trouble, asked: Asked): ClusterFailure => {
  switch (trouble.type) {
    case 'status':
      return statusFailure(trouble, asked);
    case 'unreachable':
      return { code: 'unreachable', detail: trouble.detail };
    case 'no-reply':
      return { code: asked.writes ? 'no-reply' : 'unreachable', detail: trouble.detail };
    default:
      return trouble satisfies never;
  }
};

const fields = z.object({ code: z.string().optional(), message: z.string().optional() });

const chain = (error: unknown): readonly z.output<typeof fields>[] => {
  const found: z.output<typeof fields>[] = [];
  let link = error;
  while (link instanceof Error && found.length < 5) {
    const parsed = fields.safeParse({ code: Reflect.get(link, 'code'), message: link.message });
    found.push(parsed.success ? parsed.data : { message: link.message });
    // a host with several addresses fails with one error per address
    link = link instanceof AggregateError ? link.errors[0] : link.cause;
  }
  return found;
};

// with these the request never left: the connection did not come about
const notSent =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT|ENOENT|EACCES|CERT_|UNABLE_TO_|DEPTH_ZERO|SELF_SIGNED|ERR_TLS|ERR_SSL)/;

/** Reads what a connection threw: whether the request can have been sent, and why it failed. */
export const troubleFromError = (error: unknown): Trouble => {
  const links = chain(error);
  const last = links.findLast((link) => link.message !== undefined && link.message !== '');
  const detail = shown(last?.message ?? String(error));
  return links.some((link) => notSent.test(link.code ?? ''))
    ? { type: 'unreachable', detail }
    : { type: 'no-reply', detail };
};

/** Trouble in words for the operator. */
export const describeTrouble = (trouble: Trouble): string =>
  trouble.type === 'status' ? sayStatus(trouble) : trouble.detail;
