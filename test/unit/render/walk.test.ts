import { describe, expect, it } from 'vitest';
import type { FluxKustomization } from '#src/render/flux-kustomization.ts';
import { FluxKustomization as Schema } from '#src/render/flux-kustomization.ts';
import { mergeKustomization } from '#src/render/merge.ts';
import type { RenderProblem } from '#src/render/problem.ts';
import { explainRenderProblem } from '#src/render/problem.ts';
import { byText, type Tree, treeOf, treeOfTexts } from '#src/render/tree.ts';
import { walkTree } from '#src/render/walk.ts';
import type { Result } from '#src/result.ts';

const limits = { maxFiles: 20, maxBytes: 10_000, maxDepth: 5 };
const configMap = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n';

const flux = (spec: object): FluxKustomization =>
  Schema.parse({ metadata: { name: 'app', namespace: 'flux-system' }, spec });

const reach = (tree: Tree, spec: object): Result<readonly string[], RenderProblem> => {
  const merged = mergeKustomization(tree, flux(spec));
  if (!merged.ok) {
    return merged;
  }
  const walked = walkTree(tree, merged.value, limits);
  return walked.ok ? { ok: true, value: [...walked.value.files.keys()].sort(byText) } : walked;
};

const refusal = (result: Result<unknown, RenderProblem>): string => {
  if (result.ok) {
    return 'nothing';
  }
  return result.failure.code === 'refused' ? result.failure.refusal : result.failure.code;
};

