import { kustomization } from '#test/demo/clusters.ts';
import { type Author, robin, sam } from '#test/demo/git-host.ts';
import type { Stage } from '#test/demo/stage.ts';
import type { Shown, Trouble } from '#test/demo/trouble.ts';

interface BadCommit extends Pick<Trouble, 'name' | 'what' | 'look' | 'shown'> {
  readonly over: NonNullable<Trouble['over']>;
  readonly author?: Author;
  readonly message: string;
  readonly file: string;
  /** The file as the commit leaves it. */
  readonly change: (text: string) => string;
  readonly fix: string;
  /** A Kustomization that waits for minutes by itself after the fix, and the cluster it is on. */
  readonly hurry?: { readonly cluster: 'apps' | 'infra'; readonly name: string };
}

const swap =
  (old: string, next: string) =>
  (text: string): string => {
    if (!text.includes(old)) {
      throw new Error(`the tree has changed: "${old}" is not there any more`);
    }
    return text.replace(old, next);
  };

/** A commit on the branch that both clusters follow; ended by a commit that puts the file back. */
const badCommit = (bad: BadCommit): Trouble => ({
  ...{ name: bad.name, what: bad.what, look: bad.look, shown: bad.shown, over: bad.over },
  start: async ({ git }: Stage) => {
    const before = await git.read(bad.file);
    const files = { [bad.file]: bad.change(before) };
    const sha = await git.commit({ author: bad.author ?? sam, message: bad.message, files });
    return { before, sha };
  },
  end: async ({ git, clusters }, { before = '' }) => {
    await git.commit({ author: robin, message: bad.fix, files: { [bad.file]: before } });
    if (bad.hurry !== undefined) {
      clusters.request(bad.hurry.cluster, kustomization(bad.hurry.name));
    }
  },
});

const onBoth = (says: RegExp): readonly Shown[] =>
  ['flux-infra', 'flux-apps'].map((channel) => ({ kind: 'card', channel, says }));

export const commitTroubles: readonly Trouble[] = [
  badCommit({
    name: 'bad-commit',
    what: 'Sam commits a kustomization.yaml that names a file which is not there',
    look: 'a card in #flux-infra and in #flux-apps: gateways cannot be built, and Sam’s commit on it',
    shown: onBoth(/gateways cannot be built/),
    over: { channel: 'flux-infra', says: /gateways is well again/ },
    message: 'Send plain HTTP to HTTPS at the outer door, too (#41)',
    file: 'kubernetes/infrastructure/networking/gateways/app/kustomization.yaml',
    change: swap('  - redirect.yaml\n', '  - redirect.yaml\n  - redirect-external.yaml\n'),
    fix: 'Take out the redirect that was never added',
  }),
  badCommit({
    name: 'bad-yaml',
    what: 'Sam commits a file whose indentation is wrong',
    look: 'a card in #flux-infra and in #flux-apps: spegel cannot be built',
    shown: onBoth(/spegel cannot be built/),
    over: { channel: 'flux-infra', says: /spegel is well again/ },
    message: 'Mirror images on another port',
    file: 'kubernetes/infrastructure/networking/spegel/app/helmrelease.yaml',
    change: swap('    service:\n      registry:', '    service:\n   registry:'),
    fix: 'Mend the indentation of spegel’s values',
  }),
  badCommit({
    name: 'bad-variable',
    what: 'Sam uses a variable that no cluster has',
    look: 'a card in #flux-infra and in #flux-apps: external-dns cannot be built',
    shown: onBoth(/external-dns cannot be built/),
    over: { channel: 'flux-apps', says: /external-dns is well again/ },
    message: 'Publish the names of the second domain',
    file: 'kubernetes/infrastructure/networking/external-dns/app/helmrelease.yaml',
    change: swap(`      - \${DOMAIN}\n`, `      - \${DOMAIN}\n      - \${SECOND_DOMAIN}\n`),
    fix: 'Wait with the second domain until both clusters have it',
  }),
  badCommit({
    name: 'bad-image',
    what: 'Sam commits an image that does not exist',
    look: 'after some 20 s a card in #flux-apps: echo does not become healthy',
    shown: [
      {
        kind: 'card',
        channel: 'flux-apps',
        says: /echo .*(?:not become healthy|unhealthy|health)/i,
      },
    ],
    over: { channel: 'flux-apps', says: /echo is well again/ },
    message: 'Bump agnhost, give up on a rollout after 15 s',
    file: 'kubernetes/workloads/platform/echo/base/deployment.yaml',
    change: (text) =>
      swap(
        'agnhost:2.53',
        'agnhost:2.54-does-not-exist',
      )(
        swap(
          'spec:\n  replicas: 2\n',
          'spec:\n  progressDeadlineSeconds: 15\n  replicas: 2\n',
        )(text),
      ),
    fix: 'Go back to the agnhost that exists',
    hurry: { cluster: 'apps', name: 'echo' },
  }),
  badCommit({
    name: 'missing-dependency',
    what: 'Sam makes a Kustomization wait for one that does not exist',
    look: 'after 30 s a card in #flux-apps: echo waits for what is not there',
    shown: [{ kind: 'card', channel: 'flux-apps', says: /echo waits for/ }],
    over: { channel: 'flux-apps', says: /echo is well again/ },
    message: 'Let echo wait for the service mesh',
    file: 'kubernetes/workloads/platform/echo/ks.yaml',
    change: swap('    - name: gateways\n', '    - name: gateways\n    - name: service-mesh\n'),
    fix: 'There is no service mesh yet',
  }),
];
