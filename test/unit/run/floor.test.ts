import { describe, expect, it } from 'vitest';
import { createFloor } from '#test/run/floor.ts';

const start = () => {
  const written: string[] = [];
  const floor = createFloor((text) => written.push(text));
  return { written, enter: floor.enter };
};

describe('suites that run beside each other', () => {
  it('print one after the other, the first at once', () => {
    const { written, enter } = start();
    const first = enter();
    const second = enter();

    second.say('b1 ');
    first.say('a1 ');
    expect(written.join('')).toBe('a1 ');

    second.say('b2 ');
    first.say('a2 ');
    first.end();
    expect(written.join('')).toBe('a1 a2 b1 b2 ');

    second.say('b3 ');
    expect(written.join('')).toBe('a1 a2 b1 b2 b3 ');
  });

  it('lose nothing where one ends before its turn, and another begins after that', () => {
    const { written, enter } = start();
    const [first, second] = [enter(), enter()];
    second.say('b');
    second.end();
    const third = enter();
    third.say('c');
    third.end();

    first.say('a');
    first.end();

    expect(written.join('')).toBe('abc');
  });
});
