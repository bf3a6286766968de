#!/usr/bin/env bash
# A service that sends `invoice.paid`, and the contract of the CRM that reads it. Sourced by the stages that need a repository.

: "${scratch:?}"
export GIT_CONFIG_GLOBAL=$scratch/gitconfig GIT_CONFIG_NOSYSTEM=1
git config --global user.name test
git config --global user.email test@example.invalid
git config --global init.defaultBranch main
git config --global advice.detachedHead false

# service NAME: writes the service with the name that the field has on the wire.
service() {
  mkdir -p src contracts
  printf '[package]\nname = "billing"\nversion = "0.1.0"\nedition = "2024"\n' > Cargo.toml
  printf 'consumer: crm-sync\nevents:\n  invoice.paid:\n    fields:\n      customerId: string\n' > contracts/crm-sync.yaml
  cat > src/lib.rs <<RUST
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
