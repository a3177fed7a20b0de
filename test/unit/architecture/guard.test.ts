import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { adapters, impureGlobals, impureMembers } from '#src/entry/architecture.ts';

/*
 * Proves that the guard fires: for every row of the table a file that breaks it is linted by the real
 * Biome under the real biome.json, in a copy of the repository's folders. Files that are right must pass.
 */

type Rule = 'imports' | 'globals' | 'members' | 'plugin' | 'cycle';

const categories: Readonly<Record<string, Rule>> = {
  'lint/style/noRestrictedImports': 'imports',
  'lint/style/noRestrictedGlobals': 'globals',
  'lint/nursery/noJsRestrictedProperties': 'members',
  'lint/suspicious/noImportCycles': 'cycle',
  plugin: 'plugin',
};

interface Fixture {
  readonly file: string;
  readonly code: string;
  /** What Biome must say of the file; none = the code is right, and nothing may be said. */
  readonly expected: Rule | 'none';
}

const importing = (specifier: string): string => `export * as it from '${specifier}';\n`;
const firstFile = (glob: string): string => glob.replace('/**', '/extra-part.ts');
const slug = (text: string): string => text.replaceAll(/[^a-z]+/gi, '-').toLowerCase();

/** Every row: its SDK in pure code, another row's SDK in its files, its files from pure code. */
const perRow: readonly Fixture[] = adapters.flatMap((row, index) => {
  const name = slug(row.files[0] ?? '');
  const other = adapters[(index + 1) % adapters.length];
  const foreign = other?.modules.find((module) => !row.modules.includes(module)) ?? 'fastify';
  return [
    ...row.modules.flatMap((module): Fixture[] => [
      {
        file: `src/incident/${name}-${slug(module)}.ts`,
        code: importing(module),
        expected: 'imports',
      },
      { file: `commands/${name}-${slug(module)}.ts`, code: importing(module), expected: 'imports' },
    ]),
    ...row.files.flatMap((glob): Fixture[] => [
      {
        file: `src/incident/${name}-uses-${slug(glob)}.ts`,
        code: importing(`#${firstFile(glob)}`),
        expected: 'imports',
      },
      { file: firstFile(glob), code: importing(foreign), expected: 'imports' },
      { file: firstFile(glob), code: row.modules.map(importing).join(''), expected: 'none' },
      {
        file: `src/incident/${name}-ports-${slug(glob)}.ts`,
        code: `export type { ${row.ports?.[0] ?? 'Anything'} } from '#${firstFile(glob)}';\n`,
        expected: row.ports === undefined ? 'imports' : 'none',
      },
    ]),
  ];
});

const perGlobal: readonly Fixture[] = Object.keys(impureGlobals).map((name) => ({
  file: `src/graph/uses-${slug(name)}-${name.length}.ts`,
  code: `export const it = () => ${name};\n`,
  expected: 'globals',
}));

const perMember: readonly Fixture[] = impureMembers.flatMap(([object, property]) => [
  {
    file: `src/graph/uses-${slug(object)}-${slug(property)}.ts`,
    code: `export const it = () => ${object}.${property};\n`,
    expected: 'members',
  },
  {
    file: `webhooks/takes-${slug(object)}-${slug(property)}.ts`,
    code: `export const { ${property} } = ${object};\n`,
    expected: 'members',
  },
]);

const bad = (file: string, code: string, expected: Rule = 'imports'): Fixture => ({
  file,
  code,
  expected,
});
const good = (file: string, code: string): Fixture => ({ file, code, expected: 'none' });

