//! Putting an entry back that a literal or a type lost: what is taken from base, where it goes in head, and whether all that it
//! names is still there.

use std::collections::BTreeSet;

use super::remedy::{Remedy, Safety, Wanted, indent_before, text_at};
use crate::source::{SourceText, Span};

/// What holds entries: an object literal, a dict, a type with members.
pub struct Holder {
    /// What stands between its brackets, or the range of its members where it has none.
    pub inside: Span,
    pub entries: Vec<Entry>,
    pub style: Style,
}

/// One entry, with what belongs to it: its value, its type, its attributes.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Empty for what has no key: a spread.
    pub key: String,
    /// Where the key stands.
    pub at: Span,
    pub whole: Span,
}

/// How entries are set apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// By commas; an empty holder gets `pad` on both sides of its first entry.
    Commas { pad: &'static str },
    /// By commas, as what a call is given by name.
    Arguments,
    /// By semicolons or line ends.
    Semicolons,
    /// By line ends alone.
    Lines,
}

/// The names that a piece of code uses, and those that are bound where it stands.
#[derive(Default)]
pub struct Names {
    pub used: BTreeSet<String>,
    pub bound: BTreeSet<String>,
}

/// One side of a lost entry.
pub struct Side<'s> {
    source: &'s SourceText,
    holder: Holder,
    /// Whether the holder makes a value, so that nobody else has to follow; a type is made elsewhere.
    code: bool,
    names: Names,
}

impl<'s> Side<'s> {
    /// A holder, whether it is code, and of the names that its file uses those that stand in the entry at `place`, or in all of it.
    pub fn new(
        source: &'s SourceText,
        place: Span,
        (holder, code): (Holder, bool),
        scopes: Scopes,
        used: Vec<(Span, String)>,
    ) -> Self {
        let inside = holder.entries.iter().find(|entry| entry.at == place).map_or(place, |entry| entry.whole);
        let used = used.into_iter().filter(|(span, _)| inside.contains(*span)).map(|(_, name)| name).collect();
        let names = Names { used, bound: scopes.at(inside) };
        Side { source, holder, code, names }
    }
}

/// Proposes to put a lost key back, where `find` reads the holder at a place in the language's own way on both sides.
pub fn restore(
    wanted: &Wanted<'_>,
    name: &str,
    find: impl for<'s> Fn(&'s SourceText, Span) -> Option<Side<'s>>,
) -> Option<Remedy> {
    let (base, key) = wanted.base?;
    let before = find(base, key)?;
    let lost = before.holder.entries.iter().position(|entry| entry.at == key)?;
    let after = find(wanted.head, wanted.at)?;
    // A type is not a value, and `dict(a=1)` and `{"a": 1}` write their entries in different ways.
    if before.code != after.code || before.holder.style != after.holder.style {
        return None;
    }
    put_back(&before, lost, &after, name)
}

/// Proposes to put the entry of base at `lost` back into head's holder.
fn put_back(base: &Side<'_>, lost: usize, head: &Side<'_>, name: &str) -> Option<Remedy> {
    let entry = base.holder.entries.get(lost)?;
    // It is there under another form: a key that is computed now, say.
    if head.holder.entries.iter().any(|other| other.key == entry.key) {
        return None;
    }
    let text = text_at(base.source, entry.whole)?;
    let edits = placed(base, lost, head, text)?;
    // What was bound at base and is not any more was taken away with it.
    let there = base.names.used.iter().all(|used| !base.names.bound.contains(used) || head.names.bound.contains(used));
    let safety = if head.code && there { Safety::WhileDeclared } else { Safety::OthersFollow };
    Some(Remedy { what: format!("send `{name}` again"), edits, safety })
}

/// Where the entry goes: behind the one that it followed, before the one that it preceded, or in the empty holder.
fn placed(base: &Side<'_>, lost: usize, head: &Side<'_>, text: &str) -> Option<Vec<(Span, String)>> {
    let entry = &base.holder.entries[lost];
    let find = |entry: &Entry| head.holder.entries.iter().find(|other| !other.key.is_empty() && other.key == entry.key);
    let (before, after) = base.holder.entries.split_at(lost);
    let code = head.source.text();
    if let Some(neighbour) = before.iter().rev().find_map(find) {
        let indent = indent_before(code, neighbour.whole.start as usize);
        return Some(behind(head, neighbour, (&again(base, lost, text, indent), remark(base, entry)), indent));
    }
    let neighbour = after.iter().skip(1).find_map(find).or(head.holder.entries.first());
    if let Some(neighbour) = neighbour {
        let at = neighbour.whole.start as usize;
        let indent = indent_before(code, at);
        let text = again(base, lost, text, indent);
        let mark = match head.holder.style {
            Style::Commas { .. } | Style::Arguments => ",",
            Style::Semicolons if !text.ends_with([';', ',']) => ";",
            Style::Semicolons | Style::Lines => "",
        };
        let gap = indent.map_or(" ".to_owned(), |indent| format!("{}\n{indent}", remark(base, entry)));
        return Some(vec![(Span::new(at, at), format!("{text}{mark}{gap}"))]);
    }
    let pad = match head.holder.style {
        Style::Commas { pad } => pad,
        Style::Arguments => "",
        Style::Semicolons | Style::Lines => return None,
    };
    let inside = head.holder.inside;
    if base.holder.entries.len() == 1 {
        return Some(vec![(inside, format!("{pad}{}{pad}", again(base, lost, text, None)))]);
    }
    // Others may come back with it: each brings its own comma, and is set apart from the bracket and not from them.
    let start = Span::new(inside.start as usize, inside.start as usize);
    let lines = code[inside.start as usize..inside.end as usize].contains('\n');
    Some(vec![match indent_before(base.source.text(), entry.whole.start as usize).filter(|_| lines) {
        Some(indent) => (start, format!("\n{indent}{text},{}", remark(base, entry))),
        None => (start, format!("{pad}{text},")),
    }])
}

