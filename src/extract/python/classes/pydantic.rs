//! pydantic models, version 1 and 2: what they write, and what they accept.

use ruff_python_ast::{Expr as Py, ExprCall, Stmt, StmtClassDef};
use ruff_text_size::Ranged;

use super::{Declared, Kind, reaches_elsewhere};
use crate::extract::python::annotations::{Bounds, Side};
use crate::extract::python::casing::Casing;
use crate::extract::python::lower::Lower;
use crate::extract::python::models::{self, Member, Part};
use crate::extract::python::names::{self, Names};
use crate::extract::python::span;
use crate::facts::{
    Additional, Constant, Expr, ExprKind, FieldExpr, Literal, Name, ObjectExpr, ObjectMember, TypeExpr, TypeKind, TypeOp,
};
use crate::shape::Presence;
use crate::source::Span;

/// The name under which a model's casing is recorded, so that models of other files inherit it.
const CASING: &str = "alias_generator";

/// What a model's configuration says.
#[derive(Clone, Debug, Default)]
struct Config {
    generator: Generator,
    by_name: bool,
    by_alias: bool,
    extra: Extra,
    timedelta_as_number: bool,
    /// Names of a v1 `fields` mapping: member → alias.
    aliases: Vec<(Name, Name)>,
}

#[derive(Clone, Debug, Default)]
enum Generator {
    #[default]
    None,
    Known {
        write: Option<Casing>,
        read: Option<Casing>,
        at: Span,
    },
    Unknown(Name),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Extra {
    #[default]
    Ignore,
    Forbid,
    Allow,
}

/// What `Field(…)` says.
#[derive(Clone, Debug, Default)]
struct Options<'a> {
    has_default: bool,
    default: Option<&'a Py>,
    alias: Option<Name>,
    write_alias: Option<Name>,
    read_alias: Option<ReadAlias>,
    excluded: bool,
    bounds: Bounds,
    private: bool,
    /// An alias that is computed: the wire name is not known.
    unknown_name: bool,
}

#[derive(Clone, Debug, PartialEq)]
enum ReadAlias {
    /// The first is the one a schema names.
    Names(Vec<Name>),
    /// `AliasPath("a", "b")`
    Path(Vec<Literal>),
}

/// Whether a file's pydantic is version 1, by the names that only one of the versions has.
pub(in crate::extract::python) fn is_v1(names: &Names, body: &[Stmt]) -> bool {
    let mut old = false;
    for full in names.full_names() {
        let Some(rest) = full.strip_prefix("pydantic.") else { continue };
        let last = rest.rsplit('.').next().unwrap_or(rest);
        if rest.starts_with("v1.") {
            return true;
        }
        if matches!(
            last,
            "ConfigDict"
                | "field_validator"
                | "model_validator"
                | "field_serializer"
                | "model_serializer"
                | "computed_field"
                | "RootModel"
                | "TypeAdapter"
                | "AliasChoices"
                | "AliasPath"
                | "AliasGenerator"
                | "BeforeValidator"
        ) {
            return false;
        }
        old |=
            matches!(last, "validator" | "root_validator" | "BaseSettings" | "GenericModel" | "parse_obj_as" | "ConstrainedStr");
    }
    if old {
        return true;
    }
    body.iter().any(|stmt| {
        let Stmt::ClassDef(class) = stmt else { return false };
        models::inner_class(class, "Config").is_some_and(|config| {
            models::members(config).iter().any(|member| {
                matches!(
                    member.name,
                    "allow_population_by_field_name"
                        | "orm_mode"
                        | "schema_extra"
                        | "fields"
                        | "allow_mutation"
                        | "anystr_strip_whitespace"
                        | "min_anystr_length"
                        | "validate_all"
                        | "keep_untouched"
                )
            })
        })
    })
}

