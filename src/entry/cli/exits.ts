import type { Failure } from '#src/failure.ts';

/** What the exit code says; the help text and docs/cli.md are made of this table. */
export const exits = {
  done: [0, 'Done. A command that acts ends so only when Flux reported success.'],
  failed: [1, 'It was tried and did not work; or what was checked is not as it should be.'],
  usage: [2, 'The command line or a configuration is wrong; nothing was tried.'],
  refused: [3, 'Not allowed: by the access rules of the bot, or by the cluster.'],
  away: [4, 'A cluster or the store of the bot did not answer; an answer is incomplete.'],
  absent: [5, 'No such object or cluster, or the name fits more than one.'],
  held: [6, 'Something is in the way: suspended, under way already, or changed meanwhile.'],
  bug: [70, 'A bug; please report what was printed.'],
  interrupted: [130, 'Ended by Ctrl-C. What was recorded goes on with the bot.'],
} as const satisfies Readonly<Record<string, readonly [code: number, says: string]>>;

export type Exit = keyof typeof exits;

export const exitCode = (exit: Exit): number => exits[exit][0];

/** How a command ends that could not be carried out. */
export const exitOf = (failure: Failure): Exit => {
  switch (failure.code) {
    case 'not-allowed':
    case 'refused-person':
    case 'forbidden':
    case 'unfenced':
      return 'refused';
    case 'cluster-unreachable':
    case 'store-unavailable':
    case 'in-doubt':
      return 'away';
    case 'unknown-command':
    case 'invalid-arguments':
    case 'not-supported':
      return 'usage';
    case 'unknown-cluster':
    case 'ambiguous':
    case 'no-such-object':
    case 'no-such-namespace':
    case 'not-found':
      return 'absent';
    case 'suspended':
    case 'busy':
    case 'changed':
      return 'held';
    case 'timed-out':
    case 'flux':
      return 'failed';
    case 'unexpected':
      return 'bug';
    default:
      return failure satisfies never;
  }
};