/// What is remarked on an entry behind it on its line, with the blanks before it.
fn remark<'t>(side: &'t Side<'_>, entry: &Entry) -> &'t str {
    let rest = side.source.text().get(entry.whole.end as usize..).unwrap_or_default();
    let line = rest.split('\n').next().unwrap_or_default();
    let line = line.strip_prefix(',').unwrap_or(line).trim_end();
    if line.trim_start().starts_with("//") || line.trim_start().starts_with('#') { line } else { "" }
}

/// `text` is an entry and the remark on it; a remark needs a line of its own to end.
fn behind(head: &Side<'_>, neighbour: &Entry, (text, said): (&str, &str), indent: Option<&str>) -> Vec<(Span, String)> {
    let code = head.source.text();
    let end = neighbour.whole.end as usize;
    let rest = &code[end..head.holder.inside.end as usize];
    let comma = rest.trim_start().starts_with(',').then(|| end + rest.len() - rest.trim_start().len() + 1);
    let at = |at: usize| Span::new(at, at);
    let Some(indent) = indent else {
        return match head.holder.style {
            Style::Commas { .. } | Style::Arguments => vec![(at(end), format!(", {text}"))],
            Style::Semicolons => {
                let mark = if code[..end].ends_with([';', ',']) { "" } else { ";" };
                vec![(at(end), format!("{mark} {text}"))]
            }
            Style::Lines => vec![(at(end), format!("\n{text}"))],
        };
    };
    // A remark at the end of the neighbour's line stays with it.
    let from = comma.unwrap_or(end);
    let line = code[from..].split('\n').next().unwrap_or_default();
    let remark = line.trim_start();
    let line_end = if remark.starts_with("//") || remark.starts_with('#') { from + line.trim_end().len() } else { from };
    match (head.holder.style, comma) {
        (Style::Commas { .. } | Style::Arguments, Some(_)) => vec![(at(line_end), format!("\n{indent}{text},{said}"))],
        // The last one, without a comma; the one behind it needs none either.
        (Style::Commas { .. } | Style::Arguments, None) if line_end == end => {
            vec![(at(end), format!(",\n{indent}{text}{said}"))]
        }
        (Style::Commas { .. } | Style::Arguments, None) => {
            vec![(at(end), ",".to_owned()), (at(line_end), format!("\n{indent}{text}{said}"))]
        }
        (Style::Semicolons | Style::Lines, _) => vec![(at(line_end), format!("\n{indent}{text}{said}"))],
    }
}

/// The text of base's entry, its further lines set in as head's are.
fn again(base: &Side<'_>, lost: usize, text: &str, indent: Option<&str>) -> String {
    let entry = &base.holder.entries[lost];
    let (Some(indent), Some(was)) = (indent, indent_before(base.source.text(), entry.whole.start as usize)) else {
        return text.to_owned();
    };
    let mut lines = text.split('\n');
    let mut out = lines.next().unwrap_or_default().to_owned();
    for line in lines {
        out.push('\n');
        match line.strip_prefix(was) {
            Some(rest) => {
                out.push_str(indent);
                out.push_str(rest);
            }
            None => out.push_str(line),
        }
    }
    out
}

/// Names with the ranges in which they are bound.
#[derive(Default)]
pub struct Scopes {
    open: Vec<Span>,
    bound: Vec<(Span, String)>,
}

impl Scopes {
    pub fn enter(&mut self, scope: Span) {
        self.open.push(scope);
    }

    pub fn leave(&mut self) {
        self.open.pop();
    }

    /// Binds a name in the innermost scope that is open.
    pub fn bind(&mut self, name: &str) {
        let scope = self.open.last().copied().unwrap_or(Span { start: 0, end: u32::MAX });
        self.bound.push((scope, name.to_owned()));
    }

