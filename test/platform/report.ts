import type { Verdict } from '#test/platform/rules.ts';
import { longestPath, secondsOf } from '#test/platform/world/graph.ts';
import type { Cluster } from '#test/platform/world/world.ts';

export interface Count {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** The last line of every run. */
export const countLine = (count: Count): string =>
  `${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`;

const cell = (verdicts: readonly Verdict[], on: string): string => {
  const verdict = verdicts.find((candidate) => candidate.on === on);
  if (verdict === undefined) {
    return '';
  }
  return verdict.findings.length === 0 ? 'ok' : String(verdict.findings.length);
};

/** The table of rules by clusters, each finding below its rule. */
export const ruleTable = (verdicts: readonly Verdict[], columns: readonly string[]): string => {
  const names = [...new Set(verdicts.map(({ rule }) => rule.name))];
  const width = Math.max(...names.map((name) => name.length));
  const row = (name: string, cells: readonly string[], note: string): string =>
    [name.padEnd(width), ...cells.map((text) => text.padStart(5)), ` ${note}`].join(' ').trimEnd();
  const lines = names.flatMap((name) => {
    const own = verdicts.filter(({ rule }) => rule.name === name);
    const cells = columns.map((column) => cell(own, column));
    const findings = own.flatMap(({ on, findings: found }) =>
      found.map(({ where, what }) => `    ${on}: ${where}: ${what}`),
    );
    return [row(name, cells, own[0]?.rule.summary ?? ''), ...findings];
  });
  return [row('rule', columns, ''), ...lines].join('\n');
};

const minutes = (seconds: number): string =>
  `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;

/** The chain that decides when a cluster is Ready, with an estimate of how long it takes. */
export const pathReport = (cluster: Cluster): string => {
  const { names, seconds } = longestPath(cluster);
  const steps = names.map((name) => {
    const layer = cluster.layers.find((candidate) => candidate.name === name);
    return `${name} (${layer === undefined ? 0 : secondsOf(layer)} s)`;
  });
  return `${cluster.name}: longest path ${names.length} layers, about ${minutes(seconds)} to Ready\n    ${steps.join(' > ')}`;
};
