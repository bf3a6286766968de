//! Classes: what kind of declaration each one is, and what it says about the wire.

mod attrs;
mod dataclasses;
mod django;
mod enums;
mod graphene;
mod marshmallow;
mod msgspec;
mod pydantic;
mod typed_dict;

use ruff_python_ast::{Expr as Py, Stmt, StmtClassDef, StmtTypeAlias};
use ruff_text_size::Ranged;

pub(super) use pydantic::is_v1 as pydantic_is_v1;

use super::annotations::Side;
use super::lower::Lower;
use super::models::{self, Part};
use super::{names, span};
use crate::facts::types::TypeParam;
use crate::facts::{Class, Constant, Expr, ExprKind, Literal, Name, TypeDecl, TypeExpr, TypeKind, ValueMember};
use crate::source::Span;

/// What a class declares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Pydantic,
    PydanticRoot,
    PydanticDataclass,
    Dataclass,
    Attrs,
    Msgspec,
    TypedDict,
    NamedTuple,
    Enum,
    Marshmallow,
    Serializer,
    DjangoModel,
    Graphene,
    /// A class with annotated members whose base stands in another file.
    Inherits,
    Plain,
}

/// The two sides of a declaration.
pub(super) struct Declared {
    pub write: TypeExpr,
    pub read: Option<TypeExpr>,
    pub serializable: bool,
}

impl<'a> Lower<'a> {
    /// A `class` statement.
    pub(super) fn class_statement(&mut self, class: &'a StmtClassDef) {
        if class.name.as_str().is_empty() {
            self.block(&class.body);
            return;
        }
        let kind = self.kind_of(class, 0);
        let params_before = self.type_params.len();
        let params = self.class_params(class);
        self.declare(class, kind, &params);
        self.class_facts(class, kind);

        let around = std::mem::replace(&mut self.bases, base_paths(class));
        self.classes.push(class.name.as_str().into());
        for stmt in &class.body {
            match stmt {
                Stmt::FunctionDef(function) => {
                    self.deeper(|lower| lower.method_statement(function));
                }
                Stmt::ClassDef(inner) if matches!(inner.name.as_str(), "Meta" | "Config") => {}
                Stmt::Assign(_) | Stmt::AnnAssign(_) => self.class_member(stmt, kind),
                Stmt::If(_) | Stmt::Try(_) | Stmt::With(_) => {
                    for block in super::statements::blocks(stmt) {
                        for inner in block {
                            if let Stmt::FunctionDef(function) = inner {
                                self.deeper(|lower| lower.method_statement(function));
                            }
                        }
                    }
                }
                Stmt::ClassDef(inner) => {
                    self.deeper(|lower| lower.class_statement(inner));
                }
                Stmt::Expr(expression) if !matches!(&*expression.value, Py::StringLiteral(_)) => {
                    self.expr(&expression.value);
                }
                _ => {}
            }
        }
        self.classes.pop();
        self.bases = around;
        self.type_params.truncate(params_before);
        if self.frames.len() > 1 {
            // A class inside a function is a name of that function.
            let at = span(class.name.range);
            let mut path = self.classes.clone();
            path.push(class.name.as_str().into());
            self.bind(class.name.as_str(), Some(Expr::new(ExprKind::Name(path), at)), None, at);
        }
    }

    /// A class attribute as a constant, unless the class is a list of names as a whole.
    fn class_member(&mut self, stmt: &'a Stmt, kind: Kind) {
        let (targets, value, annotation): (&'a [Py], &'a Py, Option<&'a Py>) = match stmt {
            Stmt::Assign(assign) => (&assign.targets, &assign.value, None),
            Stmt::AnnAssign(assign) => match &assign.value {
                Some(value) => (std::slice::from_ref(&*assign.target), value, Some(&*assign.annotation)),
                None => return,
            },
            _ => return,
        };
        if kind == Kind::Enum {
            return;
        }
        // The fields of declarations are types; their initial values are no constants that code refers to.
        let field_of_its_own =
            matches!(kind, Kind::Marshmallow | Kind::Serializer | Kind::DjangoModel | Kind::Graphene | Kind::Attrs)
                && matches!(value, Py::Call(_));
        if field_of_its_own || annotation.is_some() && !matches!(kind, Kind::Plain | Kind::Inherits) {
            return;
        }
        let value = self.expr(value);
        for target in targets {
            if let Py::Name(name) = target {
                let ty = annotation.map(|annotation| self.annotation(annotation, Side::Write));
                self.constant(name.id.as_str(), value.clone(), ty, span(name.range));
            }
        }
    }

