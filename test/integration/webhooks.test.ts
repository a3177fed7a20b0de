import { once } from 'node:events';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { fc, test } from '@fast-check/vitest';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createAudit } from '#src/audit/audit.ts';
import { webhookRefused } from '#src/audit/webhook-refused.ts';
import { IntakeEntry, intakeStream } from '#src/flux/intake.ts';
import { createHealthBoard } from '#src/http/health.ts';
import { createMetrics } from '#src/http/metrics.ts';
import type { Refusal } from '#src/http/refusals.ts';
import { createInternalServer, type Phase } from '#src/http/server.ts';
import { silentLog } from '#src/log.ts';
import { createMemoryStore } from '#src/store/memory.ts';
import { createRedisStore } from '#src/store/redis.ts';
import type { Store } from '#src/store/store.ts';
import { countingIds } from '#test/fakes/clock.ts';
import { readRecording, recordingKey, recordingNames } from '#test/fixtures/recordings.ts';
import { realClock } from '#test/http/real-clock.ts';
import { recordedKeys, sign, startReceiver } from '#test/http/start.ts';
import { hasRedis, type RedisServer, startRedis } from '#test/redis/redis-server.ts';

const patiently = { timeout: 20_000 };

type Receiver = Awaited<ReturnType<typeof startReceiver>>;

const small = JSON.stringify({
  involvedObject: { kind: 'Kustomization', namespace: 'a', name: 'b' },
  timestamp: '2026-11-23T18:26:07Z',
});

const opened: { close(): Promise<void> }[] = [];
const keep = <Thing extends { close(): Promise<void> }>(thing: Thing): Thing => {
  opened.push(thing);
  return thing;
};
afterEach(async () => {
  await Promise.all(opened.splice(0).map((thing) => thing.close()));
});

const memory = (): Store => createMemoryStore({ clock: realClock });
const receiver = async (
  ...[intake, options]: Partial<Parameters<typeof startReceiver>>
): Promise<Receiver> =>
  keep(await startReceiver(intake ?? { store: memory(), keys: () => recordedKeys }, options));

/** Sends raw bytes and gives the status line of the answer. */
const raw = async (port: number, ...pieces: readonly string[]): Promise<string> => {
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.on('data', (data) => {
    answer += String(data);
  });
  socket.on('error', () => undefined);
  for (const piece of pieces) {
    socket.write(piece);
  }
  await once(socket, 'close');
  return answer.split('\r\n')[0] ?? '';
};

