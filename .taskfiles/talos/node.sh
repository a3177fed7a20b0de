#!/usr/bin/env bash
# node.sh CLUSTER NODE COMMAND...: runs talosctl on one machine; NODE `first` is the control
# plane that bootstraps.
set -euo pipefail

die() {
  echo "talos: $*" >&2
  exit 1
}

cluster=$1 node=$2
shift 2
address=$(CLUSTER=$cluster NODE=$node yq '.clusters[strenv(CLUSTER)].nodes
  | map(select(.name == strenv(NODE) or (strenv(NODE) == "first" and .role == "controlplane")))
  | .[0].address // ""' talos/clusters.yaml)
[ -n "$address" ] || die "talos/clusters.yaml has no node $node in cluster $cluster"
talosctl --nodes "$address" --endpoints "$address" "$@" ||
  die "talosctl $1 failed on $node of $cluster ($address)"
