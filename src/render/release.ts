import { wantedKustomize } from '#src/render/version.ts';

/** A release of kustomize as an archive that holds the one program. */
export interface Release {
  readonly url: string;
  /** SHA-256 of the archive, in hex. */
  readonly sha256: string;
}

/** By what Node calls the processor. The sums are those of checksums.txt of the same release. */
const sums: Readonly<Record<string, { readonly name: string; readonly sha256: string }>> = {
  x64: {
    name: 'amd64',
    sha256: '029a7f0f4e1932c52a0476cf02a0fd855c0bb85694b82c338fc648dcb53a819d',
  },
  arm64: {
    name: 'arm64',
    sha256: '0953ea3e476f66d6ddfcd911d750f5167b9365aa9491b2326398e289fef2c142',
  },
};

/** The release of the wanted version for Linux on a processor; undefined where we know none. */
export const releaseFor = (processor: string): Release | undefined => {
  const sum = Object.hasOwn(sums, processor) ? sums[processor] : undefined;
  return sum === undefined
    ? undefined
    : {
        url: `https://github.com/kubernetes-sigs/kustomize/releases/download/kustomize/v${wantedKustomize}/kustomize_v${wantedKustomize}_linux_${sum.name}.tar.gz`,
        sha256: sum.sha256,
      };
};
