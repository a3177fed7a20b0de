import { readFileSync } from 'node:fs';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { type Climb, climb } from '#src/bootstrap/climb.ts';
import { type Ladder, parseLadder, wantedOf } from '#src/bootstrap/ladder.ts';
import { kindKey } from '#src/bootstrap/snapshot.ts';
import { climbView } from '#src/bootstrap/view.ts';
import { createLooker, type Looker } from '#src/cluster/kubernetes/look.ts';
import { nearest } from '#src/command/words.ts';
import { findClusters } from '#src/entry/cli/ask.ts';
import type { OwnCluster } from '#src/entry/cli/clusters.ts';
import type { Exit } from '#src/entry/cli/exits.ts';
import { type Call, misused, type Outcome } from '#src/entry/cli/outcome.ts';
import { createLive } from '#src/entry/cli/screen.ts';
import { systemClock as clock } from '#src/entry/system.ts';
import { fail, ok, type Result } from '#src/result.ts';

const Standing = z.object({
  subject: z.string(),
  detail: z.string(),
  message: z.string(),
  next: z.string().optional(),
});

export const BootstrapResult = z.object({
  clusters: z.array(
    z.object({
      cluster: z.string(),
      reached: z.number().describe('rungs passed one after the other from the bottom'),
      rungs: z.array(
        z.object({
          name: z.string(),
          title: z.string(),
          state: z.enum(['passed', 'unproven', 'blocked']),
          passed: z.number(),
          total: z.number(),
          budgetMs: z.number(),
        }),
      ),
      blocked: Standing.extend({
        rung: z.string(),
        sinceMs: z.number().optional(),
        isLate: z.boolean().describe('for longer than the rung may take'),
      }).optional(),
      ageMs: z.number().optional(),
      budgetMs: z.number(),
      unknown: z.array(Standing).describe('what could not be looked at'),
    }),
  ),
});

const standing = (unit: Climb['unknown'][number]): z.output<typeof Standing> => ({
  subject: unit.subject,
  detail: unit.detail,
  message: unit.message,
  ...(unit.next === undefined ? {} : { next: unit.next }),
});

const resultOf = (climbs: readonly Climb[]): z.output<typeof BootstrapResult> => ({
  clusters: climbs.map(({ blocked, blockedMs, elapsedMs, ...one }) => ({
    cluster: one.cluster,
    reached: one.reached,
    rungs: one.rungs.map(({ units: _, ...rung }) => rung),
    ...(blocked === undefined
      ? {}
      : {
          blocked: {
            ...standing(blocked.cause),
            rung: blocked.rung.name,
            ...(blockedMs === undefined ? {} : { sinceMs: blockedMs }),
            isLate: one.isLate,
          },
        }),
    ...(elapsedMs === undefined ? {} : { ageMs: elapsedMs }),
    budgetMs: one.budgetMs,
    unknown: one.unknown.map(standing),
  })),
});

const ownLadder = `${import.meta.dirname}/../../../bootstrap/ladder.yaml`;

const readLadder = (file: string): Result<Ladder, string> => {
  try {
    const parsed = parseLadder(parseYaml(readFileSync(file, 'utf8')));
    return parsed.ok ? parsed : fail(`${file}: ${parsed.failure.join('; ')}`);
  } catch (error) {
    return fail(`${file} cannot be read: ${error instanceof Error ? error.message : error}`);
  }
};

const upTo = (ladder: Ladder, rung: unknown): Result<Ladder, Outcome> => {
  if (rung === undefined) {
    return ok(ladder);
  }
  const names = ladder.rungs.map(({ name }) => name);
  const last = names.indexOf(String(rung));
  const close = nearest(String(rung), names);
  return last === -1
    ? fail(
        misused(
          `There is no rung "${rung}".${close === undefined ? '' : ` Did you mean ${close}?`}`,
          `Use one of ${names.join(', ')}.`,
        ),
      )
    : ok({ ...ladder, rungs: ladder.rungs.slice(0, last + 1) });
};

const chosen = (
  clusters: readonly OwnCluster[],
  ladder: Ladder,
  word: unknown,
): Result<readonly OwnCluster[], Outcome> => {
  const names = clusters.map(({ name }) => name);
  const wanted =
    word === undefined || word === 'all' ? clusters : clusters.filter(({ name }) => name === word);
  if (wanted.length === 0) {
    return fail({
      kind: 'failed',
      exit: 'absent',
      code: 'unknown-cluster',
      what: `There is no cluster "${word}" among those you reach: ${names.join(', ')}.`,
      next: `Name its context: --context ${word}=CONTEXT.`,
    });
  }
  const strange = wanted.find(({ name }) => !ladder.clusters.includes(name));
  return strange === undefined
    ? ok(wanted)
    : fail({
        kind: 'failed',
        exit: 'absent',
        code: 'unknown-cluster',
        what: `The ladder knows no cluster "${strange.name}"; it knows ${ladder.clusters.join(', ')}.`,
        next: `Say which of them it is: --context ${ladder.clusters[0]}=${strange.context}.`,
      });
};

