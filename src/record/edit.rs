//! Entries put into the text of a contract: lines are inserted, and nothing that stands there is written anew.
//!
//! What cannot be extended without touching a person's words (a schema, an alias, a list) is left alone, with the reason.

use serde_json::Value;

use super::form::{self, Form, Grammar};
use crate::document::{Document, Syntax, join};
use crate::source::Span;

/// A replacement in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    pub start: usize,
    pub end: usize,
    pub text: String,
}

/// A contract's text with its structure.
pub struct Contract<'t> {
    text: &'t str,
    document: &'t Document,
    grammar: Grammar,
    newline: &'static str,
}

/// Why something could not be put in.
pub type Refusal = String;

impl<'t> Contract<'t> {
    pub fn new(text: &'t str, document: &'t Document) -> Self {
        let grammar = match Syntax::of(&document.file) {
            Some(Syntax::Json) => Grammar::Json,
            Some(Syntax::Yaml | Syntax::Proto) => Grammar::Yaml,
            None if text.trim_start().starts_with('{') => Grammar::Json,
            None => Grammar::Yaml,
        };
        Contract { text, document, grammar, newline: if text.contains("\r\n") { "\r\n" } else { "\n" } }
    }

    /// Puts a new event in.
    ///
    /// # Errors
    /// Where the list of events cannot be extended.
    pub fn add_event(&self, event: &str, entry: &Form) -> Result<Edit, Refusal> {
        self.insert("/events", &[(event.to_owned(), entry.clone())])
    }

    /// Puts fields into an event, at the place that `parent` leads to: names, and `*` for the elements of a list.
    ///
    /// # Errors
    /// Where something on the way is not of the short form.
    pub fn add_fields(&self, event: &str, parent: &[String], fields: &[(String, Form)]) -> Result<Edit, Refusal> {
        let mut node = join("/events", event);
        if self.document.get(&join(&node, "fields")).is_none() {
            return Err("it gives the event a schema, not `fields`".to_owned());
        }
        for (at, token) in parent.iter().enumerate() {
            let next = if token == "*" { self.items(&node) } else { self.field(&node, token) };
            let Some(next) = next else { return Err(format!("`{token}` is not found where it is read")) };
            self.untouchable(&next)?;
            match self.document.get(&next) {
                Some(Value::Object(_)) => node = next,
                Some(Value::String(word)) => return self.widen_word(&next, word, &parent[at + 1..], fields),
                _ => return Err(format!("`{token}` is neither a type nor a list of fields")),
            }
        }
        let list = join(&node, "fields");
        match self.document.get(&list) {
            Some(_) => self.insert(&list, fields),
            None if self.is_schema(&node) => Err("a part of it is written in JSON Schema".to_owned()),
            None => self.insert(&node, &nested(&[], fields)),
        }
    }

    fn is_schema(&self, node: &str) -> bool {
        let keys = self.document.keys(node);
        ["properties", "$ref", "allOf", "anyOf", "oneOf", "prefixItems", "values"].iter().any(|key| keys.contains(key))
    }

    fn field(&self, node: &str, name: &str) -> Option<String> {
        let list = join(node, "fields");
        let optional = format!("{name}?");
        let key = self.document.keys(&list).into_iter().find(|key| *key == name || *key == optional)?;
        Some(join(&list, key))
    }

    fn items(&self, node: &str) -> Option<String> {
        let items = join(node, "items");
        self.document.get(&items).map(|_| items)
    }

    /// `customer: object` becomes `customer: { fields: { id: string } }`: the word gives way, what stands beside it stays.
    fn widen_word(&self, node: &str, word: &str, rest: &[String], fields: &[(String, Form)]) -> Result<Edit, Refusal> {
        let (bare, nullable) = match word.split_once('|') {
            Some((bare, "null")) => (bare.trim(), true),
            Some(_) => return Err(format!("`{word}` is several types")),
            None => (word.trim(), false),
        };
        let list = rest.first().is_some_and(|token| token == "*");
        let (wanted, inner): (&[&str], &[String]) =
            if list { (&["array", "any", "any[]", "object[]"], &rest[1..]) } else { (&["object", "any"], rest) };
        if !wanted.contains(&bare) {
            return Err(format!("it lists `{word}` where the code reads more"));
        }
        let mut entries = nested(inner, fields);
        if list {
            entries = vec![
                ("type".to_owned(), Form::Value(Value::String("array".to_owned()))),
                ("items".to_owned(), Form::Map(entries)),
            ];
        }
        if nullable {
            entries.push(("nullable".to_owned(), Form::Value(Value::Bool(true))));
        }
        let span = self.document.span(node).ok_or("its place is not known")?;
        Ok(Edit { start: span.start as usize, end: span.end as usize, text: form::flow(&Form::Map(entries), self.grammar) })
    }

