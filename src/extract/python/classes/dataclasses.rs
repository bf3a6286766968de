//! Dataclasses, with dataclasses-json and mashumaro where they say so.

use ruff_python_ast::{Expr as Py, ExprCall, StmtClassDef};
use ruff_text_size::Ranged;

use super::Declared;
use crate::extract::python::annotations::Side;
use crate::extract::python::casing::Casing;
use crate::extract::python::lower::Lower;
use crate::extract::python::models::{self, Member, Part};
use crate::extract::python::{names, span};
use crate::facts::{Additional, Expr, ExprKind, FieldExpr, Name, TypeExpr, TypeKind};
use crate::shape::Presence;
use crate::source::Span;

/// What a library on top of dataclasses says about a class as a whole.
#[derive(Default)]
struct Options {
    casing: Option<(Casing, Span)>,
    /// `aliases = {"member": "alias"}`
    aliases: Vec<(Name, Name)>,
    forbids_extra: bool,
    omits_none: bool,
    omits_defaults: bool,
    /// Whether `to_dict` writes aliases.
    writes_aliases: bool,
}

impl<'a> Lower<'a> {
    pub(super) fn dataclass(&mut self, class: &'a StmtClassDef) -> Declared {
        let at = span(class.name.range);
        let lineage = self.lineage(class, &|full| full.contains("DataClassJ") || full.contains("DataClassDict"));
        let mut options = Options { writes_aliases: true, ..Options::default() };
        let mut serializable = false;
        for part in &lineage {
            if let Part::Own(own) = part {
                serializable |= self.dataclass_options(own, &mut options);
            }
        }
        if serializable {
            self.dict_methods(class, at);
        }
        let fills_in = models::fills_in(class);
        let mut side = |side: Side| {
            let mut object = self.object_of(
                &lineage,
                side,
                &mut |lower, member, side| lower.dataclass_field(member, &options, fills_in, side),
                &mut |_, ty| ty,
            );
            if options.forbids_extra && side == Side::Read {
                object.additional = Additional::Closed;
            }
            TypeExpr::new(TypeKind::Object(object), at)
        };
        let write = side(Side::Write);
        let read = side(Side::Read);
        Declared { write, read: Some(read), serializable }
    }

    /// Reads the decorators, bases and inner classes of dataclasses-json and mashumaro; answers whether one of them is there.
    fn dataclass_options(&mut self, class: &'a StmtClassDef, options: &mut Options) -> bool {
        let mixins = || class.bases().iter().filter_map(|base| names::last_name(models::base_name(base)));
        let mut found = mixins().any(|last| last.starts_with("DataClass") && last.ends_with("Mixin"));
        // mashumaro writes members' names unless it is told otherwise; dataclasses-json does not.
        if found && !mixins().any(|last| last == "DataClassJsonMixin") {
            options.writes_aliases = false;
        }
        if let Some(call) = models::decorator(&class.decorator_list, "dataclass_json") {
            found = true;
            if let Some(value) = call.and_then(|call| models::keyword(&call.arguments.keywords, "letter_case")) {
                options.casing = names::last_name(value).and_then(Casing::from_name).map(|casing| (casing, span(value.range())));
            }
            if let Some(value) = call.and_then(|call| models::keyword(&call.arguments.keywords, "undefined")) {
                options.forbids_extra = names::last_name(value) == Some("RAISE");
            }
        }
        if let Some(config) = models::inner_class(class, "Config") {
            for member in models::members(config) {
                match (member.name, member.value) {
                    ("aliases", Some(Py::Dict(dict))) => {
                        for item in &dict.items {
                            if let (Some(Py::StringLiteral(name)), Py::StringLiteral(alias)) = (&item.key, &item.value) {
                                options.aliases.push((name.value.to_str().into(), alias.value.to_str().into()));
                            }
                        }
                    }
                    ("serialize_by_alias", value) => options.writes_aliases = models::is_true(value),
                    ("forbid_extra_keys", value) => options.forbids_extra = models::is_true(value),
                    ("omit_none", value) => options.omits_none = models::is_true(value),
                    ("omit_default", value) => options.omits_defaults = models::is_true(value),
                    _ => {}
                }
            }
        }
        found
    }

    /// `to_dict`, `to_json` and their counterparts, which the mixin or decorator gives the class.
    fn dict_methods(&mut self, class: &'a StmtClassDef, at: Span) {
        let mut scope = self.classes.clone();
        scope.push(class.name.as_str().into());
        let has = |name: &str| models::methods(class).any(|method| method.name.as_str() == name);
        let this = || Expr::new(ExprKind::This, at);
        if !has("to_dict") {
            self.made_method(scope.clone(), "to_dict", this(), at);
        }
        if !has("to_json") {
            self.made_method(scope.clone(), "to_json", Expr::new(ExprKind::Encoded(Box::new(this())), at), at);
        }
        if !has("from_dict") {
            self.making_method(scope.clone(), "from_dict", false, at);
        }
        if !has("from_json") {
            self.making_method(scope, "from_json", true, at);
        }
    }

