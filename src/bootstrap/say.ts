import type { Climb, RungResult } from '#src/bootstrap/climb.ts';
import { type Unit, unitPasses } from '#src/bootstrap/units.ts';
import { sayDuration } from '#src/text/duration.ts';

const marks: Readonly<Record<RungResult['state'], string>> = {
  passed: '✓',
  unproven: '?',
  blocked: '✗',
};

const sayUnit = ({ subject, detail }: Unit): string => `${subject} ${detail}`.trim();

const sayCause = (
  cause: Unit,
  blockedMs: number | undefined,
  isLate: boolean,
): readonly string[] => {
  const since = blockedMs === undefined ? '' : `, since ${sayDuration(blockedMs)}`;
  return [
    `    ${sayUnit(cause)}${since}${isLate ? ' (over budget)' : ''}`,
    ...(cause.message === '' ? [] : [`    ${cause.message}`]),
    ...(cause.next === undefined ? [] : [`    What to do: ${cause.next}`]),
  ];
};

/** What could not be looked at, a line for each reason: a cluster that is away is one reason for all. */
const sayUnseen = (units: readonly Unit[]): readonly string[] => {
  const byReason = Map.groupBy(units, ({ detail }) => detail);
  return [...byReason.values()].flatMap(([first, ...others]) =>
    first === undefined
      ? []
      : [
          `not looked at: ${sayUnit(first)}${others.length > 0 ? ` and ${others.length} more` : ''}`,
        ],
  );
};

/** How far a cluster has climbed, for a terminal: a line for each rung, the cause under the one that blocks. */
export const sayClimb = (climb: Climb): string => {
  const { cluster, rungs, reached, elapsedMs, budgetMs, blocked, blockedMs, isLate } = climb;
  const age = elapsedMs === undefined ? '' : ` · ${sayDuration(elapsedMs)} old`;
  const remarks = rungs.flatMap(({ units }) =>
    units.filter(({ outcome }) => outcome === 'warning'),
  );
  const open = (rung: RungResult): readonly Unit[] =>
    rung.units.filter((unit) => !unitPasses(unit));
  const head = `${cluster}: ${reached} of ${rungs.length} · budget ${sayDuration(budgetMs)}${age}`;
  if (rungs.every(({ state }) => state === 'unproven')) {
    return [head, ...sayUnseen(rungs.flatMap(open)).map((line) => `  ${line}`)].join('\n');
  }
  return [
    head,
    ...rungs.flatMap((rung) => [
      `  ${marks[rung.state]} ${rung.title} ${rung.passed}/${rung.total}`,
      ...(rung === blocked?.rung ? sayCause(blocked.cause, blockedMs, isLate) : []),
      ...(rung.state === 'unproven' ? sayUnseen(open(rung)).map((line) => `    ${line}`) : []),
    ]),
    ...remarks.map((unit) => `  ! ${sayUnit(unit)}`),
  ].join('\n');
};