    fn declare(&mut self, class: &'a StmtClassDef, kind: Kind, params: &[TypeParam]) {
        let declared = match kind {
            Kind::Pydantic | Kind::PydanticRoot => self.pydantic_model(class, kind),
            Kind::PydanticDataclass => self.pydantic_model(class, kind),
            Kind::Inherits => self.pydantic_model(class, kind),
            Kind::Dataclass => self.dataclass(class),
            Kind::Attrs => self.attrs_class(class),
            Kind::Msgspec => self.msgspec_struct(class),
            Kind::TypedDict => self.typed_dict(class),
            Kind::NamedTuple => self.named_tuple(class),
            Kind::Enum => {
                self.enumeration(class);
                return;
            }
            Kind::Marshmallow => self.marshmallow_schema(class),
            Kind::Serializer => self.django_serializer(class),
            Kind::DjangoModel => self.django_model(class),
            Kind::Graphene => self.graphene_type(class),
            Kind::Plain => {
                self.names_class(class);
                return;
            }
        };
        self.declare_type(class.name.as_str(), params.to_vec(), declared, span(class.name.range), span(class.range));
    }

    pub(super) fn declare_type(&mut self, name: &str, params: Vec<TypeParam>, declared: Declared, at: Span, extent: Span) {
        let read = declared.read.filter(|read| *read != declared.write);
        let exported = self.exported(name) && self.frames.len() == 1;
        self.facts.types.push(TypeDecl {
            scope: self.classes.clone(),
            name: name.into(),
            params,
            write: declared.write,
            read,
            exported,
            serializable: declared.serializable,
            merges: false,
            span: at,
            extent,
        });
    }

    /// A class of texts and nothing else: `class Topics: PLACED = "order.placed"`.
    fn names_class(&mut self, class: &'a StmtClassDef) {
        let members = models::members(class);
        let texts: Vec<_> = members
            .iter()
            .filter_map(|member| match member.value {
                Some(Py::StringLiteral(text)) => Some((member, text.value.to_str().to_owned())),
                _ => None,
            })
            .collect();
        let only = texts.len() == members.len() && texts.len() >= 2 && models::methods(class).next().is_none();
        if !only {
            return;
        }
        let at = span(class.name.range);
        let entries = texts
            .into_iter()
            .map(|(member, text)| ValueMember::Entry {
                key: Expr::text(member.name, member.span),
                value: Expr::text(text, member.value.map_or(member.span, |value| span(value.range()))),
                conditional: false,
            })
            .collect();
        self.registry(class.name.as_str(), entries, at);
    }

    pub(super) fn registry(&mut self, name: &str, entries: Vec<ValueMember>, at: Span) {
        let exported = self.exported(name);
        self.facts.constants.push(Constant {
            scope: self.classes.clone(),
            name: name.into(),
            value: Expr::new(ExprKind::Object(entries), at),
            ty: None,
            exported,
            registry: true,
            span: at,
        });
    }

    /// The class as code sees it: members with their declared types, and those that `__init__` sets.
    fn class_facts(&mut self, class: &'a StmtClassDef, kind: Kind) {
        let mut members: Vec<(Name, Option<TypeExpr>, Option<Expr>)> = Vec::new();
        if kind != Kind::Enum {
            for member in models::members(class) {
                let ty = member.annotation.map(|annotation| self.annotation(annotation, Side::Write));
                let ty = ty.or_else(|| member.value.and_then(|value| self.constructed(value)));
                let value = match member.value {
                    Some(Py::StringLiteral(text)) => {
                        Some(Expr::text(text.value.to_str(), member.value.map_or(member.span, |value| span(value.range()))))
                    }
                    _ => None,
                };
                members.push((member.name.into(), ty, value));
            }
        }
        for method in models::methods(class) {
            let name = method.name.as_str();
            let sets_up = matches!(name, "__init__" | "__post_init__" | "setup" | "setUp" | "__new__" | "start" | "connect");
            if sets_up {
                self.set_up_members(method, &mut members);
            } else if models::decorator(&method.decorator_list, "property").is_some()
                || models::decorator(&method.decorator_list, "cached_property").is_some()
            {
                let ty = method.returns.as_ref().map(|returns| self.annotation(returns, Side::Write));
                members.push((name.into(), ty, None));
            }
        }
        let bases = base_paths(class);
        let is_interface = class.bases().iter().any(|base| {
            self.type_name(models::base_name(base)).is_some_and(|full| matches!(full.as_str(), "Protocol" | "ABC" | "abc.ABC"))
        });
        let decorators = self.decorators(&class.decorator_list);
        let exported = self.exported(class.name.as_str());
        self.facts.classes.push(Class {
            scope: self.classes.clone(),
            name: class.name.as_str().into(),
            bases,
            members,
            exported,
            is_interface,
            decorators,
            span: span(class.name.range),
        });
    }