impl<'a> Lower<'a> {
    pub(super) fn pydantic_model(&mut self, class: &'a StmtClassDef, kind: Kind) -> Declared {
        let at = span(class.name.range);
        let serializable = kind != Kind::Inherits;
        let lineage = self.lineage(class, &|_| false);
        if let Some((write, read)) = self.root_type(class, &lineage) {
            return Declared { write, read: Some(read), serializable };
        }
        let mut config = Config::default();
        for part in &lineage {
            if let Part::Own(own) = part {
                self.configure(own, &mut config);
            }
        }
        if let Generator::Unknown(source) = &config.generator {
            let hole = TypeExpr::unknown(format!("the names come from `{source}`, which is not followed"), at);
            return Declared { write: hole, read: None, serializable };
        }
        let elsewhere = reaches_elsewhere(&lineage);
        self.record_casing(class, &config, &lineage);
        if kind == Kind::Inherits && !elsewhere {
            return Declared { write: TypeExpr::unknown("a class without declared fields", at), read: None, serializable };
        }
        let write = self.model_side(class, &lineage, &config, kind, Side::Write);
        let read = self.model_side(class, &lineage, &config, kind, Side::Read);
        let write = match self.model_serializer(&lineage, at) {
            Some(ty) => ty,
            None => TypeExpr::new(TypeKind::Object(write), at),
        };
        Declared { write, read: Some(TypeExpr::new(TypeKind::Object(read), at)), serializable }
    }

    fn model_side(
        &mut self,
        class: &'a StmtClassDef,
        lineage: &[Part<'a>],
        config: &Config,
        kind: Kind,
        side: Side,
    ) -> ObjectExpr {
        let at = span(class.name.range);
        let recase = match &config.generator {
            Generator::Known { write, read, .. } => match side {
                Side::Write => *write,
                Side::Read => *read,
            },
            Generator::None | Generator::Unknown(_) => None,
        };
        let mut object = self.object_of(
            lineage,
            side,
            &mut |lower, member, side| lower.model_field(member, config, kind, side),
            &mut |_, ty| match recase {
                // A base in another file gets this model's casing, as its fields are this model's own.
                Some(casing) => {
                    let name = TypeExpr::new(TypeKind::Const(Literal::Text(casing.name().into())), at);
                    TypeExpr::new(TypeKind::Apply(TypeOp::Recase, vec![ty, name]), at)
                }
                None => ty,
            },
        );
        if side == Side::Write {
            self.serialized_fields(lineage, config, &mut object);
        }
        object.additional = match config.extra {
            Extra::Ignore => Additional::Silent,
            Extra::Forbid => Additional::Closed,
            Extra::Allow => Additional::Open(Box::new(TypeExpr::unknown("extra fields are allowed", at))),
        };
        if matches!(config.generator, Generator::None)
            && let Some(base) = inherited_casing(lineage)
            && matches!(kind, Kind::Pydantic | Kind::Inherits)
        {
            wrap_for_casing(&mut object, base, at);
        }
        object
    }

    /// The type of a root model, `RootModel[T]` or `__root__: T`.
    fn root_type(&mut self, class: &'a StmtClassDef, lineage: &[Part<'a>]) -> Option<(TypeExpr, TypeExpr)> {
        let owners: Vec<&'a StmtClassDef> = lineage
            .iter()
            .filter_map(|part| match part {
                Part::Own(own) => Some(*own),
                Part::Elsewhere(_) => None,
            })
            .collect();
        let is_root = owners.iter().any(|own| {
            own.bases().iter().any(|base| self.type_name(models::base_name(base)).as_deref() == Some("pydantic.RootModel"))
        });
        for own in owners.iter().rev() {
            for member in models::members(own) {
                if (member.name == "root" && is_root || member.name == "__root__")
                    && let Some(annotation) = member.annotation
                {
                    let options = self.options(member);
                    let write = options.bounds.apply(self.annotation(annotation, Side::Write));
                    let read = options.bounds.apply(self.annotation(annotation, Side::Read));
                    return Some((write, read));
                }
            }
        }
        if !is_root {
            return None;
        }
        for own in owners.iter().rev() {
            for base in own.bases() {
                if let Py::Subscript(subscript) = base
                    && self.type_name(&subscript.value).as_deref() == Some("pydantic.RootModel")
                {
                    let write = self.annotation(&subscript.slice, Side::Write);
                    let read = self.annotation(&subscript.slice, Side::Read);
                    return Some((write, read));
                }
            }
        }
        let hole = TypeExpr::unknown("a root model without a type", span(class.name.range));
        Some((hole.clone(), hole))
    }

