//! Django models, and the serializers of Django REST Framework.

use ruff_python_ast::{Expr as Py, ExprCall, StmtClassDef};
use ruff_text_size::Ranged;

use super::marshmallow::required;
use super::{Declared, constant_type, reaches_elsewhere};
use crate::extract::python::annotations::{Bounds, Side, union};
use crate::extract::python::expressions::{path_of, texts_of};
use crate::extract::python::lower::Lower;
use crate::extract::python::models::{self, Member, Part};
use crate::extract::python::{names, span};
use crate::facts::{Additional, FieldExpr, Literal, Name, ObjectExpr, ObjectMember, TypeExpr, TypeKind, TypeOp, TypeRef};
use crate::shape::{Presence, StringShape};
use crate::source::Span;

impl<'a> Lower<'a> {
    /// A model: its columns, as a serializer that names them writes them.
    pub(super) fn django_model(&mut self, class: &'a StmtClassDef) -> Declared {
        let at = span(class.name.range);
        let lineage = self.lineage(class, &|full| full.starts_with("django."));
        let mut form =
            |side| self.object_of(&lineage, side, &mut |lower, member, side| lower.column(member, side), &mut |_, ty| ty);
        let (mut object, accepted) = (form(Side::Write), form(Side::Read));
        let own_key = lineage.iter().any(|part| match part {
            Part::Own(own) => models::members(own).iter().any(|member| match member.value {
                Some(Py::Call(call)) => models::is_true(models::keyword(&call.arguments.keywords, "primary_key")),
                _ => false,
            }),
            Part::Elsewhere(_) => false,
        });
        if !own_key && !reaches_elsewhere(&lineage) {
            let id = required("id", TypeExpr::new(TypeKind::Integer(Default::default()), at), at);
            object.members.insert(0, ObjectMember::Field(id));
        }
        let read = Some(TypeExpr::new(TypeKind::Object(accepted), at));
        Declared { write: TypeExpr::new(TypeKind::Object(object), at), read, serializable: false }
    }

    /// A column as a serializer writes it, and as one that is made from the model accepts it.
    fn column(&mut self, member: Member<'a>, side: Side) -> Option<FieldExpr> {
        let Some(Py::Call(call)) = member.value else { return None };
        let last = names::last_name(&call.func)?;
        if !last.ends_with("Field") && !matches!(last, "ForeignKey" | "TaggableManager") {
            return None;
        }
        let given = |name: &str| models::keyword(&call.arguments.keywords, name);
        let is = |name: &str| models::is_true(given(name));
        // What the database or the model fills in is nobody else's to give.
        let own = is("auto_now") || is("auto_now_add") || models::is_false(given("editable")) || last.ends_with("AutoField");
        if side == Side::Read && own {
            return None;
        }
        let ty = self.column_type(last, call, &member);
        let ty = if is("null") { models::nullable(ty) } else { ty };
        let optional = is("null") || is("blank") || given("default").is_some() || given("db_default").is_some();
        let presence = if side == Side::Read && optional { Presence::Optional } else { Presence::Required };
        Some(models::plain_field(&member, ty, presence))
    }

