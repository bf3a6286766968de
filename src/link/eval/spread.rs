//! Arguments that a call hands on as a whole: `send(*args, **kwargs)`.
//!
//! What a caller of the function around it gives is not known yet, so every parameter that it may fill stands for that part of it.

use crate::facts::{Function, LanguageId, Local, LocalKind};
use crate::link::term::{Entry, Kind, Term};

fn parameters(callee: &Function) -> impl Iterator<Item = (usize, &Local)> {
    callee.locals.iter().take(callee.params as usize).enumerate()
}

/// What a parameter without a default is where nothing is passed for it: JavaScript gives `undefined`, Python an empty rest.
pub(super) fn nothing_given<'a>(local: &Local, language: LanguageId) -> Option<Kind<'a>> {
    match (language, local.kind) {
        (LanguageId::TypeScript, LocalKind::Param) => Some(Kind::Absent),
        (LanguageId::Python, LocalKind::RestParam) => Some(Kind::Array(Vec::new())),
        (LanguageId::Python, LocalKind::NamedRestParam) => Some(Kind::Object(Vec::new())),
        (_, _) => None,
    }
}

/// `*args` behind `place` arguments: what has to be given by its place is one of them.
pub(super) fn in_place<'a>(callee: &Function, place: usize, value: &Term<'a>, bound: &mut [Option<Term<'a>>]) {
    if !matches!(value.kind, Kind::Param { .. }) {
        return;
    }
    for (slot, local) in parameters(callee).skip(place) {
        match local.kind {
            LocalKind::Param if bound[slot].is_none() && local.value.is_none() => {
                bound[slot] = Some(value.clone().member(&(slot - place).to_string(), value.site));
            }
            LocalKind::RestParam if slot == place && bound[slot].is_none() => bound[slot] = Some(value.clone()),
            LocalKind::RestParam | LocalKind::NamedRestParam => return,
            LocalKind::Param | LocalKind::Variable | LocalKind::OfModule => {}
        }
    }
}

/// `**kwargs`: what has to be given is one of its entries, and what the callee takes for itself is not among the rest.
pub(super) fn by_name<'a>(callee: &Function, value: Term<'a>, bound: &mut [Option<Term<'a>>], rest: &mut Vec<Entry<'a>>) {
    let site = value.site;
    let own = || parameters(callee).filter(|(_, local)| local.kind == LocalKind::Param);
    let known = matches!(&value.kind, Kind::Object(entries) if entries.iter().all(|entry| matches!(entry, Entry::Field { .. })));
    for (slot, local) in own().filter(|(_, local)| known || local.value.is_none()) {
        if bound[slot].is_none() && matches!(value.kind, Kind::Param { .. } | Kind::Object(_)) {
            let given = value.clone().member(&local.name, site);
            bound[slot] = Some(given).filter(|given| !matches!(given.kind, Kind::Absent));
        }
    }
    rest.push(Entry::Spread { value, conditional: false });
    rest.extend(own().map(|(_, local)| Entry::Field {
        key: local.name.clone(),
        value: Term::new(Kind::Absent, site),
        conditional: false,
        site,
    }));
}
