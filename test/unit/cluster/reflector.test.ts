import { describe, expect, it } from 'vitest';
import type { Api, Query, WatchEvent } from '#src/cluster/api.ts';
import { createObjectCache } from '#src/cluster/object-cache.ts';
import { startReflector } from '#src/cluster/reflector.ts';
import type { Trouble } from '#src/cluster/trouble.ts';
import { fail, ok, type Result } from '#src/result.ts';
import { createVirtualClock } from '#test/fakes/clock.ts';

const served = { group: 'kustomize.toolkit.fluxcd.io', version: 'v1', plural: 'kustomizations' };
const times = {
  firstMs: 500,
  capMs: 30_000,
  absentMs: 75_000,
  silenceMs: 90_000,
  listSilenceMs: 30_000,
  watchSeconds: 300,
  pageSize: 500,
};

interface Stream {
  readonly query: Query;
  readonly hear: (event: WatchEvent) => void;
  readonly end: (result: Result<void, Trouble>) => void;
}

const startBench = () => {
  const clock = createVirtualClock();
  const cache = createObjectCache('apps');
  const stop = new AbortController();
  const streams: Stream[] = [];
  const server: { version: string; serves: boolean } = { version: '1400', serves: true };
  const api: Api = {
    request: async () => ok({ metadata: { resourceVersion: server.version }, items: [] }),
    watch: (_, query, hear, signal) =>
      new Promise((end) => {
        signal.addEventListener('abort', () => end(ok(undefined)), { once: true });
        streams.push({ query, hear, end });
      }),
    renew: () => undefined,
    close: () => undefined,
  };
  const find = async () => ok(server.serves ? served : undefined);
  const parts = { api, cache, clock, times, chance: () => 0, find };
  const told = { heard: () => undefined, after: () => undefined, listed: () => undefined };
  const reflector = startReflector('Kustomization', { ...parts, ...told }, stop.signal);
  return {
    clock,
    cache,
    server,
    reflector,
    /** The stream that is open now. */
    stream: (): Stream => streams.at(-1) as Stream,
    stop: async () => {
      stop.abort();
      await clock.advance(0);
      await reflector.stopped;
    },
  };
};

const listing = (stream: Stream, version: string): void =>
  stream.hear({
    type: 'BOOKMARK',
    object: {
      metadata: { resourceVersion: version, annotations: { 'k8s.io/initial-events-end': 'true' } },
    },
  });

const showing = (stream: Stream, name: string): void =>
  stream.hear({
    type: 'ADDED',
    object: {
      apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
      kind: 'Kustomization',
      metadata: { namespace: 'data', name, uid: name, resourceVersion: '1390' },
    },
  });

const lost = fail<Trouble>({ type: 'no-reply', detail: 'other side closed' });

describe('a kind that is followed', () => {
  it('goes on from what it holds after a lost connection', async () => {
    const bench = startBench();
    await bench.clock.advance(0);
    listing(bench.stream(), '1400');
    bench.stream().end(lost);
    await bench.clock.advance(1_000);

    expect(bench.stream().query).toMatchObject({ resourceVersion: '1400' });
    await bench.stop();
  });

  // an API server that has just started names its kinds one by one
  it('keeps what it holds while a server that came back does not name the kind yet', async () => {
    const bench = startBench();
    await bench.clock.advance(0);
    showing(bench.stream(), 'api');
    listing(bench.stream(), '1400');
    bench.server.serves = false;
    bench.stream().end(lost);
    await bench.clock.advance(20_000);
    expect(bench.cache.objects()).toHaveLength(1);

    bench.server.serves = true;
    await bench.clock.advance(60_000);

    expect(bench.cache.objects()).toHaveLength(1);
    expect(bench.stream().query).toMatchObject({ resourceVersion: '1400' });
    await bench.stop();
  });

  it('says that there is nothing of a kind only at the second look', async () => {
    const bench = startBench();
    bench.server.serves = false;
    const told: string[] = [];
    bench.cache.subscribe(({ type }) => told.push(type));
    await bench.clock.advance(20_000);
    expect(told).toEqual([]);

    await bench.clock.advance(25_000);

    expect(told).toEqual(['listed']);
    await bench.stop();
  });

  it('lets go of a kind that a server does not name a minute later either', async () => {
    const bench = startBench();
    await bench.clock.advance(0);
    showing(bench.stream(), 'api');
    listing(bench.stream(), '1400');
    bench.server.serves = false;
    bench.stream().end(lost);
    await bench.clock.advance(60_000);

    expect(bench.cache.objects()).toEqual([]);
    await bench.stop();
  });

  // by the time it comes back, the versions of the restored server may have passed those it holds
  it('lists anew when another kind saw a restored server while its own connection was lost', async () => {
    const bench = startBench();
    await bench.clock.advance(0);
    listing(bench.stream(), '1400');
    bench.stream().end(lost);
    await bench.clock.advance(0);
    bench.reflector.restored();
    bench.server.version = '1500';
    await bench.clock.advance(1_000);

    expect(bench.stream().query).toMatchObject({ sendInitialEvents: true });
    listing(bench.stream(), '1500');
    expect(bench.cache.version('Kustomization')).toBe('1500');
    await bench.stop();
  });

  it('lists anew at once when another kind saw a restored server', async () => {
    const bench = startBench();
    await bench.clock.advance(0);
    listing(bench.stream(), '1400');
    bench.reflector.restored();
    await bench.clock.advance(0);

    expect(bench.stream().query).toMatchObject({ sendInitialEvents: true });
    await bench.stop();
  });
});