    fn column_type(&mut self, field: &str, call: &'a ExprCall, member: &Member<'a>) -> TypeExpr {
        let at = member.span;
        let given = |name: &str| models::keyword(&call.arguments.keywords, name);
        if let Some(choices) = given("choices")
            && let Some(ty) = self.choices(self.listed(choices, member.owner), at)
        {
            return ty;
        }
        let key = || TypeKind::Unknown("the key of another model".into());
        let format = |name: &str| TypeKind::String(StringShape::format(name).into());
        let kind = match field {
            "CharField" | "TextField" | "SlugField" | "FilePathField" | "CICharField" | "CITextField" | "EncryptedCharField" => {
                TypeKind::String(Default::default())
            }
            "EmailField" => format("email"),
            "URLField" => format("uri"),
            "UUIDField" => format("uuid"),
            "GenericIPAddressField" | "IPAddressField" => TypeKind::String(Default::default()),
            "FileField" | "ImageField" => TypeKind::String(Default::default()),
            "IntegerField" | "BigIntegerField" | "SmallIntegerField" | "AutoField" | "BigAutoField" | "SmallAutoField" => {
                TypeKind::Integer(Default::default())
            }
            "PositiveIntegerField" | "PositiveBigIntegerField" | "PositiveSmallIntegerField" => TypeKind::Integer(
                crate::shape::NumberRange { minimum: Some(serde_json::Number::from(0)), ..Default::default() }.into(),
            ),
            "FloatField" => TypeKind::Number(Default::default()),
            // A serializer writes decimals as texts unless settings say otherwise.
            "DecimalField" => TypeKind::String(Default::default()),
            "BooleanField" => TypeKind::Boolean,
            "NullBooleanField" => TypeKind::Union(vec![TypeExpr::new(TypeKind::Boolean, at), TypeExpr::new(TypeKind::Null, at)]),
            "DateTimeField" => format("date-time"),
            "DateField" => format("date"),
            "TimeField" => format("time"),
            "DurationField" => TypeKind::String(Default::default()),
            "JSONField" | "HStoreField" => TypeKind::Unknown("any JSON value".into()),
            "ArrayField" => {
                let items = match call.arguments.args.first().or(given("base_field")) {
                    Some(Py::Call(inner)) => {
                        let last = names::last_name(&inner.func).unwrap_or_default();
                        self.deeper(|lower| lower.column_type(last, inner, member))
                    }
                    _ => None,
                };
                let items = items.unwrap_or_else(|| TypeExpr::unknown("no type is given", at));
                TypeKind::Array { items: Box::new(items), min: None, max: None, unique: false }
            }
            "ForeignKey" | "OneToOneField" => key(),
            "ManyToManyField" => {
                TypeKind::Array { items: Box::new(TypeExpr::new(key(), at)), min: None, max: None, unique: false }
            }
            other => TypeKind::Unknown(format!("a column of the class `{other}`").into()),
        };
        let mut bounds = Bounds::default();
        match (given("max_length"), field) {
            (Some(value), _) => {
                bounds.take("max_length", value);
            }
            (None, "EmailField") => bounds.max_length = Some(254),
            (None, "URLField") => bounds.max_length = Some(200),
            (None, "SlugField") => bounds.max_length = Some(50),
            (None, _) => {}
        }
        bounds.apply(TypeExpr::new(kind, at))
    }

