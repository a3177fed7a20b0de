import { createHmac } from 'node:crypto';
import { createIntake, type IntakeOptions } from '#src/http/intake.ts';
import { createMetrics } from '#src/http/metrics.ts';
import { createPublicServer, type PublicServerOptions } from '#src/http/server.ts';
import type { WebhookKey } from '#src/http/signature.ts';
import { silentLog } from '#src/log.ts';
import { countingIds } from '#test/fakes/clock.ts';
import { recordingKey } from '#test/fixtures/recordings.ts';
import { realClock } from '#test/http/real-clock.ts';
import { webhooks } from '#webhooks/index.ts';

export const sign = (body: string | Uint8Array, secret: string): string =>
  `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;

/** The keys that signed the recordings, one per cluster. */
export const recordedKeys: readonly WebhookKey[] = ['infra', 'apps'].map((cluster) => ({
  id: `recorded-${cluster}`,
  secret: recordingKey(cluster),
  cluster,
}));

/** The real receiver on a free port of 127.0.0.1, on the store that is given. */
export const startReceiver = async (
  intake: Omit<IntakeOptions, 'clock'> & Partial<Pick<IntakeOptions, 'clock'>>,
  options: Partial<PublicServerOptions> = {},
) => {
  const metrics = createMetrics();
  const server = await createPublicServer({
    host: '127.0.0.1',
    port: 0,
    webhooks,
    intake: createIntake({ clock: realClock, ...intake }),
    clock: realClock,
    ids: countingIds(),
    metrics,
    log: silentLog,
    ...options,
  });
  const url = `http://127.0.0.1:${server.port}`;
  return {
    ...server,
    url,
    metrics,
    /** Sends a body as notification-controller does. */
    deliver: (
      cluster: string,
      body: string | Uint8Array<ArrayBuffer>,
      headers: Record<string, string> = {},
    ): Promise<Response> =>
      fetch(`${url}/webhooks/flux/${cluster}`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'x-signature': sign(body, recordingKey(cluster)),
          ...headers,
        },
        body,
      }),
  };
};
