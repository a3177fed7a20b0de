import { findKustomize } from '#src/render/kustomize.ts';
import { createRenderer } from '#src/render/render.ts';
import { connect } from '#test/contract/cluster/connect.ts';
import { environment, searchPath, toolCache } from '#test/platform/tools.ts';
import type { PlainClient } from '#test/sandbox/api/client.ts';
import { type ApiServer, startApiServer } from '#test/sandbox/api/server.ts';
import { type Flux, startFlux } from '#test/sandbox/controllers/flux.ts';
import type { GitHost } from '#test/sandbox/controllers/git.ts';
import { buildWith } from '#test/sandbox/controllers/kustomize/build.ts';

export interface SandboxPair {
  readonly clients: ReadonlyMap<string, PlainClient>;
  close(): Promise<void>;
}

/** Two sandbox clusters for the cases, reached as real ones are: by kubeconfig, over HTTP. */
export const startSandboxPair = async (git: GitHost): Promise<SandboxPair> => {
  const kustomize = await findKustomize(searchPath, {
    cacheDirectory: toolCache,
    env: environment,
  });
  if (!kustomize.ok) {
    throw new Error(`no kustomize: ${JSON.stringify(kustomize.failure)}`);
  }
  const build = buildWith(createRenderer(kustomize.value), Math.random);
  const running: { readonly server: ApiServer; readonly flux: Flux }[] = [];
  const clients = new Map<string, PlainClient>();
  for (const name of ['infra', 'apps']) {
    // what a cluster forgot when it was young is not known to it any more
    const server = await startApiServer({ name, firstVersion: 4_000 });
    const flux = startFlux(server, { git, build, settings: { requeueDependencyMs: 3_000 } });
    running.push({ server, flux });
    clients.set(name, await connect(server.kubeconfig()));
  }
  return {
    clients,
    close: async () => {
      for (const { server, flux } of running) {
        flux.stop();
        await server.close();
      }
    },
  };
};
