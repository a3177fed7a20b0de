import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { textAt } from '#test/platform/world/value.ts';

/** What upstream publishes as a Go module of an exact version: its API types and CRDs lie in it. */
export interface GoModule {
  readonly module: string;
  readonly version: string;
  /** what Go's checksum of the module must be */
  readonly sum: string;
}

const run = promisify(execFile);

/**
 * Fetches a module into Go's own cache, unless it is there, and compares its checksum.
 * @returns where its files are; throws when it cannot be had or is another one
 */
export const moduleFolder = async ({ module, version, sum }: GoModule): Promise<string> => {
  const args = ['mod', 'download', '-json', `${module}@${version}`];
  const { stdout } = await run('go', args, { timeout: 180_000 });
  const told: unknown = JSON.parse(stdout);
  if (textAt(told, 'Sum') !== sum) {
    throw new Error(`${module} has another checksum than is written down`);
  }
  return textAt(told, 'Dir') ?? '';
};
