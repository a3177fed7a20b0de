import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { generated } from '#src/entry/generate.ts';

it.each(generated)('$file is what its generator gives (else: npm run generate)', async (one) => {
  const committed = await readFile(one.file, 'utf8');

  const produced = await one.produce();

  expect(committed).toBe(produced);
});