    /// `self.producer = producer` and `self.client = Client()` in a method that sets an object up.
    fn set_up_members(
        &mut self,
        method: &'a ruff_python_ast::StmtFunctionDef,
        members: &mut Vec<(Name, Option<TypeExpr>, Option<Expr>)>,
    ) {
        let Some(receiver) = method.parameters.posonlyargs.first().or(method.parameters.args.first()) else { return };
        let receiver = receiver.parameter.name.as_str();
        let mut pending: Vec<&'a [Stmt]> = vec![&method.body];
        while let Some(block) = pending.pop() {
            for stmt in block {
                let (target, value, annotation) = match stmt {
                    Stmt::Assign(assign) => match assign.targets.as_slice() {
                        [target] => (target, Some(&*assign.value), None),
                        _ => continue,
                    },
                    Stmt::AnnAssign(assign) => (&*assign.target, assign.value.as_deref(), Some(&*assign.annotation)),
                    Stmt::FunctionDef(_) | Stmt::ClassDef(_) => continue,
                    other => {
                        pending.extend(super::statements::blocks(other));
                        continue;
                    }
                };
                let Py::Attribute(attribute) = target else { continue };
                if !matches!(&*attribute.value, Py::Name(name) if name.id == receiver) {
                    continue;
                }
                let name = attribute.attr.as_str();
                let mut ty = annotation.map(|annotation| self.annotation(annotation, Side::Write));
                let mut constant = None;
                if let (None, Some(value)) = (&ty, value) {
                    ty = match strip_fallback(value) {
                        Py::Name(param) => method
                            .parameters
                            .iter_non_variadic_params()
                            .find(|known| known.parameter.name.as_str() == param.id.as_str())
                            .and_then(|known| known.parameter.annotation.as_deref())
                            .map(|annotation| self.annotation(annotation, Side::Write)),
                        other => self.constructed(other),
                    };
                    constant = self.constant_text(value).map(|text| Expr::text(text, span(value.range())));
                }
                match members.iter_mut().find(|(known, ..)| known == name) {
                    Some((_, known, _)) => {
                        if known.is_none() {
                            *known = ty;
                        }
                    }
                    None => members.push((name.into(), ty, constant)),
                }
            }
        }
    }

    /// The type of what a constructor call gives: `KafkaProducer(…)`, `boto3.client("sns")`.
    fn constructed(&mut self, value: &Py) -> Option<TypeExpr> {
        let Py::Call(call) = value else { return None };
        let at = span(call.range());
        let path = super::expressions::path_of(&call.func)?;
        let last = path.last()?;
        if matches!(last.as_str(), "client" | "resource")
            && path.iter().any(|part| part.contains("boto3") || part.contains("session"))
        {
            let service = self.constant_text(call.arguments.args.first()?)?;
            let ty = crate::facts::TypeRef { path: vec!["boto3".into(), service], args: Vec::new() };
            return Some(TypeExpr::new(TypeKind::Ref(ty), at));
        }
        if !super::calls::is_class_name(last) {
            return None;
        }
        Some(TypeExpr::new(TypeKind::Ref(crate::facts::TypeRef { path, args: Vec::new() }), at))
    }

