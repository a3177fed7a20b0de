#!/usr/bin/env bash
# bot-access.sh CLUSTER: makes a kubeconfig for each of the bot's two accounts on a cluster that it
# watches from elsewhere, and stores them in the vault of the cluster that it runs on. The tokens are
# those of the Secrets that Flux keeps there (gitops/chatops-remote). They go from kubectl to op
# through pipes only. An item that is there is left alone: docs/secrets.md says how to change it.
set -euo pipefail

die() {
  echo "bootstrap:bot-access: $*" >&2
  exit 1
}

cluster=$1 home=infra
settings=kubernetes/clusters/$cluster/cluster-settings.yaml
item=flux-chatops-kubeconfigs
vault=$(yq '.data.ONEPASSWORD_VAULT' "kubernetes/clusters/$home/cluster-settings.yaml")
address=$(yq '.data.API_VIP' "$settings")
op vault get "$vault" >/dev/null || die "1Password does not show vault $vault; sign in (op signin)"
if op item get "$item" --vault "$vault" >/dev/null 2>&1; then
  echo "$cluster: item $item is in vault $vault already; it is left as it is"
  exit 0
fi

kubeconfig() { # kubeconfig SECRET ACCOUNT
  local secret
  secret=$(kubectl get secret "$1" --namespace flux-chatops --output yaml) ||
    die "$cluster has no Secret flux-chatops/$1; Flux makes it with the layer chatops-remote"
  CLUSTER=$cluster ACCOUNT=$2 SERVER=https://$address:6443 \
    yq --from-file .taskfiles/bootstrap/bot-kubeconfig.yq <<<"$secret"
}

front=$(kubeconfig flux-chatops-front-remote flux-chatops-front)
worker=$(kubeconfig flux-chatops-remote flux-chatops)
for text in "$front" "$worker"; do
  [ "$(yq '.users[0].user.token' <<<"$text")" != "" ] ||
    die "Kubernetes has not filled in a token yet; run again in a moment"
done
document=$(ITEM=$item FRONT=front-$cluster FRONT_TEXT=$front WORKER=worker-$cluster WORKER_TEXT=$worker \
  yq --null-input --output-format json '{
    "title": strenv(ITEM), "category": "SECURE_NOTE", "fields": [
      {"id": strenv(FRONT), "label": strenv(FRONT), "type": "CONCEALED", "value": strenv(FRONT_TEXT)},
      {"id": strenv(WORKER), "label": strenv(WORKER), "type": "CONCEALED", "value": strenv(WORKER_TEXT)}
    ]}')
op item create --vault "$vault" - <<<"$document" >/dev/null || die "1Password did not store the item"
echo "$cluster: item $item is stored in vault $vault; the bot takes it up within five minutes"
