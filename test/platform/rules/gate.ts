import type { Rule, World } from '#test/platform/world/world.ts';

const gateFile = /^(?:\.github\/workflows\/.+\.ya?ml|\.ci\/[\w-]+|Makefile)$/;

const gateFiles = (world: World): readonly (readonly [string, string])[] =>
  [...world.files].filter(([path]) => gateFile.test(path));

interface Hiding {
  readonly pattern: RegExp;
  readonly why: string;
}

/** How the first attempt's CI stayed green over broken manifests. */
const hidings: readonly Hiding[] = [
  { pattern: /continue-on-error:\s*true/, why: 'a failing step counts as passed' },
  { pattern: /kubeconform[^\n]*\s-skip\b/, why: 'kinds are left out of validation' },
  { pattern: /-ignore-missing-schemas/, why: 'kinds without a schema pass unseen' },
  {
    pattern: /(?:flux|helm|kustomize|kubeconform|helmfile|talosctl)\b[^\n]*\|\|\s*true/,
    why: 'a failing check counts as passed',
  },
];

const honest: Rule = {
  name: 'gate-honest',
  summary: 'nothing in CI hides a failure: no skipped kinds, no `|| true` behind a check',
  failures: [18],
  scope: 'both',
  check: (_, world) =>
    gateFiles(world).flatMap(([path, text]) =>
      hidings
        .filter(({ pattern }) => pattern.test(text))
        .map(({ why }) => ({ where: path, what: why })),
    ),
};

const scriptCall = /(?:^|\s)(?:\.\/|bash |sh )((?:\.ci|\.github|scripts|hack|tools)\/[\w./-]+)/gm;

const scriptsThere: Rule = {
  name: 'gate-scripts',
  summary: 'every script that CI calls is in the repository',
  failures: [18],
  scope: 'both',
  check: (_, world) =>
    gateFiles(world).flatMap(([path, text]) =>
      [...text.matchAll(scriptCall)]
        .map((found) => found[1] ?? '')
        .filter((script) => !world.files.has(script))
        .map((script) => ({ where: path, what: `${script} is not here` })),
    ),
};

export const gateRules: readonly Rule[] = [honest, scriptsThere];
