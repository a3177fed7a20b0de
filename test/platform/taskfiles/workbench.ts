import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse as parseYaml } from 'yaml';
import { parseLadder } from '#src/bootstrap/ladder.ts';
import type { Call, Order } from '#test/platform/taskfiles/stand-in.ts';

const root = process.cwd();

/** What a healthy cluster holds up to the rung `flux`, and which step of bootstrap brings it. */
const objectsOf = (cluster: string): readonly object[] => {
  const ladder = parseLadder(parseYaml(readFileSync(join(root, 'bootstrap/ladder.yaml'), 'utf8')));
  if (!ladder.ok) throw new Error(ladder.failure.join('\n'));
  const brings: Readonly<Record<string, string>> = {
    nodes: 'nodes',
    crds: 'crds',
    cni: 'core',
    core: 'core',
    flux: 'core',
  };
  const seen = new Set<string>();
  return ladder.value.rungs.flatMap((rung) =>
    rung.probes.flatMap((probe) => {
      const after = brings[rung.name];
      if (after === undefined || !('objects' in probe)) return [];
      const { apiVersion, kind, namespace, names, suffix = '', count } = probe.objects;
      const wanted = typeof count === 'object' ? (count[cluster] ?? 1) : (count ?? 1);
      const all =
        names?.map((name) => name + suffix) ??
        Array.from({ length: wanted }, (_, at) => `${cluster}-0${at + 1}`);
      return all.flatMap((name) => {
        const key = `${apiVersion}/${kind}/${name}`;
        if (seen.has(key)) return [];
        seen.add(key);
        return [{ apiVersion, kind, namespace, name, after }];
      });
    }),
  );
};

// what the scripts call besides the stand-ins; nothing else is to be found in PATH
const system = [
  'bash',
  'cat',
  'chmod',
  'dirname',
  'env',
  'grep',
  'mkdir',
  'mktemp',
  'mv',
  'rm',
  'sed',
  'sleep',
  'true',
];
const played = ['talosctl', 'op', 'helmfile', 'helm', 'kubectl', 'flux'];

export interface Run {
  readonly status: number | null;
  readonly out: string;
  readonly calls: readonly Call[];
}

/** A copy of the repository's bootstrap half in which `task` runs against stand-ins. */
export const createWorkbench = (tools: { readonly task: string; readonly yq: string }) => {
  const folder = mkdtempSync(join(tmpdir(), 'taskfiles-'));
  const top = join(folder, 'repository');
  const bin = join(folder, 'bin');
  const state = join(folder, 'state');
  const scratch = join(folder, 'scratch');
  for (const path of [
    'Taskfile.yaml',
    '.taskfiles',
    'bootstrap',
    'talos',
    'kubernetes',
    'src',
    'package.json',
  ])
    cpSync(join(root, path), join(top, path), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(top, 'node_modules'));
  mkdirSync(bin);
  mkdirSync(scratch);
  const program = (name: string, line: string) => {
    writeFileSync(join(bin, name), `#!/bin/bash\nexec ${line} "$@"\n`);
    chmodSync(join(bin, name), 0o755);
  };
  // without its types once, instead of at each of its hundreds of starts
  const standIn = join(folder, 'stand-in.mjs');
  const source = readFileSync(join(root, 'test/platform/taskfiles/stand-in.ts'), 'utf8');
  writeFileSync(standIn, stripTypeScriptTypes(source));
  for (const tool of played) program(tool, `${process.execPath} ${standIn} ${tool}`);
  program('node', process.execPath);
  program('yq', tools.yq);
  for (const name of system) {
    const found = ['/bin', '/usr/bin']
      .map((dir) => join(dir, name))
      .find((path) => existsSync(path));
    if (found === undefined) throw new Error(`${name} is not on this machine`);
    symlinkSync(found, join(bin, name));
  }

  const order = (...orders: readonly Order[]) => {
    writeFileSync(join(state, 'orders.json'), JSON.stringify(orders));
    writeFileSync(join(state, 'calls.jsonl'), '');
  };
  /** Forgets everything that was done and ordered. */
  const reset = () => {
    rmSync(state, { recursive: true, force: true });
    rmSync(join(top, '.cache'), { recursive: true, force: true });
    mkdirSync(state);
    writeFileSync(join(state, 'objects.json'), JSON.stringify(objectsOf('infra')));
    order();
  };
  const isReading = ({ tool, args }: Call) =>
    tool === 'kubectl' && args.includes('--request-timeout=10s get');
  reset();
  return {
    top,
    order,
    reset,
    /** Makes a fact true that a step would have brought about. */
    assume: (...facts: readonly string[]) => {
      for (const name of facts) writeFileSync(join(state, `is-${name}`), '');
    },
    /** Takes a program away; gives the way to bring it back. */
    without: (name: string): (() => void) => {
      const path = join(bin, name);
      const text = readFileSync(path);
      rmSync(path);
      return () => {
        writeFileSync(path, text);
        chmodSync(path, 0o755);
      };
    },
    /** What was written below .cache, for tasks that need it from a step before. */
    write: (path: string, text: string) => {
      mkdirSync(join(top, path, '..'), { recursive: true });
      writeFileSync(join(top, path), text);
    },
    has: (path: string) => existsSync(join(top, path)),
    mode: (path: string) => (statSync(join(top, path)).mode & 0o777).toString(8),
    /** What a script left where temporary files go. */
    scratch: () => readdirSync(scratch),
    /** Runs a task; the calls leave out what the ladder reads. */
    run: (...words: readonly string[]): Run => {
      const done = spawnSync(tools.task, [...words], {
        cwd: top,
        encoding: 'utf8',
        input: '',
        env: {
          PATH: bin,
          HOME: folder,
          TMPDIR: scratch,
          STAND_INS: state,
          BOOTSTRAP_EVERY: '0',
          BOOTSTRAP_TRIES: '3',
          BOOTSTRAP_BUDGET_MS: '1',
        },
      });
      const calls = readFileSync(join(state, 'calls.jsonl'), 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Call)
        .filter((call) => !isReading(call));
      return { status: done.status, out: done.stdout + done.stderr, calls };
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
};
