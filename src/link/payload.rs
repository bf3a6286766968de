//! Terms to shapes: the JSON that a value becomes when it is written.

use std::sync::Arc;

use serde_json::Value;

use super::model::Overlaid;
use super::naming::EVENT_KEYS;
use super::reduce;
use super::resolve::{Entity, Want};
use super::term::{Built, Entry, Kind, Site, Term, TypeUse, Written};
use super::types::{Reduced, Side, Types, literal_value};
use crate::facts::{LanguageId, Literal, Name, TypeExpr, TypeKind, TypeOp};
use crate::shape::{ArrayShape, Field, ObjectShape, Presence, Rest, Shape, ShapeKind, StringShape};
use crate::source::Origin;

/// The shape of a payload: encodings around the whole are looked through, since the payload is what they carry.
pub fn wire_shape<'a>(types: &Types<'_, 'a>, term: &Term<'a>, side: Side) -> Arc<Shape> {
    let root = decoded(term);
    let encodes = |branch: &Term<'a>| !std::ptr::eq(decoded(branch), branch);
    if let Kind::OneOf(branches) = &root.kind
        && branches.iter().any(encodes)
    {
        // A helper that encodes what is no text yet: `typeof x === "string" ? x : JSON.stringify(x)`. That it hands on nothing
        // where it was given nothing says nothing of the payload.
        let sent: Vec<Term<'a>> = branches
            .iter()
            .filter(|branch| !matches!(branch.bare().kind, Kind::Literal(Literal::Null) | Kind::Absent))
            .map(|branch| decoded(branch).clone())
            .collect();
        let shapes: Vec<Arc<Shape>> = sent.iter().map(|branch| shape_of(types, branch, side).shape).collect();
        return Shape::union(shapes, origin_of(types, root.site));
    }
    let shape = shape_of(types, decoded(term), side).shape;
    let forms = if shape.branches().is_empty() { std::slice::from_ref(&shape) } else { shape.branches() };
    match forms.iter().any(|form| is_buffer(form)) {
        true => reduce::hole("bytes of which the type says no more"),
        false => shape,
    }
}

/// Whether this is what JSON makes of a `Buffer`. As a whole payload its bytes are sent, and they may be anything.
fn is_buffer(shape: &Shape) -> bool {
    shape.as_object().is_some_and(|object| {
        let is_tag = |field: &Field| matches!(&field.shape.kind, ShapeKind::Const(Value::String(tag)) if tag == "Buffer");
        object.fields.len() == 2 && object.field("type").is_some_and(is_tag) && object.field("data").is_some()
    })
}

/// What encodings around a whole payload carry.
fn decoded<'t, 'a>(term: &'t Term<'a>) -> &'t Term<'a> {
    let mut root = term;
    loop {
        match &root.kind {
            Kind::Encoded(inner) => root = inner,
            Kind::Typed(inner, _) if is_encoded(inner) => root = inner,
            _ => return root,
        }
    }
}

/// Whether all its values are texts.
fn is_of_texts(shape: &Shape) -> bool {
    match &shape.kind {
        ShapeKind::Const(Value::String(_)) | ShapeKind::String(_) => true,
        ShapeKind::Union(branches) => branches.iter().all(|branch| is_of_texts(branch)),
        _ => false,
    }
}

/// Whether a value is a text that carries another, however often it was handed on as a text (`value: bytes`), or may be one.
fn is_encoded(term: &Term<'_>) -> bool {
    match &term.kind {
        Kind::Encoded(_) => true,
        Kind::Typed(inner, _) => is_encoded(inner),
        Kind::OneOf(branches) => branches.iter().any(is_encoded),
        _ => false,
    }
}

