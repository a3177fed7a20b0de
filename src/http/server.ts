import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type ErrorRequestHandler, type Express, type Response } from 'express';
import type { Clock, Ids } from '#src/clock.ts';
import { createBodyReader, type ReadBody } from '#src/http/body.ts';
import type { HealthBoard } from '#src/http/health.ts';
import { answerWith, type Intake, type IntakeAnswer, refuseHeaders } from '#src/http/intake.ts';
import type { Metrics } from '#src/http/metrics.ts';
import type { Webhook } from '#src/http/webhook.ts';
import type { Log } from '#src/log.ts';

export interface HttpServer {
  readonly port: number;
  /** Takes no new connection, lets what is under way end (at most 10 s), then ends. */
  close(): Promise<void>;
}

export interface ListenOptions {
  readonly host: string;
  /** 0 = a free one. */
  readonly port: number;
}

export interface PublicServerOptions extends ListenOptions {
  readonly webhooks: readonly Webhook[];
  readonly intake: Intake;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly limits?: Partial<HttpLimits>;
  /** Further doors of this listener, each for a POST to its very path: Slack's HTTP mode. */
  readonly routes?: readonly { readonly path: string; readonly handle: RequestListener }[];
}

export interface HttpLimits {
  readonly maxBodyBytes: number;
  readonly maxBodyBytesInFlight: number;
  readonly headersTimeoutMs: number;
  readonly bodyTimeoutMs: number;
}

const mebibyte = 1024 * 1024;
const defaultLimits: HttpLimits = {
  // what notification-controller itself takes
  maxBodyBytes: 3 * mebibyte,
  maxBodyBytesInFlight: 32 * mebibyte,
  headersTimeoutMs: 10_000,
  bodyTimeoutMs: 15_000,
};

const drainMs = 10_000;

const listen = async (
  app: Express,
  { host, port }: ListenOptions,
  limits: HttpLimits,
  clock: Clock,
): Promise<HttpServer> => {
  const server: Server = createServer(
    {
      headersTimeout: limits.headersTimeoutMs,
      // the body has its own, which answers; this one ends what is left
      requestTimeout: limits.headersTimeoutMs + limits.bodyTimeoutMs,
      connectionsCheckingInterval: 1_000,
    },
    app,
  );
  server.listen(port, host);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      // a connection that answers now is not kept for a next request
      server.keepAliveTimeout = 1;
      server.closeIdleConnections();
      const ended = new AbortController();
      await Promise.race([closed, clock.wait(drainMs, ended.signal)]);
      ended.abort();
      server.closeAllConnections();
      await closed;
    },
  };
};

const createApp = (): Express =>
  express().disable('x-powered-by').disable('etag').set('query parser', 'simple');

const send = (response: Response, answer: IntakeAnswer): void => {
  if (answer.retryAfterSeconds !== undefined) {
    response.setHeader('Retry-After', String(answer.retryAfterSeconds));
  }
  response.status(answer.status).json(answer.body);
};

const bodyAnswer = (problem: (ReadBody & { ok: false })['problem']): IntakeAnswer => {
  switch (problem) {
    case 'too-large':
      return answerWith(413, 'The body is larger than is taken here.');
    case 'too-slow':
    case 'hung-up':
      return answerWith(400, 'The body did not arrive in time.');
    case 'busy':
      return answerWith(503, 'Too much is under way; send it again.', { retryAfterSeconds: 2 });
    default:
      return problem satisfies never;
  }
};

/** Answers every error as JSON: a path that cannot be read, or a mistake of ours with its reference. */
const errorHandler =
  (log: Log, ids: Ids): ErrorRequestHandler =>
  (error, request, response, next) => {
    const status = Number((error as { status?: unknown }).status);
    if (response.headersSent) {
      next(error);
    } else if (status >= 400 && status < 500) {
      response.status(status).json({ reason: 'The request cannot be read.' });
    } else {
      const reference = ids.next();
      log.error({ error, reference, path: request.path }, 'request failed unexpectedly');
      response.status(500).json({ reason: 'Something unexpected happened.', reference });
    }
  };

