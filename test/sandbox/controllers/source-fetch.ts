import type { Tree } from '#src/render/tree.ts';
import { fail, ok, type Result } from '#src/result.ts';
import { type JsonRecord, type KubeObject, recordAt, textAt } from '#test/sandbox/api/json.ts';
import { type Artifacts, digestOf } from '#test/sandbox/controllers/artifacts.ts';
import type { GitHost } from '#test/sandbox/controllers/git.ts';
import { type ChartPackage, chartIn } from '#test/sandbox/controllers/helm/package.ts';

/** What a source found upstream, with the words that its kind has for it. */
export interface Fetched {
  readonly revision: string;
  readonly tree: Tree | undefined;
  /** Of a HelmChart whose chart lies in Git. */
  readonly chart?: ChartPackage | undefined;
  /** While it is stored: `building artifact: <progress>`. */
  readonly progress: string;
  readonly outdated: { readonly reason: string; readonly message: string };
  readonly event: { readonly reason: string; readonly message: string };
  readonly ready: { readonly reason: string; readonly message: string };
  /** Said (not sent) when nothing is new. */
  readonly unchanged: { readonly reason: string; readonly message: string };
  /** Of the event that says it works again with what was there before. */
  readonly recovered: string;
  readonly file: string;
  /** Written while it is stored. */
  readonly early: JsonRecord;
  /** Written with the artifact. */
  readonly fields: JsonRecord;
}

export interface FetchFailure {
  readonly reason: string;
  readonly message: string;
  /** Waiting for another object: no event is sent. */
  readonly isWaiting: boolean;
}

export type Fetch = (
  source: KubeObject,
  hasArtifact: boolean,
) => Promise<Result<Fetched, FetchFailure>>;

/** How source-controller cuts a subject. */
const shortSubject = (subject: string): string => {
  const line = subject.split('\n')[0] ?? '';
  return line.length > 50 ? `${line.slice(0, 50)}...` : line;
};

const gitRevision = (ref: JsonRecord, sha: string): string => {
  const branch = textAt(ref, 'branch');
  const tag = textAt(ref, 'tag');
  const name = textAt(ref, 'name');
  if (name !== undefined) {
    return `${name}@sha1:${sha}`;
  }
  if (textAt(ref, 'commit') !== undefined) {
    return branch === undefined ? `sha1:${sha}` : `${branch}@sha1:${sha}`;
  }
  return `${tag ?? branch ?? 'master'}@sha1:${sha}`;
};

export const fetchGit =
  (git: GitHost): Fetch =>
  async (source, hasArtifact) => {
    const url = textAt(source, 'spec', 'url') ?? '';
    const ref = recordAt(source, 'spec', 'ref');
    const found = await git.resolve(url, {
      branch: textAt(ref, 'branch'),
      tag: textAt(ref, 'tag'),
      commit: textAt(ref, 'commit'),
      name: textAt(ref, 'name'),
    });
    if (!found.ok) {
      const tried = hasArtifact ? `unable to list remote for '${url}'` : `unable to clone '${url}'`;
      return fail({
        reason: 'GitOperationFailed',
        message: `failed to checkout and determine revision: ${tried}: ${found.failure}`,
        isWaiting: false,
      });
    }
    const { sha, subject, tree } = found.value;
    const revision = gitRevision(ref, sha);
    // a commit cannot move: nothing is asked of the remote
    const isPinned = textAt(ref, 'commit') !== undefined;
    const upstream = `new upstream revision '${revision}'`;
    return ok({
      revision,
      tree,
      progress: upstream,
      outdated: { reason: 'NewRevision', message: upstream },
      event: {
        reason: 'NewArtifact',
        message: `stored artifact for commit '${shortSubject(subject)}'`,
      },
      ready: { reason: 'Succeeded', message: `stored artifact for revision '${revision}'` },
      unchanged: isPinned
        ? {
            reason: 'ArtifactUpToDate',
            message: `artifact up-to-date with remote revision: '${revision}'`,
          }
        : {
            reason: 'GitOperationSucceeded',
            message: `no changes since last reconciliation: observed revision '${revision}'`,
          },
      recovered: `stored artifact for commit '${revision}'`,
      file: `${sha}.tar.gz`,
      early: {},
      fields: {},
    });
  };

