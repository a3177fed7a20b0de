#!/usr/bin/env bash
# machine-config.sh CLUSTER NODE OUT: merges the layers of one node and writes its machine
# configuration to OUT, readable by its owner only. Secrets are read from 1Password here and stay
# on this machine only as long as OUT does; the caller removes it.
set -euo pipefail

die() {
  echo "machine-config: $*" >&2
  exit 1
}

cluster=$1 node=$2 out=$3
role=$(CLUSTER=$cluster NODE=$node yq \
  '.clusters[env(CLUSTER)].nodes[] | select(.name == env(NODE)) | .role' talos/clusters.yaml)
[ -n "$role" ] || die "talos/clusters.yaml has no node $node in cluster $cluster"

layers=("talos/patches/$role.yaml" "talos/$cluster/cluster.yaml")
[ "$role" = controlplane ] && layers+=("talos/$cluster/controlplane.yaml")
node_layer="talos/$cluster/nodes/$node.yaml"
secrets_layer="talos/$cluster/secrets-$role.yaml"
for file in "${layers[@]}" "$node_layer" "$secrets_layer"; do
  [ -f "$file" ] || die "$file is missing"
done

umask 077
secrets=$(mktemp)
trap 'rm -f "$secrets"' EXIT
op inject --in-file "$secrets_layer" >"$secrets" ||
  die "1Password did not resolve $secrets_layer; sign in (op signin), or run: task talos:secrets CLUSTER=$cluster"
if grep -q 'op://' "$secrets"; then
  die "a reference in $secrets_layer was left unresolved"
fi

patches=()
for file in "${layers[@]}" "$secrets" "$node_layer"; do
  patches+=(--patch "@$file")
done
talosctl machineconfig patch talos/patches/shared.yaml "${patches[@]}" --output "$out" ||
  die "talosctl could not merge the layers of $node"
