import type { Climb, RungResult } from '#src/bootstrap/climb.ts';
import { type Unit, unitPasses } from '#src/bootstrap/units.ts';
import { sayDuration } from '#src/text/duration.ts';
import type { Line, Part, Step, View } from '#src/view.ts';

const sayUnit = ({ subject, detail }: Unit): string => `${subject} ${detail}`.trim();

const openUnits = (rung: RungResult): readonly Unit[] =>
  rung.units.filter((unit) => !unitPasses(unit));

const stepOf = (rung: RungResult, climb: Climb): Step => {
  const line: Line = [rung.title, ` ${rung.passed}/${rung.total}`];
  if (rung.state === 'passed') {
    return { state: 'done', line };
  }
  if (rung === climb.blocked?.rung) {
    return { state: 'failed', line };
  }
  const [first, ...others] = openUnits(rung);
  const more = others.length === 0 ? '' : ` and ${others.length} more`;
  return rung.state === 'unproven'
    ? {
        state: 'skipped',
        line,
        ...(first === undefined ? {} : { detail: [`not looked at: ${sayUnit(first)}${more}`] }),
      }
    : { state: 'pending', line };
};

const causeParts = ({ blocked, blockedMs, isLate }: Climb): readonly Part[] => {
  if (blocked === undefined) {
    return [];
  }
  const { cause, rung } = blocked;
  const since = blockedMs === undefined ? '' : `, since ${sayDuration(blockedMs)}`;
  const late = isLate ? ` (its budget is ${sayDuration(rung.budgetMs)})` : '';
  return [
    {
      kind: 'text',
      line: [
        { kind: 'bold', text: `${rung.title} is blocked by ` },
        { kind: 'code', text: cause.subject },
        `${cause.detail === '' ? '' : ` ${cause.detail}`}${since}${late}`,
      ],
    },
    ...(cause.message === '' ? [] : [{ kind: 'quote' as const, text: cause.message }]),
    ...(cause.next === undefined
      ? []
      : [
          {
            kind: 'text' as const,
            line: [{ kind: 'bold' as const, text: 'What to do ' }, cause.next],
          },
        ]),
  ];
};

const partsOf = (climb: Climb): readonly Part[] => {
  const { cluster, reached, rungs, elapsedMs, budgetMs, blocked } = climb;
  const remarks = rungs.flatMap(({ units }) =>
    units.filter(({ outcome }) => outcome === 'warning'),
  );
  const age = elapsedMs === undefined ? '' : ` · ${sayDuration(elapsedMs)} old`;
  const isDone = reached === rungs.length;
  return [
    {
      kind: 'heading',
      tone: isDone ? 'succeeded' : blocked === undefined ? 'warning' : 'failing',
      line: [
        { kind: 'bold', text: cluster },
        `: ${reached} of ${rungs.length} rungs${age} · budget ${sayDuration(budgetMs)}`,
      ],
    },
    { kind: 'steps', steps: rungs.map((rung) => stepOf(rung, climb)) },
    ...causeParts(climb),
    ...(remarks.length === 0
      ? []
      : [
          { kind: 'text' as const, line: ['Worth a look:'] },
          { kind: 'list' as const, items: remarks.map((unit): Line => [sayUnit(unit)]) },
        ]),
  ];
};

/** How far clusters have climbed: every rung, what blocks the first one that is, and what to do about it. */
export const climbView = (climbs: readonly Climb[]): View => ({
  summary: climbs
    .map(
      ({ cluster, reached, rungs, blocked }) =>
        `${cluster}: ${reached} of ${rungs.length} rungs${blocked === undefined ? '' : `, blocked by ${sayUnit(blocked.cause)}`}`,
    )
    .join('; '),
  parts: climbs.flatMap(partsOf),
});
