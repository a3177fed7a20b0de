import { describe, expect, it } from 'vitest';
import { parseFluxObject } from '#src/flux/object.ts';
import { foldIncident, type Incident, keyOf } from '#src/incident/incident.ts';
import { defaultIncidentSettings } from '#src/incident/situation.ts';
import { adopt, createWorld, decideFor, dueKeys, nextDue, observe } from '#src/incident/world.ts';
import { type RecordedChange, readRecording, recordingNames } from '#test/fixtures/recordings.ts';

const settings = { ...defaultIncidentSettings, dwellMs: 5_000 };
const clean = {
  redact: (text: string) => text,
  normalise: (text: string) => text.replace(/[\d.]+m?s\b/g, '_'),
};

/** Feeds the objects of a recording to the decisions alone: no store, no queue, no Slack. */
const incidentsOf = (lines: readonly RecordedChange[]): readonly Incident[] => {
  const world = createWorld();
  let opened = 0;
  const settle = (key: string, now: number): void => {
    const decision = decideFor(world, key, now, settings, clean);
    if (decision.kind === 'open') {
      opened += 1;
      const { member, story } = decision;
      adopt(world, {
        id: `INC-${opened}`,
        state: member.standing === 'suspended' ? 'suspended' : 'open',
        cause: keyOf(member),
        members: [member],
        blocked: [],
        openedAt: now,
        flaps: 0,
        foundLate: false,
        rolledUp: false,
        story: [story],
      });
    }
    if (decision.kind === 'change') {
      const incident = world.incidents.get(world.latest.get(key) ?? '');
      if (incident !== undefined) {
        adopt(world, foldIncident(incident, decision.change));
      }
    }
  };
  const elapse = (until: number): void => {
    for (let due = nextDue(world); due !== undefined && due <= until; due = nextDue(world)) {
      for (const key of dueKeys(world, due)) {
        settle(key, due);
      }
    }
  };
  for (const line of lines) {
    const object = parseFluxObject(line.object);
    elapse(line.atMs);
    if (object !== undefined) {
      const { cluster } = line;
      const observation =
        line.type === 'DELETED'
          ? { type: 'gone' as const, cluster, epoch: 1, ref: object.ref, uid: object.uid }
          : { type: 'object' as const, cluster, epoch: 1, object };
      for (const key of observe(world, observation, line.atMs).touched) {
        settle(key, line.atMs);
      }
    }
  }
  elapse((lines.at(-1)?.atMs ?? 0) + 15_000);
  return [...world.incidents.values()];
};

// the others need the dependency graph to be right
const alone = recordingNames().filter((name) => readRecording(name).expected.needs === undefined);

describe.each(alone)('%s', (name) => {
  const recording = readRecording(name);
  const { expected } = recording;

  it('gives the incidents that a good bot makes of it', () => {
    const incidents = incidentsOf(recording.watch);

    const seen = incidents.map((incident) => ({
      rootCause: incident.cause.split('/').slice(1).join('/'),
      clusters: incident.members.map((member) => member.cluster).toSorted(),
      state: incident.state,
    }));
    expect(new Set(seen)).toEqual(
      new Set(
        expected.incidents.map(({ rootCause, clusters, state }) => ({
          rootCause,
          clusters,
          state,
        })),
      ),
    );
    for (const { rootCause, openedWithinMs, resolvedWithinMs } of expected.incidents) {
      const incident = incidents.find((one) => one.cause.endsWith(rootCause));
      if (openedWithinMs !== undefined) {
        expect(incident?.openedAt).toBeGreaterThanOrEqual(openedWithinMs[0] ?? 0);
        expect(incident?.openedAt).toBeLessThanOrEqual(openedWithinMs[1] ?? 0);
      }
      if (resolvedWithinMs !== undefined) {
        expect(incident?.endedAt).toBeGreaterThanOrEqual(resolvedWithinMs[0] ?? 0);
        expect(incident?.endedAt).toBeLessThanOrEqual(resolvedWithinMs[1] ?? 0);
      }
    }
  });
});
