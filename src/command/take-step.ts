import type { CommandStep, StepContext, StepOutcome } from '#src/command/define.ts';

/** How long a step keeps asking a cluster that does not answer, while others wait for its object; ms. */
export const clusterPatienceMs = 5 * 60_000;

/**
 * Takes a step that has begun: asks whether it is done, and acts when it is not.
 * @returns `lost` when somebody else has the journal by now, so nothing may be done
 */
export const takeStep = async (
  step: CommandStep,
  context: StepContext,
): Promise<StepOutcome | 'lost'> => {
  const done = await step.done(context);
  if (!done.ok) {
    const begun = context.records.find((record) => record.name === step.name)?.startedAt;
    const patient =
      done.failure.code === 'cluster-unreachable' &&
      context.now - (begun ?? context.now) < clusterPatienceMs;
    return patient
      ? { kind: 'wait', afterMs: 2_000, detail: [`${done.failure.cluster} does not answer`] }
      : { kind: 'failed', failure: done.failure };
  }
  if (done.value) {
    return { kind: 'done' };
  }
  return (await context.stillMine()) ? step.act(context) : 'lost';
};
