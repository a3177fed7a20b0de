import { createHmac } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type ConsoleBench, everyMember, startConsoleBench } from '#test/slack/console-bench.ts';
import { elementOf, type LocalView } from '#test/slack/local-page.ts';
import { localSlackBinary } from '#test/slack/local-slack.ts';
import { demoBot, demoTeam } from '#test/slack/workspace.ts';
import { failing, put } from '#test/unit/commands/stage.ts';

const channel = 'C0INFRA';
const other = 'C0APPS';
const robin = 'U0ROBIN';
const patiently = { timeout: 20_000 };

const fill = ({ infra, apps }: ConsoleBench): void => {
  put(infra, 'Kustomization/media/plex', { status: failing });
  put(infra, 'Kustomization/home/zigbee', { spec: { suspend: true } });
  put(infra, 'Kustomization/harbor/harbor');
  put(apps, 'Kustomization/harbor/harbor');
  put(apps, 'HelmRelease/harbor/harbor');
  for (const cluster of [infra, apps]) {
    cluster.listAll();
  }
};

const optionsOf = (view: LocalView, argument: string): readonly string[] => {
  const element = view.blocks.map(elementOf).find((one) => one?.action_id === argument);
  const options = (element?.['options'] ?? []) as readonly { readonly value: string }[];
  return options.map(({ value }) => value);
};

const initialOf = (view: LocalView, argument: string): unknown => {
  const element = view.blocks.map(elementOf).find((one) => one?.action_id === argument);
  return (element?.['initial_option'] as { value: string } | undefined)?.value;
};

