import { z } from 'zod';
import type { Clock } from '#src/clock.ts';
import type { Api } from '#src/cluster/api.ts';
import type { ServedKind } from '#src/cluster/discovery.ts';
import {
  createListener,
  type Hearing,
  ListMeta,
  parseItem,
  startHearing,
} from '#src/cluster/listener.ts';
import type { ObjectCache } from '#src/cluster/object-cache.ts';
import {
  type BackOff,
  type Outcome,
  type Reflection,
  reflect,
  startReflection,
  waitBefore,
} from '#src/cluster/reflection.ts';
import type { Trouble } from '#src/cluster/trouble.ts';
import { compareVersions } from '#src/cluster/versions.ts';
import type { FluxObject } from '#src/flux/object.ts';
import type { FluxKind } from '#src/flux/ref.ts';
import { fail, ok, type Result } from '#src/result.ts';

export interface ReflectorTimes extends BackOff {
  /** Without a line for so long, a stream is dead; API servers send a bookmark about every 60 s. */
  readonly silenceMs: number;
  /** Without a line for so long before a streamed list is complete, it is not one. */
  readonly listSilenceMs: number;
  /** The API server is asked to end a watch after this to twice this, by chance. */
  readonly watchSeconds: number;
  readonly pageSize: number;
}

export interface ReflectorParts {
  readonly api: Api;
  readonly cache: ObjectCache;
  readonly clock: Clock;
  /** From 0 to below 1. */
  readonly chance: () => number;
  readonly times: ReflectorTimes;
  readonly find: (kind: FluxKind) => Promise<Result<ServedKind | undefined, Trouble>>;
  /** Something was heard of the kind. */
  readonly heard: (kind: FluxKind) => void;
  readonly after: (kind: FluxKind, outcome: Outcome) => void;
  /** A list is complete; its versions went back when the server was restored. */
  readonly listed: (kind: FluxKind, wentBack: boolean) => void;
}

export interface Reflector {
  /** Another kind has seen that the server was restored: lists again. */
  restored(): void;
  /** Resolves when the reflector has stopped, after the signal. */
  readonly stopped: Promise<void>;
}

const List = ListMeta.extend({ items: z.array(z.record(z.string(), z.unknown())).catch([]) });

const pathOf = ({ group, version, plural }: ServedKind): string =>
  `/apis/${group}/${version}/${plural}`;

const notAList: Trouble = { type: 'no-reply', detail: 'the answer is not a list' };

