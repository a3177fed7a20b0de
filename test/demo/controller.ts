import { z } from 'zod';
import type { KubeObject } from '#test/sandbox/api/json.ts';
import type { ApiServer } from '#test/sandbox/api/server.ts';

const requestedAt = 'reconcile.fluxcd.io/requestedAt';
const passMs = 1_500;
const lookMs = 200;

const kinds = [
  ['kustomize.toolkit.fluxcd.io/v1', 'Kustomization'],
  ['helm.toolkit.fluxcd.io/v2', 'HelmRelease'],
  ['source.toolkit.fluxcd.io/v1', 'GitRepository'],
  ['source.toolkit.fluxcd.io/v1', 'HelmRepository'],
  ['source.toolkit.fluxcd.io/v1', 'HelmChart'],
] as const;

const Status = z
  .looseObject({
    conditions: z.array(z.looseObject({ type: z.string() })).default([]),
    lastHandledReconcileAt: z.string().optional(),
  })
  .prefault({});

/**
 * Does to requests what a Flux controller does, for objects that only stand where a recording left them: a
 * pass begins, takes a moment, ends as it ended before, and the request is handled. A suspended object is
 * handled at once, by a pass that does nothing.
 * @param isOurs - which objects it attends to, where other controllers attend to the rest
 */
export const startStandInController = (
  server: ApiServer,
  isOurs: (object: KubeObject) => boolean = () => true,
) => {
  const underway = new Set<string>();

  const finish = (object: KubeObject, token: string): void => {
    const { apiVersion, kind } = object;
    const { namespace, name } = object.metadata;
    const now = server.objects.get({ apiVersion, kind, namespace, name });
    underway.delete(token);
    if (now !== undefined) {
      server.objects.put({
        ...now,
        status: { ...Status.parse(object['status']), lastHandledReconcileAt: token },
      });
    }
  };

  const begin = (object: KubeObject, token: string): void => {
    underway.add(token);
    const status = Status.parse(object['status']);
    const time = `${new Date().toISOString().slice(0, 19)}Z`;
    const working = { lastTransitionTime: time, reason: 'Progressing' };
    const message = 'Reconciliation in progress';
    server.objects.put({
      ...object,
      status: {
        ...status,
        conditions: [
          { type: 'Reconciling', status: 'True', message, ...working },
          { type: 'Ready', status: 'Unknown', message, ...working },
          ...status.conditions.filter(({ type }) => type !== 'Ready' && type !== 'Reconciling'),
        ],
      },
    });
    setTimeout(() => finish(object, token), passMs);
  };

  const isSuspended = (object: KubeObject): boolean =>
    z.looseObject({ suspend: z.literal(true) }).safeParse(object['spec']).success;

  const attend = (object: KubeObject): void => {
    const token = object.metadata.annotations?.[requestedAt];
    const { lastHandledReconcileAt } = Status.parse(object['status'] ?? {});
    if (token === undefined || lastHandledReconcileAt === token || underway.has(token)) {
      return;
    }
    (isSuspended(object) ? finish : begin)(object, token);
  };

  const look = (): void => {
    const objects = kinds.flatMap((kind) => server.objects.list(kind[0], kind[1]));
    for (const object of objects.filter(isOurs)) {
      attend(object);
    }
  };
  const timer = setInterval(look, lookMs);
  return { stop: () => clearInterval(timer) };
};
