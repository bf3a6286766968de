//! The row that an `INSERT` statement writes, with the values that stand for its placeholders: an outbox is a table, and much code
//! writes to it in SQL.

use crate::facts::{Call, Literal};
use crate::link::eval::Eval;
use crate::link::resolve::FnRef;
use crate::link::term::{Entry, Kind, Site, Term};

/// The column that says that the table is an outbox; no column is called so.
pub const IS_OUTBOX: &str = "$outbox";

/// The longest statement that is read.
const MAX_STATEMENT: usize = 8_192;

/// The methods that give a statement the value of its next placeholder.
const BINDERS: &[&str] = &["bind", "push_bind"];

/// The row that a call inserts, as an object of its columns; `None` where it inserts none, or several.
pub fn inserted<'a>(eval: &Eval<'a>, function: FnRef, call: &'a Call) -> Option<Term<'a>> {
    let at = call.span.start;
    let site = Site { file: function.file, span: call.span };
    let args: Vec<Term<'a>> = call
        .args
        .iter()
        .filter(|argument| argument.name.is_none() && !argument.spread)
        .map(|argument| eval.term(function, &argument.value, at))
        .collect();
    let on = match &call.callee.kind {
        crate::facts::ExprKind::Member(base, _) => Some(eval.term(function, base, at)),
        _ => None,
    };
    // `query(sql).bind(a).bind(b).execute(pool)`: the statement and its values are in the chain.
    let chain = on.as_ref().and_then(|on| match &on.bare().kind {
        Kind::Built(built) => Some(built),
        _ => None,
    });
    let mut given: Vec<Vec<Term<'a>>> = vec![args];
    given.extend(
        chain.into_iter().flat_map(|built| &built.calls).map(|(_, args)| args.iter().map(|(_, arg)| arg.clone()).collect()),
    );
    let (source, position, statement) = given.iter().enumerate().find_map(|(source, args)| {
        args.iter().take(2).enumerate().find_map(|(position, arg)| Some((source, position, Statement::read(arg)?)))
    })?;
    let mut values: Vec<Term<'a>> = Vec::new();
    for value in &given[source][position + 1..] {
        match &value.bare().kind {
            Kind::Array(items) => values.extend(items.iter().cloned()),
            _ => values.push(value.clone()),
        }
    }
    let bound = chain.into_iter().flat_map(|built| &built.calls).filter(|(name, _)| BINDERS.contains(&name.as_str()));
    values.extend(bound.filter_map(|(_, args)| Some(args.first()?.1.clone())));
    Some(statement.row(&values, site))
}

/// An `INSERT` with its columns and what stands for each.
struct Statement<'a> {
    table: String,
    columns: Vec<String>,
    values: Vec<String>,
    /// What is written into the text itself, by its mark.
    parts: Vec<Term<'a>>,
}

/// Stands in the text for the part of this number.
const MARK: char = '\u{1}';

