import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments, parse as parseYaml } from 'yaml';

/** One machine of talos/clusters.yaml. */
export interface Machine {
  readonly cluster: string;
  readonly endpoint: string;
  readonly name: string;
  readonly address: string;
  readonly role: 'controlplane' | 'worker';
}

interface Clusters {
  readonly clusters: Record<
    string,
    { readonly endpoint: string; readonly nodes: readonly Omit<Machine, 'cluster' | 'endpoint'>[] }
  >;
}

/** Every machine of both clusters, in the order in which the Taskfiles walk them. */
export const machines = (root: string): readonly Machine[] => {
  const { clusters } = parseYaml(
    readFileSync(join(root, 'talos/clusters.yaml'), 'utf8'),
  ) as Clusters;
  return Object.entries(clusters).flatMap(([cluster, { endpoint, nodes }]) =>
    nodes.map((node) => ({ cluster, endpoint, ...node })),
  );
};

// talosctl's merge is Talos's own library call; the stand-in makes the same call.
const talosctl = (talosValidate: string) => `#!/usr/bin/env bash
set -euo pipefail
[ "$1 $2" = 'machineconfig patch' ] || { echo "unexpected: talosctl $*" >&2; exit 64; }
base=$3; shift 3; patches=(); out=
while [ $# -gt 0 ]; do
  case $1 in
    --patch) patches+=("\${2#@}") ;;
    --output) out=$2 ;;
    *) echo "unexpected flag $1" >&2; exit 64 ;;
  esac
  shift 2
done
exec ${talosValidate} merge "$out" "$base" "\${patches[@]}"
`;

// op inject replaces each reference by the field's raw text, whatever surrounds it.
const op = (node: string, script: string) => `#!/usr/bin/env bash
exec ${node} ${script} "$@"
`;
const opScript = (fields: string) => `
import { readFileSync } from 'node:fs';
const [command, flag, file] = process.argv.slice(2);
if (command !== 'inject' || flag !== '--in-file') process.exit(64);
const fields = new Map(JSON.parse(readFileSync(${JSON.stringify(fields)}, 'utf8')));
process.stdout.write(readFileSync(file, 'utf8').replace(/op:\\/\\/[\\w.-]+\\/[\\w.-]+\\/([\\w.-]+)/g,
  (reference, field) => fields.get(field) ?? reference));
`;

interface Item {
  readonly fields: readonly { readonly label: string; readonly value: string }[];
}

/**
 * A folder of programs to put first in PATH: \`op\` answers from a fresh secrets bundle of Talos,
 * laid out by the item template that \`task talos:secrets\` uses; \`talosctl\` merges for real.
 */
export const prepareStandIns = (
  root: string,
  scratch: string,
  tools: { readonly talosValidate: string; readonly yq: string },
): { readonly path: string; readonly fields: ReadonlyMap<string, string> } => {
  const bundle = join(scratch, 'secrets.yaml');
  writeFileSync(bundle, execFileSync(tools.talosValidate, ['secrets']));
  const item = JSON.parse(
    execFileSync(
      tools.yq,
      [
        '--output-format',
        'json',
        '--from-file',
        join(root, '.taskfiles/talos/secret-item.yq'),
        bundle,
      ],
      { encoding: 'utf8', env: { ...process.env, TALOSCONFIG_TEXT: 'context: none' } },
    ),
  ) as Item;
  const fields = new Map(item.fields.map(({ label, value }) => [label, value]));
  const fieldsFile = join(scratch, 'fields.json');
  writeFileSync(fieldsFile, JSON.stringify([...fields]));
  const bin = join(scratch, 'bin');
  mkdirSync(bin);
  writeFileSync(join(scratch, 'op.mjs'), opScript(fieldsFile));
  const programs = {
    talosctl: talosctl(tools.talosValidate),
    op: op(process.execPath, join(scratch, 'op.mjs')),
    yq: `#!/usr/bin/env bash\nexec ${tools.yq} "$@"\n`,
  };
  for (const [name, text] of Object.entries(programs)) {
    writeFileSync(join(bin, name), text);
    chmodSync(join(bin, name), 0o755);
  }
  return { path: `${bin}:${process.env['PATH'] ?? ''}`, fields };
};

/** Runs the script that the Taskfile runs for one node. */
export const mergeMachineConfig = (root: string, path: string, machine: Machine, out: string) =>
  spawnSync('.taskfiles/talos/machine-config.sh', [machine.cluster, machine.name, out], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, PATH: path },
  });

/** The documents of a merged machine configuration, as plain objects. */
export const documents = (file: string): readonly Record<string, unknown>[] =>
  parseAllDocuments(readFileSync(file, 'utf8')).map(
    (document) => document.toJS() as Record<string, unknown>,
  );
