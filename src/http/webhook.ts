import type { z } from 'zod';
import type { HeaderValues, WebhookKey } from '#src/http/signature.ts';
import type { Json } from '#src/store/store.ts';

/** One thing to append to a stream of the store before the sender is answered. */
export interface Append {
  readonly stream: string;
  readonly digest: string;
  /** ms since the epoch. */
  readonly at: number;
  readonly value: Json;
}

/** What is known about a delivery besides its body. */
export interface Delivery {
  /** The last part of the path. */
  readonly cluster: string;
  readonly raw: Uint8Array;
  /** ms since the epoch by our clock. */
  readonly receivedAt: number;
  /** A sender's time older than this at its arrival says nothing about now. */
  readonly replayWindowMs: number;
}

export type WebhookVerdict =
  | { readonly status: 202; readonly appends: readonly Append[] }
  | { readonly status: 400; readonly reason: string }
  /** The key may not speak for this; audited. */
  | { readonly status: 403; readonly reason: string };

/** A receiver of one kind of webhook: pure, so that the server around it is all there is to run. */
export interface Webhook {
  /** The path is `/webhooks/<name>/<cluster>`. */
  readonly name: string;
  /** The key that signed the delivery; nothing else of it is looked at before. */
  verify(
    raw: Uint8Array,
    headers: HeaderValues,
    keys: readonly WebhookKey[],
  ): WebhookKey | undefined;
  accept(delivery: Delivery, key: WebhookKey): WebhookVerdict;
}

export interface WebhookDefinition<Body extends z.ZodType> {
  readonly name: string;
  readonly body: Body;
  readonly verify: Webhook['verify'];
  /** The namespace that the body speaks for; undefined = of no namespace. */
  namespace(body: z.output<Body>): string | undefined;
  /** What to keep of it. `cluster` is that of the key, never of the body. */
  appends(
    body: z.output<Body>,
    delivery: Delivery & { readonly cluster: string },
  ): readonly Append[];
}

const parseJson = (raw: Uint8Array): { readonly value: unknown } | { readonly reason: string } => {
  try {
    return { value: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(raw)) };
  } catch {
    return { reason: 'The body is not JSON in UTF-8.' };
  }
};

const issuesOf = (error: z.ZodError): string =>
  error.issues
    .slice(0, 5)
    .map((issue) => `${issue.path.join('.') || 'body'}: ${issue.message}`)
    .join('; ');

const outside = (
  key: WebhookKey,
  cluster: string,
  namespace: string | undefined,
): string | undefined => {
  if (key.cluster !== cluster) {
    return `This key speaks for cluster ${key.cluster} only.`;
  }
  if (key.namespaces !== undefined && !key.namespaces.includes(namespace ?? '')) {
    return `This key speaks for ${key.namespaces.join(', ') || 'no namespace'} only.`;
  }
  return undefined;
};

/** Makes a receiver of its definition: parsing, reasons and the scope of the key are the same for all. */
export const defineWebhook = <Body extends z.ZodType>(
  definition: WebhookDefinition<Body>,
): Webhook => ({
  name: definition.name,
  verify: definition.verify,
  accept: (delivery, key) => {
    const json = parseJson(delivery.raw);
    if ('reason' in json) {
      return { status: 400, reason: json.reason };
    }
    const parsed = definition.body.safeParse(json.value);
    if (!parsed.success) {
      return { status: 400, reason: issuesOf(parsed.error) };
    }
    const reason = outside(key, delivery.cluster, definition.namespace(parsed.data));
    if (reason !== undefined) {
      return { status: 403, reason };
    }
    return {
      status: 202,
      appends: definition.appends(parsed.data, { ...delivery, cluster: key.cluster }),
    };
  },
});
