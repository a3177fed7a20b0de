import { Config, configJsonSchema } from '#src/config/config.ts';
import { configProblems, sayProblem } from '#src/config/problems.ts';
import type { KubeObject } from '#src/render/objects.ts';
import { readYaml } from '#src/render/yaml.ts';
import { judgeSettings } from '#src/store/redis-health.ts';
import { at, dataAt, listAt, textAt } from '#test/platform/world/value.ts';
import {
  appliedObjects,
  type Cluster,
  type Finding,
  type Rule,
  titleOf,
  type World,
} from '#test/platform/world/world.ts';

const namespace = 'flux-chatops';

const own = (cluster: Cluster, ...kinds: readonly string[]): readonly KubeObject[] =>
  appliedObjects(cluster)
    .map(({ object }) => object)
    .filter((object) => kinds.includes(object.kind) && object.metadata.namespace === namespace);

const named = (cluster: Cluster, kind: string, name: string): KubeObject | undefined =>
  own(cluster, kind).find((object) => object.metadata.name === name);

/** The cluster that the bot runs on; the others it watches from there. */
const home = (world: World): Cluster | undefined =>
  world.clusters.find((cluster) => named(cluster, 'Deployment', 'flux-chatops-front'));

const homeless = [{ where: namespace, what: 'the bot runs on no cluster' }];

interface Running {
  readonly cluster: Cluster;
  readonly config: Config;
  readonly text: string;
}

const configText = (cluster: Cluster): string =>
  textAt(named(cluster, 'ConfigMap', 'flux-chatops'), 'data', 'flux-chatops.yaml') ?? '';

const parseConfig = (text: string) => {
  const read = readYaml(text);
  return Config.safeParse(read.ok ? read.value : undefined, { reportInput: true });
};

/** The bot as it runs; undefined when it does not, or has no good configuration (chatops-config says so). */
const running = (world: World): Running | undefined => {
  const cluster = home(world);
  const text = cluster === undefined ? '' : configText(cluster);
  const parsed = parseConfig(text);
  return cluster === undefined || !parsed.success
    ? undefined
    : { cluster, config: parsed.data, text };
};

