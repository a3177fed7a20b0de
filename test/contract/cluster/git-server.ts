import { execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { fail, ok, type Result } from '#src/result.ts';

const run = promisify(execFile);

const identity = ['-c', 'user.name=contract', '-c', 'user.email=contract@example.com'];

/** What `git http-backend` needs to know of a request. */
const cgiEnvironment = (root: string, request: IncomingMessage, url: URL) => ({
  PATH: process.env['PATH'] ?? '',
  GIT_PROJECT_ROOT: root,
  GIT_HTTP_EXPORT_ALL: '1',
  PATH_INFO: url.pathname,
  QUERY_STRING: url.search.slice(1),
  REQUEST_METHOD: request.method ?? 'GET',
  CONTENT_TYPE: request.headers['content-type'] ?? '',
  HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
  GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
  REMOTE_ADDR: '127.0.0.1',
});

const answerWith = (root: string, request: IncomingMessage, response: ServerResponse): void => {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const backend = spawn('git', ['http-backend'], { env: cgiEnvironment(root, request, url) });
  const parts: Buffer[] = [];
  request.pipe(backend.stdin);
  backend.stdout.on('data', (part: Buffer) => parts.push(part));
  backend.on('close', () => {
    const whole = Buffer.concat(parts);
    const end = whole.indexOf('\r\n\r\n');
    const headers = whole.subarray(0, Math.max(end, 0)).toString('utf8').split('\r\n');
    let status = 200;
    for (const header of headers) {
      const [name = '', ...value] = header.split(': ');
      if (name === 'Status') {
        status = Number(value.join(': ').slice(0, 3));
      } else if (name !== '') {
        response.setHeader(name, value.join(': '));
      }
    }
    response.writeHead(status);
    response.end(whole.subarray(end + 4));
  });
};

export interface ContractGit {
  /** As the clusters reach it. */
  readonly url: string;
  /** Makes the tree exactly these files; gives the commit. */
  commit(files: Readonly<Record<string, string>>, subject: string): Promise<string>;
  /** Whether a revision (`main@sha1:…`) is a commit or one made after it. */
  isAtOrAfter(revision: string, sha: string): boolean;
  close(): Promise<void>;
}

/**
 * A small Git server over HTTP with one repository, for clusters to fetch from.
 * @param host - the address under which the clusters reach this machine
 * @returns or why not, when there is no git
 */
export const startGitServer = async (host: string): Promise<Result<ContractGit, string>> => {
  const root = await mkdtemp(join(tmpdir(), 'contract-git-'));
  const work = join(root, 'work');
  const bare = join(root, 'platform.git');
  try {
    await run('git', ['init', '--quiet', '--initial-branch=main', work]);
    await run('git', ['init', '--quiet', '--bare', '--initial-branch=main', bare]);
  } catch (error) {
    await rm(root, { recursive: true, force: true });
    return fail(`git is missing: ${String(error)}`);
  }
  const server = createServer((request, response) => answerWith(root, request, response));
  await new Promise<void>((resolve) => {
    server.listen(0, host === '127.0.0.1' ? host : '0.0.0.0', resolve);
  });
  const url = `http://${host}:${(server.address() as AddressInfo).port}/platform.git`;

  const commits: string[] = [];

  return ok({
    url,
    isAtOrAfter: (revision, sha) => {
      const index = commits.findIndex((one) => revision.endsWith(one));
      return index >= 0 && index >= commits.indexOf(sha);
    },
    commit: async (files, subject) => {
      await run('git', ['-C', work, 'rm', '-r', '--quiet', '--ignore-unmatch', '.']);
      for (const [path, text] of Object.entries(files)) {
        await mkdir(dirname(join(work, path)), { recursive: true });
        await writeFile(join(work, path), text);
      }
      await run('git', ['-C', work, 'add', '--all']);
      await run('git', [
        '-C',
        work,
        ...identity,
        'commit',
        '--quiet',
        '--allow-empty',
        '-m',
        subject,
      ]);
      await run('git', ['-C', work, 'push', '--quiet', bare, 'main']);
      const { stdout } = await run('git', ['-C', work, 'rev-parse', 'HEAD']);
      commits.push(stdout.trim());
      return stdout.trim();
    },
    close: async () => {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      await rm(root, { recursive: true, force: true });
    },
  });
};
