//! `driftgate subschema A B` and `driftgate subschema --batch`: containment alone.

use std::io::{self, BufRead, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use rayon::prelude::*;
use serde_json::{Map, Value, json};

use crate::document::{repeated_keys, twice};
use crate::error::UserError;
use crate::prove::{self, Document, Options, Reason, Verdict};
use crate::schema::Draft;

/// Batch lines answered at once: enough to keep all cores busy, few enough to answer while input is still coming.
const BATCH_WINDOW: usize = 256;

/// Bytes of one batch line. A longer one is an error of its own, so that no input fills the memory.
const LINE_LIMIT: usize = 16 * 1024 * 1024;

/// Bytes of the lines that are answered at once; the line that crosses it is still taken.
const WINDOW_LIMIT: usize = 8 * 1024 * 1024;

/// Is every instance of A an instance of B?
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The schema whose instances are sent
    #[arg(value_name = "A", required_unless_present = "batch")]
    pub a: Option<PathBuf>,

    /// The schema that has to accept them
    #[arg(value_name = "B", required_unless_present = "batch")]
    pub b: Option<PathBuf>,

    /// Answer one line for each `{"id", "a", "b", "draft"?}` line on standard input
    #[arg(long, conflicts_with_all = ["a", "b"])]
    pub batch: bool,

    /// The draft of a schema without `$schema`: 4, 6, 7, 2019-09, 2020-12, openapi-3.0, openapi-3.1
    #[arg(long, value_name = "DRAFT", default_value = "2020-12")]
    pub draft: String,

    /// Take `format` as an assertion
    #[arg(long)]
    pub assert_format: bool,

    /// How the answer is written
    #[arg(long, value_name = "F", default_value = "auto", value_parser = ["auto", "text", "json"])]
    pub format: String,

    /// A further document that references may lead to, as ADDRESS=FILE; may be given many times
    #[arg(long, value_name = "ADDRESS=FILE")]
    pub resource: Vec<String>,
}

/// Bytes that a schema may take once it is read. Past this the answer is `unknown`.
const MEMORY_LIMIT: usize = 48 * 1024 * 1024;

/// What all pairs of a run have in common.
struct Setting {
    draft: Draft,
    assert_format: bool,
    resources: Vec<(String, Value)>,
}

/// Runs the command. `terminal` says whether standard output is one.
pub fn run(args: &Args, terminal: bool, input: &mut dyn BufRead, output: &mut dyn Write) -> Result<ExitCode, UserError> {
    let draft = Draft::from_name(&args.draft).ok_or_else(|| UserError::Usage {
        message: format!("`{}` is not a draft", args.draft),
        help: "use 4, 6, 7, 2019-09, 2020-12, openapi-3.0 or openapi-3.1".to_owned(),
    })?;
    let mut resources = Vec::new();
    for resource in &args.resource {
        let Some((address, file)) = resource.split_once('=') else {
            return Err(UserError::Usage {
                message: format!("`{resource}` does not name an address and a file"),
                help: "write `--resource https://example.com/common.json=schemas/common.json`".to_owned(),
            });
        };
        resources.push((address.to_owned(), read_json(Path::new(file))?));
    }
    let setting = Setting { draft, assert_format: args.assert_format, resources };
    if args.batch {
        batch(&setting, input, output)?;
        return Ok(ExitCode::SUCCESS);
    }
    let (Some(a), Some(b)) = (&args.a, &args.b) else {
        return Err(UserError::Usage {
            message: "two schemas are compared".to_owned(),
            help: "give both files, or `--batch` and lines on standard input".to_owned(),
        });
    };
    let mut notes = Vec::new();
    let producer = document(a, &setting, &mut notes)?;
    let consumer = document(b, &setting, &mut notes)?;
    let mut answer = Answer::of(producer, consumer);
    answer.diagnostics.splice(0..0, notes);
    let as_text = args.format == "text" || (args.format == "auto" && terminal);
    let line = if as_text { text_of(&answer, a, b) } else { format!("{}\n", Value::Object(json_of(&answer))) };
    output.write_all(line.as_bytes()).and_then(|()| output.flush()).map_err(|error| unwritable(&error))?;
    Ok(match answer.verdict {
        Verdict::Escapes(_) => ExitCode::FAILURE,
        Verdict::Contained | Verdict::Unknown(_) => ExitCode::SUCCESS,
    })
}

