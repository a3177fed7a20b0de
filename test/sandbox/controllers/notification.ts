import { createHash, createHmac } from 'node:crypto';
import { durationMs } from '#src/flux/duration.ts';
import {
  type JsonRecord,
  type KubeObject,
  listAt,
  recordAt,
  textAt,
} from '#test/sandbox/api/json.ts';
import { sleep } from '#test/sandbox/clock.ts';
import { goJson } from '#test/sandbox/controllers/go-text.ts';
import type { EventWriter, FluxEvent } from '#test/sandbox/controllers/recorder.ts';
import type { World } from '#test/sandbox/controllers/world.ts';

export interface Delivery {
  readonly address: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly timeoutMs: number;
}

/**
 * Sends one request: the status it was answered with; `failed` when the connection was refused or cut,
 * `timed-out` when no answer came in time.
 */
export type Deliver = (delivery: Delivery) => Promise<number | 'failed' | 'timed-out'>;

const timeIsUp = 'context deadline exceeded';
const retryWaitsMs = [2_000, 4_000, 8_000, 16_000];

// the same text of the same object and revision, whatever its reason or severity
const rateLimitKey = ({ involvedObject, message, metadata }: FluxEvent): string => {
  const suffix = (name: string): string =>
    Object.entries(metadata).find(([key]) => key.endsWith(`/${name}`))?.[1] ?? '';
  const { name, namespace, kind } = involvedObject;
  return createHash('sha256')
    .update(
      [
        name,
        namespace,
        kind,
        message,
        suffix('originRevision'),
        suffix('revision'),
        suffix('token'),
      ].join('\0'),
    )
    .digest('hex');
};

const dropped = ['checksum', 'digest', 'token'];

/** What survives of the metadata, without prefixes; the Alert's own entries yield to the controller's. */
const metadataFor = (event: FluxEvent, alert: KubeObject): Readonly<Record<string, string>> => {
  const group = event.involvedObject.apiVersion.split('/')[0] ?? '';
  const pick = (prefix: string): readonly (readonly [string, string])[] =>
    Object.entries(event.metadata)
      .filter(([key]) => key.startsWith(`${prefix}/`))
      .map(([key, value]) => [key.slice(prefix.length + 1), value] as const);
  const merged = new Map<string, string>([
    ...pick('event.toolkit.fluxcd.io'),
    ...Object.entries(recordAt(alert, 'spec', 'eventMetadata')).map(
      ([key, value]) => [key, String(value)] as const,
    ),
    ...pick(group).filter(([key]) => !dropped.includes(key)),
  ]);
  return Object.fromEntries([...merged].toSorted(([left], [right]) => (left < right ? -1 : 1)));
};

const matchesSource = (event: FluxEvent, source: unknown, alert: KubeObject): boolean => {
  const { kind, name, namespace } = event.involvedObject;
  const wanted = textAt(source, 'name');
  return (
    textAt(source, 'kind') === kind &&
    (textAt(source, 'namespace') ?? alert.metadata.namespace) === namespace &&
    (wanted === '*' || wanted === name)
  );
};

/** Whether an object bears the labels that a source asks for; one that is gone bears none. */
const bears = (labels: JsonRecord, object: KubeObject | undefined): boolean =>
  Object.entries(labels).every(([key, value]) => object?.metadata.labels?.[key] === value);

const texts = (value: readonly unknown[]): readonly string[] =>
  value.filter((one): one is string => typeof one === 'string');

const isWanted = (event: FluxEvent, alert: KubeObject, object: KubeObject | undefined): boolean => {
  const spec = recordAt(alert, 'spec');
  if (
    spec['suspend'] === true ||
    (spec['eventSeverity'] === 'error' && event.severity !== 'error')
  ) {
    return false;
  }
  const hits = (key: string): boolean =>
    texts(listAt(spec, key)).some((pattern) => new RegExp(pattern).test(event.message));
  const included = listAt(spec, 'inclusionList').length === 0 || hits('inclusionList');
  return (
    included &&
    !hits('exclusionList') &&
    listAt(spec, 'eventSources').some(
      (source) =>
        matchesSource(event, source, alert) && bears(recordAt(source, 'matchLabels'), object),
    )
  );
};

const bodyOf = (event: FluxEvent, metadata: Readonly<Record<string, string>>): string =>
  goJson({
    involvedObject: event.involvedObject,
    severity: event.severity,
    timestamp: event.timestamp,
    message: event.message,
    reason: event.reason,
    ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
    reportingController: event.reportingController,
    reportingInstance: event.reportingInstance,
  });

type Answer = Awaited<ReturnType<Deliver>>;

// connection errors, 429 and 5xx (but 501) are worth another try
const isWorthRetry = (answer: Answer): boolean =>
  answer === 'failed' ||
  answer === 429 ||
  (typeof answer === 'number' && answer >= 500 && answer !== 501);

type Verdict = { readonly failure: string | undefined } | { readonly waitMs: number };

/** What follows from one answer: taken, another try after a while, or given up. */
const verdict = (answer: Answer, tries: number, address: string, leftMs: number): Verdict => {
  const failed = 'postMessage failed: failed to execute request';
  const gaveUp = `POST ${address} giving up after ${tries} attempt(s)`;
  if (answer === 'timed-out') {
    return { failure: `${failed}: ${gaveUp}: ${timeIsUp}` };
  }
  if (!isWorthRetry(answer)) {
    const isTaken = answer !== 'failed' && answer >= 200 && answer < 300;
    const refused = `postMessage failed: request failed: request failed with status code ${answer}: `;
    return { failure: isTaken ? undefined : refused };
  }
  const waitMs = retryWaitsMs[tries - 1];
  if (waitMs === undefined) {
    return { failure: `${failed}: ${gaveUp}` };
  }
  return waitMs >= leftMs ? { failure: `${failed}: ${timeIsUp}` } : { waitMs };
};

