//! Expressions to terms: locals, constants, imports and small functions followed.

mod apply;
mod associated;
mod cases;
mod instances;
mod locals;
mod receiver;
mod spread;

pub use receiver::{Receiver, is_super};

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::idioms::fitting::Fitting;
use super::resolve::{DeclId, Entity, FnRef, Found, Program, Want};
use super::term::{
    Built, CLASS_NAME, ClassValue, Entry, Kind, MAX_DEPTH, OnClass, RECEIVER_CLASS, Record, Site, Term, TypeUse, Written,
};
use crate::facts::{Call, Expr, ExprKind, LanguageId, Literal, LocalId, LocalKind, Name, TypeExpr, TypeKind, ValueMember};
use crate::source::Span;

/// How many calls deep the returned value of a function is followed.
const MAX_CALL_DEPTH: u32 = 4;

/// How many evaluations may stand inside one another, each begun by the question which function a call runs.
const MAX_NESTING: u32 = 12;

/// How many expressions one evaluation visits before the rest is unknown.
const MAX_STEPS: u32 = 20_000;

/// How many of the last values are kept.
const MAX_RECENT: usize = 2_048;

/// What part of the steps that are left one field of an object leaves to those behind it.
const OTHERS_SHARE: u32 = 3;

/// The methods by which Rust code asks an enum for the text of a variant.
const VARIANT_TEXTS: &[&str] = &["as_str", "as_ref", "into", "to_string", "as_string"];

/// Evaluates expressions of one program.
pub struct Eval<'a> {
    pub program: &'a Program<'a>,
    steps: Cell<u32>,
    /// The step at which what is being evaluated ends: [`MAX_STEPS`], or less for one of several fields.
    limit: Cell<u32>,
    nesting: Cell<u32>,
    /// How often a value came out as it did because of what was under way, or of where it was asked for: a value is kept for
    /// others where this has not happened inside.
    cuts: Cell<u32>,
    /// Functions whose returned value is being computed, against recursion.
    active: RefCell<Vec<FnRef>>,
    /// Variables whose value is being computed, against variables that are assigned from themselves.
    locals_active: RefCell<Vec<(FnRef, LocalId)>>,
    /// Edits whose value is being computed: `query = query.where(…)` speaks of the variable as it was before.
    edits_active: RefCell<Vec<(FnRef, LocalId, u32)>>,
    constants: RefCell<FxHashMap<DeclId, Term<'a>>>,
    /// The last values that were asked for while no other was computed; the key holds the expression's address.
    recent: RefCell<FxHashMap<(FnRef, usize, u32), Term<'a>>>,
    /// What functions return, over their parameters: the same wherever they are called.
    returned: RefCell<FxHashMap<FnRef, Term<'a>>>,
    /// Variables that nothing edits, over the parameters of their function.
    variables: RefCell<FxHashMap<(FnRef, LocalId), Term<'a>>>,
    /// Whether a file imports what an idiom's row is about, by the row's address.
    pub imported: RefCell<FxHashMap<(super::modules::FileId, usize), bool>>,
    /// Which names fit the patterns of idiom rows.
    pub fitting: Fitting,
    /// Which function a call runs; the key is the call's address, which lives as long as the facts.
    callees: RefCell<FxHashMap<(FnRef, usize), Option<FnRef>>>,
    constants_active: RefCell<Vec<DeclId>>,
    /// Class methods whose value is being computed for a class of the caller's choice.
    classes_active: RefCell<Vec<(FnRef, DeclId)>>,
    /// The functions that stand for a protocol of a callable, by the protocol's class.
    pub callables: RefCell<FxHashMap<DeclId, Option<FnRef>>>,
    /// Decorated functions by the names that they are registered under, once somebody has asked.
    pub registered: RefCell<Option<FxHashMap<Name, Vec<FnRef>>>>,
    /// Fixtures of tests by name, once somebody has asked.
    pub fixtures: RefCell<Option<FxHashMap<&'a str, Vec<FnRef>>>>,
    /// The calls that declare queues, and whether any sets defaults for all of them: looked for once.
    pub queue_declarations: std::cell::OnceCell<Vec<super::summaries::CallSite>>,
    pub queue_defaults: std::cell::OnceCell<bool>,
    /// The places that make a client, by the id of the row that says of which kind.
    pub clients: RefCell<FxHashMap<Name, std::rc::Rc<[super::summaries::CallSite]>>>,
    no_bindings: Arc<Vec<(Name, TypeUse<'a>)>>,
}

