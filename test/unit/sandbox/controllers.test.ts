import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { durationMs } from '#src/flux/duration.ts';
import { treeOfTexts } from '#src/render/tree.ts';
import { fieldSelector, labelSelector } from '#test/sandbox/api/selectors.ts';
import { scopedClock, sleep, virtualClock } from '#test/sandbox/clock.ts';
import { holds } from '#test/sandbox/controllers/cel.ts';
import { withConditions } from '#test/sandbox/controllers/conditions.ts';
import { goDuration, goJson } from '#test/sandbox/controllers/go-text.ts';
import { chartIn } from '#test/sandbox/controllers/helm/package.ts';
import { remediationOf, truncated } from '#test/sandbox/controllers/helm/release.ts';
import { renderPackage } from '#test/sandbox/controllers/helm/templates.ts';
import { withHistory } from '#test/sandbox/controllers/kustomize/history.ts';
import { entryOf, refOfEntry } from '#test/sandbox/controllers/kustomize/inventory.ts';

describe('the virtual clock', () => {
  it('lets things happen in order of time, and in order of asking at one time', async () => {
    const clock = virtualClock(0);
    const happened: string[] = [];
    clock.after(20, () => happened.push('late'));
    clock.after(10, () => happened.push('first'));
    clock.after(10, () => happened.push('second'));
    clock.after(15, () => happened.push('called off'))();
    await clock.advance(15);

    expect(happened).toEqual(['first', 'second']);
    expect(clock.now()).toBe(15);
  });

  it('calls off what one part of the sandbox was waiting for when that part ends', async () => {
    const clock = virtualClock(0);
    const part = scopedClock(clock);
    const happened: string[] = [];
    part.after(10, () => happened.push('before'));
    part.after(600_000, () => happened.push('a deadline'));
    await clock.advance(10);
    part.stop();
    part.after(10, () => happened.push('after'));

    expect(clock.pending()).toBe(0);
    expect(happened).toEqual(['before']);
  });

  it('stands still while real work is done', async () => {
    const clock = virtualClock(0);
    const seen: number[] = [];
    const work = async (): Promise<void> => {
      await sleep(clock, 10);
      await clock.during(new Promise((resolve) => setTimeout(resolve, 20)));
      seen.push(clock.now());
    };
    const done = work();
    await clock.advance(1_000);
    await done;

    expect(seen).toEqual([10]);
  });
});

describe('durations', () => {
  it.each([
    [5_031.890762, '5.031890762s'],
    [234.827413, '234.827413ms'],
    [600_000, '10m0s'],
    [3_661_000, '1h1m1s'],
    [20_000, '20s'],
  ])('%d ms is written %s, as Go does', (ms, text) => {
    expect(goDuration(ms)).toBe(text);
  });

  test.prop([fc.integer({ min: 1, max: 10_000_000 })])('are read back', (ms) => {
    expect(durationMs(goDuration(ms))).toBeCloseTo(ms, 6);
  });
});

describe('JSON as Go writes it', () => {
  it('escapes what HTML could take for markup', () => {
    expect(goJson({ a: '<b>&' })).toBe('{"a":"\\u003cb\\u003e\\u0026"}');
  });
});

describe('an inventory entry', () => {
  const part = fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,8}[a-z0-9])?$/);

  test.prop([part, part, fc.constantFrom('', 'apps', 'rbac.authorization.k8s.io'), fc.boolean()])(
    'names the object it was made of',
    (namespace, name, group, hasColon) => {
      const named = hasColon ? `system:${name}` : name;
      const object = {
        apiVersion: group === '' ? 'v1' : `${group}/v1`,
        kind: 'Role',
        metadata: { name: named, namespace },
      };

      expect(refOfEntry(entryOf(object))).toEqual({
        namespace,
        name: named,
        group,
        kind: 'Role',
        version: 'v1',
      });
    },
  );
});

describe('conditions', () => {
  it('come in the order of Flux, and move their time when anything but it changes', () => {
    const ready = { type: 'Ready', status: 'True' as const, reason: 'A', message: 'a' };
    const first = withConditions([], [ready, { ...ready, type: 'Reconciling' }], [], 1, 0);
    const same = withConditions(first, [ready], [], 1, 60_000);
    const other = withConditions(first, [{ ...ready, message: 'b' }], ['Reconciling'], 2, 60_000);

    expect(first.map(({ type }) => type)).toEqual(['Reconciling', 'Ready']);
    expect(same).toEqual(first);
    expect(other).toMatchObject([
      { type: 'Ready', lastTransitionTime: '1970-01-01T00:01:00Z', observedGeneration: 2 },
    ]);
  });
});

