import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLooker, type Looker } from '#src/cluster/kubernetes/look.ts';

/** An API server of one kind, in pages of two; what else it answers, a test says. */
const answers: Readonly<Record<string, { readonly code: number; readonly body: unknown }>> = {
  '/api/v1': {
    code: 200,
    body: {
      resources: [
        { name: 'things', kind: 'Thing' },
        { name: 'things/status', kind: 'Thing' },
        { name: 'closed', kind: 'Closed' },
      ],
    },
  },
  '/api/v1/things': {
    code: 200,
    body: { items: [{ metadata: { name: 'a' } }], metadata: { continue: 'more' } },
  },
  '/api/v1/things?more': {
    code: 200,
    body: { items: [{ metadata: { name: 'b', namespace: 'n' }, spec: 1 }], metadata: {} },
  },
  '/api/v1/closed': {
    code: 403,
    body: { kind: 'Status', code: 403, reason: 'Forbidden', message: 'not you' },
  },
  '/readyz': { code: 200, body: 'ok' },
  '/livez': { code: 500, body: 'etcd failed' },
};

describe('a look at a cluster', () => {
  let server: Server;
  let folder: string;
  let looker: Looker;

  beforeEach(async () => {
    server = createServer((request, response) => {
      const url = new URL(request.url ?? '/', 'http://127.0.0.1');
      const path = `${url.pathname}${url.searchParams.has('continue') ? '?more' : ''}`;
      const { code, body } = answers[path] ?? { code: 404, body: '404 page not found' };
      response.writeHead(code);
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const { port } = server.address() as AddressInfo;
    folder = await mkdtemp(join(tmpdir(), 'flux-chatops-look-'));
    const file = join(folder, 'kubeconfig');
    await writeFile(
      file,
      JSON.stringify({
        'current-context': 'c',
        clusters: [{ name: 'c', cluster: { server: `http://127.0.0.1:${port}` } }],
        users: [{ name: 'u', user: { token: 't' } }],
        contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
      }),
    );
    looker = createLooker({ type: 'kubeconfig', file, context: 'c' });
  });
  afterEach(async () => {
    looker.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await rm(folder, { recursive: true });
  });

  it('reads every page, and says of each object what it is', async () => {
    expect(await looker.list({ apiVersion: 'v1', kind: 'Thing' })).toEqual({
      type: 'objects',
      objects: [
        { apiVersion: 'v1', kind: 'Thing', metadata: { name: 'a' } },
        { apiVersion: 'v1', kind: 'Thing', metadata: { name: 'b', namespace: 'n' }, spec: 1 },
      ],
    });
  });

  it('tells a kind that is not there from one that may not be read', async () => {
    expect(await looker.list({ apiVersion: 'v1', kind: 'Absent' })).toEqual({ type: 'not-served' });
    expect(await looker.list({ apiVersion: 'x/v1', kind: 'Thing' })).toEqual({
      type: 'not-served',
    });
    expect(await looker.list({ apiVersion: 'v1', kind: 'Closed' })).toEqual({
      type: 'forbidden',
      detail: 'it answered 403: not you',
    });
  });

  it('takes the status of a path, whatever its body', async () => {
    expect(await looker.ask('/readyz')).toEqual({ type: 'status', code: 200 });
    expect(await looker.ask('/livez')).toEqual({ type: 'status', code: 500 });
  });

  it('says that nobody answers', async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));

    expect(await looker.list({ apiVersion: 'v1', kind: 'Thing' })).toMatchObject({
      type: 'unreachable',
    });
    expect(await looker.ask('/readyz')).toMatchObject({ type: 'unreachable' });
  });
});
