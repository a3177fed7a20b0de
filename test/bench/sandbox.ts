import { fail } from '#src/result.ts';
import { median, type Row, repeat, row } from '#test/bench/numbers.ts';
import { manyObjects } from '#test/bench/sizes.ts';
import { plainClient } from '#test/sandbox/api/client.ts';
import type { KubeObject } from '#test/sandbox/api/json.ts';
import { startApiServer } from '#test/sandbox/api/server.ts';
import { startFlux } from '#test/sandbox/controllers/flux.ts';

const names = ['infra', 'apps'];
const perCluster = 2_500;

// nothing here is built or fetched: what was recorded as ready stays so until its interval is over
const idle = {
  git: { resolve: async () => fail('repository not found: ') },
  build: async () => fail({ reason: 'BuildFailed', message: 'not built here' } as const),
  deliver: async () => 202,
};

const start = async (objects: readonly KubeObject[]) => {
  const startedAt = performance.now();
  const clusters = await Promise.all(
    names.map(async (name) => {
      const server = await startApiServer({ name, objects });
      return { server, flux: startFlux(server, idle) };
    }),
  );
  const lists = await Promise.all(
    clusters.flatMap(({ server }) =>
      [...new Set(objects.map(({ apiVersion, kind }) => `${apiVersion} ${kind}`))].map((one) => {
        const [apiVersion = '', kind = ''] = one.split(' ');
        const plural = server.kinds.byObject(apiVersion, kind)?.plural;
        const client = plainClient(server.url, {
          authorization: `Bearer ${server.token('admin')}`,
        });
        return client.get(`/apis/${apiVersion}/${plural}`);
      }),
    ),
  );
  const tookMs = performance.now() - startedAt;
  for (const { server, flux } of clusters) {
    flux.stop();
    await server.close();
  }
  const count = lists.reduce((sum, { body }) => sum + (body['items'] as unknown[]).length, 0);
  // some more is right: helm-controller makes a HelmChart where a release has none
  if (count < names.length * perCluster) {
    throw new Error(`the sandbox listed ${count} objects of ${names.length * perCluster}`);
  }
  return tookMs / 1_000;
};

/** From nothing to two sandbox clusters with their controllers, every object listed over HTTP. */
export const measureSandbox = async (runs: number): Promise<readonly Row[]> => {
  const objects = manyObjects(perCluster) as unknown as readonly KubeObject[];
  const times = await repeat(runs, () => start(objects));
  return [row('sandbox start, 2 x 2,500 objects', median(times), 's', { is: '<', limit: 5 })];
};