    /// An alias stands for text elsewhere, which others share.
    fn untouchable(&self, node: &str) -> Result<(), Refusal> {
        let Some(key) = self.document.key_span(node) else { return Ok(()) };
        let after = self.text.get(key.end as usize..).unwrap_or_default();
        let value = after.trim_start_matches(['"', '\'']).trim_start().trim_start_matches(':').trim_start();
        if value.starts_with('*') && self.grammar == Grammar::Yaml {
            return Err("it repeats a part of the file by an alias".to_owned());
        }
        Ok(())
    }

    /// Puts entries behind the last one of the mapping at `pointer`.
    fn insert(&self, pointer: &str, entries: &[(String, Form)]) -> Result<Edit, Refusal> {
        self.untouchable(pointer)?;
        let span = self.document.span(pointer).ok_or("its place is not known")?;
        let keys = self.document.keys(pointer);
        let open = self.text.get(span.start as usize..).unwrap_or_default();
        let flow = open.starts_with('{');
        match self.document.get(pointer) {
            Some(Value::Object(_)) if keys.is_empty() && flow => Ok(self.fill_empty(pointer, span, entries)),
            Some(Value::Object(_)) if flow => self.insert_in_flow(pointer, &keys, entries),
            Some(Value::Object(_)) => self.insert_lines(pointer, &keys, entries),
            Some(Value::Null) => {
                let key = self.document.key_span(pointer).ok_or("its place is not known")?;
                let lines = form::block(entries, self.column(key) + 2);
                Ok(self.lines_after(self.line_end(key.end as usize), &lines))
            }
            Some(_) | None => Err("there is no list of entries to add to".to_owned()),
        }
    }

    /// `{}` makes room for lines of its own, unless it stands between braces itself.
    fn fill_empty(&self, pointer: &str, span: Span, entries: &[(String, Form)]) -> Edit {
        let key = self.document.key_span(pointer);
        let line = key.map(|key| {
            let start = self.text[..key.start as usize].rfind('\n').map_or(0, |at| at + 1);
            (key, &self.text[start..key.start as usize])
        });
        match line {
            Some((key, before)) if self.grammar == Grammar::Yaml && before.trim().is_empty() => {
                let lines = form::block(entries, self.column(key) + 2);
                let end = self.line_end(span.end as usize);
                // What stands behind the braces, a comment, stays on the line of the key.
                let rest = &self.text[span.end as usize..end];
                let mut text = rest.trim_start().to_owned();
                for line in lines {
                    text.push_str(self.newline);
                    text.push_str(&line);
                }
                let start = if rest.trim().is_empty() { key_end(self.text, key, span) } else { span.start as usize };
                Edit { start, end, text }
            }
            Some(_) | None => {
                let text = form::flow(&Form::Map(entries.to_vec()), self.grammar);
                Edit { start: span.start as usize, end: span.end as usize, text }
            }
        }
    }

    fn insert_in_flow(&self, pointer: &str, keys: &[&str], entries: &[(String, Form)]) -> Result<Edit, Refusal> {
        let last = join(pointer, keys[keys.len() - 1]);
        let end = self.end_of(&last).ok_or("its place is not known")?;
        let first = self.document.key_span(&join(pointer, keys[0])).ok_or("its place is not known")?;
        let start = self.document.span(pointer).ok_or("its place is not known")?.start as usize;
        let spread = self.text[start..first.start as usize].contains('\n');
        let glue = if spread { format!(",{}{}", self.newline, " ".repeat(self.column(first))) } else { ", ".to_owned() };
        let mut text = String::new();
        for (key, value) in entries {
            text.push_str(&glue);
            let key = form::flow(&Form::Value(Value::String(key.clone())), self.grammar);
            text.push_str(&format!("{key}: {}", form::flow(value, self.grammar)));
        }
        Ok(Edit { start: end, end, text })
    }

