import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { namesIn, substituteText } from '#src/render/substitute.ts';

const variables = new Map([
  ['NAME', 'infra'],
  ['EMPTY', ''],
  ['PATH_LIKE', 'registry/team/app:1.2'],
  ['DOTTED', 'a.b.c'],
]);

// expected values are those of fluxcd/pkg/envsubst
const replaced: readonly (readonly [string, string])[] = [
  ['plain text', 'plain text'],
  ['cluster-${NAME}', 'cluster-infra'],
  ['$NAME and $ and $1', '$NAME and $ and $1'],
  ['$${NAME}', '${NAME}'],
  ['$$$${NAME}', '$${NAME}'],
  ['$$${NAME}', '$infra'],
  ['cost $$5', 'cost $5'],
  ['${MISSING:=fallback}', 'fallback'],
  ['${MISSING:-fallback}', 'fallback'],
  ['${MISSING=fallback}', 'fallback'],
  ['${MISSING:=}', ''],
  ['${EMPTY:=fallback}', 'fallback'],
  ['${NAME:=fallback}', 'infra'],
  ['${MISSING:=a-${NAME}-b}', 'a-infra-b'],
  ['${#NAME}', '5'],
  ['${NAME^}', 'Infra'],
  ['${NAME^^}', 'INFRA'],
  ['${NAME,,}', 'infra'],
  ['${NAME:1}', 'nfra'],
  ['${NAME:1:2}', 'nf'],
  ['${NAME:0:99}', 'infra'],
  ['${NAME/in/IN}', 'INfra'],
  ['${DOTTED//./-}', 'a-b-c'],
  ['${DOTTED/#a/z}', 'z.b.c'],
  ['${DOTTED/%c/z}', 'a.b.z'],
  ['${DOTTED/.//-}', 'a-b.c'],
  ['${NAME^,}', 'infra'],
  ['${DOTTED%[a-z]}', 'a.b.c'],
  ['${DOTTED#[a-z]}', '.b.c'],
  ['${PATH_LIKE##*/}', 'app:1.2'],
  ['${PATH_LIKE#*/}', 'team/app:1.2'],
  ['${PATH_LIKE%/*}', 'registry/team'],
  ['${PATH_LIKE%%/*}', 'registry'],
];

describe('substituteText', () => {
  it.each(replaced)('reads %s as %s', (text, expected) => {
    expect(substituteText(text, variables)).toEqual({ ok: true, value: expected });
  });

  it('refuses a variable that is not set, and names it', () => {
    expect(substituteText('a ${MISSING} b', variables)).toEqual({
      ok: false,
      failure: 'variable not set (strict mode): "MISSING"',
    });
  });

  it('refuses an unset variable inside a default that is not needed, as envsubst does', () => {
    expect(substituteText('${NAME:=${MISSING}}', variables).ok).toBe(false);
  });

  it('refuses an unset variable that an operator reads', () => {
    expect(substituteText('${MISSING^^}', variables).ok).toBe(false);
  });

  it('leaves an unset variable empty when not strict', () => {
    expect(substituteText('[${MISSING}]', variables, false)).toEqual({ ok: true, value: '[]' });
  });

  it.each([
    '${NAME',
    '${}',
    '${NAME-x}',
    '${-}',
    '${NAME:=',
    '${NAME#}',
    '${NAME:}',
    '${NAME:1:}',
    '${NAME//x}',
  ])('refuses %s', (text) => {
    expect(substituteText(text, variables).ok).toBe(false);
  });

  test.prop([fc.string(), fc.dictionary(fc.string(), fc.string())])(
    'never throws, whatever the text',
    (text, values) => {
      expect(typeof substituteText(text, new Map(Object.entries(values))).ok).toBe('boolean');
    },
  );

  test.prop([fc.string()])('gives back a text whose dollar signs were doubled', (text) => {
    const escaped = text.replaceAll('$', '$$$$');
    expect(substituteText(escaped, variables)).toEqual({ ok: true, value: text });
  });
});

describe('namesIn', () => {
  it('lists each name once and leaves escaped ones out', () => {
    expect(namesIn('${A} ${B:=x} $${C} ${#D} ${A}')).toEqual(['A', 'B', 'D']);
  });
});
