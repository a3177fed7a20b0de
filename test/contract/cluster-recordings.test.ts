import { createHmac } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findKustomize, type Kustomize } from '#src/render/kustomize.ts';
import { createRenderer } from '#src/render/render.ts';
import { readRecording, recordingKey, recordingNames } from '#test/fixtures/recordings.ts';
import { buildWith } from '#test/sandbox/controllers/kustomize/build.ts';
import { seededRandom } from '#test/sandbox/controllers/world.ts';
import { keepBuilds } from '#test/sandbox/kept-builds.ts';
import { factsOf, messagesOf, resultsOnly, storiesOf } from '#test/sandbox/replay/compare.ts';
import { keptResultsOnly, tolerated, toleratedFacts } from '#test/sandbox/replay/differences.ts';
import type { Played } from '#test/sandbox/replay/schedule.ts';
import { scripts } from '#test/sandbox/replay/scripts.ts';
import { playOnSandbox } from '#test/sandbox/replay/stage.ts';

const kinds = ['GitRepository', 'Kustomization', 'HelmRepository', 'HelmChart', 'HelmRelease'];

// heartbeats and retries depend on some ms here or there
const mayDiffer = (count: number): number => Math.max(1, Math.ceil(count * 0.15));

let kustomize: Kustomize;
let folder: string;
const done = new Map<string, Promise<Played>>();

const play = (name: string): Promise<Played> => {
  const build = buildWith(createRenderer(kustomize), seededRandom(7));
  const playing = done.get(name) ?? playOnSandbox(readRecording(name), { build, ...scripts[name] });
  done.set(name, playing);
  return playing;
};

/** What only one of two lists has, but for what is tolerated; and what is tolerated but did not differ. */
const differences = (name: string, recorded: readonly string[], seen: readonly string[]) => {
  const differing = [
    ...recorded.filter((text) => !seen.includes(text)).map((text) => `only recorded: ${text}`),
    ...seen
      .filter((text) => !recorded.includes(text))
      .map((text) => `only on the sandbox: ${text}`),
  ];
  const known = tolerated[name] ?? [];
  return {
    unknown: differing.filter((text) => !known.some((one) => text.includes(one.text))),
    used: known.filter((one) => differing.some((text) => text.includes(one.text))),
  };
};

beforeAll(async () => {
  const found = await findKustomize(process.env['PATH'] ?? '');
  if (!found.ok) {
    throw new Error(JSON.stringify(found.failure));
  }
  folder = await mkdtemp(join(tmpdir(), 'kept-builds-'));
  kustomize = keepBuilds(found.value, folder);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

// the storm alone builds 122 Kustomizations, one after the other
const timeout = 120_000;

describe.each(recordingNames())('%s, played on the sandbox', { timeout }, (name) => {
  it('passes through the same states, and says the same', async () => {
    const recording = readRecording(name);
    const { changes, webhooks } = await play(name);
    const shown = keptResultsOnly.includes(name) ? resultsOnly(changes) : changes;
    const flat = (stories: ReturnType<typeof storiesOf>): readonly string[] =>
      [...stories].flatMap(([about, { transitions }]) =>
        transitions.map((text) => `${about}\n${text}`),
      );
    const said = (messages: ReturnType<typeof messagesOf>): readonly string[] =>
      messages.map(({ about, said: text }) => `${about} ${text}`);
    const states = differences(
      name,
      flat(storiesOf(recording.watch, kinds)),
      flat(storiesOf(shown, kinds)),
    );
    const texts = differences(
      name,
      said(messagesOf(recording.webhooks)),
      said(messagesOf(webhooks)),
    );

    expect(states.unknown).toEqual([]);
    expect(texts.unknown).toEqual([]);
    expect(new Set([...states.used, ...texts.used])).toEqual(new Set(tolerated[name]));
  });

  it('writes every status field and Event that was recorded', async () => {
    const recording = readRecording(name);
    const { changes } = await play(name);
    const seen = factsOf(changes, kinds);
    const missing = [...factsOf(recording.watch, kinds)].filter((fact) => !seen.has(fact));
    const known = toleratedFacts[name] ?? [];

    expect(missing.filter((fact) => !known.some(({ text }) => fact.includes(text)))).toEqual([]);
    expect(known.filter(({ text }) => !missing.some((fact) => fact.includes(text)))).toEqual([]);
  });

  it('says each thing as often, give or take a retry', async () => {
    const recording = readRecording(name);
    const { webhooks } = await play(name);
    const counts = new Map(
      messagesOf(webhooks).map(({ about, said, count }) => [`${about} ${said}`, count]),
    );
    const wrong = messagesOf(recording.webhooks).flatMap(({ about, said, count }) => {
      const seen = counts.get(`${about} ${said}`) ?? 0;
      return seen === 0 || Math.abs(seen - count) <= mayDiffer(count)
        ? []
        : [{ about, said, recorded: count, seen }];
    });

    expect(wrong).toEqual([]);
  });

  it('signs every request as recorded', async () => {
    const { webhooks } = await play(name);
    const unsigned = webhooks.filter(
      ({ body, cluster, headers }) =>
        headers['x-signature'] !==
        `sha256=${createHmac('sha256', recordingKey(cluster)).update(body).digest('hex')}`,
    );

    expect(webhooks.length).toBeGreaterThan(0);
    expect(unsigned).toEqual([]);
  });
});
