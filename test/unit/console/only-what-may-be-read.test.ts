import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { commands } from '#commands/index.ts';
import { createMemoryCluster } from '#src/cluster/memory.ts';
import { contextFor, type Surroundings } from '#src/command/context.ts';
import { createDispatch } from '#src/command/dispatch.ts';
import { formOf } from '#src/command/form.ts';
import type { Grant } from '#src/command/policy.ts';
import { failureView } from '#src/console/failure-view.ts';
import { offersAfter } from '#src/console/offers.ts';
import { silentLog } from '#src/log.ts';
import { renderMessage } from '#src/slack/blocks.ts';
import { formView } from '#src/slack/form-blocks.ts';
import { countingIds, createVirtualClock } from '#test/fakes/clock.ts';
import { failing, now, put, robin } from '#test/unit/commands/stage.ts';

/** What the person may not look at is called by words that stand nowhere else. */
const hidden = ['veiled-one', 'veiled-two', 'shut-space', 'cellar'] as const;

const grant: Grant = {
  role: 'media-team',
  permissions: ['status', 'get', 'reconcile'],
  subjects: ['slack:T01:U01'],
  clusters: ['infra', 'apps'],
  namespaces: ['media', 'home'],
};

const build = (grants: readonly Grant[], defaultCluster: string | undefined) => {
  const clusters = ['infra', 'apps', 'cellar'].map((name) => createMemoryCluster(name, () => now));
  for (const cluster of clusters) {
    put(cluster, 'Kustomization/media/plex', { status: failing });
    put(cluster, 'HelmRelease/media/plex');
    put(cluster, 'Kustomization/home/zigbee');
    put(cluster, 'Kustomization/shut-space/veiled-one', { status: failing });
    put(cluster, 'HelmRelease/shut-space/veiled-two');
    put(cluster, 'Kustomization/shut-space/plex');
    cluster.listAll();
  }
  const surroundings: Surroundings = {
    clusters,
    policy: () => ({ teams: ['T01'], grants }),
    root: '/flux',
    defaultCluster: () => defaultCluster,
    incidents: async () => [],
    commands: commands.map(({ doc }) => doc),
  };
  const dispatch = createDispatch({
    store: undefined,
    clock: createVirtualClock(now),
    ids: countingIds(),
    commands,
    surroundings,
    commit: async () => 'committed',
    key: '',
    log: silentLog,
    onJournal: () => undefined,
  });
  const context = contextFor(surroundings, robin, 'C1', now);
  /** All that a person can be shown after a request: the answer, its buttons, and the form. */
  const shownFor = async (text: string): Promise<string> => {
    const reply = await dispatch({
      origin: 'slash',
      actor: robin,
      place: { channel: 'C1' },
      request: { text },
    });
    const view =
      reply.kind === 'failed'
        ? failureView(
            reply.failure,
            reply.invocation,
            offersAfter(reply.failure, { text }, commands, context),
          )
        : reply.view;
    const forms = commands.map(({ doc }) =>
      formView(formOf(doc, { object: text.split(' ')[1] ?? '' }, context), {
        channel: 'C1',
        at: 0,
      }),
    );
    return JSON.stringify([renderMessage(view), forms]);
  };
  return { shownFor };
};

const word = fc.oneof(
  fc.constantFrom(
    'plex',
    'ks/media/plex',
    'ks/media/plx',
    'plexx',
    'infra',
    'infar',
    'all',
    'both',
    'failing',
    // near to what is hidden, and never the whole of it
    'veiled-on',
    'veild-two',
    'ks/shut-spac/veiled-on',
    'hr/shut-spac/veiled-tw',
    'cella',
    'celler',
    '--cluster=cella',
    '--cluster',
    '--kind=ks',
    '--namespace=shut-spac',
    '--with-sorce',
  ),
  fc.stringMatching(/^[a-z/-]{1,12}$/),
);
const requests = fc
  .tuple(
    fc.constantFrom(
      'status',
      'get',
      'reconcile',
      'help',
      'here',
      'whoami',
      'statsu',
      'recncile',
      '',
    ),
    fc.array(word, { maxLength: 3 }),
  )
  .map(([command, words]) => [command, ...words].join(' '))
  .filter((text) => hidden.every((name) => !text.includes(name)));

// `all` of an act is every cluster there is, and the refusal names the one that the right is missing on
const namesAll = (text: string): boolean => /^rec.*\b(?:all|both)\b/.test(text);

describe('what a person is shown', () => {
  test.prop([requests, fc.constantFrom(undefined, 'infra', 'apps')], { numRuns: 60 })(
    'names nothing that the person may not look at, whatever was typed',
    async (text, defaultCluster) => {
      const shown = await build([grant], defaultCluster).shownFor(text);
      const open = namesAll(text) ? hidden.filter((name) => name !== 'cellar') : hidden;

      expect(open.filter((name) => shown.includes(name))).toEqual([]);
    },
  );

  test.prop([requests], { numRuns: 30 })(
    'is nothing of any cluster where nothing is granted',
    async (text) => {
      const shown = await build([], undefined).shownFor(text);
      const unsaid = ['zigbee', ...hidden].filter((name) => !text.includes(name));

      expect(unsaid.filter((name) => shown.includes(name))).toEqual([]);
    },
  );

  it('names what is open to the person, near or not', async () => {
    const { shownFor } = build([grant], 'infra');

    expect(await shownFor('status plexx')).toContain('/flux status');
    expect(await shownFor('')).toContain('ks/media/plex');
    expect(await shownFor('get failing infar')).toContain('Did you mean infra?');
  });
});
