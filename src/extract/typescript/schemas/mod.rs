//! Run-time schemas are types too: zod, valibot, TypeBox, yup, joi, ArkType, Drizzle tables, class-validator decorators.
//!
//! A schema constant becomes a type declaration of its name. Its `write` side is what parsing gives (the output), its `read` side
//! what parsing takes (the input). Schemas that only other files know are references like any other type.

mod arktype;
mod bounds;
mod builders;
mod decorators;
mod drizzle;
mod functions;
mod json_schema;
mod zod;

use oxc_ast::ast::{Argument, CallExpression, Expression, ObjectPropertyKind, TSTypeReference};
use oxc_span::GetSpan;

pub(super) use self::bounds::{Bound, as_integer, bound, bounded, format_name, length, pattern_of, with_format, with_pattern};
pub(super) use self::decorators::decorated;
use super::lower::{Lower, node_span, span_of};
use super::types::{field, reference};
use crate::facts::{Additional, Expr, ExprKind, Literal, Name, ObjectExpr, ObjectMember, TypeDecl, TypeExpr, TypeKind, TypeOp};
use crate::shape::Presence;
use crate::source::Span;

/// The schema libraries that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Library {
    Zod,
    Valibot,
    TypeBox,
    Yup,
    Joi,
    ArkType,
    Drizzle,
}

/// The library behind a module, by the module's name.
pub(super) fn library_of(module: &str) -> Option<Library> {
    Some(match module {
        "zod" | "zod/v4" | "zod/v3" | "zod/mini" | "zod/v4-mini" | "zod/v4/core" | "@hono/zod-openapi" | "astro/zod"
        | "astro:content" | "zod/lib" => Library::Zod,
        "valibot" | "@valibot/valibot" => Library::Valibot,
        "@sinclair/typebox" | "typebox" | "@fastify/type-provider-typebox" | "elysia" => Library::TypeBox,
        "yup" => Library::Yup,
        "joi" | "@hapi/joi" => Library::Joi,
        "arktype" => Library::ArkType,
        "drizzle-orm/pg-core" | "drizzle-orm/mysql-core" | "drizzle-orm/sqlite-core" | "drizzle-orm/singlestore-core" => {
            Library::Drizzle
        }
        _ => return None,
    })
}

/// Whether the name that is imported stands for the library as a whole.
pub(super) fn is_namespace(library: Library, name: &str) -> bool {
    match library {
        Library::Zod => matches!(name, "z" | "default"),
        Library::Valibot => matches!(name, "default" | "v"),
        Library::TypeBox => matches!(name, "Type" | "t" | "default"),
        Library::Yup | Library::Joi => matches!(name, "default" | "Joi"),
        Library::ArkType | Library::Drizzle => false,
    }
}

/// What a schema takes and gives.
#[derive(Clone, Debug)]
pub(super) struct Schema {
    pub output: TypeExpr,
    pub input: TypeExpr,
    pub optional_out: bool,
    pub optional_in: bool,
    pub default: Option<Literal>,
}

/// The fields of an object of schemas: key, its place, schema.
pub(super) type Fields = Vec<(Name, Span, Schema)>;

/// What is spread into an object of schemas, with the number of fields before it.
pub(super) type Spreads = Vec<(usize, Schema)>;

/// One step of a chain of calls: a method with its call, or a plain member.
pub(super) struct Step<'e, 'a> {
    pub name: &'e str,
    pub call: Option<&'e CallExpression<'a>>,
    pub span: Span,
}

/// Steps of one chain; a longer one is not a schema that somebody wrote.
const MAX_STEPS: usize = 200;

/// Methods that give something other than a schema.
const TERMINAL: &[&str] = &[
    "parse",
    "safeParse",
    "parseAsync",
    "safeParseAsync",
    "spa",
    "validate",
    "validateSync",
    "validateAsync",
    "isValid",
    "isValidSync",
    "cast",
    "assert",
    "attempt",
    "decode",
    "encode",
    "is",
    "safeDecode",
    "safeEncode",
    "decodeAsync",
    "encodeAsync",
    "toJSONSchema",
    "describe_",
    "_def",
    "def",
    "options",
    "enum",
    "Enum",
    "Values",
    "infer",
    "inferIn",
    "$inferSelect",
    "$inferInsert",
    "allows",
    "toString",
    "map",
    "forEach",
    "getter",
];

