import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import {
  type BackOff,
  type Outcome,
  type Reflection,
  reflect,
  startReflection,
  waitBefore,
} from '#src/cluster/reflection.ts';
import type { Trouble } from '#src/cluster/trouble.ts';

const backOff: BackOff = { firstMs: 500, capMs: 30_000, absentMs: 75_000 };

const status = (code: number, retryAfterMs?: number): Trouble => ({
  type: 'status',
  status: code,
  reason: '',
  message: '',
  retryAfterMs,
});

const trouble = (what: Trouble, heard = false, listed = false): Outcome => ({
  type: 'trouble',
  trouble: what,
  heard,
  listed,
});

const lost: Trouble = { type: 'no-reply', detail: 'other side closed' };

const having = (...outcomes: readonly Outcome[]): Reflection =>
  outcomes.reduce(reflect, startReflection);

const served: Outcome = { type: 'served' };
const ended = (heard: boolean): Outcome => ({ type: 'ended', heard, listed: true });

describe('following a kind', () => {
  it('looks where it is served, then asks for a streamed list', () => {
    expect(startReflection.step).toBe('discover');
    expect(having(served)).toMatchObject({ step: 'list', streaming: true });
  });

  it.each([400, 422])('lists by pages when a streamed list is refused with %i', (code) => {
    expect(having(served, trouble(status(code)))).toMatchObject({
      step: 'list',
      streaming: false,
      wait: 'none',
    });
  });

  it('asks whether versions went back before it goes on with a watch', () => {
    expect(having(served, ended(true))).toMatchObject({ step: 'check', wait: 'none' });
    const checked = (behind: boolean) => having(served, ended(true), { type: 'checked', behind });
    expect(checked(false)).toMatchObject({ step: 'watch' });
    expect(checked(true)).toMatchObject({ step: 'list' });
  });

  it('lists once it has seen versions go back, whatever comes between', () => {
    const behind = having(served, ended(true), { type: 'checked', behind: true });
    const failed = reflect(behind, trouble(lost));
    expect(reflect(failed, served)).toMatchObject({ step: 'list' });
  });

  it('goes on without a list after a lost connection, once it knows the server again', () => {
    const state = having(served, trouble(lost, true, true));
    expect(state).toMatchObject({ step: 'discover', wait: 'back-off', failures: 1 });
    expect(reflect(state, served)).toMatchObject({ step: 'check' });
  });

  it.each([
    [410, 'too old'],
    [504, 'from the future'],
  ])('lists again on %i: its version is %s', (code) => {
    expect(having(served, ended(true), trouble(status(code)))).toMatchObject({
      step: 'list',
      listed: false,
      wait: 'back-off',
    });
  });

  it('looks for the kind again on 404, and about every minute when it is not there', () => {
    expect(having(served, ended(true), trouble(status(404)))).toMatchObject({ step: 'discover' });
    const absent = having({ type: 'not-served' });
    expect(absent).toMatchObject({ step: 'discover', listed: false });
    expect(waitBefore(absent, backOff, 0)).toBe(37_500);
    expect(waitBefore(absent, backOff, 1)).toBe(75_000);
  });

  it('does not ask in a loop when streams end without a word', () => {
    const state = having(served, ended(false), { type: 'checked', behind: false }, ended(false));
    expect(state).toMatchObject({ failures: 2, wait: 'back-off' });
  });

  it('waits as long as the server asks, but not for ever', () => {
    const wait = (ms: number) => waitBefore(having(trouble(status(429, ms))), backOff, 0);
    expect(wait(5_000)).toBe(5_000);
    expect(wait(3_600_000)).toBe(30_000);
  });

  test.prop([fc.nat(60), fc.double({ min: 0, max: 0.999, noNaN: true })])(
    'waits longer with each failure, up to the cap, spread over half of it',
    (failures, chance) => {
      const state: Reflection = { ...startReflection, failures: failures + 1, wait: 'back-off' };
      const full = Math.min(500 * 2 ** failures, 30_000);
      const wait = waitBefore(state, backOff, chance);
      expect(wait).toBeGreaterThanOrEqual(full / 2);
      expect(wait).toBeLessThanOrEqual(full);
    },
  );
});
