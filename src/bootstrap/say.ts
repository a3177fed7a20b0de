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

/** How far a cluster has climbed, for a terminal: a line for each rung, the cause under the one that blocks. */
export const sayClimb = (climb: Climb): string => {
  const { cluster, rungs, reached, elapsedMs, budgetMs, blocked, blockedMs, isLate } = climb;
  const age = elapsedMs === undefined ? '' : ` · ${sayDuration(elapsedMs)} old`;
  const remarks = rungs.flatMap(({ units }) =>
    units.filter(({ outcome }) => outcome === 'warning'),
  );
  const open = (rung: RungResult): readonly Unit[] =>
    rung.units.filter((unit) => !unitPasses(unit));
  return [
    `${cluster}: ${reached} of ${rungs.length} · budget ${sayDuration(budgetMs)}${age}`,
    ...rungs.flatMap((rung) => [
      `  ${marks[rung.state]} ${rung.title} ${rung.passed}/${rung.total}`,
      ...(rung === blocked?.rung ? sayCause(blocked.cause, blockedMs, isLate) : []),
      ...(rung.state === 'unproven'
        ? open(rung).map((unit) => `    not looked at: ${sayUnit(unit)}`)
        : []),
    ]),
    ...remarks.map((unit) => `  ! ${sayUnit(unit)}`),
  ].join('\n');
};
