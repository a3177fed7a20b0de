import { z } from 'zod';
import { GitSettings } from '#src/config/git.ts';
import { checkRelations } from '#src/config/relations.ts';
import { SecretSource } from '#src/config/secret.ts';

const durationForm = /^\d+(ms|s|m|h|d)$/;
const units: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** `10s`, `15m`, `90d`; in the parsed configuration, milliseconds. */
const Duration = z
  .string()
  .regex(durationForm, 'is not a duration')
  .meta({ examples: ['10s', '15m', '90d'] })
  .transform((written) => {
    const [, amount = '0', unit = 's'] = /^(\d+)(\D+)$/.exec(written) ?? [];
    return Number(amount) * (units[unit] ?? 0);
  });

const name = z
  .string()
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, 'is lower-case letters, digits and "-"')
  .meta({ examples: ['infra'] });

const channel = z
  .string()
  .regex(
    /^[CG][A-Z0-9]+$/,
    'is a channel’s id, not its name (Slack: channel details, at the bottom)',
  )
  .meta({ examples: ['C024BE91L'] });

const Cluster = z.strictObject({
  name: name.describe('Name of the cluster, as people type it'),
  kubeconfig: z.string().optional().describe('Kubeconfig file; left out: the cluster we run in'),
  context: z.string().optional().describe('Context in the kubeconfig; left out: its current one'),
  channel: channel.describe('Channel that incidents of this cluster go to'),
  fence: z
    .enum(['required', 'off'])
    .default('required')
    .describe(
      'Whether the bot acts here only while its admission fence stands; off is named by /readyz',
    ),
});

const WebhookKey = z.strictObject({
  cluster: name.describe('The cluster that this key speaks for'),
  namespaces: z
    .array(z.string())
    .min(1)
    .optional()
    .describe('The namespaces that it speaks for; left out: all'),
  key: SecretSource.describe('The token of the Provider’s Secret; list two keys while rotating'),
});

const Slack = z.strictObject({
  mode: z.enum(['socket', 'http']).describe('How Slack reaches the bot'),
  team: z
    .string()
    .regex(/^[TE][A-Z0-9]+$/, 'is a workspace’s id')
    .meta({ examples: ['T024BE7LD'] })
    .describe('The workspace whose people are answered'),
  command: z
    .string()
    .regex(/^\/[a-z0-9_-]+$/, 'is a slash command')
    .meta({ examples: ['/flux'] })
    .default('/flux')
    .describe('The slash command of this installation'),
  botToken: SecretSource.describe('Bot token (xoxb-…)'),
  appToken: SecretSource.optional().describe('App token (xapp-…), for mode socket'),
  signingSecret: SecretSource.optional().describe('Signing secret, for mode http'),
  apiUrl: z
    .url('is no address')
    .meta({ examples: ['http://127.0.0.1:8081/api/'] })
    .optional()
    .describe('Another address of the Web API, for a local Slack'),
});

const Email = z.email('is no e-mail address').meta({ examples: ['robin@example.com'] });

const Person = z.strictObject({
  name: z.string().min(1).describe('The name that grants use'),
  slack: z
    .string()
    .regex(/^[UW][A-Z0-9]+$/, 'is a member’s id')
    .meta({ examples: ['U024BE7LH'] })
    .describe('Member id in the workspace'),
  github: z.string().optional().describe('Login on GitHub'),
  emails: z.array(Email).default([]).describe('Addresses that commits carry'),
  kubernetes: z
    .array(z.strictObject({ cluster: name, username: z.string().min(1) }))
    .default([])
    .describe('User names on clusters, for the terminal'),
});

const Grant = z.strictObject({
  role: z.string().describe('A role from access.roles'),
  people: z.array(z.string()).default([]).describe('Names from people'),
  groups: z.array(z.string()).default([]).describe('Slack user groups (S…)'),
  members: z.boolean().default(false).describe('Every full member of the workspace'),
  clusters: z.array(name).optional().describe('Only on these clusters'),
  namespaces: z.array(z.string()).optional().describe('Only in these namespaces'),
});

const Listen = (port: number, host: string) =>
  z
    .strictObject({
      host: z.string().default(host),
      port: z.number().int().min(0).max(65_535).default(port),
    })
    .prefault({});

const isTimeZone = (written: string): boolean => {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: written }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
};

const Shape = z.strictObject({
  clusters: z
    .array(Cluster)
    .min(1)
    .describe('In the order of acting: a command on "all" goes down the list'),
  webhooks: z.strictObject({
    keys: z.array(WebhookKey).min(1),
    replayWindow: Duration.prefault('1h').describe(
      'An event older than this at arrival is old news',
    ),
    perSecond: z.number().min(1).default(2_000).describe('Deliveries a key may make each second'),
  }),
  slack: Slack,
  channels: z
    .array(z.strictObject({ id: channel, cluster: name }))
    .default([])
    .describe('Default cluster of further channels'),
  people: z.array(Person).default([]),
  access: z
    .strictObject({
      roles: z
        .record(z.string(), z.array(z.string()))
        .describe('Role to the commands it may use; "*" is all'),
      grants: z.array(Grant),
    })
    .default({ roles: {}, grants: [] })
    .describe('Whatever no grant allows is denied'),
  incidents: z
    .strictObject({
      dwell: Duration.prefault('10s').describe('How long an object must stay well to resolve'),
      waiting: Duration.prefault('30s').describe(
        'How long waiting for a healthy object is patient',
      ),
      reopen: Duration.prefault('15m').describe(
        'Failing again within this takes the card up again',
      ),
    })
    .prefault({}),
  git: GitSettings,
  redis: z.strictObject({ url: SecretSource.describe('redis://… or rediss://…') }),
  keys: z
    .strictObject({
      journal: SecretSource.describe('Signs what was decided; at least 32 characters'),
      audit: SecretSource.describe('Chains the audit trail; at least 32 characters'),
    })
    .describe('Keys that must not stand in Redis'),
  listen: z
    .strictObject({
      public: Listen(8080, '0.0.0.0').describe('Webhooks, and Slack in mode http'),
      internal: Listen(9090, '0.0.0.0').describe('/healthz, /readyz, /metrics'),
    })
    .prefault({}),
  timeZone: z
    .string()
    .refine(isTimeZone, 'is no time zone')
    .meta({ examples: ['Europe/Berlin'] })
    .default('UTC')
    .describe('Of times in notifications; on cards Slack puts each into the zone of its reader'),
  retention: z
    .strictObject({
      incidents: Duration.prefault('90d'),
      commands: Duration.prefault('90d'),
      audit: Duration.prefault('365d'),
    })
    .prefault({}),
});

/**
 * The whole configuration, as one writes it. All mistakes come at once: what is wrong with the shape does
 * not keep names that lead nowhere from being told.
 * @param permissions - what roles may name; left out: anything
 */
export const configWith = (permissions: readonly string[] | undefined) =>
  Shape.superRefine(
    (config, context) => {
      checkRelations(config, permissions, (path, message) => {
        context.addIssue({ code: 'custom', path: [...path], message });
      });
    },
    { when: () => true },
  );

export const Config = configWith(undefined);
export type Config = z.output<typeof Config>;

/** JSON schema for editors. */
export const configJsonSchema = (): unknown =>
  z.toJSONSchema(Shape, { io: 'input', unrepresentable: 'any' });
