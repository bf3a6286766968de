//! Parameters and variables: what they are bound to, and what edits have made of them where they are used.

use super::Eval;
use crate::facts::calls::{Change, Edit};
use crate::facts::{Expr, ExprKind, Function, Literal, Local, LocalId, LocalKind, Name};
use crate::link::resolve::FnRef;
use crate::link::term::{Entry, Kind, Site, Term};
use crate::source::Span;

impl<'a> Eval<'a> {
    pub(super) fn local(&self, function: FnRef, id: LocalId, at: u32, site: Site, depth: u32) -> Term<'a> {
        let owner: &'a Function = self.program.function(function);
        let Some(local) = owner.locals.get(id.0 as usize) else {
            return Term::unknown("a variable that is not known", site);
        };
        let before = self
            .edits_active
            .borrow()
            .iter()
            .filter(|(of, edited, _)| (*of, *edited) == (function, id))
            .map(|(_, _, end)| *end)
            .min();
        if !local.edits.is_empty() {
            self.cut();
        }
        let applies = |edit: &Edit| edit.span.end <= at && before.is_none_or(|before| edit.span.end < before);
        // What a variable was before it was set as a whole is of no concern.
        let last =
            local.edits.iter().rposition(|edit| applies(edit) && edit.path.is_empty() && matches!(edit.change, Change::Set(_)));
        let mut term = match last {
            Some(_) => Term::unknown(local.name.clone(), site),
            None => self.initial(function, id, local, at, site, depth),
        };
        for edit in local.edits.iter().skip(last.unwrap_or(0)).filter(|edit| applies(edit)) {
            self.edits_active.borrow_mut().push((function, id, edit.span.end));
            term = self.edited(function, term, &edit.path, &edit.change, edit.conditional, edit.span, at, depth);
            self.edits_active.borrow_mut().pop();
        }
        term
    }

    /// What a variable or parameter is before anything edits it.
    fn initial(&self, function: FnRef, id: LocalId, local: &'a Local, at: u32, site: Site, depth: u32) -> Term<'a> {
        let owner: &'a Function = self.program.function(function);
        let declared = local.ty.as_ref().map(|ty| self.type_use(function, ty));
        match (&local.kind, &local.value) {
            (LocalKind::Param, _) if declared.is_none() && self.given(function, id).is_some() => {
                let (outer, value, before) = self.given(function, id).expect("it was there a line above");
                self.eval(outer, value, before, depth + 1)
            }
            (LocalKind::Param | LocalKind::RestParam | LocalKind::NamedRestParam, _) => {
                let given = if owner.in_test && declared.is_none() { self.fixture(function, &local.name, depth) } else { None };
                given.unwrap_or_else(|| Term::new(Kind::Param { function, index: id.0, declared }, site))
            }
            (LocalKind::Variable | LocalKind::OfModule, Some(value)) => {
                let plain = local.edits.is_empty();
                if plain && let Some(known) = self.variables.borrow().get(&(function, id)) {
                    return known.clone();
                }
                if self.locals_active.borrow().contains(&(function, id)) {
                    self.cut();
                    return Term::unknown(format!("`{}` is computed from itself", local.name), site);
                }
                self.locals_active.borrow_mut().push((function, id));
                let cuts = self.cuts.get();
                let value = self.eval(function, value, at, depth + 1);
                self.locals_active.borrow_mut().pop();
                let value = match declared {
                    Some(ty) if !matches!(value.kind, Kind::Literal(_)) => Term::new(Kind::Typed(Box::new(value), ty), site),
                    _ => value,
                };
                let free = self.locals_active.borrow().is_empty()
                    && self.edits_active.borrow().is_empty()
                    && self.active.borrow().is_empty();
                if plain && self.is_whole() && (free || self.cuts.get() == cuts) {
                    self.variables.borrow_mut().insert((function, id), value.clone());
                }
                value
            }
            (LocalKind::Variable | LocalKind::OfModule, None) => match declared {
                Some(ty) => Term::new(Kind::OfType(ty), site),
                None => Term::unknown(local.name.clone(), site),
            },
        }
    }

    /// What a closure's parameter stands for, where the closure is called at one place alone: `list.map(x => …)`.
    fn given(&self, function: FnRef, id: LocalId) -> Option<(FnRef, &'a Expr, u32)> {
        let (parent, slot) = self.program.function(function).parent?;
        let outer = FnRef { file: function.file, id: parent };
        let call = self.program.function(outer).calls.get(slot?.0 as usize)?;
        if call.callee.kind != ExprKind::Function(function.id) {
            return None;
        }
        let argument = call.args.get(id.0 as usize).filter(|argument| argument.name.is_none() && !argument.spread)?;
        Some((outer, &argument.value, call.span.start))
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one edit, passed down a short recursion")]
    fn edited(
        &self,
        function: FnRef,
        term: Term<'a>,
        path: &'a [Expr],
        change: &'a Change,
        conditional: bool,
        span: Span,
        at: u32,
        depth: u32,
    ) -> Term<'a> {
        let site = term.site;
        let Some((first, rest)) = path.split_first() else {
            return match change {
                Change::Set(value) => self.eval(function, value, at, depth + 1),
                Change::Delete => term,
                Change::Merge(value) => {
                    let mut entries = as_entries(term);
                    entries.push(Entry::Spread { value: self.eval(function, value, at, depth + 1), conditional });
                    Term::new(Kind::Object(entries), site)
                }
                Change::Push(value) => {
                    let value = self.eval(function, value, at, depth + 1);
                    match term.kind {
                        Kind::Array(mut items) => {
                            items.push(value);
                            Term::new(Kind::Array(items), site)
                        }
                        // `const rows: Row[] = []` holds what is pushed, whatever it is declared to hold.
                        Kind::Typed(mut list, ty) => {
                            if let Kind::Array(items) = &mut list.kind {
                                items.push(value);
                            }
                            let list = Term::new(list.kind, list.site);
                            Term::new(Kind::Typed(Box::new(list), ty), site)
                        }
                        kind => Term::new(kind, site),
                    }
                }
            };
        };
        let key = match self.eval(function, first, at, depth + 1).kind {
            Kind::Literal(Literal::Text(text)) => text,
            _ => {
                if let Change::Set(value) = change {
                    let value = self.eval(function, value, at, depth + 1);
                    let mut entries = as_entries(term);
                    entries.push(Entry::AnyKey { value });
                    return Term::new(Kind::Object(entries), site);
                }
                return term;
            }
        };
        let key_site = Site { file: function.file, span: if first.span == Span::default() { span } else { first.span } };
        let mut entries = as_entries(term);
        match (change, rest.is_empty()) {
            (Change::Delete, true) => {
                if !conditional {
                    entries.retain(|entry| !matches!(entry, Entry::Field { key: known, .. } if *known == key));
                }
                // What a spread may bring is taken away as well.
                entries.push(Entry::Field { key, value: Term::new(Kind::Absent, key_site), conditional, site: key_site });
            }
            (_, _) => {
                let at_key = entries.iter().rposition(|entry| matches!(entry, Entry::Field { key: known, .. } if *known == key));
                let old = match at_key.map(|position| &entries[position]) {
                    Some(Entry::Field { value, .. }) => value.clone(),
                    _ => part_of_spread(&entries, &key, key_site),
                };
                let value = self.edited(function, old, rest, change, conditional && !rest.is_empty(), span, at, depth + 1);
                match at_key {
                    Some(position) if !conditional || !rest.is_empty() => {
                        if let Entry::Field { value: slot, conditional: was, .. } = &mut entries[position] {
                            *slot = value;
                            *was = *was && conditional;
                        }
                    }
                    Some(position) => {
                        if let Entry::Field { value: slot, .. } = &mut entries[position] {
                            *slot = Term::new(Kind::OneOf(vec![slot.clone(), value]), key_site);
                        }
                    }
                    None => entries.push(Entry::Field { key, value, conditional, site: key_site }),
                }
            }
        }
        Term::new(Kind::Object(entries), site)
    }
}

/// What stands under a key that no entry has itself: a member of what is spread in, or an object that is not there yet.
fn part_of_spread<'a>(entries: &[Entry<'a>], key: &Name, site: Site) -> Term<'a> {
    let mut spreads = entries.iter().filter_map(|entry| match entry {
        Entry::Spread { value, .. } => Some(value),
        Entry::Field { .. } | Entry::AnyKey { .. } => None,
    });
    match (spreads.next(), spreads.next()) {
        (None, _) => Term::new(Kind::Object(Vec::new()), site),
        (Some(only), None) => only.clone().member(key, site),
        (Some(_), Some(_)) => Term::unknown(format!("`{key}` of one of several objects"), site),
    }
}

fn as_entries(term: Term<'_>) -> Vec<Entry<'_>> {
    match term.kind {
        Kind::Object(entries) => entries,
        Kind::Typed(inner, ty) => {
            if let Kind::Object(entries) = inner.kind {
                return entries;
            }
            let site = term.site;
            vec![Entry::Spread { value: Term::new(Kind::Typed(inner, ty), site), conditional: false }]
        }
        kind => vec![Entry::Spread { value: Term::new(kind, term.site), conditional: false }],
    }
}
