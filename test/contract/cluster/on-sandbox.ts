import { findKustomize } from '#src/render/kustomize.ts';
import { createRenderer } from '#src/render/render.ts';
import { connect } from '#test/contract/cluster/connect.ts';
import { environment, searchPath, toolCache } from '#test/platform/tools.ts';
import { makeCertificates } from '#test/sandbox/api/certificates.ts';
import type { PlainClient } from '#test/sandbox/api/client.ts';
import { type ApiServer, startApiServer } from '#test/sandbox/api/server.ts';
import { type Flux, startFlux } from '#test/sandbox/controllers/flux.ts';
import { createGitOverHttp } from '#test/sandbox/controllers/git-http.ts';
import { buildWith } from '#test/sandbox/controllers/kustomize/build.ts';

export interface SandboxPair {
  readonly servers: ReadonlyMap<string, ApiServer>;
  readonly clients: ReadonlyMap<string, PlainClient>;
  close(): Promise<void>;
}

/**
 * Two sandbox clusters for the cases, reached as real ones are: by kubeconfig, over HTTP or TLS, and
 * fetching from whatever Git server they are told of.
 */
export const startSandboxPair = async (
  options: { readonly isTls?: boolean } = {},
): Promise<SandboxPair> => {
  const kustomize = await findKustomize(searchPath, {
    cacheDirectory: toolCache,
    env: environment,
  });
  if (!kustomize.ok) {
    throw new Error(`no kustomize: ${JSON.stringify(kustomize.failure)}`);
  }
  const build = buildWith(createRenderer(kustomize.value), Math.random);
  const git = await createGitOverHttp();
  const fluxes: Flux[] = [];
  const servers = new Map<string, ApiServer>();
  const clients = new Map<string, PlainClient>();
  for (const name of ['infra', 'apps']) {
    const server = await startApiServer({
      name,
      // what a cluster forgot when it was young is not known to it any more
      firstVersion: 4_000,
      ...(options.isTls === true ? { certificates: await makeCertificates() } : {}),
    });
    fluxes.push(startFlux(server, { git, build, settings: { requeueDependencyMs: 3_000 } }));
    servers.set(name, server);
    clients.set(name, await connect(server.kubeconfig()));
  }
  return {
    servers,
    clients,
    close: async () => {
      for (const flux of fluxes) {
        flux.stop();
      }
      for (const server of servers.values()) {
        await server.close();
      }
      await git.close();
    },
  };
};