    fn insert_lines(&self, pointer: &str, keys: &[&str], entries: &[(String, Form)]) -> Result<Edit, Refusal> {
        let last = join(pointer, keys[keys.len() - 1]);
        let first = self.document.key_span(&join(pointer, keys[0])).ok_or("its place is not known")?;
        if keys.iter().any(|key| self.document.key_span(&join(pointer, key)).is_none_or(|key| key.start < first.start)) {
            return Err("a part of it is merged in from elsewhere".to_owned());
        }
        let end = self.end_of(&last).ok_or("its place is not known")?;
        Ok(self.lines_after(self.line_end(end), &form::block(entries, self.column(first))))
    }

    /// The end of an entry with everything under it; an alias ends where its own line does.
    fn end_of(&self, pointer: &str) -> Option<usize> {
        let key = self.document.key_span(pointer)?;
        if self.untouchable(pointer).is_err() {
            return Some(self.line_end(key.end as usize));
        }
        let mut end = (key.end as usize).max(self.document.span(pointer)?.end as usize);
        let inside: Vec<String> = match self.document.get(pointer) {
            Some(Value::Object(_)) => self.document.keys(pointer).into_iter().map(|key| join(pointer, key)).collect(),
            Some(Value::Array(items)) => (0..items.len()).map(|at| format!("{pointer}/{at}")).collect(),
            _ => Vec::new(),
        };
        for inner in inside {
            end = end.max(self.end_of(&inner).or_else(|| self.document.span(&inner).map(|span| span.end as usize)).unwrap_or(0));
        }
        // The end of a block scalar lies behind its last line.
        while end > 0 && self.text.as_bytes().get(end - 1).is_some_and(|byte| matches!(byte, b'\n' | b'\r' | b' ')) {
            end -= 1;
        }
        Some(end)
    }

    fn lines_after(&self, at: usize, lines: &[String]) -> Edit {
        let text = lines.iter().fold(String::new(), |text, line| text + self.newline + line);
        Edit { start: at, end: at, text }
    }

    /// The end of the line of a byte, before its line break.
    fn line_end(&self, at: usize) -> usize {
        let rest = &self.text[at.min(self.text.len())..];
        let end = at + rest.find('\n').unwrap_or(rest.len());
        if end > at && self.text.as_bytes()[end - 1] == b'\r' { end - 1 } else { end }
    }

    fn column(&self, span: Span) -> usize {
        let start = span.start as usize;
        start - self.text[..start].rfind('\n').map_or(0, |at| at + 1)
    }
}

/// Where the colon behind a key ends.
fn key_end(text: &str, key: Span, value: Span) -> usize {
    let between = &text[key.end as usize..value.start as usize];
    key.end as usize + between.rfind(':').map_or(between.len(), |at| at + 1)
}

/// `fields` at the end of a way of names and `*`s.
fn nested(path: &[String], fields: &[(String, Form)]) -> Vec<(String, Form)> {
    match path.split_first() {
        None => vec![("fields".to_owned(), Form::Map(fields.to_vec()))],
        Some((token, rest)) if token == "*" => vec![("items".to_owned(), Form::Map(nested(rest, fields)))],
        Some((token, rest)) => {
            vec![("fields".to_owned(), Form::Map(vec![(token.clone(), Form::Map(nested(rest, fields)))]))]
        }
    }
}

/// The text with edits that do not overlap.
pub fn apply(text: &str, edits: &[Edit]) -> String {
    let mut sorted: Vec<&Edit> = edits.iter().collect();
    sorted.sort_by_key(|edit| (edit.start, edit.end));
    let mut out = String::with_capacity(text.len() + edits.iter().map(|edit| edit.text.len()).sum::<usize>());
    let mut at = 0;
    for edit in sorted {
        if edit.start < at {
            continue;
        }
        out.push_str(&text[at..edit.start]);
        out.push_str(&edit.text);
        at = edit.end;
    }
    out.push_str(&text[at..]);
    out
}
