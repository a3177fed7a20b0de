import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ContractGit, startGitServer } from '#test/contract/cluster/git-server.ts';
import { createGitOverHttp, type GitOverHttp } from '#test/sandbox/controllers/git-http.ts';

let server: ContractGit;
let troubled: Server;
let troubledUrl: string;
let git: GitOverHttp;
let first: string;
let second: string;

beforeAll(async () => {
  const started = await startGitServer('127.0.0.1');
  if (!started.ok) {
    throw new Error(started.failure);
  }
  server = started.value;
  first = await server.commit({ 'a.yaml': 'x: 1\n', 'deep/b.yaml': 'ü\n\n' }, 'the first');
  second = await server.commit({ 'a.yaml': 'x: 2\n' }, 'the second');
  troubled = createServer((request, response) => {
    if (request.url?.startsWith('/locked') === true) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' });
      response.end();
    } else {
      request.socket.destroy();
    }
  });
  await new Promise<void>((resolve) => {
    troubled.listen(0, '127.0.0.1', resolve);
  });
  troubledUrl = `http://127.0.0.1:${(troubled.address() as AddressInfo).port}`;
  git = await createGitOverHttp();
});

afterAll(async () => {
  await git.close();
  troubled.close();
  await server.close();
});

const refused = async (url: string, ref: object = { branch: 'main' }): Promise<string> => {
  const found = await git.resolve(url, ref);
  return found.ok ? 'found' : found.failure;
};

describe('fetching from a Git server over HTTP', () => {
  it('gives the newest commit of a branch, with the files that it holds', async () => {
    const found = await git.resolve(server.url, { branch: 'main' });

    expect(found).toMatchObject({ ok: true, value: { sha: second, subject: 'the second' } });
    expect(found.ok && found.value.tree.entry('a.yaml')).toEqual({
      kind: 'file',
      content: Buffer.from('x: 2\n'),
    });
    expect(found.ok && found.value.tree.entry('deep')).toBeUndefined();
  });

  it('gives an older commit by its name, byte by byte', async () => {
    const found = await git.resolve(server.url, { branch: 'main', commit: first });

    expect(found.ok && found.value.tree.entry('deep/b.yaml')).toEqual({
      kind: 'file',
      content: Buffer.from('ü\n\n'),
    });
  });

  it('says in the words of Flux what is wrong', async () => {
    expect(await refused(server.url.replace('platform', 'nothing'))).toBe('repository not found: ');
    expect(await refused(server.url, { branch: 'gone' })).toContain('refs/heads/gone');
    expect(await refused(server.url, { commit: 'a'.repeat(40) })).toBe('object not found');
    expect(await refused(`${troubledUrl}/locked.git`)).toBe('authentication required: ');
    expect(await refused(`${troubledUrl}/cut.git`)).toMatch(/^Get ".*cut\.git.*": EOF$/);
    expect(await refused('http://127.0.0.1:1/platform.git')).toContain(
      'dial tcp 127.0.0.1:1: connect: connection refused',
    );
  });
});
