#!/usr/bin/env bash
# secrets.sh CLUSTER: makes the secrets of a new cluster and stores them as item `talos` in its
# vault. An item that is there is never touched: it is the identity of a cluster.
set -euo pipefail

die() {
  echo "talos:secrets: $*" >&2
  exit 1
}

cluster=$1
vault=$(yq '.data.ONEPASSWORD_VAULT' "kubernetes/clusters/$cluster/cluster-settings.yaml")
endpoint=$(yq --no-doc 'select(.kind == "KubeClusterConfig") | .endpoint' "talos/$cluster/cluster.yaml")
op vault get "$vault" >/dev/null || die "1Password does not show vault $vault; sign in (op signin)"
if op item get talos --vault "$vault" >/dev/null 2>&1; then
  echo "$cluster: item talos is in vault $vault already; it is left as it is"
  exit 0
fi

umask 077
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
talosctl gen secrets --output-file "$scratch/secrets.yaml" || die "talosctl made no secrets"
talosctl gen config "$cluster" "$endpoint" --with-secrets "$scratch/secrets.yaml" \
  --output-types talosconfig --output "$scratch/talosconfig" || die "talosctl made no talosconfig"
item=$(TALOSCONFIG_TEXT=$(<"$scratch/talosconfig") yq --output-format json \
  --from-file .taskfiles/talos/secret-item.yq "$scratch/secrets.yaml")
absent=$(yq '.fields[] | select(.value == null or .value == "") | .id' <<<"$item")
[ -z "$absent" ] || die "talosctl made no value for: $absent"
op item create --vault "$vault" - <<<"$item" >/dev/null || die "1Password did not store the item"
echo "$cluster: item talos is stored in vault $vault"
