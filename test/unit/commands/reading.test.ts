import { describe, expect, it } from 'vitest';
import { status } from '#commands/status.ts';
import { whoami } from '#commands/whoami.ts';
import type { Grant } from '#src/command/policy.ts';
import { printRef } from '#src/flux/ref.ts';
import { type RenderedMessage, renderMessage } from '#src/slack/blocks.ts';
import { incident, member } from '#test/fakes/incidents.ts';
import { slackRefusal } from '#test/slack/limits.ts';
import { createStage, put, type StageOptions } from '#test/unit/commands/stage.ts';

const fixtures = new URL('../../fixtures/cards/', import.meta.url).pathname;

const media: Grant = {
  role: 'media-team',
  permissions: ['status', 'get'],
  subjects: ['slack-group:T01:S01'],
  clusters: ['infra'],
  namespaces: ['media'],
};

describe('golden views', () => {
  it.each([
    ['status-clusters', 'status'],
    ['status-failing', 'status ks/media/plex infra'],
    ['get-all', 'get all infra'],
    ['get-failing', 'get failing all'],
    ['help', 'help'],
    ['help-reconcile', 'help reconcile'],
    ['whoami', 'whoami'],
    ['here', 'here'],
  ])('%s is what it was, and fits', async (name, text) => {
    const message = renderMessage(await createStage().show(text));

    expect(slackRefusal(message)).toBeUndefined();
    await expect(`${JSON.stringify(message, null, 2)}\n`).toMatchFileSnapshot(
      `${fixtures}${name}.json`,
    );
  });
});

describe('status', () => {
  it('counts each cluster, in the configured order', async () => {
    const { summary } = await createStage().show('status');

    expect(summary).toBe('infra: 1 of 7 failing; apps: 0 of 5 failing');
  });

  it.each(['status all', 'status both', 'status --cluster all'])(
    '%s means every cluster',
    async (text) => {
      const { summary } = await createStage({ defaultCluster: 'infra' }).show(text);

      expect(summary).toContain('apps: 0 of 5 failing');
    },
  );

  it('says that what it shows may be old', async () => {
    const stage = createStage();
    stage.apps.cut('the watch is cut');

    expect(JSON.stringify(await stage.show('status apps'))).toContain(
      'What is shown of apps may be old: the watch is cut',
    );
  });

  it.each(['status INFRA', 'status --cluster Infra'])(
    '%s is about infra, whatever a keyboard made of its name',
    async (text) => {
      expect((await createStage().show(text)).summary).toBe('infra: 1 of 7 failing');
    },
  );

  it('says of an object, too, that it may be old', async () => {
    const stage = createStage();
    stage.infra.cut('the watch is cut');

    expect(JSON.stringify(await stage.show('status plex infra'))).toContain(
      'What is shown of infra may be old: the watch is cut',
    );
    expect((await stage.show('status ks/harbor/harbor infra')).parts[0]).toMatchObject({
      tone: 'warning',
    });
  });

  it.each([
    ['whoever may', ['status', 'reconcile'], 'ks/harbor/harbor', true],
    ['nobody who may not', ['status'], 'ks/harbor/harbor', false],
    ['nobody, of what takes no request', ['status', 'reconcile'], 'helmrepo/pki/jetstack', false],
  ])('offers Reconcile to %s', async (_, permissions, object, isOffered) => {
    const grants = [{ role: 'some', permissions, subjects: ['slack:T01:U01'] }];
    const { parts } = await createStage({ grants }).show(`status ${object} infra`);

    expect(parts.some(({ kind }) => kind === 'buttons')).toBe(isOffered);
  });

  it('says since when an object fails as its card does, not since its last message', async () => {
    const { context } = createStage();
    const ref = { kind: 'Kustomization', namespace: 'media', name: 'plex' } as const;
    const cause = member({ ref, failingSince: Date.parse('2026-11-24T09:00:00Z') });
    const prepared = status.prepare({ object: 'ks/media/plex', cluster: 'infra' });
    const known = { ...context, incidents: async () => [incident({}, cause)] };
    const planned = prepared.ok ? await prepared.value.plan(known) : prepared;

    expect(planned.ok && planned.value.plan).toMatchObject({
      objects: [{ since: cause.failingSince }],
    });
  });

  it('shows one object by a short name', async () => {
    const { summary } = await createStage().show('status plex');

    expect(summary).toBe(
      'ks/media/plex on infra: failing: HealthCheckFailed, newer revision waits',
    );
  });

  it('does not show a secret that Flux quotes', async () => {
    const stage = createStage();
    const token = `ghp_${'a1B2c3D4e5F6g7H8i9'.repeat(2)}`;
    put(stage.apps, 'Kustomization/media/leaky', {
      status: {
        conditions: [
          {
            type: 'Ready',
            status: 'False',
            reason: 'BuildFailed',
            message: `401 for https://robot:${token}@git.example/platform`,
            lastTransitionTime: '2026-11-24T11:30:00Z',
          },
        ],
      },
    });

    expect(JSON.stringify(await stage.show('status leaky'))).not.toContain(token);
  });
});

