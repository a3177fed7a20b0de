import { describe, expect, it } from 'vitest';
import type { Grant } from '#src/command/policy.ts';
import { createStage, put } from '#test/unit/commands/stage.ts';

const stepsOf = async (text: string, stage = createStage()): Promise<readonly string[]> => {
  const planned = await stage.plan(text);
  if (!planned.ok) {
    throw new Error(planned.failure.code);
  }
  return planned.value.steps().map((step) => step.name);
};

describe('reconcile', () => {
  it('asks the object and follows it', async () => {
    expect(await stepsOf('reconcile ks/harbor/harbor infra')).toEqual([
      'ask ks/harbor/harbor infra',
      'follow ks/harbor/harbor infra',
    ]);
  });

  it.each(['all', 'both'])('goes through the clusters in their order with %s', async (word) => {
    expect(await stepsOf(`reconcile harbor ${word}`)).toEqual([
      'ask ks/harbor/harbor infra',
      'follow ks/harbor/harbor infra',
      'ask ks/harbor/harbor apps',
      'follow ks/harbor/harbor apps',
    ]);
  });

  it('asks the source first where wanted', async () => {
    expect(await stepsOf('reconcile ks/harbor/harbor infra --with-source')).toEqual([
      'ask gitrepo/flux-system/platform infra',
      'follow gitrepo/flux-system/platform infra',
      'ask ks/harbor/harbor infra',
      'follow ks/harbor/harbor infra',
    ]);
  });

  it('passes over a Helm repository of type oci, which Flux does not reconcile', async () => {
    expect(await stepsOf('reconcile hr/pki/cert-manager apps --with-source')).toEqual([
      'ask chart/pki/pki-cert-manager apps',
      'follow chart/pki/pki-cert-manager apps',
      'ask hr/pki/cert-manager apps',
      'follow hr/pki/cert-manager apps',
    ]);
  });

  it('goes through the whole chain of an ordinary Helm repository', async () => {
    const stage = createStage();
    put(stage.apps, 'HelmRepository/pki/jetstack', { spec: { url: 'https://charts.example' } });

    const steps = await stepsOf('reconcile hr/pki/cert-manager apps --with-source', stage);

    expect(steps.slice(0, 3)).toEqual([
      'ask helmrepo/pki/jetstack apps',
      'follow helmrepo/pki/jetstack apps',
      'ask chart/pki/pki-cert-manager apps',
    ]);
  });

  it('means the default cluster of the place', async () => {
    const steps = await stepsOf('reconcile harbor', createStage({ defaultCluster: 'apps' }));

    expect(steps[0]).toBe('ask ks/harbor/harbor apps');
  });

  it.each([
    [
      'reconcile ks/harbor/harbour infra',
      'ks/harbor/harbour does not exist on infra. Did you mean ks/harbor/harbor? List what is there with get.',
    ],
    [
      'reconcile plexx infra',
      'Nothing on infra is called "plexx". Did you mean ks/media/plex? List what is there with get.',
    ],
    [
      'reconcile harbor',
      '"harbor" is on more than one cluster. Write one of ks/harbor/harbor infra, ks/harbor/harbor apps.',
    ],
    [
      'reconcile harbor app',
      'There is no cluster "app". Did you mean apps? Use one of infra, apps, all.',
    ],
    [
      'reconcile ks/home/zigbee infra',
      'ks/home/zigbee on infra is suspended: a request would be marked as handled without anything being done. Resume it first, in Git or by flux resume; until then Flux does nothing with it.',
    ],
    [
      'reconcile ks/harbor/harbor infra --force',
      '--force exists for a HelmRelease only; ks/harbor/harbor is a Kustomization. A Kustomization is applied anew by every reconcile; to recreate immutable objects set spec.force in Git.',
    ],
    [
      'reconcile ks/harbor/harbor infra --reset',
      '--reset exists for a HelmRelease only; ks/harbor/harbor is a Kustomization. A Kustomization is applied anew by every reconcile; to recreate immutable objects set spec.force in Git.',
    ],
    [
      'reconcile gitrepo/flux-system/platform infra --force',
      '--force exists for a HelmRelease only; gitrepo/flux-system/platform is a GitRepository. A source is fetched anew by every reconcile.',
    ],
    [
      'reconcile helmrepo/pki/jetstack infra',
      'Flux answers no request for helmrepo/pki/jetstack on infra. Reconcile what uses it.',
    ],
    [
      'reconcile gitrepo/flux-system/platform infra --with-source',
      'gitrepo/flux-system/platform on infra has no source that can be asked. Ask without --with-source.',
    ],
    [
      'reconcile',
      'object is missing. Usage: reconcile <object> [cluster] [--with-source] [--force] [--reset]',
    ],
  ])('%s is refused: %s', async (text, said) => {
    expect(await createStage().refusal(text)).toBe(said);
  });

  describe('by somebody who may on one cluster, and only look on the other', () => {
    const onApps = (namespace: string): Grant => ({
      role: 'onlooker',
      permissions: ['status'],
      subjects: ['slack:T01:U01'],
      clusters: ['apps'],
      namespaces: [namespace],
    });
    const onInfra: Grant = {
      role: 'operator',
      permissions: ['reconcile'],
      subjects: ['slack:T01:U01'],
      clusters: ['infra'],
    };

    it('means the one cluster by a full name, whether the other has the object or not', async () => {
      const stage = createStage({ grants: [onInfra, onApps('media')] });

      expect(await stepsOf('reconcile ks/harbor/harbor', stage)).toEqual([
        'ask ks/harbor/harbor infra',
        'follow ks/harbor/harbor infra',
      ]);
    });

    it('names no cluster on which nothing is granted', async () => {
      const stage = createStage({ grants: [onInfra] });

      expect(await stage.refusal('reconcile nosuch all')).toContain(
        'Nothing on infra is called "nosuch".',
      );
    });
  });

  it('refuses one short name for two objects, and lists them', async () => {
    const stage = createStage();
    put(stage.infra, 'Kustomization/staging/harbor');

    expect(await stage.refusal('reconcile harbor infra')).toContain(
      'Write one of ks/harbor/harbor, ks/staging/harbor.',
    );
    expect(await stepsOf('reconcile staging/harbor infra', stage)).toHaveLength(2);
  });

  it('refuses a suspended source', async () => {
    const stage = createStage();
    put(stage.apps, 'GitRepository/flux-system/platform', { spec: { suspend: true } });

    expect(await stage.refusal('reconcile harbor apps --with-source')).toContain(
      'gitrepo/flux-system/platform on apps is suspended: a suspended source fetches nothing',
    );
  });

  it('refuses an image, of which nothing can be asked', async () => {
    const stage = createStage();
    put(stage.apps, 'ImagePolicy/media/plex');

    expect(await stage.refusal('reconcile imagepolicy/media/plex apps')).toContain(
      'Flux answers no request',
    );
  });

  it('refuses both clusters when the right is there for one', async () => {
    const grant: Grant = {
      role: 'operator',
      permissions: ['reconcile'],
      subjects: ['slack:T01:U01'],
      clusters: ['apps'],
    };
    const stage = createStage({ grants: [grant] });

    expect(await stage.refusal('reconcile ks/harbor/harbor all')).toContain(
      'missing: reconcile on ks/harbor/harbor on infra',
    );
    expect(await stepsOf('reconcile ks/harbor/harbor apps', stage)).toHaveLength(2);
  });

  it('refuses to ask a source for which the right is missing, and says what goes without it', async () => {
    const grant: Grant = {
      role: 'tenant',
      permissions: ['reconcile'],
      subjects: ['slack:T01:U01'],
      namespaces: ['harbor'],
    };
    const stage = createStage({ grants: [grant] });

    expect(await stage.refusal('reconcile ks/harbor/harbor infra --with-source')).toBe(
      'robin may not do this; missing: reconcile on gitrepo/flux-system/platform on infra. Ask without --with-source, which leaves the source alone. Whoever keeps the bot’s configuration can grant it under "access".',
    );
    expect(await stepsOf('reconcile ks/harbor/harbor infra', stage)).toHaveLength(2);
  });

  it('says nothing of a source for which the right is missing, not even that it is suspended', async () => {
    const grant: Grant = {
      role: 'tenant',
      permissions: ['reconcile'],
      subjects: ['slack:T01:U01'],
      namespaces: ['harbor'],
    };
    const stage = createStage({ grants: [grant] });
    put(stage.infra, 'GitRepository/flux-system/platform', { spec: { suspend: true } });

    expect(await stage.refusal('reconcile ks/harbor/harbor infra --with-source')).toContain(
      'missing: reconcile on gitrepo/flux-system/platform',
    );
  });

  it('plans from the live object, not from the cache', async () => {
    const stage = createStage();
    stage.infra.cut('the watch is cut');
    put(stage.infra, 'Kustomization/harbor/harbor', { spec: { suspend: true } });

    expect(await stage.refusal('reconcile ks/harbor/harbor infra')).toContain('is suspended');
  });
});
