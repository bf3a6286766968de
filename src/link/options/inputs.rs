//! What a key is computed from.
//!
//! Two keys are the same where they come from the same inputs, however they are put together and whatever the variables are
//! called. A key that is random or of the clock is another one with every attempt.

use std::collections::BTreeSet;

use crate::facts::{Literal, Name};
use crate::link::eval::Eval;
use crate::link::resolve::FnRef;
use crate::link::summaries::CallSite;
use crate::link::term::{Built, Entry, Kind, Site, Term, Written};
use crate::source::Origin;

/// How many parts of a key are looked at; what lies past it is not known.
const MAX_PARTS: u32 = 400;

/// The value of an option, as far as rules ask.
#[derive(Clone, Debug, PartialEq)]
pub struct Derived {
    /// In the words of the source.
    pub text: Name,
    /// The constant that it is, where it is one.
    pub constant: Option<Name>,
    pub inputs: BTreeSet<Input>,
    /// The constants in it, in order.
    pub literals: Vec<Name>,
    /// What makes it another one with each attempt: `randomUUID`, `Date.now`.
    pub unstable: Option<Name>,
    /// Whether every part of it is known.
    pub whole: bool,
    pub origin: Origin,
}

impl Derived {
    /// A constant that no code says.
    pub fn constant(text: &str, origin: Origin) -> Derived {
        Derived {
            text: text.into(),
            constant: Some(text.into()),
            inputs: BTreeSet::new(),
            literals: vec![text.into()],
            unstable: None,
            whole: true,
            origin,
        }
    }
}

/// A value that goes into a key: where it comes from, and the members down to it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Input {
    pub root: Name,
    pub path: Name,
}

impl Input {
    pub fn text(&self) -> Name {
        match (self.root.is_empty(), self.path.is_empty()) {
            (_, true) => self.root.clone(),
            (true, false) => self.path.clone(),
            (false, false) => format!("{}.{}", self.root, self.path).into(),
        }
    }
}

/// What an option's value is computed from, at the end of a chain of calls.
pub fn derived<'a>(eval: &Eval<'a>, term: &Term<'a>, chain: &[CallSite]) -> Derived {
    let mut walk = Walk {
        eval,
        chain,
        inputs: BTreeSet::new(),
        literals: Vec::new(),
        unstable: None,
        whole: true,
        left: MAX_PARTS,
        certain: true,
    };
    walk.term(term, &mut Vec::new());
    let constant = match &term.bare().kind {
        Kind::Literal(literal) => constant_text(literal),
        _ => None,
    };
    Derived {
        text: words(eval, term, 0),
        constant,
        inputs: walk.inputs,
        literals: walk.literals,
        unstable: walk.unstable,
        whole: walk.whole,
        origin: Origin::new(eval.program.files.unit(term.site.file).path.clone(), term.site.span),
    }
}

struct Walk<'w, 'a> {
    eval: &'w Eval<'a>,
    chain: &'w [CallSite],
    inputs: BTreeSet<Input>,
    literals: Vec<Name>,
    unstable: Option<Name>,
    whole: bool,
    left: u32,
    /// Outside of alternatives: a fallback that is seldom taken makes no key unstable.
    certain: bool,
}

