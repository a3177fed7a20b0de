import { z } from 'zod';
import { printRef } from '#src/flux/ref.ts';
import { causeOf, hasEnded, type Incident } from '#src/incident/incident.ts';
import { sayTrouble } from '#src/incident/wording.ts';
import { sayCount } from '#src/text/duration.ts';
import type { Line, View } from '#src/view.ts';

/** More new cards than this waiting for one channel become one roll-up card. */
export const crowdLimit = 10;
/** An incident that is still open after this (ms) gets a card of its own. */
export const rolledUpMs = 10 * 60_000;

const Entry = z.object({
  incident: z.string(),
  cluster: z.string(),
  object: z.string(),
  reason: z.string(),
  state: z.enum(['open', 'ended', 'own-card']),
});

/** What one channel's newest roll-up card stands for; a new one begins when all of it has ended. */
export const RollUp = z.object({ number: z.number(), entries: z.array(Entry) });
export type RollUp = z.infer<typeof RollUp>;

export const rollUpKey = (channel: string): string => `roll-up/${channel}`;
export const rollUpCardId = (channel: string, number: number): string =>
  `roll-up-${number}@${channel}`;

const stateOf = (incident: Incident): RollUp['entries'][number]['state'] => {
  if (!incident.rolledUp) {
    return 'own-card';
  }
  return hasEnded(incident) ? 'ended' : 'open';
};

/** Takes an incident's news into the channel's roll-up. Pure. */
export const intoRollUp = (before: RollUp | undefined, incident: Incident): RollUp => {
  const member = causeOf(incident);
  const entry = {
    incident: incident.id,
    cluster: member.cluster,
    object: printRef(member.ref),
    reason: member.reason,
    state: stateOf(incident),
  };
  const known = before?.entries.some((one) => one.incident === incident.id) === true;
  if (before !== undefined && known) {
    return {
      ...before,
      entries: before.entries.map((one) => (one.incident === incident.id ? entry : one)),
    };
  }
  const goesOn = before?.entries.some((one) => one.state === 'open') === true;
  return before !== undefined && goesOn
    ? { ...before, entries: [...before.entries, entry] }
    : { number: (before?.number ?? 0) + 1, entries: [entry] };
};

const shown = 10;

/** The card of a roll-up: how many, which, and how many are well again. */
export const rollUpCard = ({ entries }: RollUp): View => {
  const open = entries.filter((entry) => entry.state === 'open');
  const ended = entries.filter((entry) => entry.state === 'ended').length;
  const own = entries.filter((entry) => entry.state === 'own-card').length;
  const clusters = [...new Set(entries.map((entry) => entry.cluster))].join(' and ');
  const rest = [
    ...(ended === 0 ? [] : [`${ended} well again or gone`]),
    ...(own === 0 ? [] : [`${own} with a card of their own`]),
  ].join(', ');
  const title =
    open.length === 0
      ? `All ${entries.length} further failures have ended`
      : `${sayCount(open.length, 'more failure')} at once`;
  return {
    summary: `${clusters}: ${title}${rest === '' ? '' : ` (${rest})`}`,
    parts: [
      {
        kind: 'heading',
        tone: open.length === 0 ? 'recovered' : 'failing',
        line: [
          { kind: 'bold', text: title },
          ' on ',
          { kind: 'bold', text: clusters },
          ...(rest === '' ? [] : [` · ${rest}`]),
        ],
      },
      ...(open.length === 0
        ? []
        : [
            {
              kind: 'list' as const,
              items: open
                .slice(0, shown)
                .map((entry): Line => [`${entry.object} ${sayTrouble(entry.reason)}`]),
            },
          ]),
      ...(open.length === 0
        ? []
        : [
            {
              kind: 'small' as const,
              line: [
                ...(open.length > shown ? [`${open.length - shown} more. `] : []),
                'What is still failing after 10 min gets a card of its own.',
              ],
            },
          ]),
    ],
  };
};
