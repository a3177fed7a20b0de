/** A revision as Flux writes it, taken apart: `main@sha1:3865372d…`, `1.2.3@sha256:…`, `sha1:…`, `1.18.0`. */
export interface Revision {
  /** Branch, tag or version; undefined for a bare commit. */
  readonly reference: string | undefined;
  /** Commit or digest in hex; undefined where the revision is a version alone. */
  readonly hash: string | undefined;
}

// the last form is what Flux wrote before 2.0
const forms = [/^(?:(.+)@)?sha(?:1|256|384|512):([0-9a-f]{7,})$/, /^(.+)\/([0-9a-f]{40})$/];

/** Takes a revision apart; a text of no known form is all reference. */
export const parseRevision = (written: string): Revision => {
  for (const form of forms) {
    const match = form.exec(written);
    if (match !== null) {
      return { reference: match[1], hash: match[2] };
    }
  }
  return { reference: written, hash: undefined };
};

/** Seven characters of the commit, as people quote it; the version where there is no commit. */
export const shortRevision = (written: string): string => {
  const { reference, hash } = parseRevision(written);
  return hash?.slice(0, 7) ?? reference ?? written;
};

/** Whether two revisions name the same content, whatever branch or tag they came by. */
export const sameRevision = (left: string | undefined, right: string | undefined): boolean => {
  if (left === undefined || right === undefined) {
    return left === right;
  }
  const [a, b] = [parseRevision(left), parseRevision(right)];
  return a.hash === undefined || b.hash === undefined ? left === right : a.hash === b.hash;
};
