import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Shell, shellNames } from '#src/entry/cli/shells.ts';

const program = `${import.meta.dirname}/../../bin/flux-chatops.js`;
const has = (shell: string): boolean =>
  spawnSync(shell, ['-c', 'exit 0'], { stdio: 'ignore' }).status === 0;

describe('completion in a shell', () => {
  let folder: string;
  let environment: Readonly<Record<string, string>>;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'flux-chatops-completion-'));
    const launcher = join(folder, 'flux-chatops');
    writeFileSync(launcher, `#!/bin/sh\nexec '${process.execPath}' '${program}' "$@"\n`);
    chmodSync(launcher, 0o755);
    writeFileSync(join(folder, 'a file.yaml'), '');
    writeFileSync(
      join(folder, 'kubeconfig'),
      'contexts: [{ name: admin@infra }, { name: admin@apps }, { name: kind }]\n',
    );
    environment = {
      HOME: folder,
      KUBECONFIG: join(folder, 'kubeconfig'),
      PATH: [folder, process.env['PATH'] ?? ''].join(delimiter),
    };
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const run = (shell: string, args: readonly string[]) =>
    spawnSync(shell, args, { cwd: folder, env: environment, encoding: 'utf8' });

  /** What bash would put in place of the word at the end of the line. */
  const inBash = (line: string): readonly string[] => {
    const { stdout, stderr } = run('bash', [
      '--norc',
      '-c',
      `source <(flux-chatops completion bash)
       COMP_LINE="$1" COMP_POINT=\${#1} COMP_WORDS=(flux-chatops)
       _flux_chatops
       printf '%s\\n' "\${COMPREPLY[@]}"`,
      'bash',
      line,
    ]);
    expect(stderr).toBe('');
    return stdout.split('\n').filter((word) => word !== '');
  };

  it.skipIf(!has('bash')).each([
    ['flux-chatops con', ['config']],
    ['flux-chatops config ', ['check', 'schema']],
    ['flux-chatops get wai', ['waiting']],
    ['flux-chatops get --kind hr', ['hr']],
    // bash takes a word to end at "=", ":" and "@", and adds what comes after
    ['flux-chatops --color=al', ['always']],
    ['flux-chatops --context admin@i', ['infra']],
    ['flux-chatops --context=prod=admin@a', ['apps']],
    ['flux-chatops config check a', ['a file.yaml']],
    ['flux-chatops --config=a', ['a file.yaml']],
    ['flux-chatops serve --role "', ['all', 'front', 'worker']],
    // a filter or all clusters; said once
    ['flux-chatops get al', ['all']],
    ['flux-chatops get hr wai', ['waiting']],
    ['flux-chatops nonsense ', []],
    // nobody answers there; the prompt stays as it is
    ['flux-chatops status ks/', []],
  ])('in bash completes %j (needs bash)', (line, expected) => {
    const words = inBash(line);
    expect(words.toSorted()).toEqual(expected);
  });

  it.each(shellNames.filter((shell): shell is Exclude<Shell, 'bash'> => shell !== 'bash'))(
    'is well-formed for %s',
    (shell) => {
      const script = run('flux-chatops', ['completion', shell]).stdout;
      expect(script).toContain('__complete -- "$line" 2>/dev/null');
    },
  );

  it.skipIf(!has('zsh'))('is read by zsh (needs zsh)', () => {
    const checked = run('zsh', ['-f', '-c', 'flux-chatops completion zsh | zsh -n /dev/stdin']);
    expect(checked).toMatchObject({ status: 0, stderr: '' });
  });

  it.skipIf(!has('fish'))('completes in fish (needs fish)', () => {
    const completed = run('fish', [
      '--no-config',
      '-c',
      'flux-chatops completion fish | source; complete -C "flux-chatops con"; complete -C "flux-chatops --config a"',
    ]);
    expect(completed).toMatchObject({ stdout: 'config\tcheck, schema\na file.yaml\n', stderr: '' });
  });
});
