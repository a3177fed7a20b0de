import { printRef } from '#src/flux/ref.ts';
import { sameRevision, shortRevision } from '#src/flux/revision.ts';
import {
  commitProblem,
  compareSpan,
  fixLine,
  revisionSpan,
  suspectParts,
} from '#src/incident/commit-lines.ts';
import { causeOf, type Incident, type Member, type StoryEntry } from '#src/incident/incident.ts';
import { commitOf } from '#src/incident/revisions.ts';
import { sayAdvice, sayObject, sayReason, sayTrouble } from '#src/incident/wording.ts';
import { sayCount, sayDuration } from '#src/text/duration.ts';
import type { Button, Line, Part, Span, View } from '#src/view.ts';

const bold = (text: string): Span => ({ kind: 'bold', text });
const at = (ms: number): Span => ({ kind: 'time', at: ms, precision: 'seconds' });

const revision = (member: Member, written: string | undefined, none: string): Line =>
  written === undefined ? [none] : [revisionSpan(member, written)];

const lastGood = (incident: Incident, member: Member): Line => {
  const compare = compareSpan(incident, member);
  return [
    ...revision(member, member.lastGood, 'never worked'),
    ...(compare === undefined ? [] : [' · ', compare]),
  ];
};

const buttonsFor = (member: Member): readonly Button[] => {
  const input = { object: printRef(member.ref), cluster: member.cluster };
  return [
    { label: 'Reconcile', command: 'reconcile', input },
    { label: 'Status', command: 'status', input },
  ];
};

const fieldsOf = (incident: Incident, member: Member): Part => ({
  kind: 'fields',
  fields: [
    { label: 'Object', line: [printRef(member.ref)] },
    {
      label: 'Since',
      line: [at(member.failingSince), ` · ${sayCount(member.attempts, 'attempt')}`],
    },
    ...(sameRevision(member.attempted, member.lastGood)
      ? [{ label: 'Revision', line: revision(member, member.attempted, 'none yet') }]
      : [
          { label: 'Now trying', line: revision(member, member.attempted, 'nothing yet') },
          { label: 'Last good', line: lastGood(incident, member) },
        ]),
  ],
});

const smallPrint = (incident: Incident, ...further: readonly (string | undefined)[]): Part => ({
  kind: 'small',
  line: [
    incident.id,
    ...further.flatMap((one) => (one === undefined ? [] : [` · ${one}`])),
    ...(incident.flaps === 0 ? [] : [` · failed again ${sayCount(incident.flaps, 'time')}`]),
    ...(incident.foundLate ? [' · was failing before it was watched'] : []),
  ],
});

const firstLine = (text: string): string => text.split('\n', 1)[0]?.slice(0, 200) ?? '';

const openCard = (incident: Incident, member: Member): View => {
  const name = sayObject(member.ref);
  const trouble = sayTrouble(member.reason);
  const reason = sayReason(member.message);
  return {
    summary: `${member.cluster}: ${printRef(member.ref)} ${trouble}: ${firstLine(reason)}`,
    parts: [
      {
        kind: 'heading',
        tone: 'failing',
        line: [bold(`${name} ${trouble}`), ' on ', bold(member.cluster)],
      },
      { kind: 'quote', text: reason },
      fieldsOf(incident, member),
      ...suspectParts(incident, member),
      { kind: 'text', line: [bold('What to do'), ' ', ...sayAdvice(member)] },
      { kind: 'buttons', buttons: buttonsFor(member) },
      smallPrint(incident, unread(incident, member)),
    ],
  };
};

const unread = (incident: Incident, member: Member): string | undefined => {
  const problem = commitProblem(incident, member);
  return problem === undefined ? undefined : `commits could not be read: ${problem}`;
};

const suspendedCard = (incident: Incident, member: Member): View => ({
  summary: `${member.cluster}: ${printRef(member.ref)} is suspended while it ${sayTrouble(member.reason)}.`,
  parts: [
    {
      kind: 'heading',
      tone: 'suspended',
      line: [
        bold(`${sayObject(member.ref)} is suspended while failing`),
        ' on ',
        bold(member.cluster),
      ],
    },
    { kind: 'quote', text: sayReason(member.message) },
    fieldsOf(incident, member),
    {
      kind: 'text',
      line: [
        'Flux does nothing with it until it is resumed. Suspended since ',
        at(member.since),
        '; the incident stays open.',
      ],
    },
    { kind: 'buttons', buttons: buttonsFor(member).slice(1) },
    smallPrint(incident),
  ],
});

const readyAt = (member: Member): Line => {
  if (member.lastGood === undefined) {
    return ['It is ready again.'];
  }
  const fixed = revisionSpan(member, member.lastGood);
  const { from, to } = member.git ?? {};
  const same: Line = from !== undefined && from === to ? [', without another commit'] : [];
  return sameRevision(member.attempted, member.lastGood) && member.attempted !== undefined
    ? ['Ready at ', fixed, ...same, member.checksHealth ? '.' : ': applied, health not checked.']
    : ['Ready with ', fixed, ...same, '.'];
};