/// The shape of a value inside a payload, and whether it may be left out.
pub fn shape_of<'a>(types: &Types<'_, 'a>, term: &Term<'a>, side: Side) -> Reduced {
    let origin = origin_of(types, term.site);
    let kind = match &term.kind {
        Kind::Literal(literal) => ShapeKind::Const(literal_value(literal)),
        Kind::Absent => return Reduced { shape: Arc::new(Shape::new(ShapeKind::Never, origin)), absent: true },
        Kind::Template(_) => ShapeKind::String(StringShape::default()),
        Kind::Param { declared: Some(ty), .. } => return types.shape(ty, side),
        Kind::Param { declared: None, .. } => ShapeKind::Unknown("a parameter without a type".to_owned()),
        Kind::Member(base, name) => {
            let language = types.eval.program.files.unit(term.site.file).facts.language;
            let base = shape_of(types, base, side);
            let (shape, absent) = reduce::member(&base.shape, name);
            // An attribute that a Python class does not declare is there all the same: an `id` that the mapper adds, a property.
            let declared = base.shape.as_object().is_none_or(|object| {
                object.fields.iter().any(|field| field.name == *name || field.source.as_deref() == Some(name))
            });
            let absent = absent && (declared || language != LanguageId::Python || !shape.is_unknown());
            return Reduced { shape, absent: absent && !base.shape.is_unknown() };
        }
        Kind::Element(list) => {
            let list = shape_of(types, list, side);
            return Reduced { shape: reduce::element(&list.shape), absent: false };
        }
        Kind::Lookup(_, _) => match term.any_of_table() {
            Some(values) => return shape_of(types, &values, side),
            None => ShapeKind::Unknown("an entry of a table that is not known".to_owned()),
        },
        Kind::Object(entries) => return Reduced { shape: object_shape(types, entries, origin, side), absent: false },
        Kind::Array(items) => ShapeKind::Array(ArrayShape {
            prefix: Vec::new(),
            items: Some(if items.is_empty() {
                reduce::hole("an empty list")
            } else {
                Shape::union(items.iter().map(|item| present(types, item, side)).collect::<Vec<_>>(), origin.clone())
            }),
            min_items: None,
            max_items: None,
            unique: false,
        }),
        Kind::ListOf(item) => ShapeKind::Array(ArrayShape {
            prefix: Vec::new(),
            items: Some(present(types, item, side)),
            min_items: None,
            max_items: None,
            unique: false,
        }),
        Kind::MapOf(value) => ShapeKind::Object(ObjectShape {
            fields: Vec::new(),
            rest: Rest::Open { keys: None, values: present(types, value, side) },
            min_properties: None,
            max_properties: None,
        }),
        Kind::Record(record) => {
            let stated = types.shape(&record.ty, side);
            let given = |_: &str, source: &str| {
                let (_, value) = record.fields.iter().find(|(name, _)| name == source)?;
                Some(wire_shape(types, value, side))
            };
            return Reduced { shape: completed_by(&stated.shape, &given), absent: stated.absent };
        }
        Kind::OneOf(branches) => {
            let mut absent = false;
            let shapes: Vec<Arc<Shape>> = branches
                .iter()
                .map(|branch| {
                    let reduced = shape_of(types, branch, side);
                    absent |= reduced.absent;
                    reduced.shape
                })
                .collect();
            return Reduced { shape: Shape::union(shapes, origin), absent };
        }
        Kind::Tested(inner, there) => {
            let reduced = shape_of(types, inner, side);
            if *there {
                return Reduced { shape: without_null(&reduced.shape), absent: false };
            }
            // Of what is not known, it is not known either whether it may be missing.
            let missing = reduced.absent || reduced.shape.admits_null() && !reduced.shape.is_unknown();
            return Reduced { shape: Arc::new(Shape::new(ShapeKind::Never, origin)), absent: missing };
        }
        Kind::Encoded(inner) => {
            let text = StringShape { content_media_type: Some("application/json".to_owned()), ..StringShape::default() };
            let mut shape = Shape::new(ShapeKind::String(text), origin);
            shape.text_of = Some(shape_of(types, decoded(inner), side).shape);
            return Reduced { shape: Arc::new(shape), absent: false };
        }
        Kind::Decoded(text, Some(ty)) => {
            let stated = types.shape(ty, side);
            // What was written before it is read back is still what it was, where its type leaves something open.
            let Some(written) = shape_of(types, text, side).shape.text_of.clone() else { return stated };
            return Reduced { shape: completed(&stated.shape, &written), absent: stated.absent };
        }
        Kind::Decoded(_, None) => ShapeKind::Unknown("the decoded JSON has no stated type".to_owned()),
        Kind::Typed(value, ty) => {
            let given = shape_of(types, value, side);
            let stated = types.shape(ty, side);
            let absent = if given.shape.is_unknown() { stated.absent } else { given.absent };
            if drops_null(ty) {
                return Reduced { shape: reduce::without_null_here(&given.shape), absent: given.absent };
            }
            // A text that is written another way, such as base64, still holds what it held.
            if let ShapeKind::String(StringShape { content_encoding: Some(_), .. }) = &stated.shape.kind {
                let text_of = given.shape.text_of.clone();
                return Reduced { shape: Arc::new(Shape { text_of, ..stated.shape.as_ref().clone() }), absent };
            }
            if is_dumped(types, ty) {
                return Reduced { shape: completed(&stated.shape, &given.shape), absent: stated.absent };
            }
            // Of a text of which nothing else is known, the type says which it is: `parts[0] as Plan`.
            let any = matches!(&given.shape.kind, ShapeKind::String(text) if *text == StringShape::default());
            if any && given.shape.text_of.is_none() && is_of_texts(&stated.shape) {
                return Reduced { shape: stated.shape, absent };
            }
            return Reduced { shape: reduce::fill(&given.shape, &stated.shape, 0), absent };
        }
        Kind::OfType(ty) => return types.shape(ty, side),
        Kind::Function(_) => return Reduced { shape: Arc::new(Shape::new(ShapeKind::Never, origin)), absent: true },
        // A class where a value is expected says what its values look like: `data={"user": UserData}`.
        Kind::Class(class) => match class.declared {
            Some(id) => return Reduced { shape: types.declared(id, side), absent: false },
            None => ShapeKind::Unknown(format!("`{}` does not say how it is serialized", class.name)),
        },
        Kind::OnClass(on) => ShapeKind::Unknown(format!("the result of `{}` depends on the class", on.method)),
        Kind::Built(built) => {
            let known = dumped_by_schema(types, term, built, side).or_else(|| super::queries::result_of(types, built, side));
            match known {
                Some(shape) => return Reduced { shape, absent: false },
                None => ShapeKind::Unknown(format!("the result of `{}` is not followed", built.root)),
            }
        }
        Kind::Unknown(text) => ShapeKind::Unknown(format!("`{text}` is not followed")),
    };
    Reduced { shape: Arc::new(Shape::new(kind, origin)), absent: false }
}

