import type { Trouble } from '#src/cluster/trouble.ts';
import type { Result } from '#src/result.ts';

export type Query = Readonly<Record<string, string | number | boolean>>;

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PATCH';
  /** From the root of the API server: `/apis/…`. */
  readonly path: string;
  readonly query?: Query | undefined;
  /** Sent as JSON; a PATCH is a JSON patch unless `patch` says otherwise. */
  readonly body?: unknown;
  readonly patch?: 'json' | 'merge' | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** An API server as the parts of this adapter see it: plain JSON in and out, no SDK. */
export interface Api {
  /** Asks once, with the adapter's deadline besides the signal's. */
  request(request: ApiRequest): Promise<Result<unknown, Trouble>>;
  /**
   * Reads a stream of watch events until it ends or is aborted. Resolves `ok` when the server, or the
   * signal, ended it.
   */
  watch(
    path: string,
    query: Query,
    hear: (event: WatchEvent) => void,
    signal: AbortSignal,
  ): Promise<Result<void, Trouble>>;
  /** Opens new connections from now on: one of those we have went silent. */
  renew(): void;
  close(): void;
}

export interface WatchEvent {
  readonly type: string;
  readonly object: unknown;
}
