import { describe, expect, it } from 'vitest';
import { readWords } from '#src/command/words.ts';
import { catalogue, findEntry, unknownEntry } from '#src/entry/cli/catalogue.ts';
import { runs } from '#src/entry/cli/runs.ts';
import { helpOf, helpPage } from '#src/entry/cli/usage.ts';
import { wrongInput } from '#src/entry/cli/wrong-input.ts';

describe('the catalogue of the command line', () => {
  it.each(catalogue.map((doc) => [doc.name, doc] as const))(
    'has a whole entry for %s',
    (name, doc) => {
      const found = findEntry(name.split(' '));

      expect(found?.entry.doc).toBe(doc);
      expect(doc.summary).toMatch(/^[A-Z].*\.$/);
      expect(found?.entry.kind === 'command' || name in runs).toBe(true);
      for (const example of doc.examples) {
        const words = example
          .replace(/ > .*$/, '')
          .replace(/ --config \S+/, '')
          .split(' ');
        const read = findEntry(words);
        expect(read?.entry.doc.name).toBe(name);
        const input =
          name === 'help' ? undefined : readWords(read?.rest ?? [], doc.arguments, doc.positional);
        expect(input?.ok ?? true).toBe(true);
        expect(input?.ok === true ? wrongInput(doc.arguments, input.value) : undefined).toBe(
          undefined,
        );
      }
    },
  );

  it.each([
    [['reconcil'], 'There is no command "reconcil". Did you mean reconcile?'],
    [['confgi', 'check'], 'There is no command "confgi". Did you mean config check?'],
    [['config', 'chek'], 'There is no command "config chek". Did you mean config check?'],
    [['config'], 'config what? There is: config check, config schema.'],
    [['weather'], 'There is no command "weather".'],
  ])('answers %j with what was meant', (words, what) => {
    expect(findEntry(words)).toBeUndefined();
    expect(unknownEntry(words).what).toBe(what);
  });

  it.each([40, 80, 120])('helps on one page of %i columns', (width) => {
    const pages = [
      helpPage(catalogue, { width, color: false }),
      ...catalogue.map((doc) => helpOf(doc, { width, color: false })),
    ];

    for (const { name } of catalogue) {
      expect(pages[0]).toContain(name);
    }
    const lines = pages.flatMap((page) => page.split('\n'));
    expect(lines.filter((line) => line.endsWith(' '))).toEqual([]);
    // only what is to be typed as it stands may be wider
    const wide = lines.filter(
      (line) => line.length > width && line.trim().includes(' ') && !/^ {2}\S/.test(line),
    );
    expect(wide).toEqual([]);
  });
});
