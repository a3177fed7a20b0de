import { describe, expect, it, vi } from 'vitest';
import { runSuite } from '#test/run/run-suite.ts';
import type { Suite } from '#test/run/suites.ts';

const suite = (script: string, limitMinutes = 1): Suite => ({
  name: 'a suite',
  command: [process.execPath, '-e', script],
  counts: 'exit',
  limitMinutes,
});

const run = async (one: Suite, stopping = new AbortController()) => {
  const said: string[] = [];
  const running = runSuite(one, { WORD: 'heard' }, (text) => said.push(text), stopping.signal);
  return { said: () => said.join(''), running };
};

const hangs = 'console.log("begun"); setInterval(() => undefined, 1_000)';

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe('a suite of the gate', () => {
  it('is heard on both outputs, and ends with its code', async () => {
    const script = 'console.log(process.env.WORD); console.error("ü"); process.exitCode = 3';
    const { said, running } = await run(suite(script));

    expect(await running).toEqual({ exitCode: 3, output: said() });
    expect(said().split('\n').toSorted()).toEqual(['', 'heard', 'ü']);
  });

  it('is ended where it hangs, with what it started, and says so', async () => {
    const shell = { ...suite('', 0.05), command: ['sh', '-c', 'sleep 1000 & echo $!; wait'] };
    const { said, running } = await run(shell);

    const { exitCode } = await running;

    expect(exitCode).not.toBe(0);
    expect(said()).toContain('a suite is ended: it ran longer than 0.05 minutes');
    const pid = Number(said().split('\n')[0]);
    expect(pid).toBeGreaterThan(0);
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false), { timeout: 20_000 });
  });

  it('ends with its own process, although something that it left behind holds its outputs', async () => {
    const left = 'setsid sleep 1000 & echo $!; exit 4';
    const { said, running } = await run({ ...suite(''), command: ['sh', '-c', left] });

    expect((await running).exitCode).toBe(4);
    process.kill(Number(said()), 'SIGKILL');
  });

  it('is ended when the whole run is stopped', async () => {
    const stopping = new AbortController();
    const { said, running } = await run(suite(hangs), stopping);
    await vi.waitUntil(() => said().includes('\n'), { timeout: 20_000 });

    stopping.abort();

    expect((await running).exitCode).not.toBe(0);
  });

  it('fails in words where its program is not there', async () => {
    const { said, running } = await run({ ...suite(''), command: ['no-such-program'] });

    expect((await running).exitCode).toBe(127);
    expect(said()).toContain('a suite: spawn no-such-program ENOENT');
  });
});
