import { fc, it as property } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { incidentCard } from '#src/incident/card.ts';
import { type Finding, findingOf, problemOf, withFinding } from '#src/incident/findings.ts';
import type { Incident } from '#src/incident/incident.ts';
import { questionOf } from '#src/incident/revisions.ts';
import { renderMessage } from '#src/slack/blocks.ts';
import { renderTerminal } from '#src/text/terminal.ts';

const finding = (question: string, change: Partial<Finding> = {}): Finding => ({
  question,
  relation: 'ahead',
  total: 1,
  commits: [],
  more: 0,
  partly: false,
  ...change,
});

describe('what a Git host answered', () => {
  const answers = fc.array(
    fc.record({
      question: fc.constantFrom('one', 'two', 'three'),
      problem: fc.option(fc.constantFrom('away', 'limited'), { nil: undefined }),
    }),
    { maxLength: 12 },
  );
  const fold = (all: readonly { question: string; problem?: string | undefined }[]) =>
    all.reduce<readonly Finding[]>(
      (known, one) => withFinding(known, finding(one.question, { problem: one.problem })),
      [],
    );
  const answered = (findings: readonly Finding[]) =>
    findings.filter(({ problem }) => problem === undefined).map(({ question }) => question);

  property.prop([
    answers.chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
    ),
  ])('is known whatever order and repeats, and no failure hides it', ([all, shuffled]) => {
    const everAnswered = new Set(
      all.filter(({ problem }) => problem === undefined).map(({ question }) => question),
    );

    expect(new Set(answered(fold(shuffled)))).toEqual(everAnswered);
    expect(new Set(answered(fold([...all, ...shuffled])))).toEqual(everAnswered);
  });

  property.prop([answers])('changes nothing when it comes again', (all) => {
    const once = fold(all);
    const last = all.at(-1);

    expect(fold(last === undefined ? all : [...all, last])).toEqual(once);
  });

  it('is remembered of the newest questions alone', () => {
    const many = Array.from({ length: 20 }, (_, index) => ({ question: `q${index}` }));

    expect(fold(many).map(({ question }) => question)).toEqual([
      'q14',
      'q15',
      'q16',
      'q17',
      'q18',
      'q19',
    ]);
  });

  it('keeps a failure without what the host wrote in it', () => {
    const problem = problemOf(
      'one',
      { code: 'unreachable', detail: 'https://u:hunter2hunter2@git.example' },
      (text) => text.replace('hunter2hunter2', '[redacted]'),
    );

    expect(problem.problem).toContain('[redacted]');
  });
});

const git = {
  origin: {
    host: 'github.com',
    path: 'acme/platform',
    kind: 'github' as const,
    webUrl: 'https://github.com/acme/platform',
  },
  from: 'a'.repeat(40),
  to: 'b'.repeat(40),
  path: 'apps/web',
};

const incidentWith = (findings: Finding[], state: Incident['state'] = 'open'): Incident => ({
  id: 'INC-1',
  state,
  cause: 'apps/Kustomization/data/api',
  members: [
    {
      cluster: 'apps',
      ref: { kind: 'Kustomization', namespace: 'data', name: 'api' },
      uid: 'uid-1',
      epoch: 1,
      resourceVersion: '1',
      standing: state === 'open' ? 'failing' : 'recovered',
      since: 0,
      reason: 'ReconciliationFailed',
      message: 'field is immutable',
      failingSince: 0,
      attempts: 1,
      attempted: `main@sha1:${git.to}`,
      lastGood: `main@sha1:${git.from}`,
      checksHealth: false,
      git,
    },
  ],
  blocked: [],
  openedAt: 0,
  ...(state === 'open' ? {} : { endedAt: 60_000 }),
  flaps: 0,
  foundLate: false,
  rolledUp: false,
  story: [],
  findings,
});

const key = questionOf(git)?.key ?? '';

describe('commits on a card', () => {
  const nasty = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 300 }),
    fc.constantFrom(
      '<!channel> <@U1> <https://evil.example|here>',
      '*bold* _it_ ~no~ `code` ```fence```',
      '@here &amp; :smile: :boom:',
      '\u202Eesrever \u0000 \n\n> quote',
      'https://evil.example/login',
    ),
  );

  property.prop([
    fc.array(fc.tuple(nasty, nasty), { minLength: 1, maxLength: 3 }),
    fc.constantFrom<Incident['state'][]>('open', 'resolved'),
  ])('cannot mention, link or format, whatever they say', (texts, state) => {
    const found = findingOf(
      key,
      {
        relation: 'ahead',
        total: 3,
        commits: texts.map(([subject, name], index) => ({
          sha: String(index).repeat(40),
          subject,
          author: { name, email: undefined, login: undefined },
          at: 1_000,
          pullRequest: undefined,
        })),
        more: 0,
        partly: false,
      },
      { redact: (text) => text, personOf: () => undefined },
    );
    const view = incidentCard(incidentWith([found], state));

    const written = JSON.stringify(renderMessage(view));
    const links = [...written.matchAll(/<(https?:[^|>]*)/g)].map(([, url]) => url);
    expect(written).not.toMatch(/<!(?!date)/);
    expect(written).not.toMatch(/<[@#]/);
    expect(links.every((url) => url?.startsWith('https://github.com/acme/platform/'))).toBe(true);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that there are none is the claim
    expect(renderTerminal(view, { color: false })).not.toMatch(/[\u0000-\u0009\u202e]/);
  });

  it('are linked by seven characters in code, and compared', () => {
    const found = finding(key, {
      commits: [
        { sha: git.to, subject: 'web: v2 (#12)', author: 'Robin', at: 1_000, pullRequest: 12 },
      ],
    });

    const written = JSON.stringify(renderMessage(incidentCard(incidentWith([found]))));

    expect(written).toContain(
      '*Suspect* <https://github.com/acme/platform/commit/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb|`bbbbbbb`> web: v2 (<https://github.com/acme/platform/pull/12|#12>) — Robin',
    );
    expect(written).toContain(`/compare/${git.from}...${git.to}|1 commit behind>`);
  });
});
