import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Kustomize } from '#src/render/kustomize.ts';
import { ok } from '#src/result.ts';

/**
 * A kustomize that remembers on disk what it built: the input is all that the output depends on. A start
 * builds some sixty Kustomizations, nearly always the same ones as the time before.
 */
export const keepBuilds = (kustomize: Kustomize, folder: string): Kustomize => ({
  ...kustomize,
  build: async (reach, limits) => {
    const hash = createHash('sha256').update(JSON.stringify([kustomize.version, reach.directory]));
    const files = [...reach.files].toSorted(([left], [right]) => (left < right ? -1 : 1));
    for (const [path, content] of files) {
      hash.update(`\0${path}\0${content.length}\0`).update(content);
    }
    const file = join(folder, hash.digest('hex'));
    const known = await readFile(file, 'utf8').catch(() => undefined);
    if (known !== undefined) {
      return ok(known);
    }
    const built = await kustomize.build(reach, limits);
    if (built.ok) {
      await mkdir(folder, { recursive: true });
      // two that ask for the same at once must not take each other's file away
      const written = `${file}.${randomUUID()}`;
      await writeFile(written, built.value);
      await rename(written, file);
    }
    return built;
  },
});
