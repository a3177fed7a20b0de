import type { Clock } from '#src/clock.ts';
import { fail, ok, type Result } from '#src/result.ts';
import type {
  Answer,
  CardMark,
  OutgoingMessage,
  PostedMessage,
  Slack,
  SlackBlock,
  SlackFailure,
  SlackPerson,
  SlackView,
  SlackViews,
} from '#src/slack/slack.ts';
import { homeProblems, slackRefusal } from '#test/slack/limits.ts';
import { viewProblems } from '#test/slack/view-limits.ts';

export interface FakeMessage {
  readonly channel: string;
  readonly ts: string;
  readonly thread: string | undefined;
  readonly text: string;
  readonly blocks: readonly SlackBlock[];
  readonly card: CardMark;
  /** When history begins to show it, in ms. */
  readonly visibleAt: number;
}

export type SlackVerb = keyof Slack | keyof SlackViews;

export interface FakeSlack extends Slack, SlackViews {
  /** The modals that were opened or changed, the newest last. */
  readonly shown: () => readonly SlackView[];
  readonly messages: () => readonly FakeMessage[];
  readonly answers: () => readonly Answer[];
  /** What a person's Home tab shows. */
  readonly homeOf: (user: string) => readonly SlackBlock[] | undefined;
  readonly calls: () => readonly {
    readonly verb: SlackVerb;
    readonly channel: string;
    readonly at: number;
  }[];
  /** Decides over each call before it is made; `after` = Slack does it, and the answer is lost. */
  interfere: (
    decide: (
      verb: SlackVerb,
      channel: string,
    ) => { readonly failure: SlackFailure; readonly after?: boolean } | undefined,
  ) => void;
  /** How late history shows a new message. */
  setHistoryDelay: (ms: number) => void;
  setChannel: (channel: string, state: 'joined' | 'not-joined' | 'archived') => void;
  addPerson: (person: SlackPerson) => void;
  addGroup: (group: string, members: readonly string[]) => void;
  /** Somebody deletes a message in Slack. */
  deleteMessage: (ts: string) => void;
}

