import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';

/** Lets a process believe that it is an older Node. */
const pretend = (version: string): string =>
  `data:text/javascript,${encodeURIComponent(
    `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } });`,
  )}`;

it.each(['20.20.2', '24.11.1'])('says on Node %s what to do instead', (version) => {
  const ended = spawnSync(
    process.execPath,
    ['--import', pretend(version), 'bin/flux-chatops.js', 'status', '--failing'],
    { encoding: 'utf8' },
  );

  expect(ended.status).toBe(1);
  expect(ended.stderr).toContain('needs Node.js 24.12 or newer');
  expect(ended.stderr).toContain('npm run --silent flux-chatops -- status --failing');
});
