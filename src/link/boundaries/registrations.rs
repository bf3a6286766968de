//! Handlers that a decorator is called with instead of standing above them: `deliver = actor(Deliver(), max_retries=3)`,
//! `build = app.task(name="build")(build_report)`.

use rustc_hash::FxHashMap;

use super::Linker;
use crate::facts::{Call, ExprKind, FnId, LanguageId, Name};
use crate::link::eval::callee_text;
use crate::link::idioms::matcher::Idiom;
use crate::link::index::last_name;
use crate::link::modules::FileId;
use crate::link::relay;
use crate::link::resolve::FnRef;

/// The calls of decorators at the level of a module, by the function that each was given.
pub(super) type Registrations<'a> = FxHashMap<FnRef, Vec<&'a Call>>;

impl<'a> Linker<'_, 'a> {
    pub(super) fn registrations(&self, rows: &[&Idiom]) -> Registrations<'a> {
        let last = |wanted: &Name| wanted.rsplit('.').next().unwrap_or(wanted).into();
        // A name alone is no evidence: `task(x)` may be any function.
        let asking = rows.iter().filter(|row| row.asks_for_import());
        let names: Vec<Name> = asking.flat_map(|row| row.decorators.iter().map(last)).collect();
        let mut found: Registrations<'a> = FxHashMap::default();
        for (at, unit) in self.program.files.units.iter().enumerate() {
            if unit.facts.language != LanguageId::Python {
                continue;
            }
            let Some(top) = unit.facts.functions.first() else { continue };
            let reference = FnRef { file: FileId(at as u32), id: FnId(0) };
            let sites = names.iter().filter_map(|name| unit.index.calls.get(name)).flatten();
            for (_, id) in sites.filter(|(function, _)| *function == reference.id) {
                let decorator = top.call(*id);
                let applied = top.calls.iter().find(|call| matches!(call.callee.kind, ExprKind::Call(inner) if inner == *id));
                let call = applied.unwrap_or(decorator);
                let [only] = call.args.iter().filter(|argument| argument.name.is_none()).collect::<Vec<_>>()[..] else {
                    continue;
                };
                if let Some(target) = relay::run_by(self.eval, &self.eval.term(reference, &only.value, call.span.start)) {
                    let known = found.entry(target).or_default();
                    if !known.iter().any(|other| std::ptr::eq(*other, decorator)) {
                        known.push(decorator);
                    }
                }
            }
        }
        found
    }
}

/// The one of these decorators that a row is about.
pub(super) fn decorator_of<'c>(row: &Idiom, mut decorators: impl Iterator<Item = &'c Call>) -> Option<&'c Call> {
    decorators.find(|call| {
        let last = last_name(&call.callee.kind);
        let may_be = |wanted: &&Name| wanted.rsplit('.').next() == last;
        row.decorators.iter().filter(may_be).any(|wanted| {
            let name = callee_text(&call.callee).replace("::", ".");
            name.strip_suffix(wanted.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        })
    })
}
