import { fail, ok, type Result } from '#src/result.ts';
import type { Answer, SlackFailure } from '#src/slack/slack.ts';

/** Answers by the address that Slack sent along, which has to lead to `host`; waits `timeoutMs` at most. */
export const respond = async (
  { responseUrl, audience, text, blocks, replace, thread }: Answer,
  host: string,
  timeoutMs: number,
): Promise<Result<void, SlackFailure>> => {
  if (!URL.canParse(responseUrl) || new URL(responseUrl).hostname !== host) {
    return fail({ code: 'refused', method: 'respond', error: 'not an address of Slack' });
  }
  try {
    const answer = await fetch(responseUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json; charset=utf-8' },
      body: JSON.stringify({
        // Said each time: without it Slack and its stand-ins differ in who sees the answer.
        response_type: audience === 'asker' ? 'ephemeral' : 'in_channel',
        replace_original: replace === true,
        ...(thread === undefined ? {} : { thread_ts: thread }),
        text,
        blocks,
        mrkdwn: false,
        parse: 'none',
        link_names: false,
        unfurl_links: false,
        unfurl_media: false,
      }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    await answer.arrayBuffer();
    return answer.ok
      ? ok(undefined)
      : fail({ code: 'refused', method: 'respond', error: `http_${answer.status}` });
  } catch (error) {
    const detail = error instanceof Error ? error.message : 'unknown';
    return fail({ code: 'no-reply', detail });
  }
};
