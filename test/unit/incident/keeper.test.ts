import { describe, expect, it } from 'vitest';
import type { Cluster } from '#src/cluster/cluster.ts';
import { createMemoryCluster } from '#src/cluster/memory.ts';
import { intakeStream } from '#src/flux/intake.ts';
import { rootCardId } from '#src/incident/card-writes.ts';
import { createKeeper } from '#src/incident/keeper.ts';
import { loadIncidents } from '#src/incident/records.ts';
import { RollUp, rollUpKey } from '#src/incident/roll-up.ts';
import { defaultIncidentSettings } from '#src/incident/situation.ts';
import { type Log, silentLog } from '#src/log.ts';
import { CardRecord, cardKey } from '#src/slack/card.ts';
import { createMemoryStore } from '#src/store/memory.ts';
import { type Json, type Store, storeUnavailable } from '#src/store/store.ts';
import { createVirtualClock, type VirtualClock } from '#test/fakes/clock.ts';

const same = (text: string): string => text;

const wire = (resourceVersion: string, ready: 'True' | 'False', name = 'api') => ({
  apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
  kind: 'Kustomization',
  metadata: { namespace: 'data', name, uid: `uid-${name}`, generation: 1, resourceVersion },
  status: {
    observedGeneration: 1,
    conditions: [{ type: 'Ready', status: ready, reason: 'ReconciliationFailed', message: 'no' }],
  },
});

/** The same store, each of whose answers takes this long. */
const slow = (store: Store, clock: VirtualClock, ms: number): Store =>
  Object.fromEntries(
    Object.entries(store).map(([verb, call]) => [
      verb,
      async (...words: never[]) => {
        await clock.wait(ms / 2);
        const answer: unknown = await call(...words);
        await clock.wait(ms / 2);
        return answer;
      },
    ]),
  ) as unknown as Store;

/** An event of Flux about an object, as it stands on the intake stream. */
const report = (name: string, text: string): Json => ({
  type: 'flux-event',
  cluster: 'apps',
  receivedAt: 0,
  event: {
    involvedObject: { kind: 'Kustomization', namespace: 'data', name },
    severity: 'error',
    timestamp: '2026-11-24T10:00:00Z',
    message: text,
    reason: 'ReconciliationFailed',
  },
  digest: text,
  stale: false,
});

const createBench = () => {
  const clock = createVirtualClock();
  const store = createMemoryStore({ clock });
  const said: string[] = [];
  let channel: string | undefined = 'C1';
  const log: Log = {
    ...silentLog,
    info: (_, message) => said.push(message),
    error: (_, message) => said.push(message),
  };
  return {
    clock,
    store,
    /** The configuration names another channel from now on. */
    reportTo: (next: string | undefined) => {
      channel = next;
    },
    /** What each root card of a channel is to say, by the summary. */
    cardsIn: async (where: string) => {
      const stored = await loadIncidents(store, 0);
      const ids = stored.map(({ incident }) => rootCardId(incident.id, where));
      const found = await store.readAll(ids.map(cardKey));
      return found.flatMap((one) =>
        one === undefined ? [] : [CardRecord.parse(one.value).desired.view?.summary],
      );
    },
    /** How often something was logged. */
    times: (message: string) => said.filter((one) => one === message).length,
    /** A process with a view of its own on a cluster, which holds `objects` when it starts. */
    start: (
      holder: string,
      objects: readonly unknown[],
      reached: Store = store,
      seen: (cluster: Cluster) => Cluster = (cluster) => cluster,
    ) => {
      const cluster = createMemoryCluster('apps', clock.now);
      for (const object of objects) {
        cluster.applyWatchEvent('ADDED', object);
      }
      cluster.listAll();
      const stop = new AbortController();
      const ended = createKeeper({
        store: reached,
        clusters: [seen(cluster)],
        clock,
        holder,
        settings: () => defaultIncidentSettings,
        clean: { redact: same, normalise: same },
        channelOf: () => channel,
        log,
        onCards: () => undefined,
      }).run(stop.signal);
      return {
        cluster,
        stop: async () => {
          stop.abort();
          await clock.advance(1_000);
          await ended;
        },
      };
    },
    states: async () =>
      (await loadIncidents(store, 0)).map(({ incident }) => `${incident.id} ${incident.state}`),
  };
};