    /// What a class is, by its decorators and bases; bases of this file are followed.
    pub(super) fn kind_of(&self, class: &'a StmtClassDef, depth: usize) -> Kind {
        for decorator in &class.decorator_list {
            let func = match &decorator.expression {
                Py::Call(call) => &*call.func,
                other => other,
            };
            let Some(full) = self.type_name(func) else { continue };
            match full.as_str() {
                "dataclasses.dataclass" | "dataclass" => return Kind::Dataclass,
                "pydantic.dataclasses.dataclass" => return Kind::PydanticDataclass,
                "attr.s" | "attr.attrs" | "attr.dataclass" | "attr.define" | "attr.frozen" | "attr.mutable" | "attrs.define"
                | "attrs.frozen" | "attrs.mutable" | "attr.attributes" | "attr.attr.s" | "attrs.attrs" => return Kind::Attrs,
                "strawberry.type" | "strawberry.input" | "strawberry.interface" => return Kind::Graphene,
                _ => {}
            }
        }
        let mut inherits = false;
        let mut found = Kind::Plain;
        for base in class.bases() {
            let Some(full) = self.type_name(models::base_name(base)) else { continue };
            let kind = match full.as_str() {
                "pydantic.BaseModel"
                | "pydantic.main.BaseModel"
                | "pydantic.generics.GenericModel"
                | "pydantic.BaseSettings"
                | "pydantic_settings.BaseSettings"
                | "sqlmodel.SQLModel"
                | "ninja.Schema"
                | "beanie.Document"
                | "fastapi_camelcase.CamelModel"
                | "pydantic.GenericModel" => Kind::Pydantic,
                "pydantic.RootModel" => Kind::PydanticRoot,
                "TypedDict" => Kind::TypedDict,
                "NamedTuple" => Kind::NamedTuple,
                "msgspec.Struct" => Kind::Msgspec,
                "marshmallow.Schema" | "flask_marshmallow.Schema" => Kind::Marshmallow,
                "django.db.models.Model" => Kind::DjangoModel,
                "faust.Record" => Kind::Dataclass,
                "graphene.ObjectType" | "graphene.InputObjectType" | "graphene.Interface" => Kind::Graphene,
                "enum.Enum"
                | "enum.IntEnum"
                | "enum.StrEnum"
                | "enum.Flag"
                | "enum.IntFlag"
                | "strenum.StrEnum"
                | "django.db.models.TextChoices"
                | "django.db.models.IntegerChoices"
                | "django.db.models.Choices"
                | "aenum.Enum"
                | "backports.strenum.StrEnum" => Kind::Enum,
                other if other.starts_with("rest_framework.serializers.") && other.ends_with("Serializer") => Kind::Serializer,
                other if models::is_structural(other) => continue,
                other => match base {
                    Py::Name(name) if depth < 16 => match self.local_classes.get(name.id.as_str()).copied() {
                        // A subclass of a dataclass without the decorator adds no fields, but has those of the base.
                        Some(local) if local.name.as_str() != class.name.as_str() => self.kind_of(local, depth + 1),
                        Some(_) => continue,
                        None => {
                            inherits = true;
                            by_name(other).unwrap_or(Kind::Plain)
                        }
                    },
                    _ => {
                        inherits = true;
                        by_name(other).unwrap_or(Kind::Plain)
                    }
                },
            };
            if kind != Kind::Plain && (found == Kind::Plain || found == Kind::Inherits) {
                found = kind;
            }
        }
        if found == Kind::Plain {
            found = self.kind_by_fields(class).unwrap_or(Kind::Plain);
        }
        if found == Kind::Plain && inherits && is_declaration(class) {
            return Kind::Inherits;
        }
        found
    }

    /// What the first field's value says: `fields.Str()`, `serializers.CharField()`, `models.CharField()`.
    fn kind_by_fields(&self, class: &'a StmtClassDef) -> Option<Kind> {
        if class.bases().is_empty() {
            return None;
        }
        models::members(class).iter().find_map(|member| {
            let Some(Py::Call(call)) = member.value else { return None };
            let full = self.type_name(&call.func)?;
            let last = full.rsplit('.').next().unwrap_or_default();
            if full.starts_with("marshmallow.fields.") {
                Some(Kind::Marshmallow)
            } else if full.starts_with("rest_framework.serializers.") || full.starts_with("rest_framework.fields.") {
                Some(Kind::Serializer)
            } else if full.starts_with("django.db.models.") && (last.ends_with("Field") || last == "ForeignKey") {
                Some(Kind::DjangoModel)
            } else if full.starts_with("graphene.") {
                Some(Kind::Graphene)
            } else {
                None
            }
        })
    }

