import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { stringify } from 'yaml';
import { type BotProcess, startBotProcess } from '#test/spine/bot-process.ts';

const key = 'a key of this test, of no use anywhere else';
const entry = `${import.meta.dirname}/../../src/entry/serve.ts`;

describe('the bot where nothing is as it should be', () => {
  let folder: string;
  let file: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'flux-chatops-serve-'));
    file = join(folder, 'flux-chatops.yaml');
  });
  afterEach(() => rm(folder, { recursive: true }));

  // 9 is the port of a service that no machine runs any more
  const environment = { KEY: key, OTHER: `${key}!`, REDIS: 'redis://127.0.0.1:9' };
  const configure = (internalPort: number): Promise<void> =>
    writeFile(
      file,
      stringify({
        clusters: [
          { name: 'infra', channel: 'C0INFRA' },
          { name: 'apps', channel: 'C0APPS', kubeconfig: join(folder, 'absent.yaml') },
        ],
        webhooks: {
          keys: [
            { cluster: 'infra', key: { env: 'KEY' } },
            { cluster: 'apps', key: { env: 'OTHER' } },
          ],
        },
        slack: {
          ...{ mode: 'http', team: 'T01', apiUrl: 'http://127.0.0.1:1/api/' },
          ...{ botToken: { env: 'KEY' }, signingSecret: { env: 'KEY' } },
        },
        redis: { url: { env: 'REDIS' } },
        keys: { journal: { env: 'KEY' }, audit: { env: 'KEY' } },
        listen: {
          public: { host: '127.0.0.1', port: 0 },
          internal: { host: '127.0.0.1', port: internalPort },
        },
      }),
    );

  const run = (words: readonly string[]) =>
    new Promise<{ code: unknown; stderr: string }>((resolve) => {
      execFile(
        process.execPath,
        [entry, ...words],
        { env: { PATH: process.env['PATH'] ?? '', ...environment } },
        (error, _, stderr) => resolve({ code: error?.code ?? 0, stderr }),
      );
    });

  it('starts, says of each part what is wrong with it, and ends when it is told to', async () => {
    await configure(0);
    const bot: BotProcess = await startBotProcess({ config: file, environment });

    const board = () =>
      vi.waitFor(
        async () => {
          const answer = await fetch(`${bot.internalUrl}/readyz`);
          const body = (await answer.json()) as { components: { detail?: string }[] };
          expect(JSON.stringify(body)).not.toContain('has not answered yet');
          return { status: answer.status, body };
        },
        { timeout: 20_000, interval: 200 },
      );
    const { status, body } = await board();

    expect(status).toBe(200);
    expect(body).toMatchObject({
      status: 'ready',
      components: [
        { name: 'redis', up: false, detail: expect.stringContaining('127.0.0.1:9') },
        { name: 'slack', up: false, detail: expect.stringContaining('Slack') },
        {
          name: 'cluster infra',
          up: false,
          detail: 'we run in no cluster, so its kubeconfig must be named',
        },
        { name: 'cluster apps', up: false, detail: expect.stringContaining('absent.yaml') },
      ],
    });
    expect(await bot.stop()).toBe(0);
  });

  it('says which address is taken, and how to choose another', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    await configure(port);

    const { code, stderr } = await run(['--config', file]);

    other.close();
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `127.0.0.1:${port} cannot be listened on (EADDRINUSE); change listen in ${file}, or end what listens there.\n`,
    });
  });

  it('says what it was not asked in a way that it understands', async () => {
    const { code, stderr } = await run(['--confg', file]);

    expect(code).toBe(2);
    expect(stderr).toContain("Unknown option '--confg'");
    expect(stderr).toContain('Usage: serve [--config FILE]');
    expect(stderr).not.toContain('    at ');
  });
});
