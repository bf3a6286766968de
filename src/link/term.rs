//! Values without their context: what an expression comes to once locals, constants and imports are followed.
//!
//! Only parameters stay free. So a summary of a function is a set of terms over its parameters, and calling it is substitution.

use std::sync::Arc;

use super::modules::FileId;
use super::resolve::{DeclId, FnRef};
use crate::facts::{Literal, Name, TypeExpr, TypeKind, TypeRef};
use crate::source::Span;

pub use crate::facts::types::CLASS_TYPE;

/// A place: file and span. Paths are looked up late.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Site {
    pub file: FileId,
    pub span: Span,
}

/// A type as written, with where its names are to be looked up.
#[derive(Clone, Debug)]
pub struct TypeUse<'a> {
    pub ty: Written<'a>,
    pub file: FileId,
    pub scope: &'a [Name],
    /// What generic parameters stand for here.
    pub bindings: Arc<Vec<(Name, TypeUse<'a>)>>,
}

impl<'a> TypeUse<'a> {
    /// `T` of `type[T]`, the type of a class itself.
    pub fn of_class(&self) -> Option<TypeUse<'a>> {
        let reference = self.ty.reference()?;
        let [argument] = reference.args.as_slice() else { return None };
        (reference.path == CLASS_TYPE).then(|| TypeUse { ty: Written::Expr(argument), ..self.clone() })
    }
}

/// A type as the source writes it: an expression, or the name in a value of that type.
#[derive(Clone, Copy, Debug)]
pub enum Written<'a> {
    Expr(&'a TypeExpr),
    Named(&'a TypeRef),
}

impl<'a> Written<'a> {
    /// The name that it is, where it is one.
    pub fn reference(self) -> Option<&'a TypeRef> {
        match self {
            Written::Named(reference) | Written::Expr(TypeExpr { kind: TypeKind::Ref(reference), .. }) => Some(reference),
            Written::Expr(_) => None,
        }
    }
}

#[derive(Clone, Debug)]
pub struct Term<'a> {
    pub kind: Kind<'a>,
    pub site: Site,
    /// How many parts it is built from: values that are shared in the source are copied here, so growth is bounded.
    size: u32,
}

/// The index of a [`Kind::Param`] that stands for the name of the class of what a method is called on: `this.constructor.name`.
pub const RECEIVER_CLASS: u32 = u32::MAX;

/// The index of a [`Kind::Param`] that stands for what a method is called on: `self`, `this`.
pub const RECEIVER: u32 = u32::MAX - 1;

