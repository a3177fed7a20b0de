import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createGitHub } from '#src/git/github.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
});

/** A server that answers as told, and the adapter before it. */
const start = async (answer: Answer, deadlineMs = 5_000) => {
  const requests: { readonly url: string; readonly authorization: string | undefined }[] = [];
  const server = createServer((request, response) => {
    requests.push({ url: request.url ?? '', authorization: request.headers.authorization });
    answer(request, response);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  closing.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => {
      server.close(resolve);
    });
  });
  let token: string | undefined = 'ghp_first';
  let now = 1_800_000_000_000;
  const git = createGitHub({
    apiUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v3/`,
    token: () => token,
    clock: { now: () => now },
    deadlineMs,
  });
  return {
    requests,
    rotate: (next: string | undefined) => {
      token = next;
    },
    pass: (ms: number) => {
      now += ms;
    },
    ask: (paths = ['']) =>
      git.commitsBetween(
        { host: 'github.example', path: 'acme/platform' },
        { from: 'a'.repeat(40), to: 'b'.repeat(40), paths, limit: 2 },
      ),
  };
};

const json = (response: ServerResponse, status: number, body: unknown, headers = {}): void => {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
};

const wire = (number: number) => ({
  sha: String(number).padStart(40, '0'),
  commit: {
    message: `commit ${number}`,
    author: { name: 'Robin', email: 'robin@example.com' },
    committer: { date: new Date(1_700_000_000_000 + number * 1_000).toISOString() },
  },
  author: null,
  parents: [{}],
});
const comparison = (commits: readonly unknown[], total = commits.length) => ({
  status: 'ahead',
  total_commits: total,
  commits,
});

describe('the GitHub adapter over HTTP', () => {
  it('uses the token as it is now, and none where there is none', async () => {
    const { ask, rotate, requests } = await start((_, response) => json(response, 500, {}));

    await ask();
    rotate('ghp_second');
    await ask();
    rotate(undefined);
    await ask();

    expect(requests.map(({ authorization }) => authorization)).toEqual([
      'token ghp_first',
      'token ghp_second',
      undefined,
    ]);
    expect(requests[0]?.url).toMatch(
      /^\/api\/v3\/repos\/acme\/platform\/compare\/a{40}\.\.\.b{40}/,
    );
  });

  it('asks once for what never changes', async () => {
    const { ask, requests } = await start((_, response) =>
      json(response, 200, comparison([wire(1)])),
    );

    const first = await ask();
    const second = await ask();

    expect(first).toMatchObject({ ok: true, value: { commits: [{ subject: 'commit 1' }] } });
    expect(second).toEqual(first);
    expect(requests).toHaveLength(1);
  });

  it('compares once for all that ask about one change', async () => {
    const { ask, requests } = await start((request, response) =>
      json(response, 200, request.url?.includes('/compare/') ? comparison([wire(1)]) : []),
    );

    await ask(['apps/web']);
    await ask(['apps/api']);

    expect(requests.map(({ url }) => url.split('/')[6]?.split('?')[0])).toEqual([
      'compare',
      'commits',
      'commits',
    ]);
  });

  it.each([
    [401, {}, { code: 'forbidden', detail: '401' }],
    [403, {}, { code: 'forbidden', detail: '403' }],
    [502, {}, { code: 'unreachable', detail: '502' }],
    [418, {}, { code: 'unreadable', detail: '418' }],
  ])('gives %s a name', async (status, headers, failure) => {
    const { ask } = await start((_, response) =>
      json(response, status, { message: 'ghp_in-a-message' }, headers),
    );

    expect(await ask()).toEqual({ ok: false, failure });
  });

  it('says that an answer is not what it should be', async () => {
    const { ask } = await start((_, response) => json(response, 200, { status: 'fine' }));

    expect(await ask()).toMatchObject({ failure: { code: 'unreadable' } });
  });

  it('asks nothing more until the time that the host named', async () => {
    const { ask, pass, requests } = await start((_, response) =>
      json(response, 429, {}, { 'retry-after': '30' }),
    );

    const first = await ask();
    const second = await ask();
    pass(30_000);
    await ask();

    const limited = { ok: false, failure: { code: 'rate-limited', until: 1_800_000_030_000 } };
    expect(first).toEqual(limited);
    expect(second).toEqual(limited);
    expect(requests).toHaveLength(2);
  });

  it('gives up on a host that does not answer, or does not end its answer', async () => {
    const silent = await start(() => undefined, 200);
    const halting = await start((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write('{"status":');
    }, 200);

    expect(await silent.ask()).toMatchObject({ failure: { code: 'unreachable' } });
    expect(await halting.ask()).toMatchObject({ ok: false });
  });

  it('names a host that cannot be reached', async () => {
    const { ask } = await start(() => undefined);
    await Promise.all(closing.splice(0).map((close) => close()));

    expect(await ask()).toMatchObject({ failure: { code: 'unreachable' } });
  });

  it('looks at the newest pages of a long range, and says that it did not look at all', async () => {
    const total = 1_050;
    const { ask, requests } = await start((request, response) => {
      const page = Number(new URL(request.url ?? '', 'http://x').searchParams.get('page'));
      const size = page === 11 ? 50 : 100;
      const commits = Array.from({ length: size }, (_, index) => wire((page - 1) * 100 + index));
      json(response, 200, comparison(commits, total));
    });

    expect(await ask()).toMatchObject({
      value: {
        commits: [{ subject: 'commit 1049' }, { subject: 'commit 1048' }],
        more: 248,
        partly: true,
      },
    });
    expect(requests).toHaveLength(4);
  });

  it('goes on in the list of a path for a few pages, and says that it did not look at all', async () => {
    const { ask, requests } = await start((request, response) => {
      const url = new URL(request.url ?? '', 'http://x');
      if (url.pathname.includes('/compare/')) {
        json(response, 200, comparison([wire(500), wire(999)]));
        return;
      }
      const page = Number(url.searchParams.get('page'));
      // a list in the order of time, with 999 on its second page
      json(
        response,
        200,
        Array.from({ length: 100 }, (_, index) => wire(1_198 - page * 100 - index + 100)),
      );
    });

    expect(await ask(['apps/web'])).toMatchObject({
      value: { commits: [{ subject: 'commit 999' }], partly: true },
    });
    expect(requests).toHaveLength(4);
  });
});