const configured: Rule = {
  name: 'chatops-config',
  summary:
    'the bot accepts its configuration, knows every cluster, can reach each and read its commits',
  scope: 'both',
  check: (_, world) => {
    const cluster = home(world);
    if (cluster === undefined) {
      return homeless;
    }
    const where = 'ConfigMap/flux-chatops/flux-chatops';
    const parsed = parseConfig(configText(cluster));
    if (!parsed.success) {
      return configProblems(parsed.error, configJsonSchema()).map((problem) => ({
        where,
        what: sayProblem(problem),
      }));
    }
    return world.clusters.flatMap(({ name, settings }): readonly Finding[] => {
      const [host, owner] = (settings['GIT_REPOSITORY_URL'] ?? '')
        .replace(/^https:\/\//, '')
        .split('/');
      const git = parsed.data.git.hosts.find((one) => one.host === host);
      const entry = parsed.data.clusters.find((one) => one.name === name);
      const isHome = name === cluster.name;
      return [
        ...(entry === undefined ? [{ where, what: `it does not know the cluster ${name}` }] : []),
        ...(entry !== undefined && (entry.kubeconfig === undefined) !== isHome
          ? [{ where, what: `it reaches ${name} ${isHome ? 'by' : 'without'} a kubeconfig` }]
          : []),
        ...(git?.token !== undefined && git.owners?.includes(owner ?? '') !== false
          ? []
          : [{ where, what: `it may not read what ${name} runs: ${host ?? ''}/${owner ?? ''}` }]),
      ];
    });
  },
};

const keysOf = (secret: KubeObject): readonly string[] => [
  ...listAt(secret, 'spec', 'data').map((entry) => textAt(entry, 'secretKey') ?? ''),
  ...Object.keys(dataAt(secret, 'spec', 'target', 'template', 'data')),
];

/** Every file of a Secret that a Deployment's container sees. */
const mountedFiles = (cluster: Cluster, deployment: KubeObject): ReadonlySet<string> => {
  const pod = dataAt(deployment, 'spec', 'template', 'spec');
  const mounts = listAt(pod, 'containers').flatMap((one) => listAt(one, 'volumeMounts'));
  return new Set(
    mounts.flatMap((mount) => {
      const volume = listAt(pod, 'volumes').find(
        (one) => textAt(one, 'name') === textAt(mount, 'name'),
      );
      const secret = textAt(volume, 'secret', 'secretName') ?? '';
      return own(cluster, 'ExternalSecret')
        .filter((one) => (textAt(one, 'spec', 'target', 'name') ?? one.metadata.name) === secret)
        .flatMap(keysOf)
        .map((key) => `${textAt(mount, 'mountPath') ?? ''}/${key}`);
    }),
  );
};

const files: Rule = {
  name: 'chatops-files',
  summary: 'each file that the configuration names is laid down from the vault and mounted',
  scope: 'both',
  check: (_, world) => {
    const bot = running(world);
    const asked = [...(bot?.text ?? '').matchAll(/\/run\/secrets\/[\w./-]+/g)].map(
      ([file]) => file,
    );
    return bot === undefined
      ? []
      : own(bot.cluster, 'Deployment').flatMap((deployment) => {
          const mounted = mountedFiles(bot.cluster, deployment);
          return asked
            .filter((file) => !mounted.has(file))
            .map((file) => ({ where: titleOf(deployment), what: `${file} is not mounted` }));
        });
  },
};

const tenantsOf = (cluster: Cluster): readonly string[] =>
  appliedObjects(cluster)
    .map(({ object }) => object)
    .filter((object) => object.kind === 'Namespace')
    .filter((object) => object.metadata.labels?.['platform/tenant'] !== undefined)
    .map((object) => object.metadata.name);

const keys: Rule = {
  name: 'chatops-keys',
  summary: "the bot accepts one key for each cluster and for each tenant's namespace, and no other",
  scope: 'both',
  check: (_, world) => {
    const bot = running(world);
    if (bot === undefined) {
      return [];
    }
    const scopes = bot.config.webhooks.keys.map(({ cluster, namespaces }) =>
      [cluster, ...(namespaces ?? [])].join('/'),
    );
    const wanted = world.clusters.flatMap((cluster) => [
      cluster.name,
      ...tenantsOf(cluster).map((tenant) => `${cluster.name}/${tenant}`),
    ]);
    const sources = bot.config.webhooks.keys.map(({ key }) => JSON.stringify(key));
    const where = 'flux-chatops.yaml webhooks.keys';
    return [
      ...wanted
        .filter((scope) => !scopes.includes(scope))
        .map((scope) => ({ where, what: `events of ${scope} are refused: no key speaks for it` })),
      ...scopes
        .filter((scope) => !wanted.includes(scope))
        .map((scope) => ({ where, what: `a key speaks for ${scope}, which nobody is` })),
      ...(new Set(sources).size === sources.length
        ? []
        : [{ where, what: 'two of its keys are one and the same' }]),
    ];
  },
};

const store: Rule = {
  name: 'chatops-store',
  summary: 'what the store answered is on a disk that outlives it, and nothing is thrown away',
  scope: 'both',
  check: (_, world) => {
    const bot = running(world);
    if (bot === undefined) {
      return [];
    }
    const set = named(bot.cluster, 'StatefulSet', 'flux-chatops-valkey');
    const where = 'StatefulSet/flux-chatops/flux-chatops-valkey';
    const text =
      textAt(named(bot.cluster, 'ConfigMap', 'flux-chatops-valkey'), 'data', 'valkey.conf') ?? '';
    const setting = (name: string): string | undefined =>
      new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1];
    const judged = judgeSettings({
      appendOnly: setting('appendonly') === 'yes',
      appendFsync: setting('appendfsync') ?? 'everysec',
      save: setting('save'),
      maxMemoryPolicy: setting('maxmemory-policy') ?? 'noeviction',
      role: 'master',
    });
    const claims = listAt(set, 'spec', 'volumeClaimTemplates').map((claim) =>
      textAt(claim, 'metadata', 'name'),
    );
    const mounted = listAt(set, 'spec', 'template', 'spec', 'containers')
      .flatMap((container) => listAt(container, 'volumeMounts'))
      .filter((mount) => claims.includes(textAt(mount, 'name')))
      .map((mount) => textAt(mount, 'mountPath'));
    return [
      ...judged.warnings.map((what) => ({ where, what })),
      ...(mounted.includes(setting('dir') ?? '')
        ? []
        : [{ where, what: `it writes to ${setting('dir') ?? '?'}, which is on no claim` }]),
      ...(Object.values(dataAt(set, 'spec', 'persistentVolumeClaimRetentionPolicy')).includes(
        'Delete',
      )
        ? [{ where, what: 'its volume goes with it (persistentVolumeClaimRetentionPolicy)' }]
        : []),
    ];
  },
};

