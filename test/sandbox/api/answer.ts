import type { IncomingMessage, ServerResponse } from 'node:http';
import { discover } from '#test/sandbox/api/discovery.ts';
import {
  type Exchange,
  forbidden,
  type Hooks,
  may,
  parseBody,
  type Served,
  type Stored,
  send,
} from '#test/sandbox/api/exchange.ts';
import type { Asked } from '#test/sandbox/api/faults.ts';
import { describeApi } from '#test/sandbox/api/openapi.ts';
import { answerGet, answerList, answerWatch } from '#test/sandbox/api/reads.ts';
import { type Caller, review } from '#test/sandbox/api/reviews.ts';
import { parseRoute, verbOf } from '#test/sandbox/api/route.ts';
import { refusal, status, statusOf } from '#test/sandbox/api/status.ts';
import {
  answerCreate,
  answerDelete,
  answerPatch,
  answerReplace,
} from '#test/sandbox/api/writes.ts';

const answerStored = async (exchange: Stored): Promise<void> => {
  switch (exchange.verb) {
    case 'get':
      return answerGet(exchange);
    case 'list':
      return answerList(exchange);
    case 'watch':
      return answerWatch(exchange);
    case 'create':
      return answerCreate(exchange);
    case 'update':
      return answerReplace(exchange);
    case 'patch':
      return answerPatch(exchange);
    case 'delete':
    case 'deletecollection':
      return answerDelete(exchange);
    default:
      throw refusal(status(405, 'MethodNotAllowed', 'the server does not allow this method'));
  }
};

// open to every authenticated user
const openReviews = ['selfsubjectreviews', 'selfsubjectaccessreviews'];

const answerRoute = async (exchange: Exchange): Promise<void> => {
  const { route, caller, served, request, response, verb } = exchange;
  const isOpen = route.kind === undefined && openReviews.includes(route.plural);
  if (!isOpen && !may(exchange, verb)) {
    throw forbidden(exchange);
  }
  if (route.kind !== undefined) {
    await answerStored({ ...exchange, kind: route.kind });
    return;
  }
  const reviewed =
    verb === 'create'
      ? review(route.plural, await parseBody(request), caller, served.authorise)
      : undefined;
  if (reviewed === undefined) {
    throw refusal(status(404, 'NotFound', 'the server could not find the requested resource'));
  }
  send(response, 201, reviewed);
};

const healthPaths = ['/readyz', '/livez', '/healthz'];

const answerUnrouted = (
  served: Served,
  url: URL,
  accept: string,
  response: ServerResponse,
): void => {
  const found =
    discover(served.kinds, url.pathname, accept) ?? describeApi(served.kinds, url.pathname);
  if (found !== undefined) {
    const kind = accept.includes('as=APIGroupDiscoveryList')
      ? ';g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'
      : '';
    response.writeHead(200, { 'content-type': `application/json${kind}` });
    response.end(JSON.stringify(found));
    return;
  }
  // plain text, not a Status, as for any path that no API group serves
  response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' });
  response.end('404 page not found\n');
};

const identify = (request: IncomingMessage, hooks: Hooks): Caller => {
  const caller = hooks.callerOf(request);
  if (caller === undefined && request.headers.authorization === undefined) {
    const message = 'forbidden: User "system:anonymous" cannot do anything here';
    throw refusal(status(403, 'Forbidden', message));
  }
  if (caller === undefined) {
    throw refusal(status(401, 'Unauthorized', 'Unauthorized'));
  }
  const acting = Object.keys(request.headers).find((name) => name.startsWith('impersonate-'));
  if (acting !== undefined) {
    const message = `users is forbidden: User "${caller.name}" cannot impersonate resource "users"`;
    throw refusal(status(403, 'Forbidden', message));
  }
  return caller;
};

/** Answers one request. Rejects only for a bug of the sandbox. */
export const answer = async (
  served: Served,
  request: IncomingMessage,
  response: ServerResponse,
  hooks: Hooks,
): Promise<void> => {
  const url = new URL(request.url ?? '/', 'http://localhost');
  if (healthPaths.includes(url.pathname)) {
    response.writeHead(200, { 'content-type': 'text/plain' });
    response.end('ok');
    return;
  }
  try {
    const caller = identify(request, hooks);
    const route = parseRoute(served.kinds, url.pathname);
    const verb =
      route === undefined ? 'get' : verbOf(request.method ?? 'GET', route, url.searchParams);
    const asked: Asked = {
      verb,
      resource: route?.plural ?? url.pathname,
      namespace: route?.namespace,
      user: caller.name,
    };
    hooks.note(request, { ...asked, name: route?.name });
    if (await hooks.faulted(asked, response)) {
      return;
    }
    if (route === undefined) {
      answerUnrouted(served, url, request.headers.accept ?? '', response);
      return;
    }
    await answerRoute({
      served,
      request,
      response,
      caller,
      params: url.searchParams,
      verb,
      route,
      asked,
    });
  } catch (error) {
    const refused = statusOf(error);
    if (refused === undefined) {
      throw error;
    }
    hooks.refuse(response, { ...refused });
  }
};
