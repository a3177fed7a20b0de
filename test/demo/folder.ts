import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { freePort, isFree } from '#test/net/free-port.ts';

/** Where the demo keeps what survives its end; another one for tests. */
export const demoFolder = resolve(
  process.env['FLUX_CHATOPS_DEMO'] ?? join(import.meta.dirname, '../../.demo'),
);

export const inFolder = (...names: readonly string[]): string => join(demoFolder, ...names);

/** What a file of the folder holds; undefined where there is none, or it was cut off by a crash. */
export const readState = (name: string): unknown => {
  try {
    return JSON.parse(readFileSync(inFolder(name), 'utf8'));
  } catch {
    return undefined;
  }
};

/** Writes beside and renames, so that a crash leaves the old or the new. */
export const writeState = (name: string, value: unknown): void => {
  mkdirSync(demoFolder, { recursive: true });
  writeFileSync(inFolder(`${name}.next`), JSON.stringify(value), { mode: 0o600 });
  renameSync(inFolder(`${name}.next`), inFolder(name));
};

const parts = ['slack', 'redis', 'git', 'bot', 'health', 'infra', 'apps', 'control'] as const;
export type Ports = Readonly<Record<(typeof parts)[number], number>>;

/** The ports of the last time, so that links and the open page stay good; another where one is taken. */
export const choosePorts = async (): Promise<Ports> => {
  const before = (readState('ports.json') ?? {}) as Partial<Ports>;
  const chosen: Partial<Record<keyof Ports, number>> = {};
  for (const part of parts) {
    const taken = Object.values(chosen);
    let port = before[part];
    while (port === undefined || taken.includes(port) || !(await isFree(port))) {
      port = await freePort();
    }
    chosen[part] = port;
  }
  writeState('ports.json', chosen);
  return chosen as Ports;
};
