import { request } from '@octokit/request';
import { z } from 'zod';
import type { Clock } from '#src/clock.ts';
import type { Commit, CommitRange, CommitsFound, Git, GitFailure } from '#src/git/git.ts';
import { CommitList, Comparison, commitOf, Refusal, relations } from '#src/git/github-answers.ts';
import { createKept } from '#src/git/kept.ts';
import { createRateGate } from '#src/git/rate-gate.ts';
import { fail, ok, type Result } from '#src/result.ts';

export interface GitHubOptions {
  /** `https://api.github.com`, or `https://<host>/api/v3` of an Enterprise server. */
  readonly apiUrl: string;
  /** Asked for each request, since tokens are rotated; undefined: without one, which sees public repositories. */
  readonly token: () => string | undefined;
  readonly clock: Pick<Clock, 'now'>;
  /** How long one request may take, ms. */
  readonly deadlineMs?: number;
}

const perPage = 100;
/** Of a long range only the newest part is looked at; pages of a hundred. */
const mostPages = 3;
const mostKept = 500;
/** They hold up to 300 commits each. */
const mostComparisons = 20;

type Answer<Value> = Result<Value, GitFailure>;

/** What a comparison says, as far as it was read. */
interface Compared extends Pick<CommitsFound, 'relation' | 'total'> {
  /** Newest first. */
  readonly commits: readonly Commit[];
  /** Whether these are all. */
  readonly all: boolean;
}

/**
 * Reads repositories on one GitHub or GitHub Enterprise server.
 * @see https://docs.github.com/en/rest/commits/commits
 */
