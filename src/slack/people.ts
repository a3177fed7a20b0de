import type { Clock } from '#src/clock.ts';
import { ok, type Result } from '#src/result.ts';
import type { Slack, SlackFailure, SlackPerson, SlackUser } from '#src/slack/slack.ts';

/** What Slack says of people, kept for a while: permission is checked several times per command. */
export interface People {
  /** A failure where Slack cannot be asked and nothing recent is known: then nobody is let in. */
  person(user: SlackUser): Promise<Result<SlackPerson, SlackFailure>>;
  groupMembers(group: string): Promise<Result<readonly string[], SlackFailure>>;
}

export interface PeopleOptions {
  readonly slack: Pick<Slack, 'person' | 'groupMembers'>;
  readonly clock: Pick<Clock, 'now'>;
  /** How old an answer may be; whoever was deactivated since is still let in for so long. */
  readonly maxAgeMs?: number;
}

const mostKept = 5_000;

interface Kept<Value> {
  readonly value: Value;
  readonly at: number;
}

export const createPeople = ({ slack, clock, maxAgeMs = 60_000 }: PeopleOptions): People => {
  const remembering = <Value>(ask: (key: string) => Promise<Result<Value, SlackFailure>>) => {
    const kept = new Map<string, Kept<Value>>();
    const asking = new Map<string, Promise<Result<Value, SlackFailure>>>();

    const askOnce = async (key: string): Promise<Result<Value, SlackFailure>> => {
      const at = clock.now();
      const result = await ask(key).finally(() => asking.delete(key));
      if (result.ok) {
        kept.delete(key);
        kept.set(key, { value: result.value, at });
        const [oldest] = kept.keys();
        if (kept.size > mostKept && oldest !== undefined) {
          kept.delete(oldest);
        }
      }
      return result;
    };

    return (key: string): Promise<Result<Value, SlackFailure>> => {
      const known = kept.get(key);
      if (known !== undefined && clock.now() - known.at < maxAgeMs) {
        return Promise.resolve(ok(known.value));
      }
      const underway = asking.get(key) ?? askOnce(key);
      asking.set(key, underway);
      return underway;
    };
  };

  const person = remembering<SlackPerson>((key) => {
    const [team = '', user = ''] = key.split('/');
    return slack.person({ team, user });
  });
  return {
    person: ({ team, user }) => person(`${team}/${user}`),
    groupMembers: remembering((group) => slack.groupMembers(group)),
  };
};