describe.skipIf(localSlackBinary === undefined).each(['socket', 'http'] as const)(
  'a form by %s (needs local-slack-linux-x64)',
  (kind) => {
    let bench: ConsoleBench;

    beforeAll(async () => {
      bench = await startConsoleBench(kind);
      fill(bench);
    });
    afterAll(() => bench.stop());
    afterEach(() => {
      bench.setStoreDelay(0);
      bench.setPolicy(everyMember);
    });

    const type = (text: string, where = channel): Promise<void> =>
      bench.local.command({ channel: where, user: robin, command: '/flux', text });
    /** The end of a form and its answer in the channel come on ways of their own. */
    const closed = () => vi.waitFor(() => expect(bench.page.modal()).toBeUndefined(), patiently);
    const openedAt = () =>
      bench.proxy.calls().findLast(({ method }) => method === 'views.open')?.at ?? Infinity;
    const cards = async (where = channel) =>
      (await bench.local.messages(where)).filter(({ ephemeral_to }) => ephemeral_to === undefined);

    it('is opened where the object is missing, and its answer is the card in the channel', async () => {
      const askedAt = Date.now();
      await type('reconcile');
      const form = await bench.page.modalWith('ks/media/plex');

      expect(openedAt() - askedAt).toBeLessThan(2_000);
      expect(optionsOf(form, 'object')).toEqual([
        'ks/media/plex',
        'hr/harbor/harbor',
        'ks/harbor/harbor',
        'ks/home/zigbee',
      ]);
      expect(initialOf(form, 'cluster')).toBe('infra');
      bench.page.submit(robin, { object: 'ks/harbor/harbor' });
      await vi.waitFor(
        async () => expect(JSON.stringify(await cards())).toContain('ks/harbor/harbor'),
        patiently,
      );
      await closed();
    });

    it('keeps its errors to itself, at the field they are about', async () => {
      await type('reconcile');
      const form = await bench.page.modalWith('ks/home/zigbee');
      const before = (await cards()).length;
      bench.page.submit(robin, { object: 'ks/home/zigbee' });
      await vi.waitUntil(() => bench.page.errors(), patiently);

      expect(bench.page.errors()).toEqual({ Object: expect.stringContaining('is suspended') });
      expect(bench.page.modal()?.id).toBe(form.id);
      expect(await cards()).toHaveLength(before);
    });

    it('is opened with what was typed where that can be more than one object', async () => {
      await type('status harbor apps', other);
      const form = await bench.page.modalWith('can be more than one object');

      expect(optionsOf(form, 'object')).toEqual(['hr/harbor/harbor', 'ks/harbor/harbor']);
      expect(initialOf(form, 'cluster')).toBe('apps');
      bench.page.submit(robin, { object: 'hr/harbor/harbor' });
      await vi.waitFor(
        async () =>
          expect(
            (await bench.local.messages(other)).findLast(
              ({ ephemeral_to }) => ephemeral_to === robin,
            ),
          ).toMatchObject({ text: expect.stringContaining('hr/harbor/harbor on apps') }),
        patiently,
      );
      await closed();
    });

    it('asks which cluster is meant where the channel means none', async () => {
      await type('reconcile ks/harbor/harbor', other);
      const form = await bench.page.modalWith('ks/harbor/harbor');

      expect(initialOf(form, 'object')).toBe('ks/harbor/harbor');
      expect(optionsOf(form, 'cluster')).toEqual(['apps', 'infra', 'all']);
      bench.page.submit(robin, {});
      await vi.waitUntil(() => bench.page.errors(), patiently);
      bench.page.submit(robin, { cluster: 'apps' });
      await vi.waitFor(
        async () => expect(JSON.stringify(await cards(other))).toContain('ks/harbor/harbor'),
        patiently,
      );
    });

    it('is open within two seconds, and answered within three, while the store is slow', async () => {
      bench.setStoreDelay(1_900);
      const askedAt = Date.now();
      await type('status harbor', other);
      await bench.page.modalWith('can be more than one object');

      expect(openedAt() - askedAt).toBeLessThan(2_000);
      const sentAt = Date.now();
      bench.page.submit(robin, { object: 'ks/harbor/harbor', cluster: 'apps' });
      await bench.page.modalWith('This takes longer than usual');
      expect(Date.now() - sentAt).toBeLessThan(3_000);
      await bench.page.modalWith('The answer is in the channel');
    });

    it('offers nothing that the person may not use it on', async () => {
      const grant = everyMember.grants[0];
      bench.setPolicy({
        ...everyMember,
        grants:
          grant === undefined ? [] : [{ ...grant, clusters: ['infra'], namespaces: ['media'] }],
      });
      await type('reconcile');
      const form = await bench.page.modalWith('ks/media/plex');

      expect(optionsOf(form, 'object')).toEqual(['ks/media/plex']);
      expect(optionsOf(form, 'cluster')).toEqual(['infra']);
      expect(JSON.stringify(form)).not.toMatch(/harbor|zigbee|apps/);
    });

    it('says so where the person may not use the command at all', async () => {
      bench.setPolicy({ ...everyMember, grants: [] });
      await type('reconcile');

      await bench.page.modalWith('may not do this; missing: reconcile anywhere');
    });

    it('finds one of more than a hundred by a part of its name', async () => {
      for (let at = 0; at < 150; at++) {
        put(bench.apps, `Kustomization/many/app-${at}`);
      }
      await type('reconcile', other);
      const form = await bench.page.modalWith('are listed');
      expect(optionsOf(form, 'object')).toHaveLength(100);
      // typed into the field below the list, and sent off without a choice
      bench.page.submit(robin, { object: 'pp-14', cluster: 'apps' });
      const narrowed = await bench.page.modalWith('Nothing on apps');
      expect(optionsOf(narrowed, 'object')).toEqual([
        'ks/many/app-14',
        ...Array.from({ length: 10 }, (_, at) => `ks/many/app-14${at}`),
      ]);
    });
  },
);

