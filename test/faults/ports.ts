import type { Git, GitFailure } from '#src/git/git.ts';
import { fail } from '#src/result.ts';
import type { Slack, SlackFailure } from '#src/slack/slack.ts';
import { type Store, storeUnavailable } from '#src/store/store.ts';
import type { Process } from '#test/faults/process.ts';

const noStore = {
  refused: (): never => {
    throw storeUnavailable('away');
  },
  unanswered: (): never => {
    throw storeUnavailable('no answer');
  },
};

/** The store as one process reaches it. */
export const storeOf = (process: Process, store: Store): Store => {
  const ask = <Value>(verb: string, effect: () => Promise<Value>): Promise<Value> =>
    process.call<Value>(`store.${verb}`, 'store', effect, noStore);
  return {
    read: (key) => ask('read', () => store.read(key)),
    readAll: (keys) => ask('readAll', () => store.readAll(keys)),
    commit: (batch) => ask('commit', () => store.commit(batch)),
    range: (index, query) => ask('range', () => store.range(index, query)),
    count: (index) => ask('count', () => store.count(index)),
    append: (stream, digest, at, value) =>
      ask('append', () => store.append(stream, digest, at, value)),
    entries: (stream, after, limit) => ask('entries', () => store.entries(stream, after, limit)),
    trim: (stream, upTo) => ask('trim', () => store.trim(stream, upTo)),
    forget: (stream, before) => ask('forget', () => store.forget(stream, before)),
    lease: (name, holder, ttlMs) => ask('lease', () => store.lease(name, holder, ttlMs)),
    release: (name, holder) => ask('release', () => store.release(name, holder)),
    time: () => ask('time', () => store.time()),
    health: () => store.health(),
    close: async () => undefined,
  };
};

const noSlack = {
  refused: () => fail<SlackFailure>({ code: 'unreachable', detail: 'away' }),
  unanswered: () => fail<SlackFailure>({ code: 'no-reply', detail: 'no answer' }),
};

/** Slack as one process reaches it. */
export const slackOf = (process: Process, slack: Slack): Slack => ({
  post: (message) => process.call('slack.post', 'slack', () => slack.post(message), noSlack),
  update: (message) => process.call('slack.update', 'slack', () => slack.update(message), noSlack),
  remove: (channel, ts) =>
    process.call('slack.remove', 'slack', () => slack.remove(channel, ts), noSlack),
  ephemeral: (message) =>
    process.call('slack.ephemeral', 'slack', () => slack.ephemeral(message), noSlack),
  respond: (answer) => process.call('slack.respond', 'slack', () => slack.respond(answer), noSlack),
  ownMessages: (query) =>
    process.call('slack.ownMessages', 'slack', () => slack.ownMessages(query), noSlack),
  publishHome: (user, blocks) =>
    process.call('slack.publishHome', 'slack', () => slack.publishHome(user, blocks), noSlack),
  directChannel: (user) =>
    process.call('slack.directChannel', 'slack', () => slack.directChannel(user), noSlack),
  person: (user) => process.call('slack.person', 'slack', () => slack.person(user), noSlack),
  groupMembers: (group) =>
    process.call('slack.groupMembers', 'slack', () => slack.groupMembers(group), noSlack),
  permalink: (channel, ts) =>
    process.call('slack.permalink', 'slack', () => slack.permalink(channel, ts), noSlack),
});

const noGit = {
  refused: () => fail<GitFailure>({ code: 'unreachable', detail: 'away' }),
  unanswered: () => fail<GitFailure>({ code: 'unreachable', detail: 'no answer' }),
};

/** The Git host as one process reaches it. */
export const gitOf = (process: Process, git: Git): Git => ({
  commitsBetween: (repository, range) =>
    process.call('git.commitsBetween', 'git', () => git.commitsBetween(repository, range), noGit),
});