    /// The generic parameters of a class: `[T]`, `Generic[T]`, or those that its bases are given.
    fn class_params(&mut self, class: &'a StmtClassDef) -> Vec<TypeParam> {
        if class.type_params.is_some() {
            return self.declared_params(class.type_params.as_deref());
        }
        let mut out: Vec<TypeParam> = Vec::new();
        let mut vars: Vec<&str> = Vec::new();
        let mut bases: Vec<&Py> = class.bases().iter().collect();
        // `Generic[…]` lists all parameters in their order; without it they come as they appear.
        bases.sort_by_key(|base| self.type_name(models::base_name(base)).as_deref() != Some("Generic"));
        for base in bases {
            let Py::Subscript(subscript) = base else { continue };
            let args: &[Py] = match &*subscript.slice {
                Py::Tuple(tuple) => &tuple.elts,
                one => std::slice::from_ref(one),
            };
            for arg in args {
                if let Py::Name(name) = arg
                    && self.type_vars.contains_key(name.id.as_str())
                    && !vars.contains(&name.id.as_str())
                {
                    vars.push(name.id.as_str());
                }
            }
        }
        for var in vars {
            let bound = self.type_vars.get(var).copied().flatten();
            let bound = bound.map(|bound| self.bound(bound));
            self.type_params.push(var.into());
            out.push(TypeParam { name: var.into(), default: None, bound });
        }
        out
    }

    /// `type Name[T] = …`
    pub(super) fn type_alias_statement(&mut self, alias: &'a StmtTypeAlias) {
        let Py::Name(name) = &*alias.name else { return };
        let before = self.type_params.len();
        let params = self.declared_params(alias.type_params.as_deref());
        let write = self.annotation(&alias.value, Side::Write);
        let read = self.annotation(&alias.value, Side::Read);
        let declared = Declared { write, read: Some(read), serializable: false };
        self.declare_type(name.id.as_str(), params, declared, span(name.range), span(alias.range));
        self.type_params.truncate(before);
    }
}

/// `Name = Union[A, B]`, `UserId = NewType("UserId", int)`, `Name = TypedDict("Name", {…})`: a type under a name. Answers whether
/// the assignment was one.
pub(super) fn alias<'a>(lower: &mut Lower<'a>, name: &'a str, at: Span, value: &'a Py, annotation: Option<&'a Py>) -> bool {
    let extent = Span { start: at.start, end: span(value.range()).end };
    let stated = annotation.and_then(|annotation| lower.type_name(annotation)).as_deref() == Some("TypeAlias");
    match value {
        Py::Call(call) => {
            let Some(full) = lower.type_name(&call.func) else { return false };
            let declared = match full.as_str() {
                "NewType" => call.arguments.args.get(1).map(|inner| {
                    let write = lower.annotation(inner, Side::Write);
                    let read = lower.annotation(inner, Side::Read);
                    Declared { write, read: Some(read), serializable: false }
                }),
                "TypedDict" => lower.functional_typed_dict(call),
                "NamedTuple" | "collections.namedtuple" => lower.functional_named_tuple(call),
                "enum.Enum" | "enum.StrEnum" | "enum.IntEnum" => return lower.functional_enum(name, at, extent, &full, call),
                _ => None,
            };
            match declared {
                Some(declared) => {
                    lower.declare_type(name, Vec::new(), declared, at, extent);
                    true
                }
                None => false,
            }
        }
        Py::Subscript(subscript) if stated || is_type_constructor(lower, &subscript.value) => {
            declare_alias(lower, name, at, value, extent);
            true
        }
        Py::BinOp(binary) if binary.op == ruff_python_ast::Operator::BitOr && (stated || is_type_union(lower, value)) => {
            declare_alias(lower, name, at, value, extent);
            true
        }
        Py::StringLiteral(_) | Py::Name(_) | Py::Attribute(_) if stated => {
            declare_alias(lower, name, at, value, extent);
            true
        }
        _ => false,
    }
}

fn declare_alias<'a>(lower: &mut Lower<'a>, name: &'a str, at: Span, value: &'a Py, extent: Span) {
    let before = lower.type_params.len();
    let mut params = Vec::new();
    let mut vars: Vec<&str> = Vec::new();
    type_vars_in(lower, value, &mut vars, 0);
    for var in vars {
        lower.type_params.push(var.into());
        params.push(TypeParam { name: var.into(), default: None, bound: None });
    }
    let write = lower.annotation(value, Side::Write);
    let read = lower.annotation(value, Side::Read);
    lower.declare_type(name, params, Declared { write, read: Some(read), serializable: false }, at, extent);
    lower.type_params.truncate(before);
}

fn type_vars_in<'e>(lower: &Lower<'_>, expr: &'e Py, out: &mut Vec<&'e str>, depth: usize) {
    if depth > 16 {
        return;
    }
    match expr {
        Py::Name(name) if lower.type_vars.contains_key(name.id.as_str()) && !out.contains(&name.id.as_str()) => {
            out.push(name.id.as_str());
        }
        Py::Subscript(subscript) => type_vars_in(lower, &subscript.slice, out, depth + 1),
        Py::Tuple(tuple) => tuple.elts.iter().for_each(|element| type_vars_in(lower, element, out, depth + 1)),
        Py::BinOp(binary) => {
            type_vars_in(lower, &binary.left, out, depth + 1);
            type_vars_in(lower, &binary.right, out, depth + 1);
        }
        _ => {}
    }
}

