import type { Mutation } from '#test/platform/mutations/mutation.ts';
import { at } from '#test/platform/mutations/places.ts';

/** The bot on the platform that it watches: configuration, keys, store, rights, order. */
export const chatopsMutations: readonly Mutation[] = [
  {
    name: 'a bot that does not know one of the clusters',
    rule: 'chatops-config',
    edit: (files) =>
      files.replace(
        at.chatopsConfig,
        /\n {2}- name: apps\n {4}kubeconfig: .*\n {4}channel: .*/,
        '\n',
      ),
  },
  {
    name: 'a bot with a setting that it does not have',
    rule: 'chatops-config',
    edit: (files) => files.append(at.chatopsConfig, 'allowEverything: true\n'),
  },
  {
    name: 'a bot that looks for the other cluster in its own',
    rule: 'chatops-config',
    edit: (files) => files.replace(at.chatopsConfig, /\n {4}kubeconfig: .*/, ''),
  },
  {
    name: 'a repository that the bot may not read',
    rule: 'chatops-config',
    says: /may not read what apps runs/,
    edit: (files) =>
      files.replace(
        at.appsSettings,
        'https://github.com/flux-chatops/',
        'https://github.com/somebody/',
      ),
  },
  {
    name: 'a bot that is not deployed',
    rule: 'chatops-config',
    edit: (files) => files.replace(at.infra, /\n.*gitops\/chatops(?=\n)/, ''),
  },
  {
    name: 'a key that the bot is told to read and nobody lays down',
    rule: 'chatops-files',
    edit: (files) =>
      files.replace(
        at.chatopsTenantKeys,
        'secretKey: webhook-apps.team-a',
        'secretKey: webhook-team-a',
      ),
  },
  {
    name: 'kubeconfigs that are mounted elsewhere',
    rule: 'chatops-files',
    edit: (files) =>
      files.replace(
        'deploy/bot/worker.yaml',
        'mountPath: /run/secrets/kubeconfigs',
        'mountPath: /run/kubeconfigs',
      ),
  },
  {
    name: 'a tenant whose key the bot refuses',
    rule: 'chatops-keys',
    says: /apps\/team-a are refused/,
    edit: (files) =>
      files.replace(at.chatopsConfig, 'namespaces: [team-a]', 'namespaces: [team-b]'),
  },
  {
    name: "a tenant's key that speaks for its whole cluster",
    rule: 'chatops-keys',
    edit: (files) => files.replace(at.chatopsConfig, /\n {6}namespaces: .*/, ''),
  },
  {
    name: 'two clusters with one key',
    rule: 'chatops-keys',
    edit: (files) => files.replace(at.chatopsConfig, /webhook-apps }/, 'webhook-infra }'),
  },
  {
    name: 'a store that answers before it has written',
    rule: 'chatops-store',
    edit: (files) => files.replace(at.valkey, 'appendfsync always', 'appendfsync everysec'),
  },
  {
    name: 'a store that throws away when it is full',
    rule: 'chatops-store',
    edit: (files) =>
      files.replace(at.valkey, 'maxmemory-policy noeviction', 'maxmemory-policy allkeys-lru'),
  },
  {
    name: 'a store that writes beside its volume',
    rule: 'chatops-store',
    edit: (files) => files.replace(at.valkey, 'mountPath: /data', 'mountPath: /var/lib/valkey'),
  },
  {
    name: 'a store whose volume goes with it',
    rule: 'chatops-store',
    edit: (files) =>
      files.replace(
        at.valkey,
        '  serviceName: flux-chatops-valkey\n',
        '  serviceName: flux-chatops-valkey\n  persistentVolumeClaimRetentionPolicy:\n    whenDeleted: Delete\n',
      ),
  },
  {
    name: 'a fence that only warns',
    rule: 'chatops-access',
    edit: (files) =>
      files.replace(
        at.fence,
        'validationActions: [Deny, Audit]',
        'validationActions: [Warn, Audit]',
      ),
  },
  {
    name: 'a fence around a part of the cluster',
    rule: 'chatops-access',
    edit: (files) =>
      files.replace(
        at.fence,
        '  policyName: flux-chatops-fence\n',
        '  policyName: flux-chatops-fence\n  matchResources:\n    namespaceSelector:\n      matchLabels:\n        team: a\n',
      ),
  },
  {
    name: 'a cluster that the bot may watch and has no way into',
    rule: 'chatops-access',
    edit: (files) => files.replace(at.apps, /\n.*gitops\/chatops-remote/, ''),
  },
  {
    name: 'an account of Flux beside the bot',
    rule: 'chatops-access',
    says: /stands beside it/,
    edit: (files) =>
      files.replace(
        at.chatopsNamespace,
        'resources:\n',
        'namespace: flux-chatops\ncomponents:\n  - ../../../../components/namespace\nresources:\n',
      ),
  },
  {
    name: 'cluster-admin where nothing is installed',
    rule: 'bindings',
    edit: (files) =>
      files.replace(
        at.chatopsNamespace,
        'resources:\n',
        'namespace: flux-chatops\ncomponents:\n  - ../../../../components/namespace\nresources:\n',
      ),
  },
  {
    name: 'another bot than the one of this commit',
    rule: 'chatops-version',
    edit: (files) =>
      files.replace(at.versions, /(flux-chatops:\n[\s\S]*?)version: \S+/, '$1version: 0.0.9'),
  },
  {
    name: 'a store older than the bot can work with',
    rule: 'chatops-version',
    edit: (files) => files.replace(at.versions, 'redis: "7.2"', 'redis: "5.0"'),
  },
  {
    name: 'the door of the bot before the bot',
    rule: 'no-missing-depends-on',
    says: /Service\/flux-chatops/,
    edit: (files) => files.replace(at.chatopsIngressKs, '    - name: chatops\n', ''),
  },
  {
    name: 'a store before there is a default storage class',
    rule: 'no-missing-depends-on',
    says: /needs default storage class/,
    edit: (files) => files.replace(at.chatopsKs, '    - name: rook-ceph-cluster\n', ''),
  },
  {
    name: 'a bot before its accounts',
    rule: 'no-missing-depends-on',
    says: /needs object \/ServiceAccount\/flux-chatops/,
    edit: (files) => files.replace(at.chatopsKs, '    - name: chatops-access\n', ''),
  },
  {
    name: 'a policy for a port that the bot does not have',
    rule: 'network-policies',
    edit: (files) => files.replace(at.botPolicies, 'port: internal', 'port: metrics'),
  },
  {
    name: 'a policy for pods that are labelled otherwise',
    rule: 'network-policies',
    failure: 15,
    edit: (files) =>
      files.replace(
        at.botPolicies,
        'app.kubernetes.io/name: flux-chatops-valkey',
        'app.kubernetes.io/name: valkey',
      ),
  },
  {
    name: 'a policy for a namespace that is not there',
    rule: 'network-policies',
    edit: (files) =>
      files.replace(
        at.botPolicies,
        'kubernetes.io/metadata.name: observability',
        'kubernetes.io/metadata.name: monitoring',
      ),
  },
  {
    name: 'the namespace of the bot left open',
    rule: 'default-deny',
    edit: (files) =>
      files.replace(at.botDeny, 'policyTypes: [Ingress, Egress]', 'policyTypes: [Ingress]'),
  },
  {
    name: 'a Valkey by another tag than the table says',
    rule: 'images-pinned',
    edit: (files) => files.replace(at.valkey, /valkey:8\S+/, 'valkey:8.0.0'),
  },
  {
    name: 'a bot that runs as root',
    rule: 'pod-security',
    edit: (files) =>
      files.replace('deploy/bot/front.yaml', 'runAsNonRoot: true', 'runAsNonRoot: false'),
  },
  {
    name: 'a secret of the bot that is read elsewhere than the inventory says',
    rule: 'secrets-inventory',
    edit: (files) =>
      files.replace(
        at.inventory,
        'secret: flux-chatops-valkey, fields',
        'secret: flux-chatops-redis, fields',
      ),
  },
  {
    name: 'a secret in a vault that its cluster does not see',
    rule: 'secrets-inventory',
    edit: (files) =>
      files.replace(at.inventory, /(item: flux-chatops-slack\n {4}vault:) \S+/, '$1 platform-apps'),
  },
];
