import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { type FluxKind, fluxKinds, kindFromWord, parseRef, printRef } from '#src/flux/ref.ts';
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

  it('says what to write when a kind is unknown', () => {
    expect(parseRef('deployment/a/b')).toMatchObject({
      ok: false,
      failure: {
        message: expect.stringContaining('"deployment" is not a Flux kind; use one of ks, hr'),
      },
    });
  });
});
