import { at, listAt, textAt } from '#test/platform/world/value.ts';
import {
  appliedObjects,
  type Cluster,
  type Finding,
  groupOf,
  type Rule,
  titleOf,
} from '#test/platform/world/world.ts';

const objectsOf = (cluster: Cluster) => appliedObjects(cluster).map(({ object }) => object);

const notification = (cluster: Cluster, kind: string) =>
  objectsOf(cluster).filter(
    (object) =>
      object.kind === kind && groupOf(object.apiVersion) === 'notification.toolkit.fluxcd.io',
  );

/** Kinds that report events, with the groups that have one of the same name. */
const reporting: readonly (readonly [string, string])[] = [
  ['kustomize.toolkit.fluxcd.io', 'Kustomization'],
  ['helm.toolkit.fluxcd.io', 'HelmRelease'],
  ['source.toolkit.fluxcd.io', 'GitRepository'],
  ['source.toolkit.fluxcd.io', 'OCIRepository'],
  ['source.toolkit.fluxcd.io', 'HelmRepository'],
  ['source.toolkit.fluxcd.io', 'HelmChart'],
  ['source.toolkit.fluxcd.io', 'Bucket'],
  ['image.toolkit.fluxcd.io', 'ImageRepository'],
  ['image.toolkit.fluxcd.io', 'ImagePolicy'],
  ['image.toolkit.fluxcd.io', 'ImageUpdateAutomation'],
];

const isHeard = (cluster: Cluster, namespace: string | undefined, kind: string): boolean =>
  notification(cluster, 'Alert')
    .filter((alert) => alert.metadata.namespace === namespace)
    .some((alert) =>
      listAt(alert, 'spec', 'eventSources').some(
        (source) => textAt(source, 'kind') === kind && textAt(source, 'name') === '*',
      ),
    );

const covered: Rule = {
  name: 'alerts-cover',
  summary: 'every kind of Flux object is heard in every namespace that has one',
  scope: 'cluster',
  check: (cluster) => {
    const missing = new Map<string, Finding>();
    for (const object of objectsOf(cluster)) {
      const group = groupOf(object.apiVersion);
      const reports = reporting.some(([own, kind]) => own === group && kind === object.kind);
      const { namespace } = object.metadata;
      if (reports && !isHeard(cluster, namespace, object.kind)) {
        const what = `no Alert hears its ${object.kind} objects`;
        missing.set(`${namespace ?? ''} ${what}`, { where: `Namespace/${namespace ?? ''}`, what });
      }
    }
    return [...missing.values()];
  },
};

const providers: Rule = {
  name: 'alerts-provider',
  summary: 'events go signed to the bot, by cluster, over HTTPS, with a minute to be delivered',
  scope: 'cluster',
  check: (cluster) => {
    const address = `https://${cluster.settings['CHATOPS_HOST'] ?? ''}/webhooks/flux/${cluster.name}`;
    return notification(cluster, 'Provider').flatMap((provider): readonly Finding[] => {
      const where = titleOf(provider);
      return [
        ...(textAt(provider, 'spec', 'type') === 'generic-hmac'
          ? []
          : [{ where, what: 'its events are not signed (generic-hmac)' }]),
        ...((textAt(provider, 'spec', 'address') ?? '') === address
          ? []
          : [
              {
                where,
                what: `it sends to ${textAt(provider, 'spec', 'address') ?? 'nowhere'}, not ${address}`,
              },
            ]),
        ...(textAt(provider, 'spec', 'timeout') === '60s'
          ? []
          : [{ where, what: 'a receiver that restarts outlives its time-out; give it 60s' }]),
      ];
    });
  },
};

const complete: Rule = {
  name: 'alerts-complete',
  summary: 'recoveries are sent too, and each event says from which cluster it is',
  scope: 'cluster',
  check: (cluster) =>
    notification(cluster, 'Alert').flatMap((alert): readonly Finding[] => {
      const where = titleOf(alert);
      return [
        ...(textAt(alert, 'spec', 'eventSeverity') === 'info'
          ? []
          : [{ where, what: 'eventSeverity is not info: recoveries never arrive' }]),
        ...(textAt(alert, 'spec', 'eventMetadata', 'cluster') === cluster.name
          ? []
          : [{ where, what: 'eventMetadata.cluster is not this cluster' }]),
        ...(at(alert, 'spec', 'suspend') === true ? [{ where, what: 'it is suspended' }] : []),
        ...(listAt(alert, 'spec', 'exclusionList').length === 0
          ? []
          : [{ where, what: 'exclusionList hides events from the bot' }]),
      ];
    }),
};

const runbooks: Rule = {
  name: 'alert-rules',
  summary: 'each alert rule says how bad it is and names a runbook that exists',
  scope: 'cluster',
  check: (cluster, world) =>
    objectsOf(cluster)
      .filter((object) => object.kind === 'PrometheusRule')
      .flatMap((object) =>
        listAt(object, 'spec', 'groups').flatMap((group) =>
          listAt(group, 'rules').flatMap((rule): readonly Finding[] => {
            const where = `${titleOf(object)} ${textAt(rule, 'alert') ?? ''}`;
            const [file = '', anchor] = (textAt(rule, 'annotations', 'runbook') ?? '').split('#');
            const text = world.files.get(file);
            const headings = [...(text ?? '').matchAll(/^#+ (.+)$/gm)].map((found) =>
              (found[1] ?? '')
                .toLowerCase()
                .replace(/[^a-z0-9 -]/g, '')
                .replaceAll(' ', '-'),
            );
            const isThere =
              text !== undefined && (anchor === undefined || headings.includes(anchor));
            return [
              ...(/^(?:warning|critical|info)$/.test(textAt(rule, 'labels', 'severity') ?? '')
                ? []
                : [{ where, what: 'it has no severity' }]),
              ...(isThere
                ? []
                : [{ where, what: `its runbook ${file}#${anchor ?? ''} does not exist` }]),
            ];
          }),
        ),
      ),
};

export const alertRules: readonly Rule[] = [covered, providers, complete, runbooks];