describe('the walk before a build', () => {
  it('reaches what is named, through bases, components, patches and generators, and nothing else', () => {
    const tree = treeOfTexts({
      'app/kustomization.yaml': [
        'resources: [deployment.yaml, ../base]',
        'components: [../component]',
        'patches: [{path: patch.yaml}, {patch: "[]", target: {kind: Deployment}}]',
        'configMapGenerator: [{name: a, files: [key=settings.ini], envs: [vars.env]}]',
      ].join('\n'),
      'app/deployment.yaml': configMap,
      'app/patch.yaml': configMap,
      'app/settings.ini': 'x=1',
      'app/vars.env': 'Y=2',
      'app/unused.yaml': configMap,
      'base/kustomization.yaml': 'resources: [a.yaml]',
      'base/a.yaml': configMap,
      'component/kustomization.yaml': 'kind: Component',
    });

    expect(reach(tree, { path: './app' })).toEqual({
      ok: true,
      value: [
        'app/deployment.yaml',
        'app/kustomization.yaml',
        'app/patch.yaml',
        'app/settings.ini',
        'app/vars.env',
        'base/a.yaml',
        'base/kustomization.yaml',
        'component/kustomization.yaml',
      ],
    });
  });

  it('makes a kustomization of the manifests below a path that has none', () => {
    const tree = treeOfTexts({
      'app/b.yaml': configMap,
      'app/deep/a.yml': configMap,
      'app/own/kustomization.yaml': 'resources: [c.yaml]',
      'app/own/c.yaml': configMap,
      'app/README.md': 'text',
    });

    const result = reach(tree, { path: 'app' });

    expect(result).toEqual({
      ok: true,
      value: [
        'app/b.yaml',
        'app/deep/a.yml',
        'app/kustomization.yaml',
        'app/own/c.yaml',
        'app/own/kustomization.yaml',
      ],
    });
  });

  const written = (kustomization: string, more: Readonly<Record<string, string>> = {}) =>
    treeOfTexts({
      'app/kustomization.yaml': kustomization,
      'app/folder/a.yaml': configMap,
      'secret.txt': 'x',
      ...more,
    });

  it.each([
    ['resources: [https://example.com/all.yaml]', 'remote'],
    ['resources: ["git@github.com:org/repo.git"]', 'remote'],
    ['resources: ["github.com/org/repo?ref=main"]', 'remote'],
    ['resources: ["ssh://git@host/repo"]', 'remote'],
    ['components: ["https://github.com/org/repo//component"]', 'remote'],
    ['bases: ["git::https://host/repo"]', 'remote'],
    ['crds: ["https://example.com/crd.json"]', 'remote'],
    ['openapi: {path: "https://example.com/schema.json"}', 'remote'],
    ['patches: [{path: "http://127.0.0.1:1/patch.yaml"}]', 'remote'],
    ['configMapGenerator: [{name: a, files: ["k=https://example.com/x"]}]', 'remote'],
    ['resources: [/etc/passwd]', 'outside-tree'],
    ['resources: [../../outside.yaml]', 'outside-tree'],
    ['secretGenerator: [{name: a, files: [/root/.ssh/id_rsa]}]', 'outside-tree'],
    ['configMapGenerator: [{name: a, envs: [../../x.env]}]', 'outside-tree'],
    ['patchesStrategicMerge: [/etc/x.yaml]', 'outside-tree'],
    ['replacements: [{path: /etc/x.yaml}]', 'outside-tree'],
    ['configurations: [/etc/x.yaml]', 'outside-tree'],
    ['patchesJson6902: [{target: {kind: A}, path: /etc/x.yaml}]', 'outside-tree'],
    ['configMapGenerator: [{name: a, env: /etc/x.env}]', 'outside-tree'],
    ['bases: [/etc]', 'outside-tree'],
    ['components: [../..]', 'outside-tree'],
    ['patchesStrategicMerge: [nowhere.yaml]', 'missing'],
    ['components: [folder]', 'missing'],
    ['helmCharts: [{name: a}]', 'executable'],
    ['helmGlobals: {chartHome: x}', 'executable'],
    ['generators: [plugin.yaml]', 'executable'],
    ['transformers: ["apiVersion: builtin\\nkind: X"]', 'executable'],
    ['validators: [plugin.yaml]', 'executable'],
    ['resourcez: []', 'unknown-field'],
    // kustomize reads keys in any case
    ['Resources: ["https://example.com/a.yaml"]', 'unknown-field'],
    ['configMapGenerator: [{name: a, Files: [/etc/passwd]}]', 'unknown-field'],
    ['secretGenerator: [{name: a, ENVS: [/etc/passwd]}]', 'unknown-field'],
    ['patches: [{Path: /etc/passwd}]', 'unknown-field'],
    ['patchesJson6902: [{target: {kind: A}, PATH: /etc/passwd}]', 'unknown-field'],
    ['replacements: [{Path: /etc/passwd}]', 'unknown-field'],
    ['openapi: {Path: /etc/passwd}', 'unknown-field'],
    ['configMapGenerator: [{name: a, files: [/etc/passwd]}]', 'outside-tree'],
    ['resources: [nowhere.yaml]', 'missing'],
    ['components: [nowhere]', 'missing'],
    ['resources: [{}]', 'invalid-yaml'],
    ['resources: [', 'invalid-yaml'],
    ['- a', 'invalid-yaml'],
    ['# x\u2028resources: [/etc/passwd]', 'invalid-yaml'],
    ['# x\rresources: [/etc/passwd]', 'invalid-yaml'],
  ])('refuses %s as %s', (kustomization, expected) => {
    expect(refusal(reach(written(kustomization), { path: 'app' }))).toBe(expected);
  });

  it('reads patches that stand in the kustomization for no files', () => {
    const inline = [
      '"apiVersion: v1\\nkind: ConfigMap\\nmetadata: {name: a}\\n"',
      '"{kind: ConfigMap}"',
      '"kind: ConfigMap"',
    ];
    for (const patch of inline) {
      expect(reach(written(`patchesStrategicMerge: [${patch}]`), { path: 'app' })).toEqual({
        ok: true,
        value: ['app/kustomization.yaml'],
      });
    }
  });

  it('says of which file and what it is not', () => {
    const said = (kustomization: string, spec: object = {}) => {
      const result = reach(written(kustomization), { path: 'app', ...spec });
      return result.ok ? '' : explainRenderProblem(result.failure);
    };

    expect(said('resources: [nowhere.yaml]')).toBe(
      'app/kustomization.yaml: "nowhere.yaml" is not in the tree',
    );
    expect(said('components: [folder]')).toBe(
      'app/kustomization.yaml: "folder" has no kustomization.yaml',
    );
    expect(said('crds: [/etc/x]')).toContain('app/kustomization.yaml: "/etc/x" leaves the tree');
  });

  it('takes a name that looks remote for the file that it is', () => {
    const tree = written('resources: [repo.git]', { 'app/repo.git': configMap });
    expect(reach(tree, { path: 'app' })).toMatchObject({ ok: true });
  });

  it('refuses the same in a base of a base', () => {
    const tree = written('resources: [../one]', {
      'one/kustomization.yaml': 'resources: [../two]',
      'two/kustomization.yaml': 'resources: ["https://example.com/a.yaml"]',
    });
    const result = reach(tree, { path: 'app' });
    expect(result.ok ? '' : explainRenderProblem(result.failure)).toBe(
      'two/kustomization.yaml: "https://example.com/a.yaml" is remote; remote references are never fetched',
    );
  });

  it('refuses a symbolic link, wherever it points', () => {
    const files = new Map([
      ['app/kustomization.yaml', Buffer.from('resources: [a.yaml, dir/b.yaml]')],
    ]);
    const toFile = treeOf({ files, links: new Map([['app/a.yaml', '/etc/passwd']]) });
    const onTheWay = treeOf({
      files: new Map([...files, ['app/a.yaml', Buffer.from(configMap)]]),
      links: new Map([['app/dir', '../..']]),
    });
    const asKustomization = treeOf({
      files: new Map([['app/x', Buffer.from('')]]),
      links: new Map([['app/kustomization.yaml', 'x']]),
    });

    expect(refusal(reach(toFile, { path: 'app' }))).toBe('symbolic-link');
    expect(refusal(reach(onTheWay, { path: 'app' }))).toBe('symbolic-link');
    expect(refusal(reach(asKustomization, { path: 'app' }))).toBe('symbolic-link');
  });

  it('refuses what the Flux Kustomization itself names outside or remotely', () => {
    const tree = written('resources: []');
    expect(refusal(reach(tree, { path: '../app' }))).toBe('outside-tree');
    expect(refusal(reach(tree, { path: 'nowhere' }))).toBe('missing');
    expect(refusal(reach(tree, { path: 'app', components: ['../../out'] }))).toBe('outside-tree');
    expect(refusal(reach(tree, { path: 'app', components: ['https://host/c'] }))).toBe('remote');
    expect(
      refusal(reach(tree, { path: 'app', components: ['../c'], ignoreMissingComponents: true })),
    ).toBe('nothing');
  });

  it('keeps to its bounds of files, bytes and depth', () => {
    const many = Array.from({ length: 30 }, (_, index) => `f${index}.yaml`);
    const wide = written(
      `resources: [${many.join(', ')}]`,
      Object.fromEntries(many.map((name) => [`app/${name}`, configMap])),
    );
    const big = written('resources: [a.yaml]', { 'app/a.yaml': 'x'.repeat(20_000) });
    const deep = Object.fromEntries(
      Array.from({ length: 9 }, (_, index) => [
        `d${index}/kustomization.yaml`,
        `resources: [../d${index + 1}]`,
      ]),
    );
    const tall = written('resources: [../d0]', { ...deep, 'd9/kustomization.yaml': '' });

    const names = many.slice(0, 19);
    const full = written(
      `resources: [${names.join(', ')}]`,
      Object.fromEntries(names.map((name) => [`app/${name}`, configMap])),
    );

    expect(refusal(reach(full, { path: 'app' }))).toBe('nothing');
    expect(refusal(reach(wide, { path: 'app' }))).toBe('too-large');
    expect(refusal(reach(big, { path: 'app' }))).toBe('too-large');
    expect(refusal(reach(tall, { path: 'app' }))).toBe('too-large');
  });

  it('hands over what it has read and checked, not the text', () => {
    const tree = treeOfTexts({
      'app/kustomization.yaml': 'resources: [../base] # a comment\n',
      'base/kustomization.yaml': '# another\nnamespace: a\nresources:\n- a.yaml\n',
      'base/a.yaml': configMap,
    });
    const merged = mergeKustomization(tree, flux({ path: 'app' }));
    const walked = merged.ok ? walkTree(tree, merged.value, limits) : merged;

    expect(walked.ok && walked.value.files.get('base/kustomization.yaml')?.toString()).toBe(
      '{"resources":["a.yaml"],"namespace":"a"}',
    );
    expect(walked.ok && walked.value.files.get('base/a.yaml')?.toString()).toBe(configMap);
  });

  it('comes to an end when two directories name each other', () => {
    const tree = written('resources: [../other]', {
      'other/kustomization.yaml': 'resources: [../app]',
    });
    expect(reach(tree, { path: 'app' }).ok).toBe(true);
  });
});

