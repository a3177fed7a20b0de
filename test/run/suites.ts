export interface Suite {
  readonly name: string;
  readonly command: readonly string[];
  /** What is counted: the exit code, the last line, the report of Vitest; or it only prepares something. */
  readonly counts: 'exit' | 'line' | 'vitest' | 'nothing';
  readonly limitMinutes: number;
  /** The script of package.json that the command runs, if it is one. */
  readonly script?: string;
}

/** Suites that run one after the other. */
export type Lane = readonly Suite[];

/** Lanes that run beside each other; the next stage begins when all of them have ended. */
export type Stage = readonly Lane[];

const npm = (script: string, ...args: readonly string[]): string[] => [
  ...['npm', 'run', '--silent', script],
  ...(args.length > 0 ? ['--', ...args] : []),
];

const check = (name: string): Suite => ({
  name,
  command: npm(name),
  counts: 'exit',
  limitMinutes: 2,
});

const vitest = (name: string, limitMinutes: number, ...words: readonly string[]): Suite => ({
  name,
  command: ['vitest', 'run', ...words],
  counts: 'vitest',
  limitMinutes,
});

/** A program of ours that prints its own last line. */
const counting = (
  name: string,
  limitMinutes: number,
  script: string,
  ...args: readonly string[]
): Suite => ({ name, command: npm(script, ...args), counts: 'line', limitMinutes, script });

/** Builds what some suites need; what cannot be built is skipped there by name. */
const tools: Suite = {
  name: 'tools',
  // with what the processors have left
  command: ['nice', '-n', '19', ...npm('tools')],
  counts: 'nothing',
  limitMinutes: 20,
};

/** Files of the integration tests that mostly wait or compute, and never measure how long something takes. */
const patient = [
  'bot-workers',
  'platform-on-sandbox',
  'platform-ladder',
  'sandbox-tree',
  'image',
  'completion',
  'launcher',
].map((name) => `test/integration/${name}.test.ts`);

/**
 * Everything. A lane beside another holds what mostly waits and is patient, so that it neither needs the
 * processors for itself nor takes them from the others; what measures how long something takes runs alone.
 */
export const stages: readonly Stage[] = [
  [['types', 'lint', 'unused', 'drift'].map(check)],
  [
    // the longest file waits for its sandbox while the others compute
    [vitest('unit', 10, '--project=unit', '--project=contract', '--maxWorkers=3')],
    [tools],
  ],
  [
    [
      vitest(
        'integration',
        20,
        '--project=integration',
        ...patient.map((file) => `--exclude=${file}`),
      ),
    ],
    [vitest('integration-patient', 20, '--project=integration', ...patient)],
  ],
  [[vitest('e2e', 10, '--project=e2e')]],
  [
    [
      vitest('platform', 15, '--project=platform'),
      // the table alone: the self-test and what is beside it run in the suite platform
      counting('platform-rules', 10, 'platform', '--rules'),
      counting('faults', 5, 'faults', '--runs', '500', '--seed', '1'),
    ],
    [counting('demo', 25, 'demo', 'check')],
  ],
];

export const suiteNames = stages.flat(2).map(({ name }) => name);

/** The stages with no other suites than these in them. */
export const only = (names: readonly string[]): readonly Stage[] =>
  stages.map((lanes) => lanes.map((lane) => lane.filter(({ name }) => names.includes(name))));
