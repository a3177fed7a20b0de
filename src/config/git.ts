import { z } from 'zod';
import type { Report } from '#src/config/problems.ts';
import { SecretSource } from '#src/config/secret.ts';
import { hostKinds } from '#src/git/origin.ts';

const GitHostShape = z.strictObject({
  host: z
    .string()
    .regex(
      /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?(:\d+)?$/,
      'is a host as it stands in spec.url of a GitRepository: no scheme, no path',
    )
    .meta({ examples: ['github.com'] })
    .describe('Host of the repositories, with its port where that is not the usual one'),
  kind: z.enum(hostKinds).describe('What runs there; gitea is Forgejo as well'),
  webUrl: z
    .url('is no address')
    .meta({ examples: ['https://git.example.com'] })
    .optional()
    .describe('Its address in the browser, where that is not https:// and the host'),
  apiUrl: z
    .url('is no address')
    .meta({ examples: ['https://git.example.com/api/v3'] })
    .optional()
    .describe('Address of the API of kind github; left out: api.github.com, or <host>/api/v3'),
  token: SecretSource.optional().describe(
    'Token for kind github that may read contents (of a person or of an App’s installation); left out: public repositories only',
  ),
  owners: z
    .array(
      z
        .string()
        .min(1)
        .meta({ examples: ['acme'] }),
    )
    .min(1)
    .optional()
    .describe(
      'Read commits in repositories of these owners alone; needed with a token; left out without one: all that is public',
    ),
});

const GitHost = GitHostShape.meta({ dependentRequired: { token: ['owners'] } });

export const GitSettings = z
  .strictObject({
    hosts: z
      .array(GitHost)
      .refine(
        (hosts) => new Set(hosts.map((one) => one.host)).size === hosts.length,
        'two entries have one host',
      )
      .default([]),
  })
  .prefault({})
  .describe('Hosts of Git repositories, for reading commits; the public ones are linked without');
export type GitSettings = z.output<typeof GitSettings>;

/** What the shape alone does not say. */
export const checkGit = (
  {
    hosts,
  }: {
    readonly hosts: readonly {
      readonly kind?: unknown;
      readonly apiUrl?: unknown;
      readonly token?: unknown;
      readonly owners?: unknown;
    }[];
  },
  report: Report,
): void => {
  hosts.forEach((one, at) => {
    for (const setting of ['apiUrl', 'token', 'owners'] as const) {
      const isLinked = one.kind !== 'github' && hostKinds.some((kind) => kind === one.kind);
      if (isLinked && one[setting] !== undefined) {
        report(
          ['git', 'hosts', at, setting],
          `is for kind github; pages of a ${one.kind} host are linked, and nothing is read there`,
        );
      }
    }
    // the addresses stand in Flux objects, so whoever writes one would choose what the token reads
    if (one.kind === 'github' && one.token !== undefined && one.owners === undefined) {
      report(
        ['git', 'hosts', at, 'owners'],
        'is needed with a token, for example owners: [acme]; without it whoever may write a GitRepository could have the bot read all that the token can',
      );
    }
  });
};
