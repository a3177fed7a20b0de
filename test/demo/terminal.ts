import { createInterface } from 'node:readline';
import { CardRecord, cardKey } from '#src/slack/card.ts';
import { createRedisStore } from '#src/store/redis.ts';
import { cleanLines } from '#src/text/clean.ts';
import { renderTerminal } from '#src/text/terminal.ts';
import { type ClusterName, clusterNames } from '#test/demo/clusters.ts';
import type { Ports } from '#test/demo/folder.ts';
import { channelOf, type OtherSlack } from '#test/demo/stage.ts';
import { type Said, startTerminalSlack, type TerminalSlack } from '#test/demo/terminal-slack.ts';

const people = { robin: 'U0ROBIN', sam: 'U0SAM' } as const;
type Person = keyof typeof people;

/** The channels as text, where there is no page to show them. */
export interface TerminalView {
  readonly slack: (ports: Ports) => Promise<OtherSlack>;
  /** Takes what is typed, until the input ends. */
  listen(): void;
}

const signs: Readonly<Record<string, string>> = { '&lt;': '<', '&gt;': '>', '&amp;': '&' };
const plainSign = (entity: string): string => signs[entity] ?? entity;

const usage =
  'as robin | as sam | in infra | in apps | /flux …   (the bot’s commands, as in Slack)';

/**
 * Shows each message of the bot as it comes, cards with all their parts, and sends what is typed.
 * @param write - one text for the person
 */
export const createTerminalView = (write: (text: string) => void, color: boolean): TerminalView => {
  let slack: TerminalSlack | undefined;
  let person: Person = 'robin';
  let place: ClusterName = 'infra';
  const nameOf = (channel: string): string =>
    clusterNames.find((name) => channelOf[name] === channel) ?? channel;

  const show = async (said: Said, read: (card: string) => Promise<string | undefined>) => {
    const card = said.card === undefined ? undefined : await read(said.card);
    const body = card ?? `${cleanLines(said.text.replace(/&(?:lt|gt|amp);/g, plainSign))}\n`;
    write(`\n── #flux-${nameOf(said.channel)} · ${said.how} ${'─'.repeat(40)}\n${body}`);
  };

  const type = async (line: string): Promise<void> => {
    const status = await slack?.type(people[person], channelOf[place], line);
    if (status !== 200) {
      write(`The bot did not take it (${status === 0 ? 'it is away' : `HTTP ${status}`}).\n`);
    }
  };

  const become = (name: Person): void => {
    person = name;
    write(`You are ${name}.\n`);
  };

  const go = (name: ClusterName): void => {
    place = name;
    write(`You are in #flux-${name}.\n`);
  };

  const moves: Readonly<Record<string, () => void>> = {
    'as robin': () => become('robin'),
    'as sam': () => become('sam'),
    'in infra': () => go('infra'),
    'in apps': () => go('apps'),
  };

  const obey = async (line: string): Promise<void> => {
    const move = moves[line.replace(/\s+/g, ' ')];
    if (move !== undefined) {
      move();
    } else if (line.startsWith('/')) {
      await type(line);
    } else if (line !== '') {
      write(`${usage}\n`);
    }
  };

  return {
    slack: async (ports) => {
      const store = createRedisStore({ url: `redis://127.0.0.1:${ports.redis}` });
      const read = async (id: string): Promise<string | undefined> => {
        const found = CardRecord.safeParse((await store.read(cardKey(id)))?.value);
        const view = found.success ? found.data.desired.view : undefined;
        return view === undefined ? undefined : renderTerminal(view, { color });
      };
      slack = await startTerminalSlack(ports.slack, `http://127.0.0.1:${ports.bot}`, (said) => {
        show(said, read).catch((error: unknown) => write(`${said.text}\n(${String(error)})\n`));
      });
      const { apiUrl, close } = slack;
      return {
        apiUrl,
        close: async () => {
          await close();
          await store.close();
        },
      };
    },
    listen: () => {
      write(`Type here: ${usage}\n`);
      createInterface({ input: process.stdin }).on('line', (line) => {
        obey(line.trim()).catch((error: unknown) => write(`${String(error)}\n`));
      });
    },
  };
};