describe('the merged kustomization', () => {
  const merge = (text: string, spec: object): unknown => {
    const tree = treeOfTexts({ 'app/kustomization.yaml': text, 'app/a.yaml': configMap });
    const merged = mergeKustomization(tree, flux({ path: 'app', ...spec }));
    return merged.ok ? JSON.parse(merged.value.text) : merged.failure;
  };

  it('takes namespace and names from Flux, and adds patches and components behind its own', () => {
    expect(
      merge('resources: [a.yaml]\nnamespace: own\npatches: [{patch: "1"}]\ncomponents: [../c]', {
        targetNamespace: 'flux',
        namePrefix: 'p-',
        nameSuffix: '-s',
        patches: [{ patch: '2', target: { kind: 'Deployment' } }],
        components: ['../d'],
      }),
    ).toEqual({
      apiVersion: 'kustomize.config.k8s.io/v1beta1',
      kind: 'Kustomization',
      resources: ['a.yaml'],
      namespace: 'flux',
      namePrefix: 'p-',
      nameSuffix: '-s',
      patches: [{ patch: '1' }, { patch: '2', target: { kind: 'Deployment' } }],
      components: ['../c', '../d'],
    });
  });

  it('lets a new tag replace an old digest, and keeps what Flux does not say', () => {
    expect(
      merge(
        'resources: [a.yaml]\nimages: [{name: x, newName: other, digest: "sha256:1"}, {name: z}]',
        {
          images: [
            { name: 'x', newTag: '2' },
            { name: 'new', newTag: '3' },
          ],
        },
      ),
    ).toMatchObject({
      images: [
        { name: 'x', newName: 'other', newTag: '2' },
        { name: 'z' },
        { name: 'new', newTag: '3' },
      ],
    });
  });

  it('refuses a directory with two kustomization files', () => {
    const tree = treeOfTexts({ 'app/kustomization.yaml': '', 'app/kustomization.yml': '' });
    expect(mergeKustomization(tree, flux({ path: 'app' })).ok).toBe(false);
  });
});