fn without_null(shape: &Arc<Shape>) -> Arc<Shape> {
    let is_null = |shape: &Shape| matches!(&shape.kind, ShapeKind::Null | ShapeKind::Const(Value::Null));
    match &shape.kind {
        ShapeKind::Union(branches) if branches.iter().any(|branch| is_null(branch)) => {
            Shape::union(branches.iter().filter(|branch| !is_null(branch)).cloned(), shape.origin.clone())
        }
        _ if is_null(shape) => Arc::new(Shape::new(ShapeKind::Never, shape.origin.clone())),
        _ => Arc::clone(shape),
    }
}

/// How deep a payload is searched for objects with spreads.
const MAX_OVERLAY_DEPTH: u32 = 6;

/// Which fields of a payload stand before and after objects that are spread into it.
pub fn overlaid<'a>(types: &Types<'_, 'a>, term: &Term<'a>) -> Overlaid {
    let mut found = Overlaid::default();
    overlay(types, term, "", &mut found, 0);
    found
}

fn overlay<'a>(types: &Types<'_, 'a>, term: &Term<'a>, at: &str, found: &mut Overlaid, depth: u32) {
    if depth > MAX_OVERLAY_DEPTH {
        return;
    }
    let Kind::Object(entries) = &term.bare().kind else { return };
    let spreads: Vec<(usize, Arc<Shape>)> = entries
        .iter()
        .enumerate()
        .filter_map(|(position, entry)| match entry {
            Entry::Spread { value, .. } => Some((position, shape_of(types, value, Side::Write).shape)),
            Entry::Field { .. } | Entry::AnyKey { .. } => None,
        })
        .collect();
    for (position, entry) in entries.iter().enumerate() {
        let Entry::Field { key, value, site, .. } = entry else { continue };
        let path = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
        let again = entries[position + 1..].iter().any(|other| matches!(other, Entry::Field { key: known, .. } if known == key));
        if !again {
            if spreads.iter().any(|(spread, shape)| *spread > position && may_hold(shape, key)) {
                found.shadowed.extend(origin_of(types, *site).map(|place| (path.clone(), place)));
            } else if spreads.iter().any(|(spread, shape)| *spread < position && may_hold(shape, key)) {
                found.guarded.push(path.clone());
            }
        }
        overlay(types, value, &path, found, depth + 1);
    }
}