#[derive(Clone, Debug)]
pub enum Kind<'a> {
    Literal(Literal),
    Absent,
    Template(Vec<Term<'a>>),
    /// A parameter of `function` that nothing has been passed for yet, with its declared type.
    Param {
        function: FnRef,
        index: u32,
        declared: Option<TypeUse<'a>>,
    },
    Member(Box<Term<'a>>, Name),
    Element(Box<Term<'a>>),
    /// A value of this table, by a key that callers tell: `definitions[name]`.
    Lookup(Box<Term<'a>>, Box<Term<'a>>),
    Object(Vec<Entry<'a>>),
    Array(Vec<Term<'a>>),
    ListOf(Box<Term<'a>>),
    MapOf(Box<Term<'a>>),
    Record(Box<Record<'a>>),
    OneOf(Vec<Term<'a>>),
    /// A value where it is there, or `undefined` where it is not.
    Tested(Box<Term<'a>>, bool),
    Encoded(Box<Term<'a>>),
    Decoded(Box<Term<'a>>, Option<TypeUse<'a>>),
    /// A value, and the type that the code states for it.
    Typed(Box<Term<'a>>, TypeUse<'a>),
    OfType(TypeUse<'a>),
    Function(FnRef),
    /// A class itself rather than a value of it.
    Class(Box<ClassValue<'a>>),
    /// What a method of a class gives, where which class it is depends on who calls.
    OnClass(Box<OnClass<'a>>),
    /// What calls outside the repository build: `FutureRecord::to("orders").payload(&json)`, `new PutEventsCommand({…})`.
    Built(Arc<Built<'a>>),
    /// Not followed, with the reason; the source text where that is all there is to say.
    Unknown(Name),
}

/// A class that is used as a value: what declares its form, and what holds its methods.
#[derive(Clone, Debug)]
pub struct ClassValue<'a> {
    /// Its constants, as an object.
    pub constants: Option<Term<'a>>,
    pub name: Name,
    pub declared: Option<DeclId>,
    pub class: Option<DeclId>,
}

/// `event_type.key()` with `event_type: type[Event]`.
#[derive(Clone, Debug)]
pub struct OnClass<'a> {
    pub class: Term<'a>,
    pub method: Name,
    pub args: Vec<Term<'a>>,
}

/// Calls a method of a class, or a function, that substitution has made known.
pub type CallOnClass<'f, 'a> = dyn Fn(&Term<'a>, &str, &[Term<'a>], Site) -> Option<Term<'a>> + 'f;

/// How parts of a term are replaced.
struct Rewriting<'f, 'a> {
    with: &'f dyn Fn(&Term<'a>) -> Option<Term<'a>>,
    inside: &'f dyn Fn(&Built<'a>) -> bool,
    on_class: &'f CallOnClass<'f, 'a>,
}

/// The method of an [`OnClass`] that stands for calling the value itself: `generate()` with a parameter `generate`.
pub const CALLED: &str = "()";

/// The method of an [`OnClass`] that stands for the name of the class: `event.constructor.name`, `type(event).__name__`.
pub const CLASS_NAME: &str = "constructor.name";

#[derive(Clone, Debug)]
pub struct Record<'a> {
    pub ty: TypeUse<'a>,
    pub fields: Vec<(Name, Term<'a>)>,
    pub base: Option<Term<'a>>,
}

/// A chain of calls that are not in the repository, as an object of its calls: the builder pattern of every language.
#[derive(Clone, Debug)]
pub struct Built<'a> {
    /// The root in the words of the source.
    pub root: Name,
    /// What the first call is made on, where that is a value and no name of a module: `order.id` in `order.id.hash()`.
    pub on: Option<Term<'a>>,
    /// The calls in order, by their last name, with positional and named arguments.
    pub calls: Vec<(Name, Vec<(Option<Name>, Term<'a>)>)>,
}

#[derive(Clone, Debug)]
pub enum Entry<'a> {
    Field {
        key: Name,
        value: Term<'a>,
        conditional: bool,
        site: Site,
    },
    /// A key that is not known, with its value.
    AnyKey {
        value: Term<'a>,
    },
    Spread {
        value: Term<'a>,
        conditional: bool,
    },
}

/// The deepest term that is built; past it a part is unknown.
pub const MAX_DEPTH: u32 = 40;

/// The most parts of one value; past it the value is unknown. Payloads that people write stay far below it.
const MAX_SIZE: u32 = 1_500;

/// The most nodes that substitution copies for one summary; past it a part is unknown.
const MAX_NODES: u32 = 4_000;

/// How deep a chain of foreign calls is searched for parameters; what lies deeper stays as it is.
const BUILT_DEPTH: u32 = 8;

/// What `Array.isArray(x) ? x : [x]` chooses between, or parts of that: the place of what counts where `x` is a list, of what counts
/// where it is one thing, and `x`.
fn list_or_one<'t, 'a>(branches: &'t [Term<'a>]) -> Option<(usize, usize, &'t Term<'a>)> {
    branches.iter().enumerate().find_map(|(at, of_list)| {
        let others = branches.iter().enumerate().filter(|(other, _)| *other != at);
        others.into_iter().find_map(|(other, of_one)| Some((at, other, value_behind(of_list, of_one)?)))
    })
}

fn value_behind<'t, 'a>(of_list: &'t Term<'a>, of_one: &'t Term<'a>) -> Option<&'t Term<'a>> {
    let same = |a: &Term<'a>, b: &Term<'a>| match (&a.bare().kind, &b.bare().kind) {
        (Kind::Param { function, index, .. }, Kind::Param { function: other, index: at, .. }) => function == other && index == at,
        _ => false,
    };
    match (&of_list.bare().kind, &of_one.bare().kind) {
        (Kind::Member(a, name), Kind::Member(b, other)) if name == other => value_behind(a, b),
        (Kind::Element(list), Kind::Param { .. }) => same(list, of_one).then_some(list.bare()),
        (Kind::Param { .. }, Kind::Array(items)) => match items.as_slice() {
            [only] => same(of_list, only).then_some(of_list.bare()),
            _ => None,
        },
        _ => None,
    }
}

/// Whether every entry of a table is known: nothing is spread into it of which nobody knows what it holds.
fn is_whole(entries: &[Entry<'_>]) -> bool {
    !entries.iter().any(|entry| matches!(entry, Entry::Spread { value, .. } if !matches!(value.bare().kind, Kind::Object(_))))
}

fn values_of(entries: Vec<Entry<'_>>) -> Vec<Term<'_>> {
    let value = |entry| match entry {
        Entry::Field { value, .. } | Entry::AnyKey { value } | Entry::Spread { value, .. } => value,
    };
    entries.into_iter().map(value).collect()
}

impl<'a> Built<'a> {
    /// Whether a parameter of `function` goes into it.
    pub fn depends_on(&self, function: FnRef, depth: u32) -> bool {
        depth < BUILT_DEPTH
            && (self.on.iter()).chain(self.calls.iter().flat_map(|(_, args)| args).map(|(_, value)| value)).any(|part| {
                part.any(depth + 1, &|term, depth| match &term.kind {
                    Kind::Param { function: owner, .. } => *owner == function,
                    Kind::Built(inner) => inner.depends_on(function, depth),
                    _ => false,
                })
            })
    }

    /// The first argument of the last call of this name, or the argument of this name of any call.
    pub fn argument(&self, name: &str) -> Option<&Term<'a>> {
        self.calls.iter().rev().find(|(call, args)| call == name && !args.is_empty()).map(|(_, args)| &args[0].1).or_else(|| {
            self.calls
                .iter()
                .rev()
                .flat_map(|(_, args)| args)
                .find(|(known, _)| known.as_deref() == Some(name))
                .map(|(_, value)| value)
        })
    }

    /// The positional argument of the last call.
    pub fn positional(&self, position: usize) -> Option<&Term<'a>> {
        self.calls
            .last()
            .and_then(|(_, args)| args.iter().filter(|(name, _)| name.is_none()).nth(position))
            .map(|(_, value)| value)
    }
}

impl Kind<'_> {
    fn size(&self) -> u32 {
        let sum = |terms: &mut dyn Iterator<Item = u32>| terms.fold(1u32, u32::saturating_add);
        match self {
            Kind::Literal(_)
            | Kind::Absent
            | Kind::Param { .. }
            | Kind::OfType(_)
            | Kind::Function(_)
            | Kind::Class(_)
            | Kind::Unknown(_) => 1,
            Kind::Lookup(table, key) => table.size.saturating_add(key.size),
            Kind::OnClass(on) => sum(&mut on.args.iter().chain([&on.class]).map(|part| part.size)),
            Kind::Template(parts) | Kind::Array(parts) | Kind::OneOf(parts) => sum(&mut parts.iter().map(|part| part.size)),
            Kind::Member(inner, _)
            | Kind::Element(inner)
            | Kind::ListOf(inner)
            | Kind::MapOf(inner)
            | Kind::Tested(inner, _)
            | Kind::Encoded(inner)
            | Kind::Decoded(inner, _)
            | Kind::Typed(inner, _) => inner.size.saturating_add(1),
            Kind::Object(entries) => sum(&mut entries.iter().map(|entry| match entry {
                Entry::Field { value, .. } | Entry::AnyKey { value } | Entry::Spread { value, .. } => value.size,
            })),
            Kind::Record(record) => {
                sum(&mut record.fields.iter().map(|(_, value)| value.size).chain(record.base.iter().map(|base| base.size)))
            }
            Kind::Built(built) => sum(&mut built
                .calls
                .iter()
                .flat_map(|(_, args)| args)
                .map(|(_, value)| value.size)
                .chain(built.on.iter().map(|on| on.size))),
        }
    }
}

impl<'a> Kind<'a> {
    /// The largest of several parts, each of which means something without the others.
    fn largest_field(&mut self) -> Option<&mut Term<'a>> {
        let parts: Vec<&mut Term<'a>> = match self {
            Kind::Object(entries) => entries
                .iter_mut()
                .map(|entry| match entry {
                    Entry::Field { value, .. } | Entry::AnyKey { value } | Entry::Spread { value, .. } => value,
                })
                .collect(),
            Kind::Record(record) => record.fields.iter_mut().map(|(_, value)| value).chain(record.base.as_mut()).collect(),
            Kind::Typed(inner, _) => vec![&mut **inner],
            _ => Vec::new(),
        };
        parts.into_iter().filter(|part| part.size > 1).max_by_key(|part| part.size)
    }
}

impl<'a> Term<'a> {
    pub fn new(mut kind: Kind<'a>, site: Site) -> Self {
        let mut size = kind.size();
        // The part that is too large becomes unknown, not everything that it stands in: an event's name beside it is still one.
        while size > MAX_SIZE {
            let Some(largest) = kind.largest_field() else {
                return Term::unknown("the value is built from too many parts", site);
            };
            largest.cut();
            size = kind.size();
        }
        Term { kind, site, size }
    }

    /// Leaves of a value what its type states.
    fn cut(&mut self) {
        let kind = std::mem::replace(&mut self.kind, Kind::Unknown("the value is built from too many parts".into()));
        if let Kind::Typed(_, ty) = kind {
            self.kind = Kind::OfType(ty);
        }
        self.size = 1;
    }

    pub fn unknown(reason: impl Into<Name>, site: Site) -> Self {
        Term { kind: Kind::Unknown(reason.into()), site, size: 1 }
    }

    /// The text of a constant string, looking through what does not change it.
    pub fn as_text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Literal(Literal::Text(text)) => Some(text),
            Kind::Typed(inner, _) | Kind::Encoded(inner) => inner.as_text(),
            _ => None,
        }
    }

    /// Whether `holds` is true of it or of a part of it, outside of foreign calls.
    fn any(&self, depth: u32, holds: &dyn Fn(&Term<'a>, u32) -> bool) -> bool {
        if depth > MAX_DEPTH {
            return false;
        }
        let go = |part: &Term<'a>| part.any(depth + 1, holds);
        holds(self, depth)
            || match &self.kind {
                Kind::Template(parts) | Kind::Array(parts) | Kind::OneOf(parts) => parts.iter().any(go),
                Kind::Member(inner, _)
                | Kind::Element(inner)
                | Kind::ListOf(inner)
                | Kind::MapOf(inner)
                | Kind::Tested(inner, _)
                | Kind::Encoded(inner)
                | Kind::Decoded(inner, _)
                | Kind::Typed(inner, _) => go(inner),
                Kind::Lookup(table, key) => go(table) || go(key),
                Kind::Object(entries) => entries.iter().any(|entry| match entry {
                    Entry::Field { value, .. } | Entry::AnyKey { value } | Entry::Spread { value, .. } => go(value),
                }),
                Kind::Record(record) => record.fields.iter().any(|(_, value)| go(value)) || record.base.as_ref().is_some_and(go),
                Kind::OnClass(on) => go(&on.class) || on.args.iter().any(go),
                Kind::Built(_)
                | Kind::Param { .. }
                | Kind::Literal(_)
                | Kind::Absent
                | Kind::OfType(_)
                | Kind::Function(_)
                | Kind::Class(_)
                | Kind::Unknown(_) => false,
            }
    }

    /// Whether a parameter is still free in it.
    pub fn is_open(&self) -> bool {
        self.depends_on(&|_| true)
    }

    /// Whether a parameter of one of these functions is free in it.
    pub fn depends_on(&self, wanted: &dyn Fn(FnRef) -> bool) -> bool {
        let go = |term: &Term<'a>| term.depends_on(wanted);
        match &self.kind {
            Kind::Param { function, .. } => wanted(*function),
            Kind::Template(parts) | Kind::Array(parts) | Kind::OneOf(parts) => parts.iter().any(go),
            Kind::Member(inner, _)
            | Kind::Element(inner)
            | Kind::ListOf(inner)
            | Kind::MapOf(inner)
            | Kind::Tested(inner, _)
            | Kind::Encoded(inner)
            | Kind::Decoded(inner, _)
            | Kind::Typed(inner, _) => go(inner),
            Kind::Object(entries) => entries.iter().any(|entry| match entry {
                Entry::Field { value, .. } | Entry::AnyKey { value } | Entry::Spread { value, .. } => go(value),
            }),
            Kind::Record(record) => record.fields.iter().any(|(_, value)| go(value)) || record.base.as_ref().is_some_and(go),
            // What a foreign call gives does not become known by knowing its arguments.
            Kind::Built(_) => false,
            Kind::OnClass(on) => go(&on.class),
            Kind::Lookup(table, key) => go(table) || go(key),
            Kind::Literal(_) | Kind::Absent | Kind::OfType(_) | Kind::Function(_) | Kind::Class(_) | Kind::Unknown(_) => false,
        }
    }

    /// The term with the parameters of `function` replaced by what `argument` gives for each index.
    pub fn substitute(
        &self,
        function: FnRef,
        argument: &dyn Fn(u32) -> Option<Term<'a>>,
        on_class: &CallOnClass<'_, 'a>,
    ) -> Term<'a> {
        let passed = |term: &Term<'a>| match &term.kind {
            Kind::Param { function: owner, index, declared } if *owner == function => {
                let given = argument(*index)?;
                Some(match declared {
                    Some(ty) if !matches!(given.kind, Kind::Literal(_) | Kind::Function(_) | Kind::Class(_)) => {
                        Term::new(Kind::Typed(Box::new(given), ty.clone()), term.site)
                    }
                    _ => given,
                })
            }
            _ => None,
        };
        self.rewritten(&passed, &|built| built.depends_on(function, 0), on_class)
    }

    /// The term with each part replaced for which `with` gives something else, from outside in. What foreign calls build is looked
    /// into where `inside` says so.
    pub fn rewritten(
        &self,
        with: &dyn Fn(&Term<'a>) -> Option<Term<'a>>,
        inside: &dyn Fn(&Built<'a>) -> bool,
        on_class: &CallOnClass<'_, 'a>,
    ) -> Term<'a> {
        let mut budget = MAX_NODES;
        self.rewritten_within(&Rewriting { with, inside, on_class }, &mut budget, 0)
    }

    fn rewritten_within(&self, how: &Rewriting<'_, 'a>, budget: &mut u32, depth: u32) -> Term<'a> {
        if *budget == 0 || depth > MAX_DEPTH {
            return Term::unknown("the value is built from too many parts", self.site);
        }
        *budget -= 1;
        if let Some(other) = (how.with)(self) {
            return other;
        }
        let on_class = how.on_class;
        let mut go = |term: &Term<'a>| term.rewritten_within(how, budget, depth + 1);
        let kind = match &self.kind {
            Kind::Template(parts) => return Term::template(parts.iter().map(&mut go).collect(), self.site),
            Kind::Array(items) => Kind::Array(items.iter().map(&mut go).collect()),
            Kind::OneOf(branches) => {
                let ruled_out = list_or_one(branches).and_then(|(of_list, of_one, value)| match &go(value).bare().kind {
                    Kind::Array(_) | Kind::ListOf(_) => Some(of_one),
                    Kind::Object(_) | Kind::Record(_) | Kind::Literal(_) | Kind::Template(_) => Some(of_list),
                    _ => None,
                });
                let kept = branches.iter().enumerate().filter(|(at, _)| Some(*at) != ruled_out);
                return Term::one_of(kept.map(|(_, branch)| go(branch)).collect(), self.site);
            }
            Kind::Member(inner, name) => return go(inner).member(name, self.site),
            Kind::Element(inner) => return go(inner).element(self.site),
            Kind::Lookup(table, key) => return Term::lookup(go(table), go(key), self.site),
            Kind::ListOf(inner) => Kind::ListOf(Box::new(go(inner))),
            Kind::MapOf(inner) => Kind::MapOf(Box::new(go(inner))),
            Kind::Tested(inner, there) => return go(inner).tested(*there, self.site),
            Kind::Encoded(inner) => Kind::Encoded(Box::new(go(inner))),
            Kind::Decoded(inner, ty) => Kind::Decoded(Box::new(go(inner)), ty.clone()),
            Kind::Typed(inner, ty) => Kind::Typed(Box::new(go(inner)), ty.clone()),
            Kind::Object(entries) => Kind::Object(
                entries
                    .iter()
                    .map(|entry| match entry {
                        Entry::Field { key, value, conditional, site } => {
                            Entry::Field { key: key.clone(), value: go(value), conditional: *conditional, site: *site }
                        }
                        Entry::AnyKey { value } => Entry::AnyKey { value: go(value) },
                        Entry::Spread { value, conditional } => Entry::Spread { value: go(value), conditional: *conditional },
                    })
                    .collect(),
            ),
            Kind::Record(record) => Kind::Record(Box::new(Record {
                ty: record.ty.clone(),
                fields: record.fields.iter().map(|(name, value)| (name.clone(), go(value))).collect(),
                base: record.base.as_ref().map(&mut go),
            })),
            Kind::OnClass(on) => {
                let (class, args) = (go(&on.class), on.args.iter().map(&mut go).collect::<Vec<_>>());
                let closed = if class.is_open() { None } else { on_class(class.bare(), &on.method, &args, self.site) };
                // What a type declares does not depend on what a value of it holds.
                let is_typed = matches!(class.kind, Kind::Typed(..) | Kind::Record(_) | Kind::OfType(_) | Kind::Param { .. });
                let given = closed.or_else(|| if is_typed { on_class(&class, &on.method, &args, self.site) } else { None });
                if let Some(given) = given {
                    return given;
                }
                Kind::OnClass(Box::new(OnClass { class, method: on.method.clone(), args }))
            }
            Kind::Built(built) if (how.inside)(built) => Kind::Built(Arc::new(Built {
                root: built.root.clone(),
                on: built.on.as_ref().map(&mut go),
                calls: built
                    .calls
                    .iter()
                    .map(|(name, args)| (name.clone(), args.iter().map(|(named, value)| (named.clone(), go(value))).collect()))
                    .collect(),
            })),
            Kind::Param { .. }
            | Kind::Literal(_)
            | Kind::Absent
            | Kind::OfType(_)
            | Kind::Function(_)
            | Kind::Class(_)
            | Kind::Built(_)
            | Kind::Unknown(_) => self.kind.clone(),
        };
        Term::new(kind, self.site)
    }

    /// One of several values. `given or {}` is what is given, where that is known to hold something, and the empty one for null.
    pub fn one_of(mut branches: Vec<Term<'a>>, site: Site) -> Term<'a> {
        let empty = |term: &Term<'a>| match &term.kind {
            Kind::Object(entries) => entries.is_empty(),
            Kind::Array(items) => items.is_empty(),
            _ => false,
        };
        if let [first, last] = branches.as_slice()
            && empty(last)
        {
            match &first.bare().kind {
                Kind::Literal(Literal::Null) | Kind::Absent => return branches.swap_remove(1),
                Kind::Record(_) => return branches.swap_remove(0),
                Kind::Object(entries) if entries.iter().any(|entry| matches!(entry, Entry::Field { conditional: false, .. })) => {
                    return branches.swap_remove(0);
                }
                _ => {}
            }
        }
        Term::new(Kind::OneOf(branches), site)
    }

    /// Texts concatenated; constant neighbours become one.
    pub fn template(parts: Vec<Term<'a>>, site: Site) -> Term<'a> {
        let mut flat: Vec<Term<'a>> = Vec::new();
        for part in parts {
            let inner = match part.kind {
                Kind::Template(inner) => inner,
                kind => vec![Term::new(kind, part.site)],
            };
            for piece in inner {
                let text = match &piece.kind {
                    Kind::Literal(Literal::Text(text) | Literal::Number(text)) => Some(text.clone()),
                    Kind::Literal(Literal::Bool(truth)) => Some(truth.to_string().into()),
                    Kind::Typed(inner, _) => inner.as_text().map(Name::from),
                    _ => None,
                };
                match (text, flat.last_mut().map(|last| &mut last.kind)) {
                    (Some(text), Some(Kind::Literal(Literal::Text(last)))) => last.push_str(&text),
                    (Some(text), _) => flat.push(Term::new(Kind::Literal(Literal::Text(text)), piece.site)),
                    (None, _) => flat.push(piece),
                }
            }
        }
        match flat.len() {
            0 => Term::new(Kind::Literal(Literal::Text(Name::default())), site),
            1 if matches!(flat[0].kind, Kind::Literal(_)) => Term::new(flat.remove(0).kind, site),
            _ => Term::new(Kind::Template(flat), site),
        }
    }

    /// As [`Term::member`], of a value that is kept: only what matters for the name is copied.
    pub fn part(&self, name: &str) -> Term<'a> {
        let matters = |entry: &&Entry<'a>| match entry {
            Entry::Field { key, .. } => key == name,
            Entry::Spread { .. } => true,
            Entry::AnyKey { .. } => false,
        };
        match &self.kind {
            Kind::Object(entries) => {
                let entries = entries.iter().filter(matters).cloned().collect();
                Term::new(Kind::Object(entries), self.site).member(name, self.site)
            }
            Kind::Record(record) => match record.fields.iter().find(|(field, _)| field == name) {
                Some((_, value)) => value.clone(),
                None => self.clone().member(name, self.site),
            },
            _ => self.clone().member(name, self.site),
        }
    }

    /// What stands under `name` in this value, as far as the term says; else a member still to be looked up.
    pub fn member(self, name: &str, site: Site) -> Term<'a> {
        match self.kind {
            Kind::Object(entries) => {
                let mut found: Vec<Term<'a>> = Vec::new();
                let mut certain = false;
                for entry in entries.into_iter().rev() {
                    match entry {
                        Entry::Field { key, value, conditional, .. } if key == name => {
                            found.push(value);
                            certain = !conditional;
                        }
                        Entry::Spread { value, .. } => {
                            let spread_site = value.site;
                            let inner = value.member(name, spread_site);
                            if !matches!(inner.kind, Kind::Absent) {
                                certain = matches!(inner.kind, Kind::Literal(_) | Kind::Object(_) | Kind::Param { .. });
                                found.push(inner);
                            }
                        }
                        Entry::Field { .. } | Entry::AnyKey { .. } => {}
                    }
                    if certain {
                        break;
                    }
                }
                match found.len() {
                    0 => Term::new(Kind::Absent, site),
                    1 => found.remove(0),
                    _ => Term::new(Kind::OneOf(found), site),
                }
            }
            Kind::OneOf(branches) => {
                Term::new(Kind::OneOf(branches.into_iter().map(|branch| branch.member(name, site)).collect()), site)
            }
            Kind::Record(record) => match record.fields.iter().find(|(field, _)| field == name) {
                Some((_, value)) => value.clone(),
                None => Term::new(Kind::Member(Box::new(Term::new(Kind::OfType(record.ty), self.site)), name.into()), site),
            },
            // What has been made is of its own class, whatever it is handed over as.
            Kind::Typed(inner, _) if matches!(inner.kind, Kind::Record(_)) => inner.member(name, site),
            Kind::Typed(inner, ty) => {
                let given = inner.member(name, site);
                match given.kind {
                    // The stated type still knows what the value itself does not say.
                    Kind::Member(_, _) | Kind::Unknown(_) => {
                        let stated = Term::new(Kind::OfType(ty), site);
                        if given.is_open() { given } else { Term::new(Kind::Member(Box::new(stated), name.into()), site) }
                    }
                    _ => given,
                }
            }
            Kind::Built(built) => match built.argument(name) {
                Some(argument) => argument.clone(),
                None => Term::new(Kind::Member(Box::new(Term::new(Kind::Built(built), self.site)), name.into()), site),
            },
            // The wire value of a member of an enumeration, as Python asks for it.
            Kind::Literal(literal) if name == "value" => Term::new(Kind::Literal(literal), site),
            // A place of a list by its number, as what is handed on with `...args` or `*args` is asked for it.
            Kind::Array(mut items) if name.parse::<usize>().is_ok() => match name.parse::<usize>() {
                Ok(place) if place < items.len() => items.swap_remove(place),
                Ok(_) | Err(_) => Term::new(Kind::Absent, site),
            },
            Kind::Absent => Term::new(Kind::Absent, site),
            Kind::Tested(inner, true) => match inner.clone().member(name, site) {
                // Of what is there, only what it is itself may still be missing.
                Term { kind: Kind::Member(_, _), .. } => {
                    let tested = Term::new(Kind::Tested(inner, true), self.site);
                    Term::new(Kind::Member(Box::new(tested), name.into()), site)
                }
                known => known,
            },
            // `JSON.parse(x).field` and the like: decoding what was encoded is the value itself.
            Kind::Decoded(inner, None) => match inner.kind {
                Kind::Encoded(value) => value.member(name, site),
                kind => Term::new(
                    Kind::Member(
                        Box::new(Term::new(Kind::Decoded(Box::new(Term::new(kind, inner.site)), None), self.site)),
                        name.into(),
                    ),
                    site,
                ),
            },
            Kind::Class(class) => match class.constants {
                Some(constants) => constants.member(name, site),
                None => Term::new(Kind::Member(Box::new(Term::new(Kind::Class(class), self.site)), name.into()), site),
            },
            kind => Term::new(Kind::Member(Box::new(Term::new(kind, self.site)), name.into()), site),
        }
    }

    /// What stands under a key in a table: the entry where the key is known, any of them where nobody can tell it.
    pub fn lookup(table: Term<'a>, key: Term<'a>, site: Site) -> Term<'a> {
        if let Some(name) = key.as_text() {
            return table.member(name, site);
        }
        let open = |entries: &[Entry<'_>]| key.is_open() || !is_whole(entries);
        if matches!(&table.bare().kind, Kind::Object(entries) if open(entries)) {
            return Term::new(Kind::Lookup(Box::new(table), Box::new(key)), site);
        }
        match table.kind {
            Kind::Object(entries) => Term::new(Kind::OneOf(values_of(entries)), site),
            kind => Term::new(kind, table.site).element(site),
        }
    }

    /// The values that a lookup may give, for a term that is one or a part of one; `None` where it may give others as well.
    pub fn any_of_table(&self) -> Option<Term<'a>> {
        self.of_table(true)
    }

    /// Those of them that are known.
    pub fn known_of_table(&self) -> Option<Term<'a>> {
        self.of_table(false)
    }

    fn of_table(&self, whole: bool) -> Option<Term<'a>> {
        match &self.kind {
            Kind::Lookup(table, _) => match &table.bare().kind {
                Kind::Object(entries) if !whole || is_whole(entries) => {
                    Some(Term::new(Kind::OneOf(values_of(entries.clone())), self.site))
                }
                _ => None,
            },
            Kind::Member(inner, name) => Some(inner.of_table(whole)?.member(name, self.site)),
            Kind::Typed(inner, _) => inner.of_table(whole),
            _ => None,
        }
    }

    /// What a test for its presence leaves of a value: itself where it is `there`, `undefined` or nothing at all where it is not.
    pub fn tested(self, there: bool, site: Site) -> Term<'a> {
        match &self.kind {
            Kind::Absent | Kind::Literal(Literal::Null) => {
                return Term::new(if there { Kind::OneOf(Vec::new()) } else { Kind::Absent }, site);
            }
            Kind::Param { .. }
            | Kind::Member(_, _)
            | Kind::Element(_)
            | Kind::Lookup(_, _)
            | Kind::OneOf(_)
            | Kind::Tested(_, _)
            | Kind::OfType(_)
            | Kind::Decoded(_, _) => {}
            Kind::Typed(inner, _) if matches!(inner.kind, Kind::Param { .. } | Kind::Member(_, _) | Kind::Element(_)) => {}
            Kind::Typed(inner, _) if matches!(inner.kind, Kind::OneOf(_) | Kind::Tested(_, _) | Kind::Unknown(_)) => {}
            // Of the result of a call, its name says more than that it has been tested.
            Kind::Built(_) | Kind::Unknown(_) | Kind::OnClass(_) | Kind::Typed(_, _) if there => return self,
            _ => return if there { self } else { Term::new(Kind::OneOf(Vec::new()), site) },
        }
        Term::new(Kind::Tested(Box::new(self), there), site)
    }

    /// What stands at a place of a list, where its places are known; whatever is in it otherwise.
    pub fn at_place(self, position: usize, site: Site) -> Term<'a> {
        match self.kind {
            Kind::Array(mut items) if position < items.len() => items.swap_remove(position),
            Kind::OneOf(lists) if lists.iter().all(|list| matches!(&list.kind, Kind::Array(items) if position < items.len())) => {
                Term::new(Kind::OneOf(lists.into_iter().map(|list| list.at_place(position, site)).collect()), site)
            }
            kind => Term::new(kind, self.site).element(site),
        }
    }

    /// One element of this list.
    pub fn element(self, site: Site) -> Term<'a> {
        match self.kind {
            Kind::Array(mut items) => match items.len() {
                0 => Term::unknown("an element of an empty list", site),
                1 => items.remove(0),
                _ => Term::new(Kind::OneOf(items), site),
            },
            Kind::ListOf(item) => *item,
            // What is in a list says more of it than the list's type.
            Kind::Typed(inner, _) if matches!(&inner.kind, Kind::Array(items) if !items.is_empty()) => inner.element(site),
            Kind::Typed(inner, _) if matches!(inner.kind, Kind::ListOf(_)) => inner.element(site),
            Kind::Tested(inner, true) => inner.element(site),
            Kind::OneOf(branches) => {
                Term::new(Kind::OneOf(branches.into_iter().map(|branch| branch.element(site)).collect()), site)
            }
            kind => Term::new(Kind::Element(Box::new(Term::new(kind, self.site))), site),
        }
    }

    /// Looks through encodings and stated types at the value itself.
    pub fn bare(&self) -> &Term<'a> {
        match &self.kind {
            Kind::Typed(inner, _) | Kind::Encoded(inner) | Kind::Tested(inner, true) => inner.bare(),
            _ => self,
        }
    }
}
