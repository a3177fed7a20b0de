/** What the demo prints to try; its check does exactly these, in this order. */
export type Try =
  /** somebody types in a channel */
  | {
      readonly kind: 'type';
      readonly as: 'robin' | 'sam';
      readonly channel: 'flux-infra' | 'flux-apps';
      readonly text: string;
      readonly see: string;
      readonly says: RegExp;
    }
  /** somebody runs the control in another terminal */
  | {
      readonly kind: 'run';
      readonly words: string;
      readonly see: string;
      readonly channel: 'flux-infra' | 'flux-apps';
      readonly says: RegExp;
    }
  /** somebody leaves something out, and gets a form */
  | {
      readonly kind: 'form';
      readonly as: 'robin' | 'sam';
      readonly channel: 'flux-infra' | 'flux-apps';
      readonly text: string;
      readonly see: string;
      readonly says: RegExp;
    }
  /** somebody opens the bot's own page */
  | {
      readonly kind: 'home';
      readonly as: 'robin' | 'sam';
      readonly see: string;
      readonly says: RegExp;
    }
  /** somebody clicks a button of a card */
  | {
      readonly kind: 'click';
      readonly channel: 'flux-infra' | 'flux-apps';
      readonly card: RegExp;
      readonly button: string;
      readonly see: string;
      readonly says: RegExp;
    };

export const tries: readonly Try[] = [
  {
    ...{ kind: 'type', as: 'robin', channel: 'flux-infra', text: '/flux status' },
    ...{ see: 'how both clusters are, for your eyes only', says: /only visible to you/i },
  },
  {
    ...{ kind: 'run', words: 'break bad-commit' },
    see: 'one card, with what is wrong, what it holds up, and whose commit it may have been',
    ...{ channel: 'flux-infra', says: /gateways cannot be built/ },
  },
  {
    ...{ kind: 'click', channel: 'flux-infra', card: /gateways cannot be built/ },
    button: 'Reconcile',
    see: 'the steps, and that it still cannot be built',
    says: /Could not reconcile ks\/flux-system\/gateways/,
  },
  {
    ...{ kind: 'run', words: 'fix bad-commit' },
    ...{ see: 'the same card resolves', channel: 'flux-infra', says: /gateways is well again/ },
  },
  {
    ...{ kind: 'type', as: 'robin', channel: 'flux-apps', text: '/flux reconcile echo apps' },
    ...{ see: 'its steps, live', says: /Reconciled ks\/flux-system\/echo/ },
  },
  {
    ...{ kind: 'form', as: 'robin', channel: 'flux-infra', text: '/flux reconcile' },
    ...{ see: 'a form that asks what you left out', says: /reconcile[\s\S]*Cancel/i },
  },
  {
    ...{ kind: 'home', as: 'robin', says: /Nothing is failing[\s\S]*reconcile ks/ },
    see: 'what fails, what you asked for, what is suspended',
  },
  {
    ...{ kind: 'type', as: 'sam', channel: 'flux-apps', text: '/flux reconcile echo apps' },
    ...{ see: 'who may not, and which right is missing', says: /may not|not allowed|permission/i },
  },
];

const names = { robin: 'Robin', sam: 'Sam' } as const;

const line = (one: Try): string => {
  switch (one.kind) {
    case 'type':
    case 'form':
      return `As ${names[one.as]}, in #${one.channel}, type   ${one.text}`;
    case 'home':
      return `As ${names[one.as]}, on the left, click   🏠 flux`;
    case 'run':
      return `In another terminal:   npm run demo -- ${one.words}`;
    case 'click':
      return `In #${one.channel}, on its card, click   ${one.button}`;
    default:
      return one satisfies never;
  }
};

/** @param hasPage - without one there is nothing to click, and no form to fill */
export const printedTries = (hasPage: boolean): string =>
  tries
    .filter(({ kind }) => hasPage || kind === 'type' || kind === 'run')
    .map((one, at) => `  ${at + 1}. ${line(one)}\n       → ${one.see}`)
    .join('\n');
