#!/usr/bin/env bash
# pre-commit and prek install the hook from this repository, pass a commit that keeps the wire form and stop one that breaks it.
set -euo pipefail
: "${root:?run tests/integrations.sh}" "${scratch:?}" "${tools:?}"
# shellcheck source=tests/integrations/sample.sh
source "$root/tests/integrations/sample.sh"

export PATH="$tools/py/bin:$PATH" PRE_COMMIT_HOME=$scratch/pre-commit PREK_HOME=$scratch/prek
# Both install from a clean cache of their own; what cargo has compiled for the one serves the other.
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$scratch/hooks-target}

for runner in pre-commit prek; do
  echo "-- $runner"
  git init --quiet "$scratch/repository-$runner"
  cd "$scratch/repository-$runner"
  service customerId
  git add . && git commit --quiet -m base

  printf '\n// A comment changes nothing on the wire.\n' >> src/lib.rs
  git add .
  "$runner" try-repo "$root" driftgate --verbose
  git commit --quiet -m comment

  service customer_id
  git add .
  if "$runner" try-repo "$root" driftgate --verbose > out 2>&1; then
    echo "the commit that breaks crm-sync was let through"
    cat out
    exit 1
  fi
  grep -q 'field-renamed' out
  cd "$root"
done