/** Follows one kind until the signal: discovery, list, watch, and again after whatever happens. */
export const startReflector = (
  kind: FluxKind,
  parts: ReflectorParts,
  signal: AbortSignal,
): Reflector => {
  const { api, cache, clock, chance, times } = parts;
  let place: ServedKind | undefined;
  let wasRestored = false;
  let interrupt = new AbortController();

  const troubled = (trouble: Trouble, heard = false, listed = false): Outcome => ({
    type: 'trouble',
    trouble,
    heard,
    listed,
  });

  const discover = async ({ missed }: Reflection): Promise<Outcome> => {
    const found = await parts.find(kind);
    if (!found.ok) {
      return troubled(found.failure);
    }
    place = found.value;
    if (place === undefined) {
      if (missed) {
        cache.drop(kind);
      } else if (cache.version(kind) !== undefined) {
        return { type: 'missed' };
      }
      return { type: 'not-served' };
    }
    return { type: 'served' };
  };

  const page = async (served: ServedKind, query: Record<string, string | number>) => {
    const answer = await api.request({ method: 'GET', path: pathOf(served), query, signal });
    if (!answer.ok) {
      return answer;
    }
    const list = List.safeParse(answer.value);
    return list.success ? ok(list.data) : fail(notAList);
  };

  const listByPages = async (served: ServedKind): Promise<Outcome> => {
    const objects: FluxObject[] = [];
    let next: string | undefined = '';
    let version = '';
    while (next !== undefined) {
      const more: Record<string, string> = next === '' ? {} : { continue: next };
      const answer = await page(served, { limit: times.pageSize, ...more });
      if (!answer.ok) {
        return troubled(answer.failure);
      }
      const { items, metadata } = answer.value;
      objects.push(...items.flatMap((item) => parseItem(kind, served, item) ?? []));
      version = version === '' ? metadata.resourceVersion : version;
      next = metadata.continue === '' ? undefined : metadata.continue;
    }
    parts.heard(kind);
    parts.listed(kind, cache.replace(kind, objects, version));
    return { type: 'listed' };
  };

  const check = async (served: ServedKind): Promise<Outcome> => {
    const answer = await page(served, { limit: 1 });
    if (!answer.ok) {
      return troubled(answer.failure);
    }
    parts.heard(kind);
    const held = cache.version(kind);
    const now = answer.value.metadata.resourceVersion;
    const behind = held !== undefined && compareVersions(now, held) < 0;
    if (behind) {
      cache.wentBack(kind);
    }
    return { type: 'checked', behind };
  };

  const watchSilence = async (heard: Hearing, abort: AbortController): Promise<void> => {
    while (!abort.signal.aborted) {
      const allowed = heard.listed ? times.silenceMs : times.listSilenceMs;
      const left = heard.at + allowed - clock.now();
      if (left <= 0) {
        const detail = `its watch was silent for ${Math.round(allowed / 1_000)} s`;
        heard.verdict ??= heard.listed
          ? troubled({ type: 'no-reply', detail }, heard.lines > 0, true)
          : { type: 'no-streaming' };
        api.renew();
        abort.abort();
      } else {
        await clock.wait(left, abort.signal);
      }
    }
  };

  const stream = async (served: ServedKind, from: string | undefined): Promise<Outcome> => {
    const abort = new AbortController();
    interrupt = abort;
    const heard = startHearing(from !== undefined, clock.now());
    const listener = createListener(heard, {
      parse: (item) => parseItem(kind, served, item),
      now: clock.now,
      heard: () => parts.heard(kind),
      changed: cache.put,
      deleted: cache.remove,
      reached: (version) => cache.reached(kind, version),
      listed: (objects, version) => parts.listed(kind, cache.replace(kind, objects, version)),
      end: () => abort.abort(),
    });
    const timeoutSeconds = Math.ceil(times.watchSeconds * (1 + chance()));
    const query = { watch: true, allowWatchBookmarks: true, timeoutSeconds };
    const watchdog = watchSilence(heard, abort);
    const ended = await api.watch(
      pathOf(served),
      from === undefined
        ? { ...query, sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan' }
        : { ...query, resourceVersion: from },
      listener,
      AbortSignal.any([signal, abort.signal]),
    );
    abort.abort();
    await watchdog;
    if (heard.verdict !== undefined) {
      return heard.verdict;
    }
    return ended.ok
      ? { type: 'ended', heard: heard.lines > 0, listed: heard.listed }
      : troubled(ended.failure, heard.lines > 0, heard.listed);
  };

  const run = async (step: 'list' | 'check' | 'watch', streaming: boolean): Promise<Outcome> => {
    if (place === undefined) {
      return { type: 'not-served' };
    }
    switch (step) {
      case 'list':
        return streaming ? stream(place, undefined) : listByPages(place);
      case 'check':
        return check(place);
      case 'watch':
        return stream(place, cache.version(kind));
      default:
        return step satisfies never;
    }
  };

  /** What a step came to, where a restore seen meanwhile makes most of it worthless. */
  const afterRestore = ({ step }: Reflection, happened: Outcome): readonly Outcome[] => {
    if (!wasRestored) {
      return [happened];
    }
    return step === 'discover' ? [happened, { type: 'restored' }] : [{ type: 'restored' }];
  };

  const follow = async (): Promise<void> => {
    let state = startReflection;
    while (!signal.aborted) {
      await clock.wait(waitBefore(state, times, chance()), signal);
      if (signal.aborted) {
        return;
      }
      const happened =
        state.step === 'discover' ? await discover(state) : await run(state.step, state.streaming);
      const outcomes = afterRestore(state, happened);
      wasRestored = false;
      for (const outcome of outcomes) {
        state = reflect(state, outcome);
        parts.after(kind, outcome);
      }
    }
  };

  return {
    restored: () => {
      wasRestored = true;
      interrupt.abort();
    },
    stopped: follow(),
  };
};
