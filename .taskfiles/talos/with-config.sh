#!/usr/bin/env bash
# with-config.sh CLUSTER NODE (validate|install|apply): merges the machine's configuration and
# hands it to talosctl. It holds secrets: the file lives only as long as this script.
set -euo pipefail

die() {
  echo "talos: $*" >&2
  exit 1
}

cluster=$1 node=$2 action=$3
address=$(CLUSTER=$cluster NODE=$node yq \
  '.clusters[strenv(CLUSTER)].nodes[] | select(.name == strenv(NODE)) | .address' talos/clusters.yaml)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
.taskfiles/talos/machine-config.sh "$cluster" "$node" "$scratch/config.yaml" ||
  die "no configuration for $node"

case $action in
validate)
  talosctl validate --mode metal --strict --config "$scratch/config.yaml" ||
    die "the configuration of $node is not valid"
  ;;
install)
  if answer=$(talosctl apply-config --insecure --nodes "$address" --file "$scratch/config.yaml" 2>&1); then
    echo "$node ($address): configured"
  # A machine that has its configuration speaks to holders of a certificate only.
  elif grep -q 'certificate required' <<<"$answer"; then
    echo "$node ($address): configured already"
  else
    die "$node ($address) does not take its configuration: $answer"
  fi
  ;;
apply)
  talosctl --nodes "$address" --endpoints "$address" apply-config --mode auto --file "$scratch/config.yaml" ||
    die "$node ($address) does not take its configuration"
  ;;
*) die "unknown action $action" ;;
esac
