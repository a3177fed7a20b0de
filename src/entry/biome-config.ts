import {
  type Adapter,
  adapterModules,
  adapters,
  entryModules,
  impureGlobals,
  impureMembers,
  pureCrypto,
  pureModules,
} from '#src/entry/architecture.ts';

/*
 * Biome's overrides do not add up: where two of them match a file and both configure the same rule, the
 * later one replaces the earlier. So each file gets exactly one override with import rules, and the
 * `includes` below never overlap (a test counts).
 */

const how = 'The table is src/entry/architecture.ts; after a change run npm run generate.';

interface Zone {
  /** Biome globs; `!` excludes. */
  readonly includes: readonly string[];
  /** Modules from outside that may be imported, whole. */
  readonly modules: readonly string[];
  /** Own paths that may be imported. */
  readonly own: readonly string[];
  readonly pure: boolean;
  /** What a violation is told. */
  readonly message: string;
  /** The adapter that the zone is, if it is one. */
  readonly adapter?: Adapter;
}

const adapterFiles = adapters.flatMap((row) => row.files);
const except = (globs: readonly string[]): string[] => globs.map((glob) => `!${glob}`);

const pureMessage = (what: string): string =>
  `${what} imports pure files by #src/… (never by a relative path) and ${pureModules.join(', ')}. ` +
  `SDKs, files, processes and the network belong in one adapter file each; take them as a port. ${how}`;

const zones: readonly Zone[] = [
  {
    includes: ['src/**', '!src/entry/**', ...except(adapterFiles)],
    modules: pureModules,
    own: ['#src/**'],
    pure: true,
    message: pureMessage('A file in src'),
  },
  {
    includes: ['commands/**', '!commands/index.ts'],
    modules: pureModules,
    own: ['#src/**'],
    pure: true,
    message: pureMessage('A command stands alone: it'),
  },
  {
    includes: ['webhooks/**', '!webhooks/index.ts'],
    modules: pureModules,
    own: ['#src/**'],
    pure: true,
    message: pureMessage('A webhook stands alone: it'),
  },
  {
    includes: ['commands/index.ts'],
    modules: [],
    own: ['#src/**', '#commands/*'],
    pure: true,
    message: 'The list of commands imports commands and types from #src/…, nothing else.',
  },
  {
    includes: ['webhooks/index.ts'],
    modules: [],
    own: ['#src/**', '#webhooks/*'],
    pure: true,
    message: 'The list of webhooks imports webhooks and types from #src/…, nothing else.',
  },
  ...adapters.map((row) => ({
    includes: row.files,
    modules: [...pureModules, ...adapterModules, ...row.modules],
    own: ['#src/**'],
    pure: false,
    message:
      `An adapter imports #src/… and its own row of the table (${row.modules.join(', ')}). ` +
      `Each SDK has one adapter. ${how}`,
    adapter: row,
  })),
  {
    includes: ['src/entry/**', ...except(adapterFiles)],
    modules: [...pureModules, ...entryModules],
    own: ['#src/**', '#commands/*', '#webhooks/*'],
    pure: false,
    message: `Entry wires adapters together; each SDK is imported by its adapter alone. ${how}`,
  },
];

/** `node:fs` opens `node:fs/promises` as well. */
const open = (module: string): string[] => [`!${module}`, `!${module}/**`];

const specifier = (file: string): string => `#${file}`;

