import type { Policy } from '#src/command/policy.ts';
import type { Config } from '#src/config/config.ts';

/** The policy that a configuration describes. */
export const policyOf = (config: Pick<Config, 'access' | 'people' | 'slack'>): Policy => {
  const { team } = config.slack;
  const subjectsOf = (named: string): readonly string[] =>
    config.people
      .filter((person) => person.name === named)
      .flatMap((person) => [
        `slack:${team}:${person.slack}`,
        ...person.kubernetes.map(({ cluster, username }) => `kubernetes:${cluster}:${username}`),
      ]);
  return {
    teams: [team],
    grants: config.access.grants.map((grant) => ({
      role: grant.role,
      permissions: config.access.roles[grant.role] ?? [],
      subjects: [
        ...grant.people.flatMap(subjectsOf),
        ...grant.groups.map((group) => `slack-group:${team}:${group}`),
        ...(grant.members ? [`slack-member:${team}`] : []),
      ],
      ...(grant.clusters === undefined ? {} : { clusters: grant.clusters }),
      ...(grant.namespaces === undefined ? {} : { namespaces: grant.namespaces }),
    })),
  };
};