/// `Union`, `Optional`, `Literal`, `Annotated` and the generic containers: what stands before `[` in a type at module level.
fn is_type_constructor(lower: &Lower<'_>, base: &Py) -> bool {
    let typing = names::dotted(base).and_then(|path| lower.names.full(path[0]).map(Name::from));
    let from_typing = typing.is_some_and(|full| {
        ["typing", "typing_extensions", "collections.abc"]
            .iter()
            .any(|module| full == *module || full.starts_with(&format!("{module}.")))
    });
    let builtin = matches!(base, Py::Name(name) if matches!(name.id.as_str(), "list" | "dict" | "set" | "tuple" | "frozenset")
        && lower.is_builtin(&name.id));
    from_typing || builtin
}

/// `A | B` between names of classes, builtins and `None`.
fn is_type_union(lower: &Lower<'_>, value: &Py) -> bool {
    let mut at = value;
    let part = |part: &Py| match part {
        Py::NoneLiteral(_) => true,
        Py::Subscript(subscript) => {
            is_type_constructor(lower, &subscript.value) || names::last_name(part).is_some_and(super::calls::is_class_name)
        }
        Py::Name(name) if matches!(name.id.as_str(), "str" | "int" | "float" | "bool" | "bytes") => true,
        other => names::dotted(other).and_then(|path| path.last().copied()).is_some_and(super::calls::is_class_name),
    };
    for _ in 0..1_000 {
        match at {
            Py::BinOp(binary) if binary.op == ruff_python_ast::Operator::BitOr => {
                if !part(&binary.right) {
                    return false;
                }
                at = &binary.left;
            }
            other => return part(other),
        }
    }
    false
}

/// Bases as written, without their type arguments.
fn base_paths(class: &StmtClassDef) -> Vec<Vec<Name>> {
    class.bases().iter().filter_map(|base| super::expressions::path_of(models::base_name(base))).collect()
}

/// What a base in another file is, where its name in its library says so.
fn by_name(full: &str) -> Option<Kind> {
    let last = full.rsplit('.').next().unwrap_or_default();
    match last {
        "TextChoices" | "IntegerChoices" | "StrEnum" | "IntEnum" => Some(Kind::Enum),
        "ModelSerializer" | "HyperlinkedModelSerializer" => Some(Kind::Serializer),
        "SQLAlchemyAutoSchema" | "SQLAlchemySchema" => Some(Kind::Marshmallow),
        _ if last.ends_with("StrEnum") || last.ends_with("Enum") && last.len() > 4 => Some(Kind::Enum),
        _ if last.ends_with("ModelSerializer") => Some(Kind::Serializer),
        _ => None,
    }
}

/// Whether a class with a base elsewhere looks like a declaration of fields: annotated members, or nothing but a docstring.
fn is_declaration(class: &StmtClassDef) -> bool {
    let annotated = models::members(class).iter().any(|member| member.annotation.is_some());
    let bare = class.body.iter().all(|stmt| match stmt {
        Stmt::Pass(_) => true,
        Stmt::Expr(expression) => matches!(&*expression.value, Py::StringLiteral(_) | Py::EllipsisLiteral(_)),
        _ => false,
    });
    let name = class.name.as_str();
    let error = name.ends_with("Error") || name.ends_with("Exception") || name.ends_with("Warning");
    annotated || bare && !error
}

/// `x or Default()`: what is written first.
fn strip_fallback(value: &Py) -> &Py {
    match value {
        Py::BoolOp(bool_op) if bool_op.op == ruff_python_ast::BoolOp::Or => bool_op.values.first().unwrap_or(value),
        Py::If(choice) => &choice.body,
        other => other,
    }
}

/// A literal as a constant type.
pub(super) fn constant_type(literal: Literal, at: Span) -> TypeExpr {
    match literal {
        Literal::Null => TypeExpr::new(TypeKind::Null, at),
        literal => TypeExpr::new(TypeKind::Const(literal), at),
    }
}

/// Whether a lineage reaches into another file.
pub(super) fn reaches_elsewhere(lineage: &[Part<'_>]) -> bool {
    lineage.iter().any(|part| matches!(part, Part::Elsewhere(_)))
}
