import type { KubeObject } from '#test/sandbox/api/json.ts';
import { isTerminating } from '#test/sandbox/api/namespaces.ts';
import { timestamp } from '#test/sandbox/clock.ts';
import type { World } from '#test/sandbox/controllers/world.ts';

/** An event as a controller posts it to notification-controller; metadata keys have their prefixes. */
export interface FluxEvent {
  readonly involvedObject: {
    readonly kind: string;
    readonly namespace: string;
    readonly name: string;
    readonly uid: string;
    readonly apiVersion: string;
    readonly resourceVersion: string;
  };
  readonly severity: 'info' | 'error';
  readonly timestamp: string;
  readonly message: string;
  readonly reason: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly reportingController: string;
  readonly reportingInstance: string;
}

export interface Recording {
  /** trace is written as a Kubernetes Event only, never sent. */
  readonly severity: 'info' | 'error' | 'trace';
  readonly reason: string;
  readonly message: string;
  /** Keys without prefix: the group of the object is put before them. */
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface Recorder {
  record(object: KubeObject, event: Recording): void;
}

const instances: Readonly<Record<string, string>> = {
  'source-controller': 'source-controller-5c7b8d6f94-tq8zn',
  'kustomize-controller': 'kustomize-controller-6b8c9d5f7-x2k4q',
  'helm-controller': 'helm-controller-7d9f6b8c54-p9w2m',
};

// client-go's defaults
const mostSimilar = 10;
const similarForMs = 600_000;

/**
 * Writes core Events as client-go does (the same text again counts up), for any component.
 * @returns the write; annotations are what Flux keeps its metadata in
 */
export const createEventWriter = (world: World) => {
  const { server, clock, settings } = world;
  const kind = world.kindNamed('', 'Event');
  const namespaces = world.kindNamed('', 'Namespace');
  const known = new Map<string, string>();
  const similar = new Map<string, Map<string, number>>();

  /** What to write: from the tenth of its like within ten minutes on, they are combined. */
  const combined = (like: string, message: string): { key: string; text: string } => {
    const texts = similar.get(like) ?? new Map<string, number>();
    for (const [text, atMs] of texts) {
      if (clock.now() - atMs > similarForMs) {
        texts.delete(text);
      }
    }
    texts.set(message, clock.now());
    similar.set(like, texts);
    return texts.size >= mostSimilar
      ? { key: like, text: `(combined from similar events): ${message}` }
      : { key: `${like} ${message}`, text: message };
  };

  return (
    object: KubeObject,
    component: string,
    type: 'Normal' | 'Warning',
    reason: string,
    message: string,
    annotations: Readonly<Record<string, string>> = {},
  ): void => {
    const { name, uid = '', resourceVersion = '', namespace } = object.metadata;
    const place = namespace ?? 'default';
    if (isTerminating(server.storage.read(namespaces, undefined, place))) {
      return;
    }
    const now = timestamp(clock.now());
    const { key, text } = combined(JSON.stringify([component, uid, type, reason]), message);
    const before = known.get(key);
    const live = before === undefined ? undefined : server.storage.read(kind, place, before);
    if (live !== undefined) {
      const count = Number(live['count'] ?? 1) + 1;
      server.storage.put(kind, { ...live, count, message: text, lastTimestamp: now });
      return;
    }
    const suffix = Math.floor(clock.now() * 1e6 + settings.random() * 1e6).toString(16);
    const eventName = `${name}.${suffix}`;
    known.set(key, eventName);
    server.objects.put({
      kind: 'Event',
      apiVersion: 'v1',
      metadata: {
        name: eventName,
        namespace: place,
        // what is combined keeps none
        ...(Object.keys(annotations).length === 0 || text !== message ? {} : { annotations }),
      },
      involvedObject: {
        kind: object.kind,
        ...(namespace === undefined ? {} : { namespace }),
        name,
        uid,
        apiVersion: object.apiVersion,
        resourceVersion,
      },
      reason,
      message: text,
      source: { component },
      firstTimestamp: now,
      lastTimestamp: now,
      count: 1,
      type,
      eventTime: null,
      reportingComponent: component,
      reportingInstance: '',
    });
  };
};

export type EventWriter = ReturnType<typeof createEventWriter>;

/** Records events of one controller: as core Events, and (but for trace) to notification-controller. */
export const createRecorder = (
  world: World,
  write: EventWriter,
  controller: string,
  send: (event: FluxEvent) => void,
): Recorder => ({
  record: (object, { severity, reason, message, metadata = {} }) => {
    const group = object.apiVersion.split('/')[0] ?? '';
    const prefixed = Object.fromEntries(
      Object.entries(metadata).map(([key, value]) => [`${group}/${key}`, value]),
    );
    const own = Object.fromEntries(
      Object.entries(object.metadata.annotations ?? {}).filter(([key]) =>
        key.startsWith('event.toolkit.fluxcd.io/'),
      ),
    );
    const annotations = { ...own, ...prefixed };
    write(
      object,
      controller,
      severity === 'error' ? 'Warning' : 'Normal',
      reason,
      message,
      annotations,
    );
    if (severity === 'trace') {
      return;
    }
    const { name, namespace = '', uid = '', resourceVersion = '' } = object.metadata;
    send({
      involvedObject: {
        kind: object.kind,
        namespace,
        name,
        uid,
        apiVersion: object.apiVersion,
        resourceVersion,
      },
      severity,
      timestamp: timestamp(world.clock.now()),
      message,
      reason,
      metadata: annotations,
      reportingController: controller,
      reportingInstance: instances[controller] ?? controller,
    });
  },
});