/// What is said of a pair.
struct Answer {
    verdict: Verdict,
    /// What one should know of how the schemas were read.
    diagnostics: Vec<String>,
}

impl Answer {
    fn of(producer: Result<Document, Reason>, consumer: Result<Document, Reason>) -> Answer {
        let (producer, consumer) = match (producer, consumer) {
            (Ok(producer), Ok(consumer)) => (producer, consumer),
            (Err(reason), _) | (_, Err(reason)) => {
                return Answer { verdict: Verdict::Unknown(reason), diagnostics: Vec::new() };
            }
        };
        let verdict = prove::contains(&consumer, &producer, &Options::default());
        let mut diagnostics: Vec<String> = [&producer, &consumer].into_iter().filter_map(private).collect();
        diagnostics.dedup();
        Answer { verdict, diagnostics }
    }
}

fn private(document: &Document) -> Option<String> {
    let address = document.private_address()?;
    let draft = document.draft().as_str();
    Some(format!("`{address}` is no dialect of JSON Schema; its keywords are read as those of draft {draft}"))
}

fn text_of(answer: &Answer, a: &Path, b: &Path) -> String {
    let (a, b) = (a.display(), b.display());
    let notes: String = answer.diagnostics.iter().map(|text| format!("note: {text}\n")).collect();
    let said = match &answer.verdict {
        Verdict::Contained => format!("every instance of {a} is an instance of {b}\n"),
        Verdict::Escapes(witness) => {
            let payload = serde_json::to_string_pretty(witness.payload()).unwrap_or_else(|_| witness.payload().to_string());
            format!("{a} accepts what {b} refuses, for example:\n{payload}\n")
        }
        Verdict::Unknown(reason) => format!("unknown: {reason}\n"),
    };
    said + &notes
}

fn json_of(answer: &Answer) -> Map<String, Value> {
    let mut map = Map::new();
    if !answer.diagnostics.is_empty() {
        map.insert("diagnostics".to_owned(), json!(answer.diagnostics));
    }
    match &answer.verdict {
        Verdict::Contained => {
            map.insert("subset".to_owned(), Value::Bool(true));
        }
        Verdict::Escapes(witness) => {
            map.insert("subset".to_owned(), Value::Bool(false));
            map.insert("witness".to_owned(), witness.payload().clone());
        }
        Verdict::Unknown(reason) => {
            map.insert("subset".to_owned(), json!("unknown"));
            map.insert("reason".to_owned(), json!(reason.to_string()));
        }
    }
    map
}

/// Reads a schema file. What is no JSON is the user's to put right; what is no schema is an answer.
fn document(path: &Path, setting: &Setting, notes: &mut Vec<String>) -> Result<Result<Document, Reason>, UserError> {
    let bytes = read(path)?;
    if footprint(&bytes) > MEMORY_LIMIT {
        let text = format!("{} is too large: a proof of it would take more memory than it may", path.display());
        return Ok(Err(Reason::new("", "", text)));
    }
    let value = json_of_file(path, &bytes)?;
    let told = |(key, line): (String, usize)| format!("{}:{line}: {}", path.display(), twice(&key));
    notes.extend(repeated_keys(&bytes).into_iter().map(told));
    Ok(prepared(value, setting.draft, setting))
}

fn prepared(value: Value, draft: Draft, setting: &Setting) -> Result<Document, Reason> {
    Ok(Document::new(value, Some(draft), &setting.resources)?.asserting_formats(setting.assert_format))
}

fn read_json(path: &Path) -> Result<Value, UserError> {
    json_of_file(path, &read(path)?)
}

/// The bytes of a file, of a byte order mark freed.
fn read(path: &Path) -> Result<Vec<u8>, UserError> {
    let mut bytes = std::fs::read(path)
        .map_err(|error| UserError::Unreadable { path: path.display().to_string(), message: error.to_string() })?;
    if bytes.starts_with(b"\xef\xbb\xbf") {
        bytes.drain(..3);
    }
    Ok(bytes)
}

