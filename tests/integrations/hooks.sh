#!/usr/bin/env bash
# pre-commit and prek install the hook from this repository, pass a commit that keeps the wire form and stop one that breaks it.
set -euo pipefail
: "${root:?run tests/integrations.sh}" "${scratch:?}" "${tools:?}"

export PATH="$tools/py/bin:$PATH" PRE_COMMIT_HOME=$scratch/pre-commit PREK_HOME=$scratch/prek
export GIT_CONFIG_GLOBAL=$scratch/gitconfig GIT_CONFIG_NOSYSTEM=1
git config --global user.name test
git config --global user.email test@example.invalid
git config --global init.defaultBranch main

service() { # the name that the field has on the wire
  cat <<RUST
use serde::Serialize;

#[derive(Serialize)]
pub struct InvoicePaid {
    pub id: String,
    #[serde(rename = "$1")]
    pub customer: String,
}

pub fn paid(bus: &Bus, invoice: InvoicePaid) {
    bus.publish("invoice.paid", &invoice);
}
RUST
}

for runner in pre-commit prek; do
  echo "-- $runner"
  repository=$scratch/repository-$runner
  git init --quiet "$repository"
  cd "$repository"
  mkdir src contracts
  printf '[package]\nname = "billing"\nversion = "0.1.0"\nedition = "2024"\n' > Cargo.toml
  service customerId > src/lib.rs
  printf 'consumer: crm-sync\nevents:\n  invoice.paid:\n    fields:\n      customerId: string\n' > contracts/crm-sync.yaml
  git add . && git commit --quiet -m base

  printf '\n// A comment changes nothing on the wire.\n' >> src/lib.rs
  git add .
  "$runner" try-repo "$root" driftgate --verbose
  git commit --quiet -m comment

  service customer_id > src/lib.rs
  git add .
  if "$runner" try-repo "$root" driftgate --verbose > out 2>&1; then
    echo "the commit that breaks crm-sync was let through"
    cat out
    exit 1
  fi
  grep -q 'field-renamed' out
  cd "$root"
done
