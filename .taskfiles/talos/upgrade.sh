#!/usr/bin/env bash
# upgrade.sh CLUSTER NODE: brings one machine to the installer image of talos/patches/shared.yaml
# and waits until the cluster is well again. A machine that runs the version is left alone, unless
# FORCE=true (a new schematic under the same version).
set -euo pipefail

cluster=$1 node=$2
image=$(yq --no-doc 'select(.kind == "UnattendedInstallConfig") | .installer.image' talos/patches/shared.yaml)
running=$(.taskfiles/talos/node.sh "$cluster" "$node" version --short)
if [ "${FORCE:-false}" != true ] && grep -q "Tag: *${image##*:}\$" <<<"$(sed -n '/^Server/,$p' <<<"$running")"; then
  echo "$node: runs ${image##*:} already"
  exit 0
fi
.taskfiles/talos/node.sh "$cluster" "$node" upgrade --image "$image" --wait
.taskfiles/talos/node.sh "$cluster" first health --wait-timeout 10m
