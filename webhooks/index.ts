import type { Webhook } from '#src/http/webhook.ts';
import { flux } from '#webhooks/flux.ts';

/** Every receiver; each answers under `/webhooks/<name>/<cluster>`. */
export const webhooks: readonly Webhook[] = [flux];
