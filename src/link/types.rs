//! Types as written to shapes: names followed, generics bound, operations on types carried out.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use rustc_hash::FxHashMap;
use serde_json::Value;

use super::eval::Eval;
use super::modules::FileId;
use super::payload;
use super::reduce;
use super::resolve::{DeclId, Entity, FnRef, Want};
use super::term::{TypeUse, Written};
use crate::facts::types::TypeParam;
use crate::facts::{
    Additional, Expr, FieldExpr, FnId, Literal, Name, ObjectExpr, ObjectMember, TypeExpr, TypeKind, TypeOp, TypeRef,
};
use crate::shape::wire_name::Casing;
use crate::shape::{ArrayShape, Field, ObjectShape, Presence, Rest, Shape, ShapeKind, StringShape};
use crate::source::{Origin, Span};

/// What a type's serializer writes, or what its deserializer accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    Write,
    Read,
}

/// How deep a type is expanded; past it a part is a hole.
const MAX_DEPTH: u32 = 48;

/// How many nodes one type is expanded to; past it the rest is a hole. Large machine-made types stay below it.
const MAX_NODES: u32 = 12_000;

/// How many results of functions are looked into inside one another.
const MAX_RETURNING: usize = 8;

/// Turns types of one program into shapes.
pub struct Types<'e, 'a> {
    pub eval: &'e Eval<'a>,
    /// Named types without arguments, with how many parts they come to: a shared part counts wherever it stands.
    named: RefCell<FxHashMap<(DeclId, Side), (Arc<Shape>, u32)>>,
    /// Named types that were asked for while no other was expanded, by what had been spent: they come out the same each time,
    /// those as well that refer to each other or are cut short.
    asked: RefCell<FxHashMap<Asked, (Reduced, u32)>>,
    /// Types that were asked for where they are used, by where they are written, with the nodes that they took.
    used: RefCell<FxHashMap<Used, (Reduced, u32)>>,
    /// Functions whose result is being given its form: one that has its own object in it has no end.
    returning: RefCell<Vec<FnRef>>,
    nodes: Cell<u32>,
    /// How many nodes one type is expanded to.
    limit: u32,
}

/// The address of what is written, the file and the scope in which it is read, and its side.
type Used = (usize, FileId, (usize, usize), Side);

/// A type, its side, and the nodes and the depth at which it was asked for.
type Asked = (DeclId, Side, u32, u32);

/// A shape, and whether the value may also be left out.
#[derive(Clone, Debug)]
pub struct Reduced {
    pub shape: Arc<Shape>,
    pub absent: bool,
}

impl Reduced {
    fn of(shape: Arc<Shape>) -> Self {
        Reduced { shape, absent: false }
    }
}

/// Where an expression stands: its file and scope, what generic parameters mean, and which types are being expanded around it.
struct Context<'c, 'a> {
    file: FileId,
    scope: &'c [Name],
    bindings: &'c [(Name, Binding<'a>)],
    side: Side,
    depth: u32,
}

/// What a generic parameter stands for.
#[derive(Clone, Debug)]
enum Binding<'a> {
    Shape(Reduced),
    Use(TypeUse<'a>),
}

/// The types being expanded, from outside in, and the outermost of them that has been referred to.
#[derive(Default)]
struct Expansion {
    active: Vec<(DeclId, Arc<str>)>,
    lowest: usize,
}

impl<'e, 'a> Types<'e, 'a> {
    pub fn new(eval: &'e Eval<'a>) -> Self {
        Self::within(eval, MAX_NODES)
    }

    /// Types that are expanded to fewer parts than usual, for a listing of very many of them.
    pub fn within(eval: &'e Eval<'a>, limit: u32) -> Self {
        Types {
            eval,
            named: RefCell::default(),
            asked: RefCell::default(),
            used: RefCell::default(),
            returning: RefCell::default(),
            nodes: Cell::new(0),
            limit: limit.min(MAX_NODES),
        }
    }

    pub fn origin(&self, file: FileId, span: Span) -> Option<Origin> {
        Some(Origin::new(self.eval.program.files.unit(file).path.clone(), span))
    }

