import type { Wanted } from '#test/sandbox/controllers/helm/release.ts';

/** The last lines of Helm's log, as every failed upgrade has them. */
export const helmLogs = (
  { releaseName, objects: made }: Wanted,
  action: 'install' | 'upgrade',
  nowMs: number,
): string => {
  const name = JSON.stringify({ name: releaseName });
  const applied = { dryRun: false, fieldValidationDirective: 'Strict', forceConflicts: true };
  const patched = made.map(({ apiVersion, kind: of, metadata }) => {
    const gvk = `${apiVersion.includes('/') ? apiVersion : `/${apiVersion}`}, Kind=${of}`;
    const { name: objectName, namespace } = metadata;
    return `Patched resource: ${JSON.stringify({ gvk, name: objectName, namespace })}`;
  });
  const lines = [
    "resetting values to the chart's original version: {}",
    'determined release apply method: {"previous_release_apply_method":"ssa","server_side_apply":true}',
    `performing update: ${name}`,
    `creating upgraded release: ${name}`,
    `using server-side apply for resource creation: ${JSON.stringify(applied)}`,
    `using server-side apply for resource update: ${JSON.stringify({ ...applied, upgradeClientSideFieldManager: false })}`,
    `checking resources for changes: ${JSON.stringify({ resources: made.length })}`,
    ...patched,
    `warning: ${action} failed: ${JSON.stringify({ error: {}, name: releaseName })}`,
  ];
  const time = new Date(nowMs).toISOString();
  return lines
    .slice(-10)
    .map((line) => `${time}: ${line}`)
    .join('\n');
};
