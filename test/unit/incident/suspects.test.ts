import { describe, expect, it } from 'vitest';
import {
  createGitStage,
  failingRelease,
  kustomizationWire,
  repositoryWire,
  robin,
} from '#test/fakes/git-stage.ts';

const short = (sha: string): string => sha.slice(0, 7);

/** One Kustomization that worked with `good` and fails with `bad`. */
const failing = (good: string, bad: string, version = 2) =>
  kustomizationWire({ version, ready: 'False', attempted: bad, applied: good });
const working = (sha: string, version = 1) =>
  kustomizationWire({ version, ready: 'True', attempted: sha, applied: sha });

describe('the commits that an incident may come from', () => {
  it('are on its card with author and time, once, and linked', async () => {
    const stage = createGitStage();
    const good = stage.commit(undefined, 'start');
    const bad = stage.commit(good, 'web: v2 (#12)');
    stage.tell(repositoryWire(), working(good));
    stage.keep();
    await stage.clock.advance(2_000);

    stage.tell(failing(good, bad));
    await stage.clock.advance(2_000);

    expect(await stage.card()).toEqual([
      'web cannot be applied on apps',
      'no',
      'Object: ks/flux-system/web',
      'Since: 2026-11-24 10:00:02 UTC · 1 attempt',
      `Now trying: ${short(bad)}`,
      `Last good: ${short(good)} · 1 commit behind`,
      `Suspect ${short(bad)} web: v2 (#12) — Robin Platform, 2026-11-20 10:02 UTC · the only change under apps/web`,
      `What to do Correct it in Git under apps/web. What last worked is ${short(good)}.`,
      'INC-1',
    ]);
    expect(stage.git.asked).toEqual([
      { path: 'acme/platform', range: { from: good, to: bad, paths: ['apps/web'], limit: 3 } },
    ]);
  });

  it('are three at most, and the rest is counted', async () => {
    const stage = createGitStage();
    const good = stage.commit(undefined, 'start');
    let bad = good;
    for (const number of [1, 2, 3, 4, 5]) {
      bad = stage.commit(bad, `web: ${number}`);
    }
    stage.tell(repositoryWire(), failing(good, bad));
    stage.keep();
    await stage.clock.advance(2_000);

    const card = await stage.card();

    expect(card).toContain('Suspects under apps/web');
    expect(card.filter((line) => line.startsWith('•')).map((line) => line.slice(0, 18))).toEqual([
      expect.stringContaining('web: 5'),
      expect.stringContaining('web: 4'),
      expect.stringContaining('web: 3'),
      '• and 2 more: comp',
    ]);
  });

  it('name a person of the configuration, without a notification', async () => {
    const stage = createGitStage();
    stage.people['robin'] = { user: 'U0ROBIN', name: 'robin' };
    const good = stage.commit(undefined, 'start');
    const bad = stage.commit(good, 'web: v2');
    stage.tell(repositoryWire(), failing(good, bad));
    stage.keep();
    await stage.clock.advance(2_000);

    expect(await stage.card()).toContainEqual(expect.stringContaining('web: v2 — @robin, '));
    const [incident] = await stage.incidents();
    expect(incident?.findings?.[0]?.commits[0]?.person).toEqual({
      user: 'U0ROBIN',
      name: 'robin',
    });
  });

  it('are none where nothing under the path changed, and the card says so', async () => {
    const stage = createGitStage();
    const good = stage.commit(undefined, 'start');
    const bad = stage.commit(good, 'a base', { 'components/base.yaml': '2' });
    stage.tell(repositoryWire(), failing(good, bad));
    stage.keep();
    await stage.clock.advance(2_000);

    expect(await stage.card()).toContain(
      'No commit under apps/web since it last worked: look at what it includes from elsewhere, and at the cluster.',
    );
  });

  it('say that the history was rewritten, or the branch set back', async () => {
    const stage = createGitStage();
    const root = stage.commit(undefined, 'start');
    const good = stage.commit(root, 'good');
    const other = stage.commit(root, 'forced');
    stage.tell(repositoryWire(), failing(good, other));
    stage.keep();
    await stage.clock.advance(2_000);

    expect(await stage.card()).toContain(
      `The history was rewritten: ${short(good)} is no longer part of it.`,
    );

    stage.tell(failing(good, root, 3));
    await stage.clock.advance(2_000);
    expect(await stage.card()).toContain(
      `${short(root)} is older than ${short(good)}: the branch was set back.`,
    );
  });

  it('stay plain text without secrets, whatever a commit says', async () => {
    const stage = createGitStage();
    const good = stage.commit(undefined, 'start');
    const bad = stage.commit(
      good,
      'web <!channel> ghp_0123456789abcdef0123456789abcdef0123 done',
      undefined,
      { name: 'xoxb-0123456789-abcdefghij', email: 'x@example.com' },
    );
    stage.tell(repositoryWire(), failing(good, bad));
    stage.keep();
    await stage.clock.advance(2_000);

    const kept = JSON.stringify(await stage.incidents());
    expect(kept).toContain('web <!channel> [redacted] done');
    expect(kept).not.toMatch(/ghp_|xoxb-/);
  });

  it('are asked for again when a newer revision fails, and not for the same one', async () => {
    const stage = createGitStage();
    const good = stage.commit(undefined, 'start');
    const bad = stage.commit(good, 'web: v2');
    const worse = stage.commit(bad, 'web: v3');
    stage.tell(repositoryWire(), failing(good, bad));
    stage.keep();
    await stage.clock.advance(2_000);
    stage.tell(failing(good, bad, 3), failing(good, bad, 4));
    await stage.clock.advance(2_000);
    stage.tell(failing(good, worse, 5));
    await stage.clock.advance(120_000);

    expect(stage.git.asked.map(({ range }) => range.to)).toEqual([bad, worse]);
    expect(await stage.card()).toContain('Suspects under apps/web');
  });

  it('are not asked for anew by the next keeper', async () => {
    const stage = createGitStage();
    const good = stage.commit(undefined, 'start');
    const bad = stage.commit(good, 'web: v2');
    stage.tell(repositoryWire(), failing(good, bad));
    const stop = stage.keep();
    await stage.clock.advance(2_000);
    await stop();

    stage.keep();
    await stage.clock.advance(60_000);

    expect(stage.git.asked).toHaveLength(1);
    expect(await stage.card()).toContainEqual(expect.stringContaining('Suspect '));
  });

  it('do not hinder the card where they cannot be read: small print says why, once', async () => {
    const stage = createGitStage();
    const good = stage.commit(undefined, 'start');
    const bad = stage.commit(good, 'web: v2');
    stage.git.refuse({ code: 'unreachable', detail: 'no route to host' });
    stage.tell(repositoryWire(), failing(good, bad));
    stage.keep();
    await stage.clock.advance(2_000);

    expect((await stage.card()).at(-1)).toBe(
      'INC-1 · commits could not be read: the Git host does not answer (no route to host)',
    );

    await stage.clock.advance(30 * 60_000);
    // after 1, 2, 4, 8 and 16 minutes, and no more often
    expect(stage.git.asked.length).toBeGreaterThanOrEqual(4);
    expect(stage.git.asked.length).toBeLessThanOrEqual(6);
    stage.git.refuse(undefined);
    await stage.clock.advance(30 * 60_000);
    expect(await stage.card()).toContainEqual(expect.stringContaining('Suspect '));
    expect((await stage.card()).at(-1)).toBe('INC-1');
  });

  it('wait until a host that limits requests takes them again', async () => {
    const stage = createGitStage();
    const good = stage.commit(undefined, 'start');
    const bad = stage.commit(good, 'web: v2');
    stage.git.refuse({ code: 'rate-limited', until: stage.clock.now() + 20 * 60_000 });
    stage.tell(repositoryWire(), failing(good, bad));
    stage.keep();
    await stage.clock.advance(19 * 60_000);

    expect(stage.git.asked).toHaveLength(1);

    stage.git.refuse(undefined);
    await stage.clock.advance(2 * 60_000);
    expect(stage.git.asked).toHaveLength(2);
  });

  it('are not missed where no host is configured', async () => {
    const stage = createGitStage();
    const good = stage.commit(undefined, 'start');
    const bad = stage.commit(good, 'web: v2');
    stage.git.refuse({ code: 'not-configured', host: 'github.com' });
    stage.tell(repositoryWire(), failing(good, bad));
    stage.keep();
    await stage.clock.advance(2_000);

    const card = await stage.card();
    expect(card.at(-1)).toBe('INC-1');
    expect(card).toContain(`Last good: ${short(good)} · compare`);

    // and are read within a minute once one is
    await stage.clock.advance(20 * 60_000);
    stage.git.refuse(undefined);
    await stage.clock.advance(61_000);
    expect(await stage.card()).toContainEqual(expect.stringContaining('Suspect '));
  });

  it('are looked up for two incidents at a time', async () => {
    const stage = createGitStage();
    const good = stage.commit(undefined, 'start');
    const bad = stage.commit(good, 'web: v2');
    const names = Array.from({ length: 12 }, (_, index) => `app-${index}`);
    const started: string[] = [];
    let running = 0;
    let most = 0;
    const { commitsBetween } = stage.git;
    stage.git.commitsBetween = async (repository, range) => {
      running += 1;
      most = Math.max(most, running);
      started.push(range.paths[0] ?? '');
      await stage.clock.wait(500);
      running -= 1;
      return commitsBetween(repository, range);
    };
    stage.git.refuse({ code: 'unreachable', detail: 'away' });
    stage.tell(
      repositoryWire(),
      ...names.map((name) =>
        kustomizationWire({
          name,
          version: 2,
          ready: 'False',
          attempted: bad,
          applied: good,
          path: `apps/${name}`,
        }),
      ),
    );
    const stop = stage.keep();
    await stage.clock.advance(1_000);
    await stop();
    started.length = 0;
    most = 0;
    running = 0;
    stage.git.refuse(undefined);

    stage.keep();
    await stage.clock.advance(20_000);

    expect(started).toHaveLength(12);
    expect(most).toBe(2);
  });
});

