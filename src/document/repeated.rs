//! Keys that stand twice in one object of a JSON text. Readers differ in which of the two counts; most take the last in silence.

use std::borrow::Cow;

use rustc_hash::FxHashSet;

/// The first key that stands twice in one object, and the line of its second place. The text has been read as JSON before.
pub fn repeated_key(text: &[u8]) -> Option<(String, usize)> {
    // The keys of the objects that are open; an array has none.
    let mut open: Vec<Option<FxHashSet<Cow<'_, [u8]>>>> = Vec::new();
    let mut is_key = false;
    let mut line = 1;
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        match byte {
            b'\n' => line += 1,
            b'{' => {
                open.push(Some(FxHashSet::default()));
                is_key = true;
            }
            b'[' => open.push(None),
            b'}' | b']' => drop(open.pop()),
            b',' => is_key = matches!(open.last(), Some(Some(_))),
            b':' => is_key = false,
            b'"' => {
                let end = end_of_string(text, at);
                if std::mem::take(&mut is_key)
                    && let Some(Some(keys)) = open.last_mut()
                {
                    let key = decoded(&text[at..end]);
                    if !keys.insert(key.clone()) {
                        return Some((String::from_utf8_lossy(&key).into_owned(), line));
                    }
                }
                at = end;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// Behind the closing quote of the string that begins here.
fn end_of_string(text: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    text.len()
}

/// What a string says, its quotes and escapes taken away.
fn decoded(quoted: &[u8]) -> Cow<'_, [u8]> {
    let inner = quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default();
    if !inner.contains(&b'\\') {
        return Cow::Borrowed(inner);
    }
    serde_json::from_slice::<String>(quoted).map_or(Cow::Borrowed(inner), |text| Cow::Owned(text.into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_twice_in_one_object_is_seen_with_its_line() {
        for (text, expected) in [
            ("{\"a\": 1,\n \"b\": {\"a\": 2},\n \"a\": 3}", Some(("a", 3))),
            ("{\"a\": 1, \"\\u0061\": 2}", Some(("a", 1))),
            ("[{\"a\": 1}, {\"a\": 2}, \"a\", \"a\"]", None),
            ("{\"a\": \"b\", \"b\": \"a\", \"c\": [\"a\", \"a\"], \"d\": \"{\\\"a\\\": 1, \"}", None),
            ("{\"a\\\"\": 1,\n\"a\\\\\": 2, \"a\\\"\": 3}", Some(("a\"", 2))),
            ("{\"a\": [1, {\"x\": 1}], \"b\": 2, \"b\": 3}", Some(("b", 1))),
            ("7", None),
        ] {
            let found = repeated_key(text.as_bytes());
            assert_eq!(found.as_ref().map(|(key, line)| (key.as_str(), *line)), expected, "{text}");
        }
    }
}
