import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startStandInController } from '#test/demo/controller.ts';
import { hasRedis } from '#test/redis/redis-server.ts';
import { fenceBinding } from '#test/sandbox/bot-account.ts';
import { localSlackBinary } from '#test/slack/local-slack.ts';
import type { BotProcess } from '#test/spine/bot-process.ts';
import { openRecords, type Records } from '#test/spine/records.ts';
import { channels, type Spine, startSpine } from '#test/spine/spine.ts';

const able = hasRedis && localSlackBinary !== undefined;
const patiently = { timeout: 30_000, interval: 100 };

const address = {
  apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
  kind: 'Kustomization',
  namespace: 'data',
  name: 'api',
};

describe.runIf(able)('the bot on a cluster without its admission fence', () => {
  let spine: Spine;
  let bot: BotProcess;
  let records: Records;

  beforeAll(async () => {
    spine = await startSpine({ redis: { appendFsync: 'always' } });
    const { objects } = spine.clusters.infra;
    const { namespace, name, ...type } = address;
    objects.put({
      ...type,
      metadata: { namespace, name, uid: 'uid-1', generation: 1 },
      spec: { interval: '10m', sourceRef: { kind: 'GitRepository', name: 'flux-system' } },
      status: {
        observedGeneration: 1,
        conditions: [{ type: 'Ready', status: 'True', reason: 'ReconciliationSucceeded' }],
      },
    });
    objects.remove(fenceBinding);
    records = openRecords(spine.redis.url);
    bot = await spine.startBot();
    // the socket to Slack opens in the background
    await vi.waitFor(async () => expect(await readyz()).not.toContain('"up":false'), patiently);
  });
  afterAll(async () => {
    await bot.stop();
    await records.close();
    await spine.close();
  });

  const ask = () =>
    spine.slack.command({
      channel: channels.infra,
      user: 'U0ROBIN',
      command: '/flux',
      text: 'reconcile ks/data/api',
    });
  const settled = (number: number) =>
    vi.waitUntil(async () => {
      const journal = await records.journal(number);
      return journal === undefined || journal.status === 'running' ? undefined : journal;
    }, patiently);
  const annotations = () => spine.clusters.infra.objects.get(address)?.metadata.annotations ?? {};
  const readyz = async () => (await fetch(`${bot.internalUrl}/readyz`)).text();

  it('does nothing there, says what to apply, and names it on /readyz', {
    timeout: 60_000,
  }, async () => {
    await ask();
    const journal = await settled(1);

    expect(journal).toMatchObject({ status: 'failed' });
    expect(journal.failure).toContain('Nothing was done on infra: its admission fence does not');
    expect(annotations()).toEqual({});
    const trail = await records.audit(journal.invocation);
    expect(trail.map(({ fact }) => [fact.kind, fact['outcome']])).toEqual([
      ['decided', 'allowed'],
      ['settled', 'failed'],
    ]);
    await vi.waitFor(async () => {
      const said = (await spine.slack.messages(channels.infra)).map(({ text }) => text).join('\n');
      expect(said).toContain('admission fence does not stand');
    }, patiently);
    await vi.waitFor(async () => {
      expect(await readyz()).toContain('the admission fence does not stand');
    }, patiently);
  });

  it('acts as soon as the fence stands', { timeout: 60_000 }, async () => {
    spine.clusters.infra.objects.put({
      ...fenceBinding,
      metadata: { name: fenceBinding.name },
      spec: { policyName: 'flux-chatops-fence', validationActions: ['Deny', 'Audit'] },
    });
    const controller = startStandInController(spine.clusters.infra);
    await ask();

    expect(await settled(2)).toMatchObject({ status: 'succeeded' });
    controller.stop();
    await vi.waitFor(async () => {
      expect(await readyz()).not.toContain('the admission fence does not stand');
    }, patiently);
  });
});
