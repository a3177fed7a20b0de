import { type ColorChoice, wantsColor } from '#src/entry/cli/options.ts';
import { eraseText, fitHeight } from '#src/text/live.ts';
import { plainTime } from '#src/text/plain.ts';
import { renderTerminal, type TerminalOptions } from '#src/text/terminal.ts';
import type { Button, View } from '#src/view.ts';

/** Where text goes; a person's terminal, a file or a pipe. */
export interface Screen {
  readonly isTerminal: boolean;
  readonly color: boolean;
  width(): number;
  height(): number;
  write(text: string): void;
}

interface Stream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
}

type Environment = Readonly<Record<string, string | undefined>>;

export const screenOf = (stream: Stream, choice: ColorChoice, environment: Environment): Screen => {
  const isTerminal = stream.isTTY === true;
  const wished = Number(environment['COLUMNS']);
  const fallback = Number.isInteger(wished) && wished > 0 ? wished : 80;
  return {
    isTerminal,
    color: wantsColor({ choice, environment, isTerminal }),
    width: () => (isTerminal && (stream.columns ?? 0) > 0 ? (stream.columns ?? 0) : fallback),
    height: () => (isTerminal && (stream.rows ?? 0) > 0 ? (stream.rows ?? 0) : 24),
    write: (text) => {
      stream.write(text);
    },
  };
};

/** How a view is shown on a screen: in the zone of the machine, with what can be typed in place of buttons. */
export const optionsFor = (
  screen: Screen,
  typed: (button: Button) => string | undefined,
): TerminalOptions => {
  const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
  return {
    color: screen.color,
    width: screen.width(),
    // what goes into a pipe is looked at line by line: a row is one
    ...(screen.isTerminal ? {} : { tableWidth: Number.POSITIVE_INFINITY }),
    sayTime: (at, precision) => plainTime(at, precision, timeZone),
    typed,
  };
};

export interface Live {
  show(view: View): void;
  /** Takes what is shown off a terminal again; in a file it stays. */
  end(): void;
}

/** Shows each new state of something in place of the one before; where that cannot be, a line for each. */
export const createLive = (screen: Screen): Live => {
  const canErase = screen.isTerminal && process.env['TERM'] !== 'dumb';
  const size = () => ({ columns: screen.width(), rows: screen.height() });
  let shown = '';
  return {
    show: (view) => {
      const text = canErase
        ? fitHeight(
            renderTerminal(view, { ...optionsFor(screen, () => undefined), cutsWords: true }),
            size(),
          )
        : `${renderTerminal({ summary: view.summary, parts: [] }, { color: false, width: Number.POSITIVE_INFINITY })}`;
      if (text !== shown) {
        screen.write(canErase ? eraseText(shown, size()) + text : text);
        shown = text;
      }
    },
    end: () => {
      if (canErase) {
        screen.write(eraseText(shown, size()));
        shown = '';
      }
    },
  };
};
