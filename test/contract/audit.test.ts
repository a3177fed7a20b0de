import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { auditHeadKey, auditStream, createAudit } from '#src/audit/audit.ts';
import { createMemoryStore } from '#src/store/memory.ts';
import { createRedisStore } from '#src/store/redis.ts';
import type { Json, Store } from '#src/store/store.ts';
import { hasRedis, type RedisServer, startRedis } from '#test/redis/redis-server.ts';

const key = 'not in the store';
const fact = (detail: string) => ({ at: 1, kind: 'settled', detail });

const auditContract = (open: () => { readonly store: Store; readonly other: Store }): void => {
  let store: Store;
  let other: Store;
  beforeEach(() => {
    ({ store, other } = open());
  });

  it('is one chain when two replicas append at the same time', async () => {
    const replicas = [createAudit({ store, key }), createAudit({ store: other, key })];
    await Promise.all(
      Array.from({ length: 30 }, (_, n) => replicas[n % 2]?.append([fact(`${n}a`), fact(`${n}b`)])),
    );
    expect(await createAudit({ store, key }).verify()).toMatchObject({
      ok: true,
      value: { count: 60 },
    });
    const entries = await createAudit({ store, key }).read(undefined, 100);
    expect(entries.map(({ entry }) => entry.seq)).toEqual(
      Array.from({ length: 60 }, (_, n) => n + 1),
    );
  });

  it('keeps a fact together with the batch that it is about', async () => {
    const audit = createAudit({ store, key });
    const batch = { put: [{ key: 'journal', value: 1, expect: 0 }] };
    expect(await audit.commit(batch, [fact('once')])).toBe('committed');
    expect(await audit.commit(batch, [fact('twice')])).toBe('conflict');
    expect((await audit.read(undefined, 10)).map(({ entry }) => entry.fact)).toEqual([
      fact('once'),
    ]);
    expect((await store.read('journal'))?.value).toBe(1);
  });

  it('tells a batch that conflicts from a head that moved', async () => {
    const [audit, replica] = [createAudit({ store, key }), createAudit({ store: other, key })];
    await audit.append([fact('1')]);
    await replica.append([fact('2')]);
    // this one still thinks that the chain ends at 1
    expect(await audit.commit({ put: [{ key: 'a', value: 1, expect: 5 }] }, [fact('3')])).toBe(
      'conflict',
    );
    expect(await audit.commit({ put: [{ key: 'a', value: 1, expect: 0 }] }, [fact('3')])).toBe(
      'committed',
    );
    expect(await audit.verify()).toMatchObject({ ok: true, value: { count: 3 } });
  });

  it('hands a fence on, and writes nothing then', async () => {
    const audit = createAudit({ store, key });
    expect(await audit.commit({ fence: { lease: 'l', token: 9 } }, [fact('1')])).toBe('fenced');
    expect(await audit.verify()).toMatchObject({ ok: true, value: { count: 0 } });
  });

  it('writes a batch without facts as it is', async () => {
    expect(await createAudit({ store, key }).commit({ put: [{ key: 'a', value: 1 }] }, [])).toBe(
      'committed',
    );
    expect(await store.read(auditHeadKey)).toBeUndefined();
  });

  it('says from when to when it goes, and up to where it is in order', async () => {
    const audit = createAudit({ store, key });
    await audit.append([1, 2, 3].map((at) => ({ ...fact(`${at}`), at })));
    const span = { count: 3, first: { seq: 1, at: 1 }, last: { seq: 3, at: 3 } };
    expect(await audit.verify()).toEqual({ ok: true, value: span });

    const forged = { seq: 4, fact: fact('forged'), previous: '', mac: 'f'.repeat(64) };
    await store.commit({ append: [{ stream: auditStream, value: forged as unknown as Json }] });

    expect(await audit.verify()).toEqual({
      ok: false,
      failure: { seq: 4, what: 'changed', before: span },
    });
    expect(await createAudit({ store, key: 'another' }).verify()).toMatchObject({
      failure: { seq: 1, what: 'changed', before: { count: 0 } },
    });
  });

  it('shows what was done to it in the store', async () => {
    const audit = createAudit({ store, key });
    await audit.append([fact('1'), fact('2'), fact('3')]);
    const second = (await audit.read(undefined, 10))[1];
    await store.trim(auditStream, second?.id ?? '');
    expect(await audit.verify()).toMatchObject({ ok: true, value: { count: 1 } }); // retention lets go of old ones
    await store.trim(auditStream, (await audit.read(undefined, 10)).at(-1)?.id ?? '');
    expect(await audit.verify()).toMatchObject({
      ok: false,
      failure: { seq: 3, what: 'cut off', before: { count: 0 } },
    });
    const forged = { ...second?.entry, seq: 3, fact: fact('forged') };
    await store.commit({ append: [{ stream: auditStream, value: forged as unknown as Json }] });
    expect(await audit.verify()).toMatchObject({ ok: false, failure: { seq: 3, what: 'changed' } });
    await store.trim(auditStream, (await store.entries(auditStream, undefined, 1))[0]?.id ?? '');
    await store.commit({ append: [{ stream: auditStream, value: 'scribble' }] });
    expect((await audit.verify()).ok).toBe(false);
  });
};

describe('the audit trail in memory', () => {
  auditContract(() => {
    const store = createMemoryStore({ clock: { now: () => 0 } });
    return { store, other: store };
  });
});

describe.skipIf(!hasRedis)('the audit trail on Redis (needs redis-server)', () => {
  let server: RedisServer;
  const opened: Store[] = [];
  let names = 0;

  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(async () => {
    await Promise.all(opened.map((store) => store.close()));
    await server.close();
  });

  auditContract(() => {
    names += 1;
    const [store, other] = [1, 2].map(() =>
      createRedisStore({ url: server.url, prefix: `audit-${names}` }),
    ) as [Store, Store];
    opened.push(store, other);
    return { store, other };
  });
});
