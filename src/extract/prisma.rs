//! `schema.prisma`: the enums and models that the generated client gives to TypeScript, so that code which imports them from
//! `@prisma/client` names types that are known. Relations are left out, as the client's own types have it.

use crate::extract::Language;
use crate::facts::{
    Constant, Expr, ExprKind, FieldExpr, FileFacts, Function, LanguageId, Literal, ObjectExpr, ObjectMember, TypeDecl, TypeExpr,
    TypeKind, TypeRef, ValueMember,
};
use crate::shape::{Presence, StringShape};
use crate::source::{RepoPath, SourceText, Span};

pub struct Prisma;

impl Language for Prisma {
    /// What it declares is TypeScript's: the generated client is.
    fn id(&self) -> LanguageId {
        LanguageId::TypeScript
    }

    fn claims(&self, path: &RepoPath) -> bool {
        path.as_str().ends_with(".prisma")
    }

    fn extract(&self, source: &SourceText) -> FileFacts {
        let mut facts = FileFacts::new(LanguageId::TypeScript);
        // The top level that constants are evaluated in.
        let extent = Span::new(0, source.text().len());
        facts.functions.push(Function { name: "<top>".into(), extent, ..Function::default() });
        let blocks = blocks(source.text());
        let declared = |keywords: &[&str]| -> Vec<&str> {
            blocks.iter().filter(|block| keywords.contains(&block.keyword)).map(|block| block.name.text).collect()
        };
        let known = Known { models: declared(&["model", "view"]), values: declared(&["enum", "type"]) };
        for block in &blocks {
            match block.keyword {
                "enum" => enumeration(block, &mut facts),
                "model" | "view" | "type" => model(block, &known, &mut facts),
                _ => {}
            }
        }
        facts
    }
}

/// A word with its place.
#[derive(Clone, Copy)]
struct Word<'t> {
    text: &'t str,
    span: Span,
}

struct Block<'t> {
    keyword: &'t str,
    name: Word<'t>,
    lines: Vec<Line<'t>>,
    extent: Span,
}

struct Line<'t> {
    /// Without attributes.
    words: Vec<Word<'t>>,
    is_relation: bool,
}

/// The names that a schema declares.
struct Known<'t> {
    models: Vec<&'t str>,
    /// Enumerations and composite types.
    values: Vec<&'t str>,
}

impl Known<'_> {
    /// Whether a field holds other records, which the client gives only where they are asked for. A schema may be spread over
    /// files: of a name from elsewhere, the side of a relation that holds no key is a list or may be missing.
    fn is_relation(&self, line: &Line<'_>, ty: &str, name: &str) -> bool {
        line.is_relation
            || self.models.contains(&name)
            || !self.values.contains(&name)
                && matches!(scalar(name), TypeKind::Ref(_))
                && (ty.ends_with('?') || ty.ends_with("[]"))
    }
}

/// The blocks of a schema. What is no block is passed over: a schema that Prisma rejects has no client.
fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut found = Vec::new();
    let mut open: Option<Block<'_>> = None;
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let words = words(line, start);
        start += line.len();
        match &mut open {
            Some(block) if words.first().is_some_and(|word| word.text == "}") => {
                block.extent = Span::new(block.extent.start as usize, start);
                found.extend(open.take());
            }
            Some(block) if !words.is_empty() => {
                block.lines.push(Line { words, is_relation: line.contains("@relation") });
            }
            Some(_) => {}
            None => {
                if let [keyword, name, brace, ..] = words.as_slice()
                    && brace.text == "{"
                {
                    open = Some(Block { keyword: keyword.text, name: *name, lines: Vec::new(), extent: keyword.span });
                }
            }
        }
    }
    found
}

fn words(line: &str, start: usize) -> Vec<Word<'_>> {
    let code = line.split("//").next().unwrap_or_default();
    let mut words = Vec::new();
    let mut at = 0;
    for part in code.split(char::is_whitespace) {
        if part.starts_with('@') {
            break;
        }
        if !part.is_empty() {
            words.push(Word { text: part, span: Span::new(start + at, start + at + part.len()) });
        }
        at += part.len() + code[at + part.len()..].chars().next().map_or(0, char::len_utf8);
    }
    words
}

