/** What one suite prints. */
export interface Voice {
  say(text: string): void;
  /** Nothing more comes. */
  end(): void;
}

/**
 * Lets suites that run beside each other print one after the other: the first that began prints at once,
 * what the others say is kept until it is their turn.
 */
export const createFloor = (write: (text: string) => void): { enter(): Voice } => {
  const waiting: { text: string; isOver: boolean }[] = [];

  const flush = (): void => {
    for (let first = waiting[0]; first !== undefined; first = waiting[0]) {
      if (first.text !== '') {
        write(first.text);
        first.text = '';
      }
      if (!first.isOver) {
        return;
      }
      waiting.shift();
    }
  };

  return {
    enter: () => {
      const voice = { text: '', isOver: false };
      waiting.push(voice);
      return {
        say: (text) => {
          voice.text += text;
          flush();
        },
        end: () => {
          voice.isOver = true;
          flush();
        },
      };
    },
  };
};
