import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startStandInController } from '#test/demo/controller.ts';
import { readRecording } from '#test/fixtures/recordings.ts';
import { hasRedis } from '#test/redis/redis-server.ts';
import { applyChange } from '#test/sandbox/api/recording.ts';
import { localSlackBinary } from '#test/slack/local-slack.ts';
import { playAtOnce, recordedLines } from '#test/spine/play.ts';
import { clusterNames, type Spine, startSpine } from '#test/spine/spine.ts';

const able = hasRedis && localSlackBinary !== undefined;
const program = `${import.meta.dirname}/../../bin/flux-chatops.js`;

describe.runIf(able)('the command line, with a kubeconfig of its own', () => {
  let spine: Spine;
  let environment: Readonly<Record<string, string>>;
  const contexts = clusterNames.flatMap((name) => ['--context', `${name}=${name}`]);

  beforeAll(async () => {
    spine = await startSpine({
      config: {
        people: [
          { name: 'ann', slack: 'U0ROBIN', kubernetes: [{ cluster: 'apps', username: 'admin' }] },
        ],
        access: {
          roles: { operator: ['*'] },
          grants: [{ role: 'operator', people: ['ann'] }],
        },
      },
    });
    const lines = recordedLines(readRecording('02-build-failure'), {
      change: (change) => applyChange(spine.clusters.infra, change),
      webhook: () => Promise.resolve(),
    });
    await playAtOnce(lines, 0, 50_000);
    const files = clusterNames.map((name) => join(spine.folder, `${name}.yaml`));
    environment = { PATH: process.env['PATH'] ?? '', KUBECONFIG: files.join(':') };
  });
  afterAll(() => spine.close());

  const run = (words: readonly string[], more: Readonly<Record<string, string>> = {}) =>
    new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) => {
      execFile(
        process.execPath,
        [program, ...words],
        { cwd: spine.folder, env: { ...environment, ...more } },
        (error, stdout, stderr) => resolve({ code: error?.code ?? 0, stdout, stderr }),
      );
    });

  it('says how the clusters stand', async () => {
    const { code, stdout } = await run(['status', ...contexts, '--config', 'absent.yaml']);

    expect({ code, stdout }).toMatchObject({ code: 0 });
    expect(stdout).toContain('infra');
    expect(stdout).toContain('cert-manager-issuers');
  });

  it('lists what fails, as JSON', async () => {
    const { stdout } = await run(['get', 'failing', '--json', ...contexts]);

    expect(JSON.stringify(JSON.parse(stdout))).toContain('cert-manager-issuers');
  });

  it.each([
    [2, ['nonsense']],
    [2, ['status', 'ks/no/such']],
    [2, ['status', '--context', 'apps=absent']],
  ])('ends with %i for %j', async (expected, words) => {
    const known = words.includes('--context') ? [] : contexts;

    const { code, stderr } = await run([...words, ...known]);

    expect(code).toBe(expected);
    expect(stderr).not.toBe('');
    expect(stderr).not.toMatch(/\n {4}at /);
  });

  it('reconciles with the configuration of the bot, and without it refuses', async () => {
    const words = ['reconcile', 'ks/cert-manager/cert-manager-issuers', ...contexts];
    const bare = await run([...words, '--config', 'absent.yaml']);
    expect(bare.code).toBe(1);
    expect(bare.stderr).toContain('--config');

    const controller = startStandInController(spine.clusters.infra);
    const { code, stdout, stderr } = await run(
      [...words, '--config', spine.configFile],
      spine.environment,
    );
    controller.stop();

    // it was asked, and still cannot be built
    expect(stdout + stderr).toContain('Could not reconcile ks/cert-manager/cert-manager-issuers');
    expect(code).toBe(1);
    const asked = spine.clusters.infra.requests().filter((one) => one.verb === 'patch');
    expect(asked).toHaveLength(1);
  });

  it('says that a cluster is away', async () => {
    await spine.clusters.apps.faults.down();

    const { code, stderr } = await run(['status', ...contexts]);

    await spine.clusters.apps.faults.up();
    expect({ code, stderr }).toMatchObject({ code: 4 });
  });
});