fn json_of_file(path: &Path, bytes: &[u8]) -> Result<Value, UserError> {
    serde_json::from_slice(bytes).map_err(|error| UserError::Configuration {
        file: path.display().to_string(),
        line: u32::try_from(error.line()).ok().filter(|line| *line > 0),
        message: format!("this is not JSON that can be read: {error}"),
        help: "a schema is a JSON file, nested at most 127 levels deep".to_owned(),
    })
}

/// At most so many bytes a JSON text takes once it is read, by the marks in it; what stands in texts counts as well.
fn footprint(text: &[u8]) -> usize {
    const OBJECT: usize = 600;
    const VALUE: usize = 64;
    let (mut objects, mut values) = (0, 0);
    for byte in text {
        match byte {
            b':' => objects += 1,
            b',' | b'[' => values += 1,
            _ => {}
        }
    }
    // An object takes as much as its first entries do, so it is counted by its entries, of which it has some.
    text.len() + objects * OBJECT / 2 + values * VALUE
}

fn unwritable(error: &io::Error) -> UserError {
    UserError::Unwritable { path: "standard output".to_owned(), message: error.to_string() }
}

/// Answers line by line, in order. A line that is wrong is answered with what is wrong about it.
fn batch(setting: &Setting, input: &mut dyn BufRead, output: &mut dyn Write) -> Result<(), UserError> {
    loop {
        let mut lines: Vec<Vec<u8>> = Vec::new();
        let mut ended = false;
        let mut bytes = 0;
        while lines.len() < BATCH_WINDOW && bytes < WINDOW_LIMIT {
            let mut line = Vec::new();
            let read = read_line(input, &mut line)
                .map_err(|error| UserError::Unreadable { path: "standard input".to_owned(), message: error.to_string() })?;
            if !read {
                ended = true;
                break;
            }
            if !line.iter().all(u8::is_ascii_whitespace) {
                bytes += line.len();
                lines.push(line);
            }
        }
        let answers: Vec<String> = lines.par_iter().map(|line| answer(line, setting)).collect();
        for answer in answers {
            writeln!(output, "{answer}").map_err(|error| unwritable(&error))?;
        }
        output.flush().map_err(|error| unwritable(&error))?;
        if ended {
            return Ok(());
        }
    }
}

/// One line without its end; `false` at the end of the input. Past the limit the line's rest is skipped.
fn read_line(input: &mut dyn BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    let mut any = false;
    loop {
        let chunk = input.fill_buf()?;
        if chunk.is_empty() {
            return Ok(any);
        }
        any = true;
        let end = chunk.iter().position(|byte| *byte == b'\n');
        let taken = end.unwrap_or(chunk.len());
        let room = (LINE_LIMIT + 1).saturating_sub(line.len());
        line.extend_from_slice(&chunk[..taken.min(room)]);
        let used = end.map_or(chunk.len(), |end| end + 1);
        input.consume(used);
        if end.is_some() {
            return Ok(true);
        }
    }
}

fn answer(line: &[u8], setting: &Setting) -> String {
    let mut map = Map::new();
    match pair(line, setting) {
        Ok((id, answer)) => {
            map.insert("id".to_owned(), id);
            map.extend(json_of(&answer));
        }
        Err((id, message)) => {
            map.insert("id".to_owned(), id);
            map.insert("error".to_owned(), Value::String(message));
        }
    }
    Value::Object(map).to_string()
}

