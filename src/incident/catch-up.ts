import { printRef } from '#src/flux/ref.ts';
import { causeOf, hasEnded, type Incident } from '#src/incident/incident.ts';
import type { IncidentWriter } from '#src/incident/records.ts';
import { sayTrouble } from '#src/incident/wording.ts';
import { desireCard, loose } from '#src/slack/card.ts';
import type { Store } from '#src/store/store.ts';
import { sayCount, sayDuration } from '#src/text/duration.ts';
import type { Line, View } from '#src/view.ts';

/** When a keeper was last at work, ms; tells an outage of the bot from a change of the keeper. */
const lastKeptKey = 'last-kept';
const beatMs = 10_000;
/** Away for less than this is a restart, and no news. */
const outageMs = 60_000;
/** How long after the start the first lists are taken as "found", not as "happened". */
const settleMs = 20_000;

/** What was found on a start after an outage, or on the very first one: one message per channel. */
export interface CatchUp {
  /** An incident was written in this round. */
  note(writer: IncidentWriter, incident: Incident): void;
  /** Marks the time, and says what was found once the lists are in. @returns false when fenced */
  beat(writer: IncidentWriter, now: number): Promise<boolean>;
}

const item = (incident: Incident): Line => {
  const { ref, reason, cluster } = causeOf(incident);
  return [`${printRef(ref)} on ${cluster} ${sayTrouble(reason)}`];
};

const shown = 10;

/** @param awayMs - how long nobody watched; undefined on the first start */
export const catchUpView = (awayMs: number | undefined, found: readonly Incident[]): View => {
  const open = found.filter((incident) => !hasEnded(incident));
  const ended = found.length - open.length;
  const since =
    awayMs === undefined
      ? 'Watching from now on'
      : `Back after ${sayDuration(awayMs)} without watching`;
  const counts = [
    open.length === 0 ? 'nothing is failing' : `${sayCount(open.length, 'failure')} found`,
    ...(ended === 0 ? [] : [`${ended} ended meanwhile`]),
  ].join(', ');
  return {
    summary: `${since}: ${counts}`,
    parts: [
      {
        kind: 'heading',
        tone: open.length === 0 ? 'neutral' : 'warning',
        line: [{ kind: 'bold', text: since }, `: ${counts}`],
      },
      ...(open.length === 0
        ? []
        : [{ kind: 'list' as const, items: open.slice(0, shown).map(item) }]),
      ...(open.length > shown
        ? [{ kind: 'small' as const, line: [`${open.length - shown} more`] }]
        : []),
    ],
  };
};

/** @param startedAt - ms; when this keeper took over */
export const createCatchUp = async (
  store: Store,
  startedAt: number,
  name: string,
): Promise<CatchUp> => {
  const last = (await store.read(lastKeptKey))?.value;
  const awayMs = typeof last === 'number' ? startedAt - last : undefined;
  const found = new Map<string, Map<string, Incident>>();
  let over = awayMs !== undefined && awayMs < outageMs;
  let beatAt = Number.NEGATIVE_INFINITY;

  const say = async (writer: IncidentWriter, now: number): Promise<boolean> => {
    for (const [channel, incidents] of found) {
      const id = `catch-up-${name}@${channel}`;
      const view = catchUpView(awayMs, [...incidents.values()]);
      const card = desireCard(undefined, { id, channel, priority: 'digest', view }, now);
      const said =
        card === undefined
          ? 'committed'
          : await store.commit({
              fence: writer.fence,
              put: [card.put],
              index: [card.index, loose(id, now)],
            });
      if (said === 'fenced') {
        return false;
      }
    }
    over = true;
    return true;
  };

  return {
    note: (writer, incident) => {
      const channel = writer.channelOf(causeOf(incident).cluster);
      // what began after we came back is news of its own
      const old = incident.foundLate || (hasEnded(incident) && incident.openedAt < startedAt);
      if (!over && channel !== undefined && old) {
        const known = found.get(channel) ?? new Map<string, Incident>();
        found.set(channel, known.set(incident.id, incident));
      }
    },
    beat: async (writer, now) => {
      if (now - beatAt >= beatMs) {
        beatAt = now;
        const marked = await store.commit({
          fence: writer.fence,
          put: [{ key: lastKeptKey, value: now }],
        });
        if (marked === 'fenced') {
          return false;
        }
      }
      return over || now - startedAt < settleMs ? true : say(writer, now);
    },
  };
};
