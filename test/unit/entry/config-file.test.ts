import { expect, it } from 'vitest';
import { commands } from '#commands/index.ts';
import { permissions } from '#src/entry/config-file.ts';

it('lets a role name every command, also one that needs no permission', () => {
  const asked = commands.flatMap(({ doc }) => doc.permission ?? []);

  expect(permissions).toEqual(expect.arrayContaining(asked));
  expect(permissions).toEqual(expect.arrayContaining(commands.map(({ doc }) => doc.name)));
  expect(new Set(permissions).size).toBe(permissions.length);
});
