//! JSON and YAML text (and Protobuf's declarations as the schema of their JSON), read into a value of which every node and every key knows its place in the text.
//!
//! The reading is strict: what two readers of one text could understand differently (a key twice, a second document, a comment
//! in JSON) is refused with its position and a way out. Texts come from strangers, so depth, size and the expansion of YAML
//! aliases are bounded. Numbers keep the digits in which they are written.

mod json;
mod proto;
mod repeated;
mod yaml;

use std::borrow::Cow;
use std::fmt;

use serde_json::{Map, Value};

use crate::error::UserError;
use crate::finding::{Diagnostic, Severity};
use crate::source::{Origin, Position, RepoPath, Span};

pub use repeated::{last_of_each_key, repeated_keys, told as twice};

/// The largest document that is read, in bytes. A larger one is refused, and the message says so.
pub const MAX_DOCUMENT_BYTES: usize = 16 << 20;

/// The largest document of the tool's own that is read, in bytes.
const MAX_OWN_BYTES: usize = 512 << 20;

/// The deepest nesting of objects and arrays that is read. Everything that walks a value recurses, and a stack overflow cannot
/// be caught.
pub const MAX_DEPTH: usize = 256;

/// What the aliases of one YAML document may expand to, in about the bytes that the copies take. Past this the document is
/// refused as an alias bomb.
const EXPANSION_BUDGET: usize = 32 << 20;

/// The keyword of a hole in a schema. A schema that carries it demands something more that could not be read: what its other
/// keywords say holds, and beyond that nothing is known. Validators pass over it.
pub const UNKNOWN: &str = "x-driftgate-unknown";

/// Which grammar a text is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    Json,
    Yaml,
    /// Protobuf's declarations, as the JSON Schema of their JSON mapping.
    Proto,
}

impl Syntax {
    /// By the extension; `None` for one that is neither. Avro schemas are JSON.
    pub fn of(path: &RepoPath) -> Option<Syntax> {
        match path.extension().to_ascii_lowercase().as_str() {
            "json" | "avsc" => Some(Syntax::Json),
            "yaml" | "yml" => Some(Syntax::Yaml),
            "proto" => Some(Syntax::Proto),
            _ => None,
        }
    }
}

/// A document with the place of each of its nodes.
#[derive(Clone, Debug)]
pub struct Document {
    pub file: RepoPath,
    pub value: Value,
    nodes: Vec<Node>,
    root: NodeId,
    line_starts: Vec<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct NodeId(u32);

#[derive(Clone, Debug)]
struct Node {
    span: Span,
    children: Children,
}

#[derive(Clone, Debug)]
enum Children {
    None,
    Items(Vec<NodeId>),
    /// Sorted by name.
    Entries(Vec<Entry>),
}

#[derive(Clone, Debug)]
struct Entry {
    name: String,
    key: Span,
    node: NodeId,
}

/// What is wrong with one document, where, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    pub file: RepoPath,
    pub span: Span,
    pub position: Position,
    pub message: String,
    /// The next step.
    pub help: String,
}

impl Fault {
    pub fn diagnostic(&self, severity: Severity) -> Diagnostic {
        Diagnostic {
            severity,
            file: Some(self.file.clone()),
            line: Some(self.position.line),
            message: format!("{}; {}", self.message, self.help),
        }
    }

    pub fn user_error(&self) -> UserError {
        UserError::Configuration {
            file: self.file.to_string(),
            line: Some(self.position.line),
            message: self.message.clone(),
            help: self.help.clone(),
        }
    }

    pub fn origin(&self) -> Origin {
        Origin::new(self.file.clone(), self.span)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}; {}", self.file, self.position.line, self.position.column, self.message, self.help)
    }
}

impl Document {
    /// Reads a document in the grammar that its extension names; a text of another extension is read as JSON where it begins
    /// like JSON and as YAML otherwise.
    ///
    /// # Errors
    /// Where the text is not one document of that grammar, or larger, deeper or more expansive than the limits allow.
    pub fn read(file: &RepoPath, text: &str) -> Result<Document, Fault> {
        let syntax = Syntax::of(file).unwrap_or_else(|| {
            if text.trim_start_matches('\u{feff}').trim_start().starts_with(['{', '[']) { Syntax::Json } else { Syntax::Yaml }
        });
        Document::read_as(syntax, file, text)
    }

