import { describe, expect, it } from 'vitest';
import { parseFluxObject } from '#src/flux/object.ts';
import { foldIncident, type Incident, keyOf, type Member } from '#src/incident/incident.ts';
import { defaultIncidentSettings } from '#src/incident/situation.ts';
import { adopt, createWorld, decideFor, dueKeys, nextDue, observe } from '#src/incident/world.ts';
import { type RecordedChange, readRecording } from '#test/fixtures/recordings.ts';

const clean = { redact: (text: string) => text, normalise: (text: string) => text };
const short = (sha: string | undefined): string => sha?.slice(0, 7) ?? '';

/** `open 1111111..2222222`: each change in question, as one object's incidents had it in the end. */
const rangesOf = (name: string, cause: string): readonly string[] => {
  const world = createWorld();
  const ranges: string[] = [];
  let opened = 0;
  const note = (state: Incident['state'], member: Member | undefined): void => {
    if (member?.git !== undefined && keyOf(member) === cause) {
      ranges.push(`${state} ${short(member.git.from)}..${short(member.git.to)}`);
    }
  };
  const settle = (key: string, now: number): void => {
    const decision = decideFor(world, key, now, defaultIncidentSettings, clean);
    const incident = world.incidents.get(world.latest.get(key) ?? '');
    if (decision.kind === 'open') {
      opened += 1;
      const { member, story } = decision;
      note('open', member);
      adopt(world, {
        id: `INC-${opened}`,
        state: 'open',
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
    if (decision.kind === 'change' && incident !== undefined) {
      const after = foldIncident(incident, decision.change);
      adopt(world, after);
      if (after.state === 'resolved') {
        note(after.state, decision.change.member);
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
  const take = ({ cluster, type, object: wire, atMs }: RecordedChange): void => {
    const found = parseFluxObject(wire);
    elapse(atMs);
    if (found !== undefined) {
      // the recordings were made on a host without pages
      const isSource = found.ref.kind === 'GitRepository';
      const object = isSource ? { ...found, url: 'https://github.com/acme/platform' } : found;
      const { ref, uid } = object;
      const observation =
        type === 'DELETED'
          ? { type: 'gone' as const, cluster, epoch: 1, ref, uid }
          : { type: 'object' as const, cluster, epoch: 1, object };
      for (const key of observe(world, observation, atMs).touched) {
        settle(key, atMs);
      }
    }
  };
  const { watch } = readRecording(name);
  for (const line of watch) {
    take(line);
  }
  elapse((watch.at(-1)?.atMs ?? 0) + 15_000);
  return ranges;
};

describe('of what real controllers did, the change in question', () => {
  it.each([
    // a pass that begins names its revision before it has a result: that one is no failure
    [
      '16-revert-commit',
      'infra/Kustomization/victoria-logs/victoria-logs',
      ['open 7ec6a40..a769097', 'resolved a769097..a4ac446'],
    ],
    [
      '11-both-clusters',
      'apps/Kustomization/kyverno/kyverno',
      ['open 680e33c..6ecd669', 'resolved 6ecd669..17f3f3e'],
    ],
    [
      '15-rollback-pin',
      'infra/Kustomization/platform/harbor',
      ['open 27794c3..be40f7a', 'resolved be40f7a..27794c3'],
    ],
    // the same revision, once the cluster had what it needs
    [
      '04-health-timeout',
      'infra/Kustomization/harbor/harbor',
      ['open 772f24f..f2ee340', 'resolved f2ee340..f2ee340'],
    ],
    // a release, by the history of the Kustomization that made it
    [
      '07-helm-upgrade-rollback',
      'apps/HelmRelease/harbor/harbor',
      ['open 7d90ade..9e5df60', 'resolved f80b22e..2832445'],
    ],
  ])('in %s is found for %s', (recording, cause, ranges) => {
    expect(rangesOf(recording, cause)).toEqual(ranges);
  });
});
