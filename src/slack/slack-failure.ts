import { z } from 'zod';
import type { SlackFailure } from '#src/slack/slack.ts';

/** What a call was about, for a failure that has to name it. */
export interface CallContext {
  readonly method: string;
  readonly channel?: string | undefined;
  readonly ts?: string | undefined;
}

/** The errors of @slack/web-api, told apart by their code. */
const WebApiError = z.object({
  code: z.string(),
  data: z.object({ error: z.string() }).optional(),
  /** seconds */
  retryAfter: z.number().optional(),
  statusCode: z.number().optional(),
  original: z.unknown().optional(),
  message: z.string().optional(),
});

const tokenErrors = new Set([
  'invalid_auth',
  'not_authed',
  'account_inactive',
  'token_revoked',
  'token_expired',
  'org_login_required',
  'ekm_access_denied',
]);
const goneChannels = new Set(['channel_not_found', 'is_archived', 'channel_is_archived']);
const goneMessages = new Set(['message_not_found', 'thread_not_found']);
const limited = new Set(['ratelimited', 'rate_limited', 'message_limit_exceeded']);
// Slack says of these that some of the work may have been done.
const doubtful = new Set([
  'internal_error',
  'fatal_error',
  'request_timeout',
  'service_unavailable',
]);

const limitedAgainMs = 30_000;

/**
 * An error thrown by Slack's web client, as one of the failures that we expect.
 * @see https://docs.slack.dev/reference/methods/chat.postMessage/#errors
 */
export const slackFailure = (error: unknown, context: CallContext): SlackFailure => {
  const parsed = WebApiError.safeParse(error);
  if (!parsed.success) {
    return networkFailure(error);
  }
  const { code, data, retryAfter, statusCode, original, message = code } = parsed.data;
  switch (code) {
    case 'slack_webapi_rate_limited_error':
      return { code: 'rate-limited', retryAfterMs: (retryAfter ?? 30) * 1_000 };
    case 'slack_webapi_platform_error':
      return platformFailure(data?.error ?? 'unknown_error', context);
    case 'slack_webapi_http_error':
      return statusCode === undefined || statusCode >= 500
        ? { code: 'no-reply', detail: `HTTP ${statusCode ?? ''}`.trim() }
        : { code: 'refused', method: context.method, error: `http_${statusCode}` };
    case 'slack_webapi_request_error':
      return networkFailure(original ?? error);
    default:
      return { code: 'no-reply', detail: message };
  }
};

const platformFailure = (
  error: string,
  { method, channel = '', ts = '' }: CallContext,
): SlackFailure => {
  if (error === 'not_in_channel') {
    return { code: 'not-in-channel', channel };
  }
  if (goneChannels.has(error)) {
    return { code: 'channel-gone', channel, error };
  }
  if (goneMessages.has(error)) {
    return { code: 'message-gone', channel, ts };
  }
  if (tokenErrors.has(error)) {
    return { code: 'token-rejected', error };
  }
  if (limited.has(error)) {
    return { code: 'rate-limited', retryAfterMs: limitedAgainMs };
  }
  return doubtful.has(error)
    ? { code: 'no-reply', detail: error }
    : { code: 'refused', method, error };
};

// The connection was never made, so Slack cannot have done anything.
const neverSent = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

const CodedCause = z.object({
  // A number on the errors of the platform itself, such as a time-out.
  code: z.string().optional().catch(undefined),
  message: z.string().optional().catch(undefined),
});

const networkFailure = (error: unknown): SlackFailure => {
  const chain: z.infer<typeof CodedCause>[] = [];
  let current = error;
  while (current instanceof Error && chain.length < 5) {
    chain.push(CodedCause.parse(current));
    current = current.cause;
  }
  const detail = chain.at(-1)?.message ?? 'unknown';
  return chain.some(({ code }) => code !== undefined && neverSent.has(code))
    ? { code: 'unreachable', detail }
    : { code: 'no-reply', detail };
};
