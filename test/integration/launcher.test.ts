import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

/** Lets a process believe that it is an older Node. */
const pretend = (version: string): string =>
  `data:text/javascript,${encodeURIComponent(
    `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } });`,
  )}`;

describe.each(['20.20.2', '24.11.1'])('started by Node %s', (version) => {
  let clone: string;

  beforeEach(() => {
    clone = mkdtempSync(join(tmpdir(), 'flux-chatops-launcher-'));
    cpSync('bin', join(clone, 'bin'), { recursive: true });
    writeFileSync(join(clone, 'package.json'), '{ "type": "module" }');
  });
  afterEach(() => rmSync(clone, { recursive: true, force: true }));

  const start = () =>
    spawnSync(
      process.execPath,
      ['--import', pretend(version), join(clone, 'bin/flux-chatops.js'), 'get', 'failing'],
      { encoding: 'utf8' },
    );

  it('goes on with the Node that npm ci brought', () => {
    const folder = join(clone, 'node_modules/.bin');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'node'), '#!/bin/sh\nshift; echo "with $*"; exit 5\n');
    chmodSync(join(folder, 'node'), 0o755);

    expect(start()).toMatchObject({ status: 5, stdout: 'with get failing\n', stderr: '' });
  });

  it('says what to do where there is none', () => {
    const { status, stderr } = start();

    expect(status).toBe(1);
    expect(stderr).toContain('needs Node.js 24.12 or newer');
    expect(stderr).toContain('npm ci');
  });
});
