import { isRecord, type JsonRecord } from '#test/sandbox/api/json.ts';

export interface Reply {
  readonly code: number;
  readonly body: JsonRecord;
}

export interface WatchLine {
  readonly type: string;
  readonly object: JsonRecord;
}

export interface WatchStream {
  /** All lines so far. */
  readonly lines: readonly WatchLine[];
  /** Resolves with the first line, old or new, that is wanted; rejects after `ms`. */
  until(wanted: (line: WatchLine) => boolean, ms?: number): Promise<WatchLine>;
  /** Resolves when the server has ended it, with how it ended. */
  readonly ended: Promise<'end' | 'cut'>;
  stop(): void;
}

export interface PlainClient {
  readonly url: string;
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Reply>;
  post(path: string, body: unknown): Promise<Reply>;
  put(path: string, body: unknown): Promise<Reply>;
  delete(path: string, body?: unknown): Promise<Reply>;
  patch(
    path: string,
    type: 'json' | 'merge' | 'strategic' | 'apply',
    body: unknown,
  ): Promise<Reply>;
  watch(path: string): WatchStream;
}

const contentTypes = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
} as const;

const watchWith = (request: (signal: AbortSignal) => Promise<Response>): WatchStream => {
  const lines: WatchLine[] = [];
  const waiting = new Set<() => void>();
  const controller = new AbortController();
  const take = (text: string): void => {
    const line: unknown = JSON.parse(text);
    if (isRecord(line)) {
      lines.push({ type: String(line['type']), object: line['object'] as JsonRecord });
    }
    for (const look of [...waiting]) {
      look();
    }
  };
  const read = async (): Promise<'end' | 'cut'> => {
    let rest = '';
    try {
      const response = await request(controller.signal);
      const decoder = new TextDecoder();
      for await (const part of response.body ?? []) {
        rest += decoder.decode(part as Uint8Array, { stream: true });
        const parts = rest.split('\n');
        rest = parts.pop() ?? '';
        parts.forEach(take);
      }
      return 'end';
    } catch {
      return 'cut';
    }
  };
  return {
    lines,
    ended: read(),
    until: (wanted, ms = 20_000) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = lines.find(wanted);
          if (found !== undefined) {
            waiting.delete(look);
            clearTimeout(timer);
            resolve(found);
          }
        };
        const timer = setTimeout(() => {
          waiting.delete(look);
          reject(
            new Error(`no such line in ${ms} ms, only ${JSON.stringify(lines).slice(0, 500)}`),
          );
        }, ms);
        waiting.add(look);
        look();
      }),
    stop: () => controller.abort(),
  };
};

/** A client of any API server that knows nothing but HTTP, so that tests see what is really answered. */
export const plainClient = (
  url: string,
  headers: Readonly<Record<string, string>>,
  fetchWith: typeof fetch = fetch,
): PlainClient => {
  const ask = async (
    method: string,
    path: string,
    body?: unknown,
    more: Readonly<Record<string, string>> = {},
  ): Promise<Reply> => {
    const response = await fetchWith(url + path, {
      method,
      headers: { 'content-type': 'application/json', ...headers, ...more },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = (response.headers.get('content-type') ?? '').includes('json');
    const parsed: unknown = isJson ? JSON.parse(text) : { text };
    return { code: response.status, body: isRecord(parsed) ? parsed : {} };
  };
  return {
    url,
    get: (path, more) => ask('GET', path, undefined, more),
    post: (path, body) => ask('POST', path, body),
    put: (path, body) => ask('PUT', path, body),
    delete: (path, body) => ask('DELETE', path, body),
    patch: (path, type, body) => ask('PATCH', path, body, { 'content-type': contentTypes[type] }),
    watch: (path) => watchWith((signal) => fetchWith(url + path, { headers, signal })),
  };
};