fn enumeration(block: &Block<'_>, facts: &mut FileFacts) {
    let members: Vec<Word<'_>> = block.lines.iter().filter_map(|line| line.words.first().copied()).collect();
    let constants =
        members.iter().map(|member| TypeExpr::new(TypeKind::Const(Literal::Text(member.text.into())), member.span)).collect();
    declare(block, TypeExpr::new(TypeKind::Union(constants), block.name.span), facts);
    let entries = members
        .iter()
        .map(|member| ValueMember::Entry {
            key: Expr::text(member.text, member.span),
            value: Expr::text(member.text, member.span),
            conditional: false,
        })
        .collect();
    facts.constants.push(Constant {
        scope: Vec::new(),
        name: block.name.text.into(),
        value: Expr::new(ExprKind::Object(entries), block.extent),
        ty: None,
        exported: true,
        registry: true,
        span: block.name.span,
    });
}

fn model(block: &Block<'_>, known: &Known<'_>, facts: &mut FileFacts) {
    let members = block.lines.iter().filter_map(|line| field(line, known)).map(ObjectMember::Field).collect();
    let object = ObjectExpr { members, ..ObjectExpr::default() };
    declare(block, TypeExpr::new(TypeKind::Object(object), block.name.span), facts);
}

fn declare(block: &Block<'_>, write: TypeExpr, facts: &mut FileFacts) {
    facts.types.push(TypeDecl {
        scope: Vec::new(),
        name: block.name.text.into(),
        params: Vec::new(),
        write,
        read: None,
        exported: true,
        serializable: false,
        merges: false,
        span: block.name.span,
        extent: block.extent,
    });
}

/// `total Decimal? @db.Decimal(10, 2)`
fn field(line: &Line<'_>, known: &Known<'_>) -> Option<FieldExpr> {
    let [name, ty, ..] = line.words.as_slice() else { return None };
    let bare = ty.text.trim_end_matches(['?', '[', ']', '!']);
    if known.is_relation(line, ty.text, bare) {
        return None;
    }
    let mut written = TypeExpr::new(scalar(bare), ty.span);
    if ty.text.contains("[]") {
        written = TypeExpr::new(TypeKind::Array { items: Box::new(written), min: None, max: None, unique: false }, ty.span);
    }
    if ty.text.ends_with('?') {
        written = TypeExpr::new(TypeKind::Union(vec![written, TypeExpr::new(TypeKind::Null, ty.span)]), ty.span);
    }
    Some(FieldExpr {
        name: name.text.into(),
        aliases: Vec::new(),
        ty: written,
        presence: Presence::Required,
        default: None,
        source: None,
        span: name.span,
        cause: None,
    })
}

/// The JSON of a field of the client.
fn scalar(name: &str) -> TypeKind {
    match name {
        "String" => TypeKind::String(Default::default()),
        "Boolean" => TypeKind::Boolean,
        "Int" => TypeKind::Integer(Default::default()),
        "Float" => TypeKind::Number(Default::default()),
        // A `Decimal` writes itself as a text.
        "Decimal" => TypeKind::String(Default::default()),
        "DateTime" => TypeKind::String(StringShape::format("date-time").into()),
        "BigInt" => TypeKind::Unknown("a bigint, which JSON cannot hold".into()),
        "Json" => TypeKind::Unknown("a column of any JSON".into()),
        "Bytes" => TypeKind::Unknown("bytes, whose JSON depends on the client".into()),
        _ if name.starts_with("Unsupported") => TypeKind::Unknown("a column that the client does not support".into()),
        other => TypeKind::Ref(TypeRef { path: vec![other.into()], args: Vec::new() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::BlobId;

    #[test]
    fn a_schema_declares_models_without_relations_and_enums_with_their_values() {
        let text = "// shop\nenum Status {\n  OPEN\n  PAID // done\n}\n\nmodel Order {\n  id String @id @default(cuid())\n  total Decimal?\n  tags String[]\n  status Status @default(OPEN)\n  customer Customer @relation(fields: [customerId], references: [id])\n  customerId String\n\n  @@index([customerId])\n}\nmodel Customer {\n  id String @id\n  orders Order[]\n}\n";
        let facts = Prisma.extract(&SourceText::new(RepoPath::new("schema.prisma"), BlobId::from_bytes(&[0; 20]), text));
        let names: Vec<&str> = facts.types.iter().map(|decl| decl.name.as_str()).collect();
        assert_eq!(names, ["Status", "Order", "Customer"]);
        let fields = |at: usize| -> Vec<crate::facts::Name> {
            let TypeKind::Object(object) = &facts.types[at].write.kind else { panic!("a model is an object") };
            object
                .members
                .iter()
                .filter_map(|member| match member {
                    ObjectMember::Field(field) => Some(field.name.clone()),
                    ObjectMember::Spread(_) => None,
                })
                .collect()
        };
        assert_eq!(fields(1), ["id", "total", "tags", "status", "customerId"]);
        assert_eq!(fields(2), ["id"]);
        assert_eq!(facts.constants.len(), 1);
    }
}
