import type { PlainClient } from '#test/sandbox/api/client.ts';

const patienceMs = 10_000;

const needed = [
  'source.toolkit.fluxcd.io/v1',
  'kustomize.toolkit.fluxcd.io/v1',
  'helm.toolkit.fluxcd.io/v2',
  'notification.toolkit.fluxcd.io/v1beta3',
];

const inTime = async <Value>(asked: Promise<Value>): Promise<Value> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${patienceMs / 1000} s`)), patienceMs);
  });
  try {
    return await Promise.race([asked, late]);
  } finally {
    clearTimeout(timer);
  }
};

/**
 * Looks whether a cluster answers us, and has Flux.
 * @returns undefined when it does; else what is wrong, and what to do about it
 */
export const whyUnusable = async (
  name: string,
  client: PlainClient,
): Promise<string | undefined> => {
  try {
    for (const group of needed) {
      const { code } = await inTime(client.get(`/apis/${group}`));
      if (code === 401 || code === 403) {
        return `${name} refuses these credentials (${code}): is the kubeconfig still good?`;
      }
      if (code !== 200) {
        return `${name} does not serve ${group} (${code}): install Flux 2.9 or newer on it first`;
      }
    }
    return undefined;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return `${name} cannot be reached at ${client.url}: ${why}`;
  }
};
