//! What stays the same of a finding when lines shift: the key of acceptances and of other systems' memory.

use sha2::{Digest, Sha256};

use crate::finding::Finding;

/// Raised only when fingerprints have to change, which orphans every acceptance.
const VERSION: &str = "driftgate-1";

/// Sets the fingerprints of all findings of a run; findings that would have one in common get an ordinal, in their order.
pub fn assign(findings: &mut [Finding]) {
    let mut seen: std::collections::BTreeMap<String, u32> = std::collections::BTreeMap::new();
    for finding in findings {
        let base = of(finding);
        let count = seen.entry(base.clone()).or_insert(0);
        *count += 1;
        finding.fingerprint = if *count == 1 { base } else { format!("{base}-{count}") };
    }
}

fn of(finding: &Finding) -> String {
    let mut hash = Sha256::new();
    let role = finding.role.as_str();
    for part in [VERSION, finding.rule, &finding.event, role, &finding.path, &finding.fragments.0, &finding.fragments.1] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}
