import { readFile } from 'node:fs/promises';

export interface Instruction {
  readonly keyword: string;
  readonly text: string;
}

/** The instructions of a Dockerfile in order: comments dropped, continued lines joined. */
export async function readDockerfile(file: string): Promise<readonly Instruction[]> {
  const lines = (await readFile(file, 'utf8'))
    .split('\n')
    .filter((line) => !line.trimStart().startsWith('#'))
    .join('\n')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line.trim() !== '');
  return lines.map((line) => {
    const [keyword = '', ...rest] = line.split(' ');
    return { keyword, text: rest.join(' ').trim() };
  });
}

/** What comes after the last `FROM`: the image that is shipped. */
export const lastStage = (all: readonly Instruction[]): readonly Instruction[] =>
  all.slice(all.findLastIndex(({ keyword }) => keyword === 'FROM') + 1);

export const texts = (all: readonly Instruction[], keyword: string): readonly string[] =>
  all.filter((one) => one.keyword === keyword).map(({ text }) => text);
