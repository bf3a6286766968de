//! Whether a receiver that answers with an error is heard: `raise_for_status`, `error_for_status`, a look at the status.

use super::super::index::last_name;
use super::super::model::Refusal;
use super::super::summaries::CallSite;
use super::Around;
use crate::facts::{Enclosing, Function, Step};

/// Methods that make an error of an answer that says that the request failed.
const TELLS: &[&str] = &["raise_for_status", "error_for_status", "error_for_status_ref"];

/// Members and methods of an answer that say whether the request failed.
const SAYS: &[&str] =
    &["ok", "status", "status_code", "statusCode", "is_success", "is_error", "is_client_error", "is_server_error"];

impl Around<'_, '_> {
    /// How the functions from the site down to the sink look at the receiver's answer.
    pub(super) fn refusal(&self, levels: &[CallSite]) -> Refusal {
        let mut refusal = Refusal::default();
        for site in levels {
            let function = self.eval.program.function(site.function);
            refusal.told_by = refusal.told_by.or_else(|| {
                let tells = |name: &&str| TELLS.contains(name);
                function.calls.iter().filter_map(|call| last_name(&call.callee.kind)).find(tells).map(str::to_owned)
            });
            refusal.looked_at |= looks(function);
        }
        refusal
    }
}

fn looks(function: &Function) -> bool {
    let says = |word: &str| SAYS.contains(&word);
    let in_guards = || {
        function.calls.iter().any(|call| {
            let enclosing = call.surroundings.enclosing.iter().filter_map(|around| match around {
                Enclosing::Branch(guard) => Some(guard),
                Enclosing::Loop(_) | Enclosing::Try(_) | Enclosing::Catch(_) | Enclosing::Block(_) => None,
            });
            enclosing
                .chain(&call.surroundings.early_returns)
                .any(|guard| guard.source.split(|c: char| !c.is_alphanumeric() && c != '_').any(says))
        })
    };
    function.calls.iter().filter_map(|call| last_name(&call.callee.kind)).any(says)
        || function.reads.iter().any(|read| read.path.iter().any(|step| matches!(step, Step::Key { name, .. } if says(name))))
        || in_guards()
}