export const fetchOci =
  (git: GitHost): Fetch =>
  async (source) => {
    const url = textAt(source, 'spec', 'url') ?? '';
    const ref = recordAt(source, 'spec', 'ref');
    const tag = textAt(ref, 'tag') ?? textAt(ref, 'semver') ?? 'latest';
    const found = await git.resolve(url, { commit: textAt(ref, 'digest') });
    if (!found.ok) {
      return fail({
        reason: 'OCIArtifactPullFailed',
        message: `failed to determine artifact digest: GET ${url}: ${found.failure}`,
        isWaiting: false,
      });
    }
    const { sha, tree } = found.value;
    const digest = digestOf(sha);
    const revision = `${tag}@${digest}`;
    const stored = `stored artifact with revision '${revision}' from '${url}'`;
    return ok({
      revision,
      tree,
      progress: `new revision '${revision}' for '${url}'`,
      outdated: { reason: 'NewRevision', message: `new revision '${revision}' for '${url}'` },
      event: { reason: 'NewArtifact', message: stored },
      ready: { reason: 'Succeeded', message: `stored artifact for digest '${revision}'` },
      unchanged: {
        reason: 'ArtifactUpToDate',
        message: `artifact up-to-date with remote revision: '${revision}'`,
      },
      recovered: stored,
      file: `${digest}.tar.gz`,
      early: {},
      fields: {},
    });
  };

/** The index of a chart repository; every chart in every version is taken to be in it. */
export const fetchIndex =
  (isDown: (url: string) => string | undefined): Fetch =>
  async (source) => {
    const url = textAt(source, 'spec', 'url') ?? '';
    const failure = isDown(url);
    if (failure !== undefined) {
      const message = `failed to fetch Helm repository index: failed to cache index to temporary file: ${failure}`;
      return fail({ reason: 'IndexationFailed', message, isWaiting: false });
    }
    const revision = digestOf(url);
    const text = `stored artifact: revision '${revision}'`;
    return ok({
      revision,
      tree: undefined,
      progress: `new index revision '${revision}'`,
      outdated: { reason: 'NewRevision', message: `new index revision '${revision}'` },
      event: {
        reason: 'NewArtifact',
        message: `stored fetched index of size 3.466kB from '${url}'`,
      },
      ready: { reason: 'Succeeded', message: text },
      unchanged: {
        reason: 'ArtifactUpToDate',
        message: `artifact up-to-date with remote revision: '${revision}'`,
      },
      recovered: text,
      file: 'index.yaml',
      early: {},
      fields: {},
    });
  };

export const fetchChart =
  (artifacts: Artifacts): Fetch =>
  async (source) => {
    const kind = textAt(source, 'spec', 'sourceRef', 'kind') ?? 'HelmRepository';
    const name = textAt(source, 'spec', 'sourceRef', 'name') ?? '';
    const from = artifacts.get(kind, source.metadata.namespace ?? '', name);
    if (from === undefined) {
      const message = `no artifact available for ${kind} source '${name}'`;
      return fail({ reason: 'NoSourceArtifact', message, isWaiting: true });
    }
    const path = textAt(source, 'spec', 'chart') ?? '';
    const packaged = chartIn(from.tree, path);
    const chart = packaged?.name ?? path.split('/').at(-1) ?? '';
    const asked = textAt(source, 'spec', 'version') ?? '*';
    const version = packaged?.version ?? (/^\d+\.\d+\.\d+/.test(asked) ? asked : '1.0.0');
    const [reason, verb] =
      kind === 'HelmRepository'
        ? (['ChartPullSucceeded', 'pulled'] as const)
        : (['ChartPackageSucceeded', 'packaged'] as const);
    const message = `${verb} '${chart}' chart with version '${version}'`;
    return ok({
      revision: version,
      tree: undefined,
      chart: packaged,
      progress: message,
      outdated: { reason: 'NewChart', message },
      event: { reason, message },
      ready: { reason, message },
      unchanged: {
        reason: 'ArtifactUpToDate',
        message: `artifact up-to-date with remote revision: '${version}'`,
      },
      recovered: message,
      file: `${chart}-${version}.tgz`,
      early: { observedSourceArtifactRevision: from.revision },
      fields: { observedChartName: chart },
    });
  };
