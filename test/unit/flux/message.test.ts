import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { normaliseMessage } from '#src/flux/message.ts';
import { readRecording } from '#test/fixtures/recordings.ts';

const failures = (name: string, object: string): readonly string[] =>
  readRecording(name)
    .webhooks.map(({ body }) => JSON.parse(body))
    .filter((event) => event.severity === 'error' && event.involvedObject.name === object)
    .map((event) => normaliseMessage(event.message));

describe('a normalised message', () => {
  it('is one for all attempts of a build that fails in a temporary folder', () => {
    const all = failures('02-build-failure', 'cert-manager-issuers');
    expect(all.length).toBeGreaterThan(3);
    expect(new Set(all).size).toBe(2); // the missing file, then the broken YAML
  });

  it('is one for all health checks that time out on the same thing', () => {
    const all = failures('04-health-timeout', 'harbor-registry');
    expect(new Set(all)).toEqual(
      new Set([
        "health check failed after <duration>: failed early due to stalled resources: [Deployment/harbor/harbor-registry status: 'Failed']",
      ]),
    );
  });

  it('masks times, digests and local ports, and keeps names, versions and addresses', () => {
    expect(
      normaliseMessage(
        'at 2026-11-23T18:20:46.998799405Z: main@sha1:ffa9d5388cd298e61ce86b70f3c624fea080c584 ' +
          'dial tcp 10.0.0.1:53422->10.0.0.9:443: app-024-web harbor@1.18.1 retrying in 1h2m3.5s ',
      ),
    ).toBe(
      'at <time>: main@<digest> dial tcp 10.0.0.1:<port>->10.0.0.9:443: app-024-web harbor@1.18.1 retrying in <duration>',
    );
  });

  // reading on from each dot to the end would run out of time
  it('is ready at once, however long a run of durations is', () => {
    const run = `${'1.1s'.repeat(50_000)}x`;
    expect(normaliseMessage(run)).toBe(run);
  });

  const pieces = fc.array(fc.constantFrom('1', '.', 's', 'ms', 'h', 'µs', ' ', 'x', '1.1s'));

  test.prop([pieces])('that is full of durations stays as it is when normalised again', (parts) => {
    const once = normaliseMessage(parts.join(''));
    expect(normaliseMessage(once)).toBe(once);
  });

  test.prop([fc.string()])('stays as it is when normalised again', (text) => {
    expect(normaliseMessage(normaliseMessage(text))).toBe(normaliseMessage(text));
  });
});
