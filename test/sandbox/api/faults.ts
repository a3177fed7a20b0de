/** Which requests a fault hits; every one that is left out matches all. */
export interface FaultMatch {
  readonly verb?: string;
  readonly resource?: string;
  readonly namespace?: string;
  readonly user?: string;
}

export interface FaultSwitches {
  /** Each matching request waits so long before it is looked at. */
  readonly slow?: FaultMatch & { readonly ms: number };
  /** Each matching request waits for this before it is looked at. */
  readonly hold?: FaultMatch & { readonly until: Promise<void> };
  /** Each matching request is answered with this status, 500 when none is given. */
  readonly fail?: FaultMatch & { readonly status?: number };
  /** Each matching request is answered 403. */
  readonly forbid?: FaultMatch;
  /** Each matching request's connection is cut before an answer; what it asked is not done. */
  readonly disconnect?: FaultMatch;
  /** Each matching request is done, then its connection is cut before an answer. */
  readonly loseReply?: FaultMatch;
  /** Watches stay open but say nothing more, bookmarks included. */
  readonly silence?: FaultMatch;
}

export interface Asked {
  readonly verb: string;
  readonly resource: string;
  readonly namespace: string | undefined;
  readonly user: string;
}

export const hits = (match: FaultMatch | undefined, asked: Asked): boolean =>
  match !== undefined &&
  (['verb', 'resource', 'namespace', 'user'] as const).every(
    (key) => match[key] === undefined || match[key] === asked[key],
  );