impl<'a> Walk<'_, 'a> {
    fn add(&mut self, root: &str, path: &[Name]) {
        let path: Vec<&str> = path.iter().rev().map(Name::as_str).collect();
        self.inputs.insert(Input { root: root.into(), path: path.join(".").into() });
    }

    /// Looks at a value; `path` holds the members that are taken of it, the last one first.
    fn term(&mut self, term: &Term<'a>, path: &mut Vec<Name>) {
        if self.left == 0 {
            self.whole = false;
            return;
        }
        self.left -= 1;
        match &term.kind {
            Kind::Literal(literal) => self.literals.extend(constant_text(literal)),
            Kind::Absent | Kind::Function(_) | Kind::Class(_) => {}
            Kind::Typed(inner, _) | Kind::Encoded(inner) | Kind::Decoded(inner, _) => self.term(inner, path),
            Kind::Member(inner, name) => {
                path.push(name.clone());
                self.term(inner, path);
                path.pop();
            }
            Kind::Element(inner) | Kind::ListOf(inner) | Kind::MapOf(inner) | Kind::Tested(inner, _) => self.term(inner, path),
            Kind::Param { function, index, .. } => {
                let local = self.eval.program.function(*function).locals.get(*index as usize);
                let name = local.map(|local| local.name.clone()).unwrap_or_default();
                self.add(&name, path);
            }
            Kind::Template(parts) | Kind::Array(parts) => parts.iter().for_each(|part| self.term(part, &mut Vec::new())),
            // Which entry it is depends on the key.
            Kind::Lookup(_, key) => self.term(key, &mut Vec::new()),
            // An option that may be left out is what it is where it is given.
            Kind::OneOf(branches) if branches.iter().filter(|branch| !is_nothing(branch)).count() == 1 => {
                branches.iter().filter(|branch| !is_nothing(branch)).for_each(|branch| self.term(branch, path));
            }
            Kind::OneOf(branches) => {
                let certain = std::mem::replace(&mut self.certain, false);
                branches.iter().for_each(|branch| self.term(branch, &mut path.clone()));
                self.certain = certain;
            }
            Kind::Object(entries) => {
                for entry in entries {
                    match entry {
                        Entry::Field { value, .. } | Entry::AnyKey { value } | Entry::Spread { value, .. } => {
                            self.term(value, &mut Vec::new());
                        }
                    }
                }
            }
            Kind::Record(record) => {
                record.fields.iter().for_each(|(_, value)| self.term(value, &mut Vec::new()));
                if let Some(base) = &record.base {
                    self.term(base, &mut Vec::new());
                }
            }
            Kind::OfType(ty) => match self.made(term.site) {
                Some((function, made)) => {
                    if let Some(name) = fresh(&made.name, made.from.is_empty()) {
                        self.fresh(name, term.site);
                        return;
                    }
                    for from in &made.from {
                        let value = self.eval.term(function, from, made.span.start);
                        self.term(&value, &mut Vec::new());
                    }
                }
                None => match type_name(ty.ty) {
                    Some(name) => self.add(&name, path),
                    None => self.whole = false,
                },
            },
            Kind::OnClass(on) => {
                self.term(&on.class, &mut Vec::new());
                on.args.iter().for_each(|part| self.term(part, &mut Vec::new()));
            }
            Kind::Built(built) => self.built(built, term.site, path),
            Kind::Unknown(text) => {
                if is_path(text) {
                    // A constant of another module is the same with every handoff.
                    if !is_constant_name(path.first().map_or(text.as_str(), Name::as_str)) {
                        self.add(text, path);
                    }
                } else {
                    self.whole = false;
                }
            }
        }
    }

    fn built(&mut self, built: &Built<'a>, site: Site, path: &[Name]) {
        let bare = built.calls.iter().all(|(_, args)| args.is_empty());
        if let Some(name) = fresh(&built.root, bare) {
            self.fresh(name, site);
            return;
        }
        // A member of what a call gives is a value of that call's own.
        if !path.is_empty() {
            self.add(&built.root, path);
            return;
        }
        let before = (self.inputs.len(), self.unstable.is_some(), self.whole);
        if let Some(on) = &built.on {
            self.term(on, &mut Vec::new());
        }
        for (_, value) in built.calls.iter().flat_map(|(_, args)| args) {
            self.term(value, &mut Vec::new());
        }
        if before == (self.inputs.len(), self.unstable.is_some(), self.whole) {
            self.add(&built.root, path);
        }
    }

    fn fresh(&mut self, name: &str, site: Site) {
        if self.certain && !super::retry::is_made_once(self.eval, self.chain, site) {
            self.unstable.get_or_insert_with(|| name.into());
        }
    }

    /// What a value that is known by its type alone is made from.
    fn made(&self, site: Site) -> Option<(FnRef, &'a crate::facts::Made)> {
        let facts = &self.eval.program.files.unit(site.file).facts;
        let made = facts.made.iter().find(|made| made.span == site.span)?;
        Some((FnRef { file: site.file, id: made.function }, made))
    }
}

fn is_nothing(term: &Term<'_>) -> bool {
    matches!(term.bare().kind, Kind::Absent | Kind::Literal(Literal::Null))
}

fn constant_text(literal: &Literal) -> Option<Name> {
    match literal {
        Literal::Bool(value) => Some(value.to_string().into()),
        Literal::Null | Literal::Number(_) | Literal::Text(_) => crate::link::payload::literal_text(literal),
    }
}

fn type_name(ty: Written<'_>) -> Option<Name> {
    match ty {
        Written::Named(named) => named.path.last().cloned(),
        Written::Expr(expr) => match &expr.kind {
            crate::facts::TypeKind::Ref(named) => named.path.last().cloned(),
            _ => None,
        },
    }
}

/// `config.prefix`: a path of names, and no reason why something is not known.
fn is_path(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '$' | '#'))
}

/// `NAMESPACE_URL`, `config.TOPIC`
fn is_constant_name(text: &str) -> bool {
    let last = text.rsplit('.').next().unwrap_or_default();
    last.len() > 1 && last.starts_with(|c: char| c.is_ascii_uppercase()) && !last.contains(|c: char| c.is_ascii_lowercase())
}

