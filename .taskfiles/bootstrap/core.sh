#!/usr/bin/env bash
# core.sh CLUSTER: phase 1. Installs what Flux needs, then Flux, in the order of their needs.
set -euo pipefail

cluster=$1
helmfile --file bootstrap/helmfile.d/01-apps.yaml --environment "$cluster" sync --hide-notes || {
  echo "bootstrap:core: helmfile could not install the core of $cluster; fix what it names and run again" >&2
  exit 1
}