describe.skipIf(localSlackBinary === undefined)(
  'signed forms and clicks (needs local-slack-linux-x64)',
  () => {
    let bench: ConsoleBench;

    beforeAll(async () => {
      bench = await startConsoleBench('http');
      fill(bench);
    });
    afterAll(() => bench.stop());

    interface Sent {
      readonly secret?: string;
      readonly ageMs?: number;
      readonly headers?: Readonly<Record<string, string>>;
    }

    const send = async (payload: object, sent: Sent = {}) => {
      const body = new URLSearchParams({ payload: JSON.stringify(payload) }).toString();
      const timestamp = String(Math.floor((Date.now() - (sent.ageMs ?? 0)) / 1_000));
      const signature = createHmac('sha256', sent.secret ?? demoBot.signingSecret)
        .update(`v0:${timestamp}:${body}`)
        .digest('hex');
      const answer = await fetch(bench.eventsUrl ?? '', {
        method: 'POST',
        body,
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          'x-slack-request-timestamp': timestamp,
          'x-slack-signature': `v0=${signature}`,
          ...sent.headers,
        },
      });
      return { status: answer.status, body: await answer.text() };
    };

    const whose = (team: string) => ({ team: { id: team }, user: { id: robin, team_id: team } });

    const submission = (trigger: string, object: string, team = demoTeam) => ({
      type: 'view_submission',
      ...whose(team),
      trigger_id: trigger,
      view: {
        id: 'V1',
        type: 'modal',
        callback_id: 'flux-form',
        private_metadata: JSON.stringify({ c: 'reconcile', ch: channel, at: Date.now() }),
        blocks: [
          {
            type: 'input',
            block_id: 'value-0',
            element: { type: 'plain_text_input', action_id: 'object' },
          },
        ],
        state: { values: { 'value-0': { object: { type: 'plain_text_input', value: object } } } },
      },
    });

    const click = (trigger: string, team = demoTeam) => ({
      type: 'block_actions',
      ...whose(team),
      trigger_id: trigger,
      channel: { id: channel },
      message: { ts: '1.2' },
      response_url: `${bench.local.url}/nowhere`,
      actions: [
        {
          type: 'button',
          action_id: 'reconcile#0',
          block_id: 'b',
          value: JSON.stringify({
            c: 'reconcile',
            i: { object: 'ks/harbor/harbor', cluster: 'apps' },
          }),
        },
      ],
    });

    const cardsOf = async (object: string) =>
      (await bench.local.messages(channel)).filter(
        ({ ephemeral_to, text }) => ephemeral_to === undefined && text.includes(object),
      );

    it.each([
      ['a form', () => submission('w.1', 'ks/media/plex')],
      ['a click', () => click('w.2')],
    ])('with a wrong signature or six minutes old are refused: %s', async (_, payload) => {
      expect((await send(payload(), { secret: 'another' })).status).toBe(401);
      expect((await send(payload(), { ageMs: 360_000 })).status).toBe(401);
      expect(await bench.local.messages(channel)).toEqual([]);
    });

    it('from another workspace do nothing', async () => {
      const form = await send(submission('o.1', 'ks/media/plex', 'T0OTHER'));
      const pressed = await send(click('o.2', 'T0OTHER'));

      expect(form.body).toContain('People of other workspaces are not answered');
      expect(JSON.parse(form.body)).toMatchObject({ response_action: 'errors' });
      expect(pressed.status).toBe(200);
      expect(await cardsOf('ks/')).toEqual([]);
    });

    it('that Slack repeats are carried out once', async () => {
      const again = {
        headers: { 'x-slack-retry-num': '1', 'x-slack-retry-reason': 'http_timeout' },
      };
      const form = submission('r.1', 'ks/media/plex');
      const answers = [await send(form), await send(form, again), await send(form, again)];
      await send(click('r.2'));
      await send(click('r.2'), again);
      for (const object of ['ks/harbor/harbor', 'ks/media/plex']) {
        await vi.waitFor(async () => expect(await cardsOf(object)).not.toEqual([]), patiently);
      }

      expect(answers.map(({ status, body }) => [status, body])).toEqual([
        [200, ''],
        [200, ''],
        [200, ''],
      ]);
      expect(await cardsOf('ks/media/plex')).toHaveLength(1);
      expect(await cardsOf('ks/harbor/harbor')).toHaveLength(1);
    });

    it('of a form that is not ours are taken and do nothing', async () => {
      const foreign = submission('f.1', 'ks/media/plex');
      const answer = await send({ ...foreign, view: { ...foreign.view, private_metadata: 'x' } });

      expect(answer).toEqual({ status: 200, body: '' });
    });

    it('narrow the list of an open form', async () => {
      const form = submission('n.1', 'ks/media/plex');
      const before = bench.proxy.calls().length;
      await send({
        ...form,
        type: 'block_actions',
        actions: [
          { type: 'plain_text_input', action_id: 'object', block_id: 'narrow-0', value: 'har' },
        ],
      });
      const updated = await vi.waitUntil(
        () =>
          bench.proxy
            .calls()
            .slice(before)
            .find(({ method }) => method === 'views.update'),
        patiently,
      );

      expect(updated.parameters['view']).toContain('ks/harbor/harbor');
      expect(updated.parameters['view']).not.toContain('ks/media/plex');
      expect(updated.parameters['view_id']).toBe('V1');
    });
  },
);