describe('get', () => {
  it('lists the worst first', async () => {
    const view = await createStage().show('get all infra');
    const table = view.parts.find((part) => part.kind === 'table');

    expect(table?.rows[0]).toMatchObject([
      ['ks/media/plex'],
      ['failing: HealthCheckFailed, newer revision waits'],
      ['772f24f'],
    ]);
    expect(table?.rows.length).toBe(7);
  });

  it.each([
    ['get failing all', '1 object failing on infra and apps'],
    ['get suspended all', '1 object suspended on infra and apps'],
    ['get all all --kind hr', '2 hr objects on infra and apps'],
    ['get HelmReleases Apps', '1 hr object on apps'],
    ['get all apps --namespace pki', '3 objects in pki on apps'],
    ['get stale infra', '1 object stale on infra'],
    ['get apps failing', '0 objects failing on apps'],
  ])('%s: %s', async (text, summary) => {
    expect((await createStage().show(text)).summary).toBe(summary);
  });

  it('does not let a cluster that is away pass for one without failures', async () => {
    const stage = createStage();
    stage.apps.cut('the watch is cut');
    const view = await stage.show('get failing apps');

    expect(JSON.stringify(view)).toContain('What is shown of apps may be old: the watch is cut');
  });

  it('knows a namespace in which there is nothing from one that has no such object', async () => {
    const { refusal, show } = createStage();

    expect(await refusal('get failing --namespace medai')).toContain('Did you mean media?');
    expect((await show('get waiting --namespace media')).summary).toBe(
      '0 objects waiting in media on infra and apps',
    );
  });

  const crowded = (options: StageOptions = {}): ReturnType<typeof createStage> => {
    const stage = createStage(options);
    for (let at = 0; at < 60; at++) {
      put(stage.apps, `Kustomization/many/app-${at}`);
    }
    return stage;
  };

  it('names the cluster of each row only where there are several', async () => {
    const columns = async (text: string) =>
      (await createStage().show(text)).parts.flatMap((part) =>
        part.kind === 'table' ? part.columns : [],
      );

    expect(await columns('get failing infra')).toEqual(['Object', 'State', 'Revision']);
    expect(await columns('get failing all')).toContain('Cluster');
  });

  it('gives a terminal the whole list', async () => {
    const stage = crowded({
      actor: { kind: 'terminal', cluster: 'apps', username: 'ann', groups: [] },
      grants: [{ role: 'all', permissions: ['*'], subjects: ['kubernetes:apps:ann'] }],
    });

    const view = await stage.show('get all apps --kind ks');

    expect(view.summary).toBe('61 ks objects on apps');
    expect(view.parts.map(({ kind }) => kind)).toEqual(['heading', 'table']);
    expect(view.parts[1]).toHaveProperty('rows.length', 61);
  });

  it('turns pages in place, and keeps the filter in the buttons', async () => {
    const stage = crowded();
    const [first, middle, last] = await Promise.all(
      [1, 2, 9].map((page) => stage.show(`get all apps --kind ks --page ${page}`)),
    );
    const to = (label: string, page: number) => ({
      label,
      command: 'get',
      input: { filter: 'all', cluster: 'apps', kind: 'ks', page },
      answer: 'in-place',
    });

    expect(first?.parts.at(-1)).toEqual({ kind: 'buttons', buttons: [to('Next', 2)] });
    expect(middle?.parts.at(-1)).toEqual({
      kind: 'buttons',
      buttons: [to('Previous', 1), to('Next', 3)],
    });
    expect(last?.parts.at(-1)).toEqual({ kind: 'buttons', buttons: [to('Previous', 2)] });
    expect(last?.summary).toBe('51–61 of 61 ks objects on apps, page 3 of 3');
  });

  it('shows each object on exactly one page, in blocks and in the fallback text', async () => {
    const stage = crowded();
    const wanted = stage.apps.objects().map(({ ref }) => printRef(ref));
    const messages: RenderedMessage[] = [];
    for (let page = 1; page <= 3; page++) {
      messages.push(renderMessage(await stage.show(`get all apps --page ${page}`)));
    }

    for (const name of wanted) {
      const whole = new RegExp(`${name}(?![\\w-])`);
      expect(messages.filter(({ text }) => whole.test(text))).toHaveLength(1);
      expect(messages.filter(({ blocks }) => whole.test(JSON.stringify(blocks)))).toHaveLength(1);
    }
    expect(messages.map((message) => slackRefusal(message))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('says which kinds there are', async () => {
    expect(await createStage().refusal('get all --kind pod')).toContain(
      'not a Flux kind; use one of ks, hr',
    );
  });
});

describe('a grant for one namespace', () => {
  const stage = createStage({ grants: [media] });

  it('lists its own objects only', async () => {
    const { summary } = await stage.show('get all infra');

    expect(summary).toBe('1 object on infra');
  });

  it('counts its own objects only', async () => {
    expect((await stage.show('status infra')).summary).toBe('infra: 1 of 1 failing');
  });

  it('refuses an object of another namespace, whether it is there or not', async () => {
    const there = await stage.refusal('status ks/harbor/harbor infra');
    const absent = await stage.refusal('status ks/harbor/harbour infra');

    expect(there).toContain('missing: status on ks/harbor/harbor on infra');
    expect(absent).toContain('missing: status on ks/harbor/harbour on infra');
  });

  it('finds nothing of the others by short name, and offers none', async () => {
    expect(await stage.refusal('status harbor infra')).toBe(
      'Nothing on infra is called "harbor". List what is there with get.',
    );
  });

  it('refuses the other cluster', async () => {
    expect(await stage.refusal('get all apps')).toContain('missing: get on apps');
  });

  it('shows help for what it may use', async () => {
    const { summary } = await stage.show('help');

    expect(summary).toBe('What you can ask for: here, status, get, help, whoami');
  });

  it('says where it holds', async () => {
    expect(JSON.stringify(await stage.show('whoami'))).toContain('infra; media');
  });
});

describe('whoami', () => {
  it('names a cluster on which the bot acts without its fence', async () => {
    const { infra, apps, context } = createStage();
    const prepared = whoami.prepare({});
    const clusters = [{ ...infra, fence: () => ({ required: false, stands: undefined }) }, apps];

    const planned = prepared.ok ? await prepared.value.plan({ ...context, clusters }) : prepared;

    const view = planned.ok ? planned.value.view(undefined, context) : undefined;
    expect(view?.parts.at(-1)).toEqual({
      kind: 'text',
      line: [expect.stringMatching(/^On infra, the bot acts without its admission fence/)],
    });
  });
});

describe('help', () => {
  it('offers the nearest command', async () => {
    expect(await createStage().refusal('help reconcil')).toContain('Did you mean reconcile?');
  });
});

describe('a cluster that has not been read yet', () => {
  const unread = 'What is shown of apps may be old: it has not been read whole yet.';

  it.each(['status apps', 'get failing apps', 'here'])('is not called well by %s', async (text) => {
    const view = await createStage({ isAppsUnread: true, defaultCluster: 'apps' }).show(text);

    expect(JSON.stringify(view)).toContain(unread);
    expect(JSON.stringify(view)).not.toContain('"tone":"succeeded"');
    expect(JSON.stringify(view)).not.toContain('nothing here that you may look at');
  });

  it('is named where one of its objects is asked for', async () => {
    const { refusal } = createStage({ isAppsUnread: true });

    expect(await refusal('status ks/harbor/harbor apps')).toBe(
      'apps does not answer: it has not been read whole yet. Nothing was changed there. Ask again when it is back.',
    );
  });
});

describe('here', () => {
  const buttons = async (stage: ReturnType<typeof createStage>): Promise<readonly string[]> =>
    (await stage.show('here')).parts.flatMap((part) =>
      part.kind === 'buttons' ? part.buttons.map(({ label }) => label) : [],
    );

  it('says what is failing where the channel means a cluster, and offers what helps', async () => {
    const stage = createStage({ defaultCluster: 'infra' });

    expect((await stage.show('here')).summary).toContain('1 of 7 objects failing on infra');
    expect(await buttons(stage)).toEqual([
      'Reconcile ks/media/plex',
      'All that fails',
      'Reconcile …',
    ]);
  });

  it('offers other things where nothing is failing', async () => {
    const stage = createStage({ defaultCluster: 'apps' });

    expect((await stage.show('here')).summary).toContain('Nothing is failing on apps');
    expect(await buttons(stage)).toEqual(['Status', 'Reconcile …']);
  });

  it('offers only what the person may do, and shows only what they may look at', async () => {
    const stage = createStage({ grants: [media] });
    const view = await stage.show('here');

    expect(view.summary).toBe('1 of 1 object failing on infra');
    expect(await buttons(stage)).toEqual(['All that fails']);
    expect(JSON.stringify(view)).not.toContain('harbor');
  });

  it('says so where there is nothing to look at', async () => {
    const { summary } = await createStage({ grants: [] }).show('here');

    expect(summary).toContain('There is nothing here that you may look at');
  });

  it('does not say that nothing fails of a cluster on which the person sees nothing', async () => {
    const grants = [{ ...media, namespaces: ['elsewhere'] }];
    const { summary } = await createStage({ grants, defaultCluster: 'infra' }).show('here');

    expect(summary).toContain('There is nothing on infra that you may look at');
  });
});