    /// Reads what the tool itself has written about a whole repository, which may be larger than what people write.
    ///
    /// # Errors
    /// As [`Document::read`].
    pub fn read_large(file: &RepoPath, text: &str) -> Result<Document, Fault> {
        Document::read_within(Syntax::Json, file, text, MAX_OWN_BYTES)
    }

    /// # Errors
    /// As [`Document::read`].
    pub fn read_as(syntax: Syntax, file: &RepoPath, text: &str) -> Result<Document, Fault> {
        Document::read_within(syntax, file, text, MAX_DOCUMENT_BYTES)
    }

    fn read_within(syntax: Syntax, file: &RepoPath, text: &str, limit: usize) -> Result<Document, Fault> {
        Document::read_with(syntax, file, text, limit, None).map(|(document, _)| document)
    }

    /// Reads with `repeated` to be told of keys that stand twice: then the last entry of each counts, and it is no fault.
    fn read_with(
        syntax: Syntax,
        file: &RepoPath,
        text: &str,
        limit: usize,
        repeated: Option<Vec<Repeated>>,
    ) -> Result<(Document, Vec<Repeated>), Fault> {
        if text.len() > limit {
            return Err(Fault {
                file: file.clone(),
                span: Span::new(0, 0),
                position: Position { line: 1, column: 1 },
                message: format!("the document has {} bytes, and the limit is {limit}", text.len()),
                help: "split it into several files that refer to each other".to_owned(),
            });
        }
        // A conflicted file is broken in any grammar; what stands between the markers would only give a riddle.
        if let Some(at) = conflict_marker(text) {
            let stop = Stop::new(at, at + 7, "a merge conflict marker stands here", "resolve the conflict first");
            return Err(stop.locate(file, text));
        }
        let (start, body) = match text.strip_prefix('\u{feff}') {
            Some(rest) => (text.len() - rest.len(), rest),
            None => (0, text),
        };
        let mut builder = Builder { repeated, ..Builder::new(start) };
        let read = match syntax {
            Syntax::Json => json::read(body, &mut builder),
            Syntax::Yaml => yaml::read(body, &mut builder),
            Syntax::Proto => proto::read(body, file.stem(), &mut builder),
        };
        read.map_err(|stop| stop.shift(start).locate(file, text))?;
        let (value, root) = builder.finish();
        let document = Document { file: file.clone(), value, nodes: builder.nodes, root, line_starts: line_starts(text) };
        Ok((document, builder.repeated.unwrap_or_default()))
    }

    /// The node that a JSON Pointer names.
    fn node(&self, pointer: &str) -> Option<&Node> {
        self.walk(pointer).map(|(node, _)| node)
    }

    /// The node that a JSON Pointer names, with the key that it stands under, where its parent is an object.
    fn walk(&self, pointer: &str) -> Option<(&Node, Option<Span>)> {
        let mut node = &self.nodes[self.root.0 as usize];
        let mut key = None;
        for token in steps(pointer)? {
            let next = match &node.children {
                Children::None => return None,
                Children::Items(items) => {
                    key = None;
                    *items.get(token.parse::<usize>().ok()?)?
                }
                Children::Entries(entries) => {
                    let at = entries.binary_search_by(|entry| entry.name.as_str().cmp(&*token)).ok()?;
                    key = Some(entries[at].key);
                    entries[at].node
                }
            };
            node = &self.nodes[next.0 as usize];
        }
        Some((node, key))
    }

    /// The value that a JSON Pointer names.
    pub fn get(&self, pointer: &str) -> Option<&Value> {
        self.value.pointer(pointer)
    }

    /// The bytes of the node that a JSON Pointer names.
    pub fn span(&self, pointer: &str) -> Option<Span> {
        self.node(pointer).map(|node| node.span)
    }

