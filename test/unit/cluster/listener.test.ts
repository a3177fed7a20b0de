import { describe, expect, it } from 'vitest';
import { createListener, parseItem, startHearing } from '#src/cluster/listener.ts';
import type { FluxObject } from '#src/flux/object.ts';

const served = { group: 'kustomize.toolkit.fluxcd.io', version: 'v1', plural: 'kustomizations' };
const start = 1_795_000_000_000;

const item = (name: string) => ({
  metadata: { namespace: 'media', name, uid: `uid-of-${name}`, resourceVersion: '7' },
});

const listen = (listed: boolean) => {
  const told: (readonly [string, ...(readonly unknown[])])[] = [];
  let now = start;
  const hearing = startHearing(listed, start);
  const nameOf = (object: FluxObject): string => object.ref.name;
  const hear = createListener(hearing, {
    parse: (one) => parseItem('Kustomization', served, one),
    now: () => now,
    heard: () => told.push(['heard']),
    changed: (object) => told.push(['changed', nameOf(object)]),
    deleted: (object) => told.push(['deleted', nameOf(object)]),
    reached: (version) => told.push(['reached', version]),
    listed: (objects, version) => told.push(['listed', objects.map(nameOf), version]),
    end: () => told.push(['end']),
  });
  return {
    hearing,
    hear: (type: string, object: unknown) => {
      now += 10;
      hear({ type, object });
    },
    said: () => told.filter(([what]) => what !== 'heard'),
    count: () => told.filter(([what]) => what === 'heard').length,
  };
};

const bookmark = (version: string, end = false) => ({
  metadata: {
    resourceVersion: version,
    ...(end ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {}),
  },
});

describe('an item of a list or a stream', () => {
  it('may leave out what the list says of all', () => {
    expect(parseItem('Kustomization', served, item('plex'))).toMatchObject({
      ref: { kind: 'Kustomization', namespace: 'media', name: 'plex' },
      apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
    });
  });
});

describe('a stream that begins with a list', () => {
  it('tells it when it is complete, and each change from then on', () => {
    const { hear, said, hearing, count } = listen(false);
    hear('ADDED', item('plex'));
    hear('ADDED', item('jellyfin'));
    expect(said()).toEqual([]);
    expect(hearing).toMatchObject({ lines: 0, listed: false });

    hear('BOOKMARK', bookmark('9', true));
    hear('MODIFIED', item('plex'));
    hear('DELETED', item('jellyfin'));
    hear('ADDED', item('sonarr'));
    hear('BOOKMARK', bookmark('12'));
    expect(said()).toEqual([
      ['listed', ['plex', 'jellyfin'], '9'],
      ['changed', 'plex'],
      ['deleted', 'jellyfin'],
      ['changed', 'sonarr'],
      ['reached', '12'],
    ]);
    expect(count()).toBe(7);
    expect(hearing).toEqual({ lines: 4, listed: true, at: start + 70, verdict: undefined });
  });

  it.each([
    ['a bookmark that ends no list', 'BOOKMARK', bookmark('9')],
    ['a change', 'MODIFIED', item('plex')],
    ['a deletion', 'DELETED', item('plex')],
  ])('is given up as no such thing at %s', (_, type, object) => {
    const { hear, said, hearing } = listen(false);
    hear(type, object);
    hear('BOOKMARK', bookmark('9', true));

    expect(hearing.verdict).toEqual({ type: 'no-streaming' });
    expect(said()).toEqual([['end']]);
  });
});

describe('a stream that goes on from a list', () => {
  it('tells changes from its first line on, and reads over what it does not know', () => {
    const { hear, said, hearing } = listen(true);
    hear('ADDED', item('plex'));
    hear('ADDED', null);
    hear('ADDED', 'odd');
    hear('MODIFIED', { metadata: {} });
    hear('BOOKMARK', { metadata: {} });

    expect(said()).toEqual([['changed', 'plex']]);
    expect(hearing).toMatchObject({ lines: 5, verdict: undefined });
  });

  it.each([
    [true, 1],
    [false, 0],
  ])('ends with what the server says, and whether anything was heard (%s)', (heard, lines) => {
    const { hear, said, hearing } = listen(true);
    if (heard) {
      hear('ADDED', item('plex'));
    }
    hear('ERROR', { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' });
    hear('ADDED', item('jellyfin'));

    expect(hearing.verdict).toMatchObject({
      type: 'trouble',
      trouble: { type: 'status', status: 410 },
      heard,
      listed: true,
    });
    expect(said()).toEqual([...(heard ? [['changed', 'plex']] : []), ['end']]);
    expect(hearing.lines).toBe(lines);
  });
});