export const createGitHub = (options: GitHubOptions): Git => {
  const { apiUrl, token, clock, deadlineMs = 10_000 } = options;
  const client = request.defaults({ baseUrl: apiUrl.replace(/\/+$/, '') });
  const gate = createRateGate(clock);
  const kept = createKept<CommitsFound>(mostKept);
  // shared by all that ask about one change: at a push, everything that fails
  const comparisons = createKept<Compared>(mostComparisons);

  const get = async <Value>(
    route: `GET /${string}`,
    parameters: Readonly<Record<string, string | number>>,
    shape: z.ZodType<Value>,
    missing: GitFailure,
  ): Promise<Answer<Value>> => {
    const closedUntil = gate.closedUntil();
    if (closedUntil !== undefined) {
      return fail({ code: 'rate-limited', until: closedUntil });
    }
    const secret = token();
    try {
      const { data, headers } = await client(route, {
        ...parameters,
        headers: secret === undefined ? {} : { authorization: `token ${secret}` },
        request: { signal: AbortSignal.timeout(deadlineMs) },
      });
      gate.note(200, headers);
      const parsed = shape.safeParse(data);
      return parsed.success
        ? ok(parsed.data)
        : fail({ code: 'unreadable', detail: `${z.prettifyError(parsed.error).slice(0, 200)}` });
    } catch (error) {
      return fail(refusalOf(error, missing));
    }
  };

  const refusalOf = (error: unknown, missing: GitFailure): GitFailure => {
    const parsed = Refusal.safeParse(error);
    if (!parsed.success) {
      throw error;
    }
    const { status, message, response } = parsed.data;
    if (response === undefined) {
      return { code: 'unreachable', detail: message.slice(0, 200) };
    }
    const until = gate.note(status, response.headers);
    if (until !== undefined) {
      return { code: 'rate-limited', until };
    }
    switch (status) {
      case 401:
      case 403:
        return { code: 'forbidden', detail: `${status}` };
      case 404:
      case 409: // an empty repository
      case 422: // no commit of that name
        return missing;
      default:
        return status >= 500
          ? { code: 'unreachable', detail: `${status}` }
          : { code: 'unreadable', detail: `${status}` };
    }
  };

  /** Tells a repository that is not there (or not for us) from a commit that is not there. */
  const whatIsMissing = async (path: string, range: CommitRange): Promise<GitFailure> => {
    for (const sha of [range.to, range.from]) {
      const found = await get(
        'GET /repos/{owner}/{repo}/commits',
        { ...ownerAndName(path), sha, per_page: 1 },
        CommitList,
        { code: 'no-commit', sha },
      );
      if (!found.ok) {
        return found.failure.code === 'no-commit' && sha === range.to
          ? whichOfTwo(path, found.failure)
          : found.failure;
      }
    }
    // both are there, and have nothing in common
    return { code: 'no-commit', sha: range.from };
  };

  const whichOfTwo = async (path: string, missing: GitFailure): Promise<GitFailure> => {
    const repository: GitFailure = { code: 'not-found', what: `repository ${path}` };
    const found = await get(
      'GET /repos/{owner}/{repo}',
      ownerAndName(path),
      z.unknown(),
      repository,
    );
    return found.ok ? missing : found.failure;
  };

  const comparePage = (path: string, { from, to }: CommitRange, page: number) =>
    get(
      'GET /repos/{owner}/{repo}/compare/{basehead}',
      { ...ownerAndName(path), basehead: `${from}...${to}`, per_page: perPage, page },
      Comparison,
      { code: 'not-found', what: '' },
    );

  /** The newest commits of a range, newest first, and whether these are all. */
  const compare = async (path: string, range: CommitRange): Promise<Answer<Compared>> => {
    const first = await comparePage(path, range, 1);
    if (!first.ok) {
      return first.failure.code === 'not-found' ? fail(await whatIsMissing(path, range)) : first;
    }
    const { status, total_commits: total } = first.value;
    const last = Math.ceil(total / perPage);
    // the pages begin with the oldest commit
    const wanted = [last, last - 1, last - 2].slice(0, mostPages).filter((page) => page > 1);
    const pages = last <= mostPages ? [first.value.commits] : [];
    for (const page of wanted.toReversed()) {
      const next = await comparePage(path, range, page);
      if (!next.ok) {
        return next;
      }
      pages.push(next.value.commits);
    }
    const found = pages.flat();
    const commits = found.filter(({ parents }) => parents.length < 2).map(commitOf);
    return ok({
      relation: relations[status],
      total,
      commits: commits.toReversed(),
      all: found.length >= total,
    });
  };

  /** Ids of the commits up to `to` that touch a path, as far back as `since` (ms). */
  const touching = async (
    repository: string,
    to: string,
    path: string,
    since: number,
  ): Promise<Answer<{ shas: ReadonlySet<string>; all: boolean }>> => {
    const shas = new Set<string>();
    for (let page = 1; page <= mostPages; page++) {
      const found = await get(
        'GET /repos/{owner}/{repo}/commits',
        { ...ownerAndName(repository), sha: to, path, per_page: perPage, page },
        CommitList,
        { code: 'no-commit', sha: to },
      );
      if (!found.ok) {
        return found;
      }
      const commits = found.value.map(commitOf);
      for (const { sha } of commits) {
        shas.add(sha);
      }
      if (commits.length < perPage || commits.every(({ at }) => at < since)) {
        return ok({ shas, all: true });
      }
    }
    return ok({ shas, all: false });
  };

  const look = async (path: string, range: CommitRange): Promise<Answer<CommitsFound>> => {
    const change = `${path} ${range.from} ${range.to}`;
    const known = comparisons.get(change);
    const compared = known === undefined ? await compare(path, range) : ok(known);
    if (!compared.ok) {
      return compared;
    }
    comparisons.set(change, compared.value);
    const { commits, all } = compared.value;
    if (range.paths.includes('') || commits.length === 0) {
      return ok(newestOf(compared.value, commits, range.limit, !all));
    }
    const oldest = Math.min(...commits.map(({ at }) => at));
    const shas = new Set<string>();
    let partly = !all;
    for (const one of range.paths) {
      const touched = await touching(path, range.to, one, oldest);
      if (!touched.ok) {
        return touched;
      }
      partly ||= !touched.value.all;
      for (const sha of touched.value.shas) {
        shas.add(sha);
      }
    }
    const wanted = commits.filter(({ sha }) => shas.has(sha));
    return ok(newestOf(compared.value, wanted, range.limit, partly));
  };

  return {
    commitsBetween: async ({ path }, range) => {
      const key = JSON.stringify([path, range.from, range.to, range.paths, range.limit]);
      const known = kept.get(key);
      if (known !== undefined) {
        return ok(known);
      }
      const answer = await look(path, range);
      if (answer.ok) {
        kept.set(key, answer.value);
      }
      return answer;
    },
  };
};

const newestOf = (
  { relation, total }: Compared,
  commits: readonly Commit[],
  limit: number,
  partly: boolean,
): CommitsFound => ({
  relation,
  total,
  commits: commits.slice(0, limit),
  more: Math.max(commits.length - limit, 0),
  partly,
});

const ownerAndName = (path: string): { readonly owner: string; readonly repo: string } => {
  const [owner = '', repo = ''] = path.split('/');
  return { owner, repo };
};
