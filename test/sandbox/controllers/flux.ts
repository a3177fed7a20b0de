import type { ApiServer } from '#test/sandbox/api/server.ts';
import { createArtifacts } from '#test/sandbox/controllers/artifacts.ts';
import { holds } from '#test/sandbox/controllers/cel.ts';
import { followChartSources } from '#test/sandbox/controllers/chart-sources.ts';
import { followConfiguration } from '#test/sandbox/controllers/configuration.ts';
import { startDefinitions } from '#test/sandbox/controllers/definitions.ts';
import { deliverByHttp } from '#test/sandbox/controllers/deliver.ts';
import type { GitHost } from '#test/sandbox/controllers/git.ts';
import { type RenderChart, standInChart } from '#test/sandbox/controllers/helm/chart.ts';
import { startHelmController } from '#test/sandbox/controllers/helm/controller.ts';
import type { Build } from '#test/sandbox/controllers/kustomize/build.ts';
import { startKustomizeController } from '#test/sandbox/controllers/kustomize/controller.ts';
import type { Evaluate } from '#test/sandbox/controllers/kustomize/dependencies.ts';
import { startNamespaces } from '#test/sandbox/controllers/namespaces.ts';
import {
  createNotificationController,
  type Deliver,
} from '#test/sandbox/controllers/notification.ts';
import { createEventWriter, createRecorder } from '#test/sandbox/controllers/recorder.ts';
import { startSourceController } from '#test/sandbox/controllers/source.ts';
import {
  type Fetch,
  fetchChart,
  fetchGit,
  fetchIndex,
  fetchOci,
} from '#test/sandbox/controllers/source-fetch.ts';
import { type CanPull, startWorkloads } from '#test/sandbox/controllers/workloads.ts';
import {
  type ControllerSettings,
  createWorld,
  defaultSettings,
} from '#test/sandbox/controllers/world.ts';

export interface FluxOptions {
  readonly git: GitHost;
  readonly build: Build;
  /** Over HTTP unless told otherwise. */
  readonly deliver?: Deliver;
  readonly canPull?: CanPull;
  /** What charts render to; a stand-in when left out. */
  readonly renderChart?: RenderChart;
  /** Why a chart repository cannot be read; undefined when it can. */
  readonly chartRepositoryFailure?: (url: string) => string | undefined;
  readonly settings?: Partial<ControllerSettings>;
}

export type ControllerName =
  | 'source-controller'
  | 'kustomize-controller'
  | 'helm-controller'
  | 'notification-controller';

/** Starts simulated Flux on a cluster: source, kustomize, notification, and what runs workloads. */
export const startFlux = (server: ApiServer, options: FluxOptions) => {
  const world = createWorld(server, { ...defaultSettings, ...options.settings });
  const write = createEventWriter(world);
  const deliver: Deliver =
    options.deliver ?? ((delivery) => server.clock.during(deliverByHttp(delivery)));
  const notification = createNotificationController(world, write, deliver);
  const recorderOf = (controller: string) =>
    createRecorder(world, write, controller, notification.take);
  const artifacts = createArtifacts();

  const sources = recorderOf('source-controller');
  const source = 'source.toolkit.fluxcd.io';
  const failure = options.chartRepositoryFailure ?? (() => undefined);
  const evaluate: Evaluate = (expression, variables) => holds(expression, { ...variables });
  const kustomize = startKustomizeController(
    world,
    artifacts,
    recorderOf('kustomize-controller'),
    options.build,
    evaluate,
  );
  const helm = startHelmController(
    world,
    artifacts,
    recorderOf('helm-controller'),
    options.renderChart ?? standInChart,
    evaluate,
  );
  const startSource = (kind: string, fetch: Fetch) =>
    startSourceController(world, world.kindNamed(source, kind), artifacts, sources, fetch);
  const charts = startSource('HelmChart', fetchChart(artifacts));
  const sourceWorkers = [
    startSource('GitRepository', fetchGit(options.git)),
    startSource('OCIRepository', fetchOci(options.git)),
    startSource('HelmRepository', fetchIndex(failure)),
    charts,
  ];
  const workers = [kustomize, helm, ...sourceWorkers];
  followChartSources(world, artifacts, charts.wake);
  const stopFollowing = followConfiguration(world, kustomize, helm);
  const stopNamespaces = startNamespaces(world);
  const stopDefinitions = startDefinitions(world);
  const workloads = startWorkloads(
    world,
    write,
    options.canPull ?? ((image) => !/broken|does-not-exist/.test(image)),
  );

  const controllers = {
    'source-controller': sourceWorkers,
    'kustomize-controller': [kustomize],
    'helm-controller': [helm],
  } as const;

  return {
    world,
    /** Stops a controller in its tracks, as one scaled to zero, or lets it go on. */
    setPaused: (controller: ControllerName, paused: boolean): void => {
      if (controller === 'notification-controller') {
        notification.setStopped(paused);
        return;
      }
      for (const worker of controllers[controller]) {
        worker.setPaused(paused);
      }
    },
    artifacts,
    notification,
    workloads,
    stop: (): void => {
      for (const worker of workers) {
        worker.stop();
      }
      stopFollowing();
      stopNamespaces();
      stopDefinitions();
      workloads.stop();
      notification.setStopped(true);
      world.stop();
    },
  };
};

export type Flux = ReturnType<typeof startFlux>;