impl<'a> Statement<'a> {
    fn read(term: &Term<'a>) -> Option<Statement<'a>> {
        let mut parts: Vec<Term<'a>> = Vec::new();
        let text = match &term.bare().kind {
            Kind::Literal(Literal::Text(text)) => text.clone(),
            Kind::Template(pieces) => {
                let mut text = String::new();
                for piece in pieces {
                    match piece.as_text() {
                        Some(constant) => text.push_str(constant),
                        None => {
                            text.push(MARK);
                            text.push_str(&parts.len().to_string());
                            parts.push(piece.clone());
                        }
                    }
                }
                text.into()
            }
            // `text("INSERT …")`
            Kind::Built(built) => {
                let [(_, args)] = built.calls.as_slice() else { return None };
                return Statement::read(&args.first()?.1);
            }
            _ => return None,
        };
        if text.len() > MAX_STATEMENT {
            return None;
        }
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let start = find_word(&text, "insert into ")? + "insert into ".len();
        let rest = &text[start..];
        let open = rest.find('(')?;
        let table = plain(rest[..open].trim());
        let (columns, rest) = list(&rest[open..])?;
        let values_at = find_word(rest, "values")? + "values".len();
        let (values, after) = list(rest[values_at..].trim_start())?;
        let several = after.trim_start().starts_with(',');
        (columns.len() == values.len() && !several && !table.is_empty()).then(|| Statement {
            table,
            columns: columns.iter().map(|name| plain(name)).collect(),
            values,
            parts,
        })
    }

    fn row(self, given: &[Term<'a>], site: Site) -> Term<'a> {
        let mut next = 0;
        let field = |key: String, value: Term<'a>| Entry::Field { key: key.into(), value, conditional: false, site };
        let mut entries: Vec<Entry<'a>> = Vec::new();
        for (column, written) in self.columns.into_iter().zip(&self.values) {
            // `${TOPIC}`, whose value stands in the text by now.
            let constant = || (!self.parts.is_empty() && is_bare_name(written)).then(|| Place::Text(written.clone()));
            let value = match placeholder(written).or_else(constant) {
                Some(Place::Number(number)) => given.get(number.wrapping_sub(1)).cloned(),
                Some(Place::Next) => {
                    next += 1;
                    given.get(next - 1).cloned()
                }
                Some(Place::Name(name)) => given.iter().find_map(|of| {
                    let value = matches!(of.bare().kind, Kind::Object(_)).then(|| of.clone().member(&name, site))?;
                    (!matches!(value.kind, Kind::Absent)).then_some(value)
                }),
                Some(Place::Part(number)) => self.parts.get(number).cloned(),
                Some(Place::Text(text)) => Some(Term::new(Kind::Literal(Literal::Text(text.into())), site)),
                None => None,
            };
            let value = value.map_or_else(|| Term::unknown(written.clone(), site), unwrapped);
            entries.push(field(column, value));
        }
        if self.table.contains("outbox") {
            entries.push(field(IS_OUTBOX.to_owned(), Term::new(Kind::Literal(Literal::Bool(true)), site)));
        }
        Term::new(Kind::Object(entries), site)
    }
}

/// What a driver's wrapper of a JSON value holds: `sql.json({…})`, `Jsonb(payload)`.
fn unwrapped(value: Term<'_>) -> Term<'_> {
    if let Kind::Built(built) = &value.kind
        && let Some((name, args)) = built.calls.last()
        && WRAPPERS.contains(&name.to_ascii_lowercase().as_str())
        && let [(None, inner)] = args.as_slice()
    {
        return inner.clone();
    }
    value
}

/// What drivers call a value of JSON.
const WRAPPERS: &[&str] = &["json", "jsonb"];

/// Whether a value of the list is the name of an event, and no word or function of SQL.
fn is_bare_name(written: &str) -> bool {
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '.' | '-' | '/' | ':');
    let keyword = ["null", "default", "true", "false", "current_timestamp", "current_date", "localtimestamp"];
    written.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && written.chars().all(is_word)
        && !keyword.contains(&written.to_ascii_lowercase().as_str())
}

enum Place {
    Number(usize),
    Next,
    Name(String),
    Part(usize),
    Text(String),
}

/// What a value of the list stands for: `$1`, `?`, `%s`, `:name`, `%(name)s`, `@name`, `'text'`, with a cast behind it or not.
fn placeholder(written: &str) -> Option<Place> {
    let mut written = written.split("::").next().unwrap_or_default().trim();
    // `CAST(:payload AS jsonb)`
    if let Some(inner) = written.strip_suffix(')')
        && written.get(..5).is_some_and(|call| call.eq_ignore_ascii_case("cast("))
    {
        written = inner[5..].split(' ').next().unwrap_or_default();
    }
    let named = |name: &str| {
        let is_name = !name.is_empty() && name.chars().all(|letter| letter.is_alphanumeric() || letter == '_');
        is_name.then(|| Place::Name(name.to_owned()))
    };
    match written {
        "?" | "%s" => return Some(Place::Next),
        _ => {}
    }
    if let Some(number) = written.strip_prefix('$').or_else(|| written.strip_prefix('?')) {
        return number.parse().ok().map(Place::Number).or_else(|| named(number));
    }
    if let Some(number) = written.strip_prefix(MARK) {
        return number.parse().ok().map(Place::Part);
    }
    if let Some(name) = written.strip_prefix("%(").and_then(|rest| rest.strip_suffix(")s")) {
        return named(name);
    }
    if let Some(name) = written.strip_prefix(':').or_else(|| written.strip_prefix('@')) {
        return named(name);
    }
    let text = written.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''))?;
    (!text.contains('\'')).then(|| Place::Text(text.to_owned()))
}

/// Where a word of SQL stands, in any casing.
fn find_word(text: &str, word: &str) -> Option<usize> {
    text.to_ascii_lowercase().find(word)
}

/// A name without its schema and quotes.
fn plain(name: &str) -> String {
    let name = name.split_whitespace().next().unwrap_or_default();
    name.rsplit('.').next().unwrap_or(name).trim_matches(['"', '`', '[', ']']).to_ascii_lowercase()
}

/// The parts of a list in parentheses, and what stands behind it.
fn list(text: &str) -> Option<(Vec<String>, &str)> {
    let inner = text.strip_prefix('(')?;
    let mut parts = vec![String::new()];
    let mut depth = 0usize;
    let mut quoted = false;
    for (at, letter) in inner.char_indices() {
        match letter {
            '\'' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted && depth == 0 => {
                let parts = parts.iter().map(|part| part.trim().to_owned()).collect();
                return Some((parts, &inner[at + 1..]));
            }
            ')' if !quoted => depth -= 1,
            ',' if !quoted && depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(last) = parts.last_mut() {
            last.push(letter);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_split_at_their_own_commas() {
        let (parts, rest) = list("(now(), coalesce($1, 'a,b'), $2::jsonb) RETURNING id").expect("a list");
        assert_eq!(parts, ["now()", "coalesce($1, 'a,b')", "$2::jsonb"]);
        assert_eq!(rest, " RETURNING id");
        assert!(list("(a, b").is_none());
    }

    #[test]
    fn placeholders_of_all_drivers_are_known() {
        let of = |text: &str| match placeholder(text) {
            Some(Place::Number(number)) => format!("#{number}"),
            Some(Place::Next) => "next".to_owned(),
            Some(Place::Name(name)) => format!("by {name}"),
            Some(Place::Part(number)) => format!("part {number}"),
            Some(Place::Text(text)) => format!("text {text}"),
            None => "-".to_owned(),
        };
        let found: Vec<String> = [
            "$2::jsonb",
            "?",
            "%s",
            "%(payload)s",
            ":payload",
            "@p1",
            "CAST(:body AS jsonb)",
            "'order.placed'",
            "now()",
            "DEFAULT",
        ]
        .map(of)
        .into();
        assert_eq!(found, ["#2", "next", "next", "by payload", "by payload", "by p1", "by body", "text order.placed", "-", "-"]);
    }
}
