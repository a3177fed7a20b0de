import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readWords, tokenize } from '#src/command/words.ts';
import { catalogue } from '#src/entry/cli/catalogue.ts';
import { typedFor } from '#src/entry/cli/typed.ts';

const typed = typedFor(catalogue);

it('writes a button as the line that does the same', () => {
  const input = { object: 'ks/a/b', cluster: 'infra', withSource: true, force: false };
  expect(typed({ label: 'Reconcile', command: 'reconcile', input })).toBe(
    'flux-chatops reconcile ks/a/b infra --with-source',
  );
  expect(typed({ label: 'Next', command: 'get', input: { filter: 'all', page: 2 } })).toBe(
    'flux-chatops get all --page 2',
  );
  expect(typed({ label: 'Next', command: 'get', input: { cluster: 'infra' } })).toBe(
    'flux-chatops get --cluster infra',
  );
});

it('leaves out what the terminal does not have', () => {
  expect(typed({ label: 'Ack', command: 'acknowledge', input: {} })).toBeUndefined();
});

it('leaves out what a form would ask for', () => {
  expect(typed({ label: 'Reconcile …', command: 'reconcile', input: {} })).toBeUndefined();
});

it('looks where the person said', () => {
  const where = { contexts: ['admin@infra', 'apps=my own'], config: 'bot.yaml' };

  expect(typedFor(catalogue, where)({ label: 'Status', command: 'status', input: {} })).toBe(
    "flux-chatops status --context admin@infra --context 'apps=my own' --config bot.yaml",
  );
});

it('means the same when it is typed', () => {
  const doc = catalogue.find(({ name }) => name === 'reconcile');
  const word = fc.stringMatching(/^[a-z0-9][a-z0-9 '"$*/.-]{0,12}$/);
  fc.assert(
    fc.property(word, word, fc.boolean(), (object, cluster, withSource) => {
      const input = { object, cluster, withSource };
      const line = typed({ label: '', command: 'reconcile', input }) ?? '';
      // what a shell makes of '\'' our own reader makes of it too
      const read = readWords(tokenize(line).slice(2), doc?.arguments ?? [], doc?.positional ?? []);
      expect(read).toEqual({ ok: true, value: withSource ? input : { object, cluster } });
    }),
  );
});
