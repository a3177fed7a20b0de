import { apiVersionOf, type Kinds } from '#test/sandbox/api/kinds.ts';

const root = '/openapi/v3';

/** Where the kinds of a group and version are served: `api/v1`, `apis/apps/v1`. */
const placeOf = (apiVersion: string): string =>
  apiVersion.includes('/') ? `apis/${apiVersion}` : `api/${apiVersion}`;

/**
 * Answers what clients ask of OpenAPI before they write: that the server itself checks fields. Schemas are
 * not in it. Undefined for any other path.
 */
export const describeApi = (kinds: Kinds, path: string): unknown => {
  const byPlace = Map.groupBy(kinds.all(), (kind) => placeOf(apiVersionOf(kind)));
  if (path === root) {
    const places = [...byPlace.keys()].map((place) => [
      place,
      { serverRelativeURL: `${root}/${place}` },
    ]);
    return { paths: Object.fromEntries(places) };
  }
  const place = path.startsWith(`${root}/`) ? path.slice(root.length + 1) : '';
  const found = byPlace.get(place);
  if (found === undefined) {
    return undefined;
  }
  const paths = found.map(({ group, version, kind, plural, namespaced }) => [
    `/${place}${namespaced ? '/namespaces/{namespace}' : ''}/${plural}/{name}`,
    {
      patch: {
        parameters: [{ name: 'fieldValidation', in: 'query' }],
        'x-kubernetes-group-version-kind': { group, version, kind },
        responses: {},
      },
    },
  ]);
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: 'sandbox' },
    paths: Object.fromEntries(paths),
  };
};