    /// The shape of a type where it is used.
    pub fn shape(&self, ty: &TypeUse<'a>, side: Side) -> Reduced {
        let written = match ty.ty {
            Written::Expr(expr) => std::ptr::from_ref(expr).addr(),
            Written::Named(reference) => std::ptr::from_ref(reference).addr(),
        };
        // What is written lives as long as the facts. Inside a function's result, what comes out depends on which results are being
        // looked into.
        let key = (ty.bindings.is_empty() && self.returning.borrow().is_empty()).then_some((
            written,
            ty.file,
            (ty.scope.as_ptr().addr(), ty.scope.len()),
            side,
        ));
        if let Some((known, nodes)) = key.and_then(|key| self.used.borrow().get(&key).cloned()) {
            self.nodes.set(nodes);
            return known;
        }
        self.nodes.set(0);
        let reduced = self.shape_within(ty, side, &mut Expansion { active: Vec::new(), lowest: usize::MAX }, 0);
        if let Some(key) = key {
            self.used.borrow_mut().insert(key, (reduced.clone(), self.nodes.get()));
        }
        reduced
    }

    fn shape_within(&self, ty: &TypeUse<'a>, side: Side, expansion: &mut Expansion, depth: u32) -> Reduced {
        let bindings: Vec<(Name, Binding<'a>)> =
            ty.bindings.iter().map(|(name, inner)| (name.clone(), Binding::Use(inner.clone()))).collect();
        let context = Context { file: ty.file, scope: ty.scope, bindings: &bindings, side, depth };
        match ty.ty {
            Written::Expr(expr) => self.reduce(expr, &context, expansion),
            Written::Named(reference) => self.reference(reference, Span::default(), &context, expansion),
        }
    }

    /// The shape of a declared type without arguments.
    pub fn declared(&self, id: DeclId, side: Side) -> Arc<Shape> {
        self.nodes.set(0);
        self.declaration(id, &[], side, &mut Expansion { active: Vec::new(), lowest: usize::MAX }, 0).shape
    }

    fn declaration(
        &self,
        id: DeclId,
        args: &[(Name, Binding<'a>)],
        side: Side,
        expansion: &mut Expansion,
        depth: u32,
    ) -> Reduced {
        if args.is_empty()
            && let Some((known, size)) = self.named.borrow().get(&(id, side))
        {
            let nodes = self.nodes.get().saturating_add(*size);
            self.nodes.set(nodes);
            if nodes > self.limit && *size < nodes {
                let origin = known.origin.clone();
                return Reduced::of(Arc::new(Shape::unknown("the type expands to too many parts", origin)));
            }
            return Reduced::of(Arc::clone(known));
        }
        let nodes_before = self.nodes.get();
        let asked = (args.is_empty() && expansion.active.is_empty()).then_some((id, side, nodes_before, depth));
        if let Some((known, nodes)) = asked.and_then(|asked| self.asked.borrow().get(&asked).cloned()) {
            self.nodes.set(nodes);
            return known;
        }
        if let Some(at) = expansion.active.iter().position(|(active, _)| *active == id) {
            expansion.lowest = expansion.lowest.min(at);
            let name = Arc::clone(&expansion.active[at].1);
            return Reduced::of(Arc::new(Shape::new(ShapeKind::Recursive(name), None)));
        }
        let decl = self.eval.program.type_decl(id);
        let taken = expansion.active.iter().any(|(_, name)| **name == *decl.name);
        let name: Arc<str> =
            if taken { format!("{}-{}", decl.name, expansion.active.len()).into() } else { decl.name.as_str().into() };
        let own = expansion.active.len();
        expansion.active.push((id, Arc::clone(&name)));
        let outer_lowest = std::mem::replace(&mut expansion.lowest, usize::MAX);

        let mut scope = decl.scope.clone();
        scope.push(decl.name.clone());
        let mut bindings: Vec<(Name, Binding<'a>)> = Vec::with_capacity(decl.params.len());
        for param in &decl.params {
            let given = args.iter().find(|(name, _)| *name == param.name).map(|(_, binding)| binding.clone());
            let binding = given.or_else(|| self.default_of(param, id.file, &scope, side, expansion, depth));
            if let Some(binding) = binding {
                bindings.push((param.name.clone(), binding));
            }
        }
        let context = Context { file: id.file, scope: &scope, bindings: &bindings, side, depth: depth + 1 };
        let body = match side {
            Side::Write => &decl.write,
            Side::Read => decl.read.as_ref().unwrap_or(&decl.write),
        };
        let mut reduced = self.reduce(body, &context, expansion);
        if decl.merges {
            reduced = self.with_merged_declarations(id, reduced, side, expansion, depth);
        }
        expansion.active.pop();
        let recursive_outside = expansion.lowest < own;
        let refers_to_itself = expansion.lowest == own;
        expansion.lowest = outer_lowest.min(expansion.lowest);
        if expansion.lowest == own {
            expansion.lowest = outer_lowest;
        }
        let mut shape = (*reduced.shape).clone();
        if shape.name.is_none() || refers_to_itself {
            shape.name = Some(name);
        }
        if shape.origin.is_none() {
            shape.origin = self.origin(id.file, decl.span);
        }
        let shape = Arc::new(shape);
        // Inside a function's result, what comes out depends on which results are being looked into.
        let alone = self.returning.borrow().is_empty();
        if args.is_empty() && alone && !recursive_outside && !reduced.absent && self.nodes.get() < self.limit {
            let size = self.nodes.get().saturating_sub(nodes_before).saturating_add(1);
            self.named.borrow_mut().insert((id, side), (Arc::clone(&shape), size));
        }
        let reduced = Reduced { shape, absent: reduced.absent };
        if let Some(asked) = asked.filter(|_| alone) {
            self.asked.borrow_mut().insert(asked, (reduced.clone(), self.nodes.get()));
        }
        reduced
    }

    fn default_of(
        &self,
        param: &'a TypeParam,
        file: FileId,
        scope: &[Name],
        side: Side,
        expansion: &mut Expansion,
        depth: u32,
    ) -> Option<Binding<'a>> {
        let stated = param.default.as_ref().or(param.bound.as_ref())?;
        let context = Context { file, scope, bindings: &[], side, depth: depth + 1 };
        Some(Binding::Shape(self.reduce(stated, &context, expansion)))
    }

    /// Further declarations of the same name in the same file add their fields.
    fn with_merged_declarations(&self, id: DeclId, first: Reduced, side: Side, expansion: &mut Expansion, depth: u32) -> Reduced {
        let unit = self.eval.program.files.unit(id.file);
        let decl = self.eval.program.type_decl(id);
        let mut shape = first.shape;
        for symbol in unit.index.symbols(&decl.scope, &decl.name) {
            if let super::index::Symbol::Type(index) = symbol
                && *index != id.index
                && unit.facts.types[*index as usize].merges
            {
                let other = &unit.facts.types[*index as usize];
                let context = Context { file: id.file, scope: &decl.scope, bindings: &[], side, depth: depth + 1 };
                let added = self.reduce(&other.write, &context, expansion);
                shape = reduce::merge(&shape, &added.shape);
            }
        }
        Reduced { shape, absent: first.absent }
    }

    fn reduce(&self, expr: &'a TypeExpr, context: &Context<'_, 'a>, expansion: &mut Expansion) -> Reduced {
        let origin = self.origin(context.file, expr.span);
        let nodes = self.nodes.get() + 1;
        self.nodes.set(nodes);
        if context.depth > MAX_DEPTH || nodes > self.limit {
            return Reduced::of(Arc::new(Shape::unknown("the type expands without end, or to too many parts", origin)));
        }
        let inner = Context { depth: context.depth + 1, ..*context };
        let kind = match &expr.kind {
            TypeKind::Unknown(reason) => ShapeKind::Unknown(reason.clone().into()),
            TypeKind::Never => ShapeKind::Never,
            TypeKind::Absent => {
                return Reduced { shape: Arc::new(Shape::new(ShapeKind::Never, origin)), absent: true };
            }
            TypeKind::Null => ShapeKind::Null,
            TypeKind::Boolean => ShapeKind::Boolean,
            TypeKind::Integer(range) => ShapeKind::Integer((**range).clone()),
            TypeKind::Number(range) => ShapeKind::Number((**range).clone()),
            TypeKind::String(string) => ShapeKind::String((**string).clone()),
            TypeKind::Const(literal) => ShapeKind::Const(literal_value(literal)),
            TypeKind::Array { items, min, max, unique } => ShapeKind::Array(ArrayShape {
                prefix: Vec::new(),
                items: Some(self.element_shape(items, &inner, expansion)),
                min_items: *min,
                max_items: *max,
                unique: *unique,
            }),
            TypeKind::Tuple { items, rest } => {
                // The last elements may be left out where they may be `undefined`: `[string, number?]`.
                let may_be_absent = |item: &TypeExpr| match &item.kind {
                    TypeKind::Union(branches) => branches.iter().any(|branch| matches!(branch.kind, TypeKind::Absent)),
                    kind => matches!(kind, TypeKind::Absent),
                };
                let needed = items.iter().rposition(|item| !may_be_absent(item)).map_or(0, |last| last + 1);
                ShapeKind::Array(ArrayShape {
                    prefix: items.iter().map(|item| self.element_shape(item, &inner, expansion)).collect(),
                    items: rest.as_ref().map(|rest| self.element_shape(rest, &inner, expansion)),
                    min_items: Some(needed as u64),
                    max_items: rest.is_none().then_some(items.len() as u64),
                    unique: false,
                })
            }
            TypeKind::Object(object) => return Reduced::of(self.object(object, expr.span, &inner, expansion)),
            TypeKind::Map { keys, values } => {
                let values = self.element_shape(values, &inner, expansion);
                let keys = keys.as_ref().map(|keys| self.reduce(keys, &inner, expansion).shape);
                return Reduced::of(map_shape(keys, values, origin));
            }
            TypeKind::Union(branches) => {
                let mut absent = false;
                let shapes: Vec<Arc<Shape>> = branches
                    .iter()
                    .map(|branch| {
                        let reduced = self.reduce(branch, &inner, expansion);
                        absent |= reduced.absent;
                        reduced.shape
                    })
                    .collect();
                return Reduced { shape: Shape::union(shapes, origin), absent };
            }
            TypeKind::Intersection(parts) => {
                let mut absent = false;
                let mut whole: Option<Arc<Shape>> = None;
                for part in parts {
                    let reduced = self.reduce(part, &inner, expansion);
                    absent |= reduced.absent;
                    whole = Some(match whole {
                        Some(so_far) => reduce::intersect(&so_far, &reduced.shape),
                        None => reduced.shape,
                    });
                }
                let shape = whole.unwrap_or_else(|| reduce::hole("an intersection of nothing"));
                return Reduced { shape, absent };
            }
            TypeKind::Ref(reference) => return self.reference(reference, expr.span, &inner, expansion),
            TypeKind::Param(name) => return self.parameter(name, origin, &inner, expansion),
            TypeKind::Of(value) => {
                let unit = self.eval.program.files.unit(context.file);
                if unit.facts.functions.is_empty() {
                    return Reduced::of(Arc::new(Shape::unknown("the type of a value that is not followed", origin)));
                }
                return self.type_of_value(context.file, value, context.side);
            }
            TypeKind::Apply(op, operands) => return self.apply(*op, operands, origin, &inner, expansion),
        };
        Reduced::of(Arc::new(Shape::new(kind, origin)))
    }

    /// A list element that is left out is written as `null`.
    fn element_shape(&self, expr: &'a TypeExpr, context: &Context<'_, 'a>, expansion: &mut Expansion) -> Arc<Shape> {
        let reduced = self.reduce(expr, context, expansion);
        if reduced.absent {
            let origin = reduced.shape.origin.clone();
            return Shape::union([reduced.shape, Arc::new(Shape::new(ShapeKind::Null, origin.clone()))], origin);
        }
        reduced.shape
    }

    fn object(&self, object: &'a ObjectExpr, span: Span, context: &Context<'_, 'a>, expansion: &mut Expansion) -> Arc<Shape> {
        let origin = self.origin(context.file, span);
        let rest = match &object.additional {
            Additional::Silent => Rest::Silent,
            Additional::Closed => Rest::Closed,
            Additional::Open(values) => Rest::Open { keys: None, values: self.reduce(values, context, expansion).shape },
        };
        let mut shape = Arc::new(Shape::new(
            ShapeKind::Object(ObjectShape { fields: Vec::new(), rest, min_properties: None, max_properties: None }),
            origin.clone(),
        ));
        let mut own: Vec<Field> = Vec::new();
        for member in &object.members {
            match member {
                ObjectMember::Field(field) => {
                    if let Some(field) = self.field(field, context, expansion) {
                        own.retain(|known| known.name != field.name);
                        own.push(field);
                    }
                }
                ObjectMember::Spread(other) => {
                    shape = with_fields(shape, &mut own);
                    let reduced = self.reduce(other, context, expansion);
                    let spread = reduce::non_nullable(&reduced.shape);
                    let spread = if reduced.absent || reduced.shape.admits_null() && !reduced.shape.is_unknown() {
                        reduce::with_presence(&spread, Presence::Optional, "flatten")
                    } else {
                        spread
                    };
                    shape = reduce::merge(&shape, &spread);
                }
            }
        }
        with_fields(shape, &mut own)
    }

    fn field(&self, field: &'a FieldExpr, context: &Context<'_, 'a>, expansion: &mut Expansion) -> Option<Field> {
        let reduced = self.reduce(&field.ty, context, expansion);
        if reduced.absent && matches!(reduced.shape.kind, ShapeKind::Never) {
            return None;
        }
        let presence = if reduced.absent { Presence::Optional } else { field.presence };
        Some(Field {
            name: field.name.clone().into(),
            aliases: field.aliases.iter().map(Name::to_string).collect(),
            shape: reduced.shape,
            presence,
            default: field.default.as_ref().map(literal_value),
            origin: self.origin(context.file, field.span),
            source: field.source.as_ref().map(Name::to_string),
            cause: field.cause.and_then(|cause| self.origin(context.file, cause)),
        })
    }

    fn parameter(&self, name: &str, origin: Option<Origin>, context: &Context<'_, 'a>, expansion: &mut Expansion) -> Reduced {
        match context.bindings.iter().find(|(known, _)| known == name) {
            Some((_, Binding::Shape(reduced))) => reduced.clone(),
            Some((_, Binding::Use(ty))) => self.shape_within(&ty.clone(), context.side, expansion, context.depth + 1),
            None => Reduced::of(Arc::new(Shape::unknown(format!("type parameter `{name}`"), origin))),
        }
    }

    fn reference(&self, reference: &'a TypeRef, span: Span, context: &Context<'_, 'a>, expansion: &mut Expansion) -> Reduced {
        let origin = self.origin(context.file, span);
        if reference.path.len() == 1
            && reference.args.is_empty()
            && context.bindings.iter().any(|(known, _)| *known == reference.path[0])
        {
            return self.parameter(&reference.path[0], origin, context, expansion);
        }
        if reference.path == super::term::CLASS_TYPE {
            return Reduced::of(Arc::new(Shape::unknown("a class has no JSON form", origin)));
        }
        let program = self.eval.program;
        let own: Vec<Name>;
        let path: &[Name] = if reference.path.first().is_some_and(|first| first == "Self") {
            own = context.scope.last().into_iter().cloned().chain(reference.path[1..].iter().cloned()).collect();
            &own
        } else {
            &reference.path
        };
        let Some(found) = program.resolve(context.file, context.scope, path, Want::Type) else {
            return Reduced::of(Arc::new(Shape::unknown(
                format!("`{}` is not declared in the repository", path.join(".")),
                origin,
            )));
        };
        match found.entity {
            Entity::Type(id) => {
                let decl = program.type_decl(id);
                let args: Vec<(Name, Binding<'a>)> = decl
                    .params
                    .iter()
                    .zip(&reference.args)
                    .map(|(param, arg)| (param.name.clone(), Binding::Shape(self.reduce(arg, context, expansion))))
                    .collect();
                let mut reduced = self.declaration(id, &args, context.side, expansion, context.depth);
                // A member of an enumeration used as a type: `Status.Open`.
                for name in &found.rest {
                    let value = self.enum_member(id, name, origin.clone());
                    reduced = Reduced::of(value.unwrap_or_else(|| reduce::member(&reduced.shape, name).0));
                }
                reduced
            }
            Entity::Constant(id) => {
                let site = super::term::Site { file: context.file, span };
                let mut term = self.eval.constant(id, site, 0);
                for name in &found.rest {
                    term = term.member(name, site);
                }
                payload::shape_of(self, &term, context.side)
            }
            Entity::Class(id) => Reduced::of(Arc::new(Shape::unknown(
                format!("`{}` does not say how it is serialized", program.class(id).name),
                origin,
            ))),
            Entity::Function(_) | Entity::Module(_) => {
                Reduced::of(Arc::new(Shape::unknown(format!("`{}` is not a type", path.join(".")), origin)))
            }
            Entity::External(full) => {
                Reduced::of(Arc::new(Shape::unknown(format!("`{}` is declared outside the repository", full.join(".")), origin)))
            }
        }
    }

    fn enum_member(&self, id: DeclId, name: &str, origin: Option<Origin>) -> Option<Arc<Shape>> {
        let decl = self.eval.program.type_decl(id);
        let mut path = vec![decl.name.clone()];
        path.push(name.into());
        let found = self.eval.program.resolve(id.file, &decl.scope, &path, Want::Value)?;
        let Entity::Constant(constant) = found.entity else { return None };
        let site = super::term::Site { file: id.file, span: decl.span };
        let mut term = self.eval.constant(constant, site, 0);
        for rest in &found.rest {
            term = term.member(rest, site);
        }
        match term.kind {
            super::term::Kind::Literal(literal) => Some(Arc::new(Shape::new(ShapeKind::Const(literal_value(&literal)), origin))),
            _ => None,
        }
    }

    fn type_of_value(&self, file: FileId, value: &'a Expr, side: Side) -> Reduced {
        let top = FnRef { file, id: FnId(0) };
        payload::shape_of(self, &self.eval.term(top, value, u32::MAX), side)
    }

    fn apply(
        &self,
        op: TypeOp,
        operands: &'a [TypeExpr],
        origin: Option<Origin>,
        context: &Context<'_, 'a>,
        expansion: &mut Expansion,
    ) -> Reduced {
        let side = match op {
            TypeOp::Input => Side::Read,
            TypeOp::Output => Side::Write,
            _ => context.side,
        };
        let context = Context { side, ..*context };
        if matches!(op, TypeOp::Mapped | TypeOp::MappedOptional | TypeOp::MappedRequired) {
            return self.mapped(op, operands, origin, &context, expansion);
        }
        if matches!(op, TypeOp::ReturnType | TypeOp::Parameter) {
            return self.function_type(op, operands, origin, &context);
        }
        let reduced: Vec<Reduced> = operands.iter().map(|operand| self.reduce(operand, &context, expansion)).collect();
        let Some(first) = reduced.first() else {
            return Reduced::of(reduce::hole("an operation on no type"));
        };
        let second =
            reduced.get(1).map(|operand| Arc::clone(&operand.shape)).unwrap_or_else(|| reduce::hole("an operand is missing"));
        let shape = match op {
            TypeOp::Partial => reduce::with_presence(&first.shape, Presence::Optional, "Partial"),
            TypeOp::DeepPartial => reduce::deep_partial(&first.shape, 0),
            TypeOp::Required => reduce::with_presence(&first.shape, Presence::Required, "Required"),
            TypeOp::Pick => reduce::pick(&first.shape, &second, true),
            TypeOp::Omit => reduce::pick(&first.shape, &second, false),
            TypeOp::Exclude => {
                let without_absent = reduced.get(1).is_some_and(|operand| operand.absent);
                return Reduced {
                    shape: reduce::filter_union(&first.shape, &second, false),
                    absent: first.absent && !without_absent,
                };
            }
            TypeOp::Extract => reduce::filter_union(&first.shape, &second, true),
            TypeOp::NonNullable => reduce::non_nullable(&first.shape),
            TypeOp::KeyOf => reduce::key_of(&first.shape),
            TypeOp::ValueOf => reduce::value_of(&first.shape),
            TypeOp::Index => {
                let (shape, absent) = reduce::index(&first.shape, &second);
                return Reduced { shape, absent };
            }
            TypeOp::Awaited | TypeOp::Input | TypeOp::Output => return first.clone(),
            TypeOp::Element => reduce::element(&first.shape),
            TypeOp::Strict => reduce::with_rest(&first.shape, &Rest::Closed, "strict"),
            TypeOp::Passthrough => {
                let open = Rest::Open { keys: None, values: reduce::hole("keys that the schema passes through") };
                reduce::with_rest(&first.shape, &open, "passthrough")
            }
            TypeOp::Strip => reduce::with_rest(&first.shape, &Rest::Silent, "strip"),
            TypeOp::Catchall => reduce::with_rest(&first.shape, &Rest::Open { keys: None, values: second }, "catchall"),
            TypeOp::Extend => overriding(&first.shape, &second),
            TypeOp::Conditional => return self.conditional(&reduced, origin),
            TypeOp::Uppercase => reduce::map_texts(&first.shape, &|text| text.to_uppercase().into()),
            TypeOp::Lowercase => reduce::map_texts(&first.shape, &|text| text.to_lowercase().into()),
            TypeOp::Capitalize => reduce::map_texts(&first.shape, &|text| {
                let mut letters = text.chars();
                letters.next().map(|first| first.to_uppercase().to_string() + letters.as_str()).unwrap_or_default().into()
            }),
            TypeOp::Uncapitalize => reduce::map_texts(&first.shape, &|text| {
                let mut letters = text.chars();
                letters.next().map(|first| first.to_lowercase().to_string() + letters.as_str()).unwrap_or_default().into()
            }),
            TypeOp::Recase => recased(&first.shape, &second),
            TypeOp::MemberNames => reduce::member_names(&first.shape),
            TypeOp::WithoutNull => reduce::without_null(&first.shape),
            TypeOp::WithoutDefaults => {
                let read = Context { side: Side::Read, ..context };
                let asked = operands.first().map(|operand| self.reduce(operand, &read, expansion).shape);
                reduce::without_defaults(&first.shape, asked.as_ref().unwrap_or(&first.shape))
            }
            TypeOp::ReturnType | TypeOp::Parameter | TypeOp::Mapped | TypeOp::MappedOptional | TypeOp::MappedRequired => {
                return Reduced::of(reduce::hole("an operation that is handled above"));
            }
        };
        Reduced { shape, absent: first.absent && !matches!(op, TypeOp::NonNullable | TypeOp::Extend) }
    }

    /// `A extends B ? C : D`, where what is known decides it.
    fn conditional(&self, reduced: &[Reduced], origin: Option<Origin>) -> Reduced {
        let [check, extends, then, otherwise] = reduced else {
            return Reduced::of(Arc::new(Shape::unknown("a conditional type that is not complete", origin)));
        };
        if check.shape.is_unknown()
            || extends.shape.is_unknown() && !matches!(&extends.shape.kind, ShapeKind::Unknown(reason) if reason.is_empty())
        {
            return Reduced::of(Arc::new(Shape::unknown("a conditional type that does not reduce", origin)));
        }
        if reduce::assignable(&check.shape, &extends.shape) { then.clone() } else { otherwise.clone() }
    }

    fn mapped(
        &self,
        op: TypeOp,
        operands: &'a [TypeExpr],
        origin: Option<Origin>,
        context: &Context<'_, 'a>,
        expansion: &mut Expansion,
    ) -> Reduced {
        let [keys, value] = operands else {
            return Reduced::of(Arc::new(Shape::unknown("a mapped type that is not complete", origin)));
        };
        let keys = self.reduce(keys, context, expansion).shape;
        let bind = |key: Arc<Shape>| -> Vec<(Name, Binding<'a>)> {
            std::iter::once((Name::from("K"), Binding::Shape(Reduced::of(key)))).chain(context.bindings.iter().cloned()).collect()
        };
        let Some(names) = reduce::key_names(&keys) else {
            if matches!(keys.kind, ShapeKind::String(_)) {
                let bindings = bind(Arc::clone(&keys));
                let inner = Context { bindings: &bindings, depth: context.depth + 1, ..*context };
                let values = self.reduce(value, &inner, expansion).shape;
                return Reduced::of(map_shape(Some(keys), values, origin));
            }
            return Reduced::of(Arc::new(Shape::unknown("a mapped type over keys that are not known", origin)));
        };
        let mut fields = Vec::with_capacity(names.len());
        for name in names {
            let bindings = bind(Arc::new(Shape::new(ShapeKind::Const(Value::String(name.clone().into())), None)));
            let inner = Context { bindings: &bindings, depth: context.depth + 1, ..*context };
            let reduced = self.reduce(value, &inner, expansion);
            let presence = match op {
                TypeOp::MappedOptional => Presence::Optional,
                TypeOp::MappedRequired => Presence::Required,
                _ if reduced.absent => Presence::Optional,
                _ => Presence::Required,
            };
            fields.push(Field::new(name, reduced.shape, presence, origin.clone()));
        }
        Reduced::of(Arc::new(Shape::new(ShapeKind::Object(ObjectShape::of(fields)), origin)))
    }

    /// `ReturnType<typeof f>` of a function of the repository.
    fn function_type(&self, op: TypeOp, operands: &'a [TypeExpr], origin: Option<Origin>, context: &Context<'_, 'a>) -> Reduced {
        let unknown = |reason: &str| Reduced::of(Arc::new(Shape::unknown(reason, origin.clone())));
        let path = match operands.first().map(|operand| &operand.kind) {
            Some(TypeKind::Of(value)) => super::eval::dotted(value),
            Some(TypeKind::Ref(reference)) => Some(reference.path.clone()),
            _ => None,
        };
        let Some(path) = path else { return unknown("the type of a function that is not named") };
        let found = self.eval.program.resolve(context.file, context.scope, &path, Want::Value);
        let target = match found.map(|found| found.entity) {
            Some(Entity::Function(target)) => target,
            Some(Entity::Constant(id)) => {
                let site = super::term::Site { file: context.file, span: Span::default() };
                match self.eval.constant(id, site, 0).bare().kind {
                    super::term::Kind::Function(target) => target,
                    _ => return unknown("the type of a function that is not found"),
                }
            }
            _ => return unknown("the type of a function that is not found"),
        };
        let function = self.eval.program.function(target);
        if op == TypeOp::Parameter {
            let position = match operands.get(1).map(|operand| &operand.kind) {
                Some(TypeKind::Const(Literal::Number(text))) => text.parse::<usize>().unwrap_or(0),
                _ => 0,
            };
            return match function.locals.get(position).and_then(|local| local.ty.as_ref()) {
                Some(ty) => self.shape_within(&self.eval.type_use(target, ty), context.side, &mut fresh(), context.depth + 1),
                None => unknown("a parameter without a type"),
            };
        }
        if let Some(ty) = &function.return_type {
            return self.shape_within(&self.eval.type_use(target, ty), context.side, &mut fresh(), context.depth + 1);
        }
        if self.returning.borrow().contains(&target) || self.returning.borrow().len() >= MAX_RETURNING {
            return unknown("the result of a function that holds what it is called on");
        }
        self.returning.borrow_mut().push(target);
        let parts: Vec<Arc<Shape>> = function
            .returns
            .iter()
            .map(|value| payload::shape_of(self, &self.eval.term(target, value, value.span.end), context.side).shape)
            .collect();
        self.returning.borrow_mut().pop();
        if parts.is_empty() { unknown("a function that returns nothing known") } else { Reduced::of(Shape::union(parts, origin)) }
    }
}

fn fresh() -> Expansion {
    Expansion { active: Vec::new(), lowest: usize::MAX }
}

fn with_fields(shape: Arc<Shape>, own: &mut Vec<Field>) -> Arc<Shape> {
    if own.is_empty() {
        return shape;
    }
    let fields = std::mem::take(own);
    let added = Arc::new(Shape::new(ShapeKind::Object(ObjectShape::of(fields)), shape.origin.clone()));
    overriding(&shape, &added)
}

/// Fields of `extension` replace those of `base`, also where they are optional: a redeclared field is the later one.
fn overriding(base: &Arc<Shape>, extension: &Arc<Shape>) -> Arc<Shape> {
    match (&base.kind, &extension.kind) {
        (ShapeKind::Object(a), ShapeKind::Object(b)) => {
            let mut fields: Vec<Field> = a.fields.iter().filter(|field| b.field(&field.name).is_none()).cloned().collect();
            fields.extend(b.fields.iter().cloned());
            let rest = match &b.rest {
                Rest::Silent => a.rest.clone(),
                other => other.clone(),
            };
            Arc::new(Shape::new(
                ShapeKind::Object(ObjectShape { fields, rest, min_properties: None, max_properties: None }),
                base.origin.clone(),
            ))
        }
        _ => reduce::merge(base, extension),
    }
}

/// A map: constant keys make an object of optional fields, anything else an open object.
fn map_shape(keys: Option<Arc<Shape>>, values: Arc<Shape>, origin: Option<Origin>) -> Arc<Shape> {
    let names = keys.as_ref().filter(|keys| !matches!(keys.kind, ShapeKind::Never)).and_then(|keys| reduce::key_names(keys));
    let object = match names {
        Some(names) => ObjectShape::of(
            names.into_iter().map(|name| Field::new(name, Arc::clone(&values), Presence::Required, origin.clone())).collect(),
        ),
        None => {
            let pattern = match keys.as_ref().map(|keys| &keys.kind) {
                Some(ShapeKind::String(StringShape { patterns, .. })) => patterns.first().cloned(),
                _ => None,
            };
            ObjectShape {
                fields: Vec::new(),
                rest: Rest::Open { keys: pattern, values },
                min_properties: None,
                max_properties: None,
            }
        }
    };
    Arc::new(Shape::new(ShapeKind::Object(object), origin))
}

/// The fields of an object under another casing of their source names.
/// A base class that says nothing of a casing leaves the names as they are; names that were given one by one stay as well.
fn recased(shape: &Arc<Shape>, casing: &Shape) -> Arc<Shape> {
    let ShapeKind::Const(Value::String(name)) = &casing.kind else {
        return Arc::clone(shape);
    };
    let Some(casing) = Casing::from_serde(name) else {
        return reduce::hole(format!("a casing that is not known: `{name}`"));
    };
    reduce::on_objects(shape, "rename", &|object| {
        let mut changed = object.clone();
        for field in changed.fields.iter_mut().filter(|field| field.source.is_none()) {
            let source = std::mem::take(&mut field.name);
            field.name = casing.apply_to_field(&source);
            field.source = Some(source);
        }
        changed
    })
}

/// A literal of the source as the JSON value it is written as.
pub fn literal_value(literal: &Literal) -> Value {
    match literal {
        Literal::Null => Value::Null,
        Literal::Bool(truth) => Value::Bool(*truth),
        Literal::Number(digits) => serde_json::from_str(digits).unwrap_or(Value::Null),
        Literal::Text(text) => Value::String(text.clone().into()),
    }
}
