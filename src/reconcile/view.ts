import { actorName } from '#src/command/actor.ts';
import type { Progress, StepRecord } from '#src/command/define.ts';
import { printRef } from '#src/flux/ref.ts';
import type { ReconcilePlan } from '#src/reconcile/plan.ts';
import { sayDuration } from '#src/text/duration.ts';
import type { Line, Part, Span, Step, Tone, View } from '#src/view.ts';

const bold = (text: string): Span => ({ kind: 'bold', text });

const tones: Record<Progress['status'], Tone> = {
  running: 'running',
  succeeded: 'succeeded',
  failed: 'failing',
};

const verbs: Record<Progress['status'], string> = {
  running: 'Reconcile',
  succeeded: 'Reconciled',
  failed: 'Could not reconcile',
};

const took = (record: StepRecord): number | undefined =>
  record.startedAt === undefined || record.endedAt === undefined
    ? undefined
    : record.endedAt - record.startedAt;

/** Under way, or about to be: what it waits for is worth showing. */
const isWaiting = ({ state }: StepRecord): boolean => state === 'running' || state === 'pending';

interface Shown {
  readonly title: string;
  readonly record: StepRecord;
  readonly now: number;
  readonly limitMs?: number | undefined;
}

const shownStep = ({ title, record, now, limitMs }: Shown): Step => {
  const waited =
    record.state === 'running' && record.startedAt !== undefined && limitMs !== undefined
      ? ` · ${sayDuration(now - record.startedAt)} of ${sayDuration(limitMs)}`
      : '';
  const line: Line = [
    title,
    ...(record.state === 'done' && record.detail !== undefined ? [' ', ...record.detail] : []),
    waited,
  ];
  const tookMs = took(record);
  return {
    state: record.state,
    line: line.filter((span) => span !== ''),
    ...(isWaiting(record) && record.detail !== undefined ? { detail: record.detail } : {}),
    ...(tookMs === undefined ? {} : { tookMs }),
  };
};

const asking: Record<StepRecord['state'], string> = {
  pending: 'Ask',
  running: 'Asking',
  done: 'Asked',
  failed: 'Could not ask',
  skipped: 'Not asked:',
};
const fetching: Record<StepRecord['state'], string> = {
  pending: 'Fetch',
  running: 'Fetching',
  done: 'Fetched',
  failed: 'Could not fetch',
  skipped: 'Not fetched:',
};
const applying: Record<StepRecord['state'], string> = {
  pending: 'Result of',
  running: 'Waiting for',
  done: 'Ready:',
  failed: 'Not ready:',
  skipped: 'Not waited for:',
};

const titleOf = ({ name, state }: StepRecord, many: boolean): string => {
  const [verb = '', object = '', cluster = ''] = name.split(' ');
  const isSource = !(object.startsWith('ks/') || object.startsWith('hr/'));
  const applied = isSource ? fetching : applying;
  return `${(verb === 'ask' ? asking : applied)[state]} ${object}${many ? ` on ${cluster}` : ''}`;
};

/** How long what a step follows may take; a source has no time-out of its own to be shown. */
const limitOf = ({ name }: StepRecord, plan: ReconcilePlan): number | undefined => {
  const [verb, object, cluster] = name.split(' ');
  return verb === 'follow'
    ? plan.targets.find((one) => one.cluster === cluster && printRef(one.ref) === object)?.limitMs
    : undefined;
};

const resultLine = (plan: ReconcilePlan, progress: Progress): Part | undefined => {
  const unchecked = plan.targets.filter((target) => !target.checksHealth);
  return progress.status === 'succeeded' && unchecked.length > 0
    ? {
        kind: 'text',
        line: [
          `Applied, health not checked: ${unchecked.map((target) => printRef(target.ref)).join(', ')} ${unchecked.length === 1 ? 'has' : 'have'} no health check.`,
        ],
      }
    : undefined;
};

const lastRevision = (progress: Progress): Line => {
  const detail = progress.records.at(-1)?.detail;
  return progress.status === 'succeeded' && detail !== undefined ? [' at ', ...detail] : [];
};

const spanText = (span: Span): string => {
  if (typeof span === 'string') {
    return span;
  }
  return 'text' in span ? span.text : '';
};

/** The card of a reconcile: steps while it runs, a result when it ends. */
export const reconcileView = (plan: ReconcilePlan, progress: Progress | undefined): View => {
  const clusters = [...new Set(plan.targets.map((target) => target.cluster))];
  const [first] = plan.targets;
  const object = first === undefined ? '' : printRef(first.ref);
  const what = `${object} on ${clusters.join(' and ')}`;
  if (progress === undefined) {
    return { summary: `Reconcile ${what}`, parts: [] };
  }
  const { status, records, now, startedAt, endedAt } = progress;
  const done = records.filter((record) => record.state === 'done').length;
  const duration = endedAt === undefined ? '' : `, ${sayDuration(endedAt - startedAt)}`;
  const current = records.find((record) => isWaiting(record) && record.detail !== undefined);
  const doing = current?.detail?.map(spanText).join('') ?? '';
  const result = resultLine(plan, progress);
  const heading: Line = [
    bold(`${verbs[status]} ${object}`),
    ' on ',
    bold(clusters.join(' and ')),
    ...lastRevision(progress),
    duration,
    ` — asked by ${actorName(progress.askedBy)}`,
  ].filter((span) => span !== '');
  return {
    summary:
      status === 'running'
        ? `Reconcile ${what}: step ${done + 1} of ${records.length}${doing === '' ? '' : `, ${doing}`}`
        : `${verbs[status]} ${what}${lastRevision(progress).map(spanText).join('')}${duration}${progress.failure === undefined ? '' : `: ${progress.failure}`}`,
    parts: [
      { kind: 'heading', tone: tones[status], line: heading },
      ...(progress.failure === undefined
        ? []
        : [{ kind: 'quote' as const, text: progress.failure }]),
      ...(progress.advice === undefined
        ? []
        : [{ kind: 'text' as const, line: [progress.advice] }]),
      {
        kind: 'steps',
        steps: records.map((record) =>
          shownStep({
            title: titleOf(record, clusters.length > 1),
            record,
            now,
            limitMs: limitOf(record, plan),
          }),
        ),
      },
      ...(result === undefined ? [] : [result]),
      ...(status === 'running' ? [{ kind: 'progress' as const, done, total: records.length }] : []),
      { kind: 'small', line: [progress.id] },
    ],
  };
};