    /// A list that is given by the name that it has in the class or its module.
    fn listed(&self, list: &'a Py, owner: &'a StmtClassDef) -> &'a Py {
        let Py::Name(name) = list else { return list };
        let in_class = models::members(owner).into_iter().find(|member| member.name == name.id.as_str());
        in_class.and_then(|member| member.value).or_else(|| self.lists.get(name.id.as_str()).copied()).unwrap_or(list)
    }

    /// `choices=Status.choices`, `choices=[("a", "A"), …]`
    fn choices(&mut self, choices: &'a Py, at: Span) -> Option<TypeExpr> {
        match choices {
            Py::Attribute(attribute) if attribute.attr.as_str() == "choices" => {
                let path = path_of(&attribute.value)?;
                Some(TypeExpr::new(TypeKind::Ref(TypeRef { path, args: Vec::new() }), at))
            }
            Py::Name(_) | Py::Attribute(_) => None,
            Py::List(_) | Py::Tuple(_) => {
                let elements: &[Py] = match choices {
                    Py::List(list) => &list.elts,
                    Py::Tuple(tuple) => &tuple.elts,
                    _ => &[],
                };
                let literals: Option<Vec<TypeExpr>> = elements
                    .iter()
                    .map(|element| {
                        let value = match element {
                            Py::Tuple(pair) => pair.elts.first()?,
                            other => other,
                        };
                        Some(constant_type(self.default_literal(value)?, at))
                    })
                    .collect();
                literals.filter(|literals| !literals.is_empty()).map(|literals| union(literals, at))
            }
            _ => None,
        }
    }

    /// A serializer: its own fields, and those of the model that its `Meta` names.
    pub(super) fn django_serializer(&mut self, class: &'a StmtClassDef) -> Declared {
        let at = span(class.name.range);
        let lineage = self.lineage(class, &|full| full.starts_with("rest_framework."));
        let mut side = |side: Side| {
            let mut object = self.object_of(
                &lineage,
                side,
                &mut |lower, member, side| lower.serializer_field(class, member, side),
                &mut |_, ty| ty,
            );
            self.model_fields(&lineage, side, &mut object);
            if side == Side::Write && class_has_method(&lineage, "to_representation") {
                return TypeExpr::unknown("`to_representation` decides its form", at);
            }
            TypeExpr::new(TypeKind::Object(object), at)
        };
        let write = side(Side::Write);
        let read = side(Side::Read);
        Declared { write, read: Some(read), serializable: true }
    }

    /// The part of the model that `Meta.fields` or `Meta.exclude` leaves.
    fn model_fields(&mut self, lineage: &[Part<'a>], side: Side, object: &mut ObjectExpr) {
        let meta: Option<&'a StmtClassDef> = lineage.iter().rev().find_map(|part| match part {
            Part::Own(own) => models::inner_class(own, "Meta"),
            Part::Elsewhere(_) => None,
        });
        let Some(meta) = meta else { return };
        let at = span(meta.name.range);
        let members = models::members(meta);
        let option = |name: &str| members.iter().find(|member| member.name == name).and_then(|member| member.value);
        let Some(path) = option("model").and_then(path_of) else { return };
        let model = TypeExpr::new(TypeKind::Ref(TypeRef { path, args: Vec::new() }), at);
        let mut read_only: Vec<Name> = option("read_only_fields").and_then(texts_of).unwrap_or_default();
        let changed = |what: &str, to: bool| changed_fields(option("extra_kwargs"), what, to);
        read_only.extend(changed("read_only", true));
        let write_only = changed("write_only", true);
        let not_required = changed("required", false);
        let left_out = if side == Side::Read { &read_only } else { &write_only };
        let keys = |texts: &[Name]| {
            let keys = texts.iter().map(|text| constant_type(Literal::Text(text.clone()), at)).collect();
            TypeExpr::new(TypeKind::Union(keys), at)
        };
        let declared = declared_fields(lineage);
        let texts = |value: &'a Py, lower: &Self| match value {
            Py::Name(name) => lower.text_lists.get(name.id.as_str()).cloned(),
            other => texts_of(other),
        };
        let rest = match (option("fields"), option("exclude")) {
            (Some(Py::StringLiteral(all)), _) if all.value.to_str() == "__all__" => match left_out.is_empty() {
                true => model,
                false => TypeExpr::new(TypeKind::Apply(TypeOp::Omit, vec![model, keys(left_out)]), at),
            },
            (Some(fields), _) => match texts(fields, self) {
                Some(listed) => {
                    let mut from_model: Vec<Name> = listed.iter().filter(|name| !declared.contains(name)).cloned().collect();
                    from_model.retain(|name| !(left_out.contains(name) || side == Side::Read && name == "id"));
                    // Fields that are declared but not listed are not part of it; listed ones keep the order of the list.
                    object.members.retain(|member| match member {
                        ObjectMember::Field(field) => {
                            let own = field.source.as_deref().unwrap_or(&field.name);
                            listed.iter().any(|name| name == own || *name == field.name)
                        }
                        ObjectMember::Spread(_) => true,
                    });
                    if from_model.is_empty() {
                        return;
                    }
                    // A listed name may be a property of the model, whose type its columns do not say. Nobody else gives it.
                    let known = from_model
                        .iter()
                        .map(|name| {
                            let ty = TypeExpr::unknown("a property of the model", at);
                            let mut field = required(name, ty, self.listed_span(fields, name).unwrap_or(at));
                            if side == Side::Read {
                                field.presence = Presence::Optional;
                            }
                            ObjectMember::Field(field)
                        })
                        .collect();
                    let known = ObjectExpr { members: known, additional: Additional::Silent };
                    object.members.insert(0, ObjectMember::Spread(TypeExpr::new(TypeKind::Object(known), at)));
                    let (free, asked): (Vec<Name>, Vec<Name>) =
                        from_model.into_iter().partition(|name| side == Side::Read && not_required.contains(name));
                    let pick =
                        |names: &[Name]| TypeExpr::new(TypeKind::Apply(TypeOp::Pick, vec![model.clone(), keys(names)]), at);
                    if !free.is_empty() {
                        let partial = TypeExpr::new(TypeKind::Apply(TypeOp::Partial, vec![pick(&free)]), at);
                        object.members.insert(1, ObjectMember::Spread(partial));
                    }
                    if asked.is_empty() {
                        return;
                    }
                    pick(&asked)
                }
                None => TypeExpr::unknown("the list of fields is computed", at),
            },
            (None, Some(exclude)) => match texts(exclude, self) {
                Some(mut excluded) => {
                    excluded.extend(left_out.iter().cloned());
                    TypeExpr::new(TypeKind::Apply(TypeOp::Omit, vec![model, keys(&excluded)]), at)
                }
                None => TypeExpr::unknown("the list of fields is computed", at),
            },
            (None, None) => return,
        };
        // Declared fields win over the model's.
        let place = usize::from(
            matches!(object.members.first(), Some(ObjectMember::Spread(ty)) if matches!(ty.kind, TypeKind::Object(_))),
        );
        object.members.insert(place, ObjectMember::Spread(rest));
    }

    /// Where a name stands in a list of names.
    fn listed_span(&self, list: &Py, name: &str) -> Option<Span> {
        let elements: &[Py] = match list {
            Py::List(list) => &list.elts,
            Py::Tuple(tuple) => &tuple.elts,
            _ => return None,
        };
        elements.iter().find_map(|element| match element {
            Py::StringLiteral(text) if text.value.to_str() == name => {
                Some(crate::extract::python::access::inside_quotes(self.text, span(text.range)))
            }
            _ => None,
        })
    }

    fn serializer_field(&mut self, class: &'a StmtClassDef, member: Member<'a>, side: Side) -> Option<FieldExpr> {
        let Some(Py::Call(call)) = member.value else { return None };
        let last = names::last_name(&call.func)?;
        if !last.ends_with("Field") && !last.ends_with("Serializer") {
            return None;
        }
        let given = |name: &str| models::keyword(&call.arguments.keywords, name);
        let read_only = models::is_true(given("read_only")) || matches!(last, "SerializerMethodField" | "ReadOnlyField");
        if side == Side::Read && (read_only || last == "HiddenField")
            || side == Side::Write && (models::is_true(given("write_only")) || last == "HiddenField")
        {
            return None;
        }
        let mut ty = self.serializer_value(class, last, call, member);
        if models::is_true(given("many")) {
            ty = TypeExpr::new(TypeKind::Array { items: Box::new(ty), min: None, max: None, unique: false }, member.span);
        }
        if models::is_true(given("allow_null")) {
            ty = models::nullable(ty);
        }
        let optional = models::is_false(given("required")) || given("default").is_some();
        let presence = match side {
            Side::Write => Presence::Required,
            Side::Read if optional => Presence::Optional,
            Side::Read => Presence::Required,
        };
        let mut field = models::plain_field(&member, ty, presence);
        if side == Side::Read {
            field.default = given("default").and_then(|value| self.default_literal(value));
        }
        Some(field)
    }

    fn serializer_value(&mut self, class: &'a StmtClassDef, last: &str, call: &'a ExprCall, member: Member<'a>) -> TypeExpr {
        let at = member.span;
        let given = |name: &str| models::keyword(&call.arguments.keywords, name);
        let format = |name: &str| TypeKind::String(StringShape::format(name).into());
        let kind = match last {
            "CharField" | "SlugField" | "RegexField" | "StringRelatedField" | "SlugRelatedField" | "IPAddressField"
            | "FilePathField" | "DurationField" | "FileField" | "ImageField" => TypeKind::String(Default::default()),
            "EmailField" => format("email"),
            "URLField" | "HyperlinkedIdentityField" | "HyperlinkedRelatedField" => format("uri"),
            "UUIDField" => format("uuid"),
            "IntegerField" => TypeKind::Integer(Default::default()),
            "FloatField" => TypeKind::Number(Default::default()),
            "DecimalField" => match models::is_false(given("coerce_to_string")) {
                true => TypeKind::Number(Default::default()),
                false => TypeKind::String(Default::default()),
            },
            "BooleanField" => TypeKind::Boolean,
            "NullBooleanField" => TypeKind::Union(vec![TypeExpr::new(TypeKind::Boolean, at), TypeExpr::new(TypeKind::Null, at)]),
            "DateTimeField" => format("date-time"),
            "DateField" => format("date"),
            "TimeField" => format("time"),
            "ChoiceField" => match call.arguments.args.first().or(given("choices")).and_then(|value| self.choices(value, at)) {
                Some(ty) => return ty,
                None => TypeKind::Unknown("choices that are computed".into()),
            },
            "MultipleChoiceField" => {
                let items = call.arguments.args.first().or(given("choices")).and_then(|value| self.choices(value, at));
                let items = items.unwrap_or_else(|| TypeExpr::unknown("choices that are computed", at));
                TypeKind::Array { items: Box::new(items), min: None, max: None, unique: true }
            }
            "ListField" | "DictField" => {
                let child = match given("child") {
                    Some(Py::Call(child)) => {
                        let last = names::last_name(&child.func).unwrap_or_default();
                        self.deeper(|lower| lower.serializer_value(class, last, child, member))
                    }
                    _ => None,
                };
                let child = Box::new(child.unwrap_or_else(|| TypeExpr::unknown("no type is given", at)));
                if last == "ListField" {
                    TypeKind::Array { items: child, min: None, max: None, unique: false }
                } else {
                    TypeKind::Map { keys: None, values: child }
                }
            }
            "SerializerMethodField" => {
                let named = call.arguments.args.first().or(given("method_name")).and_then(|value| self.constant_text(value));
                let method = named.unwrap_or_else(|| format!("get_{}", member.name).into());
                let owner = member.owner;
                let returns = models::methods(owner).chain(models::methods(class)).find(|known| known.name.as_str() == method);
                return match returns.and_then(|method| method.returns.as_deref()) {
                    Some(returns) => self.annotation(returns, Side::Write),
                    None => TypeExpr::unknown("a method without a type decides its form", at),
                };
            }
            "PrimaryKeyRelatedField" => TypeKind::Unknown("the key of another model".into()),
            _ if last.ends_with("Serializer") => match path_of(&call.func) {
                Some(path) => TypeKind::Ref(TypeRef { path, args: Vec::new() }),
                None => TypeKind::Unknown("a computed serializer".into()),
            },
            _ => TypeKind::Unknown(format!("a field of the class `{last}`").into()),
        };
        let mut bounds = Bounds::default();
        for keyword in &call.arguments.keywords {
            if let Some(name) = &keyword.arg {
                let name = match name.as_str() {
                    "min_value" => "ge",
                    "max_value" => "le",
                    other => other,
                };
                bounds.take(name, &keyword.value);
            }
        }
        bounds.apply(TypeExpr::new(kind, span(call.range())))
    }
}