/// The name of what gives another value with every call: random or the clock. What is computed from its arguments does not.
fn fresh(name: &str, bare: bool) -> Option<&str> {
    let folded = name.replace("::", ".").to_ascii_lowercase();
    let mut parts = folded.rsplit('.');
    let last = parts.next().unwrap_or_default();
    let owner = parts.next().unwrap_or_default();
    let random = matches!(
        last,
        "randomuuid"
            | "uuid4"
            | "uuidv4"
            | "uuid1"
            | "uuidv1"
            | "uuid7"
            | "uuidv7"
            | "nanoid"
            | "ulid"
            | "cuid"
            | "createid"
            | "new_v4"
            | "new_v7"
            | "now_v7"
            | "token_hex"
            | "token_urlsafe"
            | "token_bytes"
            | "get_random_string"
            | "randombytes"
            | "urandom"
            | "randint"
            | "getrandbits"
            | "shortid"
    ) || matches!(
        (owner, last),
        ("math" | "rand" | "random" | "crypto", "random") | ("uuid", "v4" | "v7" | "v1") | ("ulid", "new") | ("nanoid", "new")
    ) || bare && matches!(last, "uuid" | "v4" | "v7" | "v1" | "objectid");
    let clock = matches!(
        (owner, last),
        (
            "date"
                | "utc"
                | "local"
                | "systemtime"
                | "instant"
                | "timestamp"
                | "performance"
                | "datetime"
                | "timezone"
                | "pendulum"
                | "arrow"
                | "moment"
                | "dayjs",
            "now"
        ) | (_, "utcnow" | "now_utc" | "now_local" | "time_ns" | "perf_counter" | "monotonic" | "hrtime")
            | ("time", "time")
            | ("datetime", "today")
    ) || bare && matches!(last, "date" | "dayjs" | "moment");
    (random || clock).then_some(name)
}

/// A value in the words of the source, for people.
pub fn words<'a>(eval: &Eval<'a>, term: &Term<'a>, depth: u32) -> Name {
    if depth > 5 {
        return "…".into();
    }
    let go = |part: &Term<'a>| words(eval, part, depth + 1);
    match &term.kind {
        Kind::Literal(Literal::Text(text)) => text.clone(),
        Kind::Literal(literal) => constant_text(literal).unwrap_or_else(|| "null".into()),
        Kind::Absent => "nothing".into(),
        Kind::Typed(inner, _) | Kind::Encoded(inner) | Kind::Decoded(inner, _) => go(inner),
        Kind::Member(inner, name) => {
            let inner = match &inner.bare().kind {
                Kind::Built(built) => format!("{}(…)", built.root),
                _ => go(inner).into(),
            };
            if inner.is_empty() || inner == "…" { name.clone() } else { format!("{inner}.{name}").into() }
        }
        Kind::Element(inner) => go(inner),
        Kind::Lookup(_, key) => format!("[{}]", go(key)).into(),
        Kind::Param { function, index, .. } => {
            eval.program.function(*function).locals.get(*index as usize).map(|local| local.name.clone()).unwrap_or_default()
        }
        Kind::Template(parts) => parts
            .iter()
            .map(|part| match part.as_text() {
                Some(text) => text.to_owned(),
                None => format!("${{{}}}", go(part)),
            })
            .collect(),
        Kind::OneOf(branches) => {
            // That an option may be left out is no word about what it is.
            let there = |branch: &&Term<'a>| !is_nothing(branch) && !matches!(branch.kind, Kind::Tested(_, false));
            let given: Vec<&Term<'a>> = branches.iter().filter(there).collect();
            let mut all: Vec<Name> = given.into_iter().map(go).collect();
            all.dedup();
            all.join(" or ").into()
        }
        Kind::Array(items) => format!("[{}]", items.iter().map(go).collect::<Vec<_>>().join(", ")).into(),
        Kind::ListOf(item) => format!("[{}, …]", go(item)).into(),
        Kind::Object(entries) => {
            let all = entries.iter().map(|entry| match entry {
                Entry::Field { key, value, .. } => format!("{key}: {}", go(value)),
                Entry::AnyKey { .. } => "…".to_owned(),
                Entry::Spread { value, .. } => format!("...{}", go(value)),
            });
            format!("{{{}}}", all.collect::<Vec<_>>().join(", ")).into()
        }
        Kind::Built(built) => {
            let args = built.calls.last().map(|(_, args)| args.as_slice()).unwrap_or_default();
            let args: Vec<Name> = args
                .iter()
                .map(|(name, value)| match name {
                    Some(name) => Name::from(format!("{name}={}", go(value))),
                    None => go(value),
                })
                .collect();
            let last = built.calls.last().map(|(name, _)| name.as_str()).unwrap_or_default();
            match (&built.on, built.calls.len()) {
                (Some(on), 1) => format!("{}.{last}({})", go(on), args.join(", ")).into(),
                (_, 1) => format!("{}({})", built.root, args.join(", ")).into(),
                _ => format!("{}(…).{last}({})", built.root, args.join(", ")).into(),
            }
        }
        Kind::OfType(ty) => {
            let facts = &eval.program.files.unit(term.site.file).facts;
            match facts.made.iter().find(|made| made.span == term.site.span) {
                Some(made) => {
                    let function = FnRef { file: term.site.file, id: made.function };
                    let from: Vec<Name> = made.from.iter().map(|from| go(&eval.term(function, from, made.span.start))).collect();
                    format!("{}({})", made.name, from.join(", ")).into()
                }
                None => type_name(ty.ty).unwrap_or_else(|| "…".into()),
            }
        }
        Kind::Tested(inner, _) => go(inner),
        Kind::Class(class) => class.name.clone(),
        Kind::Unknown(text) => text.clone(),
        Kind::Record(record) => type_name(record.ty.ty).unwrap_or_else(|| "…".into()),
        Kind::MapOf(_) | Kind::OnClass(_) | Kind::Function(_) => "…".into(),
    }
}