describe('a failing HelmRelease', () => {
  it('names the commits of the Kustomization that made it', async () => {
    const stage = createGitStage();
    const good = stage.commit(undefined, 'start');
    const bad = stage.commit(good, 'web: chart 1.2.0');
    const since = '2026-11-24T10:00:00Z';
    const entry = (sha: string, at: string) => ({
      firstReconciled: at,
      lastReconciled: at,
      metadata: { revision: `main@sha1:${sha}` },
    });
    stage.tell(
      repositoryWire(),
      kustomizationWire({
        version: 2,
        ready: 'True',
        attempted: bad,
        applied: bad,
        history: [entry(bad, since), entry(good, '2026-11-20T10:00:00Z')],
      }),
      failingRelease(3, since),
    );
    stage.keep();
    await stage.clock.advance(2_000);

    const card = await stage.card();
    expect(card).toContainEqual(
      expect.stringMatching(/^Suspect \w{7} web: chart 1\.2\.0 — Robin .* under apps\/web$/),
    );
    // its versions are the chart's, which no page of the repository compares
    expect(card).toContain('Now trying: 1.2.0');
    expect(card).toContain('Last good: 1.1.0');
    expect(card).toContainEqual(expect.stringContaining('in Git under apps/web.'));
  });
});

describe('a push while much is failing', () => {
  it('asks about the newest revision alone, where the host is slower than the pushes', async () => {
    const stage = createGitStage();
    const good = stage.commit(undefined, 'start');
    const shas = [good];
    for (const number of [1, 2, 3, 4]) {
      shas.push(stage.commit(shas.at(-1), `web: ${number}`));
    }
    const names = Array.from({ length: 6 }, (_, index) => `app-${index}`);
    const push = (sha: string, version: number): void =>
      stage.tell(
        ...names.map((name) =>
          kustomizationWire({ name, version, ready: 'False', attempted: sha, applied: good }),
        ),
      );
    const { commitsBetween } = stage.git;
    stage.git.commitsBetween = async (repository, range) => {
      const answer = await commitsBetween(repository, range);
      await stage.clock.wait(10_000);
      return answer;
    };
    stage.tell(repositoryWire());
    stage.keep();
    for (const [index, sha] of shas.slice(1).entries()) {
      push(sha, index + 2);
      await stage.clock.advance(1_000);
    }
    await stage.clock.advance(60_000);

    const asked = stage.git.asked.map(({ range }) => range.to);
    // two were under way; what was passed over meanwhile is nobody's question any more
    expect(asked).toHaveLength(3);
    expect(asked.at(-1)).toBe(shas.at(-1));
  });
});

