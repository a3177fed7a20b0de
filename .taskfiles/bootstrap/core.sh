#!/usr/bin/env bash
# core.sh CLUSTER: phase 1. Installs what Flux needs, then Flux, in the order of their needs. Once
# Flux has taken the releases over it does nothing, unless FORCE=true: Flux adds values that
# bootstrap does not know (gateways, the mesh), and a second hand would take them away.
set -euo pipefail

die() {
  echo "bootstrap:core: $*" >&2
  exit 1
}

cluster=$1
owned=$(kubectl get helmreleases.helm.toolkit.fluxcd.io cilium --namespace kube-system \
  --ignore-not-found --output name 2>&1) || {
  grep -q "doesn't have a resource type" <<<"$owned" || die "the cluster does not say whether Flux owns the core: $owned"
  owned=
}
if [ -n "$owned" ] && [ "${FORCE:-false}" != true ]; then
  echo "$cluster: Flux owns the core already; repair it through Git (task bootstrap:status CLUSTER=$cluster)"
  exit 0
fi
helmfile --file bootstrap/helmfile.d/01-apps.yaml --environment "$cluster" sync --hide-notes ||
  die "helmfile could not install the core of $cluster; fix what it names and run again"
