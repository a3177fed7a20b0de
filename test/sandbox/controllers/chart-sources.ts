import { textAt } from '#test/sandbox/api/json.ts';
import type { Artifacts } from '#test/sandbox/controllers/artifacts.ts';
import { type Ref, refOf, type World } from '#test/sandbox/controllers/world.ts';

/** Wakes each HelmChart whose source has a new artifact, as source-controller's own watch does. */
export const followChartSources = (
  world: World,
  artifacts: Artifacts,
  wake: (ref: Ref) => void,
): void => {
  const charts = world.kindNamed('source.toolkit.fluxcd.io', 'HelmChart');
  artifacts.onNew((kind, namespace, name) => {
    for (const chart of world.server.storage.list(charts, namespace)) {
      const isOurs =
        textAt(chart, 'spec', 'sourceRef', 'kind') === kind &&
        textAt(chart, 'spec', 'sourceRef', 'name') === name;
      if (isOurs) {
        world.clock.after(9, () => wake(refOf(chart)));
      }
    }
  });
};
