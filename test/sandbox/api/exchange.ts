import type { IncomingMessage, ServerResponse } from 'node:http';
import { parse } from 'yaml';
import type { Authorise } from '#test/sandbox/api/access.ts';
import type { Write } from '#test/sandbox/api/admission.ts';
import { asNewEvent } from '#test/sandbox/api/events.ts';
import type { Asked } from '#test/sandbox/api/faults.ts';
import type { JsonRecord, KubeObject } from '#test/sandbox/api/json.ts';
import type { Kinds, ResourceKind } from '#test/sandbox/api/kinds.ts';
import type { createLists } from '#test/sandbox/api/list.ts';
import type { Objects } from '#test/sandbox/api/objects.ts';
import { readProtobuf } from '#test/sandbox/api/protobuf.ts';
import type { Caller } from '#test/sandbox/api/reviews.ts';
import type { Route } from '#test/sandbox/api/route.ts';
import { both, fieldSelector, labelSelector } from '#test/sandbox/api/selectors.ts';
import { badRequest, refusal, status, unsupportedMediaType } from '#test/sandbox/api/status.ts';
import type { Storage } from '#test/sandbox/api/storage.ts';
import type { SandboxClock } from '#test/sandbox/clock.ts';

/** What the server answers from. */
export interface Served {
  readonly name: string;
  readonly kinds: Kinds;
  readonly storage: Storage;
  readonly objects: Objects;
  readonly lists: ReturnType<typeof createLists>;
  readonly authorise: Authorise;
  readonly clock: SandboxClock;
  readonly admit: (write: Write) => void;
  silenced(asked: Asked): boolean;
  issueToken(user: string): string;
}

export interface Hooks {
  callerOf(request: IncomingMessage): Caller | undefined;
  note(request: IncomingMessage, asked: Asked & { name: string | undefined }): void;
  faulted(asked: Asked, response: ServerResponse): Promise<boolean>;
  refuse(response: ServerResponse, body: JsonRecord): void;
}

export interface Exchange {
  readonly served: Served;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly caller: Caller;
  readonly params: URLSearchParams;
  readonly verb: string;
  readonly route: Route;
  readonly asked: Asked;
}

export type Stored = Exchange & { readonly kind: ResourceKind };

const maxBody = 3 * 1024 * 1024;

const readBody = async (request: IncomingMessage): Promise<Buffer> => {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request) {
    const bytes = Buffer.from(part as Uint8Array);
    size += bytes.length;
    if (size > maxBody) {
      throw refusal(status(413, 'RequestEntityTooLarge', `limit is ${maxBody}`));
    }
    parts.push(bytes);
  }
  return Buffer.concat(parts);
};

export const parseBody = async (request: IncomingMessage): Promise<unknown> => {
  const contentType = request.headers['content-type'] ?? '';
  const body = await readBody(request);
  if (contentType.includes('protobuf')) {
    const read = readProtobuf(body);
    if (read === undefined) {
      throw unsupportedMediaType(['application/json', 'application/yaml']);
    }
    return read;
  }
  const text = body.toString('utf8');
  if (text === '') {
    return undefined;
  }
  try {
    return contentType.includes('yaml') ? parse(text) : JSON.parse(text);
  } catch (error) {
    throw badRequest(`error decoding the body: ${String(error)}`);
  }
};

export const sendText = (response: ServerResponse, code: number, body: string): void => {
  response.writeHead(code, { 'content-type': 'application/json' });
  response.end(body);
};

export const send = (response: ServerResponse, code: number, body: unknown): void =>
  sendText(response, code, JSON.stringify(body));

export const isPartial = (request: IncomingMessage): boolean =>
  /as=PartialObjectMetadata/.test(request.headers.accept ?? '');

/** How one object is written for this client. */
export const textFor =
  ({ served, route, request }: Exchange) =>
  (object: KubeObject): string => {
    if (isPartial(request)) {
      const { metadata } = object;
      const kind = 'PartialObjectMetadata';
      return JSON.stringify({ kind, apiVersion: 'meta.k8s.io/v1', metadata });
    }
    return route.newEvents ? JSON.stringify(asNewEvent(object)) : served.storage.text(object);
  };

export const matchOf = ({ params, route }: Exchange) => {
  const named = route.name === undefined ? null : `metadata.name=${route.name}`;
  return both(
    both(labelSelector(params.get('labelSelector')), fieldSelector(params.get('fieldSelector'))),
    fieldSelector(named),
  );
};

export const forbidden = ({ caller, verb, route }: Exchange): Error => {
  const { group, plural, namespace, name, subresource } = route;
  const resource = subresource === '' ? plural : `${plural}/${subresource}`;
  const where =
    namespace === undefined ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  const full = group === '' ? plural : `${plural}.${group}`;
  const what = name === undefined ? full : `${full} "${name}"`;
  return refusal(
    status(
      403,
      'Forbidden',
      `${what} is forbidden: User "${caller.name}" cannot ${verb} resource "${resource}" in API group "${group}" ${where}`,
      { ...(name === undefined ? {} : { name }), group, kind: plural },
    ),
  );
};

export const may = (exchange: Exchange, verb: string): boolean => {
  const { caller, route, served } = exchange;
  const { group, plural, namespace, name, subresource } = route;
  const user = { user: caller.name, groups: caller.groups };
  const isNamespace = plural === 'namespaces' && group === '';
  return served.authorise({
    ...user,
    verb,
    group,
    resource: plural,
    subresource,
    namespace: isNamespace ? name : namespace,
    name: verb === 'create' && subresource === '' ? undefined : name,
  }).allowed;
};
