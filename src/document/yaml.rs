//! YAML 1.2 with its core schema: one document, text keys, merge keys, aliases within bounds.

use granit_parser::{Event, Parser, ScalarStyle, ScanError, Tag};
use rustc_hash::FxHashMap;
use serde_json::{Number, Value};

use super::{Builder, Finished, Open, Stop, shorten};

pub(super) fn read(text: &str, builder: &mut Builder) -> Result<(), Stop> {
    let mut anchors: FxHashMap<usize, Finished> = FxHashMap::default();
    // Anchors of the collections that are still open, innermost last; 0 stands for none.
    let mut open_anchors: Vec<usize> = Vec::new();
    let mut documents = 0;
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| scan_error(text, &error))?;
        let start = span.start.byte_offset().unwrap_or(0);
        let end = span.end.byte_offset().unwrap_or(start).max(start);
        let finished = match event {
            Event::DocumentStart(..) => {
                documents += 1;
                if documents > 1 {
                    return Err(Stop::new(
                        start,
                        end,
                        "a second YAML document starts here",
                        "keep one document per file: put what follows `---` into a file of its own",
                    ));
                }
                continue;
            }
            Event::Scalar(value, style, anchor, tag) => {
                if builder.wants_key() {
                    if anchor != 0 {
                        return Err(Stop::new(start, end, "a key carries an anchor", "put the anchor on a value"));
                    }
                    builder.key(value.into_owned(), start, end)?;
                    continue;
                }
                let resolved = resolve(&value, style, tag.as_deref())
                    .map_err(|what| Stop::new(start, end, what, "write a value that JSON has, or put it in quotes"))?;
                let finished = builder.scalar(resolved, start, end);
                remember(&mut anchors, builder, anchor, &finished, start, end)?;
                finished
            }
            Event::SequenceStart(..) | Event::MappingStart(..) if builder.wants_key() => {
                return Err(Stop::new(start, end, "a list or an object stands where a key belongs", "keys are plain texts"));
            }
            Event::SequenceStart(_, anchor, _) => {
                builder.open(false, start)?;
                open_anchors.push(anchor);
                continue;
            }
            Event::MappingStart(_, anchor, _) => {
                builder.open(true, start)?;
                open_anchors.push(anchor);
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                // The end of a block collection is an empty span at whatever follows it.
                let finished = builder.close((end > start).then_some(end));
                let anchor = open_anchors.pop().unwrap_or(0);
                remember(&mut anchors, builder, anchor, &finished, start, end)?;
                finished
            }
            Event::Alias(id) => {
                let Some(target) = anchors.get(&id) else {
                    return Err(Stop::new(start, end, "an alias stands inside of what it names", "write that part out"));
                };
                if builder.wants_key() {
                    return Err(Stop::new(start, end, "an alias stands where a key belongs", "write the key out"));
                }
                builder.expand(target.weight, start, end)?;
                target.clone()
            }
            Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => continue,
            // Comments, and whatever a later version of the parser adds beside nodes.
            _ => continue,
        };
        put(builder, finished, start, end)?;
    }
    if builder.root.is_none() {
        return Err(Stop::new(0, 0, "the document is empty", "write at least `{}`"));
    }
    Ok(())
}

/// Keeps what an anchor names. The copy counts as an expansion: anchors inside of anchors multiply like aliases do.
fn remember(
    anchors: &mut FxHashMap<usize, Finished>,
    builder: &mut Builder,
    anchor: usize,
    finished: &Finished,
    start: usize,
    end: usize,
) -> Result<(), Stop> {
    if anchor != 0 {
        builder.expand(finished.weight, start, end)?;
        anchors.insert(anchor, finished.clone());
    }
    Ok(())
}