    /// The bytes of the key that the named node stands under; `None` for the root and for elements of arrays.
    pub fn key_span(&self, pointer: &str) -> Option<Span> {
        self.walk(pointer).and_then(|(_, key)| key)
    }

    /// The place to show for a node: its key, or itself where it has none. For a pointer into nothing, the nearest node above it.
    pub fn place(&self, pointer: &str) -> Span {
        let mut pointer = pointer;
        loop {
            if let Some((node, key)) = self.walk(pointer) {
                return key.unwrap_or(node.span);
            }
            match pointer.rfind('/') {
                Some(slash) => pointer = &pointer[..slash],
                None => return Span::new(0, 0),
            }
        }
    }

    /// [`Document::place`] as an origin.
    pub fn origin(&self, pointer: &str) -> Origin {
        Origin::new(self.file.clone(), self.place(pointer))
    }

    /// The line (from 1) on which a byte stands.
    pub fn line_of(&self, span: Span) -> u32 {
        self.line_starts.partition_point(|start| *start <= span.start).max(1) as u32
    }

    /// The line of [`Document::place`].
    pub fn line(&self, pointer: &str) -> u32 {
        self.line_of(self.place(pointer))
    }

    /// The keys of the object that a pointer names, in the order in which they are written.
    pub fn keys(&self, pointer: &str) -> Vec<&str> {
        let Some(Node { children: Children::Entries(entries), .. }) = self.node(pointer) else { return Vec::new() };
        let mut entries: Vec<&Entry> = entries.iter().collect();
        entries.sort_by_key(|entry| entry.key);
        entries.into_iter().map(|entry| entry.name.as_str()).collect()
    }

    /// A fault at the place of a node. The column is counted in bytes of the line, which is what it needs where keys are ASCII.
    pub fn fault(&self, pointer: &str, message: impl Into<String>, help: impl Into<String>) -> Fault {
        let span = self.place(pointer);
        let line = self.line_of(span);
        let start = self.line_starts.get(line as usize - 1).copied().unwrap_or(0);
        Fault {
            file: self.file.clone(),
            span,
            position: Position { line, column: span.start.saturating_sub(start) + 1 },
            message: message.into(),
            help: help.into(),
        }
    }
}

/// The tokens of a JSON Pointer, unescaped. `None` where it is not one.
pub fn tokens(pointer: &str) -> Option<Vec<String>> {
    Some(steps(pointer)?.map(Cow::into_owned).collect())
}

/// The same, one after the other.
fn steps(pointer: &str) -> Option<impl Iterator<Item = Cow<'_, str>>> {
    let rest = if pointer.is_empty() { None } else { Some(pointer.strip_prefix('/')?) };
    let unescaped = |token| match memchr::memchr(b'~', str::as_bytes(token)) {
        Some(_) => Cow::Owned(token.replace("~1", "/").replace("~0", "~")),
        None => Cow::Borrowed(token),
    };
    Some(rest.into_iter().flat_map(|rest| rest.split('/')).map(unescaped))
}

/// A JSON Pointer one step further down.
pub fn join(pointer: &str, token: &str) -> String {
    let mut out = String::with_capacity(pointer.len() + token.len() + 1);
    out.push_str(pointer);
    out.push('/');
    for letter in token.chars() {
        match letter {
            '~' => out.push_str("~0"),
            '/' => out.push_str("~1"),
            other => out.push(other),
        }
    }
    out
}

fn line_starts(text: &str) -> Vec<u32> {
    std::iter::once(0).chain(text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at as u32 + 1)).collect()
}

/// Where a line consists of git's marker of the other side. `=======` alone could be text of a block scalar.
fn conflict_marker(text: &str) -> Option<usize> {
    let mut from = 0;
    while let Some(found) = text[from..].find("<<<<<<< ") {
        let at = from + found;
        if (at == 0 || text.as_bytes()[at - 1] == b'\n') && text[at..].contains("\n>>>>>>> ") {
            return Some(at);
        }
        from = at + 8;
    }
    None
}

/// Why reading stopped: a [`Fault`] that does not know its file yet.
#[derive(Debug)]
struct Stop {
    start: usize,
    end: usize,
    message: String,
    help: String,
    /// Another place in the text that belongs to it, a cut-off mark counted; the message ends with its line.
    first: Option<usize>,
}

