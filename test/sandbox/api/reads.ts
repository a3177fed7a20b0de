import {
  isPartial,
  matchOf,
  type Stored,
  send,
  sendText,
  textFor,
} from '#test/sandbox/api/exchange.ts';
import { apiVersionOf } from '#test/sandbox/api/kinds.ts';
import { notFound } from '#test/sandbox/api/status.ts';
import { serveWatch } from '#test/sandbox/api/watch.ts';

export const answerList = (exchange: Stored): void => {
  const { served, kind, params, route, response } = exchange;
  const { namespace } = route;
  const found = served.lists.list({ kind, namespace, match: matchOf(exchange), params });
  if ('refused' in found) {
    const { refused, afterMs } = found;
    served.clock.after(afterMs, () => send(response, refused.code, refused));
    return;
  }
  const partial = isPartial(exchange.request);
  const apiVersion = route.newEvents ? 'events.k8s.io/v1' : apiVersionOf(kind);
  const head = JSON.stringify({
    kind: partial ? 'PartialObjectMetadataList' : `${kind.kind}List`,
    apiVersion: partial ? 'meta.k8s.io/v1' : apiVersion,
    metadata: found.metadata,
  });
  const items = found.items.map(textFor(exchange)).join(',');
  sendText(response, 200, `${head.slice(0, -1)},"items":[${items}]}`);
};

export const answerWatch = (exchange: Stored): void => {
  const { served, kind, params, route, response, asked } = exchange;
  const begin = (): void => {
    if (!response.headersSent) {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.flushHeaders();
    }
  };
  const stop = serveWatch(
    served.storage,
    served.clock,
    {
      kind,
      namespace: route.namespace,
      match: matchOf(exchange),
      params,
      text: textFor(exchange),
    },
    {
      line: (text) => {
        begin();
        if (!served.silenced(asked)) {
          response.write(`${text}\n`);
        }
      },
      end: () => response.end(),
      cut: () => response.socket?.destroy(),
    },
  );
  begin();
  response.on('close', stop);
};

export const answerGet = (exchange: Stored): void => {
  const { served, kind, route, response } = exchange;
  const found = served.storage.read(kind, route.namespace, route.name ?? '');
  if (found === undefined) {
    throw notFound(kind, route.name ?? '');
  }
  sendText(response, 200, textFor(exchange)(found));
};
