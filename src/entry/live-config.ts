import type { Clock } from '#src/clock.ts';
import type { Policy } from '#src/command/policy.ts';
import { type LoadedConfig, type LoadOptions, loadConfig } from '#src/config/load.ts';
import { personOf } from '#src/config/people.ts';
import { policyOf } from '#src/config/policy.ts';
import { sayProblem } from '#src/config/problems.ts';
import type { Settings } from '#src/entry/compose.ts';
import type { IntakeLimits } from '#src/http/intake.ts';
import type { WebhookKey } from '#src/http/signature.ts';
import type { IncidentSettings } from '#src/incident/situation.ts';
import type { Log } from '#src/log.ts';
import { plainTime, type SayTime } from '#src/text/plain.ts';

/** The configuration as it is now; a changed file or a rotated secret counts from the next look on. */
export interface LiveConfig extends Omit<Settings, 'rates' | 'sayTime'> {
  /** In the time zone of the configuration. */
  readonly sayTime: SayTime;
  readonly current: () => LoadedConfig;
  readonly webhookKeys: () => readonly WebhookKey[];
  readonly intakeLimits: () => IntakeLimits;
  readonly groups: () => readonly string[];
  /** Whether the bot acts on a cluster only while its admission fence stands. */
  readonly fenceRequired: (cluster: string) => boolean;
  /** Looks at the files until the signal is aborted. */
  watch(signal: AbortSignal): Promise<void>;
}

const lookEveryMs = 5_000;

interface Derived {
  readonly loaded: LoadedConfig;
  readonly policy: Policy;
  readonly keys: readonly WebhookKey[];
  readonly intake: IntakeLimits;
  readonly incidents: IncidentSettings;
}

const derive = (loaded: LoadedConfig): Derived => {
  const { config, secrets } = loaded;
  return {
    loaded,
    policy: policyOf(config),
    keys: config.webhooks.keys.map(({ cluster, namespaces }, at) => ({
      id: `${cluster}/${namespaces?.join('+') ?? '*'}#${at}`,
      secret: secrets.get(`webhooks.keys[${at}].key`) ?? '',
      cluster,
      ...(namespaces === undefined ? {} : { namespaces }),
    })),
    intake: {
      replayWindowMs: config.webhooks.replayWindow,
      rate: { perSecond: config.webhooks.perSecond, burst: config.webhooks.perSecond * 2 },
    },
    incidents: {
      dwellMs: config.incidents.dwell,
      waitingMs: config.incidents.waiting,
      reopenMs: config.incidents.reopen,
      hosts: config.git.hosts,
    },
  };
};

/** What is read once at start: a change of it waits for a restart, and is said. */
const fixedPart = ({ config, secrets }: LoadedConfig): string =>
  JSON.stringify([
    config.clusters.map(({ name, kubeconfig, context }) => [name, kubeconfig, context]),
    { ...config.slack },
    config.listen,
    [...secrets].filter(([path]) => !/^(?:webhooks|git)\./.test(path)),
  ]);

const fingerprint = ({ config, secrets }: LoadedConfig): string =>
  JSON.stringify([config, [...secrets]]);

/**
 * Follows the configuration. A file that is wrong changes nothing: what was in force stays, and what is
 * wrong is logged once.
 */
export const createLiveConfig = (
  first: LoadedConfig,
  options: LoadOptions,
  clock: Clock,
  log: Log,
): LiveConfig => {
  const fixed = fixedPart(first);
  let now = derive(first);
  let seen = fingerprint(first);

  const look = (): void => {
    const loaded = loadConfig(options);
    const stamp = loaded.ok ? fingerprint(loaded.value) : JSON.stringify(loaded.failure);
    if (stamp === seen) {
      return;
    }
    seen = stamp;
    if (!loaded.ok) {
      log.error(
        { problems: loaded.failure.map(sayProblem) },
        'the changed configuration is wrong; what was in force stays',
      );
      return;
    }
    if (fixedPart(loaded.value) !== fixed) {
      log.warn({}, 'clusters, Slack, addresses and keys of the bot itself change with a restart');
    }
    now = derive(loaded.value);
    log.info({}, 'the changed configuration is in force');
  };

  return {
    current: () => now.loaded,
    webhookKeys: () => now.keys,
    intakeLimits: () => now.intake,
    policy: () => now.policy,
    personOf: (author) => personOf(now.loaded.config.people, author),
    incidents: () => now.incidents,
    fenceRequired: (cluster) =>
      now.loaded.config.clusters.find((one) => one.name === cluster)?.fence !== 'off',
    groups: () => [...new Set(now.loaded.config.access.grants.flatMap((grant) => grant.groups))],
    channelOf: (cluster) => now.loaded.config.clusters.find((one) => one.name === cluster)?.channel,
    defaultCluster: (channel) => {
      const { clusters, channels } = now.loaded.config;
      const own = clusters.filter((cluster) => cluster.channel === channel);
      return (
        channels.find((one) => one.id === channel)?.cluster ??
        (own.length === 1 ? own[0]?.name : undefined)
      );
    },
    sayTime: (at, precision) => plainTime(at, precision, now.loaded.config.timeZone),
    root: first.config.slack.command,
    journalKey: first.secrets.get('keys.journal') ?? '',
    watch: async (signal) => {
      while (!signal.aborted) {
        await clock.wait(lookEveryMs, signal);
        if (!signal.aborted) {
          look();
        }
      }
    },
  };
};
