import { alertRules } from '#test/platform/rules/alerts.ts';
import { bgpRules } from '#test/platform/rules/bgp.ts';
import { capacityRules } from '#test/platform/rules/capacity.ts';
import { chartValueRules } from '#test/platform/rules/chart-values.ts';
import { chatopsRules } from '#test/platform/rules/chatops.ts';
import { dependencyRules } from '#test/platform/rules/dependencies.ts';
import { doneRules } from '#test/platform/rules/done.ts';
import { expressionRules } from '#test/platform/rules/expressions.ts';
import { gateRules } from '#test/platform/rules/gate.ts';
import { identityRules } from '#test/platform/rules/identity.ts';
import { ladderRules } from '#test/platform/rules/ladder.ts';
import { lockdownRules } from '#test/platform/rules/lockdown.ts';
import { metricRules } from '#test/platform/rules/metrics.ts';
import { nameRules } from '#test/platform/rules/names.ts';
import { networkRules } from '#test/platform/rules/network.ts';
import { networkPolicyRules } from '#test/platform/rules/network-policies.ts';
import { operationRules } from '#test/platform/rules/operations.ts';
import { pinRules } from '#test/platform/rules/pins.ts';
import { podSecurityRules } from '#test/platform/rules/pod-security.ts';
import { policyRules } from '#test/platform/rules/policies.ts';
import { referenceRules } from '#test/platform/rules/references.ts';
import { renderRules } from '#test/platform/rules/render.ts';
import { resilienceRules } from '#test/platform/rules/resilience.ts';
import { schemaRules } from '#test/platform/rules/schema.ts';
import { secretKeyRules } from '#test/platform/rules/secret-keys.ts';
import { secretRules } from '#test/platform/rules/secrets.ts';
import { serviceRules } from '#test/platform/rules/services.ts';
import { sourceRules } from '#test/platform/rules/sources.ts';
import { talosRules } from '#test/platform/rules/talos-needs.ts';
import { tenancyRules } from '#test/platform/rules/tenancy.ts';
import { webhookPathRules } from '#test/platform/rules/webhook-path.ts';
import type { Finding, Rule, World } from '#test/platform/world/world.ts';

/** Every rule of the platform, in the order of the table. */
export const rules: readonly Rule[] = [
  ...renderRules,
  ...identityRules,
  ...referenceRules,
  ...dependencyRules,
  ...doneRules,
  ...expressionRules,
  ...schemaRules,
  ...chartValueRules,
  ...pinRules,
  ...sourceRules,
  ...lockdownRules,
  ...networkRules,
  ...bgpRules,
  ...talosRules,
  ...policyRules,
  ...networkPolicyRules,
  ...serviceRules,
  ...nameRules,
  ...webhookPathRules,
  ...secretRules,
  ...secretKeyRules,
  ...alertRules,
  ...metricRules,
  ...resilienceRules,
  ...capacityRules,
  ...podSecurityRules,
  ...chatopsRules,
  ...tenancyRules,
  ...operationRules,
  ...ladderRules,
  ...gateRules,
];

export interface Verdict {
  readonly rule: Rule;
  /** a cluster's name, or `both` */
  readonly on: string;
  readonly findings: readonly Finding[];
}

/** Applies one rule to every cluster, or once when it looks at both together. */
export const judge = (rule: Rule, world: World): readonly Verdict[] => {
  const [first] = world.clusters;
  if (rule.scope === 'both') {
    return first === undefined ? [] : [{ rule, on: 'both', findings: rule.check(first, world) }];
  }
  return world.clusters.map((cluster) => ({
    rule,
    on: cluster.name,
    findings: rule.check(cluster, world),
  }));
};
