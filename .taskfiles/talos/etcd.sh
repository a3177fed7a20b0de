#!/usr/bin/env bash
# etcd.sh CLUSTER: bootstraps etcd on the first control plane. The machine may still be
# installing, so it is asked again until it answers; a cluster that has etcd is left alone.
# BOOTSTRAP_TRIES (60) times, every BOOTSTRAP_EVERY (5) seconds.
set -euo pipefail

cluster=$1
tries=${BOOTSTRAP_TRIES:-60}
for ((try = 1; try <= tries; try++)); do
  if answer=$(.taskfiles/talos/node.sh "$cluster" first bootstrap 2>&1); then
    echo "$cluster: etcd is bootstrapped"
    exit 0
  fi
  if grep -q 'AlreadyExists' <<<"$answer"; then
    echo "$cluster: etcd is there already"
    exit 0
  fi
  sleep "${BOOTSTRAP_EVERY:-5}"
done
echo "talos: etcd of $cluster could not be bootstrapped in $tries tries: $answer" >&2
exit 1
