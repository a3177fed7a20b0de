import { globSync, readFileSync } from 'node:fs';
import { matchesGlob } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { adapters, pureModules } from '#src/entry/architecture.ts';

const Biome = z.object({
  overrides: z.array(
    z.object({
      includes: z.array(z.string()),
      linter: z
        .object({ rules: z.object({ style: z.looseObject({}).optional() }).loose() })
        .optional(),
    }),
  ),
});
const Package = z.object({ dependencies: z.record(z.string(), z.string()) });

const read = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));
const sources = globSync('{src,commands,webhooks}/**/*.ts');

/** As Biome reads `includes`: the last pattern that matches decides. */
const covers = (includes: readonly string[], file: string): boolean =>
  includes.reduce(
    (covered, glob) =>
      matchesGlob(file, glob.replace(/^!/, '')) ? !glob.startsWith('!') : covered,
    false,
  );

describe('the table of the architecture', () => {
  it('gives each file one block of import rules, since a second would replace the first', () => {
    const blocks = Biome.parse(read('biome.json')).overrides.filter(
      ({ linter }) => linter?.rules.style?.['noRestrictedImports'] !== undefined,
    );
    const files = [
      ...sources,
      ...adapters.flatMap(({ files }) => files.map((glob) => glob.replace('**', 'part.ts'))),
      ...['src/new.ts', 'src/entry/new.ts', 'commands/new.ts', 'webhooks/new.ts'],
      ...['commands/index.ts', 'webhooks/index.ts'],
    ];

    const wrong = files.filter(
      (file) => blocks.filter(({ includes }) => covers(includes, file)).length !== 1,
    );

    expect(wrong).toEqual([]);
  });

  it('knows every library that the product ships', () => {
    const known = [...pureModules, ...adapters.flatMap(({ modules }) => modules)];

    const unknown = Object.keys(Package.parse(read('package.json')).dependencies).filter(
      (name) => !known.includes(name),
    );

    expect(unknown).toEqual([]);
  });

  it('cannot be switched off from within a file', () => {
    const guards = [
      'lint/style/noRestrictedImports',
      'lint/style/noRestrictedGlobals',
      'lint/nursery/noJsRestrictedProperties',
      'lint/suspicious/noImportCycles',
      'lint/plugin',
    ];
    const targets = (text: string): string[] =>
      [...text.matchAll(/biome-ignore\S*\s+([\w/]+)/g)].flatMap(([, target]) => target ?? []);

    const suppressed = sources.filter((file) =>
      targets(readFileSync(file, 'utf8')).some((target) =>
        guards.some((guard) => guard.startsWith(target)),
      ),
    );

    expect(suppressed).toEqual([]);
  });
});
