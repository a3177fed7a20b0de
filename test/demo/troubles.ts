import { z } from 'zod';
import { commitTroubles } from '#test/demo/commit-troubles.ts';
import { readState, writeState } from '#test/demo/folder.ts';
import { liveTroubles } from '#test/demo/live-troubles.ts';
import type { Stage } from '#test/demo/stage.ts';
import type { Trouble } from '#test/demo/trouble.ts';

/** Everything that can be broken. */
export const troubles: readonly Trouble[] = [...commitTroubles, ...liveTroubles];

const Broken = z.record(z.string(), z.record(z.string(), z.string()));

/** What is broken now, remembered over a restart. */
export const createTroubles = (stage: Stage) => {
  const saved = Broken.safeParse(readState('troubles.json'));
  const broken = new Map(Object.entries(saved.success ? saved.data : {}));
  const save = (): void => writeState('troubles.json', Object.fromEntries(broken));
  const named = (name: string): Trouble | undefined => troubles.find((one) => one.name === name);

  return {
    broken: (): readonly string[] => [...broken.keys()],
    /** @returns what to look at, or why not */
    start: async (name: string): Promise<string> => {
      const trouble = named(name);
      if (trouble === undefined) {
        throw new Error(`There is no trouble "${name}"; see: npm run demo -- break`);
      }
      if (broken.has(name)) {
        throw new Error(`${name} is broken already; mend it: npm run demo -- fix ${name}`);
      }
      const undo = await trouble.start(stage);
      broken.set(name, undo);
      save();
      return `Broken: ${trouble.what}.\nLook: ${trouble.look}.\nMend it: npm run demo -- fix ${name}`;
    },
    end: async (name: string): Promise<string> => {
      const undo = broken.get(name);
      const trouble = named(name);
      if (undo === undefined || trouble === undefined) {
        throw new Error(`${name} is not broken; see: npm run demo -- status`);
      }
      await trouble.end(stage, undo);
      broken.delete(name);
      save();
      return `Mended: ${name}.`;
    },
    /** After a restart: what nothing that was kept remembers. */
    again: async (): Promise<void> => {
      for (const name of broken.keys()) {
        await named(name)?.again?.(stage);
      }
    },
  };
};

export type Troubles = ReturnType<typeof createTroubles>;
