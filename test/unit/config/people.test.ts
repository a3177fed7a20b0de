import { describe, expect, it } from 'vitest';
import { personOf } from '#src/config/people.ts';

const people = [
  { name: 'robin', slack: 'U0ROBIN', github: 'Robin-P', emails: [], kubernetes: [] },
  { name: 'sam', slack: 'U0SAM', emails: ['sam@example.com'], kubernetes: [] },
];

describe('the author of a commit', () => {
  it.each([
    [{ login: 'robin-p', email: undefined }, 'robin'],
    [{ login: undefined, email: 'SAM@example.com' }, 'sam'],
    // the account on the host says more than what stands in the commit
    [{ login: 'robin-p', email: 'sam@example.com' }, 'robin'],
    [{ login: 'stranger', email: 'robin@example.com' }, undefined],
    [{ login: undefined, email: undefined }, undefined],
  ])('%o is %s', (author, name) => {
    expect(personOf(people, { name: 'as written', ...author })?.name).toBe(name);
  });
});
