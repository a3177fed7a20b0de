import type { KubeObject } from '#test/sandbox/api/json.ts';
import type { ResourceKind } from '#test/sandbox/api/kinds.ts';
import type { Change } from '#test/sandbox/api/storage.ts';
import { requestedAt } from '#test/sandbox/controllers/conditions.ts';
import { type Ref, refOf, type World } from '#test/sandbox/controllers/world.ts';

export interface WorkerOptions {
  readonly kind: ResourceKind;
  /** One pass over one object; says after how many ms to come again, undefined for not by itself. */
  readonly pass: (ref: Ref) => Promise<number | undefined>;
  readonly concurrent?: number;
  /** How long after the first sight of an object its first pass begins. */
  readonly startMs?: number;
}

interface Task {
  readonly ref: Ref;
  running: boolean;
  again: boolean;
  cancel: () => void;
}

const failedPassMs = 10_000;

/** What carries it is another controller's: main controllers run with `--watch-label-selector=!<it>`. */
export const shardKey = 'sharding.fluxcd.io/key';

const keyOf = ({ namespace, name }: Ref): string => `${namespace}/${name}`;

/** What wakes a controller of Flux: a change of generation, a new request, a deletion. */
const wakes = ({ type, object, previous }: Change): boolean => {
  if (type === 'ADDED' || previous === undefined) {
    return true;
  }
  const token = requestedAt(object);
  return (
    object.metadata.generation !== previous.metadata.generation ||
    // taking the annotation away asks for nothing
    (token !== undefined && token !== requestedAt(previous))
  );
};

/**
 * The work queue of a controller: one pass at a time per object, woken by changes and by time. What comes
 * during a pass is one more pass after it.
 */
export const startWorker = (world: World, options: WorkerOptions) => {
  const { clock, server } = world;
  const tasks = new Map<string, Task>();
  const waiting: Task[] = [];
  let running = 0;
  let stopped = false;
  let paused = false;

  const fill = (): void => {
    while (!paused && running < (options.concurrent ?? 20)) {
      const task = waiting.shift();
      if (task === undefined) {
        return;
      }
      void run(task);
    }
  };

  const later = (task: Task, ms: number): void => {
    task.cancel();
    task.cancel = clock.after(ms, () => enqueue(task));
  };

  const enqueue = (task: Task): void => {
    task.cancel();
    if (stopped) {
      return;
    }
    if (task.running) {
      task.again = true;
    } else if (!waiting.includes(task)) {
      waiting.push(task);
      fill();
    }
  };

  /** A pass that throws is noted and tried again, so that one bad object does not end the sandbox. */
  const tryPass = async (ref: Ref): Promise<number | undefined> => {
    try {
      return await options.pass(ref);
    } catch (error) {
      world.noteFailure(`${options.kind.kind} ${keyOf(ref)}`, error);
      return failedPassMs;
    }
  };

  const run = async (task: Task): Promise<void> => {
    task.running = true;
    task.again = false;
    running += 1;
    const next = await tryPass(task.ref);
    running -= 1;
    task.running = false;
    if (world.read(options.kind, task.ref) === undefined) {
      tasks.delete(keyOf(task.ref));
    } else if (task.again) {
      enqueue(task);
    } else if (next !== undefined) {
      later(task, next);
    }
    fill();
  };

  const taskOf = (ref: Ref): Task => {
    const known = tasks.get(keyOf(ref));
    const task = known ?? { ref, running: false, again: false, cancel: () => undefined };
    tasks.set(keyOf(ref), task);
    return task;
  };

  const see = (object: KubeObject, delayMs: number): void => {
    if (object.metadata.labels?.[shardKey] !== undefined) {
      return;
    }
    const task = taskOf(refOf(object));
    if (delayMs > 0 && !task.running) {
      later(task, delayMs);
    } else {
      enqueue(task);
    }
  };

  const follow = (): (() => void) =>
    server.storage.subscribe(options.kind, {
      changed: (change) => {
        if (change.type === 'DELETED') {
          tasks.get(keyOf(refOf(change.object)))?.cancel();
        } else if (wakes(change)) {
          see(change.object, change.type === 'ADDED' ? (options.startMs ?? 8) : 5);
        }
      },
      // the storage goes on after a restore, so does a controller that lists anew
      ended: () => undefined,
    });

  const unfollow = follow();
  for (const object of server.storage.list(options.kind)) {
    see(object, options.startMs ?? 8);
  }

  return {
    /** Wakes the object now, as a watch on something that it depends on does. */
    wake: (ref: Ref): void => {
      enqueue(taskOf(ref));
    },
    /** A paused controller sees and remembers, but does nothing until it goes on. */
    setPaused: (value: boolean): void => {
      paused = value;
      fill();
    },
    stop: (): void => {
      stopped = true;
      unfollow();
      for (const task of tasks.values()) {
        task.cancel();
      }
    },
  };
};