    fn configure(&mut self, class: &'a StmtClassDef, config: &mut Config) {
        let given = models::members(class);
        if let Some(value) = given.iter().find(|member| member.name == "model_config").and_then(|member| member.value) {
            match value {
                Py::Call(call) => {
                    for keyword in &call.arguments.keywords {
                        if let Some(name) = &keyword.arg {
                            self.option(name.as_str(), &keyword.value, config);
                        }
                    }
                }
                Py::Dict(dict) => {
                    for item in &dict.items {
                        if let Some(Py::StringLiteral(name)) = &item.key {
                            self.option(name.value.to_str(), &item.value, config);
                        }
                    }
                }
                _ => {}
            }
        }
        if let Some(inner) = models::inner_class(class, "Config") {
            for member in models::members(inner) {
                if let Some(value) = member.value {
                    self.option(member.name, value, config);
                }
            }
            for method in models::methods(inner) {
                if method.name.as_str() == "alias_generator" {
                    config.generator = Generator::Unknown("alias_generator".into());
                }
            }
        }
        for keyword in class.keywords() {
            if let Some(name) = &keyword.arg {
                self.option(name.as_str(), &keyword.value, config);
            }
        }
        for decorator in &class.decorator_list {
            if let Py::Call(call) = &decorator.expression
                && let Some(Py::Call(options)) = models::keyword(&call.arguments.keywords, "config")
            {
                for keyword in &options.arguments.keywords {
                    if let Some(name) = &keyword.arg {
                        self.option(name.as_str(), &keyword.value, config);
                    }
                }
            }
        }
        let camel_base = class
            .bases()
            .iter()
            .any(|base| self.type_name(models::base_name(base)).as_deref() == Some("fastapi_camelcase.CamelModel"));
        if camel_base {
            let casing = Some(Casing::Camel);
            config.generator = Generator::Known { write: casing, read: casing, at: span(class.name.range) };
            config.by_name = true;
        }
    }

    fn option(&mut self, name: &str, value: &'a Py, config: &mut Config) {
        match name {
            "alias_generator" => config.generator = self.generator(value),
            "populate_by_name" | "allow_population_by_field_name" | "validate_by_name" => {
                config.by_name = models::is_true(Some(value));
            }
            "serialize_by_alias" => config.by_alias = models::is_true(Some(value)),
            "extra" => {
                let text = match value {
                    Py::StringLiteral(text) => text.value.to_str(),
                    other => names::last_name(other).unwrap_or_default(),
                };
                config.extra = match text {
                    "forbid" => Extra::Forbid,
                    "allow" => Extra::Allow,
                    _ => Extra::Ignore,
                };
            }
            "ser_json_timedelta" => {
                config.timedelta_as_number = matches!(value, Py::StringLiteral(text) if text.value.to_str() == "float");
            }
            "fields" => {
                if let Py::Dict(dict) = value {
                    for item in &dict.items {
                        let (Some(Py::StringLiteral(member)), given) = (&item.key, &item.value) else { continue };
                        let alias = match given {
                            Py::StringLiteral(alias) => Some(alias.value.to_str().to_owned()),
                            Py::Dict(options) => options.items.iter().find_map(|option| match (&option.key, &option.value) {
                                (Some(Py::StringLiteral(key)), Py::StringLiteral(alias)) if key.value.to_str() == "alias" => {
                                    Some(alias.value.to_str().to_owned())
                                }
                                _ => None,
                            }),
                            _ => None,
                        };
                        config.aliases.extend(alias.map(|alias| (member.value.to_str().into(), alias.into())));
                    }
                }
            }
            _ => {}
        }
    }

