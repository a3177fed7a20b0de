/** The fold and what it keeps, in a process of its own. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createObjectCache } from '#src/cluster/object-cache.ts';
import { normaliseMessage } from '#src/flux/message.ts';
import { type FluxObject, parseFluxObject } from '#src/flux/object.ts';
import { defaultIncidentSettings } from '#src/incident/situation.ts';
import {
  createWorld,
  decideFor,
  dueKeys,
  forgetOld,
  nextDue,
  observe,
  type World,
} from '#src/incident/world.ts';
import { redact } from '#src/text/redact.ts';
import { answerParent } from '#test/bench/processes/child.ts';
import { failurePair, manyObjects } from '#test/bench/sizes.ts';

export type WorldQuestion =
  /** Answers with how long each event took, in ms. */
  | { readonly kind: 'fold'; readonly objects: number; readonly events: number }
  /** Answers with the bytes of heap per object, in one number. */
  | { readonly kind: 'heap'; readonly objects: number };

const cluster = 'apps';
const clean = { redact, normalise: normaliseMessage };
const settings = defaultIncidentSettings;

const parsed = (wire: unknown): FluxObject => {
  const object = parseFluxObject(wire);
  if (object === undefined) {
    throw new Error('a recorded object cannot be read');
  }
  return object;
};

/** What the keeper does about one thing that a cluster says, without what it writes. */
const foldOne = (world: World, object: FluxObject, now: number): void => {
  const { touched } = observe(world, { type: 'object', cluster, epoch: 1, object }, now);
  for (const key of touched) {
    world.rechecks.set(key, now);
  }
  for (const key of dueKeys(world, now)) {
    decideFor(world, key, now, settings, clean);
  }
  forgetOld(world, now, settings.reopenMs);
  nextDue(world);
};

const progressing = (object: FluxObject): FluxObject => ({
  ...object,
  conditions: [
    {
      type: 'Ready',
      status: 'Unknown',
      reason: 'Progressing',
      message: 'Reconciliation in progress',
      observedGeneration: object.generation,
      since: 0,
    },
    ...object.conditions.filter(({ type }) => type !== 'Ready'),
  ],
});

/** As in operation: a pass begins, and ends; each twentieth ends with a failed build. */
const fold = (count: number, events: number): readonly number[] => {
  const now = Date.now();
  const world = createWorld();
  const objects = manyObjects(count).map(parsed);
  const failed = parsed(failurePair(0).failed);
  for (const object of objects) {
    foldOne(world, object, now);
  }
  // a tenth is under way at any time, which keeps a look at each of them due
  for (const object of objects.filter((_, at) => at % 10 === 0)) {
    foldOne(world, { ...progressing(object), resourceVersion: '1000000' }, now);
  }
  const times: number[] = [];
  for (let event = 0; event < events; event++) {
    const object = objects[Math.floor(event / 2) % count] as FluxObject;
    const ends = event % 40 === 39 ? { ...object, conditions: failed.conditions } : object;
    const next = {
      ...(event % 2 === 0 ? progressing(object) : ends),
      resourceVersion: String(2_000_000 + event),
    };
    const startedAt = performance.now();
    foldOne(world, next, now + event);
    times.push(performance.now() - startedAt);
  }
  return times;
};

const heapUsed = (): number => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  collect();
  return process.memoryUsage().heapUsed;
};

const heap = (count: number): readonly number[] => {
  // as they arrive: each from text of its own
  const texts = manyObjects(count).map((object) => JSON.stringify(object));
  const cache = createObjectCache(cluster);
  const world = createWorld();
  const before = heapUsed();
  const now = Date.now();
  for (const text of texts) {
    const object = parsed(JSON.parse(text));
    cache.put(object);
    foldOne(world, object, now);
  }
  const after = heapUsed();
  // all three are used after this, so that none was collected
  const complete = [cache.objects().length, world.tracked.size, texts.length];
  return complete.every((size) => size === count) ? [(after - before) / count] : [];
};

answerParent<WorldQuestion, readonly number[]>((question) =>
  question.kind === 'fold' ? fold(question.objects, question.events) : heap(question.objects),
);
