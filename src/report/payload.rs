//! A payload as a person reads it: whole where it is short, else what lies on the way to the place that the finding speaks of.
//!
//! A payload that proves a break is as large as the schema demands it to be, and of a hundred keys one is the point.

use serde_json::{Map, Value, json};

/// Lines of a payload that is shown whole.
const LINES: usize = 30;

/// Keys or elements beside the way to the place that are shown, so that one sees where one is.
const BESIDE: usize = 3;

/// The key that stands for those that are left out.
const MORE: &str = "…";

/// A payload in lines, of which `path` and `to` are the point.
pub fn shown(path: &str, to: Option<&str>, payload: &Value) -> String {
    let whole = pretty(payload);
    if whole.lines().count() <= LINES {
        return whole;
    }
    let paths: Vec<Vec<String>> = [Some(path), to].into_iter().flatten().map(steps).collect();
    let ways: Vec<&[String]> = paths.iter().map(Vec::as_slice).collect();
    pretty(&short(payload, &ways))
}

/// The steps of a JSON Pointer.
fn steps(path: &str) -> Vec<String> {
    path.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~")).collect()
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_else(|_| value.to_string())
}

/// The value with little beside what the ways lead to.
fn short(value: &Value, ways: &[&[String]]) -> Value {
    match value {
        Value::Object(map) => {
            let mut out = Map::new();
            for (key, inner) in map {
                let further = further(ways, |step| step == key || (step == "*" && map.keys().next() == Some(key)));
                if !further.is_empty() {
                    out.insert(key.clone(), short(inner, &further));
                }
            }
            // Beside what the way leads through a few others are enough, of an object at its end as well.
            let beside = if out.is_empty() { 2 * BESIDE } else { BESIDE };
            let others: Vec<&String> = map.keys().filter(|key| !out.contains_key(*key)).collect();
            for key in others.iter().take(beside) {
                out.insert((*key).clone(), closed(&map[*key]));
            }
            if others.len() > beside {
                out.insert(MORE.to_owned(), json!(format!("{} more", others.len() - beside)));
            }
            Value::Object(out)
        }
        Value::Array(items) => {
            let mut out = Vec::new();
            let mut left_out = 0;
            for (at, item) in items.iter().enumerate() {
                let further = further(ways, |step| step == at.to_string() || (step == "*" && at == 0));
                match (further.is_empty(), at < BESIDE) {
                    (false, _) => out.push(short(item, &further)),
                    (true, true) => out.push(closed(item)),
                    (true, false) => left_out += 1,
                }
            }
            if left_out > 0 {
                out.push(json!(format!("{MORE} {left_out} more")));
            }
            Value::Array(out)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

/// The ways that go on through a step.
fn further<'w>(ways: &[&'w [String]], takes: impl Fn(&str) -> bool) -> Vec<&'w [String]> {
    ways.iter().filter_map(|way| way.split_first().filter(|(step, _)| takes(step)).map(|(_, rest)| rest)).collect()
}

/// A value of which nothing inside is shown.
fn closed(value: &Value) -> Value {
    match value {
        Value::Object(map) if !map.is_empty() => json!({ MORE: format!("{} more", map.len()) }),
        Value::Array(items) if !items.is_empty() => json!([format!("{MORE} {} more", items.len())]),
        _ => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn long() -> Value {
        let keys: Map<String, Value> = (10..50).map(|at| (format!("k{at}"), json!({ "inner": at, "list": [at, at] }))).collect();
        json!({ "order": keys, "a": 1, "b": 2, "c": 3, "d": 4 })
    }

    #[test]
    fn a_short_payload_is_shown_whole() {
        let payload = json!({ "a": { "b": [1, 2] } });
        assert_eq!(shown("/x", None, &payload), serde_json::to_string_pretty(&payload).expect("it is JSON"));
    }

    #[test]
    fn of_a_long_payload_the_place_is_shown() {
        let text = shown("/order/k42/inner", None, &long());
        let value: Value = serde_json::from_str(&text).expect("it stays JSON");
        assert_eq!(value["order"]["k42"], json!({ "inner": 42, "list": ["… 2 more"] }));
        assert_eq!(value["order"]["…"], "36 more");
        assert_eq!((&value["a"], &value["…"]), (&json!(1), &json!("1 more")));
        assert!(text.lines().count() <= LINES, "{text}");
        // Of a key that is missing, what stands there instead; of a list, its elements.
        let text = shown("/order/gone", Some("/order/k20/list/*"), &long());
        assert!(text.contains("k20") && text.contains("20,"), "{text}");
        let text = shown("", None, &long());
        assert!(text.contains("\"order\"") && text.lines().count() < 20, "{text}");
    }
}
