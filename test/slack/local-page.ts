import { vi } from 'vitest';
import type { SlackBlock, SlackView } from '#src/slack/slack.ts';

export type LocalView = SlackView & { readonly id: string };

type Element = Readonly<Record<string, unknown>> & { readonly action_id?: string };

/** The page of a local Slack without a browser: what modal is open, and sending it off. */
export interface LocalPage {
  modal(): LocalView | undefined;
  errors(): Readonly<Record<string, string>> | undefined;
  /** Resolves once a modal with this word in it is open. */
  modalWith(word: string): Promise<LocalView>;
  /** Sends the open modal off with these values by argument; what is left out stays as it was at first. */
  submit(user: string, values: Readonly<Record<string, string>>): void;
  close(): void;
}

interface Frame {
  readonly t: string;
  readonly stack?: readonly LocalView[];
  readonly errors?: Readonly<Record<string, string>>;
  readonly state?: { readonly modalStack?: readonly LocalView[] };
}

export const elementOf = (block: SlackBlock): Element | undefined =>
  block['element'] as Element | undefined;

const optionFor = (element: Element, value: string): object | undefined =>
  ((element['options'] ?? []) as readonly { readonly value: string }[]).find(
    (one) => one.value === value,
  );

const filled = (element: Element, value: string): object | undefined => {
  if (element['type'] !== 'static_select') {
    return { type: element['type'], value };
  }
  const option = optionFor(element, value);
  return option === undefined ? undefined : { type: 'static_select', selected_option: option };
};

export const openLocalPage = async (url: string): Promise<LocalPage> => {
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/ui`);
  let modal: LocalView | undefined;
  let errors: Readonly<Record<string, string>> | undefined;
  let isOpen = false;
  socket.addEventListener('message', ({ data }) => {
    const frame = JSON.parse(String(data)) as Frame;
    if (frame.t === 'init' || frame.t === 'view') {
      modal = (frame.stack ?? frame.state?.modalStack ?? []).at(-1);
      errors = undefined;
      isOpen = true;
    }
    if (frame.t === 'view_errors') {
      errors = frame.errors;
    }
  });
  await vi.waitUntil(() => isOpen, { timeout: 20_000 });
  return {
    modal: () => modal,
    errors: () => errors,
    modalWith: (word) =>
      vi.waitUntil(
        () => (modal !== undefined && JSON.stringify(modal).includes(word) ? modal : undefined),
        { timeout: 20_000 },
      ),
    submit: (user, values) => {
      const entries = Object.entries(values).map(([argument, value]) => {
        const [found] = (modal?.blocks ?? []).flatMap((block) => {
          const element = elementOf(block);
          const given = element?.action_id === argument ? filled(element, value) : undefined;
          return given === undefined ? [] : [[block['block_id'], { [argument]: given }] as const];
        });
        if (found === undefined) {
          throw new Error(`the modal takes no ${value} for ${argument}`);
        }
        return found;
      });
      const given = Object.fromEntries(entries);
      errors = undefined;
      socket.send(JSON.stringify({ t: 'view_submit', user, values: given }));
    },
    close: () => socket.close(),
  };
};