/// The names of the fields that a serializer and its bases declare themselves, on either side.
fn declared_fields(lineage: &[Part<'_>]) -> Vec<Name> {
    let own = lineage.iter().filter_map(|part| match part {
        Part::Own(own) => Some(models::members(own)),
        Part::Elsewhere(_) => None,
    });
    own.flatten()
        .filter(|member| match member.value {
            Some(Py::Call(call)) => {
                names::last_name(&call.func).is_some_and(|last| last.ends_with("Field") || last.ends_with("Serializer"))
            }
            _ => false,
        })
        .map(|member| member.name.into())
        .collect()
}

/// The fields for which `extra_kwargs = {"email": {"write_only": True}}` sets an option to this value.
fn changed_fields(options: Option<&Py>, what: &str, to: bool) -> Vec<Name> {
    let Some(Py::Dict(fields)) = options else { return Vec::new() };
    let sets = |given: &Py| match given {
        Py::Dict(given) => given.items.iter().any(|item| {
            matches!(&item.key, Some(Py::StringLiteral(key)) if key.value.to_str() == what)
                && if to { models::is_true(Some(&item.value)) } else { models::is_false(Some(&item.value)) }
        }),
        _ => false,
    };
    let named = fields.items.iter().filter(|item| sets(&item.value));
    named
        .filter_map(|item| match &item.key {
            Some(Py::StringLiteral(name)) => Some(name.value.to_str().into()),
            _ => None,
        })
        .collect()
}

fn class_has_method(lineage: &[Part<'_>], name: &str) -> bool {
    lineage.iter().any(|part| match part {
        Part::Own(own) => models::methods(own).any(|method| method.name.as_str() == name),
        Part::Elsewhere(_) => false,
    })
}
