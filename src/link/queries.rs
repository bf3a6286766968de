//! What queries of a database give, where the schema that declares its tables is at hand: `prisma.order.findMany({select: {…}})`.

use std::sync::Arc;

use super::reduce;
use super::term::{Built, Entry, Kind, Term};
use super::types::{Side, Types};
use crate::facts::{Literal, Name};
use crate::shape::{ArrayShape, Field, ObjectShape, Presence, Shape, ShapeKind};

/// The methods that give one record.
const ONE: &[&str] = &["create", "delete", "findFirstOrThrow", "findUniqueOrThrow", "update", "upsert"];

/// Those that may give none.
const MAYBE: &[&str] = &["findFirst", "findUnique"];

/// Those that give a list.
const MANY: &[&str] = &["createManyAndReturn", "findMany", "updateManyAndReturn"];

/// The JSON of a query's result; `None` for any other call.
pub fn result_of<'a>(types: &Types<'_, 'a>, built: &Built<'a>, side: Side) -> Option<Arc<Shape>> {
    let [(method, args)] = built.calls.as_slice() else { return None };
    let known = [ONE, MAYBE, MANY].iter().any(|methods| methods.contains(&method.as_str()));
    let (owner, _) = built.root.rsplit_once('.').filter(|_| known)?;
    let name = owner.rsplit('.').next()?;
    let mut letters = name.chars();
    let model: Name = letters.next()?.to_uppercase().chain(letters).collect();
    let record = types.declared(types.eval.program.table(&model)?, side);
    let record = chosen(&record, args.first().map(|(_, value)| value))?;
    Some(if MANY.contains(&method.as_str()) {
        let items = Some(record);
        Arc::new(Shape::new(
            ShapeKind::Array(ArrayShape { prefix: Vec::new(), items, min_items: None, max_items: None, unique: false }),
            None,
        ))
    } else if MAYBE.contains(&method.as_str()) {
        let origin = record.origin.clone();
        Shape::union([record, Arc::new(Shape::new(ShapeKind::Null, None))], origin)
    } else {
        record
    })
}

/// The fields of a record that `select` and `include` ask for; `None` where they are not written out.
fn chosen(record: &Arc<Shape>, args: Option<&Term<'_>>) -> Option<Arc<Shape>> {
    let Some(args) = args else { return Some(Arc::clone(record)) };
    let Kind::Object(entries) = &args.bare().kind else { return None };
    let under = |name: &str| {
        entries.iter().find_map(|entry| match entry {
            Entry::Field { key, value, .. } if key == name => Some(value.bare()),
            Entry::Field { .. } | Entry::AnyKey { .. } | Entry::Spread { .. } => None,
        })
    };
    if entries.iter().any(|entry| matches!(entry, Entry::Spread { .. })) {
        return None;
    }
    let object = record.as_object()?;
    let mut fields: Vec<Field> = Vec::new();
    let asked = match (under("select"), under("include")) {
        (Some(select), _) => select,
        (None, Some(include)) => {
            fields.clone_from(&object.fields);
            include
        }
        (None, None) => return Some(Arc::clone(record)),
    };
    let Kind::Object(asked) = &asked.kind else { return None };
    for entry in asked {
        let Entry::Field { key, value, conditional: false, .. } = entry else { return None };
        match (&value.kind, object.field(key)) {
            (Kind::Literal(Literal::Bool(false)), _) => {}
            (_, Some(field)) => fields.push(field.clone()),
            // A relation: its records are not followed.
            (_, None) => {
                let related = reduce::hole(format!("the related `{key}` is not followed"));
                fields.push(Field::new(key.clone(), related, Presence::Required, None));
            }
        }
    }
    let shape = ShapeKind::Object(ObjectShape { fields, ..object.clone() });
    Some(Arc::new(Shape { kind: shape, origin: record.origin.clone(), name: None, text_of: None }))
}