const fixedBy = (incident: Incident, member: Member): Line => {
  const fix = fixLine(incident, member);
  if (fix === undefined) {
    return readyAt(member);
  }
  const says = fix.sha === commitOf(member.lastGood);
  const unchecked: Line = member.checksHealth ? [] : [' Applied, health not checked.'];
  return [...fix.line, ...(says ? unchecked : [' ', ...readyAt(member)])];
};

const resolvedCard = (incident: Incident, member: Member): View => {
  const lasted = sayDuration((incident.endedAt ?? member.since) - member.failingSince);
  const name = sayObject(member.ref);
  return {
    summary: `${member.cluster}: ${printRef(member.ref)} is well again after ${lasted}.`,
    parts: [
      {
        kind: 'heading',
        tone: 'recovered',
        line: [bold(`${name} is well again`), ' on ', bold(member.cluster), ` after ${lasted}`],
      },
      {
        kind: 'text',
        line: [`It ${was(sayTrouble(member.reason))}. `, ...fixedBy(incident, member)],
      },
      smallPrint(incident, `${sayCount(member.attempts, 'attempt')} failed`),
    ],
  };
};

/** `does not become healthy` → `did not become healthy`. */
const was = (trouble: string): string =>
  trouble
    .replace(/^does not /, 'did not ')
    .replace(/^cannot /, 'could not ')
    .replace(/^is /, 'was ')
    .replace(/^has /, 'had ')
    .replace(/^fails/, 'failed')
    .replace(/^waits/, 'waited');

const deletedCard = (incident: Incident, member: Member): View => ({
  summary: `${member.cluster}: ${printRef(member.ref)} was deleted while it ${sayTrouble(member.reason)}.`,
  parts: [
    {
      kind: 'heading',
      tone: 'deleted',
      line: [bold(`${sayObject(member.ref)} was deleted`), ' on ', bold(member.cluster)],
    },
    {
      kind: 'text',
      line: [
        `It ${was(sayTrouble(member.reason))} for ${sayDuration((incident.endedAt ?? member.since) - member.failingSince)}. If it comes back within 15 min and fails, this card goes on.`,
      ],
    },
    smallPrint(incident),
  ],
});

/** The card of an incident as it stands. Pure: the same incident gives the same card. */
export const incidentCard = (incident: Incident): View => {
  const member = causeOf(incident);
  switch (incident.state) {
    case 'open':
      return openCard(incident, member);
    case 'suspended':
      return suspendedCard(incident, member);
    case 'resolved':
      return resolvedCard(incident, member);
    case 'deleted':
      return deletedCard(incident, member);
    default:
      return incident.state satisfies never;
  }
};

/** What stands in a channel that the incidents of a cluster went to before. */
export const movedCard = (incident: Incident): View => {
  const { cluster, ref } = causeOf(incident);
  return {
    summary: `${cluster}: ${incident.id} about ${printRef(ref)} goes on in another channel.`,
    parts: [
      {
        kind: 'heading',
        tone: 'neutral',
        line: [bold(`${sayObject(ref)} goes on in another channel`), ' on ', bold(cluster)],
      },
      { kind: 'text', line: [`What happens on ${cluster} is told there from now on.`] },
      smallPrint(incident),
    ],
  };
};

const longText = (text: string): boolean => text.length > 280 || text.split('\n').length > 4;

const said = (summary: string, ...parts: readonly Part[]): View => ({
  summary,
  parts: [{ kind: 'text', line: [summary] }, ...parts],
});

/**
 * What the thread says about one piece of news; undefined where the card itself says it all. News of a
 * failure brings the buttons of the card along: in a thread there is no slash command, and the card is far up.
 */
export const storyReply = (entry: StoryEntry, cause: Member): View | undefined => {
  const quote: Part = { kind: 'quote', text: entry.text, whole: true };
  const buttons: Part = { kind: 'buttons', buttons: buttonsFor(cause) };
  switch (entry.kind) {
    case 'opened':
      return longText(entry.text) ? said('The whole message:', quote) : undefined;
    case 'reopened':
      return said('It fails again:', quote, buttons);
    case 'failed-differently':
      return said('It fails in another way now:', quote, buttons);
    case 'reported':
      return said('Flux reports:', quote);
    case 'suspended':
      return said('It was suspended.');
    case 'resumed':
      return said('It was resumed and is still failing.');
    case 'deleted':
      return said('It was deleted.');
    case 'resolved':
      return said(
        entry.text === ''
          ? 'It is well again.'
          : `It is well again, at ${shortRevision(entry.text)}.`,
      );
    default:
      return entry.kind satisfies never;
  }
};
