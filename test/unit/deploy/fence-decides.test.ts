import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { AdmissionPolicy, denialsOf } from '#test/sandbox/api/policies.ts';

const [first] = parseAllDocuments(readFileSync('deploy/cluster/fence.yaml', 'utf8'));
const policy = AdmissionPolicy.parse(first?.toJS());

type Data = Readonly<Record<string, unknown>>;

interface Write {
  readonly user?: string;
  readonly operation?: string;
  readonly group?: string;
  readonly resource?: string;
  readonly subResource?: string;
  readonly manager?: string;
  readonly before?: Data | null;
  readonly after?: Data | null;
}

const worker = 'system:serviceaccount:flux-chatops:flux-chatops';

const object = (metadata: object = {}, more: object = {}): Data => ({
  apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
  kind: 'Kustomization',
  metadata: {
    name: 'harbor',
    namespace: 'harbor',
    labels: { team: 'a' },
    managedFields: [applied],
    ...metadata,
  },
  spec: { path: './harbor', prune: true },
  ...more,
});

const applied = {
  manager: 'kustomize-controller',
  operation: 'Apply',
  fieldsV1: { 'f:spec': { 'f:path': {} }, 'f:metadata': { 'f:labels': {} } },
};
const ours = (fieldsV1: object) => ({ manager: 'flux-chatops', operation: 'Update', fieldsV1 });

/** What the fence says to a write: its refusals, `undefined` where it does not look. */
const refusals = (write: Write): readonly string[] | undefined =>
  denialsOf(policy, {
    operation: write.operation ?? 'UPDATE',
    username: write.user ?? worker,
    group: write.group ?? 'kustomize.toolkit.fluxcd.io',
    resource: write.resource ?? 'kustomizations',
    subResource: write.subResource ?? '',
    fieldManager: write.manager ?? 'flux-chatops',
    object: write.after === undefined ? object() : write.after,
    oldObject: write.before === undefined ? object() : write.before,
  })?.map(({ message }) => message);

const noted = (annotations: Readonly<Record<string, string>>): Data => object({ annotations });
const requested = {
  'reconcile.fluxcd.io/requestedAt': 't1',
  'flux-chatops.dev/request': 't1',
};

describe('the fence lets through', () => {
  it.each<readonly [string, Write]>([
    ['a request', { after: noted(requested) }],
    [
      'a request on top of others',
      { before: noted({ mine: '1' }), after: noted({ mine: '1', ...requested }) },
    ],
    ['a forced one', { after: noted({ ...requested, 'reconcile.fluxcd.io/forceAt': 't1' }) }],
    ['a reset', { after: noted({ ...requested, 'reconcile.fluxcd.io/resetAt': 't1' }) }],
    ['our mark taken away', { before: noted(requested), after: noted({}) }],
    [
      'a request that makes us owner of its annotations',
      {
        after: object({
          annotations: requested,
          managedFields: [applied, ours({ 'f:metadata': { 'f:annotations': {} } })],
        }),
      },
    ],
  ])('%s', (_, write) => {
    expect(refusals(write)).toEqual([]);
  });

  it('whatever others do', () => {
    expect(refusals({ user: 'admin', after: null, operation: 'DELETE' })).toBeUndefined();
  });
});

describe('the fence refuses', () => {
  it.each<readonly [string, string, Write]>([
    [
      'another annotation',
      'may not change annotations kustomize.toolkit.fluxcd.io/prune',
      { after: noted({ 'kustomize.toolkit.fluxcd.io/prune': 'disabled' }) },
    ],
    [
      'taking one away',
      'may not change annotations mine',
      { before: noted({ mine: '1' }), after: noted({}) },
    ],
    [
      'a long one',
      'an annotation may hold 1024 bytes',
      { after: noted({ 'flux-chatops.dev/request': 'x'.repeat(1025) }) },
    ],
    [
      'the spec',
      'may not change spec',
      { after: object({}, { spec: { path: './evil', prune: true } }) },
    ],
    [
      'suspending',
      'may not change spec',
      { after: object({}, { spec: { path: './harbor', prune: true, suspend: true } }) },
    ],
    ['labels', 'may not change metadata.labels', { after: object({ labels: {} }) }],
    ['finalizers', 'may not change metadata.finalizers', { after: object({ finalizers: ['x'] }) }],
    ['another manager', 'fieldManager must be flux-chatops', { manager: 'kubectl' }],
    [
      'dropping an owner',
      'managedFields of others must neither shrink nor grow',
      { after: object({ managedFields: [] }) },
    ],
    [
      'forging an owner',
      'managedFields of others must neither shrink nor grow',
      { after: object({ managedFields: [applied, { ...applied, manager: 'x' }] }) },
    ],
    [
      'owning a field of the spec',
      'may own only what it may change',
      { after: object({ managedFields: [applied, ours({ 'f:spec': { 'f:path': {} } })] }) },
    ],
    [
      'the status',
      'flux-chatops may not UPDATE kustomize.toolkit.fluxcd.io/kustomizations/status',
      { subResource: 'status' },
    ],
    [
      'creating',
      'flux-chatops may not CREATE kustomize.toolkit.fluxcd.io/kustomizations',
      { operation: 'CREATE', before: null },
    ],
    [
      'deleting',
      'flux-chatops may not DELETE kustomize.toolkit.fluxcd.io/kustomizations',
      { operation: 'DELETE', after: null },
    ],
    ['Secrets', 'flux-chatops may not UPDATE /secrets', { group: '', resource: 'secrets' }],
    [
      'tokens',
      'flux-chatops may not CREATE /serviceaccounts/token',
      {
        operation: 'CREATE',
        group: '',
        resource: 'serviceaccounts',
        subResource: 'token',
        before: null,
      },
    ],
    [
      'the front',
      'flux-chatops may not UPDATE kustomize.toolkit.fluxcd.io/kustomizations',
      { user: 'system:serviceaccount:flux-chatops:flux-chatops-front', after: noted(requested) },
    ],
    [
      'an account that came later',
      'flux-chatops may not UPDATE kustomize.toolkit.fluxcd.io/kustomizations',
      { user: 'system:serviceaccount:flux-chatops:default', after: noted(requested) },
    ],
  ])('%s: %s', (_, said, write) => {
    expect(refusals(write)).toContain(said);
  });
});
