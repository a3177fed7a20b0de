/** One thing to append, as the append script reads it: digest, time, JSON. */
export type AppendWords = readonly [digest: string, at: string, json: string];

type Appended = 'stored' | 'duplicate';

interface Waiting extends PromiseWithResolvers<Appended> {
  readonly words: AppendWords;
}

/**
 * Appends what came in at the same moment in one call: under load most of the cost of a delivery would be
 * its own way to the store and back.
 * @param send - gives one answer per thing, in their order; rejects for all of them
 * @param soon - runs something once all that is there already was taken in
 */
export const createGathering = (
  send: (stream: string, words: readonly AppendWords[]) => Promise<readonly Appended[]>,
  soon: (run: () => void) => void,
) => {
  const gathered = new Map<string, Waiting[]>();

  const flush = async (stream: string): Promise<void> => {
    const waiting = gathered.get(stream) ?? [];
    gathered.delete(stream);
    try {
      const answers = await send(
        stream,
        waiting.map(({ words }) => words),
      );
      waiting.forEach(({ resolve, reject }, at) => {
        const answer = answers[at];
        if (answer === undefined) {
          reject(new Error('the store answered for fewer things than were appended'));
        } else {
          resolve(answer);
        }
      });
    } catch (error) {
      for (const { reject } of waiting) {
        reject(error);
      }
    }
  };

  return (stream: string, words: AppendWords): Promise<Appended> => {
    const one: Waiting = { words, ...Promise.withResolvers<Appended>() };
    const others = gathered.get(stream);
    if (others === undefined) {
      gathered.set(stream, [one]);
      soon(() => void flush(stream));
    } else {
      others.push(one);
    }
    return one.promise;
  };
};
