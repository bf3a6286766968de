//! Drizzle tables: what a row reads as (`$inferSelect`), and what an insert takes (`$inferInsert`).

use oxc_ast::ast::Expression;

use super::super::known::{format, number, string};
use super::super::lower::{Lower, node_span};
use super::{Schema, Step, argument, chain, object_of};
use crate::facts::{Name, TypeExpr, TypeKind};
use crate::source::Span;

pub(super) fn is_table(name: &str) -> bool {
    matches!(name, "pgTable" | "mysqlTable" | "sqliteTable" | "singlestoreTable" | "pgTableCreator" | "pgEnum" | "mysqlEnum")
}

impl Lower<'_> {
    pub(super) fn drizzle(&mut self, steps: &[Step<'_, '_>], span: Span) -> Option<Schema> {
        let call = steps.first()?.call?;
        if steps.first()?.name.ends_with("Enum") {
            return Some(Schema::of(self.enumeration_type(argument(call, 1), span)));
        }
        let columns = argument(call, 1)?;
        let columns = match columns.get_inner_expression() {
            // `(t) => ({ … })`
            Expression::ArrowFunctionExpression(arrow) => arrow.body.as_expression()?,
            _ => columns,
        };
        let (fields, spreads) = self.shape(columns, |lower, value| lower.column(value))?;
        Some(object_of(fields, spreads, span))
    }

    fn column(&mut self, expression: &Expression<'_>) -> Option<Schema> {
        let span = node_span(expression);
        let (root, steps) = chain(expression);
        let (kind_name, kind_call, rest) = match root {
            Expression::CallExpression(call) => (call.callee_name()?, Some(call), steps.as_slice()),
            Expression::Identifier(_) => {
                let first = steps.first()?;
                (first.name, None, &steps[1..])
            }
            _ => return None,
        };
        let call = kind_call.map(|call| &**call).or_else(|| steps.first().and_then(|step| step.call));
        let imported = self.libraries.get(kind_name).and_then(|(_, taken)| taken.clone());
        let column = imported.as_deref().unwrap_or(kind_name);
        let of_dates = |text_mode: bool| if text_mode { string() } else { format("date-time") };
        let mode = call.and_then(|call| self.column_mode(call));
        let kind = match column {
            "text" | "varchar" | "char" | "citext" | "tinytext" | "mediumtext" | "longtext" | "numeric" | "decimal" | "inet"
            | "cidr" | "macaddr" | "interval" | "binary" | "varbinary" => match call.and_then(|call| self.column_enum(call)) {
                Some(values) => values,
                None => string(),
            },
            "uuid" => format("uuid"),
            "integer" | "int" | "serial" | "smallint" | "smallserial" | "tinyint" | "mediumint" | "year"
                if mode.as_deref() == Some("boolean") =>
            {
                TypeKind::Boolean
            }
            "integer" if matches!(mode.as_deref(), Some("timestamp" | "timestamp_ms")) => format("date-time"),
            "integer" | "int" | "serial" | "smallint" | "smallserial" | "tinyint" | "mediumint" | "year" => {
                TypeKind::Integer(Default::default())
            }
            "bigint" | "bigserial" => match mode.as_deref() {
                Some("number") => TypeKind::Integer(Default::default()),
                _ => TypeKind::Unknown("a bigint, which JSON cannot hold".into()),
            },
            "real" | "doublePrecision" | "double" | "float" => number(),
            "boolean" => TypeKind::Boolean,
            "timestamp" | "datetime" => of_dates(mode.as_deref() == Some("string")),
            "date" => of_dates(mode.as_deref() != Some("date")),
            "time" => string(),
            "json" | "jsonb" => TypeKind::Unknown("a JSON column".into()),
            "mysqlEnum" => {
                let values = Schema::of(self_enum(self, call, span));
                return Some(self.column_steps(values, rest, span));
            }
            other => {
                // The function that `pgEnum` has made.
                if self.schemas.contains(other) {
                    TypeKind::Ref(crate::facts::TypeRef { path: vec![other.into()], args: Vec::new() })
                } else {
                    TypeKind::Unknown(format!("a column of kind `{other}`").into())
                }
            }
        };
        Some(self.column_steps(Schema::kind(kind, span), rest, span))
    }

    fn column_steps(&mut self, mut schema: Schema, steps: &[Step<'_, '_>], span: Span) -> Schema {
        let mut nullable = true;
        let mut defaulted = false;
        for step in steps {
            match step.name {
                "notNull" => nullable = false,
                "primaryKey" => {
                    nullable = false;
                }
                "default" | "defaultNow" | "defaultRandom" | "$default" | "$defaultFn" | "$onUpdate" | "$onUpdateFn"
                | "generatedAlwaysAs" | "autoincrement" => defaulted = true,
                "$type" => {
                    if let Some(ty) = step.call.and_then(|call| call.type_arguments.as_ref()).and_then(|args| args.params.first())
                    {
                        let ty = self.ty(ty);
                        schema = Schema::of(ty);
                    }
                }
                "array" => schema = super::zod::list(schema, span),
                _ => {}
            }
        }
        if nullable {
            schema = schema.nullable(span);
        }
        schema.optional_in = nullable || defaulted;
        schema
    }

    /// `{ mode: "boolean" }` in the arguments of a column.
    fn column_mode(&self, call: &oxc_ast::ast::CallExpression<'_>) -> Option<Name> {
        match self.column_option(call, "mode")?.get_inner_expression() {
            Expression::StringLiteral(literal) => Some(literal.value.as_str().into()),
            _ => None,
        }
    }

    fn column_enum(&mut self, call: &oxc_ast::ast::CallExpression<'_>) -> Option<TypeKind> {
        let option = call
            .arguments
            .iter()
            .filter_map(|argument| argument.as_expression())
            .find_map(|argument| option(argument, "enum"))?;
        let span = node_span(option);
        Some(self.enumeration_type(Some(option), span).kind)
    }

    fn column_option<'e, 'a>(&self, call: &'e oxc_ast::ast::CallExpression<'a>, name: &str) -> Option<&'e Expression<'a>> {
        call.arguments.iter().filter_map(|argument| argument.as_expression()).find_map(|argument| option(argument, name))
    }
}

fn self_enum(lower: &mut Lower<'_>, call: Option<&oxc_ast::ast::CallExpression<'_>>, span: Span) -> TypeExpr {
    let values = call.and_then(|call| {
        call.arguments
            .iter()
            .filter_map(|argument| argument.as_expression())
            .find(|argument| matches!(argument.get_inner_expression(), Expression::ArrayExpression(_)))
    });
    lower.enumeration_type(values, span)
}

fn option<'e, 'a>(argument: &'e Expression<'a>, name: &str) -> Option<&'e Expression<'a>> {
    let Expression::ObjectExpression(object) = argument.get_inner_expression() else { return None };
    object.properties.iter().find_map(|property| match property {
        oxc_ast::ast::ObjectPropertyKind::ObjectProperty(property) if property.key.is_specific_static_name(name) => {
            Some(&property.value)
        }
        _ => None,
    })
}