describe('the keeper of incidents', () => {
  it('opens one incident though the reply to its opening was lost', async () => {
    const bench = createBench();
    let lost = 0;
    const deaf: Store = {
      ...bench.store,
      commit: async (batch) => {
        const result = await bench.store.commit(batch);
        if (lost === 0 && batch.put?.some(({ key }) => key.startsWith('incident/'))) {
          lost += 1;
          throw storeUnavailable('no answer');
        }
        return result;
      },
    };
    bench.start('one', [wire('10', 'False')], deaf);

    await bench.clock.advance(20_000);

    expect(lost).toBe(1);
    expect(await bench.states()).toEqual(['INC-1 open']);
  });

  it('ends an incident whose object was deleted while nobody kept', async () => {
    const bench = createBench();
    const first = bench.start('one', [wire('10', 'False')]);
    await bench.clock.advance(2_000);
    await first.stop();

    bench.start('two', []);
    await bench.clock.advance(20_000);

    expect(await bench.states()).toEqual(['INC-1 deleted']);
  });

  it('resolves an incident of a cluster that was restored while nobody kept', async () => {
    const bench = createBench();
    const first = bench.start('one', [wire('900', 'False')]);
    await bench.clock.advance(2_000);
    await first.stop();

    bench.start('two', [wire('300', 'True')]);
    await bench.clock.advance(30_000);

    expect(await bench.states()).toEqual(['INC-1 resolved']);
  });

  it.each([100, 1_900])(
    'stays the same replica however much there is to write on a store that answers in %i ms',
    async (ms) => {
      const bench = createBench();
      const reached = slow(bench.store, bench.clock, ms);
      const replicas = [bench.start('one', [], reached), bench.start('two', [], reached)];
      await bench.clock.advance(60_000);

      for (const { cluster } of replicas) {
        for (let at = 0; at < 30; at++) {
          cluster.applyWatchEvent('ADDED', wire('10', 'False', `app-${at}`));
        }
      }
      await bench.clock.advance(600_000);

      expect((await bench.states()).length).toBe(30);
      expect(bench.times('keeping the incidents from now on')).toBe(1);
    },
  );

  it('keeps the others though one record cannot be read', async () => {
    const bench = createBench();
    await bench.store.commit({
      put: [
        { key: 'incident/INC-1', value: { id: 'INC-1', state: 'of another version' } },
        { key: 'incident-counter', value: 1 },
      ],
      index: [{ index: 'incidents/open', member: 'INC-1', score: bench.clock.now() }],
    });

    bench.start('one', [wire('10', 'False')]);
    await bench.clock.advance(10_000);

    expect(await bench.states()).toEqual(['INC-2 open']);
    expect(bench.times('an incident cannot be read; the others are kept')).toBe(1);
  });

  it('keeps the others though one of them cannot be written', async () => {
    const bench = createBench();
    const { cluster } = bench.start('one', [wire('10', 'False')]);
    await bench.clock.advance(2_000);
    await bench.store.commit({ put: [{ key: 'card/INC-1@C1', value: 'no card' }] });

    cluster.applyWatchEvent('MODIFIED', wire('20', 'True'));
    cluster.applyWatchEvent('ADDED', wire('21', 'False', 'web'));
    await bench.clock.advance(50_000);

    expect(await bench.states()).toEqual(['INC-1 open', 'INC-2 open']);
    const failed = 'this failed unexpectedly and is tried again in a minute';
    expect(bench.times(failed)).toBe(1);

    await bench.store.commit({ remove: [{ key: 'card/INC-1@C1' }] });
    await bench.clock.advance(60_000);
    expect(await bench.states()).toEqual(['INC-2 open', 'INC-1 resolved']);
  });

  it('opens an incident anew that the store has lost', async () => {
    const bench = createBench();
    const { cluster } = bench.start('one', [wire('10', 'False')]);
    await bench.clock.advance(2_000);
    await bench.store.commit({
      remove: [{ key: 'incident/INC-1' }],
      unindex: [{ index: 'incidents/open', member: 'INC-1' }],
    });

    cluster.applyWatchEvent('MODIFIED', {
      ...wire('20', 'False'),
      status: { conditions: [{ type: 'Ready', status: 'False', reason: 'BuildFailed' }] },
    });
    await bench.clock.advance(5_000);

    expect(await bench.states()).toEqual(['INC-2 open']);
  });

  describe('of a cluster that is away for a while', () => {
    const midPass = (resourceVersion: string) => ({
      ...wire(resourceVersion, 'False'),
      spec: { timeout: '1m' },
      status: { conditions: [{ type: 'Ready', status: 'Unknown', reason: 'Progressing' }] },
    });
    const waiting = (resourceVersion: string) => ({
      ...wire(resourceVersion, 'False', 'web'),
      status: { conditions: [{ type: 'Ready', status: 'False', reason: 'DependencyNotReady' }] },
    });
    const lose = async () => {
      const bench = createBench();
      const { cluster } = bench.start('one', [wire('10', 'True'), wire('11', 'True', 'web')]);
      await bench.clock.advance(30_000);
      cluster.applyWatchEvent('MODIFIED', midPass('20'));
      cluster.applyWatchEvent('MODIFIED', waiting('21'));
      await bench.clock.advance(2_000);
      cluster.cut('its API server is being upgraded');
      await bench.clock.advance(10 * 60_000);
      return { bench, cluster };
    };

    it('takes nothing for stuck that it only could not see end', async () => {
      const { bench, cluster } = await lose();
      expect(await bench.states()).toEqual([]);

      cluster.applyWatchEvent('MODIFIED', wire('30', 'True'));
      cluster.applyWatchEvent('MODIFIED', wire('31', 'True', 'web'));
      cluster.reconnect();
      await bench.clock.advance(10 * 60_000);

      expect(await bench.states()).toEqual([]);
    });

    it('opens what still goes on for too long once it is seen again', async () => {
      const { bench, cluster } = await lose();
      cluster.reconnect();
      await bench.clock.advance(20_000);
      expect(await bench.states()).toEqual([]);

      await bench.clock.advance(20_000);
      expect(await bench.states()).toEqual(['INC-1 open']);

      await bench.clock.advance(2 * 60_000);
      expect(await bench.states()).toEqual(['INC-1 open', 'INC-2 open']);
    });
  });

  it('ends nothing of a kind that a cluster does not name when the bot starts', async () => {
    const bench = createBench();
    const first = bench.start('one', [wire('10', 'False')]);
    await bench.clock.advance(2_000);
    await first.stop();

    // all kinds that it names are listed, and this one it does not name yet
    const starting = (cluster: Cluster): Cluster => ({
      ...cluster,
      freshness: () => ({ ...cluster.freshness(), listed: [] }),
    });
    const { cluster } = bench.start('two', [], bench.store, starting);
    await bench.clock.advance(20_000);
    expect(await bench.states()).toEqual(['INC-1 open']);

    cluster.listAll();
    await bench.clock.advance(2_000);
    expect(await bench.states()).toEqual(['INC-1 deleted']);
  });

  it('reads on after an event that cannot be taken', async () => {
    const bench = createBench();
    const broken: Store = {
      ...bench.store,
      commit: (batch) => {
        if (JSON.stringify(batch).includes('one of a kind')) {
          throw new Error('a mistake of ours');
        }
        return bench.store.commit(batch);
      },
    };
    bench.start('one', [wire('10', 'False')], broken);
    await bench.clock.advance(2_000);

    await bench.store.append(intakeStream, 'a', 0, report('api', 'one of a kind'));
    await bench.store.append(intakeStream, 'b', 0, report('api', 'an ordinary one'));
    await bench.clock.advance(5_000);

    const [stored] = await loadIncidents(bench.store, 0);
    expect(stored?.incident.story.map(({ text }) => text)).toEqual(['no', 'an ordinary one']);
    expect(await bench.store.entries(intakeStream, undefined, 10)).toEqual([]);
    expect(bench.times('a report was left out')).toBe(1);
  });

  it('follows its cluster to another channel, and leaves word in the one before', async () => {
    const bench = createBench();
    const { cluster } = bench.start('one', [wire('10', 'False')]);
    await bench.clock.advance(2_000);
    expect(await bench.cardsIn('C1')).toEqual([expect.stringContaining('ks/data/api')]);

    bench.reportTo('C2');
    await bench.clock.advance(3_000);

    const moved = 'apps: INC-1 about ks/data/api goes on in another channel.';
    expect(await bench.cardsIn('C1')).toEqual([moved]);
    expect(await bench.cardsIn('C2')).toEqual([expect.stringContaining(': no')]);
    cluster.applyWatchEvent('MODIFIED', wire('11', 'True'));
    await bench.clock.advance(20_000);
    expect(await bench.cardsIn('C1')).toEqual([moved]);
    expect(await bench.cardsIn('C2')).toEqual([expect.stringContaining('is well again')]);
  });

  it('moves nothing of what has ended, nor of a cluster that is configured no more', async () => {
    const bench = createBench();
    const { cluster } = bench.start('one', [wire('10', 'False'), wire('20', 'False', 'web')]);
    await bench.clock.advance(2_000);
    cluster.applyWatchEvent('MODIFIED', wire('21', 'True', 'web'));
    await bench.clock.advance(20_000);
    const before = await bench.cardsIn('C1');

    bench.reportTo(undefined);
    await bench.clock.advance(3_000);
    expect(await bench.cardsIn('C1')).toEqual(before);

    bench.reportTo('C2');
    await bench.clock.advance(3_000);
    expect(await bench.cardsIn('C2')).toHaveLength(1);
  });

  it('takes what was rolled up out of the roll-up when it moves', async () => {
    const bench = createBench();
    const names = Array.from({ length: 13 }, (_, at) => `app-${at}`);
    bench.start(
      'one',
      names.map((name, at) => wire(String(100 + at), 'False', name)),
    );
    await bench.clock.advance(5_000);
    expect(await bench.cardsIn('C1')).toHaveLength(10);

    bench.reportTo('C2');
    await bench.clock.advance(5_000);

    expect(await bench.cardsIn('C2')).toHaveLength(13);
    const rollUp = RollUp.parse((await bench.store.read(rollUpKey('C1')))?.value);
    expect(new Set(rollUp.entries.map(({ state }) => state))).toEqual(new Set(['own-card']));
    expect(await bench.store.read(rollUpKey('C2'))).toBeUndefined();
  });

  it('rests while a failing object does not come to the end of its next pass', async () => {
    const bench = createBench();
    const { cluster } = bench.start('one', [wire('10', 'False')]);
    await bench.clock.advance(2_000);
    const running = wire('11', 'False');
    cluster.applyWatchEvent('MODIFIED', {
      ...running,
      status: { conditions: [{ type: 'Ready', status: 'Unknown', reason: 'Progressing' }] },
    });

    await bench.clock.advance(10 * 60_000);

    expect(await bench.states()).toEqual(['INC-1 open']);
  });

  it('says once what an event reports and the object then shows', async () => {
    const bench = createBench();
    const { cluster } = bench.start('one', [wire('10', 'False')]);
    await bench.clock.advance(2_000);
    const storyOf = async () => {
      const [stored] = await loadIncidents(bench.store, 0);
      return stored?.incident.story.map(({ kind, text }) => `${kind}: ${text}`);
    };

    // as controllers do: the event goes out, then the status is written
    await bench.store.append(intakeStream, 'a', 0, report('api', 'another error'));
    await bench.store.append(intakeStream, 'b', 0, report('api', 'the last lines of its log'));
    await bench.clock.advance(1_500);
    const other = wire('11', 'False');
    const [ready] = other.status.conditions;
    cluster.applyWatchEvent('MODIFIED', {
      ...other,
      status: { ...other.status, conditions: [{ ...ready, message: 'another error' }] },
    });
    await bench.clock.advance(1_000);
    expect(await storyOf()).toEqual(['opened: no', 'failed-differently: another error']);
    await bench.clock.advance(2_000);

    expect(await storyOf()).toEqual([
      'opened: no',
      'failed-differently: another error',
      'reported: the last lines of its log',
    ]);
    expect(await bench.store.entries(intakeStream, undefined, 10)).toEqual([]);
  });

  it('reads an event that waits for its object again after it was killed', async () => {
    const bench = createBench();
    const first = bench.start('one', [wire('10', 'False')]);
    await bench.clock.advance(2_000);
    await bench.store.append(intakeStream, 'a', 0, report('api', 'the last lines of its log'));
    await bench.clock.advance(1_500);
    await first.stop();

    bench.start('two', [wire('10', 'False')]);
    await bench.clock.advance(10_000);

    const [stored] = await loadIncidents(bench.store, 0);
    expect(stored?.incident.story.map(({ text }) => text)).toEqual([
      'no',
      'the last lines of its log',
    ]);
  });

  it('sees what the objects say in the middle of a storm of events', async () => {
    const bench = createBench();
    const { cluster } = bench.start(
      'one',
      [wire('10', 'False')],
      slow(bench.store, bench.clock, 20),
    );
    await bench.clock.advance(5_000);
    for (let at = 0; at < 2_000; at++) {
      await bench.store.append(intakeStream, String(at), 0, report('api', `event ${at}`));
    }
    await bench.clock.advance(1_000);

    cluster.applyWatchEvent('ADDED', wire('21', 'False', 'web'));
    await bench.clock.advance(30_000);

    expect(await bench.states()).toEqual(['INC-1 open', 'INC-2 open']);
    expect((await bench.store.entries(intakeStream, undefined, 1)).length).toBe(1);
  });
});
