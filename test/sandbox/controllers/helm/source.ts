import { fail, ok, type Result } from '#src/result.ts';
import { equal, type KubeObject, recordAt, textAt } from '#test/sandbox/api/json.ts';
import type { Artifacts } from '#test/sandbox/controllers/artifacts.ts';
import {
  conditionOf,
  generationOf,
  observedGenerationOf,
} from '#test/sandbox/controllers/conditions.ts';
import type { ChartPackage } from '#test/sandbox/controllers/helm/package.ts';
import type { Recorder } from '#test/sandbox/controllers/recorder.ts';
import type { Ref, World } from '#test/sandbox/controllers/world.ts';

export interface Chart {
  readonly name: string;
  readonly version: string;
  readonly ociDigest: string | undefined;
  /** Its files, where they are known: a chart that lies in Git. */
  readonly files: ChartPackage | undefined;
}

const manager = 'helm-controller';

interface Source extends Ref {
  readonly kind: string;
}

/** Where a HelmRelease's chart comes from: its own HelmChart, or the source that it names. */
export const chartSourceOf = (release: KubeObject): Source => {
  const namespace = release.metadata.namespace ?? '';
  const named = recordAt(release, 'spec', 'chartRef');
  if (Object.keys(named).length > 0) {
    return {
      kind: textAt(named, 'kind') ?? 'OCIRepository',
      namespace: textAt(named, 'namespace') ?? namespace,
      name: textAt(named, 'name') ?? '',
    };
  }
  const place = textAt(release, 'spec', 'chart', 'spec', 'sourceRef', 'namespace') ?? namespace;
  return { kind: 'HelmChart', namespace: place, name: `${namespace}-${release.metadata.name}` };
};

/** Keeps the HelmChart of a release as its spec says, and finds the chart when it is ready. */
export const createChartSources = (world: World, artifacts: Artifacts, recorder: Recorder) => {
  const { server } = world;
  const charts = world.kindNamed('source.toolkit.fluxcd.io', 'HelmChart');

  /** Makes or changes the HelmChart; a release that names a source has none. */
  const ensure = (release: KubeObject): void => {
    const spec = recordAt(release, 'spec', 'chart', 'spec');
    if (Object.keys(spec).length === 0) {
      return;
    }
    const source = chartSourceOf(release);
    const { namespace = '', name } = release.metadata;
    const wanted = {
      interval: textAt(release, 'spec', 'interval') ?? '1m',
      ...spec,
    };
    const live = world.read(charts, source);
    if (live !== undefined && equal({ ...recordAt(live, 'spec'), ...wanted }, live['spec'])) {
      return;
    }
    server.api.patch(
      charts,
      source,
      'apply',
      {
        apiVersion: 'source.toolkit.fluxcd.io/v1',
        kind: 'HelmChart',
        metadata: {
          name: source.name,
          namespace: source.namespace,
          labels: {
            'helm.toolkit.fluxcd.io/name': name,
            'helm.toolkit.fluxcd.io/namespace': namespace,
          },
        },
        spec: wanted,
      },
      { manager, force: true },
    );
    const from = `${textAt(spec, 'sourceRef', 'kind')}/${textAt(spec, 'sourceRef', 'namespace') ?? namespace}/${textAt(spec, 'sourceRef', 'name')}`;
    const [reason, verb] =
      live === undefined ? ['HelmChartCreated', 'Created'] : ['HelmChartConfigured', 'Configured'];
    recorder.record(release, {
      severity: 'trace',
      reason,
      message: `${verb} HelmChart/${source.namespace}/${source.name} with SourceRef '${from}'`,
    });
  };

  const notReady = (source: Source, found: KubeObject): string | undefined => {
    const named = `${source.kind} '${source.namespace}/${source.name}' is not ready`;
    if (observedGenerationOf(found) !== generationOf(found)) {
      return `${named}: latest generation of object has not been reconciled`;
    }
    const ready = conditionOf(found, 'Ready');
    const hasArtifact = textAt(found, 'status', 'artifact', 'revision') !== undefined;
    if (conditionOf(found, 'Stalled')?.status === 'True' || !hasArtifact) {
      return `${named}: ${ready?.message ?? 'does not have an artifact'}`;
    }
    return undefined;
  };

  /** The chart to release; or why it is not there, with Flux's reason. */
  const find = (release: KubeObject): Result<Chart, { reason: string; message: string }> => {
    const source = chartSourceOf(release);
    const kind = server.kinds
      .all()
      .find((one) => one.group === 'source.toolkit.fluxcd.io' && one.kind === source.kind);
    const found = kind === undefined ? undefined : world.read(kind, source);
    if (found === undefined) {
      const message = `could not get Source object: ${source.kind.toLowerCase()}s.source.toolkit.fluxcd.io "${source.name}" not found`;
      return fail({ reason: 'SourceNotReady', message });
    }
    const problem = notReady(source, found);
    const artifact = artifacts.get(source.kind, source.namespace, source.name);
    if (problem !== undefined || artifact === undefined) {
      return fail({ reason: 'SourceNotReady', message: problem ?? 'no artifact' });
    }
    const own = textAt(release, 'spec', 'chart', 'spec', 'chart');
    const url = textAt(found, 'spec', 'url') ?? source.name;
    const [tag = '', digest] = artifact.revision.split('@');
    const isOci = digest !== undefined;
    return ok({
      name:
        artifact.chart?.name ??
        (own ?? textAt(found, 'spec', 'chart') ?? url).split('/').at(-1) ??
        source.name,
      version: isOci ? `${tag}+${digest.replace('sha256:', '').slice(0, 12)}` : artifact.revision,
      ociDigest: digest,
      files: artifact.chart,
    });
  };

  const forget = (release: KubeObject): void => {
    const source = chartSourceOf(release);
    if (source.kind === 'HelmChart' && world.read(charts, source) !== undefined) {
      server.api.remove(charts, source);
    }
  };

  return { ensure, find, forget };
};
