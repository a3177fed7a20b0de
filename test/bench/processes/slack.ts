/** A Slack that takes everything and answers each call after 20 ms; it remembers when cards were posted. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerParent } from '#test/bench/processes/child.ts';
import { demoTeam } from '#test/slack/workspace.ts';

export type SlackQuestion = { readonly kind: 'address' } | { readonly kind: 'posts' };

/** A card that was posted; `answeredAt` in ms since the epoch. */
export interface BenchPost {
  readonly text: string;
  readonly answeredAt: number;
}

const answerMs = 20;
const posts: BenchPost[] = [];
let messages = 0;

const answers: Readonly<Record<string, () => object>> = {
  'auth.test': () => ({ team_id: demoTeam, user_id: 'U0BOT', bot_id: 'B0BOT' }),
  'chat.postMessage': () => {
    messages += 1;
    return { channel: 'C0APPS', ts: `1700000000.${String(messages).padStart(6, '0')}` };
  },
  'chat.update': () => ({ channel: 'C0APPS', ts: '1700000000.000001' }),
  'conversations.history': () => ({ messages: [] }),
  'conversations.replies': () => ({ messages: [] }),
};

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const method = (request.url ?? '').replace('/api/', '');
    const parameters = new URLSearchParams(Buffer.concat(chunks).toString());
    setTimeout(() => {
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify({ ok: true, ...answers[method]?.() }));
      if (method === 'chat.postMessage' && !parameters.has('thread_ts')) {
        const text = `${parameters.get('text')} ${parameters.get('blocks')}`;
        posts.push({ text, answeredAt: Date.now() });
      }
    }, answerMs);
  });
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address() as AddressInfo;

answerParent<SlackQuestion, string | BenchPost[]>(({ kind }) =>
  kind === 'address' ? `http://127.0.0.1:${port}/api/` : posts,
);
