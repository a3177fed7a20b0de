import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import {
  type FluxKind,
  fluxKinds,
  isFluxKind,
  kindFromWord,
  parseRef,
  printRef,
  sameRef,
} from '#src/flux/ref.ts';
import { ok } from '#src/result.ts';

const kind = fc.constantFrom(...(Object.keys(fluxKinds) as FluxKind[]));
const name = fc.stringMatching(/^[a-z0-9]([-a-z0-9.]{0,20}[a-z0-9])?$/);

describe('a reference to a Flux object', () => {
  test.prop([fc.record({ kind, namespace: name, name })])(
    'is read back as it is written',
    (ref) => {
      expect(parseRef(printRef(ref))).toEqual(ok(ref));
    },
  );

  test.prop([fc.string()])('never throws on any text', (text) => {
    expect(typeof parseRef(text).ok).toBe('boolean');
  });

  it('takes the kind by short name, kind or plural, in any case', () => {
    expect(['ks', 'Kustomization', 'kustomizations', 'KS'].map(kindFromWord)).toEqual(
      Array(4).fill('Kustomization'),
    );
  });

  it('is of a kind of Flux and of no other word, also not of one that every object knows', () => {
    expect(isFluxKind('HelmRelease')).toBe(true);
    expect(['helmrelease', 'Deployment', '', 'constructor', 'toString'].filter(isFluxKind)).toEqual(
      [],
    );
  });

  it.each([{ kind: 'HelmRelease' }, { namespace: 'b' }, { name: 'b' }] as const)(
    'is another one with %o',
    (change) => {
      const ref = { kind: 'Kustomization', namespace: 'a', name: 'a' } as const;
      expect(sameRef(ref, { ...ref })).toBe(true);
      expect(sameRef(ref, { ...ref, ...change })).toBe(false);
    },
  );

  it.each([
    ['ks/a', '"ks/a" is not an object; write kind/namespace/name, such as ks/flux-system/apps'],
    ['ks/a/b/c', '"ks/a/b/c" is not an object'],
    ['ks/A/b', '"A/b" is not a namespace and a name'],
    ['ks/a/b-', '"a/b-" is not a namespace and a name'],
  ])('says what is wrong with %s', (text, message) => {
    expect(parseRef(text)).toMatchObject({
      ok: false,
      failure: { message: expect.stringContaining(message) },
    });
  });

  it('says what to write when a kind is unknown', () => {
    expect(parseRef('deployment/a/b')).toMatchObject({
      ok: false,
      failure: {
        message: expect.stringContaining('"deployment" is not a Flux kind; use one of ks, hr'),
      },
    });
  });
});