const direction: readonly Fixture[] = [
  bad('src/flux/imports-a-command.ts', importing('#commands/status.ts')),
  bad('src/flux/imports-a-webhook.ts', importing('#webhooks/flux.ts')),
  bad('src/flux/imports-entry.ts', importing('#src/entry/compose.ts')),
  bad('src/flux/imports-entry-type.ts', `export type { It } from '#src/entry/compose.ts';\n`),
  bad('src/flux/imports-relatively.ts', importing('../slack/app.ts')),
  bad('src/flux/imports-its-neighbour.ts', importing('./ref.ts')),
  bad('src/flux/imports-test.ts', importing('#test/fakes/cluster.ts')),
  bad('src/flux/imports-unknown.ts', importing('left-pad')),
  bad('src/flux/loads-late.ts', `export const it = () => import('node:fs');\n`),
  bad('src/flux/loads-by-name.ts', `export const it = (name: string) => import(name);\n`, 'plugin'),
  bad('src/flux/takes-type-of-sdk.ts', `export type { App } from '@slack/bolt';\n`),
  bad('commands/imports-a-command.ts', importing('#commands/status.ts')),
  bad('commands/imports-the-list.ts', importing('#commands/index.ts')),
  bad('commands/imports-its-neighbour.ts', importing('./status.ts')),
  bad('commands/imports-a-webhook.ts', importing('#webhooks/flux.ts')),
  bad('commands/imports-entry.ts', importing('#src/entry/compose.ts')),
  bad('webhooks/imports-a-webhook.ts', importing('#webhooks/flux.ts')),
  bad('webhooks/imports-a-command.ts', importing('#commands/status.ts')),
  bad('webhooks/imports-express.ts', importing('express')),
  bad('commands/index.ts', importing('#webhooks/flux.ts')),
  bad('webhooks/index.ts', importing('node:fs')),
  bad('src/entry/imports-sdk.ts', importing('@slack/bolt')),
  bad('src/audit/rolls-dice.ts', `export { randomUUID } from 'node:crypto';\n`),
  bad('src/audit/takes-all-of-crypto.ts', importing('node:crypto')),
  bad('src/graph/reads-the-clock.ts', 'export const it = () => new Date();\n', 'plugin'),
  bad('src/graph/reads-the-clock-bare.ts', 'export const it = () => new Date;\n', 'plugin'),
  bad('src/graph/prints-the-clock.ts', 'export const it = () => Date();\n', 'plugin'),
  bad('commands/reads-the-clock.ts', 'export const it = () => new Date();\n', 'plugin'),
  bad('src/graph/round-a.ts', `export { b } from '#src/graph/round-b.ts';\n`, 'cycle'),
  bad('src/graph/round-b.ts', `export { a as b } from '#src/graph/round-a.ts';\n`, 'cycle'),
  bad('src/graph/types-a.ts', `export type { B } from '#src/graph/types-b.ts';\n`, 'cycle'),
  bad('src/graph/types-b.ts', `export type { A as B } from '#src/graph/types-a.ts';\n`, 'cycle'),

  good('src/flux/imports-what-it-may.ts', importing('#src/flux/ref.ts') + importing('zod')),
  good('src/audit/hashes.ts', `export { createHmac, timingSafeEqual } from 'node:crypto';\n`),
  good('src/graph/is-told-the-time.ts', 'export const it = (now: number) => new Date(now);\n'),
  good('commands/imports-what-it-may.ts', importing('#src/command/define.ts')),
  good('webhooks/imports-what-it-may.ts', importing('#src/http/webhook.ts')),
  good('src/entry/imports-what-it-may.ts', importing('#commands/index.ts') + importing('node:fs')),
];

const fixtures = [...perRow, ...perGlobal, ...perMember, ...direction];

const Report = z.object({
  diagnostics: z.array(
    z.object({ category: z.string(), location: z.object({ path: z.string() }) }),
  ),
});

async function lint(folder: string): Promise<z.infer<typeof Report>> {
  const biome = join(process.cwd(), 'node_modules/@biomejs/biome/bin/biome');
  const args = [biome, 'lint', '--reporter=json', '--max-diagnostics=none', '.'];
  const run = promisify(execFile)(process.execPath, args, { cwd: folder, maxBuffer: 2 ** 26 });
  // Biome ends with 1 when it finds something, which is what is wanted here.
  const { stdout } = await run.catch((error: { stdout: string }) => error);
  return Report.parse(JSON.parse(stdout));
}

/** Writes the fixtures into a folder of their own, lints it, and gives what was said of each file. */
async function judge(chosen: readonly Fixture[]): Promise<Map<string, Set<Rule>>> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'architecture-')));
  try {
    for (const name of ['biome.json', 'package.json', 'src/entry/impure.grit']) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await copyFile(name, join(folder, name));
    }
    await symlink(join(process.cwd(), 'node_modules'), join(folder, 'node_modules'));
    for (const { file, code } of chosen) {
      await mkdir(dirname(join(folder, file)), { recursive: true });
      await writeFile(join(folder, file), code, { flag: 'wx' });
    }
    const said = new Map<string, Set<Rule>>();
    for (const { category, location } of (await lint(folder)).diagnostics) {
      const rule = categories[category];
      const path = location.path.replace(`${folder}/`, '');
      if (rule !== undefined) said.set(path, (said.get(path) ?? new Set()).add(rule));
    }
    return said;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

describe.each([
  ['refuses', fixtures.filter(({ expected }) => expected !== 'none')],
  ['lets pass', fixtures.filter(({ expected }) => expected === 'none')],
] as const)('the import guard %s', (_, chosen) => {
  let said: Map<string, Set<Rule>>;

  beforeAll(async () => {
    said = await judge(chosen);
  });

  it.each(chosen.map(({ file, expected }) => [file, expected]))('%s: %s', (file, expected) => {
    const rules = [...(said.get(file) ?? [])];

    expect(rules).toEqual(expected === 'none' ? [] : expect.arrayContaining([expected]));
  });
});