describe('the commit that ended an incident', () => {
  it('is named on the resolved card with its author', async () => {
    const stage = createGitStage();
    const good = stage.commit(undefined, 'start');
    const bad = stage.commit(good, 'web: v2');
    const fix = stage.commit(bad, 'Revert "web: v2"');
    stage.tell(repositoryWire(), failing(good, bad));
    stage.keep();
    await stage.clock.advance(2_000);

    stage.tell(working(fix, 3));
    await stage.clock.advance(15_000);

    expect(await stage.card()).toEqual([
      'web is well again on apps after 12 s',
      `It could not be applied. Fixed by ${short(fix)} Revert "web: v2" — ${robin.name}.`,
      'INC-1 · 1 attempt failed',
    ]);
  });

  it('is the older one that the branch was set back to', async () => {
    const stage = createGitStage();
    const good = stage.commit(undefined, 'start');
    const bad = stage.commit(good, 'web: v2');
    stage.tell(repositoryWire(), failing(good, bad));
    stage.keep();
    await stage.clock.advance(2_000);

    stage.tell(working(good, 3));
    await stage.clock.advance(15_000);

    expect((await stage.card())[1]).toBe(
      `It could not be applied. Fixed by going back to ${short(good)}.`,
    );
  });

  it('is never the one that broke it, where the source is gone by then', async () => {
    const stage = createGitStage();
    const good = stage.commit(undefined, 'start');
    const bad = stage.commit(good, 'web: v2');
    const fix = stage.commit(bad, 'web: v3');
    stage.tell(repositoryWire(), failing(good, bad));
    stage.keep();
    await stage.clock.advance(2_000);

    stage.tell(repositoryWire('https://git.example/somewhere/else', 2), working(fix, 3));
    await stage.clock.advance(15_000);

    expect((await stage.card())[1]).toBe(`It could not be applied. Ready at ${short(fix)}.`);
  });

  it('is nobody’s where the same revision works now', async () => {
    const stage = createGitStage();
    const good = stage.commit(undefined, 'start');
    const bad = stage.commit(good, 'web: v2');
    stage.tell(repositoryWire(), failing(good, bad));
    stage.keep();
    await stage.clock.advance(2_000);

    stage.tell(working(bad, 3));
    await stage.clock.advance(15_000);

    expect((await stage.card())[1]).toBe(
      `It could not be applied. Ready at ${short(bad)}, without another commit.`,
    );
  });
});

describe('without Git', () => {
  it('revisions are links all the same, and nothing is missed', async () => {
    const stage = createGitStage({ git: false });
    const [good, bad] = ['a'.repeat(40), 'b'.repeat(40)] as const;
    stage.tell(repositoryWire(), failing(good, bad));
    stage.keep();
    await stage.clock.advance(2_000);

    const [incident] = await stage.incidents();
    expect(incident?.members[0]?.git?.origin.webUrl).toBe('https://github.com/acme/platform');
    expect(incident?.findings).toBeUndefined();
  });
});