function importRule(zone: Zone) {
  const isEntry = zone.includes.includes('src/entry/**');
  const foreign = isEntry ? [] : adapters.filter((row) => row !== zone.adapter);
  const closed = foreign.filter((row) => row.ports === undefined).flatMap((row) => row.files);
  const withPorts = foreign.flatMap((row) =>
    row.ports === undefined ? [] : row.files.map((file) => [file, row.ports ?? []] as const),
  );
  const wiring = `Adapters are created in src/entry and handed over as ports. ${how}`;

  return {
    level: 'error',
    options: {
      paths: {
        ...Object.fromEntries(
          withPorts.map(([file, ports]) => [
            specifier(file),
            { allowImportNames: ports, message: `Only ${ports.join(', ')} from here. ${wiring}` },
          ]),
        ),
        ...(zone.pure && zone.modules.length > 0
          ? {
              'node:crypto': {
                allowImportNames: pureCrypto,
                message: `Pure code hashes (${pureCrypto.join(', ')}); random values and ids come in as values.`,
              },
            }
          : {}),
      },
      patterns: [
        {
          group: [
            '**',
            ...except(zone.own),
            ...zone.modules.flatMap(open),
            ...(zone.pure && zone.modules.length > 0 ? ['!node:crypto'] : []),
          ],
          message: zone.message,
        },
        ...(isEntry
          ? []
          : [
              {
                group: ['#src/entry/**', ...closed.map(specifier)],
                message: `Nobody imports src/entry, and no core file imports an adapter. ${wiring}`,
              },
            ]),
      ],
    },
  };
}

function pureRules() {
  return {
    noRestrictedGlobals: { level: 'error', options: { deniedGlobals: impureGlobals } },
  };
}

function override(zone: Zone) {
  return {
    includes: zone.includes,
    ...(zone.pure ? { plugins: ['./src/entry/impure.grit'] } : {}),
    linter: {
      rules: {
        style: { noRestrictedImports: importRule(zone), ...(zone.pure ? pureRules() : {}) },
        ...(zone.pure
          ? {
              nursery: {
                noJsRestrictedProperties: {
                  level: 'error',
                  options: {
                    entries: impureMembers.map(([object, property, message]) => ({
                      object,
                      property,
                      message,
                    })),
                  },
                },
              },
            }
          : {}),
      },
    },
  };
}

const rules = {
  preset: 'recommended',
  style: {
    noDefaultExport: 'error',
    noEnum: 'error',
    noNonNullAssertion: 'error',
    noParameterProperties: 'error',
    useImportType: 'error',
    useNodejsImportProtocol: 'error',
    useFilenamingConvention: { level: 'error', options: { filenameCases: ['kebab-case'] } },
    useTemplate: 'off',
  },
  suspicious: {
    noConsole: 'error',
    noExplicitAny: 'error',
    noImportCycles: { level: 'error', options: { ignoreTypes: false } },
  },
  complexity: {
    noExcessiveCognitiveComplexity: 'error',
    // The compiler's noPropertyAccessFromIndexSignature asks for the opposite.
    useLiteralKeys: 'off',
  },
  correctness: { noUnusedImports: 'error', noUndeclaredDependencies: 'error' },
  performance: { noBarrelFile: 'error' },
  nursery: {
    noFloatingPromises: 'error',
    noMisusedPromises: 'error',
    useExhaustiveSwitchCases: 'error',
  },
};

/** The whole `biome.json`: style for all files, and one override of import rules per zone. */
export function biomeConfig(): object {
  return {
    $schema: './node_modules/@biomejs/biome/configuration_schema.json',
    files: {
      includes: [
        'src/**',
        'commands/**',
        'webhooks/**',
        'test/**',
        'bin/**',
        '*.ts',
        '*.json',
        '!package-lock.json',
        '!**/fixtures',
        '!test/tools',
      ],
    },
    formatter: { indentStyle: 'space', lineWidth: 100 },
    javascript: { formatter: { quoteStyle: 'single' } },
    linter: { domains: { project: 'recommended', types: 'all' }, rules },
    overrides: [
      ...zones.map(override),
      {
        includes: ['src/entry/**', 'bin/**', 'test/**', '!**/*.test.ts'],
        linter: { rules: { suspicious: { noConsole: 'off' } } },
      },
      {
        // `${NAME}` is Flux's own syntax there, meant as plain text.
        includes: ['src/render/**', 'test/**/render*/**', 'test/**/render*', 'test/platform/**'],
        linter: { rules: { suspicious: { noTemplateCurlyInString: 'off' } } },
      },
      {
        includes: ['*.config.ts'],
        linter: { rules: { style: { noDefaultExport: 'off' } } },
      },
      {
        // Written as JSON.stringify writes it, so that a generator needs no formatter.
        includes: ['biome.json'],
        json: { formatter: { expand: 'always' } },
      },
    ],
  };
}