/**
 * Simulates notification-controller: a repeat within the rate limit is dropped before any Alert is asked,
 * delivery is at most once with retries inside the Provider's time-out, nothing is kept.
 * Providers of type generic and generic-hmac send; others are taken and forgotten.
 */
export const createNotificationController = (
  world: World,
  write: EventWriter,
  deliver: Deliver,
) => {
  const { server, clock, settings } = world;
  const alerts = world.kindNamed('notification.toolkit.fluxcd.io', 'Alert');
  const providers = world.kindNamed('notification.toolkit.fluxcd.io', 'Provider');
  const secrets = world.kindNamed('', 'Secret');
  const seen = new Map<string, number>();
  let stopped = false;

  const isRepeat = (event: FluxEvent): boolean => {
    const key = rateLimitKey(event);
    const last = seen.get(key);
    if (last !== undefined && clock.now() - last < settings.rateLimitMs) {
      return true;
    }
    seen.set(key, clock.now());
    return false;
  };

  const secretOf = (provider: KubeObject): ReadonlyMap<string, string> | undefined => {
    const name = textAt(provider, 'spec', 'secretRef', 'name');
    const secret =
      name === undefined
        ? undefined
        : server.storage.read(secrets, provider.metadata.namespace, name);
    if (name !== undefined && secret === undefined) {
      return undefined;
    }
    const data = Object.entries(recordAt(secret, 'data')).map(
      ([key, value]) => [key, Buffer.from(String(value), 'base64').toString('utf8')] as const,
    );
    const plain = Object.entries(recordAt(secret, 'stringData')).map(
      ([key, value]) => [key, String(value)] as const,
    );
    return new Map([...data, ...plain]);
  };

  const tell = (alert: KubeObject, event: FluxEvent, why: string): void => {
    const { kind, namespace, name } = event.involvedObject;
    const message = `failed to send notification for ${kind}/${namespace}/${name}: ${why}`;
    write(alert, 'notification-controller', 'Warning', 'NotificationDispatchFailed', message);
  };

  /** Sends until it is taken (undefined) or given up (why). */
  const tryAll = async (
    delivery: Omit<Delivery, 'timeoutMs'>,
    deadline: number,
  ): Promise<string | undefined> => {
    for (let tries = 1; ; tries += 1) {
      const answer = await deliver({ ...delivery, timeoutMs: deadline - clock.now() });
      const next = verdict(answer, tries, delivery.address, deadline - clock.now());
      if (!('waitMs' in next)) {
        return next.failure;
      }
      await sleep(clock, next.waitMs);
    }
  };

  const attempt = async (
    delivery: Omit<Delivery, 'timeoutMs'>,
    timeoutMs: number,
  ): Promise<string | undefined> => {
    const deadline = clock.now() + timeoutMs;
    const failure = await tryAll(delivery, deadline);
    if (failure?.endsWith(timeIsUp) === true) {
      await sleep(clock, Math.max(0, deadline - clock.now()));
    }
    return failure;
  };

  const send = async (event: FluxEvent, alert: KubeObject, provider: KubeObject): Promise<void> => {
    const spec = recordAt(provider, 'spec');
    const secret = secretOf(provider);
    if (secret === undefined) {
      tell(alert, event, `failed to read secret "${textAt(spec, 'secretRef', 'name')}": not found`);
      return;
    }
    const body = bodyOf(event, metadataFor(event, alert));
    const signature = createHmac('sha256', secret.get('token') ?? '')
      .update(body)
      .digest('hex');
    const isSigned = spec['type'] === 'generic-hmac';
    const failure = await attempt(
      {
        address: secret.get('address') ?? textAt(spec, 'address') ?? '',
        headers: {
          'user-agent': 'Go-http-client/1.1',
          'content-type': 'application/json',
          'gotk-component': event.reportingController,
          ...(isSigned ? { 'x-signature': `sha256=${signature}` } : {}),
          'accept-encoding': 'gzip',
        },
        body,
      },
      durationMs(textAt(spec, 'timeout')) ?? 15_000,
    );
    if (failure !== undefined) {
      tell(alert, event, failure);
    }
  };

  const dispatch = async (event: FluxEvent, alert: KubeObject): Promise<void> => {
    const name = textAt(alert, 'spec', 'providerRef', 'name') ?? '';
    const provider: KubeObject | undefined = server.storage.read(
      providers,
      alert.metadata.namespace,
      name,
    );
    if (provider === undefined) {
      tell(alert, event, `providers.notification.toolkit.fluxcd.io "${name}" not found`);
      return;
    }
    const spec = recordAt(provider, 'spec');
    if (spec['suspend'] !== true && ['generic', 'generic-hmac'].includes(String(spec['type']))) {
      await send(event, alert, provider);
    }
  };

  return {
    /** Takes an event as the event server does; delivery goes on by itself. */
    take: (event: FluxEvent): void => {
      if (stopped || isRepeat(event)) {
        return;
      }
      const involved = server.objects.get(event.involvedObject);
      for (const alert of server.storage.list(alerts)) {
        if (isWanted(event, alert, involved)) {
          dispatch(event, alert).catch((error: unknown) => {
            world.noteFailure(`Alert ${alert.metadata.namespace}/${alert.metadata.name}`, error);
          });
        }
      }
    },
    /** Forgets what was sent, as a restart of the controller does. */
    restart: (): void => seen.clear(),
    /** Takes nothing any more, or takes again. */
    setStopped: (value: boolean): void => {
      stopped = value;
    },
  };
};