impl Stop {
    fn new(start: usize, end: usize, message: impl Into<String>, help: impl Into<String>) -> Self {
        Stop { start, end, message: message.into(), help: help.into(), first: None }
    }

    fn shift(self, by: usize) -> Self {
        Stop { start: self.start + by, end: self.end + by, ..self }
    }

    fn locate(self, file: &RepoPath, text: &str) -> Fault {
        let mut start = self.start.min(text.len());
        while !text.is_char_boundary(start) {
            start -= 1;
        }
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_at = |at: usize| text.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() as u32 + 1;
        let line = line_at(start);
        let first = self.first.map_or_else(String::new, |first| format!(" (first in line {})", line_at(first.min(text.len()))));
        let column = text[line_start..start].chars().filter(|letter| *letter != '\u{feff}').count() as u32 + 1;
        Fault {
            file: file.clone(),
            span: Span::new(start, self.end.clamp(start, text.len())),
            position: Position { line, column },
            message: self.message + &first,
            help: self.help,
        }
    }
}

/// Builds value and places side by side from what a reader of either grammar sees, one event after the other.
struct Builder {
    nodes: Vec<Node>,
    stack: Vec<Frame>,
    root: Option<(Value, NodeId)>,
    /// Added to every position: the length of a byte order mark that was cut off.
    offset: usize,
    expanded: usize,
    /// The entries that a later one of the same key replaces; `None` where they are a fault.
    repeated: Option<Vec<Repeated>>,
}

/// An entry that a later one of the same key replaces.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Repeated {
    name: String,
    /// From its key to the next one.
    entry: Span,
    /// The key that takes its place.
    later: Span,
}

struct Frame {
    start: usize,
    weight: usize,
    open: Open,
}

enum Open {
    Array { values: Vec<Value>, nodes: Vec<NodeId> },
    Object { map: Map<String, Value>, entries: Vec<Entry>, key: Option<(String, Span)>, merges: Vec<(Value, NodeId)> },
}

/// A finished node: what an anchor remembers.
#[derive(Clone)]
struct Finished {
    value: Value,
    node: NodeId,
    weight: usize,
}

impl Builder {
    fn new(offset: usize) -> Self {
        Builder { nodes: Vec::new(), stack: Vec::new(), root: None, offset, expanded: 0, repeated: None }
    }

    fn finish(&mut self) -> (Value, NodeId) {
        self.root.take().expect("both readers put exactly one value at the root before they succeed")
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(start + self.offset, end.max(start) + self.offset)
    }

    fn node(&mut self, span: Span, children: Children) -> NodeId {
        let id = NodeId(u32::try_from(self.nodes.len()).expect("a document has fewer nodes than bytes, and those fit"));
        self.nodes.push(Node { span, children });
        id
    }

    /// Whether the next value stands where a key belongs.
    fn wants_key(&self) -> bool {
        matches!(self.stack.last(), Some(Frame { open: Open::Object { key: None, .. }, .. }))
    }

    fn scalar(&mut self, value: Value, start: usize, end: usize) -> Finished {
        let weight = 32 + end.saturating_sub(start);
        let span = self.span(start, end);
        let node = self.node(span, Children::None);
        Finished { value, node, weight }
    }

    fn key(&mut self, name: String, start: usize, end: usize) -> Result<(), Stop> {
        let span = self.span(start, end);
        let Some(Frame { open: Open::Object { map, entries, key, .. }, .. }) = self.stack.last_mut() else {
            return Err(Stop::new(start, end, "a key stands outside of an object", "remove it"));
        };
        if map.contains_key(&name) {
            let at = entries.iter().position(|entry| entry.name == name);
            let first = at.map_or(0, |at| entries[at].key.start);
            if let (Some(at), Some(repeated)) = (at, &mut self.repeated) {
                let next = entries.get(at + 1).map_or(span.start, |entry| entry.key.start);
                repeated.push(Repeated { name: name.clone(), entry: Span { start: first, end: next }, later: span });
                entries.remove(at);
                map.remove(&name);
                *key = Some((name, span));
                return Ok(());
            }
            let message = format!("the key `{}` stands twice in one object", shorten(&name));
            let help = "keep one of the two: which of them counts differs from reader to reader";
            return Err(Stop { first: Some(first as usize), ..Stop::new(start, end, message, help) });
        }
        *key = Some((name, span));
        Ok(())
    }

