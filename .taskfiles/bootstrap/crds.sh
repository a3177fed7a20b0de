#!/usr/bin/env bash
# crds.sh CLUSTER: phase 0. Renders bootstrap/helmfile.d/00-crds.yaml, keeps the CRDs, proves that
# nothing else is left, and applies them with those of Gateway API, from the commit that Flux pins.
set -euo pipefail

die() {
  echo "bootstrap:crds: $*" >&2
  exit 1
}

cluster=$1
rendered=$(helmfile --quiet --file bootstrap/helmfile.d/00-crds.yaml --environment "$cluster" template) ||
  die "helmfile could not render the charts"
crds=$(yq eval 'select(.kind == "CustomResourceDefinition")' <<<"$rendered") ||
  die "helmfile did not print YAML"
[ -n "$crds" ] || die "the charts hold no CRD"
strangers=$(yq eval --no-doc 'select(.kind != "CustomResourceDefinition") | .kind' <<<"$crds")
[ -z "$strangers" ] || die "the filter let through: $strangers"
kubectl apply --server-side --force-conflicts --field-manager flux-bootstrap --filename - <<<"$crds" ||
  die "the cluster did not take the CRDs"

piece=kubernetes/infrastructure/crds/gateway-api
url=$(yq '.spec.url' "$piece/git-repository.yaml")
commit=$(yq '.spec.ref.commit' "$piece/git-repository.yaml")
path=$(yq '.spec.path' "$piece/ks.yaml")
kubectl apply --server-side --force-conflicts --field-manager flux-bootstrap \
  --kustomize "$url/${path#./}?ref=$commit" ||
  die "the cluster did not take the CRDs of Gateway API ($url at $commit)"
