import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { freePort } from '#test/net/free-port.ts';

/**
 * A Slack of one's own on this machine: API, socket, signed requests, and a page in the browser. Only for
 * tests and the demo; only on platforms that it is made for.
 */
export const localSlackBinary = ((): string | undefined => {
  try {
    const name = `local-slack-${process.platform}-${process.arch}/package.json`;
    return join(dirname(createRequire(import.meta.url).resolve(name)), 'bin/local-slack');
  } catch {
    return undefined;
  }
})();

export interface LocalSlackConfig {
  readonly workspace: { readonly name: string; readonly domain: string; readonly teamId: string };
  readonly apps: readonly {
    readonly appId: string;
    readonly botUserId: string;
    readonly botName: string;
    readonly botToken: string;
    readonly appToken: string;
    readonly signingSecret: string;
    readonly mode: 'socket' | 'events';
    /** Where signed requests go, in mode events. */
    readonly requestUrl?: string;
  }[];
  readonly users: readonly {
    readonly id: string;
    readonly name: string;
    readonly real_name?: string;
    readonly email?: string;
  }[];
  readonly channels: readonly {
    readonly id: string;
    readonly name: string;
    readonly members: readonly string[];
  }[];
}

export interface LocalMessage {
  readonly ts: string;
  readonly text: string;
  readonly user?: string;
  readonly thread_ts?: string;
  readonly ephemeral_to?: string;
  readonly blocks?: readonly LocalBlock[];
}

interface LocalBlock {
  readonly type: string;
  readonly block_id?: string;
  readonly elements?: readonly { readonly action_id?: string }[];
}

export interface LocalSlack {
  readonly pid: number;
  /** Of the page and the control routes. */
  readonly url: string;
  readonly apiUrl: string;
  messages(channel: string): Promise<readonly LocalMessage[]>;
  /** Types a slash command; resolves once the bot has acknowledged it. */
  command(typed: {
    readonly channel: string;
    readonly user: string;
    readonly command: string;
    readonly text: string;
  }): Promise<void>;
  /** Clicks the first button of a message whose id begins with `action`. */
  click(channel: string, ts: string, user: string, action: string): Promise<void>;
  /** Opens the Home tab of the bot as a person. */
  openHome(user: string): Promise<void>;
  /** Clicks the first button in a person's Home tab whose id begins with `action`. */
  clickHome(user: string, action: string): Promise<void>;
  /** What a person's Home tab shows; undefined before the first publication. */
  home(user: string): Promise<unknown>;
  say(said: {
    readonly channel: string;
    readonly user: string;
    readonly text: string;
    readonly thread_ts?: string;
  }): Promise<void>;
  /** Deletes a message as its author. */
  deleteMessage(channel: string, ts: string, user: string): Promise<void>;
  stop(): Promise<void>;
}

const startedWithin = 30_000;

interface PageState {
  readonly homeViews?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** Does something as a page does, on its socket. */
const onPage = (url: string, deed: object): Promise<void> =>
  new Promise((resolve, reject) => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/ui`);
    socket.addEventListener('message', () => {
      socket.send(JSON.stringify(deed));
      socket.close();
      resolve();
    });
    socket.addEventListener('error', () => reject(new Error('the page is not served')));
  });

/** What a page is told when it opens; the control routes do not tell of Homes. */
const pageState = (url: string): Promise<PageState> =>
  new Promise((resolve, reject) => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/ui`);
    socket.addEventListener('message', ({ data }) => {
      socket.close();
      resolve((JSON.parse(String(data)) as { readonly state: PageState }).state);
    });
    socket.addEventListener('error', () => reject(new Error('the page is not served')));
  });

const listeningUrl = (child: ChildProcess): Promise<string> =>
  new Promise((resolve, reject) => {
    let output = '';
    const timer = setTimeout(() => reject(new Error(`no answer: ${output}`)), startedWithin);
    child.stdout?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      const url = /Web UI:\s+(http:\S+)/.exec(output)?.[1];
      if (url !== undefined) {
        clearTimeout(timer);
        resolve(url);
      }
    });
    child.once('exit', (code) => {
      clearTimeout(timer);
      reject(new Error(`the local Slack ended with ${code}: ${output}`));
    });
  });

