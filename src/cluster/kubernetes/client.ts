import {
  HttpMethod,
  IsomorphicFetchHttpLibrary,
  RequestContext,
  type ResponseContext,
} from '@kubernetes/client-node';
import { z } from 'zod';
import type { Api, ApiRequest, Query, WatchEvent } from '#src/cluster/api.ts';
import type { Connection } from '#src/cluster/kubernetes/connection.ts';
import { type Trouble, troubleFromAnswer, troubleFromError } from '#src/cluster/trouble.ts';
import { fail, ok, type Result } from '#src/result.ts';

const Event = z.object({ type: z.string(), object: z.unknown() });

const USER_AGENT = 'flux-chatops';

const contentType = ({ method, patch = 'json' }: ApiRequest): string =>
  method === 'PATCH' ? `application/${patch}-patch+json` : 'application/json';

const contextFor = (server: string, request: ApiRequest): RequestContext => {
  const context = new RequestContext(`${server}${request.path}`, HttpMethod[request.method]);
  for (const [key, value] of Object.entries(request.query ?? {})) {
    context.setQueryParam(key, String(value));
  }
  context.setHeaderParam('Accept', 'application/json');
  context.setHeaderParam('User-Agent', USER_AGENT);
  if (request.body !== undefined) {
    context.setHeaderParam('Content-Type', contentType(request));
    context.setBody(JSON.stringify(request.body));
  }
  return context;
};

const isSuccess = (status: number): boolean => status >= 200 && status < 300;

/** Splits a stream of bytes into its lines; what follows the last line break is dropped. */
async function* linesOf(stream: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const part of stream) {
    const lines = (rest + decoder.decode(part, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}

export interface HttpApi extends Api {
  /** The status that a path answers with, whatever its body. */
  status(path: string): Promise<Result<number, Trouble>>;
}

/**
 * The HTTP of one API server, on the connections, credentials and HTTP library of the Kubernetes client.
 *
 * Watches are read here and not by the client's `Watch`: that one ends every stream that is quiet for
 * 30 s, while bookmarks come every 60 s; it drops lines that it cannot parse, and with them changes; it
 * cannot be stopped before the server has answered; and it hides why a request was refused.
 * @param deadlineMs - for each request but watches, until its whole answer is there
 */
export const createApi = (connection: Connection, deadlineMs: number): HttpApi => {
  const http = new IsomorphicFetchHttpLibrary();
  const closed = new AbortController();

  const send = async (request: ApiRequest, signal: AbortSignal): Promise<ResponseContext> => {
    const context = contextFor(connection.server(), request);
    context.setSignal(signal);
    await connection.authorise(context);
    return await http.send(context).toPromise();
  };

  const refused = async (response: ResponseContext): Promise<Trouble> =>
    troubleFromAnswer(
      response.httpStatusCode,
      await response.body.text(),
      response.headers['retry-after'],
    );

  const request = async (asked: ApiRequest): Promise<Result<unknown, Trouble>> => {
    const deadline = AbortSignal.timeout(deadlineMs);
    const signals = [
      closed.signal,
      deadline,
      ...(asked.signal === undefined ? [] : [asked.signal]),
    ];
    try {
      const response = await send(asked, AbortSignal.any(signals));
      if (!isSuccess(response.httpStatusCode)) {
        return fail(await refused(response));
      }
      return ok(JSON.parse(await response.body.text()));
    } catch (error) {
      if (deadline.aborted) {
        // the connection may be dead without knowing
        connection.renew();
        return fail({ type: 'no-reply', detail: `no answer within ${deadlineMs / 1_000} s` });
      }
      return fail(troubleFromError(error));
    }
  };

  const status = async (path: string): Promise<Result<number, Trouble>> => {
    try {
      const signal = AbortSignal.any([closed.signal, AbortSignal.timeout(deadlineMs)]);
      const response = await send({ method: 'GET', path }, signal);
      // read to its end, so that the connection is free again
      await response.body.text();
      return ok(response.httpStatusCode);
    } catch (error) {
      return fail(troubleFromError(error));
    }
  };

  const read = async (response: ResponseContext, hear: (event: WatchEvent) => void) => {
    const stream = response.body.stream();
    for await (const line of stream === null ? [] : linesOf(stream)) {
      if (line !== '') {
        // a line that is no event breaks the stream, so that what it said is asked for again
        hear(Event.parse(JSON.parse(line)));
      }
    }
  };

  const watch = async (
    path: string,
    query: Query,
    hear: (event: WatchEvent) => void,
    signal: AbortSignal,
  ): Promise<Result<void, Trouble>> => {
    const until = AbortSignal.any([closed.signal, signal]);
    try {
      const response = await send({ method: 'GET', path, query }, until);
      if (!isSuccess(response.httpStatusCode)) {
        return fail(await refused(response));
      }
      await read(response, hear);
      return ok(undefined);
    } catch (error) {
      return until.aborted ? ok(undefined) : fail(troubleFromError(error));
    }
  };

  return {
    request,
    status,
    watch,
    renew: connection.renew,
    close: () => {
      closed.abort();
      connection.close();
    },
  };
};
