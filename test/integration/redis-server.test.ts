import { describe, expect, it } from 'vitest';
import { freePort, isFree } from '#test/net/free-port.ts';
import { hasRedis, startRedis } from '#test/redis/redis-server.ts';

describe.skipIf(!hasRedis)('a Redis of a test (needs redis-server)', () => {
  it('is never the one of somebody else, who has the port that it wants', async () => {
    const first = await startRedis();
    const second = await startRedis({ port: first.port });

    expect(second.port).not.toBe(first.port);

    await Promise.all([first.close(), second.close()]);
  });

  it('comes back on the port that it had', async () => {
    const server = await startRedis({ port: await freePort() });
    await server.kill();
    expect(await isFree(server.port)).toBe(true);

    await server.restart();

    expect(await isFree(server.port)).toBe(false);
    await server.close();
    expect(await isFree(server.port)).toBe(true);
  });
});

describe('a free port', () => {
  it('is none that an outgoing connection may be given', async () => {
    const ports = await Promise.all(Array.from({ length: 20 }, () => freePort()));

    expect(ports.filter((port) => port < 1_024 || port >= 32_768)).toEqual([]);
  });
});