export interface LocalSlackOptions {
  /** Any free one when left out. */
  readonly port?: number;
  /** Where messages are kept, so that the next start shows them again; forgotten when left out. */
  readonly stateFile?: string;
}

/**
 * Starts it on a free port of the loopback interface, in an empty folder and with an empty environment:
 * it reads configuration from both.
 */
export const startLocalSlack = async (
  config: LocalSlackConfig,
  options: LocalSlackOptions = {},
): Promise<LocalSlack> => {
  if (localSlackBinary === undefined) {
    throw new Error(`there is no local Slack for ${process.platform}-${process.arch}`);
  }
  const { stateFile } = options;
  const port = options.port ?? (await freePort());
  const folder = await mkdtemp(join(tmpdir(), 'local-slack-'));
  const file = join(folder, 'config.json');
  await writeFile(file, JSON.stringify(config));
  const child = spawn(
    localSlackBinary,
    ['--config', file, '--port', String(port), '--base-host', '127.0.0.1'],
    {
      cwd: folder,
      detached: true,
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        PATH: process.env['PATH'],
        BUN_OPTIONS: `--preload=${join(import.meta.dirname, 'local-slack-preload.cjs')}`,
        ...(stateFile === undefined ? {} : { LOCAL_SLACK_STATE: stateFile }),
      },
    },
  );
  const url = await listeningUrl(child);

  const control = async (path: string, body?: object): Promise<Record<string, unknown>> => {
    const request =
      body === undefined
        ? {}
        : {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify(body),
          };
    const answer = await fetch(`${url}/_control/${path}`, request);
    const json = (await answer.json()) as Record<string, unknown>;
    if (!answer.ok || json['ok'] === false) {
      throw new Error(`${path}: ${JSON.stringify(json)}`);
    }
    return json;
  };

  const messages = async (channel: string): Promise<readonly LocalMessage[]> =>
    (await control(`messages/${channel}`))['messages'] as readonly LocalMessage[];

  return {
    pid: child.pid ?? 0,
    url,
    apiUrl: `${url}/api/`,
    messages,
    command: async (typed) => {
      await control('command', typed);
    },
    click: async (channel, ts, user, action) => {
      const blocks = (await messages(channel)).find((message) => message.ts === ts)?.blocks ?? [];
      const found = blocks
        .flatMap(({ block_id, elements = [] }) =>
          elements.map((element) => ({ ...element, block_id })),
        )
        .find(({ action_id }) => action_id?.startsWith(action));
      if (found === undefined) {
        throw new Error(`no button ${action} on ${ts}`);
      }
      await control('interact', { channel, messageTs: ts, user, action: found });
    },
    openHome: async (user) => {
      await control('open-home', { user });
    },
    clickHome: async (user, action) => {
      const home = Object.values((await pageState(url)).homeViews?.[user] ?? {})[0];
      const { blocks = [] } = (home ?? {}) as { readonly blocks?: readonly LocalBlock[] };
      const found = blocks
        .flatMap(({ block_id, elements = [] }) =>
          elements.map((element) => ({ ...element, block_id })),
        )
        .find(({ action_id }) => action_id?.startsWith(action));
      if (found === undefined) {
        throw new Error(`no button ${action} in the Home of ${user}`);
      }
      // as the page does it: there is no control route
      await onPage(url, { t: 'block_action', channel: '', user, action: found });
    },
    home: async (user) => Object.values((await pageState(url)).homeViews?.[user] ?? {})[0],
    say: async (said) => {
      await control('message', said);
    },
    deleteMessage: async (channel, ts, user) => {
      await control('delete-message', { channel, ts, user });
    },
    stop: async () => {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill();
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
};
