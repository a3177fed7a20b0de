/**
 * When each key is due. Setting and taking out cost the logarithm of what is in it, and asking what is due
 * costs what is due: the fold asks after every event, however many objects wait for their time.
 */
export interface Schedule {
  set(key: string, due: number): void;
  delete(key: string): void;
  /** The keys that are due by `now`, in the order in which they were first set. */
  dueBy(now: number): readonly string[];
  /** The earliest time at which something is due. */
  next(): number | undefined;
}

interface Entry {
  readonly key: string;
  readonly due: number;
  /** Stays with the key as long as it is in the schedule. */
  readonly order: number;
}

// below this, what was taken out is not worth clearing away
const smallest = 64;

const swap = (heap: Entry[], one: number, other: number): void => {
  const held = heap[one] as Entry;
  heap[one] = heap[other] as Entry;
  heap[other] = held;
};

const dueAt = (heap: readonly Entry[], at: number): number =>
  heap[at]?.due ?? Number.POSITIVE_INFINITY;

const rise = (heap: Entry[]): void => {
  let at = heap.length - 1;
  let above = (at - 1) >> 1;
  while (at > 0 && dueAt(heap, at) < dueAt(heap, above)) {
    swap(heap, at, above);
    at = above;
    above = (at - 1) >> 1;
  }
};

const sink = (heap: Entry[]): void => {
  for (let at = 0; ; ) {
    const left = 2 * at + 1;
    const earlier = dueAt(heap, left + 1) < dueAt(heap, left) ? left + 1 : left;
    if (dueAt(heap, earlier) >= dueAt(heap, at)) {
      return;
    }
    swap(heap, at, earlier);
    at = earlier;
  }
};

export const createSchedule = (): Schedule => {
  const current = new Map<string, Entry>();
  /** A binary heap; what is no longer current in it is skipped, and cleared away when it is the half. */
  let heap: Entry[] = [];
  let orders = 0;

  const isCurrent = (entry: Entry): boolean => current.get(entry.key) === entry;

  const compact = (): void => {
    if (heap.length > smallest && heap.length > 2 * current.size) {
      // sorted by time is a heap, too
      heap = heap.filter(isCurrent).sort((left, right) => left.due - right.due);
    }
  };

  const dropFirst = (): void => {
    const last = heap.pop();
    if (last !== undefined && heap.length > 0) {
      heap[0] = last;
      sink(heap);
    }
  };

  return {
    set: (key, due) => {
      const known = current.get(key);
      if (known?.due === due) {
        return;
      }
      orders += 1;
      const entry: Entry = { key, due, order: known?.order ?? orders };
      current.set(key, entry);
      heap.push(entry);
      rise(heap);
      compact();
    },
    delete: (key) => {
      current.delete(key);
      compact();
    },
    dueBy: (now) => {
      const found: Entry[] = [];
      const look = [0];
      for (let at = look.pop(); at !== undefined; at = look.pop()) {
        const entry = heap[at];
        // nothing below an entry is due before it
        if (entry !== undefined && entry.due <= now) {
          found.push(entry);
          look.push(2 * at + 1, 2 * at + 2);
        }
      }
      return found
        .filter(isCurrent)
        .sort((left, right) => left.order - right.order)
        .map(({ key }) => key);
    },
    next: () => {
      for (let first = heap[0]; first !== undefined; first = heap[0]) {
        if (isCurrent(first)) {
          return first.due;
        }
        dropFirst();
      }
      return undefined;
    },
  };
};