describe('webhooks over HTTP', () => {
  it('accepts each recorded delivery once, and each repeat as the same event', async () => {
    const store = memory();
    const { deliver } = await receiver({ store, keys: () => recordedKeys });
    const sent = recordingNames().flatMap((name) => readRecording(name).webhooks);
    for (const round of [false, true]) {
      for (const { cluster, body, headers } of sent) {
        const answer = await deliver(cluster, body, {
          'x-signature': headers['x-signature'] ?? '',
        });
        expect(answer.status).toBe(202);
        expect(await answer.json()).toMatchObject({ accepted: true });
      }
      const entries = await store.entries(intakeStream, undefined, 10_000);
      expect(entries.length, String(round)).toBe(new Set(sent.map(({ body }) => body)).size);
      expect(entries.every(({ value }) => IntakeEntry.safeParse(value).success)).toBe(true);
    }
  });

  it('answers with a reason as JSON what it does not take', async () => {
    const { deliver, url } = await receiver();
    const answers = [
      await deliver('apps', small, { 'x-signature': sign(small, 'wrong') }),
      await deliver('apps', small, { 'content-type': 'text/plain' }),
      await deliver('apps', gzipSync(small), { 'content-encoding': 'gzip' }),
      await deliver('apps', 'x'.repeat(3 * 1024 * 1024 + 1)),
      await deliver('apps', '{}'),
      await fetch(`${url}/webhooks/flux/apps`),
      await fetch(`${url}/webhooks/other/apps`, { method: 'POST', body: small }),
      await fetch(`${url}/webhooks/flux/%E0`, { method: 'POST', body: small }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([401, 415, 415, 413, 400, 405, 404, 400]);
    for (const answer of answers) {
      expect(await answer.json()).toMatchObject({ reason: expect.stringMatching(/\w/) });
    }
  });

  it('takes a body up to the limit in any number of pieces', async () => {
    const { deliver } = await receiver();
    const padded = small + ' '.repeat(3 * 1024 * 1024 - small.length);
    expect((await deliver('apps', padded)).status).toBe(202);
  });

  it('refuses a body without a length as soon as it grows too large', async () => {
    const { port } = await receiver();
    const head = `POST /webhooks/flux/apps HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`;
    const chunk = `${(1024 * 1024).toString(16)}\r\n${'x'.repeat(1024 * 1024)}\r\n`;
    expect(await raw(port, head, chunk, chunk, chunk, chunk)).toContain('413');
  });

  it('gives up on a body that does not come', async () => {
    const { port } = await receiver(undefined, { limits: { bodyTimeoutMs: 200 } });
    const head = `POST /webhooks/flux/apps HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n`;
    expect(await raw(port, head, 'abc')).toContain('400');
  });

  it('gives up on headers that do not come', async () => {
    const { port } = await receiver(undefined, { limits: { headersTimeoutMs: 300 } });
    expect(await raw(port, 'POST /webhooks/flux/apps HTTP/1.1\r\nHost:')).toContain('408');
  });

  it('holds only so many bytes of bodies at a time', async () => {
    const { port, deliver } = await receiver(undefined, {
      limits: { maxBodyBytesInFlight: 1_000 },
    });
    const head = `POST /webhooks/flux/apps HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n`;
    const slow = connect(port, '127.0.0.1');
    slow.write(head + 'x'.repeat(950));
    const status = async () => (await deliver('apps', small)).status;
    await expect.poll(status, patiently).toBe(503);
    expect((await deliver('apps', small)).headers.get('retry-after')).toBe('2');
    slow.destroy();
    await expect.poll(status, patiently).toBe(202);
  });

  it('lets a delivery that is under way end before it closes', async () => {
    let answer: (() => void) | undefined;
    const append = () =>
      new Promise<'stored'>((resolve) => {
        answer = () => resolve('stored');
      });
    const server = await receiver({
      store: { append, forget: async () => 0 },
      keys: () => recordedKeys,
    });
    const delivery = server.deliver('apps', small);
    await expect.poll(() => answer !== undefined, patiently).toBe(true);
    const closing = server.close();
    await expect(server.deliver('apps', small)).rejects.toThrow();
    answer?.();
    expect((await delivery).status).toBe(202);
    await closing;
    opened.length = 0;
  });

  it('audits what its key may not speak for', async () => {
    const store = memory();
    const audit = createAudit({ store, key: 'a key' });
    const refused = (refusal: Refusal): Promise<void> => audit.append([webhookRefused(refusal)]);
    const { deliver } = await receiver({ store, keys: () => recordedKeys, refused });
    const signature = sign(small, recordingKey('infra'));
    expect((await deliver('apps', small, { 'x-signature': signature })).status).toBe(403);
    expect(await store.entries(intakeStream, undefined, 10)).toEqual([]);
    expect((await audit.read(undefined, 10)).map(({ entry }) => entry.fact)).toMatchObject([
      { kind: 'webhook-refused', webhook: 'flux', key: 'recorded-infra', cluster: 'apps' },
    ]);
  });

  it('hands the paths of another door to it, body unread', async () => {
    const { url } = await receiver(undefined, {
      routes: [
        {
          path: '/slack/events',
          handle: (request, response) => {
            request.pipe(response);
          },
        },
      ],
    });
    const answer = await fetch(`${url}/slack/events`, { method: 'POST', body: 'as it is' });
    expect(await answer.text()).toBe('as it is');
  });

  it('answers by itself what such a door would choke on', async () => {
    const lines: unknown[] = [];
    const take = (...line: readonly unknown[]): void => void lines.push(line);
    const { url } = await receiver(undefined, {
      log: { ...silentLog, error: take },
      routes: [
        {
          path: '/slack/events',
          handle: () => {
            throw new Error('not a request of mine');
          },
        },
      ],
    });
    const statusOf = async (path: string, method: string): Promise<number> => {
      const answer = await fetch(`${url}${path}`, { method });
      expect(await answer.json()).toMatchObject({ reason: expect.stringMatching(/\w/) });
      return answer.status;
    };
    expect(await statusOf('/slack/events', 'GET')).toBe(405);
    expect(await statusOf('/slack/events/', 'POST')).toBe(404);
    expect(await statusOf('/slack/events/more', 'POST')).toBe(404);
    expect(await statusOf('/slack/eventsx', 'POST')).toBe(404);
    expect(lines).toEqual([]);
  });

  it('counts deliveries by key and answer', async () => {
    const { deliver, metrics } = await receiver();
    await deliver('apps', small);
    await deliver('apps', small, { 'x-signature': 'none' });
    const { text } = await metrics.render();
    expect(text).toContain(
      'flux_chatops_webhooks_total{webhook="flux",key="recorded-apps",status="202"} 1',
    );
    expect(text).toContain('flux_chatops_webhooks_total{webhook="flux",key="",status="401"} 1');
  });

  describe('of any kind', () => {
    let server: Receiver;
    beforeAll(async () => {
      server = await startReceiver({ store: memory(), keys: () => recordedKeys });
    });
    afterAll(() => server.close());

    const headerName = fc.constantFrom(
      'x-signature',
      'content-type',
      'content-encoding',
      'x-other',
      'authorization',
    );
    const headerValue = fc.stringMatching(/^[\x21-\x7e]{0,40}$/);
    test.prop(
      [fc.uint8Array(), fc.dictionary(headerName, headerValue), fc.webPath(), fc.boolean()],
      { numRuns: 150 },
    )('get an answer', async (body, headers, path, aimed) => {
      const answer = await fetch(server.url + (aimed ? '/webhooks/flux/apps' : path), {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: new Uint8Array(body),
      });
      await answer.text();
      const expected = aimed ? [202, 400, 401, 403, 413, 415, 429, 503] : [400, 401, 404, 405, 415];
      expect(expected).toContain(answer.status);
    });
  });
});

describe('the internal listener', () => {
  const start = async (phase: () => Phase, up = true) => {
    const server = keep(
      await createInternalServer({
        host: '127.0.0.1',
        port: 0,
        phase,
        health: createHealthBoard({
          clock: realClock,
          probes: { redis: async () => ({ up, warnings: ['weak'] }) },
        }),
        clock: realClock,
        ids: countingIds(),
        metrics: createMetrics(),
        log: silentLog,
      }),
    );
    return (path: string) => fetch(`http://127.0.0.1:${server.port}${path}`);
  };

  it('is ready unless starting or draining, whatever its components say', async () => {
    let phase: Phase = 'starting';
    const get = await start(() => phase, false);
    expect((await get('/readyz')).status).toBe(503);
    phase = 'ready';
    const ready = await get('/readyz');
    expect(ready.status).toBe(200);
    expect(await ready.json()).toEqual({
      status: 'ready',
      components: [{ name: 'redis', up: false, warnings: ['weak'] }],
    });
    phase = 'draining';
    expect((await get('/readyz')).status).toBe(503);
    expect((await get('/healthz')).status).toBe(200);
  });

  it('shows its components to Prometheus', async () => {
    const get = await start(() => 'ready');
    const text = await (await get('/metrics')).text();
    expect(text).toContain('flux_chatops_component_up{component="redis"} 1');
    expect(text).toContain('flux_chatops_component_warnings{component="redis"} 1');
    expect(text).toContain('nodejs_eventloop_lag_p99_seconds');
  });
});

describe.skipIf(!hasRedis)('webhooks onto a real Redis (needs redis-server)', () => {
  let redis: RedisServer;
  let store: Store;

  beforeAll(async () => {
    redis = await startRedis({ appendFsync: 'always' });
    store = createRedisStore({ url: redis.url });
  });
  afterAll(async () => {
    await store.close();
    await redis.close();
  });

  it('are 503 while Redis is frozen or away, and each is kept once when it is sent again', async () => {
    const { deliver } = await receiver({ store, keys: () => recordedKeys });
    const bodies = readRecording('02-build-failure').webhooks.map(({ body }) => body);
    const sendAll = async (some: readonly string[]): Promise<readonly number[]> =>
      Promise.all(some.map(async (body) => (await deliver('infra', body)).status));

    redis.freeze();
    const frozen = await deliver('infra', bodies[0] ?? '');
    expect(frozen.status).toBe(503);
    expect(frozen.headers.get('retry-after')).toBe('2');
    redis.thaw();
    await expect.poll(() => sendAll(bodies.slice(0, 5)), patiently).toEqual(Array(5).fill(202));

    await redis.kill();
    await expect.poll(() => sendAll(bodies.slice(5, 8)), patiently).toEqual(Array(3).fill(503));
    await redis.restart();
    await expect.poll(() => sendAll(bodies), patiently).toEqual(Array(bodies.length).fill(202));
    expect(await store.entries(intakeStream, undefined, 100)).toHaveLength(new Set(bodies).size);
  });
});
