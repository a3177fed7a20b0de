import { createHmac } from 'node:crypto';
import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { IntakeEntry, intakeStream } from '#src/flux/intake.ts';
import {
  createIntake,
  type IntakeAnswer,
  type IntakeLimits,
  type IntakeOptions,
  refuseHeaders,
} from '#src/http/intake.ts';
import type { Refusal } from '#src/http/refusals.ts';
import type { WebhookKey } from '#src/http/signature.ts';
import { createMemoryStore } from '#src/store/memory.ts';
import { storeUnavailable } from '#src/store/store.ts';
import { flux } from '#webhooks/flux.ts';

const at = Date.parse('2026-11-23T18:26:07Z');
const sign = (body: string | Uint8Array, secret: string): string =>
  `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;

const event = (change: object = {}, object: object = {}): string =>
  JSON.stringify({
    involvedObject: { kind: 'Kustomization', namespace: 'harbor', name: 'harbor', ...object },
    severity: 'error',
    timestamp: '2026-11-23T18:26:07Z',
    message: 'password: hunter2',
    reason: 'BuildFailed',
    ...change,
  });

const limits: IntakeLimits = { replayWindowMs: 3_600_000, rate: { perSecond: 10, burst: 100 } };

const apps: WebhookKey = { id: 'apps', secret: 'key-of-apps', cluster: 'apps' };
const tenant: WebhookKey = {
  ...apps,
  id: 'tenant',
  secret: 'key-of-tenant',
  namespaces: ['harbor'],
};
const infra: WebhookKey = { id: 'infra', secret: 'key-of-infra', cluster: 'infra' };

const start = (options: Partial<IntakeOptions> = {}) => {
  let now = at;
  const clock = { now: () => now };
  const store = createMemoryStore({ clock });
  const refusals: Refusal[] = [];
  const intake = createIntake({
    store,
    clock,
    keys: () => [apps, tenant, infra],
    refused: async (refusal) => void refusals.push(refusal),
    ...options,
  });
  return {
    refusals,
    store,
    pass: (ms: number) => {
      now += ms;
    },
    send: (body: string, secret: string | Uint8Array = 'key-of-apps', cluster = 'apps') =>
      intake.receive(flux, {
        cluster,
        raw: Buffer.from(body),
        headers: { 'x-signature': sign(body, String(secret)) },
      }),
    entries: async () =>
      (await store.entries(intakeStream, undefined, 100)).map(({ value }) =>
        IntakeEntry.parse(value),
      ),
    intake,
  };
};

const statuses = (answers: readonly IntakeAnswer[]): readonly number[] =>
  answers.map(({ status }) => status);

describe('the intake of webhooks', () => {
  it('keeps a signed event, redacted, with the cluster of its key', async () => {
    const { send, entries } = start();
    expect(await send(event({ metadata: { cluster: 'infra' } }))).toMatchObject({
      status: 202,
      body: { accepted: true, duplicate: false },
    });
    expect(await entries()).toEqual([
      {
        type: 'flux-event',
        cluster: 'apps',
        receivedAt: at,
        digest: expect.stringMatching(/^[0-9a-f]{64}$/),
        stale: false,
        event: expect.objectContaining({ message: 'password: [redacted]', reason: 'BuildFailed' }),
      },
    ]);
  });

  it('keeps a redelivery once', async () => {
    const { send, entries } = start();
    await send(event());
    expect((await send(event())).body).toEqual({ accepted: true, duplicate: true });
    expect(await entries()).toHaveLength(1);
  });

  it('knows a digest as long as its event could count again, and forgets it later', async () => {
    const { send, store, pass } = start({ limits: () => limits });
    await send(event());
    const knows = async (): Promise<boolean> => {
      const [entry] = await store.entries(intakeStream, undefined, 1);
      const { digest } = IntakeEntry.parse(entry?.value);
      return (await store.append(intakeStream, digest, at, 'again')) === 'duplicate';
    };
    pass(2 * 3_600_000);
    await send(event({ message: 'another' }));
    expect(await knows()).toBe(true);
    pass(3_600_000);
    await send(event({ message: 'a third' }));
    expect(await knows()).toBe(false);
  });

  it('does not even parse what no key signed', async () => {
    const { send, entries, intake } = start();
    expect((await send('not json', 'another key')).status).toBe(401);
    for (const header of [
      undefined,
      '',
      'sha256=',
      'sha1=aa',
      `md5=${'a'.repeat(64)}`,
      ['a', 'b'],
    ]) {
      const delivery = {
        cluster: 'apps',
        raw: Buffer.from(event()),
        headers: { 'x-signature': header },
      };
      expect((await intake.receive(flux, delivery)).status).toBe(401);
    }
    expect(await entries()).toEqual([]);
  });

  it('takes no signature by an empty key', async () => {
    const { send } = start({ keys: () => [{ ...apps, secret: '' }] });
    expect((await send(event(), '')).status).toBe(401);
  });

  it('counts a newline at the end of a key', async () => {
    const { send } = start({ keys: () => [{ ...apps, secret: 'key\n' }] });
    expect(statuses([await send(event(), 'key'), await send(event(), 'key\n')])).toEqual([
      401, 202,
    ]);
  });

  it('takes two keys at a time, and the new set from the moment it is there', async () => {
    const old = { ...apps, id: 'apps-1' };
    const next = { ...apps, id: 'apps-2', secret: 'next' };
    let keys: readonly WebhookKey[] = [old];
    const { send } = start({ keys: () => keys });
    const both = async () => statuses([await send(event()), await send(event(), 'next')]);
    expect(await both()).toEqual([202, 401]);
    keys = [old, next];
    expect(await both()).toEqual([202, 202]);
    keys = [next];
    expect(await both()).toEqual([401, 202]);
  });

  it('refuses, and reports, an event outside the namespaces of its key', async () => {
    const { send, entries, refusals } = start();
    expect((await send(event(), 'key-of-tenant')).status).toBe(202);
    expect((await send(event({}, { namespace: 'kube-system' }), 'key-of-tenant')).status).toBe(403);
    expect((await send(event({}, { namespace: undefined }), 'key-of-tenant')).status).toBe(403);
    expect(await entries()).toHaveLength(1);
    expect(refusals).toHaveLength(1);
    expect(refusals[0]).toEqual({
      webhook: 'flux',
      key: 'tenant',
      cluster: 'apps',
      reason: 'This key speaks for harbor only.',
      at,
    });
  });

  it('refuses a key at the path of another cluster', async () => {
    const { send, entries, refusals } = start();
    expect((await send(event(), 'key-of-infra', 'apps')).status).toBe(403);
    expect(await entries()).toEqual([]);
    expect(refusals).toMatchObject([{ key: 'infra', cluster: 'apps' }]);
  });

  it('says why it cannot read a body', async () => {
    const { send } = start();
    for (const [body, reason] of [
      ['', 'JSON'],
      ['{', 'JSON'],
      ['[]', 'expected object'],
      [event({ timestamp: 'now' }), 'timestamp'],
      [event({}, { name: '' }), 'involvedObject.name'],
    ] as const) {
      const answer = await send(body);
      expect(answer.status).toBe(400);
      expect(String(answer.body['reason'])).toContain(reason);
    }
  });

  it('keeps an event that is too old or from the future as stale', async () => {
    const { send, entries, pass } = start({ limits: () => limits });
    await send(event());
    pass(3_600_001);
    await send(event({ message: 'replayed under another text' }));
    await send(event({ timestamp: '2026-11-23T20:26:07Z' }));
    expect((await entries()).map(({ stale }) => stale)).toEqual([false, true, true]);
  });

  it('asks to slow down for one key, and not for another', async () => {
    const rate = { perSecond: 0.5, burst: 2 };
    const { send, pass } = start({ limits: () => ({ ...limits, rate }) });
    const texts = ['a', 'b', 'c'];
    const answers = [];
    for (const message of texts) {
      answers.push(await send(event({ message })));
    }
    expect(statuses(answers)).toEqual([202, 202, 429]);
    expect(answers[2]?.retryAfterSeconds).toBe(2);
    expect((await send(event(), 'key-of-infra', 'infra')).status).toBe(202);
    pass(2_000);
    expect((await send(event({ message: 'c' }))).status).toBe(202);
  });

  it('goes by changed limits from the next delivery on', async () => {
    let current: IntakeLimits = { replayWindowMs: 60_000, rate: { perSecond: 0.1, burst: 1 } };
    const { send, entries, pass } = start({ limits: () => current });
    pass(61_000);
    await send(event({ message: 'a' }));
    expect((await send(event({ message: 'b' }))).status).toBe(429);

    current = limits;
    pass(1_000);
    expect((await send(event({ message: 'c' }))).status).toBe(202);
    expect((await entries()).map(({ stale }) => stale)).toEqual([true, false]);
  });

  it('says which key signed, whatever the answer, and what is new', async () => {
    let taken = 0;
    const { send } = start({
      limits: () => ({ ...limits, rate: { perSecond: 0.4, burst: 4 } }),
      taken: () => {
        taken += 1;
      },
    });
    const answers = [
      await send(event()),
      await send(event()),
      await send('{'),
      await send(event({}, { namespace: 'pki' }), 'key-of-tenant'),
      await send(event(), 'key-of-apps', 'infra'),
      await send(event()),
    ];

    expect(answers.map(({ status, key }) => [status, key])).toEqual([
      [202, 'apps'],
      [202, 'apps'],
      [400, 'apps'],
      [403, 'tenant'],
      [403, 'apps'],
      [429, 'apps'],
    ]);
    expect(answers.at(-1)?.retryAfterSeconds).toBe(3);
    expect(taken).toBe(1);
  });

  it('lets go of digests now and then, not at each delivery', async () => {
    const store = createMemoryStore({ clock: { now: () => at } });
    const forgotten: number[] = [];
    const { send, pass } = start({
      limits: () => limits,
      store: {
        append: store.append,
        forget: async (_, before) => {
          forgotten.push(before);
          return 0;
        },
      },
    });
    for (const message of ['a', 'b', 'c', 'd']) {
      await send(event({ message }));
      pass(300_000);
    }

    expect(forgotten).toEqual([at + 600_000 - 2 * 3_600_000]);
  });

  it('takes a body in UTF-8 only', async () => {
    const { intake } = start();
    const raw = Buffer.concat([Buffer.from(event().slice(0, -1)), Buffer.from([0x20, 0xff, 0x7d])]);
    const signature = createHmac('sha256', 'key-of-apps').update(raw).digest('hex');
    const headers = { 'x-signature': `sha256=${signature}` };

    expect(await intake.receive(flux, { cluster: 'apps', raw, headers })).toMatchObject({
      status: 400,
      body: { reason: 'The body is not JSON in UTF-8.' },
    });
  });

  it('does not hide a bug behind an answer', async () => {
    const bug = () => Promise.reject(new TypeError('a bug'));
    const { send } = start({ store: { append: bug, forget: bug } });

    await expect(send(event())).rejects.toThrow('a bug');
  });

  it('asks to send again when the store or the audit log is away', async () => {
    const away = async (): Promise<never> => {
      throw storeUnavailable('away');
    };
    const stored = start({ store: { append: away, forget: away } });
    expect(await stored.send(event())).toMatchObject({ status: 503, retryAfterSeconds: 2 });
    const audited = start({ refused: away });
    expect((await audited.send(event(), 'key-of-infra', 'apps')).status).toBe(503);
  });

  it('tells of what is refused again and again once in ten minutes, with how often', async () => {
    const { send, refusals, pass } = start();
    for (let at = 0; at < 60; at++) {
      expect((await send(event(), 'key-of-infra', `apps-${at}`)).status).toBe(403);
      pass(20_000);
    }

    expect(refusals.map(({ cluster, further }) => [cluster, further])).toEqual([
      ['apps-0', undefined],
      ['apps-30', 29],
    ]);
  });

  it('tells of a refusal that could not be kept when it comes again', async () => {
    const told: Refusal[] = [];
    const { send } = start({
      refused: async (refusal) => {
        told.push(refusal);
        if (told.length === 1) {
          throw storeUnavailable('away');
        }
      },
    });

    expect((await send(event(), 'key-of-infra')).status).toBe(503);
    expect((await send(event(), 'key-of-infra')).status).toBe(403);
    expect(told).toHaveLength(2);
  });

  const anyBody = fc.oneof(fc.string(), fc.json(), fc.constant(event()));
  test.prop([anyBody, fc.boolean(), fc.oneof(fc.string(), fc.constantFrom('apps', 'infra'))])(
    'answers any body, signature and path',
    async (body, signed, path) => {
      const { send } = start();
      const { status } = await send(body, signed ? 'key-of-apps' : 'no key', path);
      expect([202, 400, 401, 403]).toContain(status);
      expect(signed).toBe(status !== 401);
    },
  );

  test.prop([fc.uint8Array(), fc.dictionary(fc.string(), fc.string())])(
    'answers any bytes with any headers',
    async (raw, headers) => {
      const { intake } = start();
      const signed = { ...headers, 'x-signature': sign(raw, 'key-of-apps') };
      expect((await intake.receive(flux, { cluster: 'apps', raw, headers })).status).toBe(401);
      expect((await intake.receive(flux, { cluster: 'apps', raw, headers: signed })).status).toBe(
        400,
      );
      expect([undefined, 415]).toContain(refuseHeaders(headers)?.status);
    },
  );

  it('takes JSON only, and nothing compressed', () => {
    const json = { 'content-type': 'application/json; charset=utf-8' };
    expect(refuseHeaders(json)).toBeUndefined();
    expect(refuseHeaders({ ...json, 'content-encoding': 'gzip' })?.status).toBe(415);
    expect(refuseHeaders({ 'content-type': 'text/plain' })?.status).toBe(415);
    expect(refuseHeaders({})?.status).toBe(415);
  });
});
