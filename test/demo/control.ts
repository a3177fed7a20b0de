import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { z } from 'zod';
import { inFolder, readState, writeState } from '#test/demo/folder.ts';

const Control = z.object({ url: z.string(), token: z.string(), pid: z.number() });

/** Takes one command of the control and says what came of it; throws what went wrong, in words. */
export type Obey = (words: readonly string[]) => Promise<string>;

const Words = z.object({ words: z.array(z.string()) });

/** The door by which `npm run demo -- …` reaches the running demo; only who can read its file may. */
export const openControl = async (port: number, obey: Obey) => {
  const token = randomBytes(18).toString('base64url');
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) {
      chunks.push(chunk as Buffer);
    }
    if (request.headers.authorization !== `Bearer ${token}`) {
      response.writeHead(403).end();
      return;
    }
    try {
      const { words } = Words.parse(JSON.parse(Buffer.concat(chunks).toString()));
      response.end(await obey(words));
    } catch (error) {
      response.writeHead(409).end(error instanceof Error ? error.message : String(error));
    }
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  writeState('control.json', { url: `http://127.0.0.1:${port}`, token, pid: process.pid });
  return {
    close: (): void => {
      rmSync(inFolder('control.json'), { force: true });
      server.close();
      server.closeAllConnections();
    },
  };
};

export interface Answer {
  readonly ok: boolean;
  readonly text: string;
}

const patienceMs = 60_000;

/** Asks the running demo; undefined where none runs. */
export const askControl = async (words: readonly string[]): Promise<Answer | undefined> => {
  const control = Control.safeParse(readState('control.json'));
  if (!control.success) {
    return undefined;
  }
  const { url, token } = control.data;
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      body: JSON.stringify({ words }),
      signal: AbortSignal.timeout(patienceMs),
    });
    // the demo was killed, and somebody else listens there by now
    return answer.status === 403 ? undefined : { ok: answer.ok, text: await answer.text() };
  } catch (error) {
    return error instanceof Error && error.name === 'TimeoutError'
      ? { ok: false, text: `The demo has not answered for ${patienceMs / 1_000} s.` }
      : undefined;
  }
};
