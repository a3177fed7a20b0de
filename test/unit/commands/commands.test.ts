import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { commands } from '#commands/index.ts';
import { readWords, tokenize } from '#src/command/words.ts';
import { ok } from '#src/result.ts';
import { createStage } from '#test/unit/commands/stage.ts';

const examples = commands.flatMap((command) =>
  command.doc.examples.map((example) => ({ command, example })),
);

describe('the list of commands', () => {
  it('names each file of the folder, and nothing else', () => {
    const files = readdirSync('commands').filter(
      (file) => file.endsWith('.ts') && file !== 'index.ts',
    );

    expect(new Set(files)).toEqual(new Set(commands.map(({ doc }) => `${doc.name}.ts`)));
  });

  it('gives each its own name', () => {
    const names = commands.map(({ doc }) => doc.name);

    expect(new Set(names).size).toBe(names.length);
  });

  it('describes each argument', () => {
    const silent = commands.flatMap(({ doc }) =>
      doc.arguments.filter(({ description }) => description === '').map(({ name }) => name),
    );

    expect(silent).toEqual([]);
  });

  it('lets no command act without a permission and the right to patch', () => {
    const acting = commands.filter(({ doc }) => doc.kind === 'act');

    expect(acting.length).toBeGreaterThan(0);
    expect(
      acting.every(
        ({ doc }) => doc.permission !== undefined && doc.needs.some(({ verb }) => verb === 'patch'),
      ),
    ).toBe(true);
  });

  it('has a page that shows every example', () => {
    const page = readFileSync('commands/README.md', 'utf8');

    expect(examples.filter(({ example }) => !page.includes(`/flux ${example}\n`))).toEqual([]);
  });
});

describe.each(examples)('the example "$example"', ({ command, example }) => {
  it('is read by the command that gives it', () => {
    const [name, ...words] = tokenize(example);
    const input = readWords(words, command.doc.arguments, command.doc.positional);

    expect(name).toBe(command.doc.name);
    expect(input.ok && command.prepare(input.value)).toMatchObject({ ok: true });
  });

  it('finds what it names, and its plan can be stored and taken up again', async () => {
    const planned = await createStage().plan(example);
    const stored: unknown = planned.ok ? JSON.parse(JSON.stringify(planned.value.plan)) : planned;

    expect(planned).toMatchObject({ ok: true });
    expect(command.recall(stored)).toMatchObject(ok({ plan: stored }));
  });
});
