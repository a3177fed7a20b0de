import { sayDoubt } from '#src/command/doubt.ts';
import type { HomeCommand, HomeData, HomeObject } from '#src/console/home-data.ts';
import { sayTrouble } from '#src/incident/wording.ts';
import { sayCount } from '#src/text/duration.ts';
import { progressBar } from '#src/text/plain.ts';
import type { Button, Line, Part, Step, Tone, View } from '#src/view.ts';

const mostShown = 5;

type Section = (data: HomeData) => readonly Part[];

const heading = (tone: Tone, text: string): Part => ({
  kind: 'heading',
  tone,
  line: [{ kind: 'bold', text }],
});

const rowOf = (...buttons: readonly (Button | undefined)[]): readonly Part[] => {
  const there = buttons.filter((button) => button !== undefined);
  return there.length === 0 ? [] : [{ kind: 'buttons', buttons: there }];
};

const listing = (data: HomeData, label: string, filter: string): Button | undefined =>
  data.mayList ? { label, command: 'get', input: { filter, cluster: 'all' } } : undefined;

const namesOf = ({ clusters }: HomeData): string => clusters.map(({ name }) => name).join(' and ');

const since = ({ since: at }: HomeObject): Line =>
  at === undefined ? [] : [' · since ', { kind: 'time', at, precision: 'minutes' }];

const failingObject = (one: HomeObject): readonly Part[] => {
  const { object, cluster } = one;
  const input = { object, cluster };
  return [
    {
      kind: 'text',
      line: [
        { kind: 'bold', text: object },
        ` on ${cluster} ${sayTrouble(one.reason)}`,
        ...since(one),
      ],
    },
    ...rowOf(one.mayReconcile ? { label: 'Reconcile', command: 'reconcile', input } : undefined, {
      label: 'Status',
      command: 'status',
      input,
    }),
  ];
};

const failing: Section = (data) => {
  const { failing: objects } = data;
  if (objects.length === 0) {
    return [
      data.clusters.some(({ problem }) => problem !== undefined)
        ? heading('warning', 'Nothing is failing, as far as is known')
        : heading('recovered', 'Nothing is failing'),
    ];
  }
  const more = objects.length - mostShown;
  return [
    heading('failing', `${sayCount(objects.length, 'object')} failing`),
    ...objects.slice(0, mostShown).flatMap(failingObject),
    ...(more > 0 ? [{ kind: 'text' as const, line: [`… and ${more} more`] }] : []),
    ...(more > 0 ? rowOf(listing(data, 'All that fail', 'failing')) : []),
  ];
};

const states = { running: 'running', succeeded: 'done', failed: 'failed' } as const;

const commandStep = (command: HomeCommand): Step => {
  const { status, startedAt, endedAt, detail } = command;
  const progress = progressBar(command.done, command.total);
  return {
    state: states[status],
    line: [
      { kind: 'bold', text: command.title },
      ...(status === 'running' ? [` · ${progress.bar} ${progress.label}`] : []),
      ' · ',
      { kind: 'time', at: startedAt, precision: 'minutes' },
      ` · ${command.id}`,
    ],
    ...(detail === undefined ? {} : { detail: [detail] }),
    ...(endedAt === undefined ? {} : { tookMs: endedAt - startedAt }),
  };
};

const asked: Section = ({ asked: commands }) => {
  if (commands === undefined) {
    return [
      heading('neutral', 'What you asked for'),
      { kind: 'text', line: ['The bot cannot reach its store just now, so this is not known.'] },
    ];
  }
  return [
    heading('neutral', 'What you asked for'),
    commands.length === 0
      ? { kind: 'text', line: ['Nothing in the last 7 days.'] }
      : { kind: 'steps', steps: commands.map(commandStep) },
  ];
};

const suspended: Section = (data) => {
  const { suspended: objects } = data;
  if (objects.length === 0) {
    return [];
  }
  const more = objects.length - mostShown;
  return [
    heading('suspended', `${sayCount(objects.length, 'object')} suspended`),
    {
      kind: 'list',
      items: [
        ...objects
          .slice(0, mostShown)
          .map((one): Line => [{ kind: 'bold', text: one.object }, ` on ${one.cluster}`]),
        ...(more > 0 ? [[`and ${more} more`]] : []),
      ],
    },
    ...rowOf(listing(data, 'All suspended', 'suspended')),
  ];
};

const old: Section = ({ clusters }) =>
  clusters.flatMap(({ name, problem }) => sayDoubt(name, problem));

/** The sections of the Home, from the top; each shows nothing where it has nothing to say. */
const sections: readonly Section[] = [failing, old, asked, suspended];

const nothingToRead: readonly Part[] = [
  heading('refused', 'You may not read any cluster'),
  {
    kind: 'text',
    line: ['Whoever keeps the bot’s configuration can grant you "status" under "access".'],
  },
];

/** What the Home is, as of when, and what helps anywhere on it. */
const head = (data: HomeData, at: number): readonly Part[] => [
  heading('neutral', data.mayRead ? `Flux on ${namesOf(data)}` : 'Flux'),
  ...rowOf(
    // what a Home shows in its own place is itself
    { label: 'Refresh', command: 'status', input: {}, answer: 'in-place' },
    data.mayRead ? { label: 'Status of all', command: 'status', input: {} } : undefined,
    { label: 'Help', command: 'help', input: {} },
  ),
  {
    kind: 'small',
    line: [
      'as of ',
      { kind: 'time', at, precision: 'seconds' },
      ' · what a button answers comes as a message of this app, under Messages',
    ],
  },
];

/**
 * A person's Home.
 * @param at - when it was looked at; ms
 * @param notice - what became of a click that could not be answered elsewhere
 */
export const homeView = (data: HomeData, at: number, notice?: Line): View => ({
  summary: data.mayRead ? `${sayCount(data.failing.length, 'object')} failing` : 'Nothing to read',
  parts: [
    ...head(data, at),
    ...(notice === undefined ? [] : [{ kind: 'text' as const, line: notice }]),
    ...(data.mayRead ? sections.flatMap((section) => section(data)) : nothingToRead),
  ],
});