/// Puts a finished node in its place; under `<<` its entries join those of the object around it.
fn put(builder: &mut Builder, finished: Finished, start: usize, end: usize) -> Result<(), Stop> {
    let merging = match builder.stack.last() {
        Some(frame) => matches!(&frame.open, Open::Object { key: Some((name, _)), .. } if name == "<<"),
        None => false,
    };
    if !merging {
        builder.put(finished);
        return Ok(());
    }
    let wrong = || Stop::new(start, end, "`<<` takes an object or a list of objects", "write `<<: *name` for an anchored object");
    let mut parts = Vec::new();
    match finished.value {
        Value::Object(_) => parts.push((finished.value, finished.node)),
        Value::Array(values) => {
            let super::Children::Items(nodes) = &builder.nodes[finished.node.0 as usize].children else { return Err(wrong()) };
            for (value, node) in values.into_iter().zip(nodes.iter().copied()) {
                if !value.is_object() {
                    return Err(wrong());
                }
                parts.push((value, node));
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return Err(wrong()),
    }
    let frame = builder.stack.last_mut().expect("`merging` has looked at it");
    frame.weight = frame.weight.saturating_add(finished.weight);
    if let Open::Object { key, merges, .. } = &mut frame.open {
        *key = None;
        merges.extend(parts);
    }
    Ok(())
}

/// The value of a scalar by YAML's core schema; `Err` says what JSON has no form for.
fn resolve(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Result<Value, String> {
    let core = tag.and_then(|tag| tag.core_suffix());
    match core {
        Some("str" | "binary" | "timestamp") => return Ok(Value::String(text.to_owned())),
        Some("null") => return Ok(Value::Null),
        Some("bool" | "int" | "float") => {
            return match plain(text)? {
                Value::String(_) => Err(format!("`{}` is not of the type that its tag names", shorten(text))),
                value => Ok(value),
            };
        }
        Some(_) => {}
        // A tag of the document's own (`!Ref x`) says nothing of JSON: the text stays what it is.
        None if tag.is_some() => return Ok(Value::String(text.to_owned())),
        None => {}
    }
    if style == ScalarStyle::Plain { plain(text) } else { Ok(Value::String(text.to_owned())) }
}

fn plain(text: &str) -> Result<Value, String> {
    Ok(match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ => match number(text)? {
            Some(number) => Value::Number(number),
            None => Value::String(text.to_owned()),
        },
    })
}

/// A number of the core schema, in JSON's notation and with all its digits.
fn number(text: &str) -> Result<Option<Number>, String> {
    let (negative, body) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        Some(b'0'..=b'9' | b'.') => (false, text),
        _ => return Ok(None),
    };
    if matches!(body, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return Err(format!("`{text}` is a number that JSON does not have"));
    }
    if let Some(digits) = body.strip_prefix("0x") {
        return Ok(u128::from_str_radix(digits, 16).ok().filter(|_| !negative).and_then(|n| n.to_string().parse().ok()));
    }
    if let Some(digits) = body.strip_prefix("0o") {
        return Ok(u128::from_str_radix(digits, 8).ok().filter(|_| !negative).and_then(|n| n.to_string().parse().ok()));
    }
    let (mantissa, exponent) = match body.find(['e', 'E']) {
        Some(at) => (&body[..at], Some(&body[at + 1..])),
        None => (body, None),
    };
    let (whole, fraction) = match mantissa.find('.') {
        Some(at) => (&mantissa[..at], Some(&mantissa[at + 1..])),
        None => (mantissa, None),
    };
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let exponent_digits = exponent.map(|part| part.strip_prefix(['+', '-']).unwrap_or(part));
    if !digits(whole)
        || fraction.is_some_and(|part| !digits(part))
        || exponent_digits.is_some_and(|part| part.is_empty() || !digits(part))
        || (whole.is_empty() && fraction.is_none_or(str::is_empty))
    {
        return Ok(None);
    }
    let mut out = String::with_capacity(text.len() + 2);
    if negative {
        out.push('-');
    }
    let whole = whole.trim_start_matches('0');
    out.push_str(if whole.is_empty() { "0" } else { whole });
    if let Some(fraction) = fraction.filter(|part| !part.is_empty()) {
        out.push('.');
        out.push_str(fraction);
    }
    if let Some(exponent) = exponent {
        out.push('e');
        out.push_str(exponent);
    }
    Ok(serde_json::from_str::<Number>(&out).ok())
}

fn scan_error(text: &str, error: &ScanError) -> Stop {
    let marker = error.marker();
    let at = marker.byte_offset().filter(|at| *at <= text.len()).unwrap_or_else(|| {
        let line = text.split_inclusive('\n').take(marker.line().saturating_sub(1)).map(str::len).sum::<usize>();
        let column: usize = text[line.min(text.len())..].chars().take(marker.col()).map(char::len_utf8).sum();
        (line + column).min(text.len())
    });
    let message = error.info();
    if message.contains("recursion limit") {
        let help = "flatten it, or name its parts and refer to them";
        return Stop::new(at, at + 1, "the document is nested more than 255 deep", help);
    }
    let before = &text[..at.min(text.len())];
    let line = before.rsplit('\n').next().unwrap_or("");
    let rest = text[at.min(text.len())..].split('\n').next().unwrap_or("");
    let help = if message.to_ascii_lowercase().contains("tab") || rest.starts_with('\t') || line.starts_with('\t') {
        "YAML is indented with spaces: replace the tab"
    } else if message.contains("anchor") {
        "an alias `*name` stands after the `&name` that it repeats; a text that starts with `*` or `&` needs quotes"
    } else {
        "check indentation, quotes and colons here and on the line above"
    };
    Stop::new(at, at + 1, format!("this is not YAML: {message}"), help)
}