impl<'a> Eval<'a> {
    pub fn new(program: &'a Program<'a>) -> Self {
        Eval {
            program,
            steps: Cell::new(0),
            limit: Cell::new(MAX_STEPS),
            nesting: Cell::new(0),
            cuts: Cell::new(0),
            active: RefCell::default(),
            locals_active: RefCell::default(),
            edits_active: RefCell::default(),
            constants: RefCell::default(),
            recent: RefCell::default(),
            returned: RefCell::default(),
            variables: RefCell::default(),
            imported: RefCell::default(),
            fitting: Fitting::default(),
            callees: RefCell::default(),
            constants_active: RefCell::default(),
            classes_active: RefCell::default(),
            callables: RefCell::default(),
            registered: RefCell::default(),
            fixtures: RefCell::default(),
            queue_declarations: std::cell::OnceCell::new(),
            queue_defaults: std::cell::OnceCell::new(),
            clients: RefCell::default(),
            no_bindings: Arc::new(Vec::new()),
        }
    }

    pub fn type_use(&self, function: FnRef, expr: &'a TypeExpr) -> TypeUse<'a> {
        self.written(function.file, &self.program.function(function).scope, Written::Expr(expr))
    }

    fn written(&self, file: super::modules::FileId, scope: &'a [Name], ty: Written<'a>) -> TypeUse<'a> {
        TypeUse { ty, file, scope, bindings: Arc::clone(&self.no_bindings) }
    }