impl Schema {
    pub fn of(ty: TypeExpr) -> Schema {
        Schema { input: ty.clone(), output: ty, optional_out: false, optional_in: false, default: None }
    }

    pub fn kind(kind: TypeKind, span: Span) -> Schema {
        Schema::of(TypeExpr::new(kind, span))
    }

    pub fn optional(mut self) -> Schema {
        self.optional_out = true;
        self.optional_in = true;
        self
    }

    pub fn required(mut self) -> Schema {
        self.optional_out = false;
        self.optional_in = false;
        self
    }

    pub fn nullable(mut self, span: Span) -> Schema {
        self.output = with(self.output, TypeKind::Null, span);
        self.input = with(self.input, TypeKind::Null, span);
        self
    }

    pub fn with_default(mut self, default: Option<Literal>) -> Schema {
        self.optional_in = true;
        self.optional_out = false;
        self.default = default;
        self
    }

    /// Both sides changed alike.
    pub fn map(mut self, change: impl Fn(TypeExpr) -> TypeExpr) -> Schema {
        self.output = change(self.output);
        self.input = change(self.input);
        self
    }

    /// Both sides' string, number or array changed in place, where they are one.
    pub fn refine(mut self, change: impl Fn(&mut TypeKind)) -> Schema {
        refine_kind(&mut self.output.kind, &change);
        refine_kind(&mut self.input.kind, &change);
        self
    }

    pub fn output_type(self) -> TypeExpr {
        let span = self.output.span;
        if self.optional_out { with(self.output, TypeKind::Absent, span) } else { self.output }
    }

    pub fn input_type(self) -> TypeExpr {
        let span = self.input.span;
        if self.optional_in { with(self.input, TypeKind::Absent, span) } else { self.input }
    }

    /// An operation over the whole type, on both sides.
    pub fn apply(self, op: TypeOp, more: &[TypeExpr], span: Span) -> Schema {
        self.map(|ty| {
            let mut operands = vec![ty];
            operands.extend(more.iter().cloned());
            TypeExpr::new(TypeKind::Apply(op, operands), span)
        })
    }
}

/// A refinement looks into a union: `z.string().nullable().…` does not occur, `z.coerce` sides do.
fn refine_kind(kind: &mut TypeKind, change: &impl Fn(&mut TypeKind)) {
    change(kind);
}

/// `a | b`, flat.
pub(super) fn with(ty: TypeExpr, more: TypeKind, span: Span) -> TypeExpr {
    let more = TypeExpr::new(more, span);
    match ty.kind {
        TypeKind::Union(mut parts) => {
            parts.push(more);
            TypeExpr::new(TypeKind::Union(parts), ty.span)
        }
        kind => {
            let first = TypeExpr::new(kind, ty.span);
            TypeExpr::new(TypeKind::Union(vec![first, more]), span)
        }
    }
}

/// Combines parts of a union, an intersection, a tuple.
pub(super) fn combine(parts: Vec<Schema>, span: Span, make: impl Fn(Vec<TypeExpr>) -> TypeKind) -> Schema {
    let optional_out = parts.iter().any(|part| part.optional_out);
    let optional_in = parts.iter().any(|part| part.optional_in);
    let outputs = parts.iter().map(|part| part.output.clone()).collect();
    let inputs = parts.iter().map(|part| part.input.clone()).collect();
    Schema {
        output: TypeExpr::new(make(outputs), span),
        input: TypeExpr::new(make(inputs), span),
        optional_out,
        optional_in,
        default: None,
    }
}

