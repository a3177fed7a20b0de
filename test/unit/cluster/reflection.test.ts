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

  it.each([400, 405, 406, 422, 501])(
    'lists by pages when a streamed list is refused with %i',
    (code) => {
      expect(having(served, trouble(status(code)))).toMatchObject({
        step: 'list',
        streaming: false,
        wait: 'none',
      });
    },
  );

  it('lists by pages when a streamed list is none', () => {
    expect(having(served, { type: 'no-streaming' })).toMatchObject({
      step: 'list',
      streaming: false,
      wait: 'none',
    });
  });

  it('takes the same refusal of a list by pages, or of a watch, for trouble', () => {
    const byPages = having(served, { type: 'no-streaming' }, trouble(status(400)));
    expect(byPages).toMatchObject({ step: 'discover', streaming: true, wait: 'back-off' });
    const watching = having(served, { type: 'listed' }, trouble(status(400)));
    expect(watching).toMatchObject({ step: 'discover', listed: true, wait: 'back-off' });
  });

  it('watches once it has listed', () => {
    expect(having(served, { type: 'listed' })).toMatchObject({
      step: 'watch',
      listed: true,
      wait: 'none',
    });
  });

  it('lists anew once another kind has seen a restored server, at any step', () => {
    const watching = having(served, { type: 'listed' });
    expect(reflect(watching, { type: 'restored' })).toMatchObject({
      step: 'list',
      listed: false,
      wait: 'none',
    });
    const away = reflect(watching, trouble(lost));
    const restored = reflect(away, { type: 'restored' });
    expect(restored).toEqual({ ...away, listed: false });
    expect(reflect(restored, served)).toMatchObject({ step: 'list' });
  });

  it('lists at once where it heard something before its version was too old', () => {
    expect(having(served, ended(true), trouble(status(410), true))).toMatchObject({
      step: 'list',
      wait: 'none',
      failures: 1,
    });
  });

  it('counts failures until something is heard', () => {
    const twice = having(trouble(lost), trouble(lost));
    expect(twice).toMatchObject({ failures: 2, streaming: true, listed: false });
    expect(reflect(twice, trouble(lost, true))).toMatchObject({ failures: 1 });
    expect(reflect(twice, { type: 'ended', heard: true, listed: false })).toMatchObject({
      failures: 0,
      step: 'list',
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