    fn open(&mut self, object: bool, start: usize) -> Result<(), Stop> {
        if self.stack.len() >= MAX_DEPTH {
            return Err(Stop::new(
                start,
                start + 1,
                format!("the document is nested more than {MAX_DEPTH} deep"),
                "flatten it, or name its parts and refer to them",
            ));
        }
        let open = if object {
            Open::Object { map: Map::new(), entries: Vec::new(), key: None, merges: Vec::new() }
        } else {
            Open::Array { values: Vec::new(), nodes: Vec::new() }
        };
        self.stack.push(Frame { start, weight: 32, open });
        Ok(())
    }

    /// Ends the innermost collection at `end`; where `end` is not known, at the end of its last child.
    fn close(&mut self, end: Option<usize>) -> Finished {
        let Frame { start, weight, open } = self.stack.pop().expect("a reader closes only what it has opened");
        let last_child = |nodes: &[Node], ids: &mut dyn Iterator<Item = NodeId>| {
            ids.map(|id| nodes[id.0 as usize].span.end as usize).max().unwrap_or(0).saturating_sub(self.offset)
        };
        match open {
            Open::Array { values, nodes } => {
                let end = end.unwrap_or_else(|| last_child(&self.nodes, &mut nodes.iter().copied()));
                let span = self.span(start, end);
                let node = self.node(span, Children::Items(nodes));
                Finished { value: Value::Array(values), node, weight }
            }
            Open::Object { mut map, mut entries, merges, .. } => {
                let end = end.unwrap_or_else(|| last_child(&self.nodes, &mut entries.iter().map(|entry| entry.node)));
                for (value, node) in merges {
                    let (Value::Object(merged), Children::Entries(inner)) = (value, &self.nodes[node.0 as usize].children) else {
                        continue;
                    };
                    for (name, value) in merged {
                        if map.contains_key(&name) {
                            continue;
                        }
                        if let Ok(at) = inner.binary_search_by(|entry| entry.name.cmp(&name)) {
                            entries.push(inner[at].clone());
                            map.insert(name, value);
                        }
                    }
                }
                entries.sort_by(|a, b| a.name.cmp(&b.name));
                let span = self.span(start, end);
                let node = self.node(span, Children::Entries(entries));
                Finished { value: Value::Object(map), node, weight }
            }
        }
    }

    /// Adds the copy that an alias makes to what has been expanded so far.
    fn expand(&mut self, weight: usize, start: usize, end: usize) -> Result<(), Stop> {
        self.expanded = self.expanded.saturating_add(weight);
        if self.expanded > EXPANSION_BUDGET {
            return Err(Stop::new(
                start,
                end,
                "the aliases of this document expand to more than it may hold",
                "write the repeated parts out, or give them a schema of their own",
            ));
        }
        Ok(())
    }

    /// Puts a finished node in its place.
    fn put(&mut self, finished: Finished) {
        let Finished { value, node, weight } = finished;
        match self.stack.last_mut() {
            None => self.root = Some((value, node)),
            Some(frame) => {
                frame.weight = frame.weight.saturating_add(weight);
                match &mut frame.open {
                    Open::Array { values, nodes } => {
                        values.push(value);
                        nodes.push(node);
                    }
                    Open::Object { map, entries, key, .. } => {
                        let (name, span) = key.take().expect("a reader gives the key before its value");
                        entries.push(Entry { name: name.clone(), key: span, node });
                        map.insert(name, value);
                    }
                }
            }
        }
    }
}

/// A text that is short enough for a message.
pub(crate) fn shorten(text: &str) -> String {
    const LONGEST: usize = 60;
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    text.chars().take(LONGEST).chain(['…']).collect()
}

#[cfg(test)]
mod tests;