/// An object of schemas.
pub(super) fn object_of(fields: Fields, spreads: Spreads, span: Span) -> Schema {
    let mut output = ObjectExpr::default();
    let mut input = ObjectExpr::default();
    let mut spreads = spreads.into_iter().peekable();
    for (at, (name, key_span, schema)) in fields.into_iter().enumerate() {
        while let Some((_, spread)) = spreads.next_if(|(place, _)| *place <= at) {
            output.members.push(ObjectMember::Spread(spread.output));
            input.members.push(ObjectMember::Spread(spread.input));
        }
        let presence = |optional: bool| if optional { Presence::Optional } else { Presence::Required };
        if schema.output.kind != TypeKind::Absent {
            output.members.push(field(name.clone(), schema.output, presence(schema.optional_out), key_span));
        }
        let mut taken = field(name, schema.input, presence(schema.optional_in), key_span);
        if let ObjectMember::Field(taken) = &mut taken {
            taken.default = schema.default;
        }
        input.members.push(taken);
    }
    for (_, spread) in spreads {
        output.members.push(ObjectMember::Spread(spread.output));
        input.members.push(ObjectMember::Spread(spread.input));
    }
    Schema {
        output: TypeExpr::new(TypeKind::Object(output), span),
        input: TypeExpr::new(TypeKind::Object(input), span),
        optional_out: false,
        optional_in: false,
        default: None,
    }
}

/// Sets what an object schema says about other keys, in place where the object is at hand.
pub(super) fn additional(schema: Schema, op: TypeOp, value: Option<TypeExpr>, span: Span) -> Schema {
    schema.map(|ty| match (ty.kind, op) {
        (TypeKind::Object(mut object), TypeOp::Strict) => {
            object.additional = Additional::Closed;
            TypeExpr::new(TypeKind::Object(object), ty.span)
        }
        (TypeKind::Object(mut object), TypeOp::Strip) => {
            object.additional = Additional::Silent;
            TypeExpr::new(TypeKind::Object(object), ty.span)
        }
        (TypeKind::Object(mut object), TypeOp::Passthrough | TypeOp::Catchall) => {
            let values = value.clone().unwrap_or_else(|| TypeExpr::unknown("any other key", span));
            object.additional = Additional::Open(Box::new(values));
            TypeExpr::new(TypeKind::Object(object), ty.span)
        }
        (kind, op) => {
            let mut operands = vec![TypeExpr::new(kind, ty.span)];
            operands.extend(value.clone());
            TypeExpr::new(TypeKind::Apply(op, operands), span)
        }
    })
}

/// Splits a chain of calls and members: what it starts from, and its steps in order.
pub(super) fn chain<'e, 'a>(expression: &'e Expression<'a>) -> (&'e Expression<'a>, Vec<Step<'e, 'a>>) {
    let mut steps = Vec::new();
    let mut rest = expression.get_inner_expression();
    while steps.len() < MAX_STEPS {
        match rest {
            Expression::CallExpression(call) => match call.callee.get_inner_expression() {
                Expression::StaticMemberExpression(member) => {
                    let name = member.property.name.as_str();
                    steps.push(Step { name, call: Some(call), span: span_of(member.property.span) });
                    rest = member.object.get_inner_expression();
                }
                _ => break,
            },
            Expression::StaticMemberExpression(member) => {
                let name = member.property.name.as_str();
                steps.push(Step { name, call: None, span: span_of(member.property.span) });
                rest = member.object.get_inner_expression();
            }
            _ => break,
        }
    }
    steps.reverse();
    (rest, steps)
}

/// The expression at a place in a call's arguments.
pub(super) fn argument<'e, 'a>(call: &'e CallExpression<'a>, at: usize) -> Option<&'e Expression<'a>> {
    call.arguments.get(at).and_then(Argument::as_expression)
}

