#!/usr/bin/env bash
# talosconfig.sh CLUSTER OUT: fetches the client credentials of Talos from 1Password and points
# them at the control planes.
set -euo pipefail

die() {
  echo "talos: $*" >&2
  exit 1
}

cluster=$1 out=$2
reference=$(yq '.talosconfig' "talos/$cluster/secrets-operator.yaml")
readarray -t endpoints < <(CLUSTER=$cluster yq \
  '.clusters[strenv(CLUSTER)].nodes[] | select(.role == "controlplane") | .address' talos/clusters.yaml)
umask 077
mkdir -p "$(dirname "$out")"
trap 'rm -f "$out.new"' EXIT
op read --no-newline "$reference" >"$out.new" ||
  die "1Password does not give $reference; sign in (op signin), or run: task talos:secrets CLUSTER=$cluster"
talosctl --talosconfig "$out.new" config endpoint "${endpoints[@]}" ||
  die "$reference holds no talosconfig"
mv "$out.new" "$out"
