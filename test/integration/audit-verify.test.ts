import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { auditStream, createAudit } from '#src/audit/audit.ts';
import { createRedisStore } from '#src/store/redis.ts';
import type { Json, Store } from '#src/store/store.ts';
import { hasRedis, type RedisServer, startRedis } from '#test/redis/redis-server.ts';

const program = `${import.meta.dirname}/../../bin/flux-chatops.js`;
const key = 'audit-key-of-this-test-only-0123456789ab';
const secret = (env: string) => ({ env });

const config = {
  clusters: [{ name: 'apps', channel: 'C0APPS' }],
  webhooks: { keys: [{ cluster: 'apps', key: secret('LONG') }] },
  slack: { mode: 'socket', team: 'T1', botToken: secret('LONG'), appToken: secret('LONG') },
  redis: { url: secret('REDIS_URL') },
  keys: { journal: secret('LONG'), audit: secret('AUDIT_KEY') },
};

describe.skipIf(!hasRedis)('flux-chatops audit verify (needs redis-server)', () => {
  let server: RedisServer;
  let store: Store;
  let folder: string;

  beforeAll(async () => {
    server = await startRedis();
    store = createRedisStore({ url: server.url });
    folder = await mkdtemp(join(tmpdir(), 'flux-chatops-audit-'));
    await writeFile(join(folder, 'flux-chatops.yaml'), JSON.stringify(config));
    const at = (day: number) => Date.UTC(2026, 10, day);
    await createAudit({ store, key }).append(
      [1, 2, 3].map((day) => ({ at: at(day), kind: 'settled' })),
    );
  });
  afterAll(async () => {
    await store.close();
    await server.close();
    await rm(folder, { recursive: true, force: true });
  });

  const verify = (more: Readonly<Record<string, string>> = {}, words: readonly string[] = []) =>
    new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) => {
      const env = {
        PATH: process.env['PATH'] ?? '',
        REDIS_URL: server.url,
        AUDIT_KEY: key,
        LONG: 'of-this-test-only-0123456789abcdefghijkl',
        ...more,
      };
      execFile(
        process.execPath,
        [program, 'audit', 'verify', ...words],
        { cwd: folder, env },
        (error, stdout, stderr) => resolve({ code: error?.code ?? 0, stdout, stderr }),
      );
    });

  it('counts the entries of an unbroken trail and says from when to when', async () => {
    expect(await verify()).toEqual({
      code: 0,
      stdout:
        'The audit trail is unbroken: 3 entries, 1 of 2026-11-01T00:00:00.000Z to 3 of 2026-11-03T00:00:00.000Z.\n',
      stderr: '',
    });
  });

  it('does not take a trail for another key', async () => {
    const { code, stderr } = await verify({ AUDIT_KEY: `${key}-of-somebody-else` });

    expect(code).toBe(1);
    expect(stderr).toContain('entry 1 is not as it was written, or the key is another one');
  });

  it('says that Redis is away, and nothing about the trail', async () => {
    const { code, stderr } = await verify({ REDIS_URL: 'redis://127.0.0.1:1' });

    expect(code).toBe(4);
    expect(stderr).toContain('Redis does not answer');
  });

  it('says where the chain breaks, and what was in order', async () => {
    const forged = { seq: 4, fact: { at: 1, kind: 'settled' }, previous: '', mac: '0'.repeat(64) };
    await store.commit({ append: [{ stream: auditStream, value: forged as Json }] });

    const { code, stderr } = await verify();
    const { stdout } = await verify({}, ['--json']);

    expect(code).toBe(1);
    expect(stderr).toContain('The audit trail is broken: entry 4 is not as it was written');
    expect(stderr).toContain('In order before it: 3 entries');
    expect(JSON.parse(stdout)).toMatchObject({
      result: { unbroken: false, seq: 4, before: { count: 3 } },
    });
  });
});
