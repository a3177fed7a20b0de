import { z } from 'zod';
import { nearest } from '#src/command/words.ts';
import { checkGit } from '#src/config/git.ts';
import type { Report } from '#src/config/problems.ts';

const list = <Item extends z.ZodType>(item: Item) => z.array(item).catch([]);
const word = z.string().optional().catch(undefined);
const anything = z.unknown().optional();

/**
 * The names in a configuration that point to one another, as far as they are there: what is wrong with the
 * rest must not hide what is wrong with these.
 */
const Named = z.object({
  clusters: list(z.object({ name: word }).catch({ name: undefined })),
  webhooks: z
    .object({ keys: list(z.object({ cluster: word }).catch({ cluster: undefined })) })
    .catch({ keys: [] }),
  channels: list(z.object({ cluster: word }).catch({ cluster: undefined })),
  people: list(z.object({ name: word }).catch({ name: undefined })),
  access: z
    .object({
      roles: z
        .record(z.string(), list(z.string().catch('*')))
        .optional()
        .catch(undefined),
      grants: list(
        z
          .object({ role: word, people: list(word), clusters: list(word) })
          .catch({ role: undefined, people: [], clusters: [] }),
      ),
    })
    .catch({ roles: undefined, grants: [] }),
  slack: z
    .object({ mode: word, appToken: anything, signingSecret: anything })
    .catch({ mode: undefined, appToken: undefined, signingSecret: undefined }),
  git: z
    .object({
      hosts: list(
        z.looseObject({ kind: word, apiUrl: anything, token: anything, owners: anything }),
      ),
    })
    .catch({ hosts: [] }),
});
type Named = z.output<typeof Named>;

const given = (names: readonly (string | undefined)[]): ReadonlySet<string> =>
  new Set(names.filter((name) => name !== undefined));

const checkClusters = (config: Named, report: Report): void => {
  const known = given(config.clusters.map((cluster) => cluster.name));
  const check = (cluster: string | undefined, path: readonly (string | number)[]): void => {
    // without a single cluster that is the mistake, and not what names one
    if (known.size > 0 && cluster !== undefined && !known.has(cluster)) {
      report(path, `no cluster is called "${cluster}"; there are ${[...known].join(', ')}`);
    }
  };
  config.webhooks.keys.forEach((key, at) => {
    check(key.cluster, ['webhooks', 'keys', at, 'cluster']);
  });
  config.channels.forEach((one, at) => {
    check(one.cluster, ['channels', at, 'cluster']);
  });
  config.access.grants.forEach((grant, at) => {
    grant.clusters.forEach((cluster, index) => {
      check(cluster, ['access', 'grants', at, 'clusters', index]);
    });
  });
  const spoken = given(config.webhooks.keys.map((key) => key.cluster));
  config.clusters.forEach(({ name }, at) => {
    if (spoken.size > 0 && name !== undefined && !spoken.has(name)) {
      report(['clusters', at], `no webhook key speaks for "${name}"; add one under webhooks.keys`);
    }
  });
};

const checkGrants = ({ access, people }: Named, report: Report): void => {
  const names = given(people.map((person) => person.name));
  const { roles } = access;
  access.grants.forEach((grant, at) => {
    if (roles !== undefined && grant.role !== undefined && !Object.hasOwn(roles, grant.role)) {
      report(
        ['access', 'grants', at, 'role'],
        `no role is called "${grant.role}"; there are ${Object.keys(roles).join(', ')}`,
      );
    }
    grant.people.forEach((person, index) => {
      if (person !== undefined && !names.has(person)) {
        report(
          ['access', 'grants', at, 'people', index],
          `nobody under people is called "${person}"`,
        );
      }
    });
  });
};

const checkRoles = (
  { access }: Named,
  permissions: readonly string[] | undefined,
  report: Report,
): void => {
  if (permissions === undefined) {
    return;
  }
  for (const [role, allowed] of Object.entries(access.roles ?? {})) {
    allowed.forEach((permission, at) => {
      if (permission !== '*' && !permissions.includes(permission)) {
        const close = nearest(permission, permissions);
        const help =
          close === undefined
            ? `there are ${permissions.join(', ')}, and "*" for all`
            : `did you mean ${close}?`;
        report(['access', 'roles', role, at], `no command is called "${permission}"; ${help}`);
      }
    });
  }
};

const checkSlack = ({ slack }: Named, report: Report): void => {
  if (slack.mode === 'socket' && slack.appToken === undefined) {
    report(['slack', 'appToken'], 'mode socket needs the app token');
  }
  if (slack.mode === 'http' && slack.signingSecret === undefined) {
    report(['slack', 'signingSecret'], 'mode http needs the signing secret');
  }
};

const checkUnique = (config: Named, report: Report): void => {
  for (const [section, one] of [
    ['clusters', 'cluster'],
    ['people', 'person'],
  ] as const) {
    const names = config[section].map(({ name }) => name);
    names.forEach((name, at) => {
      if (name !== undefined && names.indexOf(name) < at) {
        report([section, at, 'name'], `another ${one} is called "${name}" already`);
      }
    });
  }
};

/**
 * What the shape of a configuration does not say: names that lead nowhere or to two, and settings that
 * need another.
 * @param written - as it was parsed so far; may be wrong in other ways, too
 * @param permissions - what roles may name besides `*`; left out: anything
 */
export const checkRelations = (
  written: unknown,
  permissions: readonly string[] | undefined,
  report: Report,
): void => {
  const named = Named.safeParse(written);
  if (!named.success) {
    // no mapping at all, which the shape says
    return;
  }
  const config = named.data;
  checkUnique(config, report);
  checkClusters(config, report);
  checkGrants(config, report);
  checkRoles(config, permissions, report);
  checkSlack(config, report);
  checkGit(config.git, report);
};
