import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import { renderTerminal } from '#src/text/terminal.ts';
import { cards } from '#test/fakes/cards.ts';
import { anyView } from '#test/fakes/views.ts';

const card = (name: string) => {
  const view = cards[name];
  if (view === undefined) {
    throw new Error(`no card ${name}`);
  }
  return view;
};

describe('renderTerminal', () => {
  it('tells the whole card in plain text', () => {
    expect(renderTerminal(card('incident-open'), { color: false })).toMatchInlineSnapshot(`
      "● cert-manager does not become healthy on infra

      │ Deployment pki/cert-manager-webhook: ImagePullBackOff
      │ quay.io/jetstack/cert-manager-webhook:v1.20.0: not found

      Object:     ks/pki/cert-manager
      Since:      2026-11-23 19:25:48 UTC · 3 attempts
      Now trying: 4d42d61
      Last good:  572fa33 · 2 commits behind

      Suspect 4d42d61 (https://github.example/platform/commit/4d42d61) cert-manager:
      v1.20.0, CRDs move to the chart — Robin Platform, 12 min ago

      Holds back 120 objects
      • 80 wait for it: ks/media/plex, ks/media/jellyfin, ks/home/zigbee … 77 more
      • 40 fail because its CRDs are gone: ks/games/minecraft … 39 more

      What to do The tag does not exist in the registry. Correct it under
      infrastructure/pki, or roll back to 572fa33.

      INC-142 · nobody has acknowledged · last seen failing 2026-11-23 19:27:30 UTC
      "
    `);
  });

  it('shows steps and a bar', () => {
    expect(renderTerminal(card('reconcile-running'), { color: false })).toMatchInlineSnapshot(`
      "… Reconcile ks/harbor/harbor on infra — asked by @robin

      ✓ Source fetched a4c3603  0.4 s
      ✓ Applied 14 objects, 2 changed  1.1 s
      › Waiting for health  12 s of 5 min
          Deployment harbor/harbor-core: 1 of 3 ready
      · Ready at a4c3603

      ▰▰▱▱ 2 of 4

      CMD-7 · runs on after you leave · audit 01JD4K
      "
    `);
  });

  it('aligns tables and offers what can be typed instead of buttons', () => {
    const text = renderTerminal(
      {
        ...card('listing'),
        parts: [...card('listing').parts, ...card('incident-suspended').parts],
      },
      { color: false, typed: ({ command, input }) => `${command} ${input['object']}` },
    );

    expect(text).toContain('OBJECT               STATE\nks/pki/cert-manager  failing');
    expect(text).toContain('› resume ks/pki/cert-manager');
  });

  it('goes on under its own sign where a line is full', () => {
    const text = renderTerminal(card('incident-open'), { color: false, width: 44 });

    expect(text).toContain(
      [
        '• 80 wait for it: ks/media/plex,',
        '  ks/media/jellyfin, ks/home/zigbee … 77',
        '  more',
      ].join('\n'),
    );
    expect(text).toContain('Since:      2026-11-23 19:25:48 UTC · 3\n            attempts\n');
  });

  it('writes each row as a record where columns do not fit beside each other', () => {
    const text = renderTerminal(card('listing'), { color: false, width: 24 });

    expect(text).toContain('ks/pki/cert-manager\n  state: failing');
  });

  it('takes no more columns than there are, where words may be cut', () => {
    fc.assert(
      fc.property(anyView, fc.integer({ min: 12, max: 120 }), (view, width) => {
        const text = renderTerminal(view, { color: false, width, cutsWords: true });
        const widest = Math.max(...text.split('\n').map((line) => stringWidth(line)));
        expect(widest).toBeLessThanOrEqual(width);
      }),
      { numRuns: 30 },
    );
  });

  it('adds nothing but colour with colour', () => {
    fc.assert(
      fc.property(anyView, (view) => {
        const colored = renderTerminal(view, { color: true });
        expect(stripVTControlCharacters(colored)).toBe(renderTerminal(view, { color: false }));
      }),
      { numRuns: 30 },
    );
  });

  it('lets no control character of a text from outside through', () => {
    fc.assert(
      fc.property(anyView, (view) => {
        const acting = [...renderTerminal(view, { color: false })].filter(
          (sign) => sign !== '\n' && /\p{Cc}|[\u202a-\u202e\u2066-\u2069]/u.test(sign),
        );
        expect(acting).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });
});
