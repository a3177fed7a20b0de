import { z } from 'zod';
import { clusterArgument, objectArgument } from '#src/command/arguments.ts';
import { defineCommand } from '#src/command/define.ts';
import { targetOf } from '#src/command/policy.ts';
import { resolveObject } from '#src/command/resolve.ts';
import { fluxKinds } from '#src/flux/ref.ts';
import { requestableKinds } from '#src/flux/request.ts';
import { planReconcile, ReconcilePlan, reconciledObjects } from '#src/reconcile/plan.ts';
import { reconcileSteps } from '#src/reconcile/steps.ts';
import { reconcileView } from '#src/reconcile/view.ts';
import { ok } from '#src/result.ts';

const reconciled = requestableKinds.map((kind) => fluxKinds[kind]);

/** Asks Flux to reconcile an object now, and follows that very request to its end. */
export const reconcile = defineCommand({
  name: 'reconcile',
  summary: 'Ask Flux to reconcile an object now, and follow it to its end.',
  kind: 'act',
  args: z.object({
    object: objectArgument,
    cluster: clusterArgument,
    withSource: z.boolean().default(false).describe('Fetch its source first'),
    force: z
      .boolean()
      .default(false)
      .describe('HelmRelease only: install or upgrade even when nothing changed'),
    reset: z
      .boolean()
      .default(false)
      .describe('HelmRelease only: forget failed attempts, so that retries start anew'),
  }),
  positional: ['object', 'cluster'],
  examples: [
    'reconcile ks/harbor/harbor infra',
    'reconcile ks/harbor/harbor --cluster all --with-source',
    'reconcile hr/pki/cert-manager apps --reset',
  ],
  permission: 'reconcile',
  needs: reconciled.flatMap(({ group, plural }) =>
    ['get', 'patch'].map((verb) => ({ verb, group, resource: plural })),
  ),
  targets: ({ object, cluster }, context) => {
    const named = resolveObject(object, cluster, 'reconcile', context);
    return named.ok ? ok(named.value.map((one) => targetOf(one.cluster, one.ref))) : named;
  },
  plan: { schema: ReconcilePlan, make: planReconcile },
  acts: reconciledObjects,
  steps: reconcileSteps,
  view: reconcileView,
});
