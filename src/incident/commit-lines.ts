import { shortRevision } from '#src/flux/revision.ts';
import {
  commitUrl,
  compareUrl,
  gitPath,
  type Origin,
  pathUrl,
  pullRequestUrl,
} from '#src/git/origin.ts';
import type { Finding, FoundCommit } from '#src/incident/findings.ts';
import type { Incident, Member } from '#src/incident/incident.ts';
import { commitOf, type Question, questionOf } from '#src/incident/revisions.ts';
import { sayCount } from '#src/text/duration.ts';
import type { Line, Part, Span } from '#src/view.ts';

const code = (text: string): Span => ({ kind: 'code', text });
const bold = (text: string): Span => ({ kind: 'bold', text });

const commitSpan = (origin: Origin, sha: string): Span => ({
  kind: 'link',
  text: sha.slice(0, 7),
  url: commitUrl(origin, sha),
});

/** A revision as people quote it; linked to its page where it is a commit on a known host. */
export const revisionSpan = (member: Member, written: string): Span => {
  const sha = commitOf(written);
  // a release has chart versions, which its repository does not know
  return member.git === undefined || sha === undefined
    ? code(shortRevision(written))
    : commitSpan(member.git.origin, sha);
};

interface Answered {
  readonly question: Question;
  readonly finding: Finding;
}

const answerTo = (incident: Incident, member: Member): Answered | undefined => {
  const question = questionOf(member.git);
  const finding = incident.findings?.find((one) => one.question === question?.key);
  return question === undefined || finding === undefined ? undefined : { question, finding };
};

/** The folder that an object is made of, linked as the revision that is tried has it. */
export const folderSpan = (member: Member): Span | undefined => {
  const path = gitPath(member.path ?? member.git?.path ?? '');
  const { origin, to } = member.git ?? {};
  if (path === '') {
    return undefined;
  }
  return origin === undefined || to === undefined
    ? code(path)
    : { kind: 'link', text: path, url: pathUrl(origin, to, path) };
};

/** How far the last good revision is behind, and the page with everything between it and what is tried. */
export const compareSpan = (incident: Incident, member: Member): Span | undefined => {
  const question = questionOf(member.git);
  // of a release it is between revisions of what made it, and not between its versions
  if (question === undefined || commitOf(member.lastGood) !== question.from) {
    return undefined;
  }
  const { total = 0 } = answerTo(incident, member)?.finding ?? {};
  return {
    kind: 'link',
    text: total === 0 ? 'compare' : `${sayCount(total, 'commit')} behind`,
    url: compareUrl(question.origin, question.from, question.to),
  };
};

const author = ({ author: name, person }: FoundCommit): Span =>
  person === undefined ? name : { kind: 'person', ...person, notify: false };

/** What a commit is about; the pull request that it names at its end is a link. */
const subjectLine = (origin: Origin, { subject, pullRequest }: FoundCommit): Line => {
  const end = ` (#${pullRequest})`;
  return pullRequest === undefined || !subject.endsWith(end)
    ? [subject]
    : [
        `${subject.slice(0, -end.length)} (`,
        { kind: 'link', text: `#${pullRequest}`, url: pullRequestUrl(origin, pullRequest) },
        ')',
      ];
};

const whatAndWho = (origin: Origin, commit: FoundCommit): Line => [
  commitSpan(origin, commit.sha),
  ' ',
  ...subjectLine(origin, commit),
  ' — ',
  author(commit),
];

const commitLine = (origin: Origin, commit: FoundCommit): Line => [
  ...whatAndWho(origin, commit),
  ', ',
  { kind: 'time', at: commit.at, precision: 'minutes' },
];

const where = ({ path }: Question): Line =>
  path === '' ? ['in the repository'] : ['under ', code(path)];

/** What is odd about how the two revisions stand to each other. */
const relationLine = ({ question, finding }: Answered): Line | undefined => {
  const [from, to] = [question.from, question.to].map((sha) => commitSpan(question.origin, sha));
  if (from === undefined || to === undefined) {
    return undefined;
  }
  switch (finding.relation) {
    case 'ahead':
    case 'same':
      return undefined;
    case 'behind':
      return [to, ' is older than ', from, ': the branch was set back.'];
    case 'diverged':
      return ['The history was rewritten: ', from, ' is no longer part of it.'];
    default:
      return finding.relation satisfies never;
  }
};

const listed = ({ question, finding }: Answered): readonly Part[] => {
  const { commits, more, partly } = finding;
  const [only] = commits;
  const { origin } = question;
  if (only === undefined) {
    const none: Line =
      finding.relation === 'behind'
        ? []
        : [
            bold('No commit'),
            ' ',
            ...where(question),
            partly ? ' among the newest' : ' since it last worked',
            ': look at what it includes from elsewhere, and at the cluster.',
          ];
    return none.length === 0 ? [] : [{ kind: 'text', line: none }];
  }
  if (commits.length === 1 && more === 0) {
    const end: Line = partly ? [] : [' · the only change ', ...where(question)];
    return [{ kind: 'text', line: [bold('Suspect'), ' ', ...commitLine(origin, only), ...end] }];
  }
  const rest: Line = [
    `and ${sayCount(more, 'more', 'more')}${partly ? ' at least' : ''}: `,
    { kind: 'link', text: 'compare', url: compareUrl(origin, question.from, question.to) },
  ];
  return [
    { kind: 'text', line: [bold('Suspects'), ' ', ...where(question)] },
    {
      kind: 'list',
      items: [
        ...commits.map((commit) => commitLine(origin, commit)),
        ...(more === 0 ? [] : [rest]),
      ],
    },
  ];
};

/** Who may have broken it: the commits between what last worked and what is tried. */
export const suspectParts = (incident: Incident, member: Member): readonly Part[] => {
  const answered = answerTo(incident, member);
  if (answered === undefined || answered.finding.problem !== undefined) {
    return [];
  }
  const odd = relationLine(answered);
  return [
    ...(odd === undefined ? [] : [{ kind: 'text' as const, line: odd }]),
    ...listed(answered),
  ];
};

/** Why no commits are named, for the small print. */
export const commitProblem = (incident: Incident, member: Member): string | undefined =>
  answerTo(incident, member)?.finding.problem;

/** A sentence, and the revision that it names. */
interface Fix {
  readonly sha: string;
  readonly line: Line;
}

/** What ended it, of one that recovered with another revision than it failed with. */
export const fixLine = (incident: Incident, member: Member): Fix | undefined => {
  const answered = answerTo(incident, member);
  if (answered === undefined) {
    return undefined;
  }
  const [newest] = answered.finding.commits;
  const { origin, to } = answered.question;
  if (answered.finding.relation === 'behind') {
    return { sha: to, line: ['Fixed by going back to ', commitSpan(origin, to), '.'] };
  }
  if (newest === undefined) {
    return undefined;
  }
  const { more, commits } = answered.finding;
  const others = commits.length + more - 1;
  const line: Line = [
    'Fixed by ',
    ...whatAndWho(origin, newest),
    ...(others === 0
      ? []
      : [
          ` (and ${sayCount(others, 'commit')} before it: `,
          {
            kind: 'link' as const,
            text: 'compare',
            url: compareUrl(origin, answered.question.from, answered.question.to),
          },
          ')',
        ]),
    '.',
  ];
  return { sha: newest.sha, line };
};
