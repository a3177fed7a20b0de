import { join } from 'node:path';

/** What a tool of the machine may see: this process's own environment, without the names that are not set. */
export const environment: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(process.env).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  ),
);

/** Where programs are looked for. */
export const searchPath = process.env['PATH'] ?? '';

/** Where tools installed by package name are kept, one directory for each version. */
export const toolCache = join(import.meta.dirname, '..', '..', '.cache', 'tools');
