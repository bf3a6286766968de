//! Classes as handlers: what a class is below, and the names of events that it lists as those that it is for. Which of its methods is
//! called with a payload, rows say.

use super::Linker;
use crate::facts::{Expr, FnId};
use crate::link::callee::bases_of;
use crate::link::declared::words_of;
use crate::link::resolve::{DeclId, FnRef};
use crate::link::term::{Kind, Term};

/// How many classes above one another are looked at; a base further up is not found.
const MAX_BASES: u32 = 8;

/// What stands between the words of an event's name. A list without any is one of buttons or of clicks.
pub(super) const BETWEEN: &[char] = &['.', ':', '/', '_', '-', '*'];

impl<'a> Linker<'_, 'a> {
    /// Whether a class has a base of this name, however far up.
    pub(super) fn is_below(&self, class: DeclId, base: &str, up: u32) -> bool {
        up < MAX_BASES
            && (self.program.class(class).bases.iter().any(|path| path.last().is_some_and(|last| last == base))
                || bases_of(self.eval, class).any(|above| self.is_below(above, base, up + 1)))
    }

    /// The names of events that the class of a handler lists: `static applicableEvents = ["documents.publish", "documents.update"]`.
    pub(super) fn listed_by_class(&self, target: FnRef) -> Vec<String> {
        let Some(class) = self.eval.own_class(target) else { return Vec::new() };
        let top = FnRef { file: class.file, id: FnId(0) };
        let names = |value: &'a Expr| -> Option<Vec<String>> {
            let term = self.eval.term(top, value, u32::MAX);
            let Kind::Array(items) = &term.bare().kind else { return None };
            let named = |item: &Term<'a>| item.as_text().filter(|text| !text.contains(char::is_whitespace)).map(str::to_owned);
            items.iter().map(named).collect()
        };
        let declared = self.program.class(class);
        let of_values = declared.members.iter().filter_map(|(name, _, value)| Some((name, value.as_ref()?)));
        let constants = self.program.files.unit(class.file).facts.constants.iter();
        let of_class = constants.filter(|constant| {
            constant.scope.split_last().is_some_and(|(name, outer)| *name == declared.name && *outer == *declared.scope)
        });
        let members = of_values.chain(of_class.map(|constant| (&constant.name, &constant.value)));
        let lists = members.filter(|(name, _)| words_of(name).iter().any(|word| word == "events" || word == "topics"));
        let mut listed = lists.filter_map(|(_, value)| names(value));
        listed.find(|names| names.iter().any(|name| name.contains(BETWEEN))).unwrap_or_default()
    }
}