const look = async (ladder: Ladder, cluster: string, looker: Looker): Promise<Climb> => {
  const wanted = wantedOf(ladder.rungs, ladder.shapes, cluster);
  const kinds = [{ apiVersion: 'v1', kind: 'Namespace' }, ...wanted.kinds];
  const unique = [...new Map(kinds.map((kind) => [kindKey(kind), kind])).values()];
  const [listings, endpoints] = await Promise.all([
    Promise.all(unique.map(async (kind) => [kindKey(kind), await looker.list(kind)] as const)),
    Promise.all(wanted.endpoints.map(async (path) => [path, await looker.ask(path)] as const)),
  ]);
  return climb(ladder, {
    cluster,
    at: clock.now(),
    listings: new Map(listings),
    endpoints: new Map(endpoints),
    // what the bot has heard of, only the bot knows
    signals: new Map(),
  });
};

const exitOf = (climbs: readonly Climb[], signals: ReadonlySet<string>): Exit => {
  if (climbs.some(({ blocked }) => blocked !== undefined)) {
    return 'failed';
  }
  const unseen = climbs.flatMap(({ unknown }) => unknown);
  return unseen.every(({ subject }) => signals.has(subject)) ? 'done' : 'away';
};

const everyMs = 5_000;

interface Wanted {
  readonly ladder: Ladder;
  readonly clusters: readonly OwnCluster[];
}

const readWanted = (call: Call): Result<Wanted, Outcome> => {
  const { input } = call;
  const read = readLadder(typeof input['ladder'] === 'string' ? input['ladder'] : ownLadder);
  if (!read.ok) {
    return fail(misused(read.failure, 'Name a ladder with --ladder FILE.'));
  }
  const ladder = upTo(read.value, input['rung']);
  if (!ladder.ok) {
    return ladder;
  }
  const found = findClusters(call);
  const clusters = found.ok ? chosen(found.value, ladder.value, input['cluster']) : found;
  return clusters.ok ? ok({ ladder: ladder.value, clusters: clusters.value }) : clusters;
};

const signalsOf = (ladder: Ladder): ReadonlySet<string> =>
  new Set(
    ladder.rungs.flatMap(({ probes }) =>
      probes.flatMap((probe) => ('signal' in probe ? [probe.signal] : [])),
    ),
  );

const outcomeOf = (climbs: readonly Climb[], signals: ReadonlySet<string>): Outcome => {
  const exit = exitOf(climbs, signals);
  const isUnseen = exit === 'done' && climbs.some(({ unknown }) => unknown.length > 0);
  return {
    kind: 'answer',
    exit,
    result: resultOf(climbs),
    shown: climbView(climbs),
    remarks: isUnseen
      ? [`Only the bot can see ${[...signals].join(', ')}; nothing else stands in the way.`]
      : [],
  };
};

/** `bootstrap status [cluster]`: reads with the caller's own kubeconfig, and needs nothing else. */
export const bootstrapStatus = async (call: Call): Promise<Outcome> => {
  const wanted = readWanted(call);
  if (!wanted.ok) {
    return wanted.failure;
  }
  const { ladder, clusters } = wanted.value;
  const signals = signalsOf(ladder);
  const patience = call.input['wait'] === true ? (ladder.rungs.at(-1)?.budget ?? 0) : 0;
  const until = clock.now() + patience;
  const live = createLive(call.err);
  const lookers = clusters.map(({ name, file, context }) => ({
    name,
    looker: createLooker({ type: 'kubeconfig', file, context }),
  }));
  try {
    for (;;) {
      const climbs = await Promise.all(
        lookers.map(({ name, looker }) => look(ladder, name, looker)),
      );
      if (exitOf(climbs, signals) === 'done' || clock.now() >= until) {
        live.end();
        return outcomeOf(climbs, signals);
      }
      if (!call.options.json) {
        live.show(climbView(climbs));
      }
      await clock.wait(everyMs);
    }
  } finally {
    for (const { looker } of lookers) {
      looker.close();
    }
  }
};
