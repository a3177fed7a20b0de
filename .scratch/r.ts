import { writeFileSync } from 'node:fs';
import { parseAllDocuments, parse } from 'yaml';
import { readTree } from '#src/render/disk.ts';
import { findKustomize } from '#src/render/kustomize.ts';
import { createRenderer } from '#src/render/render.ts';
import { explainRenderProblem } from '#src/render/problem.ts';
const tree = await readTree(process.cwd(), ['kubernetes', 'deploy']);
if (!tree.ok) throw new Error(explainRenderProblem(tree.failure));
const k = await findKustomize(process.env.PATH ?? '');
if (!k.ok) throw new Error(explainRenderProblem(k.failure));
const r = createRenderer(k.value);
for (const cluster of ['infra', 'apps']) {
  const root = await r.render({ tree: tree.value, kustomization: { metadata: { name: 'flux-system', namespace: 'flux-system' }, spec: { path: `./kubernetes/clusters/${cluster}` } }, variables: () => undefined });
  if (!root.ok) { console.log(cluster, 'ROOT', explainRenderProblem(root.failure)); continue; }
  const settings = root.value.objects.find((o: any) => o.kind === 'ConfigMap')! as any;
  const all: any[] = [...root.value.objects.map((o: any) => ({ ...o, __ks: 'ROOT' }))];
  for (const o of root.value.objects as any[]) {
    if (o.kind !== 'Kustomization' || o.spec.sourceRef.name !== 'flux-system') continue;
    const out = await r.render({ tree: tree.value, kustomization: o, variables: (ref: any) => ref.name === 'cluster-settings' ? settings.data : undefined });
    if (!out.ok) { console.log(cluster, o.metadata.name, explainRenderProblem(out.failure)); continue; }
    for (const x of out.value.objects as any[]) all.push({ ...x, __ks: o.metadata.name });
  }
  const seen = new Map();
  for (const o of all) { const id = `${o.apiVersion}/${o.kind}/${o.metadata.namespace ?? ''}/${o.metadata.name}`; if (seen.has(id)) console.log('DUP', id); seen.set(id, o); }
  const text = JSON.stringify(all);
  const tokens = text.match(/\$\{[A-Z_]+[^}]*\}/g); console.log(cluster, all.length, 'tokens', tokens);
  writeFileSync(`/tmp/all-${cluster}.json`, JSON.stringify(all, null, 1));
}
