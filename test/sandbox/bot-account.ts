import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import { asObject, type KubeObject } from '#test/sandbox/api/json.ts';

const repository = `${import.meta.dirname}/../..`;

/** What a watched cluster gets for the bot, as it is deployed: accounts, roles, and the admission fence. */
const files = [
  'deploy/cluster/namespace.yaml',
  'deploy/cluster/service-accounts.yaml',
  'deploy/cluster/fence.yaml',
  'deploy/rbac/observe.yaml',
  'deploy/rbac/act.yaml',
  'deploy/rbac/bindings.yaml',
];

export const botAccount = 'system:serviceaccount:flux-chatops:flux-chatops';

export const botUsers = [{ name: botAccount, groups: ['system:serviceaccounts'] }];

export const botRights = (): readonly KubeObject[] =>
  files.flatMap((file) =>
    parseAllDocuments(readFileSync(`${repository}/${file}`, 'utf8')).map((document) => {
      const object = asObject(document.toJS());
      if (object === undefined) {
        throw new Error(`${file} holds something that is no Kubernetes object`);
      }
      return object;
    }),
  );

/** The binding without which the fence does not stand. */
export const fenceBinding = {
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingAdmissionPolicyBinding',
  name: 'flux-chatops-fence',
};
