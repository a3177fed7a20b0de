import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  eventually,
  kustomization,
  kustomizationRef,
  type ServerWorld,
  serverWorld,
} from '#test/contract/cluster-worlds.ts';
import { botAccount, botRights, botUsers, fenceBinding } from '#test/sandbox/bot-account.ts';

const ref = kustomizationRef('app');
const address = {
  apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
  kind: 'Kustomization',
  namespace: 'media',
  name: 'app',
};
const requested = {
  'reconcile.fluxcd.io/requestedAt': 't1',
  'flux-chatops.dev/request': 't1',
};

describe('the bot with the roles and the fence that are deployed', () => {
  let world: ServerWorld;

  beforeEach(async () => {
    world = await serverWorld({}, { users: botUsers, objects: botRights(), as: botAccount });
    world.put(kustomization('app'));
    await eventually(() => expect(world.cluster.cached(ref)).toBeDefined());
  });
  afterEach(() => world.close());

  const uid = (): string => world.cluster.cached(ref)?.uid ?? '';
  const version = () => world.server.objects.get(address)?.metadata.resourceVersion;

  it('finds the fence closed, and changes nothing by looking', async () => {
    const before = version();

    expect(await world.cluster.probeFence(ref)).toEqual({ ok: true, value: 'closed' });
    expect(version()).toBe(before);
  });

  it('finds it closed on an object with the longest name that there can be', async () => {
    const longest = 'a'.repeat(253);
    world.put(kustomization(longest));

    const probed = await world.cluster.probeFence(kustomizationRef(longest));

    expect(probed).toEqual({ ok: true, value: 'closed' });
  });

  it('may ask for a reconcile inside it', async () => {
    const asked = await world.cluster.annotate(ref, requested, { uid: uid(), suspended: false });

    expect(asked).toMatchObject({ ok: true });
    expect(world.server.objects.get(address)?.metadata.annotations).toMatchObject(requested);
  });

  it('may not change the spec, and is told by whom', async () => {
    expect(await world.cluster.setSuspended(ref, true, {}, { uid: uid() })).toMatchObject({
      failure: {
        code: 'forbidden',
        right: expect.stringContaining('may not change spec'),
      },
    });
  });

  it('finds it open when the binding is gone, and changes nothing by looking', async () => {
    world.server.objects.remove(fenceBinding);
    const before = version();

    expect(await world.cluster.probeFence(ref)).toEqual({ ok: true, value: 'open' });
    expect(version()).toBe(before);
  });

  it('finds it open when the policy only warns', async () => {
    const binding = world.server.objects.get(fenceBinding);
    world.server.objects.put({
      ...fenceBinding,
      metadata: { name: fenceBinding.name },
      spec: { policyName: 'flux-chatops-fence', validationActions: ['Warn', 'Audit'] },
    });

    expect(binding).toBeDefined();
    expect(await world.cluster.probeFence(ref)).toEqual({ ok: true, value: 'open' });
  });

  it('does not take another policy for its fence', async () => {
    world.server.objects.remove(fenceBinding);
    const name = 'labels-stay';
    world.server.objects.put({
      apiVersion: fenceBinding.apiVersion,
      kind: 'ValidatingAdmissionPolicy',
      metadata: { name },
      spec: {
        failurePolicy: 'Fail',
        validations: [
          {
            reason: 'Forbidden',
            message: 'labels stay',
            expression: "object == null || !('labels' in object.metadata)",
          },
        ],
      },
    });
    world.server.objects.put({
      ...fenceBinding,
      metadata: { name },
      spec: { policyName: name, validationActions: ['Deny'] },
    });

    expect(await world.cluster.probeFence(ref)).toMatchObject({
      failure: { code: 'forbidden', right: expect.stringContaining('labels stay') },
    });
  });

  it('names the right where it may not even try', async () => {
    world.forbidPatch();

    expect(await world.cluster.probeFence(ref)).toMatchObject({
      failure: {
        code: 'forbidden',
        right: 'patch kustomizations.kustomize.toolkit.fluxcd.io in namespace media',
      },
    });
  });
});