/// Whether a key may be among those of a value that is spread.
fn may_hold(shape: &Shape, key: &str) -> bool {
    match &shape.kind {
        ShapeKind::Unknown(_) | ShapeKind::Recursive(_) => true,
        ShapeKind::Object(object) => object.field(key).is_some() || matches!(object.rest, Rest::Open { .. }),
        ShapeKind::Union(branches) | ShapeKind::Intersection(branches) => branches.iter().any(|branch| may_hold(branch, key)),
        _ => false,
    }
}

/// What `OrderSchema().dump(order)` gives: the fields of the schema class, a list of them with `many=True`.
fn dumped_by_schema(types: &Types<'_, '_>, term: &Term<'_>, built: &Built<'_>, side: Side) -> Option<Arc<Shape>> {
    let program = types.eval.program;
    let (method, given) = built.calls.last()?;
    if method != "dump" || built.calls.len() != 1 || program.files.unit(term.site.file).facts.language != LanguageId::Python {
        return None;
    }
    let ty = match &built.on.as_ref()?.kind {
        Kind::OfType(ty) | Kind::Typed(_, ty) => ty,
        Kind::Record(record) => &record.ty,
        _ => return None,
    };
    let Entity::Type(id) = program.resolve(ty.file, ty.scope, &ty.ty.reference()?.path, Want::Type)?.entity else { return None };
    let decl = program.type_decl(id);
    let found = program.resolve(id.file, &decl.scope, std::slice::from_ref(&decl.name), Want::Class)?;
    let Entity::Class(class) = found.entity else { return None };
    let is_schema = |base: &Vec<Name>| base.last().is_some_and(|name| name.ends_with("Schema"));
    if !program.class(class).bases.iter().any(is_schema) {
        return None;
    }
    let shape = types.declared(id, side);
    let made_with: &[(Name, Term<'_>)] = match &built.on.as_ref()?.kind {
        Kind::Record(record) => &record.fields,
        _ => &[],
    };
    let says = |value: &Term<'_>| matches!(value.bare().kind, Kind::Literal(Literal::Bool(true)));
    let many = made_with.iter().any(|(name, value)| name == "many" && says(value))
        || given.iter().any(|(name, value)| name.as_deref() == Some("many") && says(value));
    Some(if many {
        let list = ArrayShape { items: Some(Arc::clone(&shape)), ..ArrayShape::default() };
        Arc::new(Shape::new(ShapeKind::Array(list), shape.origin.clone()))
    } else {
        shape
    })
}

fn present<'a>(types: &Types<'_, 'a>, term: &Term<'a>, side: Side) -> Arc<Shape> {
    let reduced = shape_of(types, term, side);
    if reduced.absent {
        let origin = reduced.shape.origin.clone();
        return Shape::union([reduced.shape, Arc::new(Shape::new(ShapeKind::Null, origin.clone()))], origin);
    }
    reduced.shape
}

fn object_shape<'a>(types: &Types<'_, 'a>, entries: &[Entry<'a>], origin: Option<Origin>, side: Side) -> Arc<Shape> {
    let mut shape = Arc::new(Shape::new(ShapeKind::Object(ObjectShape::of(Vec::new())), origin.clone()));
    for entry in entries {
        match entry {
            Entry::Field { key, value, conditional, site } => {
                let reduced = shape_of(types, value, side);
                if matches!(reduced.shape.kind, ShapeKind::Never) && reduced.absent {
                    if !conditional {
                        shape = reduce::on_objects(&shape, "delete", &|object| {
                            let mut without = object.clone();
                            without.fields.retain(|field| field.name != *key);
                            without
                        });
                    } else {
                        shape = reduce::on_objects(&shape, "delete", &|object| {
                            let mut without = object.clone();
                            for field in without.fields.iter_mut().filter(|field| field.name == *key) {
                                field.presence = Presence::Optional;
                            }
                            without
                        });
                    }
                    continue;
                }
                let presence = if *conditional || reduced.absent { Presence::Optional } else { Presence::Required };
                let mut field = Field::new(key.clone(), reduced.shape, presence, origin_of(types, *site));
                field.source = source_of(value).map(String::from);
                let added = Arc::new(Shape::new(ShapeKind::Object(ObjectShape::of(vec![field])), origin.clone()));
                shape = reduce::merge(&shape, &added);
            }
            Entry::AnyKey { value } => {
                let values = present(types, value, side);
                let added = Arc::new(Shape::new(
                    ShapeKind::Object(ObjectShape {
                        fields: Vec::new(),
                        rest: Rest::Open { keys: None, values },
                        min_properties: None,
                        max_properties: None,
                    }),
                    origin.clone(),
                ));
                shape = reduce::merge(&shape, &added);
            }
            Entry::Spread { value, conditional } => {
                let reduced = shape_of(types, value, side);
                let may_be_nothing = *conditional || reduced.absent || reduced.shape.admits_null() && !reduced.shape.is_unknown();
                let spread = reduce::non_nullable(&reduced.shape);
                let spread = if may_be_nothing { reduce::with_presence(&spread, Presence::Optional, "spread") } else { spread };
                shape = reduce::merge(&shape, &spread);
            }
        }
    }
    shape
}