    /// What is bound at a place.
    pub fn at(self, place: Span) -> BTreeSet<String> {
        let around = |scope: &Span| scope.start <= place.start && place.end <= scope.end;
        self.bound.into_iter().filter(|(scope, _)| around(scope)).map(|(_, name)| name).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{BlobId, RepoPath};

    /// The text of head once `lost` of base is back; entries are `name: value`, and stand between the brackets.
    fn restored(base: &str, lost: &str, head: &str, style: Style) -> String {
        let source = |text: &str| SourceText::new(RepoPath::new("a"), BlobId::from_bytes(&[]), text);
        let holder = |text: &str| {
            let (open, close) = (text.find('{').expect("a bracket") + 1, text.rfind('}').expect("a bracket"));
            let mut entries = Vec::new();
            for (at, _) in text.match_indices(": ") {
                let start = text[..at].rfind(|letter: char| !letter.is_alphanumeric()).expect("it is inside") + 1;
                let end = at + text[at..].find([',', '\n', ' ', ';', '}']).map_or(0, |_| 3);
                let end = if style == Style::Semicolons && text[end..].starts_with(';') { end + 1 } else { end };
                let whole = Span::new(start, end);
                entries.push(Entry { key: text[start..at].to_owned(), at: Span::new(start, at), whole });
            }
            Holder { inside: Span::new(open, close), entries, style }
        };
        let (before, after) = (source(base), source(head));
        let base = Side { source: &before, holder: holder(base), code: true, names: Names::default() };
        let head = Side { source: &after, holder: holder(head), code: true, names: Names::default() };
        let lost = base.holder.entries.iter().position(|entry| entry.key == lost).expect("it is there");
        let remedy = put_back(&base, lost, &head, "x").expect("there is a place");
        let mut text = after.text().to_owned();
        for (span, replacement) in remedy.edits.iter().rev() {
            text.replace_range(span.start as usize..span.end as usize, replacement);
        }
        text
    }

    const COMMAS: Style = Style::Commas { pad: " " };

    #[test]
    fn an_entry_goes_back_to_its_neighbours() {
        let base = "f({ a: 1, b: 2, c: 3 })";
        assert_eq!(restored(base, "b", "f({ a: 1, c: 3 })", COMMAS), base);
        assert_eq!(restored(base, "c", "f({ a: 1, b: 2 })", COMMAS), base);
        assert_eq!(restored(base, "a", "f({ b: 2, c: 3 })", COMMAS), base);
        assert_eq!(restored(base, "b", "f({})", COMMAS), "f({ b: 2,})");
        assert_eq!(restored("f({ a: 1 })", "a", "f({})", COMMAS), "f({ a: 1 })");
        let lines = "f({\n  a: 1, // one\n  b: 2,\n})";
        assert_eq!(restored(lines, "a", "f({\n})", COMMAS), "f({\n  a: 1, // one\n})");
        assert_eq!(restored(base, "a", "f({ x: 9 })", COMMAS), "f({ a: 1, x: 9 })");
    }

    #[test]
    fn lines_stay_lines_and_remarks_stay_where_they_are() {
        let base = "f({\n  a: 1, // one\n  b: 2,\n  c: 3,\n})";
        assert_eq!(restored(base, "b", "f({\n  a: 1, // one\n  c: 3,\n})", COMMAS), base);
        let said = "f({\n  a: 1, // one\n  b: 2, // two\n  c: 3,\n})";
        assert_eq!(restored(said, "b", "f({\n  a: 1, // one\n  c: 3,\n})", COMMAS), said);
        assert_eq!(restored(said, "a", "f({\n  b: 2, // two\n  c: 3,\n})", COMMAS), said);
        assert_eq!(restored(said, "b", "f({ a: 1, c: 3 })", COMMAS), "f({ a: 1, b: 2, c: 3 })");
        assert_eq!(restored(base, "c", "f({\n  a: 1, // one\n  b: 2,\n})", COMMAS), base);
        assert_eq!(restored(base, "a", "f({\n  b: 2,\n  c: 3\n})", COMMAS), "f({\n  a: 1, // one\n  b: 2,\n  c: 3\n})");
        assert_eq!(restored(base, "c", "f({\n    b: 2 // two\n})", COMMAS), "f({\n    b: 2, // two\n    c: 3\n})");
    }

    #[test]
    fn members_of_a_type_end_as_their_neighbours_do() {
        let base = "type A { a: 1; b: 2; c: 3 }";
        assert_eq!(restored(base, "b", "type A { a: 1; c: 3 }", Style::Semicolons), base);
        assert_eq!(restored(base, "c", "type A { a: 1; b: 2; }", Style::Semicolons), "type A { a: 1; b: 2; c: 3 }");
        let lines = "class A {\n  a: 1\n  b: 2\n}";
        assert_eq!(restored(lines, "b", "class A {\n  a: 1\n}", Style::Lines), lines);
        assert_eq!(restored(lines, "a", "class A {\n  b: 2\n}", Style::Lines), lines);
    }
}