fn pair(line: &[u8], setting: &Setting) -> Result<(Value, Answer), (Value, String)> {
    if line.len() > LINE_LIMIT {
        return Err((Value::Null, format!("the line is longer than {LINE_LIMIT} bytes")));
    }
    if footprint(line) > 2 * MEMORY_LIMIT {
        return Err((Value::Null, "the schemas are too large: a proof of them would take more memory than it may".to_owned()));
    }
    let value: Value = serde_json::from_slice(line).map_err(|error| (Value::Null, format!("not JSON: {error}")))?;
    let Value::Object(mut map) = value else {
        return Err((Value::Null, "a line is an object with `id`, `a` and `b`".to_owned()));
    };
    let id = map.remove("id").unwrap_or(Value::Null);
    let draft = match map.remove("draft") {
        None | Some(Value::Null) => setting.draft,
        Some(Value::String(name)) => match Draft::from_name(&name) {
            Some(draft) => draft,
            None => return Err((id, format!("`{name}` is not a draft"))),
        },
        Some(Value::Number(number)) => match Draft::from_name(&number.to_string()) {
            Some(draft) => draft,
            None => return Err((id, format!("`{number}` is not a draft"))),
        },
        Some(_) => return Err((id, "`draft` is a text".to_owned())),
    };
    let (Some(a), Some(b)) = (map.remove("a"), map.remove("b")) else {
        return Err((id, "the line lacks `a` or `b`".to_owned()));
    };
    let both = [a, b].map(|value| {
        if value.is_object() || value.is_boolean() { Ok(value) } else { Err("a schema is an object or a boolean".to_owned()) }
    });
    let [a, b] = match both {
        [Ok(a), Ok(b)] => [a, b],
        [Err(message), _] | [_, Err(message)] => return Err((id, message)),
    };
    let mut answer = Answer::of(prepared(a, draft, setting), prepared(b, draft, setting));
    answer.diagnostics.extend(repeated_keys(line).into_iter().map(|(key, _)| twice(&key)));
    Ok((id, answer))
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    fn check(input: &str, expected: Expect) {
        let setting = Setting { draft: Draft::Draft202012, assert_format: false, resources: Vec::new() };
        let mut output = Vec::new();
        batch(&setting, &mut input.as_bytes(), &mut output).expect("nothing fails on a slice");
        expected.assert_eq(&String::from_utf8(output).expect("JSON is UTF-8"));
    }

    #[test]
    fn a_batch_answers_line_by_line_and_goes_on_after_a_wrong_one() {
        check(
            r##"{"id": 1, "a": {"type": "integer"}, "b": {"type": "number"}}
{"id": "two", "a": {"type": "number"}, "b": {"type": "integer"}}
nonsense

{"id": 3, "a": {}}
{"id": 4, "a": {}, "b": {}, "draft": "5"}
{"id": 5, "a": 7, "b": {}}
{"id": 6, "a": {"type": "integer", "minimum": 1e400}, "b": {"maximum": 12345678901234567890}}
{"id": 7, "a": {"type": "text"}, "b": false}
{"id": 8, "a": {"$ref": "#"}, "b": false}
{"id": 9, "a": {"$ref": "#/$defs/x"}, "b": {"type": "string"}}
"##,
            expect![[r#"
                {"id":1,"subset":true}
                {"id":"two","subset":false,"witness":0.5}
                {"error":"not JSON: expected ident at line 1 column 2","id":null}
                {"error":"the line lacks `a` or `b`","id":3}
                {"error":"`5` is not a draft","id":4}
                {"error":"a schema is an object or a boolean","id":5}
                {"id":6,"subset":false,"witness":10000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000}
                {"id":7,"reason":"`type`: the schema is not valid: \"text\" is not valid under any of the schemas listed in the 'anyOf' keyword","subset":"unknown"}
                {"id":8,"reason":"`$ref`: the reference leads back to its own schema without stepping into a value","subset":"unknown"}
                {"id":9,"reason":"`$ref`: there is nothing at `#/$defs/x`","subset":"unknown"}
            "#]],
        );
    }

    #[test]
    fn the_draft_of_a_line_decides_what_its_keywords_mean() {
        check(
            r##"{"id": 1, "a": {"minimum": 3, "type": "integer"}, "b": {"minimum": 3, "exclusiveMinimum": true}, "draft": 4}
{"id": 2, "a": {"const": 1}, "b": {"type": "integer"}, "draft": "4"}
{"id": 3, "a": {"$schema": "http://json-schema.org/draft-07/schema#", "items": [{"type": "null"}]}, "b": {"prefixItems": [{"type": "null"}]}}
{"id": 4, "a": {"type": "string", "nullable": true}, "b": {"type": "string"}, "draft": "openapi-3.0"}
"##,
            expect![[r#"
                {"id":1,"subset":false,"witness":3}
                {"id":2,"subset":false,"witness":{}}
                {"id":3,"subset":true}
                {"id":4,"subset":false,"witness":null}
            "#]],
        );
    }
}