/// Whether code leaves out of a value what may be null in it, whatever its type.
fn drops_null(ty: &TypeUse<'_>) -> bool {
    match ty.ty {
        Written::Expr(TypeExpr { kind: TypeKind::Apply(TypeOp::WithoutNull, operands), .. }) => {
            matches!(operands.as_slice(), [TypeExpr { kind: TypeKind::Unknown(_), .. }])
        }
        _ => false,
    }
}

/// Whether a type is a Python model as one of its dumping methods writes it.
fn is_dumped(types: &Types<'_, '_>, ty: &TypeUse<'_>) -> bool {
    matches!(ty.ty, Written::Expr(TypeExpr { kind: TypeKind::Apply(..), .. }))
        && types.eval.program.files.unit(ty.file).facts.language == LanguageId::Python
}

/// The keys of `stated`, with what they hold taken from `given` where the type leaves it open.
fn completed(stated: &Arc<Shape>, given: &Arc<Shape>) -> Arc<Shape> {
    completed_by(stated, &|name, source| {
        let given = given.as_object()?;
        given.field(source).or_else(|| given.field(name)).map(|known| Arc::clone(&known.shape))
    })
}

/// The same with what `given` says of a key, by its name on the wire and in the source: generic members, values of any type.
fn completed_by(stated: &Arc<Shape>, given: &dyn Fn(&str, &str) -> Option<Arc<Shape>>) -> Arc<Shape> {
    let Some(object) = stated.as_object() else { return Arc::clone(stated) };
    let mut filled = object.clone();
    for field in filled.fields.iter_mut().filter(|field| takes_more(field)) {
        if let Some(known) = given(&field.name, field.source.as_deref().unwrap_or(&field.name)) {
            field.shape = completed_field(&field.shape, &known);
        }
    }
    Arc::new(Shape { kind: ShapeKind::Object(filled), origin: stated.origin.clone(), name: stated.name.clone(), text_of: None })
}

/// Whether what is given for a field says more than its type: where that leaves something open, and where any text may name the event.
fn takes_more(field: &Field) -> bool {
    has_hole(&field.shape, 0) || EVENT_KEYS.contains(&field.name.as_str()) && is_any_text(&field.shape)
}

fn is_any_text(shape: &Shape) -> bool {
    matches!(&shape.kind, ShapeKind::String(string) if *string == StringShape::default())
}

fn completed_field(stated: &Arc<Shape>, given: &Arc<Shape>) -> Arc<Shape> {
    if is_any_text(stated) {
        let told = matches!(&given.kind, ShapeKind::Const(serde_json::Value::String(_)));
        return Arc::clone(if told { given } else { stated });
    }
    let open = stated.is_unknown() || is_any_map(stated) && given.as_object().is_some();
    if open && !given.is_unknown() { Arc::clone(given) } else { reduce::fill(stated, given, 0) }
}

