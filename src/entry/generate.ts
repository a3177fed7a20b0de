/**
 * Writes the files that are derived from the code: `npm run generate`. They are committed, and a unit
 * test fails when one drifts. A new one is one line in `generated`.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { commands } from '#commands/index.ts';
import { configJsonSchema } from '#src/config/config.ts';
import { biomeConfig } from '#src/entry/biome-config.ts';
import { outputSchema } from '#src/entry/generate/cli-output.ts';
import { cliPage } from '#src/entry/generate/cli-page.ts';
import { commandsPage } from '#src/entry/generate/commands-page.ts';
import { actRole, observeRole } from '#src/entry/generate/roles.ts';
import { slackManifest } from '#src/entry/generate/slack-manifest.ts';

export interface Generated {
  /** Path from the top of the repository. */
  readonly file: string;
  /** The whole text, ending in a newline. */
  produce(): string | Promise<string>;
}

const docs = commands.map((command) => command.doc);
const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

export const generated: readonly Generated[] = [
  { file: 'biome.json', produce: () => json(biomeConfig()) },
  { file: 'deploy/flux-chatops.schema.json', produce: () => json(configJsonSchema()) },
  { file: 'commands/README.md', produce: () => commandsPage(docs) },
  { file: 'docs/cli.md', produce: () => cliPage() },
  { file: 'docs/cli-output.schema.json', produce: () => json(outputSchema()) },
  { file: 'deploy/slack-manifest.yaml', produce: () => slackManifest(docs) },
  { file: 'deploy/rbac/observe.yaml', produce: () => observeRole() },
  { file: 'deploy/rbac/act.yaml', produce: () => actRole(docs) },
];

/** Those of the files whose committed text is not what their generator gives; absent counts as empty. */
export async function drifted(top: string): Promise<readonly string[]> {
  const stale = await Promise.all(
    generated.map(async ({ file, produce }) => {
      const committed = await readFile(`${top}/${file}`, 'utf8').catch(() => '');
      return committed === (await produce()) ? [] : [file];
    }),
  );
  return stale.flat();
}

async function writeAll(top: string): Promise<void> {
  for (const { file, produce } of generated) {
    await mkdir(dirname(`${top}/${file}`), { recursive: true });
    await writeFile(`${top}/${file}`, await produce());
    console.log(`wrote ${file}`);
  }
}

async function main(top: string, check: boolean): Promise<void> {
  if (!check) return writeAll(top);
  const stale = await drifted(top);
  for (const file of stale)
    console.error(`${file} is not what its generator gives: npm run generate`);
  process.exitCode = stale.length === 0 ? 0 : 1;
}

if (import.meta.main) {
  await main(`${import.meta.dirname}/../..`, process.argv.includes('--check'));
}
