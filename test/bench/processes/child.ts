import { fork } from 'node:child_process';
import { once } from 'node:events';

/** A helper of the benchmark in a process of its own, so that it takes no time from what is measured. */
export interface Child<Question, Answer> {
  ask(question: Question): Promise<Answer>;
  stop(): Promise<void>;
}

interface Envelope<Content> {
  readonly number: number;
  readonly content: Content;
}

/** @param file - of this folder, such as `slack.ts` */
export const startChild = async <Question, Answer>(
  file: string,
): Promise<Child<Question, Answer>> => {
  const child = fork(`${import.meta.dirname}/${file}`, {
    serialization: 'advanced',
  });
  const waiting = new Map<number, PromiseWithResolvers<Answer>>();
  child.on('message', (message) => {
    const { number, content } = message as Envelope<Answer>;
    waiting.get(number)?.resolve(content);
    waiting.delete(number);
  });
  const ended = once(child, 'exit');
  void ended.then(([code]) => {
    for (const { reject } of waiting.values()) {
      reject(new Error(`${file} ended with ${String(code)}`));
    }
  });
  let asked = 0;
  return {
    ask: (content) => {
      const answer = Promise.withResolvers<Answer>();
      asked += 1;
      waiting.set(asked, answer);
      child.send({ number: asked, content });
      return answer.promise;
    },
    stop: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
};

/** The other side: answers the parent until it goes away. */
export const answerParent = <Question, Answer>(
  answer: (question: Question) => Promise<Answer> | Answer,
): void => {
  process.on('message', (message) => {
    const { number, content } = message as Envelope<Question>;
    void Promise.resolve(answer(content)).then((said) => process.send?.({ number, content: said }));
  });
  process.on('disconnect', () => process.exit(0));
};
