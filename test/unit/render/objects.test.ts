import { describe, expect, it } from 'vitest';
import { readObjects, withCommonMetadata, withOwner } from '#src/render/objects.ts';
import { readYaml } from '#src/render/yaml.ts';

const configMap = (data: string, more = ''): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  namespace: b\n${more}data:\n  key: ${data}\n`;

describe('reading what kustomize wrote', () => {
  it('replaces on the text, so that an unquoted number becomes one, as in the cluster', () => {
    const result = readObjects(configMap('${PORT}'), new Map([['PORT', '8080']]));
    expect(result.ok && result.value[0]?.['data']).toEqual({ key: 8080 });
  });

  it('leaves tokens alone when no substitution is asked for, or the object opts out', () => {
    const off = '  annotations:\n    kustomize.toolkit.fluxcd.io/substitute: disabled\n';
    const label = off.replace('annotations', 'labels');
    const plain = readObjects(configMap('${X}'), undefined);
    const stream = [configMap('${X}', off), configMap('${X}', label)].join('---\n');
    const optedOut = readObjects(stream, new Map([['Y', '1']]));

    expect(plain.ok && plain.value[0]?.['data']).toEqual({ key: '${X}' });
    expect(optedOut.ok && optedOut.value.map((object) => object['data'])).toEqual([
      { key: '${X}' },
      { key: '${X}' },
    ]);
  });

  it('names the object whose variable is not set', () => {
    expect(readObjects(configMap('${X}'), new Map([['Y', '1']]))).toEqual({
      ok: false,
      failure: {
        code: 'substitution',
        object: 'ConfigMap/b/a',
        detail: 'variable not set (strict mode): "X"',
      },
    });
  });

  it('refuses a value that breaks the object, and a name that is none', () => {
    expect(readObjects(configMap('${X}'), new Map([['X', '[']])).ok).toBe(false);
    expect(readObjects(configMap('a'), new Map([['X-Y', '1']])).ok).toBe(false);
  });

  it('refuses a document that is no object', () => {
    expect(readObjects('apiVersion: v1\nkind: ConfigMap\n', undefined).ok).toBe(false);
  });

  it('keeps `---` inside a block of text', () => {
    const result = readObjects(`${configMap('|')}    ---\n    x\n    ---\n`, undefined);
    expect(result.ok && result.value[0]?.['data']).toEqual({ key: '---\nx\n---\n' });
  });

  it('sets common metadata over what was there, and the labels of the owner', () => {
    const read = readObjects(configMap('1', '  labels: {team: old, keep: "1"}\n'), undefined);
    const objects = read.ok ? read.value : [];
    const common = withCommonMetadata(objects, {
      labels: { team: 'new' },
      annotations: { a: 'b' },
    });
    expect(withOwner(common, { name: 'app', namespace: 'flux-system' })[0]?.metadata).toEqual({
      name: 'a',
      namespace: 'b',
      labels: {
        team: 'new',
        keep: '1',
        'kustomize.toolkit.fluxcd.io/name': 'app',
        'kustomize.toolkit.fluxcd.io/namespace': 'flux-system',
      },
      annotations: { a: 'b' },
    });
  });
});

describe('scalars of YAML 1.1', () => {
  it.each([
    ['on', true],
    ['No', false],
    ['0755', 493],
    ['1_000', 1000],
    ['12:30', '12:30'],
    ['2026-11-23', '2026-11-23'],
    ['"on"', 'on'],
    ['1.2.3', '1.2.3'],
    ['~', null],
    ['.', '.'],
    ['-._', '-._'],
    ['.5', 0.5],
    ['1.', 1],
  ])('reads %s as go-yaml does', (text, expected) => {
    expect(readYaml(text)).toEqual({ ok: true, value: expected });
  });

  it('refuses a key that is there twice', () => {
    expect(readYaml('a: 1\na: 2').ok).toBe(false);
  });

  it('refuses an alias bomb', () => {
    const levels = Array.from({ length: 9 }, (_, level) => {
      const previous = level === 0 ? '"x"' : `*a${level - 1}`;
      return `a${level}: &a${level} [${Array.from({ length: 9 }, () => previous).join(', ')}]`;
    });
    expect(readYaml(levels.join('\n')).ok).toBe(false);
  });
});
