import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { outputSchema, outputs } from '#src/entry/generate/cli-output.ts';
import { startStandInController } from '#test/demo/controller.ts';
import { readRecording } from '#test/fixtures/recordings.ts';
import { hasRedis } from '#test/redis/redis-server.ts';
import { applyChange } from '#test/sandbox/api/recording.ts';
import { localSlackBinary } from '#test/slack/local-slack.ts';
import { playAtOnce, recordedLines } from '#test/spine/play.ts';
import { clusterNames, type Spine, startSpine } from '#test/spine/spine.ts';

const able = hasRedis && localSlackBinary !== undefined;
const valid = new Ajv2020({ allowUnionTypes: true }).compile(outputSchema() as object);
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

  const run = (
    words: readonly string[],
    more: Readonly<Record<string, string>> = {},
    cwd = spine.folder,
  ) =>
    new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) => {
      execFile(
        process.execPath,
        [program, ...words],
        { cwd, env: { ...environment, ...more } },
        (error, stdout, stderr) => resolve({ code: error?.code ?? 0, stdout, stderr }),
      );
    });

  it('says how the clusters stand', async () => {
    const { code, stdout } = await run(['status', ...contexts]);

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
    [2, ['get', 'faling']],
    [2, ['get', '--fliter', 'failing']],
    [2, ['get', '-o', 'json']],
    [2, ['get', '--color', 'sometimes']],
    [2, ['status', '--config', 'absent.yaml']],
    [5, ['status', 'ks/no/such']],
    [5, ['status', '--cluster', 'nowhere']],
    [2, ['status', '--context', 'apps=absent']],
    [2, ['serve', '--json']],
  ])('ends with %i for %j', async (expected, words) => {
    const known = words.includes('--context') ? [] : contexts;

    const { code, stdout, stderr } = await run([...words, ...known]);
    const asJson = await run([...words, ...known, '--json']);

    expect({ code, stdout: words.includes('--json') ? '' : stdout }).toEqual({
      code: expected,
      stdout: '',
    });
    expect(stderr + stdout).not.toMatch(/\n {4}at /);
    expect(asJson.code).toBe(expected);
    expect(valid(JSON.parse(asJson.stdout))).toBe(true);
    expect(JSON.parse(asJson.stdout)).toHaveProperty('failure.next');
  });

  it('goes by the current context where nothing is named', async () => {
    const { code, stdout } = await run(['status'], {}, tmpdir());

    expect(code).toBe(0);
    expect(stdout).toContain('apps: ');
    expect(stdout).not.toContain('infra: ');
  });

  const reads = outputs.map(({ name }) => name).filter((name) => name !== 'reconcile');
  it.each(reads)('prints one document with --json for %s', async (name) => {
    const words = name === 'completion' ? ['completion', 'bash'] : name.split(' ');
    const { stdout } = await run(
      [...words, ...contexts, '--json', '--config', spine.configFile],
      spine.environment,
    );

    const document: unknown = JSON.parse(stdout);
    expect(stdout.split('\n')).toHaveLength(2);
    expect(document).toMatchObject({ version: 1, command: name });
    expect(valid(document) ? [] : valid.errors).toEqual([]);
  });

  it('puts every row on a line of its own into a pipe, however wide', async () => {
    const { stdout } = await run(['get', 'failing', ...contexts], { COLUMNS: '30' });

    expect(stdout.split('\n').filter((line) => line.includes('cert-manager-issuers'))).toEqual([
      expect.stringContaining('failing: BuildFailed'),
    ]);
    expect(stdout).not.toContain('\u001b');
  });

  it('colours where it is told to, and ends lines without colour', async () => {
    const { stdout } = await run(['get', 'failing', ...contexts, '--color=always']);

    expect(stdout).toContain('\u001b[31m●\u001b[39m');
    expect(stdout.endsWith('\n')).toBe(true);
  });

  it('reconciles with the configuration of the bot, and without it refuses', async () => {
    const words = ['reconcile', 'ks/cert-manager/cert-manager-issuers', ...contexts, '--json'];
    const bare = await run([...words, '--config', 'absent.yaml']);
    expect(bare.code).toBe(2);
    expect(bare.stdout).toContain('--config');

    const controller = startStandInController(spine.clusters.infra);
    const { code, stdout, stderr } = await run(
      [...words, '--config', spine.configFile],
      spine.environment,
    );
    controller.stop();

    // it was asked, and still cannot be built
    const document: unknown = JSON.parse(stdout);
    expect(document).toMatchObject({ command: 'reconcile', status: 'failed' });
    expect(valid(document) ? [] : valid.errors).toEqual([]);
    expect(code).toBe(1);
    const asked = spine.clusters.infra.requests().filter((one) => one.verb === 'patch');
    expect(asked).toHaveLength(1);
    const progress = stderr.trim().split('\n');
    expect(new Set(progress).size).toBe(progress.length);
    for (const line of progress) {
      const state: unknown = JSON.parse(line);
      expect(state).toMatchObject({ status: 'running' });
      expect(valid(state) ? [] : valid.errors).toEqual([]);
    }
  });

  it('is refused without a grant', async () => {
    const { code, stderr } = await run(
      [
        'reconcile',
        'ks/cert-manager/cert-manager-issuers',
        // who the first cluster says we are is somebody else to the bot
        '--context',
        'infra',
        '--config',
        spine.configFile,
      ],
      spine.environment,
    );

    expect({ code, stderr }).toMatchObject({ code: 3 });
    expect(stderr).toContain('may not do this');
  });

  it('is held off while somebody else is at it', async () => {
    const words = ['reconcile', 'ks/cert-manager/cert-manager-issuers', ...contexts];
    const options = { cwd: spine.folder, env: { ...environment, ...spine.environment } };
    const first = spawn(
      process.execPath,
      [program, ...words, '--config', spine.configFile],
      options,
    );
    let said = '';
    first.stderr.on('data', (part) => {
      said += String(part);
    });
    await vi.waitFor(() => expect(said).toContain('step'), { timeout: 40_000 });

    const second = await run([...words, '--config', spine.configFile], spine.environment);
    first.kill('SIGINT');
    // and not its exit: what it said last may come after that
    const [code] = await once(first, 'close');

    expect({ code: second.code, stderr: second.stderr }).toMatchObject({ code: 6 });
    expect(second.stderr).toContain('is working on');
    expect(code).toBe(130);
    // what goes into a pipe is a line for each change, without colour and without going back
    expect(said).toMatch(/^Reconcile ks\/cert-manager\/cert-manager-issuers on infra: step/);
    expect(said).not.toContain('\u001b');
    expect(said).toContain('the bot carries it on');
  });

  it('completes names from the clusters, and says nothing where it cannot', async () => {
    const found = await run(['__complete', '--', 'flux-chatops --context infra status ks/ce']);
    const silent = await run(
      ['__complete', '--', 'flux-chatops --context absent --config absent status ks/'],
      { KUBECONFIG: '/absent' },
    );

    expect(found).toEqual({
      code: 0,
      stdout: 'ks/cert-manager/cert-manager-issuers\tinfra\n',
      stderr: '',
    });
    expect(silent).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('shows what one cluster has while the other is away, and says so', async () => {
    await spine.clusters.apps.faults.down();

    const both = await run(['status', ...contexts]);
    const one = await run(['status', 'infra', ...contexts]);
    const none = await run(['status', '--context', 'apps']);

    await spine.clusters.apps.faults.up();
    expect(both).toMatchObject({ code: 4 });
    expect(both.stdout).toContain('infra: ');
    expect(both.stderr).toContain('apps is not shown whole');
    expect(one).toMatchObject({ code: 0, stderr: '' });
    expect(none).toMatchObject({ code: 4, stdout: '' });
  });
});