    pub fn type_use_in(&self, file: super::modules::FileId, scope: &'a [Name], expr: &'a TypeExpr) -> TypeUse<'a> {
        self.written(file, scope, Written::Expr(expr))
    }

    /// The value of `expr` where it stands in `function`: edits of variables after `at` do not count.
    ///
    /// Evaluation asks which function a call runs, and that asks for the value of its receiver: the two go round together, so
    /// both the steps and the nesting are counted across them.
    pub fn term(&self, function: FnRef, expr: &'a Expr, at: u32) -> Term<'a> {
        if !self.is_outermost() {
            return self.nested_term(function, expr, at);
        }
        // One expression is asked for by every row that may fit its call.
        let key = (function, std::ptr::from_ref(expr).addr(), at);
        if let Some(known) = self.recent.borrow().get(&key) {
            return known.clone();
        }
        self.steps.set(0);
        self.limit.set(MAX_STEPS);
        let term = self.nested_term(function, expr, at);
        let mut recent = self.recent.borrow_mut();
        if recent.len() >= MAX_RECENT {
            recent.clear();
        }
        recent.insert(key, term.clone());
        term
    }

    /// Whether no evaluation is under way: what is evaluated now depends on nothing but the program.
    fn is_outermost(&self) -> bool {
        self.nesting.get() == 0
            && self.active.borrow().is_empty()
            && self.locals_active.borrow().is_empty()
            && self.edits_active.borrow().is_empty()
            && self.constants_active.borrow().is_empty()
            && self.classes_active.borrow().is_empty()
    }

    fn nested_term(&self, function: FnRef, expr: &'a Expr, at: u32) -> Term<'a> {
        let nesting = self.nesting.get();
        if nesting >= MAX_NESTING {
            self.cut();
            return Term::unknown("the value is built from too many parts", Site { file: function.file, span: expr.span });
        }
        self.nesting.set(nesting + 1);
        let term = self.eval(function, expr, at, 0);
        self.nesting.set(nesting);
        term
    }

    fn eval(&self, function: FnRef, expr: &'a Expr, at: u32, depth: u32) -> Term<'a> {
        let site = Site { file: function.file, span: expr.span };
        let steps = self.steps.get() + 1;
        self.steps.set(steps);
        if depth > MAX_DEPTH || steps > self.limit.get() {
            self.cut();
            return Term::unknown("the value is built from too many parts", site);
        }
        let go = |inner: &'a Expr| self.eval(function, inner, at, depth + 1);
        let kind = match &expr.kind {
            ExprKind::Literal(literal) => Kind::Literal(literal.clone()),
            ExprKind::Absent => Kind::Absent,
            ExprKind::Template(parts) => return Term::template(parts.iter().map(go).collect(), site),
            ExprKind::Name(path) => return self.name(function, path, expr.span, depth),
            ExprKind::Local(id) => return self.local(function, *id, at, site, depth),
            ExprKind::Outer(out, id) => {
                let Some(outer) = self.program.outer(function, *out) else {
                    return Term::unknown("a variable of a function that is not known", site);
                };
                if self.program.function(outer).locals.len() <= id.0 as usize {
                    return Term::unknown("a variable that is not known", site);
                }
                return self.local(outer, *id, at, site, depth);
            }
            ExprKind::This => return self.own_value(function, site),
            ExprKind::Member(base, name) => {
                if name == "name" && is_own_constructor(base) {
                    let method = self.method_around(function);
                    return Term::new(Kind::Param { function: method, index: RECEIVER_CLASS, declared: None }, site);
                }
                if matches!(base.kind, ExprKind::This) {
                    return self.own_member(function, name, site, depth);
                }
                if let Some(value) = self.asked_for_its_class(function, base, name) {
                    let class = go(value);
                    return self.class_name(&class, site).unwrap_or_else(|| {
                        let asked = OnClass { class, method: CLASS_NAME.into(), args: Vec::new() };
                        Term::new(Kind::OnClass(Box::new(asked)), site)
                    });
                }
                if let Some(path) = dotted(base) {
                    let mut full = path;
                    full.push(name.clone());
                    if let Some(term) = self.try_path(function, &full, expr.span, depth) {
                        return term;
                    }
                }
                return go(base).member(name, site);
            }
            ExprKind::Index(base, index) => {
                let base = match go(base) {
                    // A list with a stated type keeps its places.
                    Term { kind: Kind::Typed(inner, _), .. } if matches!(inner.kind, Kind::Array(_)) => *inner,
                    base => base,
                };
                let index = go(index);
                return match &index.kind {
                    Kind::Literal(Literal::Text(name)) => base.member(name, site),
                    Kind::Literal(Literal::Number(position)) => match position.parse::<usize>() {
                        Ok(position) => base.at_place(position, site),
                        Err(_) => base.element(site),
                    },
                    _ => Term::lookup(base, index, site),
                };
            }
            ExprKind::Object(members) => Kind::Object(self.entries(function, members, at, depth)),
            ExprKind::Array(items) => Kind::Array(items.iter().map(go).collect()),
            ExprKind::ListOf(item) => Kind::ListOf(Box::new(go(item))),
            ExprKind::MapOf(value) => Kind::MapOf(Box::new(go(value))),
            ExprKind::Element(list) => return go(list).element(site),
            ExprKind::Record(record) => {
                let mut fields: Vec<_> = record.fields.iter().map(|(name, value)| (name.clone(), go(value))).collect();
                self.named_by_default(function, &record.ty.path, &mut fields, site);
                Kind::Record(Box::new(Record {
                    ty: self.written(function.file, &self.program.function(function).scope, Written::Named(&record.ty)),
                    fields,
                    base: record.base.as_ref().map(go),
                }))
            }
            ExprKind::Call(id) => {
                let owner = self.program.function(function);
                return match owner.calls.get(id.0 as usize) {
                    Some(call) => self.call_value(function, call, at, depth),
                    None => Term::unknown("a call that is not known", site),
                };
            }
            ExprKind::Function(id) => Kind::Function(FnRef { file: function.file, id: *id }),
            ExprKind::OneOf(branches) => return Term::one_of(branches.iter().map(go).collect(), site),
            ExprKind::Await(inner) => return go(inner),
            ExprKind::Tested(inner, there) => return go(inner).tested(*there, site),
            ExprKind::Encoded(inner) => Kind::Encoded(Box::new(go(inner))),
            ExprKind::Decoded(inner, ty) => {
                let value = go(inner);
                match (value.kind, ty) {
                    (Kind::Encoded(inner), None) => return *inner,
                    (kind, ty) => {
                        Kind::Decoded(Box::new(Term::new(kind, value.site)), ty.as_ref().map(|ty| self.type_use(function, ty)))
                    }
                }
            }
            ExprKind::Typed(inner, ty) => {
                let value = go(inner);
                if matches!(value.kind, Kind::Literal(_) | Kind::Absent) {
                    return value;
                }
                Kind::Typed(Box::new(value), self.type_use(function, ty))
            }
            ExprKind::OfType(ty) => Kind::OfType(self.type_use(function, ty)),
            ExprKind::Unknown(text) => Kind::Unknown(text.clone()),
        };
        Term::new(kind, site)
    }

    fn entries(&self, function: FnRef, members: &'a [ValueMember], at: u32, depth: u32) -> Vec<Entry<'a>> {
        let limit = self.limit.get();
        // One field that takes many steps leaves a share of them to the others: an event's name stands beside a large payload.
        let share = |of: &Self| {
            let left = limit.saturating_sub(of.steps.get());
            of.limit.set(limit.saturating_sub(left / OTHERS_SHARE));
        };
        let entries = members
            .iter()
            .inspect(|_| share(self))
            .map(|member| match member {
                ValueMember::Entry { key, value, conditional } => {
                    let name = match &key.kind {
                        ExprKind::Literal(Literal::Text(text)) => Some(text.clone()),
                        _ => match self.eval(function, key, at, depth + 1).kind {
                            Kind::Literal(Literal::Text(text) | Literal::Number(text)) => Some(text),
                            _ => None,
                        },
                    };
                    let value = self.eval(function, value, at, depth + 1);
                    match name {
                        Some(key_name) => Entry::Field {
                            key: key_name,
                            value,
                            conditional: *conditional,
                            site: Site { file: function.file, span: key.span },
                        },
                        None => Entry::AnyKey { value },
                    }
                }
                ValueMember::Spread { value, conditional } => {
                    Entry::Spread { value: self.eval(function, value, at, depth + 1), conditional: *conditional }
                }
            })
            .collect();
        self.limit.set(limit);
        entries
    }

    /// A name of the module level.
    fn name(&self, function: FnRef, path: &'a [Name], span: Span, depth: u32) -> Term<'a> {
        let site = Site { file: function.file, span };
        self.try_path(function, path, span, depth).unwrap_or_else(|| Term::unknown(path.join("."), site))
    }

    fn try_path(&self, function: FnRef, path: &[Name], span: Span, depth: u32) -> Option<Term<'a>> {
        let site = Site { file: function.file, span };
        let scope = &self.program.function(function).scope;
        let own_path = matches!(path.first().map(Name::as_str), Some("Self" | "cls"));
        if let Some(term) = self.of_type_parameter(function, path, Vec::new(), site) {
            return Some(term);
        }
        // `Self::TOPIC` and `cls.TOPIC` mean the type that the function belongs to.
        let own: Vec<Name>;
        let path = match path.first().map(Name::as_str) {
            Some("Self" | "cls") if path.len() > 1 => {
                own = scope.last().into_iter().cloned().chain(path[1..].iter().cloned()).collect();
                &own
            }
            _ => path,
        };
        let scope = if own_path { scope.as_slice() } else { self.program.visible_scope(function) };
        let found = self.program.resolve(function.file, scope, path, Want::Value)?;
        self.entity_value(found, site, depth)
    }

    fn entity_value(&self, found: Found, site: Site, depth: u32) -> Option<Term<'a>> {
        let mut term = match found.entity {
            Entity::Constant(id) if found.rest.is_empty() => {
                let constants = self.constant(id, site, depth);
                match self.class_of_constants(id) {
                    Some(class) => return self.class_value(None, Some(class), Some(constants.clone()), site).or(Some(constants)),
                    None => constants,
                }
            }
            Entity::Constant(id) => self.constant(id, site, depth),
            Entity::Function(reference) => Term::new(Kind::Function(reference), site),
            Entity::Class(id) => {
                let class = self.program.class(id);
                match found.rest.first() {
                    Some(member) => {
                        let Some((_, _, value)) = class.members.iter().find(|(name, _, _)| name == member) else {
                            let given = self.class_member(id, member, site, depth, 0).or_else(|| {
                                // `OrderPlaced.name`: what the language calls the class.
                                let own =
                                    member == "name" && self.program.files.unit(id.file).facts.language == LanguageId::TypeScript;
                                own.then(|| Term::new(Kind::Literal(Literal::Text(class.name.clone())), site))
                            })?;
                            return Some(found.rest[1..].iter().fold(given, |term, name| term.member(name, site)));
                        };
                        let top = FnRef { file: id.file, id: crate::facts::FnId(0) };
                        let inner = self.eval(top, value.as_ref()?, u32::MAX, depth + 1);
                        return Some(found.rest[1..].iter().fold(inner, |term, name| term.member(name, site)));
                    }
                    None => return self.class_value(None, Some(id), None, site),
                }
            }
            Entity::Type(id) if found.rest.is_empty() => return self.class_value(Some(id), None, None, site),
            Entity::Type(_) | Entity::Module(_) | Entity::External(_) => return None,
        };
        for member in &found.rest {
            term = term.member(member, site);
        }
        Some(term)
    }

    /// The value of a constant.
    pub fn constant(&self, id: DeclId, site: Site, depth: u32) -> Term<'a> {
        if let Some(known) = self.constants.borrow().get(&id) {
            return known.clone();
        }
        if self.constants_active.borrow().contains(&id) || depth > MAX_DEPTH {
            self.cut();
            return Term::unknown("a constant that is defined by itself", site);
        }
        let constant = self.program.constant(id);
        if self.program.files.unit(id.file).facts.functions.is_empty() {
            return match &constant.value.kind {
                ExprKind::Literal(literal) => Term::new(Kind::Literal(literal.clone()), site),
                _ => Term::unknown(constant.name.clone(), site),
            };
        }
        self.constants_active.borrow_mut().push(id);
        let top = FnRef { file: id.file, id: crate::facts::FnId(0) };
        let value = match self.assigned_later(id) {
            Some((function, value)) => self.eval(function, value, u32::MAX, depth + 1),
            None => self.eval_in_scope(top, &constant.scope, &constant.value, depth + 1),
        };
        self.constants_active.borrow_mut().pop();
        let value = match &constant.ty {
            Some(ty) if !matches!(value.kind, Kind::Literal(_) | Kind::Object(_)) => {
                let site = value.site;
                Term::new(Kind::Typed(Box::new(value), self.type_use_in(id.file, &constant.scope, ty)), site)
            }
            _ => value,
        };
        self.constants.borrow_mut().insert(id, value.clone());
        value
    }

    /// What a variable of the module holds that is empty at first and that one place fills: `queue ??= new Queue("emails")`.
    fn assigned_later(&self, id: DeclId) -> Option<(FnRef, &'a Expr)> {
        let constant = self.program.constant(id);
        let empty = matches!(constant.value.kind, ExprKind::Literal(Literal::Null) | ExprKind::Absent | ExprKind::Unknown(_));
        if !empty || !constant.scope.is_empty() {
            return None;
        }
        let functions = self.program.files.unit(id.file).facts.functions.iter().enumerate();
        let mut assigned = functions.flat_map(|(at, function)| {
            let of_module =
                function.locals.iter().filter(|local| local.kind == LocalKind::OfModule && local.name == constant.name);
            let values = of_module.filter_map(|local| local.value.as_ref());
            values.map(move |value| (FnRef { file: id.file, id: crate::facts::FnId(at as u32) }, value))
        });
        // What empties it again makes no other of it.
        let fills = |value: &Expr| !matches!(value.kind, ExprKind::Literal(Literal::Null) | ExprKind::Absent);
        let only = assigned.by_ref().find(|(_, value)| fills(value))?;
        assigned.all(|(_, value)| !fills(value)).then_some(only)
    }

    /// Evaluates an expression of the top level whose names are looked up in an inner scope first.
    fn eval_in_scope(&self, top: FnRef, scope: &'a [Name], expr: &'a Expr, depth: u32) -> Term<'a> {
        if let ExprKind::Name(path) = &expr.kind
            && !scope.is_empty()
        {
            let site = Site { file: top.file, span: expr.span };
            if let Some(found) = self.program.resolve(top.file, scope, path, Want::Value)
                && let Some(term) = self.entity_value(found, site, depth)
            {
                return term;
            }
        }
        self.eval(top, expr, u32::MAX, depth)
    }

    /// `this.name`, `self.name`: a member of the class around the function.
    fn own_member(&self, function: FnRef, name: &str, site: Site, depth: u32) -> Term<'a> {
        let scope = &self.program.function(function).scope;
        let chosen = self.classes_active.borrow().last().filter(|(active, _)| *active == function).map(|(_, class)| *class);
        if chosen.is_some() {
            self.cut();
        }
        let Some(class) = chosen.or_else(|| self.own_class(function)) else {
            return Term::unknown(format!("this.{name}"), site);
        };
        let known = self.class_member(class, name, site, depth, 0);
        // A field of a data class is what the object was made with, where whoever calls the method says so; so is one of which the
        // class says no more than that it is of a type of its maker's choice.
        if let Some(Term { kind: Kind::OfType(ty), .. }) = &known
            && chosen.is_none()
            && (matches!(ty.ty, Written::Expr(TypeExpr { kind: TypeKind::Param(_), .. })) || self.is_data_class(class))
        {
            let given = self.own_value(function, site).member(name, site);
            return Term::new(Kind::Typed(Box::new(given), ty.clone()), site);
        }
        known
            .or_else(|| {
                let owner = scope.last()?;
                let entity = self.program.member_of(owner, function.file, name)?;
                self.entity_value(Found { entity, rest: Vec::new() }, site, depth)
            })
            .unwrap_or_else(|| Term::unknown(format!("this.{name}"), site))
    }

    fn class_member(&self, class: DeclId, name: &str, site: Site, depth: u32, up: u32) -> Option<Term<'a>> {
        let declared = self.program.class(class);
        if let Some((_, ty, value)) = declared.members.iter().find(|(member, _, _)| member == name) {
            let top = FnRef { file: class.file, id: crate::facts::FnId(0) };
            let has_top = !self.program.files.unit(class.file).facts.functions.is_empty();
            let value = value.as_ref().filter(|_| has_top).map(|value| self.eval(top, value, u32::MAX, depth + 1));
            let ty = ty.as_ref().map(|ty| self.type_use_in(class.file, &declared.scope, ty));
            return Some(match (value, ty) {
                (Some(value), Some(ty)) if !matches!(value.kind, Kind::Literal(_)) => {
                    Term::new(Kind::Typed(Box::new(value), ty), site)
                }
                (Some(value), _) => value,
                (None, Some(ty)) => Term::new(Kind::OfType(ty), site),
                (None, None) => return None,
            });
        }
        if up > 6 {
            return None;
        }
        declared.bases.iter().find_map(|base| {
            match self.program.resolve(class.file, &declared.scope, base, Want::Class)?.entity {
                Entity::Class(parent) => self.class_member(parent, name, site, depth, up + 1),
                Entity::Type(_) | Entity::Constant(_) | Entity::Function(_) | Entity::Module(_) | Entity::External(_) => None,
            }
        })
    }

    /// The class, struct or object whose method `function` is, also where it is a closure inside one.
    pub fn own_class(&self, function: FnRef) -> Option<DeclId> {
        let mut current = function;
        for _ in 0..16 {
            let owner = self.program.function(current);
            if let Some((name, outer)) = owner.scope.split_last()
                && let Some(found) = self.program.resolve(current.file, outer, std::slice::from_ref(name), Want::Class)
                && let Entity::Class(id) = found.entity
            {
                return Some(id);
            }
            match owner.parent {
                Some((parent, _)) => current = FnRef { file: current.file, id: parent },
                None => return None,
            }
        }
        None
    }

    /// The class whose constants these are, where it inherits from something that is no enumeration: of an enumeration and a
    /// plain list of names, the values are what matters.
    fn class_of_constants(&self, id: DeclId) -> Option<DeclId> {
        let constant = self.program.constant(id);
        let found = self.program.resolve(id.file, &constant.scope, std::slice::from_ref(&constant.name), Want::Class)?;
        let Entity::Class(class) = found.entity else { return None };
        let bases = &self.program.class(class).bases;
        let lists = |base: &Vec<Name>| {
            base.last().is_some_and(|name| name == "str" || name == "int" || name.ends_with("Enum") || name.ends_with("Choices"))
        };
        (!bases.is_empty() && !bases.iter().any(lists)).then_some(class)
    }

    /// A Python class as a value; in other languages the name of a type is no value of a payload.
    fn class_value(
        &self,
        declared: Option<DeclId>,
        class: Option<DeclId>,
        constants: Option<Term<'a>>,
        site: Site,
    ) -> Option<Term<'a>> {
        let id = declared.or(class)?;
        if self.program.files.unit(id.file).facts.language != LanguageId::Python {
            return None;
        }
        let (name, scope) = match declared {
            Some(id) => (&self.program.type_decl(id).name, &self.program.type_decl(id).scope),
            None => (&self.program.class(id).name, &self.program.class(id).scope),
        };
        let class =
            class.or_else(|| match self.program.resolve(id.file, scope, std::slice::from_ref(name), Want::Class)?.entity {
                Entity::Class(class) => Some(class),
                Entity::Type(_) | Entity::Constant(_) | Entity::Function(_) | Entity::Module(_) | Entity::External(_) => None,
            });
        Some(Term::new(Kind::Class(Box::new(ClassValue { constants, name: name.clone(), declared, class })), site))
    }

    /// What a call gives: the returned value of a function of the repository, or what its declared type says.
    fn call_value(&self, function: FnRef, call: &'a Call, at: u32, depth: u32) -> Term<'a> {
        let site = Site { file: function.file, span: call.span };
        if let Some(text) = self.variant_text(function, call, at, depth) {
            return text;
        }
        if let Some(given) = self.called_on_class(function, call, at, depth) {
            return given;
        }
        if let Some(given) = self.called_on_trait(function, call, at, depth) {
            return given;
        }
        let Some(target) = self.callee(function, call) else {
            if let Some(given) = self.called_parameter(function, call, at, depth) {
                return given;
            }
            if let ExprKind::Name(path) = &call.callee.kind
                && call.args.is_empty()
                && let Some(given) = self.of_type_parameter(function, path, Vec::new(), site)
            {
                return given;
            }
            if let Some(row) = super::hooks::row_built(self, function, call) {
                return super::hooks::as_row(self.eval(function, row, at, depth + 1));
            }
            return self.constructed(function, call, at, depth).unwrap_or_else(|| self.built(function, call, at, depth));
        };
        let callee = self.program.function(target);
        let declared = callee.return_type.as_ref().map(|ty| self.type_use(target, ty));
        if self.active.borrow().len() >= MAX_CALL_DEPTH as usize || self.active.borrow().contains(&target) {
            self.cut();
            return match declared {
                Some(ty) => Term::new(Kind::OfType(ty), site),
                None => Term::unknown(format!("the result of `{}`", callee_text(&call.callee)), site),
            };
        }
        if callee.returns.is_empty() {
            return match declared {
                Some(ty) => Term::new(Kind::OfType(ty), site),
                None => Term::unknown(format!("the result of `{}`", callee_text(&call.callee)), site),
            };
        }
        let known = self.returned.borrow().get(&target).cloned();
        let value = known.unwrap_or_else(|| {
            self.active.borrow_mut().push(target);
            let mut returns: Vec<Term<'a>> =
                callee.returns.iter().map(|value| self.eval(target, value, value.span.end, depth + 1)).collect();
            self.active.borrow_mut().pop();
            let value = if returns.len() == 1 { returns.remove(0) } else { Term::new(Kind::OneOf(returns), site) };
            if self.is_whole() {
                self.returned.borrow_mut().insert(target, value.clone());
            }
            value
        });
        // `createQueue(name)` gives a queue of that name.
        let made_of = matches!(&value.bare().kind, Kind::Built(built) if built.depends_on(target, 0));
        let value = if made_of || value.is_open() {
            let bound = self.arguments(function, call, target, at, depth + 1);
            let receiver = self.receiver(function, call, at, depth + 1);
            let argument = |index: u32| receiver.of(index).or_else(|| bound.get(index as usize).cloned().flatten());
            value.substitute(target, &argument, &self.on_class())
        } else {
            value
        };
        match declared {
            Some(ty) if !matches!(value.kind, Kind::Literal(_)) => Term::new(Kind::Typed(Box::new(value), ty), site),
            _ => value,
        }
    }

    /// `Event::Paid.as_str()` in Rust: what the enum's own function calls that variant. Where the receiver is no variant of an
    /// enum with such a function, these methods give the value that they are called on.
    fn variant_text(&self, function: FnRef, call: &'a Call, at: u32, depth: u32) -> Option<Term<'a>> {
        let ExprKind::Member(base, method) = &call.callee.kind else { return None };
        if !call.args.is_empty()
            || !VARIANT_TEXTS.contains(&method.as_str())
            || self.program.files.unit(function.file).facts.language != LanguageId::Rust
        {
            return None;
        }
        if let Some(path) = dotted(base)
            && let Some((variant, owner)) = path.split_last()
            && let Some(name) = owner.last()
        {
            let scope = &self.program.function(function).scope;
            let name = match name.as_str() {
                "Self" => scope.last()?,
                name => &Name::from(name),
            };
            if let Some(Entity::Constant(id)) = self.program.member_of(name, function.file, method) {
                let site = Site { file: function.file, span: call.span };
                let text = self.constant(id, site, depth).member(variant, site);
                return text.as_text().is_some().then_some(text);
            }
        }
        let value = self.eval(function, base, at, depth + 1);
        let keeps = matches!(value.bare().kind, Kind::Literal(Literal::Text(_)) | Kind::Template(_))
            || matches!(value.kind, Kind::Encoded(_))
            || matches!(value.bare().kind, Kind::Param { .. } | Kind::Member(_, _)) && value.is_open();
        keeps.then_some(value)
    }

    /// The chain of foreign calls that a call ends.
    fn built(&self, function: FnRef, call: &'a Call, at: u32, depth: u32) -> Term<'a> {
        let site = Site { file: function.file, span: call.span };
        let args = call
            .args
            .iter()
            .map(|argument| (argument.name.clone(), self.eval(function, &argument.value, at, depth + 1)))
            .collect();
        let (root, on, mut calls, name) = match &call.callee.kind {
            ExprKind::Member(base, name) => match &base.kind {
                ExprKind::Call(_) | ExprKind::Local(_) | ExprKind::Await(_) | ExprKind::Record(_) | ExprKind::OfType(_) => {
                    let value = self.eval(function, base, at, depth + 1);
                    match &value.kind {
                        Kind::Built(built) => (built.root.clone(), built.on.clone(), built.calls.clone(), name.clone()),
                        _ => (callee_text(&call.callee), Some(value), Vec::new(), name.clone()),
                    }
                }
                _ => {
                    // A schema that dumps others is mostly a constant of its module.
                    let is_asked = is_part_of_local(base) || name == "dump" && matches!(base.kind, ExprKind::Name(_));
                    let on = is_asked.then(|| self.eval(function, base, at, depth + 1));
                    (callee_text(&call.callee), on, Vec::new(), name.clone())
                }
            },
            kind => (callee_text(&call.callee), None, Vec::new(), super::index::last_name(kind).unwrap_or_default().into()),
        };
        calls.push((name, args));
        Term::new(Kind::Built(Arc::new(Built { root, on, calls })), site)
    }

    /// The arguments of a call by the parameters of `target`.
    pub fn arguments(&self, function: FnRef, call: &'a Call, target: FnRef, at: u32, depth: u32) -> Vec<Option<Term<'a>>> {
        if self.is_outermost() {
            self.steps.set(0);
            self.limit.set(MAX_STEPS);
        }
        let callee = self.program.function(target);
        let owner = self.program.function(function);
        let mut bound: Vec<Option<Term<'a>>> = vec![None; callee.params as usize];
        let mut position = 0usize;
        let mut named_rest: Vec<Entry<'a>> = Vec::new();
        let mut handed_on: Vec<(Option<usize>, Term<'a>)> = Vec::new();
        let rest = callee.locals.iter().take(callee.params as usize).position(|local| local.kind == LocalKind::RestParam);
        let in_place = |bound: &mut Vec<Option<Term<'a>>>, position: usize, value: Term<'a>| match rest {
            Some(rest) if position >= rest && position != usize::MAX => {
                let site = value.site;
                match &mut bound[rest] {
                    Some(Term { kind: Kind::Array(items), .. }) => items.push(value),
                    slot => *slot = Some(Term::new(Kind::Array(vec![value]), site)),
                }
            }
            _ => {
                if let Some(slot) = bound.get_mut(position) {
                    *slot = Some(value);
                }
            }
        };
        for argument in &call.args {
            let value = self.eval(function, &argument.value, at, depth);
            let value = self.told_apart(function, call, &argument.value, value, depth);
            if argument.spread {
                let of_partial = super::relay::is_rest_of_partial(owner, argument);
                match (argument.name.is_some(), value.kind) {
                    (false, Kind::Array(items)) if !of_partial => {
                        for item in items {
                            in_place(&mut bound, position, item);
                            position = position.saturating_add(1);
                        }
                    }
                    (named, kind) => {
                        if !of_partial && (named || position != usize::MAX) {
                            handed_on.push(((!named).then_some(position), Term::new(kind, value.site)));
                        }
                        // How many it fills is not known: what follows is not bound.
                        if !named || of_partial {
                            position = usize::MAX;
                        }
                    }
                }
                continue;
            }
            match &argument.name {
                Some(name) => {
                    let slot = callee.locals.iter().take(callee.params as usize).position(|local| local.name == *name);
                    match slot {
                        Some(slot) => bound[slot] = Some(value),
                        None => {
                            let site = value.site;
                            named_rest.push(Entry::Field { key: name.clone(), value, conditional: false, site });
                        }
                    }
                }
                None => {
                    in_place(&mut bound, position, value);
                    position = position.saturating_add(1);
                }
            }
        }
        for (place, value) in handed_on {
            position = usize::MAX;
            match place {
                Some(place) => spread::in_place(callee, place, &value, &mut bound),
                None => spread::by_name(callee, value, &mut bound, &mut named_rest),
            }
        }
        if !named_rest.is_empty()
            && let Some(slot) =
                callee.locals.iter().take(callee.params as usize).position(|local| local.kind == LocalKind::NamedRestParam)
        {
            let site = Site { file: function.file, span: call.span };
            bound[slot] = Some(Term::new(Kind::Object(named_rest), site));
        }
        // Behind a spread nobody knows what is not passed.
        if position == usize::MAX {
            return bound;
        }
        let language = self.program.files.unit(function.file).facts.language;
        let site = Site { file: function.file, span: call.span };
        for (slot, local) in callee.locals.iter().take(callee.params as usize).enumerate() {
            if bound[slot].is_none() {
                bound[slot] = match &local.value {
                    Some(default) => Some(self.eval(target, default, u32::MAX, depth + 1)),
                    None => spread::nothing_given(local, language).map(|kind| Term::new(kind, site)),
                };
            }
        }
        bound
    }

    /// The function of the repository that a call runs, where that is certain enough to say so.
    pub fn callee(&self, function: FnRef, call: &'a Call) -> Option<FnRef> {
        let key = (function, std::ptr::from_ref(call).addr());
        if let Some(known) = self.callees.borrow().get(&key) {
            return *known;
        }
        let target = super::callee::resolve(self, function, call);
        if self.is_whole() {
            self.callees.borrow_mut().insert(key, target);
        }
        target
    }

    fn cut(&self) {
        self.cuts.set(self.cuts.get().wrapping_add(1));
    }

    /// Whether nothing has been cut short by a budget so far: only then may a result be kept for others.
    fn is_whole(&self) -> bool {
        self.steps.get() < MAX_STEPS
            && self.nesting.get() < MAX_NESTING - 2
            && self.active.borrow().len() < MAX_CALL_DEPTH as usize
    }
}

/// `order.id`, `order.lines[0]`: what a variable holds, and no service that hangs on a module or an object.
fn is_part_of_local(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Local(_) | ExprKind::Outer(_, _) | ExprKind::Template(_) | ExprKind::Array(_) => true,
        ExprKind::Member(base, _) | ExprKind::Index(base, _) => is_part_of_local(base),
        _ => false,
    }
}

/// `this.constructor`
fn is_own_constructor(expr: &Expr) -> bool {
    matches!(&expr.kind, ExprKind::Member(base, name) if name == "constructor" && matches!(base.kind, ExprKind::This))
}

/// `a.b.c` as a path, where its root is a name of the module level.
pub fn dotted(expr: &Expr) -> Option<Vec<Name>> {
    match &expr.kind {
        ExprKind::Name(path) => Some(path.clone()),
        ExprKind::Member(base, name) => {
            let mut path = dotted(base)?;
            path.push(name.clone());
            Some(path)
        }
        _ => None,
    }
}

/// A callee in the words of the source.
pub fn callee_text(callee: &Expr) -> Name {
    match &callee.kind {
        ExprKind::Name(path) => path.join(".").into(),
        ExprKind::Member(base, name) => match &base.kind {
            ExprKind::This => format!("this.{name}").into(),
            ExprKind::Name(_) | ExprKind::Member(_, _) => format!("{}.{name}", callee_text(base)).into(),
            _ => format!("….{name}").into(),
        },
        _ => "…".into(),
    }
}
