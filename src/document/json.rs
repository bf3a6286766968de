//! Strict JSON (RFC 8259): no comments, no trailing commas, no second value.

use serde_json::{Number, Value};

use super::{Builder, Finished, Stop, shorten};

/// What may stand next.
enum Next {
    Value,
    /// Just after `[`.
    ValueOrClose,
    /// Just after `{`.
    KeyOrClose,
    /// After a comma in an object.
    Key,
    /// After a complete value.
    CommaOrClose,
}

pub(super) fn read(text: &str, builder: &mut Builder) -> Result<(), Stop> {
    let bytes = text.as_bytes();
    let mut at = skip_space(bytes, 0);
    if at == bytes.len() {
        return Err(Stop::new(at, at, "the document is empty", "write at least `{}`"));
    }
    // The innermost bracket last: an object's `}` or an array's `]`.
    let mut closers: Vec<u8> = Vec::new();
    let mut next = Next::Value;
    loop {
        at = skip_space(bytes, at);
        let Some(&byte) = bytes.get(at) else {
            let what = match closers.last() {
                Some(closer) => format!("the text ends before the closing `{}`", char::from(*closer)),
                None => "the text ends where a value is expected".to_owned(),
            };
            return Err(Stop::new(at, at, what, "the file may have been cut off"));
        };
        match (&next, byte) {
            (Next::ValueOrClose, b']') | (Next::KeyOrClose, b'}') => {
                closers.pop();
                at += 1;
                let finished = builder.close(Some(at));
                builder.put(finished);
                next = Next::CommaOrClose;
            }
            (Next::Value | Next::ValueOrClose, b'{') => {
                builder.open(true, at)?;
                closers.push(b'}');
                at += 1;
                next = Next::KeyOrClose;
                continue;
            }
            (Next::Value | Next::ValueOrClose, b'[') => {
                builder.open(false, at)?;
                closers.push(b']');
                at += 1;
                next = Next::ValueOrClose;
                continue;
            }
            (Next::Value | Next::ValueOrClose, _) => {
                let (finished, end) = scalar(text, at, builder)?;
                builder.put(finished);
                at = end;
                next = Next::CommaOrClose;
            }
            (Next::KeyOrClose | Next::Key, b'"') => {
                let (name, end) = string(text, at)?;
                builder.key(name, at, end)?;
                at = skip_space(bytes, end);
                if bytes.get(at) != Some(&b':') {
                    return Err(Stop::new(at, at + 1, "a `:` is expected after the key", "write `\"key\": value`"));
                }
                at += 1;
                next = Next::Value;
                continue;
            }
            (Next::KeyOrClose | Next::Key, _) => {
                let help = match byte {
                    b'}' => "remove the comma before it",
                    b'/' => "JSON has no comments: remove it, or keep the file as YAML",
                    b'\'' => "JSON puts keys in double quotes",
                    _ => "keys stand in double quotes",
                };
                return Err(Stop::new(at, at + 1, "a key is expected here", help));
            }
            (Next::CommaOrClose, b',') => {
                at += 1;
                next = if closers.last() == Some(&b'}') { Next::Key } else { Next::Value };
                if closers.is_empty() {
                    return Err(Stop::new(at - 1, at, "a comma stands after the end of the document", "remove it"));
                }
                continue;
            }
            (Next::CommaOrClose, closer) if closers.last() == Some(&closer) => {
                closers.pop();
                at += 1;
                let finished = builder.close(Some(at));
                builder.put(finished);
            }
            (Next::CommaOrClose, _) => {
                let what = match closers.last() {
                    Some(closer) => format!("`,` or `{}` is expected here", char::from(*closer)),
                    None => "something stands after the end of the document".to_owned(),
                };
                return Err(Stop::new(at, at + 1, what, "check the line above for a missing comma or quote"));
            }
        }
        if closers.is_empty() {
            at = skip_space(bytes, at);
            if at < bytes.len() {
                return Err(Stop::new(
                    at,
                    at + 1,
                    "something stands after the end of the document",
                    "a JSON file holds one value: remove what follows it",
                ));
            }
            return Ok(());
        }
    }
}

fn skip_space(bytes: &[u8], mut at: usize) -> usize {
    while matches!(bytes.get(at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
        at += 1;
    }
    at
}

fn scalar(text: &str, start: usize, builder: &mut Builder) -> Result<(Finished, usize), Stop> {
    let bytes = text.as_bytes();
    if bytes[start] == b'"' {
        let (value, end) = string(text, start)?;
        return Ok((builder.scalar(Value::String(value), start, end), end));
    }
    let end = bytes[start..]
        .iter()
        .position(|byte| !(byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.' | b'_') || !byte.is_ascii()))
        .map_or(bytes.len(), |length| start + length);
    let word = &text[start..end];
    let value = match word {
        "null" => Value::Null,
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ => match serde_json::from_str::<Number>(word) {
            Ok(number) if word.starts_with(|c: char| c == '-' || c.is_ascii_digit()) => Value::Number(number),
            Ok(_) | Err(_) => {
                let (what, help) = match bytes[start] {
                    b'/' => ("a comment stands here".to_owned(), "JSON has no comments: remove it, or keep the file as YAML"),
                    b'\'' => ("a single quote stands here".to_owned(), "JSON puts text in double quotes"),
                    b']' | b'}' | b',' => ("a value is expected here".to_owned(), "remove the comma before it"),
                    b'-' | b'0'..=b'9' => {
                        (format!("`{}` is not a number of JSON", shorten(word)), "write it as JSON does: 0.5, -1e3")
                    }
                    _ if word.is_empty() => ("a value is expected here".to_owned(), "write a JSON value"),
                    _ => (format!("`{}` is not a value of JSON", shorten(word)), "text stands in double quotes"),
                };
                return Err(Stop::new(start, end.max(start + 1), what, help));
            }
        },
    };
    Ok((builder.scalar(value, start, end), end))
}

/// The text of a string that starts at `start`, and the offset after its closing quote.
fn string(text: &str, start: usize) -> Result<(String, usize), Stop> {
    let bytes = text.as_bytes();
    let mut at = start + 1;
    let mut escaped = false;
    loop {
        match bytes.get(at) {
            Some(b'"') => break,
            Some(b'\\') => {
                escaped = true;
                at += 2;
            }
            Some(b'\n') | None => {
                return Err(Stop::new(start, at.min(bytes.len()), "a text is not closed on its line", "add the closing `\"`"));
            }
            Some(byte) if *byte < 0x20 => {
                return Err(Stop::new(
                    at,
                    at + 1,
                    format!("a control character (U+{byte:04X}) stands inside a text"),
                    "write it as an escape such as `\\t`",
                ));
            }
            Some(_) => at += 1,
        }
    }
    let end = at + 1;
    if !escaped {
        return Ok((text[start + 1..at].to_owned(), end));
    }
    match serde_json::from_str::<String>(&text[start..end]) {
        Ok(value) => Ok((value, end)),
        Err(error) => {
            // serde_json counts the column in bytes of its one line, from 1.
            let near = (start + error.column().saturating_sub(1)).min(end - 1);
            Err(Stop::new(near, end, "an escape in this text is not one of JSON's", "use `\\\"`, `\\\\`, `\\n`, `\\u00e9`, …"))
        }
    }
}