describe('history', () => {
  it('keeps one entry per digest and status, the newest first, five at most', () => {
    let object = { apiVersion: 'v1', kind: 'X', metadata: { name: 'x' }, status: {} };
    for (const digest of ['a', 'b', 'a', 'c', 'd', 'e', 'f']) {
      const event = { digest, status: 'S', revision: digest, startedMs: 0, durationMs: 1 };
      object = { ...object, status: { history: withHistory(object, event) } };
    }

    expect(object.status).toMatchObject({
      history: ['f', 'e', 'd', 'c', 'a'].map((digest) => ({ digest })),
    });
    expect(object.status).toMatchObject({
      history: [{}, {}, {}, {}, { totalReconciliations: 2 }],
    });
  });
});

describe('remediation', () => {
  const spec = { upgrade: { remediation: { retries: 1 } } };

  it('rolls back while tries are left, and the last failure too, then gives up', () => {
    expect(remediationOf(spec, 'upgrade', 1)).toEqual({ by: 'rollback', isExhausted: false });
    expect(remediationOf(spec, 'upgrade', 2)).toEqual({ by: 'rollback', isExhausted: true });
  });

  it('without retries leaves the failure as it is, unless the last one too is to be undone', () => {
    const last = { upgrade: { remediation: { remediateLastFailure: true } } };

    expect(remediationOf({}, 'upgrade', 1)).toEqual({ by: undefined, isExhausted: true });
    expect(remediationOf(last, 'upgrade', 1)).toEqual({ by: 'rollback', isExhausted: true });
  });

  it('goes on for ever with negative retries, and never undoes where it only retries', () => {
    const endless = { upgrade: { remediation: { retries: -1 } } };
    const retrying = { upgrade: { strategy: { name: 'RetryOnFailure' } } };

    expect(remediationOf(endless, 'upgrade', 9)).toEqual({ by: 'rollback', isExhausted: false });
    expect(remediationOf(retrying, 'upgrade', 9)).toEqual({ by: undefined, isExhausted: false });
  });

  it('cuts history back to the last good release', () => {
    const history = ['failed', 'failed', 'deployed', 'superseded'].map((status) => ({ status }));

    expect(truncated(history)).toHaveLength(3);
  });
});

describe('a chart that lies in Git', () => {
  const files = {
    'charts/app/Chart.yaml': 'name: app\nversion: 1.2.3\n',
    'charts/app/values.yaml': 'image: ""\nlabel: a b\n',
    'charts/app/templates/config.yaml':
      'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\ndata:\n  label: {{ .Values.label | quote }}\n  chart: {{ .Chart.Version }}\n',
    'charts/app/templates/app.yaml':
      '{{- if .Values.image }}\napiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Values.image }}\n{{- end }}\n',
    'charts/app/templates/_helpers.yaml': '{{ define "x" }}',
  };
  const chart = chartIn(treeOfTexts(files), './charts/app');
  const render = (values: object) =>
    chart === undefined
      ? []
      : renderPackage(chart, {
          releaseName: 'web',
          namespace: 'media',
          values: { ...chart.values, ...values },
        });

  it('is filled in from values, release and chart; what is switched off is left out', () => {
    expect(render({})).toEqual([
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'web', namespace: 'media' },
        data: { label: 'a b', chart: '1.2.3' },
      },
    ]);
    expect(render({ image: 'nginx' }).map(({ kind }) => kind)).toEqual(['Pod', 'ConfigMap']);
  });

  it('is none without a Chart.yaml, and refuses what it cannot fill in', () => {
    const odd = { ...files, 'charts/app/templates/odd.yaml': '{{ include "x" . }}' };
    const found = chartIn(treeOfTexts(odd), 'charts/app');

    expect(chartIn(treeOfTexts(files), 'charts/other')).toBeUndefined();
    expect(
      () => found && renderPackage(found, { releaseName: 'web', namespace: 'media', values: {} }),
    ).toThrow('include "x" .');
  });
});

describe('selectors', () => {
  const object = {
    apiVersion: 'v1',
    kind: 'X',
    metadata: { name: 'x', labels: { tier: 'web' } },
    involvedObject: { uid: 'u' },
  };

  it.each([
    ['tier=web', true],
    ['tier!=web', false],
    ['tier in (db, web)', true],
    ['tier notin (db),tier', true],
    ['!tier', false],
    ['other', false],
  ])('%s on labels is %s', (text, expected) => {
    expect(labelSelector(text)(object)).toBe(expected);
  });

  it('reach any field, Events by the names of both groups', () => {
    expect(fieldSelector('involvedObject.uid=u')(object)).toBe(true);
    expect(fieldSelector('regarding.uid=u,metadata.name!=x')(object)).toBe(false);
  });
});

describe('an expression', () => {
  const status = { conditions: [{ type: 'Ready', status: 'True', observedGeneration: 2 }] };

  it('is decided over the object; what cannot be decided is not so', () => {
    const ready =
      "has(status.conditions) && status.conditions.exists(c, c.type == 'Ready' && c.observedGeneration == 2)";

    expect(holds(ready, { status })).toBe(true);
    expect(holds('status.nothing.there == 1', { status })).toBe(false);
    expect(holds('not CEL at all', { status })).toBe(false);
  });
});