const accounts = ['flux-chatops-front', 'flux-chatops'] as const;

const tokenAccounts = (cluster: Cluster): readonly string[] =>
  own(cluster, 'Secret')
    .filter((secret) => textAt(secret, 'type') === 'kubernetes.io/service-account-token')
    .map((secret) => secret.metadata.annotations?.['kubernetes.io/service-account.name'] ?? '');

const access: Rule = {
  name: 'chatops-access',
  summary: 'on every cluster the bot has its two accounts and a closed fence, and no more rights',
  scope: 'cluster',
  check: (cluster, world) => {
    const where = `Namespace/${namespace}`;
    const isHome = home(world)?.name === cluster.name;
    const objects = appliedObjects(cluster).map(({ object }) => object);
    const isFenced = objects.some(
      (object) =>
        object.kind === 'ValidatingAdmissionPolicyBinding' &&
        textAt(object, 'spec', 'policyName') === 'flux-chatops-fence' &&
        listAt(object, 'spec', 'validationActions').includes('Deny') &&
        // bound to a part of the cluster, the rest would be outside the fence
        at(object, 'spec', 'matchResources') === undefined,
    );
    const strangers = own(cluster, 'ServiceAccount').filter(
      ({ metadata }) => !accounts.some((name) => name === metadata.name),
    );
    return [
      ...accounts
        .filter((name) => named(cluster, 'ServiceAccount', name) === undefined)
        .map((name) => ({ where, what: `the account ${name} is missing` })),
      ...accounts
        .filter((name) => tokenAccounts(cluster).includes(name) === isHome)
        .map((name) => ({
          where,
          what: isHome
            ? `a lasting token of ${name} is made where nobody needs one`
            : `no token of ${name} is made for the bot, which runs elsewhere`,
        })),
      ...(isFenced ? [] : [{ where, what: 'no fence is bound to the whole cluster' }]),
      ...strangers.map((account) => ({
        where: titleOf(account),
        what: 'an account that the bot has no use for stands beside it',
      })),
    ];
  },
};

const version: Rule = {
  name: 'chatops-version',
  summary:
    'the bot that runs is the one of this commit, and its store speaks a Redis it works with',
  scope: 'both',
  check: (_, { versions, files: texts }) => {
    const read = readYaml(texts.get('package.json') ?? '');
    const built = read.ok ? textAt(read.value, 'version') : undefined;
    const pinned = versions.images['flux-chatops']?.version;
    const spoken = versions.images['valkey']?.redis ?? '';
    const least = versions.components['chatops']?.redis?.min ?? '';
    const number = (text: string): number => {
      const [major = '0', minor = '0'] = text.split('.');
      return Number(major) * 1000 + Number(minor);
    };
    return [
      ...(pinned === built
        ? []
        : [
            {
              where: 'versions.yaml',
              what: `the bot is ${pinned ?? '?'}, package.json ${built ?? '?'}`,
            },
          ]),
      ...(spoken !== '' && least !== '' && number(spoken) >= number(least)
        ? []
        : [
            {
              where: 'versions.yaml',
              what: `the store speaks Redis ${spoken}, the bot needs ${least}`,
            },
          ]),
    ];
  },
};

export const chatopsRules: readonly Rule[] = [configured, files, keys, store, access, version];