/** Slack as far as the bot needs it, in memory; held to the same contract as the adapter. */
export const createFakeSlack = ({ clock }: { readonly clock: Pick<Clock, 'now'> }): FakeSlack => {
  const messages = new Map<string, FakeMessage>();
  const calls: { verb: SlackVerb; channel: string; at: number }[] = [];
  const channels = new Map<string, 'joined' | 'not-joined' | 'archived'>();
  const people = new Map<string, SlackPerson>();
  const answers: Answer[] = [];
  const shown: SlackView[] = [];
  const homes = new Map<string, readonly SlackBlock[]>();
  const groups = new Map<string, readonly string[]>();
  let decide: Parameters<FakeSlack['interfere']>[0] = () => undefined;
  let historyDelay = 0;
  let posts = 0;

  const nextTs = (): string => {
    posts += 1;
    return `${Math.floor(clock.now() / 1000)}.${String(posts).padStart(6, '0')}`;
  };

  const channelFailure = (channel: string): SlackFailure | undefined => {
    switch (channels.get(channel)) {
      case 'not-joined':
        return { code: 'not-in-channel', channel };
      case 'archived':
        return { code: 'channel-gone', channel, error: 'is_archived' };
      default:
        return undefined;
    }
  };

  const call = async <Value>(
    verb: SlackVerb,
    channel: string,
    act: () => Result<Value, SlackFailure>,
  ): Promise<Result<Value, SlackFailure>> => {
    calls.push({ verb, channel, at: clock.now() });
    const meddling = decide(verb, channel);
    if (meddling !== undefined && meddling.after !== true) {
      return fail(meddling.failure);
    }
    const refused = channelFailure(channel);
    const result = refused === undefined ? act() : fail(refused);
    return meddling === undefined ? result : fail(meddling.failure);
  };

  const refusal = (method: string, message: OutgoingMessage): SlackFailure | undefined => {
    const found = slackRefusal(message);
    return found === undefined ? undefined : { code: 'refused', method, error: found.error };
  };

  const put = (message: OutgoingMessage, ts: string): PostedMessage => {
    const { channel, thread, text, blocks, card } = message;
    const before = messages.get(ts);
    messages.set(ts, {
      channel,
      ts,
      thread: before === undefined ? thread : before.thread,
      text,
      blocks,
      card,
      visibleAt: before?.visibleAt ?? clock.now() + historyDelay,
    });
    return { channel, ts };
  };

  const show = (verb: SlackVerb, id: string, view: SlackView) =>
    call(verb, '', () => {
      if (viewProblems(view).length > 0) {
        return fail({ code: 'refused', method: 'views.open', error: 'invalid_arguments' });
      }
      shown.push(view);
      return ok({ id });
    });

  return {
    messages: () => [...messages.values()],
    answers: () => answers,
    homeOf: (user) => homes.get(user),
    calls: () => calls,
    interfere: (next) => {
      decide = next;
    },
    setHistoryDelay: (ms) => {
      historyDelay = ms;
    },
    setChannel: (channel, state) => {
      channels.set(channel, state);
    },
    addPerson: (person) => {
      people.set(person.user, person);
    },
    addGroup: (group, members) => {
      groups.set(group, members);
    },
    deleteMessage: (ts) => {
      messages.delete(ts);
    },

    post: (message) =>
      call('post', message.channel, () => {
        const refused = refusal('chat.postMessage', message);
        if (refused !== undefined) {
          return fail(refused);
        }
        if (message.thread !== undefined && !messages.has(message.thread)) {
          return fail({ code: 'message-gone', channel: message.channel, ts: message.thread });
        }
        return ok(put(message, nextTs()));
      }),
    update: (message) =>
      call('update', message.channel, () => {
        const refused = refusal('chat.update', message);
        if (refused !== undefined) {
          return fail(refused);
        }
        return messages.has(message.ts)
          ? ok(put(message, message.ts))
          : fail({ code: 'message-gone', channel: message.channel, ts: message.ts });
      }),
    remove: (channel, ts) =>
      call('remove', channel, () =>
        messages.delete(ts) ? ok(undefined) : fail({ code: 'message-gone', channel, ts }),
      ),
    ephemeral: (message) => call('ephemeral', message.channel, () => ok(undefined)),
    respond: (answer) => {
      answers.push(answer);
      return call('respond', '', () => ok(undefined));
    },
    ownMessages: ({ channel, thread, oldest }) =>
      call('ownMessages', channel, () =>
        ok(
          [...messages.values()]
            .filter(
              (message) =>
                message.channel === channel &&
                (thread === undefined
                  ? message.thread === undefined
                  : message.thread === thread || message.ts === thread) &&
                Number(message.ts) * 1000 >= oldest &&
                message.visibleAt <= clock.now(),
            )
            .map(({ ts, card }) => ({ channel, ts, ...card })),
        ),
      ),
    publishHome: (user, blocks) =>
      call('publishHome', '', () => {
        const problems = homeProblems(blocks);
        if (problems.length > 0) {
          return fail({ code: 'refused', method: 'views.publish', error: 'invalid_arguments' });
        }
        homes.set(user, blocks);
        return ok(undefined);
      }),
    shown: () => shown,
    openView: (_, view) => show('openView', `V${shown.length}`, view),
    updateView: (id, view) => show('updateView', id, view),
    directChannel: (user) => call('directChannel', '', () => ok(`D${user}`)),
    person: ({ user }) =>
      call('person', '', () => {
        const person = people.get(user);
        return person === undefined
          ? fail({ code: 'refused', method: 'users.info', error: 'user_not_found' })
          : ok(person);
      }),
    groupMembers: (group) => call('groupMembers', '', () => ok(groups.get(group) ?? [])),
    permalink: (channel, ts) =>
      call('permalink', channel, () =>
        messages.has(ts)
          ? ok(`https://demo.slack.example/archives/${channel}/p${ts.replace('.', '')}`)
          : fail({ code: 'message-gone', channel, ts }),
      ),
  };
};
