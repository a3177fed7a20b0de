import type { FluxRef } from '#src/flux/ref.ts';
import type { KnownHost } from '#src/git/origin.ts';
import type { Incident } from '#src/incident/incident.ts';
import type { Tracked } from '#src/incident/tracked.ts';

export interface IncidentSettings {
  /** How long an object must stay healthy before its incident resolves; ms. */
  readonly dwellMs: number;
  /** How long an object may wait for one that is well before that is an incident of its own; ms. */
  readonly waitingMs: number;
  /** Failing again within this time after the end takes the incident up again; ms. */
  readonly reopenMs: number;
  /** Git hosts whose pages are linked, beside the public ones. */
  readonly hosts?: readonly KnownHost[] | undefined;
}

export const defaultIncidentSettings: IncidentSettings = {
  dwellMs: 10_000,
  waitingMs: 30_000,
  reopenMs: 15 * 60_000,
};

export interface Situation {
  readonly tracked: Tracked;
  /** The newest incident of this object, ended or not. */
  readonly incident: Incident | undefined;
  readonly now: number;
  readonly settings: IncidentSettings;
  readonly lookup: (cluster: string, ref: FluxRef) => Tracked | undefined;
  /** Until when the object could not be seen; see `Sight`. */
  readonly blindUntil: number;
  /** Removes secrets and what differs each time, for comparing. */
  readonly clean: TextCleaning;
}

export interface TextCleaning {
  readonly redact: (text: string) => string;
  readonly normalise: (text: string) => string;
}

/** For how long something goes on that began at `since`, as far as it could be seen. */
export const lasts = ({ now, blindUntil }: Situation, since: number): number =>
  now - Math.max(since, blindUntil);