/// A payload of which nothing is stated but that it is a dictionary is not known; that it may be empty is no fact about it.
pub fn without_any_maps(shape: &Arc<Shape>) -> Arc<Shape> {
    match &shape.kind {
        ShapeKind::Object(_) if is_any_map(shape) => reduce::hole("a dictionary of anything"),
        ShapeKind::Union(branches) if branches.iter().any(|branch| is_any_map(branch)) => {
            Shape::union(branches.iter().map(without_any_maps).collect::<Vec<_>>(), shape.origin.clone())
        }
        _ => Arc::clone(shape),
    }
}

/// A payload in which the name of its event was found holds that name, also where the type of the key is any text.
pub fn named_as(shape: &Arc<Shape>, event: &str) -> Arc<Shape> {
    let kind = match &shape.kind {
        ShapeKind::Union(branches) => {
            return Shape::union(branches.iter().map(|branch| named_as(branch, event)).collect::<Vec<_>>(), shape.origin.clone());
        }
        ShapeKind::Object(object) => {
            let mut named = object.clone();
            let key = EVENT_KEYS.iter().find(|key| named.fields.iter().any(|field| field.name == **key));
            let field = key.and_then(|key| named.fields.iter_mut().find(|field| field.name == *key));
            match field.filter(|field| is_any_text(&field.shape)) {
                Some(field) => {
                    let name = ShapeKind::Const(serde_json::Value::String(event.to_owned()));
                    field.shape = Arc::new(Shape::new(name, field.shape.origin.clone()));
                }
                None => return Arc::clone(shape),
            }
            ShapeKind::Object(named)
        }
        _ => return Arc::clone(shape),
    };
    Arc::new(Shape { kind, origin: shape.origin.clone(), name: shape.name.clone(), text_of: shape.text_of.clone() })
}

/// `dict[str, Any]`: it says no more than that there is an object.
fn is_any_map(shape: &Shape) -> bool {
    shape.as_object().is_some_and(|object| {
        object.fields.is_empty() && matches!(&object.rest, Rest::Open { keys: None, values } if values.is_unknown())
    })
}

pub fn has_hole(shape: &Shape, depth: u32) -> bool {
    depth < 8
        && match &shape.kind {
            ShapeKind::Unknown(_) => true,
            ShapeKind::Object(_) if is_any_map(shape) => true,
            ShapeKind::Union(branches) | ShapeKind::Intersection(branches) => {
                branches.iter().any(|branch| has_hole(branch, depth + 1))
            }
            ShapeKind::Array(array) => array.items.as_ref().is_some_and(|items| has_hole(items, depth + 1)),
            ShapeKind::Object(object) => object.fields.iter().any(|field| has_hole(&field.shape, depth + 1)),
            _ => false,
        }
}

/// The words of the source that feed a key, for telling a rename from a removal and an addition.
fn source_of(value: &Term<'_>) -> Option<Name> {
    match &value.kind {
        Kind::Member(base, name) => Some(match source_of(base) {
            Some(base) => format!("{base}.{name}").into(),
            None => name.clone(),
        }),
        Kind::Typed(inner, _) | Kind::Encoded(inner) => source_of(inner),
        Kind::Unknown(text) if !text.is_empty() && text.len() < 80 => Some(text.clone()),
        _ => None,
    }
}

fn origin_of(types: &Types<'_, '_>, site: Site) -> Option<Origin> {
    types.origin(site.file, site.span)
}

/// The constant text under a key of a payload, where there is exactly one.
pub fn constant_field(shape: &Shape, name: &str) -> Option<Name> {
    match &shape.as_object()?.field(name)?.shape.kind {
        ShapeKind::Const(Value::String(text)) => Some(text.clone().into()),
        _ => None,
    }
}

/// The constant text of a literal term.
pub fn literal_text(literal: &Literal) -> Option<Name> {
    match literal {
        Literal::Text(text) => Some(text.clone()),
        Literal::Number(digits) => Some(digits.clone()),
        Literal::Null | Literal::Bool(_) => None,
    }
}

/// The name of the type that a value is of, where it is a value of a declared type.
pub fn type_name(term: &Term<'_>) -> Option<Name> {
    match &term.kind {
        Kind::Record(record) => record.ty.ty.reference()?.path.last().cloned(),
        Kind::OfType(ty) | Kind::Param { declared: Some(ty), .. } => ty.ty.reference()?.path.last().cloned(),
        Kind::Typed(inner, ty) => type_name(inner).or_else(|| ty.ty.reference()?.path.last().cloned()),
        _ => None,
    }
}
