import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { hindrance, mutations, tryMutation } from '#test/platform/mutations.ts';
import { openPlatform, type Platform } from '#test/platform/platform.ts';
import { type Count, countLine, pathReport, ruleTable } from '#test/platform/report.ts';
import { judge, rules } from '#test/platform/rules.ts';
import { listAt, textAt } from '#test/platform/world/value.ts';
import { appliedObjects } from '#test/platform/world/world.ts';

const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

const add = (left: Count, right: Count): Count => ({
  passed: left.passed + right.passed,
  failed: left.failed + right.failed,
  skipped: left.skipped + right.skipped,
});

const none: Count = { passed: 0, failed: 0, skipped: 0 };

const runRules = ({ world, kustomize }: Platform): Count => {
  const verdicts = rules.flatMap((rule) => judge(rule, world));
  const columns = [...world.clusters.map(({ name }) => name), 'both'];
  say(ruleTable(verdicts, columns));
  const objects = world.clusters.map(
    (cluster) =>
      `${cluster.name}: ${cluster.layers.length} Kustomizations, ${appliedObjects(cluster).length} objects`,
  );
  say(
    `\nrendered by ${kustomize}\n${objects.join('\n')}\n${world.clusters.map(pathReport).join('\n')}`,
  );
  const skipped = world.schemas.unavailable();
  for (const { group, reason } of skipped) {
    say(`could not run: schemas of ${group} (${reason})`);
  }
  const failed = verdicts.filter(({ findings }) => findings.length > 0);
  // once more below the table: the end of a log says what is wrong
  for (const { rule, on, findings } of failed) {
    const [first] = findings;
    say(
      `failed: ${rule.name} on ${on}: ${first?.where}: ${first?.what} (${findings.length} in all)`,
    );
  }
  return {
    passed: verdicts.length - failed.length,
    failed: failed.length,
    skipped: skipped.length,
  };
};

// what one trial waits for, another computes
const atOnce = 4;

const runMutations = async ({ renderer, content, world }: Platform): Promise<Count> => {
  const missed: string[] = [];
  const started = Date.now();
  const hindered = mutations.filter((mutation) => hindrance(world, mutation) !== undefined);
  for (const mutation of hindered) {
    say(`could not run: mutation "${mutation.name}" (${hindrance(world, mutation) ?? ''})`);
  }
  const tried = mutations.filter((mutation) => !hindered.includes(mutation));
  for (let next = 0; next < tried.length; next += atOnce) {
    const trials = await Promise.all(
      tried
        .slice(next, next + atOnce)
        .map((mutation) => tryMutation(renderer, content, world, mutation)),
    );
    const unnoticed = trials.filter(({ findings }) => findings.length === 0);
    missed.push(
      ...unnoticed.map(({ mutation: { rule, name } }) => `    not caught by ${rule}: ${name}`),
    );
  }
  const proven = new Set(mutations.map(({ rule }) => rule));
  const unproven = rules.filter(({ name }) => !proven.has(name));
  const seconds = Math.round((Date.now() - started) / 1000);
  say(
    `\nself-test: ${tried.length} mutations, ${missed.length} not caught, ${unproven.length} rules unproven, ${seconds} s`,
  );
  say([...missed, ...unproven.map(({ name }) => `    no mutation proves ${name}`)].join('\n'));
  const failed = missed.length + unproven.length;
  return { passed: tried.length - missed.length, failed, skipped: hindered.length };
};

/** Titles of tests under the title of what they belong to, which says why they did not run. */
const groupBy = (tests: readonly unknown[]): ReadonlyMap<string, readonly string[]> => {
  const groups = new Map<string, string[]>();
  for (const test of tests) {
    const group = listAt(test, 'ancestorTitles').join(' ');
    groups.set(group, [...(groups.get(group) ?? []), textAt(test, 'title') ?? '']);
  }
  return groups;
};

/** The tests beside the rules: Talos documents, Taskfiles, values of bootstrap, schemas, switches. */
const runOthers = (): Count => {
  const folder = mkdtempSync(join(tmpdir(), 'platform-'));
  const output = join(folder, 'result.json');
  const folders = ['talos/', 'taskfiles/', 'bootstrap/'];
  const files = ['schemas.test.ts', 'toggles.test.ts'];
  const filters = [...folders, ...files].map((name) => `test/platform/${name}`);
  const args = [
    'run',
    '--project',
    'platform',
    '--reporter=json',
    `--outputFile=${output}`,
    ...filters,
  ];
  try {
    spawnSync('npx', ['vitest', ...args], { stdio: 'ignore' });
    const result: unknown = JSON.parse(readFileSync(output, 'utf8'));
    const tests = listAt(result, 'testResults').flatMap((file) => listAt(file, 'assertionResults'));
    const of = (status: string) => tests.filter((test) => textAt(test, 'status') === status);
    const skipped = tests.filter(
      (test) => !/^(?:passed|failed)$/.test(textAt(test, 'status') ?? ''),
    );
    for (const test of of('failed')) {
      say(`    failed: ${textAt(test, 'fullName') ?? ''}`);
    }
    for (const [group, names] of groupBy(skipped)) {
      say(`could not run: ${group}${names.map((name) => `\n    ${name}`).join('')}`);
    }
    say(`Talos, Taskfiles, bootstrap, schemas, switches: ${tests.length} tests`);
    return { passed: of('passed').length, failed: of('failed').length, skipped: skipped.length };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

// `make test` runs the self-test and the tests beside the rules by themselves
const { values: options } = parseArgs({ options: { rules: { type: 'boolean', default: false } } });

const platform = await openPlatform();
if (!platform.ok) {
  say(`could not run: the rules and their self-test (${platform.failure})`);
}
const held = platform.ok ? runRules(platform.value) : { ...none, skipped: rules.length };
const selfTested = platform.ok && !options.rules ? await runMutations(platform.value) : none;
const count = add(add(held, selfTested), options.rules ? none : runOthers());
say(countLine(count));
process.exitCode = count.failed === 0 ? 0 : 1;
