#!/usr/bin/env bash
# resources.sh CLUSTER: lays down bootstrap/resources.yaml with its op:// references read from
# 1Password. Values go from op to kubectl through memory and pipes only. `op inject` would paste
# them into the YAML as text, where a private key's line breaks end the document.
set -euo pipefail

die() {
  echo "bootstrap:resources: $*" >&2
  exit 1
}

cluster=$1
settings=kubernetes/clusters/$cluster/cluster-settings.yaml
[ -f "$settings" ] || die "$settings is missing"
ONEPASSWORD_VAULT=$(yq '.data.ONEPASSWORD_VAULT // ""' "$settings")
[ -n "$ONEPASSWORD_VAULT" ] || die "$settings names no ONEPASSWORD_VAULT"
export ONEPASSWORD_VAULT

manifests=$(yq '(.. | select(tag == "!!str")) |= envsubst(nu)' bootstrap/resources.yaml) ||
  die "bootstrap/resources.yaml asks for a setting that is not given"
references=$(yq --no-doc 'select(.kind == "Secret")
  | .metadata.namespace + " " + .metadata.name + " " + (.stringData | to_entries | .[] | .key + " " + .value)
' <<<"$manifests")
[ -n "$references" ] || die "bootstrap/resources.yaml holds no Secret"

while read -r namespace name key reference <&3; do
  value=$(op read --no-newline "$reference") ||
    die "1Password does not give $reference; sign in (op signin) or make the item (docs/secrets.md)"
  [ -n "$value" ] || die "$reference is empty"
  manifests=$(NAMESPACE=$namespace NAME=$name KEY=$key VALUE=$value yq '(select(.kind == "Secret"
    and .metadata.namespace == strenv(NAMESPACE) and .metadata.name == strenv(NAME)
  ) | .stringData[strenv(KEY)]) = strenv(VALUE)' <<<"$manifests")
done 3<<<"$references"

if grep -q 'op://' <<<"$manifests"; then
  die "a reference in bootstrap/resources.yaml was left unread"
fi
kubectl apply --server-side --force-conflicts --field-manager flux-bootstrap --filename - <<<"$manifests" ||
  die "the cluster did not take the resources"