/** One delivery from its headers to its answer. */
const createReceiver = (options: PublicServerOptions, limits: HttpLimits) => {
  const bodies = createBodyReader({
    maxBytes: limits.maxBodyBytes,
    maxBytesInFlight: limits.maxBodyBytesInFlight,
    timeoutMs: limits.bodyTimeoutMs,
  });
  return async (
    webhook: Webhook,
    cluster: string,
    request: IncomingMessage,
  ): Promise<IntakeAnswer> => {
    const refusal = refuseHeaders(request.headers);
    if (refusal !== undefined) {
      return refusal;
    }
    const body = await bodies.read(request);
    if (!body.ok) {
      return bodyAnswer(body.problem);
    }
    try {
      const { headers } = request;
      return await options.intake.receive(webhook, { cluster, headers, raw: body.bytes });
    } finally {
      body.release();
    }
  };
};

/** The listener that the world may reach: webhooks, and Slack where it comes by HTTP. */
export const createPublicServer = (options: PublicServerOptions): Promise<HttpServer> => {
  const { clock, metrics, log, ids } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const receive = createReceiver(options, limits);
  const count = metrics.counter('flux_chatops_webhooks_total', 'Webhook deliveries by answer.', [
    'webhook',
    'key',
    'status',
  ]);
  const observe = metrics.histogram(
    'flux_chatops_webhook_seconds',
    'Time from the headers of a delivery to its answer.',
    ['webhook', 'status'],
  );
  const app = createApp();

  const postOnly = (path: string): void => {
    app.all(path, (request, response, next) =>
      request.method === 'POST'
        ? next()
        : response.setHeader('Allow', 'POST').status(405).json({ reason: 'Send a POST.' }),
    );
  };
  for (const { path, handle } of options.routes ?? []) {
    // the very path: what stands behind throws at every other one
    app.post(path, (request, response, next) =>
      request.path === path ? handle(request, response) : next(),
    );
    postOnly(path);
  }
  for (const webhook of options.webhooks) {
    const path = `/webhooks/${webhook.name}/:cluster`;
    app.post(path, async (request, response) => {
      const start = clock.now();
      const answer = await receive(webhook, String(request.params['cluster']), request);
      if (!request.complete) {
        // what the sender still holds will not be read
        response.setHeader('Connection', 'close');
      }
      send(response, answer);
      const status = String(answer.status);
      count({ webhook: webhook.name, key: answer.key ?? '', status });
      observe({ webhook: webhook.name, status }, Math.max(0, clock.now() - start) / 1_000);
    });
    postOnly(path);
  }
  app.use((_request, response) => {
    response.status(404).json({ reason: 'There is nothing here.' });
  });
  app.use(errorHandler(log, ids));
  return listen(app, options, limits, clock);
};

export type Phase = 'starting' | 'ready' | 'draining';

export interface InternalServerOptions extends ListenOptions {
  readonly phase: () => Phase;
  readonly health: HealthBoard;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly metrics: Metrics;
  readonly log: Log;
}

/**
 * The listener for the kubelet and Prometheus. `/readyz` fails only while starting or draining: taking
 * the bot out of service because Redis is away would turn its 503, which Flux repeats, into silence.
 */
export const createInternalServer = (options: InternalServerOptions): Promise<HttpServer> => {
  const { phase, health, metrics } = options;
  const up = metrics.gauge('flux_chatops_component_up', '1 while the component answers.', [
    'component',
  ]);
  const warnings = metrics.gauge(
    'flux_chatops_component_warnings',
    'Settings of the component that are weaker than promised.',
    ['component'],
  );
  const app = createApp();
  app.get('/healthz', (_request, response) => {
    response.json({ status: 'alive' });
  });
  app.get('/readyz', async (_request, response) => {
    const components = await health.read();
    response.status(phase() === 'ready' ? 200 : 503).json({ status: phase(), components });
  });
  app.get('/metrics', async (_request, response) => {
    for (const component of await health.read()) {
      up({ component: component.name }, component.up ? 1 : 0);
      warnings({ component: component.name }, component.warnings?.length ?? 0);
    }
    const { type, text } = await metrics.render();
    response.setHeader('Content-Type', type).send(text);
  });
  app.use((_request, response) => {
    response.status(404).json({ reason: 'There is nothing here.' });
  });
  app.use(errorHandler(options.log, options.ids));
  return listen(app, options, defaultLimits, options.clock);
};