    fn generator(&mut self, value: &'a Py) -> Generator {
        let at = span(value.range());
        match value {
            Py::NoneLiteral(_) => Generator::None,
            Py::Call(call) if names::last_name(&call.func) == Some("AliasGenerator") => {
                let of = |name: &str, position: Option<usize>| {
                    models::keyword(&call.arguments.keywords, name)
                        .or_else(|| position.and_then(|position| call.arguments.args.get(position)))
                };
                let mut unknown = None;
                let mut casing = |value: Option<&'a Py>| match value {
                    None | Some(Py::NoneLiteral(_)) => None,
                    Some(value) => {
                        let casing = self.casing_of(value);
                        if casing.is_none() {
                            unknown = Some(self.quote(value.range()));
                        }
                        casing
                    }
                };
                let alias = casing(of("alias", Some(0)));
                let read = casing(of("validation_alias", None));
                let write = casing(of("serialization_alias", None));
                match unknown {
                    Some(source) => Generator::Unknown(source),
                    None => Generator::Known { write: write.or(alias), read: read.or(alias), at },
                }
            }
            value => match self.casing_of(value) {
                Some(casing) => Generator::Known { write: Some(casing), read: Some(casing), at },
                None => Generator::Unknown(self.quote(value.range())),
            },
        }
    }

    /// The convention that a generator function follows. One that this file defines is judged by its body, where a name like
    /// `to_camel` stands for either form in old tutorials.
    fn casing_of(&self, value: &'a Py) -> Option<Casing> {
        match value {
            Py::Lambda(lambda) => match &*lambda.body {
                Py::Call(call) => Casing::from_function(&call.func),
                _ => None,
            },
            value => {
                let casing = Casing::from_function(value)?;
                let Py::Name(name) = value else { return Some(casing) };
                if casing != Casing::Camel || self.names.full(&name.id).is_some() {
                    return Some(casing);
                }
                let marker = format!("def {}(", name.id);
                let body = self.text.split(&marker).nth(1)?;
                let end = body.find("\ndef ").or_else(|| body.find("\nclass ")).unwrap_or(body.len());
                let body = &body[..end];
                let keeps_first = ["[0]", "[1:]", "lower()", "enumerate", "first", "if i", "*rest", "camelize(", "to_camel("]
                    .iter()
                    .any(|part| body.contains(part));
                Some(if keeps_first { Casing::Camel } else { Casing::Pascal })
            }
        }
    }

    /// Records a model's casing as a constant, which models of other files that extend it refer to.
    fn record_casing(&mut self, class: &'a StmtClassDef, config: &Config, lineage: &[Part<'a>]) {
        let at = span(class.name.range);
        let value = match &config.generator {
            Generator::Known { write: Some(casing), at, .. } => Expr::text(casing.name(), *at),
            Generator::Known { .. } | Generator::Unknown(_) => return,
            Generator::None => match inherited_casing(lineage) {
                Some(base) => Expr::new(ExprKind::Name(base), at),
                None => return,
            },
        };
        let mut scope = self.classes.clone();
        scope.push(class.name.as_str().into());
        self.facts.constants.push(Constant {
            scope,
            name: CASING.into(),
            value,
            ty: None,
            exported: true,
            registry: false,
            span: at,
        });
    }

    fn options(&mut self, member: Member<'a>) -> Options<'a> {
        let mut options = Options::default();
        if let Some(annotation) = member.annotation {
            let (_, metadata, _) = models::unwrapped(self, annotation);
            for item in metadata {
                if let Py::Call(call) = item
                    && is_field_call(call)
                {
                    self.field_options(call, &mut options, false);
                }
            }
        }
        match member.value {
            Some(Py::Call(call)) if is_field_call(call) => self.field_options(call, &mut options, true),
            Some(Py::EllipsisLiteral(_)) | None => {}
            Some(value) => {
                options.has_default = true;
                options.default = Some(value);
            }
        }
        options
    }

    fn field_options(&mut self, call: &'a ExprCall, options: &mut Options<'a>, positional_default: bool) {
        let name = names::last_name(&call.func).unwrap_or_default();
        options.private |= name == "PrivateAttr";
        let default = models::keyword(&call.arguments.keywords, "default")
            .or_else(|| positional_default.then(|| call.arguments.args.first()).flatten());
        match default {
            Some(Py::EllipsisLiteral(_)) => {}
            Some(Py::Name(name)) if name.id == "PydanticUndefined" => {}
            Some(value) => {
                options.has_default = true;
                options.default = Some(value);
            }
            None => {}
        }
        if models::keyword(&call.arguments.keywords, "default_factory").is_some() {
            options.has_default = true;
            options.default = None;
        }
        for keyword in &call.arguments.keywords {
            let Some(name) = &keyword.arg else { continue };
            let value = &keyword.value;
            if options.bounds.take(name.as_str(), value) {
                continue;
            }
            match name.as_str() {
                "alias" => match self.constant_text(value) {
                    Some(text) => options.alias = Some(text),
                    None if matches!(value, Py::NoneLiteral(_)) => {}
                    None => options.unknown_name = true,
                },
                "serialization_alias" => match self.constant_text(value) {
                    Some(text) => options.write_alias = Some(text),
                    None if matches!(value, Py::NoneLiteral(_)) => {}
                    None => options.unknown_name = true,
                },
                "validation_alias" => options.read_alias = self.read_alias(value),
                "exclude" => options.excluded = models::is_true(Some(value)),
                _ => {}
            }
        }
    }

    fn read_alias(&self, value: &Py) -> Option<ReadAlias> {
        if let Some(text) = self.constant_text(value) {
            return Some(ReadAlias::Names(vec![text]));
        }
        let Py::Call(call) = value else { return None };
        match names::last_name(&call.func)? {
            "AliasChoices" => {
                let names: Vec<Name> = call.arguments.args.iter().filter_map(|arg| self.constant_text(arg)).collect();
                match names.is_empty() {
                    false => Some(ReadAlias::Names(names)),
                    true => self.read_alias(call.arguments.args.first()?),
                }
            }
            "AliasPath" => Some(ReadAlias::Path(
                call.arguments
                    .args
                    .iter()
                    .filter_map(|arg| match arg {
                        Py::NumberLiteral(number) => crate::extract::python::expressions::number_literal(&number.value),
                        other => self.constant_text(other).map(Literal::Text),
                    })
                    .collect(),
            )),
            _ => None,
        }
    }

    fn model_field(&mut self, member: Member<'a>, config: &Config, kind: Kind, side: Side) -> Option<FieldExpr> {
        if member.name.starts_with('_') || matches!(member.name, "model_config" | "Config") {
            return None;
        }
        let options = self.options(member);
        if options.private {
            return None;
        }
        let Some(annotation) = member.annotation else {
            // Version 1 takes the type from the default; version 2 refuses the class.
            if !self.pydantic_v1 || kind == Kind::Inherits {
                return None;
            }
            let literal = self.default_literal(member.value?)?;
            let field = self.inferred_field(&member, &literal, side)?;
            return Some(self.named_field(field, &options, config, side));
        };
        let (inner, _, markers) = models::unwrapped(self, annotation);
        if markers.iter().any(|marker| marker == "ClassVar") {
            return None;
        }
        if markers.iter().any(|marker| marker == "Final") && options.has_default && kind == Kind::Pydantic {
            // `Final` with a value is a class variable to pydantic.
            return None;
        }
        if side == Side::Write && options.excluded {
            return None;
        }
        if side == Side::Write && markers.iter().any(|marker| marker == "dataclasses.InitVar") {
            return None;
        }
        let in_dataclass = kind == Kind::PydanticDataclass;
        if in_dataclass
            && let Some(Py::Call(call)) = member.value
            && side == Side::Read
            && models::is_false(models::keyword(&call.arguments.keywords, "init"))
        {
            return None;
        }
        let mut ty = options.bounds.apply(self.annotation(annotation, side));
        if config.timedelta_as_number && self.type_name(inner).as_deref() == Some("datetime.timedelta") {
            ty = TypeExpr::new(TypeKind::Number(Default::default()), ty.span);
        }
        let mut has_default = options.has_default;
        let mut default = options.default.and_then(|value| self.default_literal(value));
        if self.pydantic_v1 && !has_default && models::admits_none(&ty) && !required_by_ellipsis(&member) {
            has_default = true;
            default = Some(Literal::Null);
            ty = models::nullable(ty);
        }
        // A default is not validated; version 1 takes it for a sign that `None` may be given as well.
        if side == Side::Write || self.pydantic_v1 {
            ty = models::or_its_default(ty, options.default);
        }
        let presence = match side {
            Side::Write => Presence::Required,
            Side::Read if has_default => Presence::Optional,
            Side::Read => Presence::Required,
        };
        let mut field = models::plain_field(&member, ty, presence);
        if side == Side::Read && has_default {
            field.default = default;
        }
        Some(self.named_field(field, &options, config, side))
    }

    fn inferred_field(&mut self, member: &Member<'a>, literal: &Literal, side: Side) -> Option<FieldExpr> {
        let kind = match literal {
            Literal::Bool(_) => TypeKind::Boolean,
            Literal::Number(digits) if digits.contains(['.', 'e']) => TypeKind::Number(Default::default()),
            Literal::Number(_) => TypeKind::Integer(Default::default()),
            Literal::Text(_) => TypeKind::String(Default::default()),
            Literal::Null => return None,
        };
        let presence = if side == Side::Write { Presence::Required } else { Presence::Optional };
        let mut field = models::plain_field(member, TypeExpr::new(kind, member.span), presence);
        if side == Side::Read {
            field.default = Some(literal.clone());
        }
        Some(field)
    }

    /// Gives a field the name that this side knows it by.
    fn named_field(&mut self, mut field: FieldExpr, options: &Options<'a>, config: &Config, side: Side) -> FieldExpr {
        let member = field.name.clone();
        if options.unknown_name {
            field.ty = TypeExpr::unknown("the alias is computed", field.span);
            return field;
        }
        let from_mapping = config.aliases.iter().find(|(name, _)| *name == member).map(|(_, alias)| alias.clone());
        let alias = options.alias.clone().or(from_mapping);
        let generated = |casing: Option<Casing>| casing.map(|casing| casing.apply(&member));
        let (casing, cause) = match &config.generator {
            Generator::Known { write, read, at } => (if side == Side::Write { *write } else { *read }, Some(*at)),
            Generator::None | Generator::Unknown(_) => (None, None),
        };
        match side {
            Side::Write => {
                if let Some(name) = options.write_alias.clone().or_else(|| alias.clone()) {
                    models::rename(&mut field, name, None);
                } else if let Some(name) = generated(casing) {
                    models::rename(&mut field, name, cause);
                }
            }
            Side::Read => {
                match options.read_alias.clone() {
                    Some(ReadAlias::Names(mut names)) => {
                        let first = names.remove(0);
                        models::rename(&mut field, first, None);
                        field.aliases.extend(names);
                    }
                    Some(ReadAlias::Path(path)) => return nested(field, &path),
                    None => {
                        if let Some(name) = alias {
                            models::rename(&mut field, name, None);
                        } else if let Some(name) = generated(casing) {
                            models::rename(&mut field, name, cause);
                        }
                    }
                }
                if config.by_name && field.name != member && !field.aliases.contains(&member) {
                    field.aliases.push(member);
                }
            }
        }
        field
    }

    /// Computed fields, and fields that a serializer method gives another form.
    fn serialized_fields(&mut self, lineage: &[Part<'a>], config: &Config, object: &mut ObjectExpr) {
        for part in lineage {
            let Part::Own(class) = part else { continue };
            for method in models::methods(class) {
                if let Some(options) = models::decorator(&method.decorator_list, "computed_field") {
                    let returns = options
                        .and_then(|call| models::keyword(&call.arguments.keywords, "return_type"))
                        .or(method.returns.as_deref());
                    let at = span(method.name.range);
                    let ty = match returns {
                        Some(returns) => self.annotation(returns, Side::Write),
                        None => TypeExpr::unknown("a computed field without a type", at),
                    };
                    let member = Member { name: method.name.as_str(), annotation: None, value: None, span: at, owner: class };
                    let alias = options
                        .and_then(|call| models::keyword(&call.arguments.keywords, "alias"))
                        .and_then(|alias| self.constant_text(alias));
                    let options = Options { alias, ..Options::default() };
                    let field = models::plain_field(&member, ty, Presence::Required);
                    let field = self.named_field(field, &options, config, Side::Write);
                    object.members.push(ObjectMember::Field(field));
                }
                let Some(Some(call)) = models::decorator(&method.decorator_list, "field_serializer") else { continue };
                // One that steps aside for Python values still writes JSON; one that only serves JSON does too.
                let at = span(method.name.range);
                let ty = match method.returns.as_deref() {
                    Some(returns) => self.annotation(returns, Side::Write),
                    None => TypeExpr::unknown("a serializer without a type decides its form", at),
                };
                let targets: Vec<Name> = call.arguments.args.iter().filter_map(|arg| self.constant_text(arg)).collect();
                for member in &mut object.members {
                    if let ObjectMember::Field(field) = member {
                        let own = field.source.as_deref().unwrap_or(&field.name);
                        if targets.iter().any(|target| target == own || target == "*") {
                            field.ty = ty.clone();
                        }
                    }
                }
            }
        }
    }

    /// A serializer of the whole model: its annotation, or a hole.
    fn model_serializer(&mut self, lineage: &[Part<'a>], at: Span) -> Option<TypeExpr> {
        for part in lineage.iter().rev() {
            let Part::Own(class) = part else { continue };
            for method in models::methods(class) {
                if models::decorator(&method.decorator_list, "model_serializer").is_none() {
                    continue;
                }
                let hole = || TypeExpr::unknown("a serializer of the whole model decides its form", at);
                return Some(match method.returns.as_deref() {
                    Some(returns) => {
                        let ty = self.annotation(returns, Side::Write);
                        match ty.kind {
                            TypeKind::Map { .. } | TypeKind::Unknown(_) => hole(),
                            _ => ty,
                        }
                    }
                    None => hole(),
                });
            }
        }
        None
    }
}

/// `Field(…)` and what stands in its place.
fn is_field_call(call: &ExprCall) -> bool {
    matches!(
        names::last_name(&call.func),
        Some("Field" | "PrivateAttr" | "field" | "Relationship" | "Body" | "Query" | "Header" | "Param")
    )
}

fn required_by_ellipsis(member: &Member<'_>) -> bool {
    match member.value {
        Some(Py::EllipsisLiteral(_)) => true,
        Some(Py::Call(call)) => {
            matches!(call.arguments.args.first(), Some(Py::EllipsisLiteral(_)))
                || matches!(models::keyword(&call.arguments.keywords, "default"), Some(Py::EllipsisLiteral(_)))
        }
        _ => false,
    }
}

/// The base in another file whose casing a model takes over.
fn inherited_casing(lineage: &[Part<'_>]) -> Option<Vec<Name>> {
    lineage.iter().rev().find_map(|part| match part {
        Part::Elsewhere(base) => {
            let mut path: Vec<Name> = names::dotted(models::base_name(base))?.into_iter().map(Name::from).collect();
            path.push(CASING.into());
            Some(path)
        }
        Part::Own(_) => None,
    })
}

/// Fields that have no alias of their own take the casing of a base in another file, where it has one.
fn wrap_for_casing(object: &mut ObjectExpr, base: Vec<Name>, at: Span) {
    let has_word_break = |field: &FieldExpr| field.name.contains('_');
    let is_open = |member: &ObjectMember| matches!(member, ObjectMember::Field(field) if field.source.is_none() && field.aliases.is_empty() && has_word_break(field));
    if !object.members.iter().any(is_open) {
        return;
    }
    let members = std::mem::take(&mut object.members);
    let casing = TypeExpr::new(TypeKind::Of(Box::new(Expr::new(ExprKind::Name(base), at))), at);
    let mut run: Vec<ObjectMember> = Vec::new();
    let mut out = Vec::new();
    let flush = |run: &mut Vec<ObjectMember>, out: &mut Vec<ObjectMember>| {
        if run.is_empty() {
            return;
        }
        let inner = ObjectExpr { members: std::mem::take(run), additional: Additional::Silent };
        let inner = TypeExpr::new(TypeKind::Object(inner), at);
        let recased = TypeExpr::new(TypeKind::Apply(TypeOp::Recase, vec![inner, casing.clone()]), at);
        out.push(ObjectMember::Spread(recased));
    };
    for member in members {
        if is_open(&member) {
            run.push(member);
        } else {
            flush(&mut run, &mut out);
            out.push(member);
        }
    }
    flush(&mut run, &mut out);
    object.members = out;
}

/// `AliasPath("customer", "id")`: the field stands inside another one.
fn nested(mut field: FieldExpr, path: &[Literal]) -> FieldExpr {
    let at = field.span;
    let mut names = path.iter();
    let Some(Literal::Text(first)) = names.next() else {
        field.ty = TypeExpr::unknown("a path of aliases", at);
        return field;
    };
    let mut ty = field.ty.clone();
    for step in path[1..].iter().rev() {
        ty = match step {
            Literal::Text(name) => {
                let inner = FieldExpr {
                    name: name.clone(),
                    aliases: Vec::new(),
                    ty,
                    presence: field.presence,
                    default: None,
                    source: None,
                    span: at,
                    cause: None,
                };
                let object = ObjectExpr { members: vec![ObjectMember::Field(inner)], additional: Additional::Silent };
                TypeExpr::new(TypeKind::Object(object), at)
            }
            Literal::Number(_) | Literal::Null | Literal::Bool(_) => {
                TypeExpr::unknown("one element of a list, by its position", at)
            }
        };
    }
    field.ty = ty;
    let first = first.clone();
    models::rename(&mut field, first, None);
    field
}
