import { isRecord, type KubeObject, listAt, textAt } from '#test/sandbox/api/json.ts';
import type { ApiServer } from '#test/sandbox/api/server.ts';
import { conditionOf } from '#test/sandbox/controllers/conditions.ts';

const workloadKinds = ['Deployment', 'StatefulSet', 'DaemonSet'];

const stub = (check: KubeObject): KubeObject => {
  const { apiVersion, kind, metadata } = check;
  const labels = { 'app.kubernetes.io/name': metadata.name };
  const named = { ...metadata, labels: { ...labels, 'sandbox/made-for': 'a health check' } };
  if (!workloadKinds.includes(kind)) {
    return { apiVersion, kind, metadata: named, spec: {} };
  }
  const containers = [{ name: 'main', image: `example.com/${metadata.name}:stand-in` }];
  return {
    apiVersion,
    kind,
    metadata: named,
    spec: {
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers } },
    },
  };
};

const wanted = (check: unknown, isNamespaced: boolean): KubeObject => {
  const namespace = textAt(check, 'namespace');
  return {
    apiVersion: textAt(check, 'apiVersion') ?? 'v1',
    kind: textAt(check, 'kind') ?? '',
    metadata: {
      name: textAt(check, 'name') ?? '',
      ...(namespace === undefined || !isNamespaced ? {} : { namespace }),
    },
  };
};

/**
 * Makes what real charts would make. Charts are not rendered here, so that what a tree expects of one is
 * known only when a Kustomization waits for it: then it comes to be, unless Flux itself should make it.
 */
export const makeWhatChartsWould = (server: ApiServer, afterMs = 2_000): (() => void) => {
  const kustomizations = server.kinds.byPlural('kustomize.toolkit.fluxcd.io', 'kustomizations');
  if (kustomizations === undefined) {
    return () => undefined;
  }
  const make = (owner: KubeObject): void => {
    for (const check of listAt(owner, 'spec', 'healthChecks').filter(isRecord)) {
      const kind = server.kinds.byObject(
        textAt(check, 'apiVersion') ?? '',
        textAt(check, 'kind') ?? '',
      );
      const isFluxs = kind === undefined || kind.group.endsWith('.toolkit.fluxcd.io');
      const object = wanted(check, kind?.namespaced === true);
      const { namespace, name } = object.metadata;
      const isThere =
        kind !== undefined && server.storage.read(kind, namespace, name) !== undefined;
      if (!isFluxs && !isThere) {
        server.objects.put(stub(object));
      }
    }
  };
  return server.storage.subscribe(kustomizations, {
    changed: ({ type, object, previous }) => {
      const isWaiting = (one: KubeObject | undefined): boolean =>
        conditionOf(one, 'Healthy')?.status === 'Unknown';
      if (type !== 'DELETED' && isWaiting(object) && !isWaiting(previous)) {
        server.clock.after(afterMs, () => make(object));
      }
    },
    ended: () => undefined,
  });
};