impl Lower<'_> {
    /// The library that a chain starts from, and the member of it that is taken by name.
    fn library(&self, root: &Expression<'_>) -> Option<(Library, Option<&str>)> {
        let Expression::Identifier(id) = root else { return None };
        let (library, taken) = self.libraries.get(id.name.as_str())?;
        self.is_module_name(id.name.as_str()).then_some((*library, taken.as_deref()))
    }

    /// Whether an expression builds a schema.
    pub fn looks_like_schema(&self, expression: &Expression<'_>) -> bool {
        let (root, steps) = chain(expression);
        if steps.last().is_some_and(|step| is_terminal(step, steps.len())) {
            return false;
        }
        match root {
            Expression::CallExpression(call) => match call.callee.get_inner_expression() {
                Expression::Identifier(_) => self
                    .library(call.callee.get_inner_expression())
                    .and_then(|(library, taken)| taken.map(|taken| is_constructor(library, taken)))
                    .unwrap_or(false),
                _ => false,
            },
            Expression::Identifier(id) => match self.library(root) {
                Some((library, None)) => steps.first().is_some_and(|step| is_constructor(library, step.name)),
                Some((_, Some(_))) => false,
                None => {
                    let name = id.name.as_str();
                    if let [Step { name: "element", call: None, .. }] = steps.as_slice() {
                        return self.schemas.contains(name);
                    }
                    let likely = self.schemas.contains(name)
                        || ((!self.libraries.is_empty() || name.to_ascii_lowercase().ends_with("schema"))
                            && self.imported.contains_key(name));
                    likely
                        && !steps.is_empty()
                        && steps.iter().any(|step| step.call.is_some() && zod::is_derivation(step.name))
                        && steps.iter().all(|step| step.call.is_none() || zod::is_method(step.name))
                }
            },
            _ => false,
        }
    }

    pub fn looks_like_schema_call(&self, call: &CallExpression<'_>) -> bool {
        // Only calls on a library itself: a call on a name is a call unless it is known to derive a schema.
        let mut rest = &call.callee;
        for _ in 0..MAX_STEPS {
            match rest.get_inner_expression() {
                Expression::StaticMemberExpression(member) => {
                    let name = member.property.name.as_str();
                    if TERMINAL.contains(&name) && name != "enum" && name != "map" {
                        return false;
                    }
                    rest = &member.object;
                }
                Expression::CallExpression(inner) => rest = &inner.callee,
                other @ Expression::Identifier(_) => {
                    return match self.library(other) {
                        Some((library, taken)) => {
                            library != Library::Drizzle && taken.is_none_or(|taken| is_constructor(library, taken))
                        }
                        None => false,
                    };
                }
                _ => return false,
            }
        }
        false
    }

    /// A schema as the types that it takes and gives.
    pub fn schema(&mut self, expression: &Expression<'_>) -> Option<Schema> {
        self.deeper(|lower| lower.schema_at(expression)).flatten()
    }

    /// The same, with a hole for what is not understood.
    pub fn schema_or_hole(&mut self, expression: Option<&Expression<'_>>, span: Span) -> Schema {
        match expression {
            Some(expression) => self
                .schema(expression)
                .unwrap_or_else(|| Schema::of(TypeExpr::unknown(self.folded(expression.span()), node_span(expression)))),
            None => Schema::of(TypeExpr::unknown("a schema that is not given", span)),
        }
    }

    fn schema_at(&mut self, expression: &Expression<'_>) -> Option<Schema> {
        let (root, steps) = chain(expression);
        let span = node_span(expression);
        match root {
            Expression::CallExpression(call) => {
                let callee = call.callee.get_inner_expression();
                let (library, taken) = self.library(callee)?;
                let taken = taken?.to_owned();
                let first = Step { name: &taken, call: Some(call), span: node_span(callee) };
                let base = self.constructed(library, std::slice::from_ref(&first), span)?.0;
                Some(self.apply_steps(library, base, &steps))
            }
            Expression::Identifier(id) => match self.library(root).map(|(library, taken)| (library, taken.is_some())) {
                Some((library, false)) => {
                    let (base, used) = self.constructed(library, &steps, span)?;
                    Some(self.apply_steps(library, base, &steps[used..]))
                }
                Some((_, true)) | None => {
                    if !self.is_module_name(id.name.as_str()) {
                        let ty = self.local_schema_type(id.name.as_str())?;
                        return Some(self.apply_steps(Library::Zod, Schema::of(ty), &steps));
                    }
                    let mut path = vec![Name::from(id.name.as_str())];
                    let mut used = 0;
                    // `schemas.Order` is a name; `Order.shape` is a step.
                    for step in &steps {
                        if step.call.is_some()
                            || matches!(step.name, "shape" | "element" | "enum" | "Enum" | "Values" | "options")
                        {
                            break;
                        }
                        path.push(step.name.into());
                        used += 1;
                    }
                    let base = Schema::kind(reference(path), node_span(root));
                    Some(self.apply_steps(Library::Zod, base, &steps[used..]))
                }
            },
            Expression::StringLiteral(_) | Expression::ObjectExpression(_) if steps.is_empty() => None,
            _ => None,
        }
    }

    /// The schema that a library's own function makes, and how many steps were read for it.
    fn constructed(&mut self, library: Library, steps: &[Step<'_, '_>], span: Span) -> Option<(Schema, usize)> {
        match library {
            Library::Zod => self.zod(steps, span),
            Library::Valibot => self.valibot(steps, span).map(|schema| (schema, 1)),
            Library::TypeBox => self.typebox(steps, span).map(|schema| (schema, 1)),
            Library::Yup => self.yup(steps, span).map(|schema| (schema, 1)),
            Library::Joi => self.joi(steps, span).map(|schema| (schema, 1)),
            Library::ArkType => self.arktype(steps, span).map(|schema| (schema, 1)),
            Library::Drizzle => self.drizzle(steps, span).map(|schema| (schema, 1)),
        }
    }

    fn apply_steps(&mut self, library: Library, mut schema: Schema, steps: &[Step<'_, '_>]) -> Schema {
        for step in steps {
            schema = match library {
                Library::Zod => self.zod_step(schema, step),
                Library::Yup | Library::Joi => self.builder_step(library, schema, step),
                Library::Valibot | Library::TypeBox | Library::ArkType | Library::Drizzle => schema,
            };
        }
        schema
    }

    /// The fields of an object literal of schemas, and what is spread into it with its place.
    pub fn shape(
        &mut self,
        expression: &Expression<'_>,
        mut schema_of: impl FnMut(&mut Self, &Expression<'_>) -> Option<Schema>,
    ) -> Option<(Fields, Spreads)> {
        let Expression::ObjectExpression(object) = expression.get_inner_expression() else { return None };
        let mut fields = Vec::new();
        let mut spreads = Vec::new();
        for property in &object.properties {
            match property {
                ObjectPropertyKind::ObjectProperty(property) => {
                    let span = node_span(&property.key);
                    let name = match property.key.static_name() {
                        Some(name) => Name::from(name),
                        None => continue,
                    };
                    let schema = schema_of(self, &property.value).unwrap_or_else(|| {
                        Schema::of(TypeExpr::unknown(self.folded(property.value.span()), node_span(&property.value)))
                    });
                    fields.push((name, span, schema));
                }
                ObjectPropertyKind::SpreadProperty(spread) => {
                    let schema = schema_of(self, &spread.argument).unwrap_or_else(|| {
                        Schema::of(TypeExpr::unknown(self.folded(spread.argument.span()), span_of(spread.span)))
                    });
                    spreads.push((fields.len(), schema));
                }
            }
        }
        Some((fields, spreads))
    }

    /// A schema for each element of an array literal.
    pub fn schemas_in(&mut self, expression: Option<&Expression<'_>>) -> Vec<Schema> {
        let Some(Expression::ArrayExpression(array)) = expression.map(|expression| expression.get_inner_expression()) else {
            return expression
                .map(|expression| self.schema_or_hole(Some(expression), node_span(expression)))
                .into_iter()
                .collect();
        };
        let elements: Vec<_> = array.elements.iter().filter_map(|element| element.as_expression()).collect();
        elements.into_iter().map(|element| self.schema_or_hole(Some(element), node_span(element))).collect()
    }

    /// A constant as a literal, where it is one.
    pub fn literal(&mut self, expression: &Expression<'_>) -> Option<Literal> {
        match expression.get_inner_expression() {
            Expression::StringLiteral(literal) => Some(Literal::Text(literal.value.as_str().into())),
            Expression::NumericLiteral(literal) => Some(Literal::Number(super::expressions::digits(literal.value))),
            Expression::BooleanLiteral(literal) => Some(Literal::Bool(literal.value)),
            Expression::NullLiteral(_) => Some(Literal::Null),
            Expression::UnaryExpression(_) => bound(Some(expression)).map(|number| Literal::Number(number.to_string().into())),
            Expression::TemplateLiteral(template) => template.single_quasi().map(|text| Literal::Text(text.as_str().into())),
            _ => None,
        }
    }

    /// A constant in type position: a literal, or the type of the value that it names.
    pub fn constant_type(&mut self, expression: &Expression<'_>) -> TypeExpr {
        let span = node_span(expression);
        if expression.is_undefined() {
            return TypeExpr::new(TypeKind::Absent, span);
        }
        match self.literal(expression) {
            Some(Literal::Null) => TypeExpr::new(TypeKind::Null, span),
            Some(literal) => TypeExpr::new(TypeKind::Const(literal), span),
            None => {
                let value = self.expr(expression, super::lower::Usage::USED);
                TypeExpr::new(TypeKind::Of(Box::new(value)), span)
            }
        }
    }

    /// The constants of an enumeration: a list, an object of values, or the name of either.
    pub fn enumeration_type(&mut self, expression: Option<&Expression<'_>>, span: Span) -> TypeExpr {
        let Some(expression) = expression else { return TypeExpr::unknown("an enumeration that is not given", span) };
        match expression.get_inner_expression() {
            Expression::ArrayExpression(array) => {
                let mut parts = Vec::new();
                for element in &array.elements {
                    match element {
                        oxc_ast::ast::ArrayExpressionElement::SpreadElement(spread) => {
                            let value = self.expr(&spread.argument, super::lower::Usage::USED);
                            let at = span_of(spread.span);
                            let of = TypeExpr::new(TypeKind::Of(Box::new(value)), at);
                            parts.push(TypeExpr::new(TypeKind::Apply(TypeOp::Element, vec![of]), at));
                        }
                        other => {
                            if let Some(element) = other.as_expression() {
                                parts.push(self.constant_type(element));
                            }
                        }
                    }
                }
                TypeExpr::new(TypeKind::Union(parts), span)
            }
            Expression::ObjectExpression(object) => {
                let values: Vec<_> = object
                    .properties
                    .iter()
                    .filter_map(|property| match property {
                        ObjectPropertyKind::ObjectProperty(property) => Some(&property.value),
                        ObjectPropertyKind::SpreadProperty(_) => None,
                    })
                    .collect();
                TypeExpr::new(TypeKind::Union(values.into_iter().map(|value| self.constant_type(value)).collect()), span)
            }
            _ => {
                let value = self.expr(expression, super::lower::Usage::USED);
                let list = match &value.kind {
                    ExprKind::Name(path) => self.is_list_constant(path),
                    _ => true,
                };
                let of = TypeExpr::new(TypeKind::Of(Box::new(value)), span);
                TypeExpr::new(TypeKind::Apply(if list { TypeOp::Element } else { TypeOp::ValueOf }, vec![of]), span)
            }
        }
    }

    /// Whether a name is a list rather than an enum or a map: by its declaration here, else by its spelling.
    fn is_list_constant(&self, path: &[Name]) -> bool {
        let Some(name) = path.first() else { return true };
        match self.facts.constants.iter().find(|constant| constant.scope.is_empty() && constant.name == *name) {
            Some(constant) => matches!(constant.value.kind, ExprKind::Array(_) | ExprKind::ListOf(_) | ExprKind::Call(_)),
            // Types and enums start upper-case and go on lower-case; lists are constants or values.
            None => {
                let mut letters = name.chars();
                !(letters.next().is_some_and(char::is_uppercase) && letters.any(char::is_lowercase))
            }
        }
    }

    // Constants.

    /// `const Order = z.object({…})` at the module level. Whether it was a schema.
    pub fn schema_constant(&mut self, name: &str, init: &Expression<'_>, exported: bool, span: Span, extent: Span) -> bool {
        let inner = init.get_inner_expression();
        if let Some(ty) = self.json_schema(inner) {
            let schema = Schema::of(ty);
            let value = self.expr(init, super::lower::Usage::USED);
            self.add_constant(name, value, None, exported, false, span);
            self.add_schema(name, schema, exported, span, extent);
            return true;
        }
        if !self.looks_like_schema(init) {
            return false;
        }
        let first = self.facts.functions.len();
        let calls = self.frame_ref().function.calls.len();
        let reads = self.frame_ref().function.reads.len();
        let Some(schema) = self.schema(init) else {
            // What was lowered on the way is lowered again as an expression.
            self.facts.functions.truncate(first);
            self.frame().function.calls.truncate(calls);
            self.frame().function.reads.truncate(reads);
            return false;
        };
        // An enumeration is a list of names beside a type.
        if let TypeKind::Union(parts) = &schema.output.kind
            && !parts.is_empty()
            && let Some(names) = parts.iter().map(constant_text).collect::<Option<Vec<_>>>()
        {
            let items = names.into_iter().map(|(text, at)| Expr::text(text, at)).collect();
            self.add_constant(name, Expr::new(ExprKind::Array(items), extent), None, exported, true, span);
        }
        self.schemas.insert(name.into());
        self.add_schema(name, schema, exported, span, extent);
        true
    }

    fn add_schema(&mut self, name: &str, schema: Schema, exported: bool, span: Span, extent: Span) {
        let read =
            (schema.input != schema.output || schema.optional_in != schema.optional_out).then(|| schema.clone().input_type());
        let scope = self.scope.clone();
        self.add_type(TypeDecl {
            scope,
            name: name.into(),
            params: Vec::new(),
            write: schema.output_type(),
            read,
            exported,
            serializable: true,
            merges: false,
            span,
            extent,
        });
    }

    /// A schema in a variable of a function: a type in a scope of the function's name.
    pub fn local_schema(&mut self, name: &str, init: &Expression<'_>, span: Span) -> bool {
        if !self.looks_like_schema(init) {
            return false;
        }
        let Some(schema) = self.schema(init) else { return false };
        let owner = self.local_scope();
        self.scope.push(owner);
        self.add_schema(name, schema, false, span, node_span(init));
        self.scope.pop();
        true
    }

    fn local_scope(&self) -> Name {
        let function = &self.frame_ref().function;
        if function.name.is_empty() { format!("closure@{}", function.extent.start).into() } else { function.name.clone() }
    }

    /// The type of a schema that a variable of an open function holds.
    pub fn local_schema_type(&self, name: &str) -> Option<TypeExpr> {
        for frame in self.frames.iter().rev() {
            let owner = if frame.function.name.is_empty() {
                Name::from(format!("closure@{}", frame.function.extent.start))
            } else {
                frame.function.name.clone()
            };
            let found = self.facts.types.iter().rev().find(|decl| {
                decl.name == name
                    && decl.serializable
                    && decl.scope.last() == Some(&owner)
                    && decl.scope.len() == self.scope.len() + 1
            });
            if let Some(decl) = found {
                return Some(TypeExpr::new(reference(vec![owner, name.into()]), decl.span));
            }
        }
        None
    }

    /// `z.infer<typeof Order>` and its kin in other libraries.
    pub fn schema_inference(&mut self, path: &[Name], reference_type: &TSTypeReference<'_>, span: Span) -> Option<TypeKind> {
        let last = path.last()?.as_str();
        let op = match last {
            "infer" | "output" | "TypeOf" | "Static" | "InferOutput" | "Infer" | "InferType" | "Asserts" | "InferSelectModel"
            | "StaticDecode" => TypeOp::Output,
            "input" | "InferInput" | "InferInsertModel" | "StaticEncode" => TypeOp::Input,
            _ => return None,
        };
        let args = reference_type.type_arguments.as_ref()?;
        let oxc_ast::ast::TSType::TSTypeQuery(query) = args.params.first()?.without_parenthesized() else { return None };
        let name = query.expr_name.as_ts_type_name()?;
        let operand = super::types::type_name(name);
        let operand = match operand.as_slice() {
            [one] if !self.is_module_name(one) => self.local_schema_type(one)?,
            _ => TypeExpr::new(reference(operand), span),
        };
        Some(TypeKind::Apply(op, vec![operand]))
    }
}

fn constant_text(ty: &TypeExpr) -> Option<(Name, Span)> {
    match &ty.kind {
        TypeKind::Const(Literal::Text(text)) => Some((text.clone(), ty.span)),
        _ => None,
    }
}

/// Whether a chain ends in something that is no schema. `z.enum([…])` is one, `Status.enum` is not.
fn is_terminal(step: &Step<'_, '_>, count: usize) -> bool {
    match step.name {
        "enum" | "map" => count > 1 || step.call.is_none(),
        name => TERMINAL.contains(&name),
    }
}

/// Whether a member of a library makes a schema.
fn is_constructor(library: Library, name: &str) -> bool {
    match library {
        Library::Zod => zod::is_constructor(name),
        Library::Valibot => functions::is_valibot(name),
        Library::TypeBox => functions::is_typebox(name),
        Library::Yup | Library::Joi => builders::is_constructor(name),
        Library::ArkType => name == "type" || name == "scope",
        Library::Drizzle => drizzle::is_table(name),
    }
}
