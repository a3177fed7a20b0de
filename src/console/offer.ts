import { actorName } from '#src/command/actor.ts';
import type { Context } from '#src/command/define.ts';
import { targetOf } from '#src/command/policy.ts';
import { failureView } from '#src/console/failure-view.ts';
import { incidentCard } from '#src/incident/card.ts';
import type { CardSubject } from '#src/incident/find-card.ts';
import { causeOf, type Incident } from '#src/incident/incident.ts';
import { sayCount } from '#src/text/duration.ts';
import type { Button, Part, View } from '#src/view.ts';

/**
 * A message shortcut, as it stands in the menu of a message; the manifest of the app is made of this list.
 * Slack allows 24 characters for the name and 150 for the description.
 */
export interface MessageShortcut {
  readonly callbackId: string;
  readonly name: string;
  readonly description: string;
}

export const messageShortcuts: readonly MessageShortcut[] = [
  {
    callbackId: 'incident_options',
    name: 'What can be done',
    description: 'Shows what you can do about the incident of this card, also in a thread.',
  },
];

const nothingHere: View = {
  summary: 'This message is not the card of an incident.',
  parts: [
    {
      kind: 'heading',
      tone: 'neutral',
      line: [{ kind: 'bold', text: 'This message is not the card of an incident' }],
    },
    { kind: 'text', line: ['Take a card of this bot that tells of a failure.'] },
  ],
};

/** The object that an incident is about. */
export const objectOf = (incident: Incident) => {
  const { cluster, ref } = causeOf(incident);
  return targetOf(cluster, ref);
};

/** Whether a person may read an incident at all. */
export const mayRead = (incident: Incident, context: Context): boolean =>
  context.may('status', objectOf(incident));

/** What the card itself offers, and of that what this person may use. */
const usable = (incident: Incident, context: Context): readonly Button[] => {
  const target = objectOf(incident);
  const { cluster, object } = target;
  const onCard = incidentCard(incident).parts.flatMap((part) =>
    part.kind === 'buttons' ? part.buttons : [],
  );
  const status: Button = { label: 'Status', command: 'status', input: { object, cluster } };
  return (onCard.length > 0 ? onCard : [status]).filter(({ command }) => {
    const doc = context.commands.find(({ name }) => name === command);
    return (
      doc !== undefined && (doc.permission === undefined || context.may(doc.permission, target))
    );
  });
};

const offerIncident = (incident: Incident, context: Context): View => {
  if (!mayRead(incident, context)) {
    const { cluster, object } = objectOf(incident);
    return failureView(
      {
        code: 'not-allowed',
        permission: 'status',
        target: `status on ${object} on ${cluster}`,
        who: actorName(context.actor),
      },
      undefined,
    );
  }
  const card = incidentCard(incident);
  const [heading] = card.parts;
  return {
    summary: card.summary,
    parts: [
      ...(heading === undefined ? [] : [heading]),
      { kind: 'buttons', buttons: usable(incident, context) },
      { kind: 'small', line: [`${incident.id} · what you can do about it`] },
    ],
  };
};

const offerRollUp = (open: number, context: Context): View => {
  const failing: Part = {
    kind: 'buttons',
    buttons: [
      { label: 'All that fail', command: 'get', input: { filter: 'failing', cluster: 'all' } },
    ],
  };
  const title =
    open === 0
      ? 'All failures of this card have ended'
      : `This card stands for ${sayCount(open, 'failure')}`;
  return {
    summary: title,
    parts: [
      {
        kind: 'heading',
        tone: open === 0 ? 'recovered' : 'failing',
        line: [{ kind: 'bold', text: title }],
      },
      ...(open > 0 && context.mayEver('get') ? [failing] : []),
    ],
  };
};

/** What one person can do about what a message stands for; a click on each button is authorised anew. */
export const offerView = (subject: CardSubject | undefined, context: Context): View => {
  switch (subject?.kind) {
    case undefined:
      return nothingHere;
    case 'incident':
      return offerIncident(subject.incident, context);
    case 'roll-up':
      return offerRollUp(subject.open, context);
    default:
      return subject satisfies never;
  }
};
