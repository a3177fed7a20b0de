import { describe, expect, it } from 'vitest';
import { slackFailure } from '#src/slack/slack-failure.ts';

const context = { method: 'chat.update', channel: 'C1', ts: '1.1' };
const platform = (error: string) =>
  Object.assign(new Error(error), { code: 'slack_webapi_platform_error', data: { error } });
const request = (original: Error) =>
  Object.assign(new Error('failed'), { code: 'slack_webapi_request_error', original });
const http = (statusCode: number) =>
  Object.assign(new Error('http'), { code: 'slack_webapi_http_error', statusCode });

describe('an error of the Web API', () => {
  it.each([
    [platform('not_in_channel'), { code: 'not-in-channel', channel: 'C1' }],
    [platform('is_archived'), { code: 'channel-gone', channel: 'C1', error: 'is_archived' }],
    [platform('message_not_found'), { code: 'message-gone', channel: 'C1', ts: '1.1' }],
    [platform('token_revoked'), { code: 'token-rejected', error: 'token_revoked' }],
    [platform('ratelimited'), { code: 'rate-limited', retryAfterMs: 30_000 }],
    [platform('fatal_error'), { code: 'no-reply', detail: 'fatal_error' }],
    [
      platform('invalid_blocks'),
      { code: 'refused', method: 'chat.update', error: 'invalid_blocks' },
    ],
    [
      Object.assign(new Error(), { code: 'slack_webapi_rate_limited_error', retryAfter: 3 }),
      { code: 'rate-limited', retryAfterMs: 3_000 },
    ],
    [http(503), { code: 'no-reply', detail: 'HTTP 503' }],
    [http(404), { code: 'refused', method: 'chat.update', error: 'http_404' }],
    [
      request(new TypeError('fetch failed', { cause: { code: 'ECONNREFUSED' } })),
      { code: 'no-reply', detail: 'fetch failed' },
    ],
    [
      request(
        new TypeError('fetch failed', {
          cause: Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }),
        }),
      ),
      { code: 'unreachable', detail: 'connect' },
    ],
    [
      request(new DOMException('timed out', 'TimeoutError')),
      { code: 'no-reply', detail: 'timed out' },
    ],
    ['anything', { code: 'no-reply', detail: 'unknown' }],
  ])('%s', (error, failure) => {
    expect(slackFailure(error, context)).toEqual(failure);
  });
});