    fn dataclass_field(&mut self, member: Member<'a>, options: &Options, fills_in: bool, side: Side) -> Option<FieldExpr> {
        let annotation = member.annotation?;
        let (_, metadata, markers) = models::unwrapped(self, annotation);
        let has = |name: &str| markers.iter().any(|marker| marker == name);
        if has("ClassVar") || has("dataclasses.KW_ONLY") || (has("dataclasses.InitVar") && side == Side::Write) {
            return None;
        }
        let mut ty = self.annotation(annotation, side);
        let mut has_default = member.value.is_some();
        let mut stated = member.value;
        let mut default = member.value.and_then(|value| self.default_literal(value));
        let mut alias = options.aliases.iter().find(|(name, _)| name == member.name).map(|(_, alias)| alias.clone());
        let mut cased = options.casing;
        let mut conditional = false;
        for item in metadata {
            if let Py::Call(call) = item
                && names::last_name(&call.func) == Some("Alias")
            {
                alias = call.arguments.args.first().and_then(|arg| self.constant_text(arg)).or(alias);
            }
        }
        if let Some(Py::Call(call)) = member.value
            && matches!(names::last_name(&call.func), Some("field" | "Field"))
        {
            let given = |name: &str| models::keyword(&call.arguments.keywords, name);
            has_default = given("default").is_some() || given("default_factory").is_some();
            stated = given("default");
            default = stated.and_then(|value| self.default_literal(value));
            if models::is_false(given("init")) && side == Side::Read {
                return None;
            }
            match self.field_metadata(call) {
                Metadata::Excluded if side == Side::Write => return None,
                Metadata::Excluded | Metadata::None => {}
                Metadata::Sometimes => conditional = side == Side::Write,
                Metadata::Name(name) => alias = Some(name),
                Metadata::Case(casing, at) => cased = Some((casing, at)),
                Metadata::Coded => ty = TypeExpr::unknown("an encoder or decoder of its own decides the form", member.span),
            }
        }
        ty = models::or_its_default(ty, stated.filter(|_| !fills_in));
        let presence = match side {
            Side::Write if conditional => Presence::Optional,
            Side::Write if options.omits_defaults && has_default => Presence::Optional,
            Side::Write if options.omits_none && models::admits_none(&ty) => Presence::Optional,
            Side::Write => Presence::Required,
            Side::Read if has_default => Presence::Optional,
            Side::Read => Presence::Required,
        };
        if side == Side::Write
            && options.omits_none
            && let TypeKind::Union(members) = &mut ty.kind
        {
            members.retain(|member| member.kind != TypeKind::Null);
            if members.len() == 1 {
                ty = members.remove(0);
            }
        }
        let mut field = models::plain_field(&member, ty, presence);
        if side == Side::Read {
            field.default = default;
        }
        if side == Side::Read || options.writes_aliases {
            if let Some(alias) = alias {
                models::rename(&mut field, alias, None);
            } else if let Some((casing, at)) = cased {
                models::rename(&mut field, casing.apply(member.name), Some(at));
            }
        }
        Some(field)
    }

    fn field_metadata(&self, call: &'a ExprCall) -> Metadata {
        let options: &'a ExprCall = match models::keyword(&call.arguments.keywords, "metadata") {
            Some(Py::Call(options)) => options,
            Some(Py::Dict(dict)) => {
                // mashumaro reads `metadata={"alias": "name"}`.
                let alias = dict.items.iter().find_map(|item| match (&item.key, &item.value) {
                    (Some(Py::StringLiteral(key)), value) if key.value.to_str() == "alias" => self.constant_text(value),
                    _ => None,
                });
                return alias.map_or(Metadata::None, Metadata::Name);
            }
            _ => return Metadata::None,
        };
        let given = |name: &str| models::keyword(&options.arguments.keywords, name);
        if given("serialize").and_then(|value| self.constant_text(value)).as_deref() == Some("omit") {
            return Metadata::Excluded;
        }
        if given("encoder").is_some() || given("serialize").is_some() || given("serialization_strategy").is_some() {
            return Metadata::Coded;
        }
        if let Some(exclude) = given("exclude") {
            // `exclude=lambda value: True` is the documented way to leave a member out.
            return match exclude {
                Py::Lambda(lambda) if models::is_true(Some(&lambda.body)) => Metadata::Excluded,
                _ => Metadata::Sometimes,
            };
        }
        if let Some(name) = given("field_name").or(given("alias")).and_then(|value| self.constant_text(value)) {
            return Metadata::Name(name);
        }
        if let Some(value) = given("letter_case")
            && let Some(casing) = names::last_name(value).and_then(Casing::from_name)
        {
            return Metadata::Case(casing, span(value.range()));
        }
        Metadata::None
    }
}

/// What the metadata of a dataclass field says.
enum Metadata {
    None,
    Excluded,
    Sometimes,
    Name(Name),
    Case(Casing, Span),
    Coded,
}
