import type { Clock } from '#src/clock.ts';
import { type Actor, actorId } from '#src/command/actor.ts';
import { contextFor, type Surroundings } from '#src/command/context.ts';
import type { AnyCommand, Context } from '#src/command/define.ts';
import { doubtAbout } from '#src/command/doubt.ts';
import { askedBy, currentStep, type Journal, journalKey } from '#src/command/journal.ts';
import { readJournal } from '#src/command/journals.ts';
import { targetOf } from '#src/command/policy.ts';
import { type Health, healthOf } from '#src/flux/health.ts';
import { conditionOf, type FluxObject } from '#src/flux/object.ts';
import { keyOf, memberKey } from '#src/incident/incident.ts';
import { isStoreUnavailable, type Store } from '#src/store/store.ts';

/** An object on a person's Home. */
export interface HomeObject {
  readonly cluster: string;
  readonly object: string;
  readonly reason: string;
  /** ms; where known. */
  readonly since?: number | undefined;
  readonly mayReconcile: boolean;
}

/** Something that the person asked for. */
export interface HomeCommand {
  readonly id: string;
  readonly title: string;
  readonly status: Journal['status'];
  readonly done: number;
  readonly total: number;
  readonly startedAt: number;
  readonly endedAt?: number | undefined;
  /** What it waits for, or why it failed. */
  readonly detail?: string | undefined;
}

/** What one person's Home shows: only what that person may read, and without the time of looking. */
export interface HomeData {
  readonly mayRead: boolean;
  readonly mayList: boolean;
  readonly clusters: readonly { readonly name: string; readonly problem?: string | undefined }[];
  readonly failing: readonly HomeObject[];
  readonly suspended: readonly HomeObject[];
  /** The newest first; undefined where the store does not answer. */
  readonly asked: readonly HomeCommand[] | undefined;
}

const askedDays = 7;
const mostAsked = 5;

interface Judged {
  readonly cluster: string;
  readonly object: FluxObject;
  readonly health: Health;
}

const readable = (context: Context): readonly Judged[] =>
  context.clusters.flatMap((cluster) =>
    cluster
      .objects()
      .map((object) => ({ cluster: cluster.name, object, health: healthOf(object) }))
      .filter(({ health }) => health.suspended || health.state === 'failing')
      .filter(({ object: { ref } }) => context.may('status', targetOf(cluster.name, ref))),
  );

const sinceOf = ({ object }: Judged): number | undefined => {
  const since = conditionOf(object, 'Ready')?.since;
  return since === undefined || Number.isNaN(since) ? undefined : since;
};

const homeObject = (judged: Judged, since: number | undefined, context: Context): HomeObject => {
  const { cluster, object, health } = judged;
  const target = targetOf(cluster, object.ref);
  return {
    cluster,
    object: target.object,
    reason: health.reason,
    ...(since === undefined ? {} : { since }),
    mayReconcile: !health.suspended && context.may('reconcile', target),
  };
};

const titleOf = ({ command, targets }: Journal): string => {
  const objects = [...new Set(targets.flatMap(({ object }) => object ?? []))];
  const clusters = [...new Set(targets.flatMap(({ cluster }) => cluster ?? []))];
  const where = clusters.length === 0 ? '' : ` on ${clusters.join(' and ')}`;
  return `${[command, ...objects].join(' ')}${where}`;
};

/** What a step is called for people; its name is for the journal. */
const titleOfStep = (
  { command, plan }: Journal,
  name: string,
  commands: readonly AnyCommand[],
): string => {
  const recalled = commands.find(({ doc }) => doc.name === command)?.recall(plan);
  const steps = recalled?.ok === true ? recalled.value.steps() : [];
  return steps.find((step) => step.name === name)?.title ?? name;
};

const homeCommand = (journal: Journal, commands: readonly AnyCommand[]): HomeCommand => {
  const at = currentStep(journal);
  const step = at === undefined ? undefined : journal.steps[at];
  return {
    id: journal.id,
    title: titleOf(journal),
    status: journal.status,
    done: journal.steps.filter(({ state }) => state === 'done').length,
    total: journal.steps.length,
    startedAt: journal.startedAt,
    ...(journal.endedAt === undefined ? {} : { endedAt: journal.endedAt }),
    ...(journal.failure === undefined
      ? step === undefined || journal.status !== 'running'
        ? {}
        : { detail: titleOfStep(journal, step.name, commands) }
      : { detail: journal.failure }),
  };
};

export interface HomeSources {
  readonly surroundings: Surroundings;
  readonly commands: readonly AnyCommand[];
  readonly store: Pick<Store, 'range' | 'readAll'>;
  readonly clock: Pick<Clock, 'now'>;
}

/** Gathers what a person's Home shows. What the store does not tell just now is left out, and said. */
export const createHomeData = ({ surroundings, commands, store, clock }: HomeSources) => {
  const orUnknown = async <Value>(ask: Promise<Value>): Promise<Value | undefined> => {
    try {
      return await ask;
    } catch (error) {
      if (isStoreUnavailable(error)) {
        return undefined;
      }
      throw error;
    }
  };

  const asked = async (actor: Actor, now: number): Promise<readonly HomeCommand[]> => {
    const found = await store.range(askedBy(actorId(actor)), {
      from: now - askedDays * 86_400_000,
      limit: 10_000,
    });
    const ids = found.slice(-mostAsked).map(({ member }) => member);
    const journals = await store.readAll(ids.map(journalKey));
    return journals
      .flatMap((versioned) => readJournal(versioned)?.journal ?? [])
      .map((journal) => homeCommand(journal, commands))
      .toReversed();
  };

  return async (actor: Actor): Promise<HomeData> => {
    const now = clock.now();
    const context = contextFor(surroundings, actor, undefined, now);
    const incidents = (await orUnknown(context.incidents())) ?? [];
    const since = new Map(
      incidents.flatMap(({ members }) =>
        members.map((member) => [keyOf(member), member.failingSince] as const),
      ),
    );
    const judged = readable(context);
    const shown = (one: Judged): HomeObject =>
      homeObject(one, since.get(memberKey(one.cluster, one.object.ref)) ?? sinceOf(one), context);
    return {
      mayRead: context.mayEver('status'),
      mayList: context.mayEver('get'),
      clusters: context.clusters
        .filter((cluster) => context.may('status', { cluster: cluster.name, any: true }))
        .map((cluster) => {
          const problem = doubtAbout(cluster);
          return { name: cluster.name, ...(problem === undefined ? {} : { problem }) };
        }),
      failing: judged
        .filter(({ health }) => !health.suspended)
        .map(shown)
        .toSorted((left, right) => (right.since ?? 0) - (left.since ?? 0)),
      suspended: judged.filter(({ health }) => health.suspended).map(shown),
      asked: await orUnknown(asked(actor, now)),
    };
  };
};

export type GatherHome = ReturnType<typeof createHomeData>;
