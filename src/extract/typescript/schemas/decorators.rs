//! class-validator and class-transformer: what a property's decorators say about its type.

use super::format_name;
use crate::facts::{Call, Expr, ExprKind, Literal, TypeExpr, TypeKind, TypeOp, ValueMember};
use crate::shape::{NumberRange, StringShape};

/// Narrows the type of a property by one of its decorators.
pub(in super::super) fn decorated(name: &str, call: &Call, ty: &mut TypeExpr) {
    let number = |at: usize| match call.args.get(at).map(|argument| &argument.value.kind) {
        Some(ExprKind::Literal(Literal::Number(digits))) => digits.parse::<serde_json::Number>().ok(),
        _ => None,
    };
    let count = |at: usize| number(at).and_then(|number| number.as_u64());
    let span = ty.span;
    // `{ each: true }` speaks of the elements.
    let each = call.args.iter().any(|argument| each_option(&argument.value));
    let target = match &mut ty.kind {
        TypeKind::Array { items, .. } if each => &mut items.kind,
        kind => kind,
    };
    match (name, &mut *target) {
        ("IsInt", TypeKind::Number(range)) => *target = TypeKind::Integer(std::mem::take(range)),
        ("Min" | "Max" | "IsPositive" | "IsNegative", TypeKind::Number(range) | TypeKind::Integer(range)) => {
            bound(name, range, number(0));
        }
        ("Length", TypeKind::String(shape)) => {
            shape.min_length = count(0);
            shape.max_length = count(1);
        }
        ("MinLength", TypeKind::String(shape)) => shape.min_length = count(0),
        ("MaxLength", TypeKind::String(shape)) => shape.max_length = count(0),
        ("IsNotEmpty", TypeKind::String(shape)) => shape.min_length = shape.min_length.or(Some(1)),
        ("ArrayMinSize" | "ArrayNotEmpty", TypeKind::Array { min, .. }) => *min = count(0).or(Some(1)),
        ("ArrayMaxSize", TypeKind::Array { max, .. }) => *max = count(0),
        ("ArrayUnique", TypeKind::Array { unique, .. }) => *unique = true,
        ("IsEmail", TypeKind::String(shape)) => set_format(shape, "email"),
        ("IsUUID", TypeKind::String(shape)) => set_format(shape, "uuid"),
        ("IsUrl" | "IsURL", TypeKind::String(shape)) => set_format(shape, "uri"),
        ("IsDateString" | "IsISO8601" | "IsRFC3339", TypeKind::String(shape)) => set_format(shape, "date-time"),
        ("IsEnum", _) => {
            if let Some(values) = call.args.first() {
                let of = TypeExpr::new(TypeKind::Of(Box::new(values.value.clone())), span);
                *target = TypeKind::Apply(TypeOp::ValueOf, vec![of]);
            }
        }
        ("IsIn", _) => {
            if let Some(values) = call.args.first() {
                let of = TypeExpr::new(TypeKind::Of(Box::new(values.value.clone())), span);
                *target = TypeKind::Apply(TypeOp::Element, vec![of]);
            }
        }
        _ => {}
    }
    if let (TypeKind::String(shape), Some(format)) = (&mut *target, format_name(name)) {
        set_format(shape, format);
    }
}

fn set_format(shape: &mut StringShape, format: &str) {
    shape.format = Some(format.to_owned());
}

fn bound(name: &str, range: &mut NumberRange, value: Option<serde_json::Number>) {
    match name {
        "Min" => range.minimum = value,
        "Max" => range.maximum = value,
        "IsPositive" => range.exclusive_minimum = Some(0.into()),
        "IsNegative" => range.exclusive_maximum = Some(0.into()),
        _ => {}
    }
}

fn each_option(options: &Expr) -> bool {
    match &options.kind {
        ExprKind::Object(members) => members.iter().any(|member| match member {
            ValueMember::Entry { key, value, .. } => {
                key.kind == ExprKind::Literal(Literal::Text("each".into()))
                    && value.kind == ExprKind::Literal(Literal::Bool(true))
            }
            ValueMember::Spread { .. } => false,
        }),
        _ => false,
    }
}
