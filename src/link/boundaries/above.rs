//! Whether a handler's class is one of those that a row is about: what stands above a class, however far.

use super::Linker;
use crate::link::callee::bases_of;
use crate::link::resolve::DeclId;

/// How many classes above one another are looked at; a base further up is not found.
const MAX_BASES: u32 = 8;

impl Linker<'_, '_> {
    /// Whether a class has a base of this name, however far up.
    pub(super) fn is_below(&self, class: DeclId, base: &str, up: u32) -> bool {
        up < MAX_BASES
            && (self.program.class(class).bases.iter().any(|path| path.last().is_some_and(|last| last == base))
                || bases_of(self.eval, class).any(|above| self.is_below(above, base, up + 1)))
    }
}
