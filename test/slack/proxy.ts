import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { homeProblems, slackRefusal } from '#test/slack/limits.ts';
import { viewProblems } from '#test/slack/view-limits.ts';

/**
 * Stands between the bot and the local Slack, and is as strict as the real one: block and length limits,
 * `oldest` and `limit` of the history, channels that the bot is not in. Faults can be ordered.
 */
export interface SlackProxy {
  readonly apiUrl: string;
  readonly calls: () => readonly ProxiedCall[];
  /** The next calls of a method go wrong in this way. */
  readonly order: (fault: SlackFault) => void;
  readonly setLatency: (ms: number) => void;
  readonly setChannel: (channel: string, state: 'joined' | 'not-joined' | 'archived') => void;
  readonly close: () => Promise<void>;
}

export interface SlackFault {
  /** `*` = any. */
  readonly method: string;
  readonly times?: number;
  readonly delayMs?: number;
  readonly answer:
    | { readonly kind: 'rate-limited'; readonly retryAfterSeconds: number }
    | { readonly kind: 'error'; readonly error: string }
    | { readonly kind: 'status'; readonly status: number }
    /** Slack does it, and the answer never arrives. */
    | { readonly kind: 'lost-reply' }
    | { readonly kind: 'slow' };
}

export interface ProxiedCall {
  readonly method: string;
  readonly parameters: Readonly<Partial<Record<string, string>>>;
  /** ms since the epoch. */
  readonly at: number;
}

type Parameters = Readonly<Partial<Record<string, string>>>;
interface Body {
  readonly [key: string]: unknown;
}

const json = (response: ServerResponse, body: Body, status = 200, headers = {}): void => {
  response
    .writeHead(status, { 'content-type': 'application/json', ...headers })
    .end(JSON.stringify(body));
};

const readBody = async (request: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) {
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
};

const speaking = new Set(['chat.postMessage', 'chat.update', 'chat.postEphemeral']);
const inChannel = /^(?:chat\.(?!getPermalink)|conversations\.(?:history|replies))/;

const paged = /^conversations\.(?:history|replies)$/;

const showing = new Set(['views.open', 'views.update']);

const refusing = (reasons: readonly string[]): Body | undefined =>
  reasons.length === 0
    ? undefined
    : { ok: false, error: 'invalid_arguments', response_metadata: { messages: reasons } };

/** What views.publish says of a Home that it does not take. */
const refusedHome = (view: string | undefined): Body | undefined => {
  const { type, blocks } = JSON.parse(view ?? '{}') as { type?: unknown; blocks?: unknown };
  return refusing([...(type === 'home' ? [] : ['not a home']), ...homeProblems(blocks)]);
};

const tooMuch = (method: string, parameters: Parameters): Body | undefined => {
  if (method === 'views.publish') {
    return refusedHome(parameters['view']);
  }
  if (showing.has(method)) {
    return refusing(viewProblems(JSON.parse(parameters['view'] ?? '{}')));
  }
  if (!speaking.has(method)) {
    return undefined;
  }
  const blocks: unknown = JSON.parse(parameters['blocks'] ?? '[]');
  const refusal = slackRefusal({ text: parameters['text'], blocks });
  return (
    refusal && {
      ok: false,
      error: refusal.error,
      response_metadata: { messages: refusal.reasons },
    }
  );
};

/** The page of the history that was asked for: the newest first, not older than `oldest`. */
const pageOf = (body: Body, parameters: Parameters): Body => {
  const all = (body['messages'] ?? []) as readonly { readonly ts: string }[];
  const oldest = Number(parameters['oldest'] ?? 0);
  const limit = Number(parameters['limit'] ?? 100);
  const start = Number(parameters['cursor'] ?? 0);
  const wanted = all.filter(({ ts }) => Number(ts) >= oldest);
  const more = start + limit < wanted.length;
  return {
    ...body,
    messages: wanted.slice(start, start + limit),
    has_more: more,
    ...(more ? { response_metadata: { next_cursor: String(start + limit) } } : {}),
  };
};

const channelErrors = { 'not-joined': 'not_in_channel', archived: 'is_archived', joined: '' };

export const startSlackProxy = async (targetApiUrl: string): Promise<SlackProxy> => {
  const faults: { fault: SlackFault; left: number }[] = [];
  const calls: ProxiedCall[] = [];
  const channels = new Map<string, keyof typeof channelErrors>();
  let latencyMs = 0;

  const takeFault = (method: string): SlackFault | undefined => {
    const ordered = faults.find(({ fault }) => fault.method === method || fault.method === '*');
    if (ordered !== undefined) {
      ordered.left -= 1;
      faults.splice(0, faults.length, ...faults.filter(({ left }) => left > 0));
    }
    return ordered?.fault;
  };

  /** Whether the fault has answered instead of Slack. */
  const answeredBy = (fault: SlackFault | undefined, response: ServerResponse): boolean => {
    switch (fault?.answer.kind) {
      case 'rate-limited':
        json(response, { ok: false, error: 'ratelimited' }, 429, {
          'retry-after': String(fault.answer.retryAfterSeconds),
        });
        return true;
      case 'error':
        json(response, { ok: false, error: fault.answer.error });
        return true;
      case 'status':
        json(response, {}, fault.answer.status);
        return true;
      default:
        return false;
    }
  };

  const refusalFor = (method: string, parameters: Parameters): Body | undefined => {
    const state = inChannel.test(method) ? channels.get(parameters['channel'] ?? '') : undefined;
    return state === undefined || state === 'joined'
      ? tooMuch(method, parameters)
      : { ok: false, error: channelErrors[state] };
  };

  const forward = async (request: IncomingMessage, method: string, body: Buffer): Promise<Body> => {
    const answer = await fetch(targetApiUrl + method, {
      method: request.method ?? 'POST',
      headers: {
        'content-type': request.headers['content-type'] ?? '',
        authorization: request.headers.authorization ?? '',
      },
      body,
    });
    return (await answer.json()) as Body;
  };

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await readBody(request);
    const method = (request.url ?? '').replace(/^\/api\//, '');
    const parameters: Parameters = Object.fromEntries(new URLSearchParams(body.toString()));
    calls.push({ method, parameters, at: Date.now() });
    const fault = takeFault(method);
    await sleep(latencyMs + (fault?.delayMs ?? 0));
    if (answeredBy(fault, response)) {
      return;
    }
    const refused = refusalFor(method, parameters);
    const answer = refused ?? (await forward(request, method, body));
    if (fault?.answer.kind === 'lost-reply') {
      request.socket.destroy();
      return;
    }
    json(response, paged.test(method) ? pageOf(answer, parameters) : answer);
  };

  const server = createServer((request, response) => {
    handle(request, response).catch(() => request.socket.destroy());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;

  return {
    apiUrl: `http://127.0.0.1:${port}/api/`,
    calls: () => calls,
    order: (fault) => {
      faults.push({ fault, left: fault.times ?? 1 });
    },
    setLatency: (ms) => {
      latencyMs = ms;
    },
    setChannel: (channel, state) => {
      channels.set(channel, state);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
