//! Containment over the history of real schemas: every version against the one before it, in both directions.
//!
//! ```text
//! DRIFTGATE_HISTORY=…/webhooks.git DRIFTGATE_PREFIX=payload-schemas/api.github.com \
//!     cargo test --release --test prove of_real_schemas -- --nocapture
//! DRIFTGATE_HISTORY=…/schemastore.git DRIFTGATE_PREFIX=src/schemas/json \
//!     DRIFTGATE_ADDRESS=https://json.schemastore.org/ cargo test --release --test prove of_real_schemas -- --nocapture
//! ```
//!
//! `DRIFTGATE_HISTORY` is a git directory. Files under `common/` of the prefix are what the others refer to by relative addresses;
//! `DRIFTGATE_ADDRESS` is the address of the prefix itself, by which they refer to each other. `DRIFTGATE_LIMIT` bounds the number of
//! changed files, `DRIFTGATE_WITNESSES` names a file that gets every refutation as a JSON line, for a second validator (`tests/prove/second_validator.py`). With `DRIFTGATE_RELEASES=OLD,NEW` all events of two commits are
//! compared as one union. Where no repository is named the tests say so and pass.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use driftgate::prove::{self, Document, Options, Verdict};
use driftgate::schema::Draft;
use serde_json::{Value, json};

fn git(repository: &Path, arguments: &[&str]) -> Option<Vec<u8>> {
    let output = Command::new("git").arg("-C").arg(repository).args(arguments).output().ok()?;
    output.status.success().then_some(output.stdout)
}

fn lines(repository: &Path, arguments: &[&str]) -> Vec<String> {
    let output = git(repository, arguments).unwrap_or_default();
    String::from_utf8_lossy(&output).lines().map(str::to_owned).collect()
}

/// A schema, as it stands.
fn whole(repository: &Path, blob: &str) -> Option<Value> {
    let value: Value = serde_json::from_slice(&git(repository, &["cat-file", "blob", blob])?).ok()?;
    value.is_object().then_some(value)
}

/// A schema without its own address: the path within the repository serves as its address here.
fn schema(repository: &Path, blob: &str) -> Option<Value> {
    let mut value = whole(repository, blob)?;
    if let Value::Object(map) = &mut value {
        map.remove("$id");
        map.remove("id");
    }
    Some(value)
}

/// The files under `common/` of the folder, which the others refer to.
fn common(repository: &Path, commit: &str, prefix: &str, cache: &mut BTreeMap<String, Option<Value>>) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    for line in lines(repository, &["ls-tree", "-r", commit, prefix]) {
        let Some((header, path)) = line.split_once('\t') else { continue };
        let Some(name) = path.split_once("/common/").map(|(_, name)| name) else { continue };
        let Some(blob) = header.split_whitespace().nth(2) else { continue };
        let value = cache.entry(blob.to_owned()).or_insert_with(|| schema(repository, blob));
        if let Some(value) = value {
            found.push((format!("json-schema:///common/{name}"), value.clone()));
        }
    }
    found
}

/// The files of a commit that a schema refers to by an address under `address`, theirs included.
fn addressed(repository: &Path, commit: &str, prefix: &str, address: &str, value: &Value) -> Vec<(String, Value)> {
    let mut found: Vec<(String, Value)> = Vec::new();
    let mut pending = vec![value.clone()];
    while let Some(value) = pending.pop() {
        for reference in references(&value) {
            let plain = reference.split('#').next().unwrap_or_default().to_owned();
            let Some(name) = plain.strip_prefix(address) else { continue };
            if found.iter().any(|(known, _)| *known == plain) || found.len() > 200 {
                continue;
            }
            let file = if name.ends_with(".json") { name.to_owned() } else { format!("{name}.json") };
            if let Some(value) = whole(repository, &format!("{commit}:{prefix}/{file}")) {
                pending.push(value.clone());
                found.push((plain, value));
            }
        }
    }
    found
}

fn references(value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut pending = vec![value];
    while let Some(value) = pending.pop() {
        match value {
            Value::Object(map) => {
                found.extend(map.get("$ref").and_then(Value::as_str).map(str::to_owned));
                pending.extend(map.values());
            }
            Value::Array(items) => pending.extend(items),
            _ => {}
        }
    }
    found
}

/// What a run found.
#[derive(Default)]
struct Found {
    files: usize,
    tally: BTreeMap<&'static str, usize>,
    reasons: BTreeMap<String, usize>,
    times: Vec<(Duration, String)>,
    prepared: Vec<Duration>,
    witnesses: Option<std::fs::File>,
}

impl Found {
    fn ask(&mut self, consumer: &Document, producer: &Document, name: &str) {
        let start = Instant::now();
        let verdict = prove::contains(consumer, producer, &Options::default());
        self.times.push((start.elapsed(), name.to_owned()));
        let answer = match verdict {
            Verdict::Contained => "contained",
            Verdict::Escapes(witness) => {
                assert!(prove::accepts(producer, witness.payload()) && !prove::accepts(consumer, witness.payload()));
                if let Some(file) = &mut self.witnesses {
                    let side = |document: &Document| {
                        let resources: serde_json::Map<_, _> = document.resources().iter().cloned().collect();
                        json!({"schema": document.value(), "base": document.base(), "resources": resources})
                    };
                    let line = json!({"producer": side(producer), "consumer": side(consumer), "witness": witness.payload()});
                    writeln!(file, "{line}").expect("the file can be written to");
                }
                "escapes"
            }
            // No validator can say anything of such a schema either.
            Verdict::Unknown(_) if consumer.validator().is_err() || producer.validator().is_err() => "not a valid schema",
            Verdict::Unknown(reason) => {
                println!("UNKNOWN {name}: {reason}");
                *self.reasons.entry(format!("{}: {}", reason.keyword, reason.text)).or_default() += 1;
                "unknown"
            }
        };
        *self.tally.entry(answer).or_default() += 1;
    }

    fn report(mut self) {
        self.times.sort();
        self.prepared.sort_unstable();
        let at = |part: f64| {
            self.times.get(((self.times.len() as f64 - 1.0) * part) as usize).map(|(time, _)| *time).unwrap_or_default()
        };
        println!("{} changed files, both directions: {:?}; unknown: {:?}", self.files, self.tally, self.reasons);
        println!("median {:?}, 95th percentile {:?}, 99th {:?}", at(0.5), at(0.95), at(0.99));
        for (time, name) in self.times.iter().rev().take(5) {
            println!("slow: {time:?} {name}");
        }
        println!(
            "to prepare both documents: median {:?}",
            self.prepared.get(self.prepared.len() / 2).copied().unwrap_or_default()
        );
        let unknown = self.tally.get("unknown").copied().unwrap_or(0);
        assert!(unknown * 50 <= self.times.len(), "{unknown} of {} undecided", self.times.len());
    }
}

#[test]
fn the_history_of_real_schemas_is_decided() {
    let Some(repository) = std::env::var_os("DRIFTGATE_HISTORY") else {
        println!("SKIPPED: DRIFTGATE_HISTORY names no repository");
        return;
    };
    let repository = Path::new(&repository);
    let prefix = std::env::var("DRIFTGATE_PREFIX").unwrap_or_default();
    let address = std::env::var("DRIFTGATE_ADDRESS").ok();
    let limit: usize = std::env::var("DRIFTGATE_LIMIT").ok().and_then(|limit| limit.parse().ok()).unwrap_or(usize::MAX);
    let mut cache = BTreeMap::new();
    let mut found = Found {
        witnesses: std::env::var_os("DRIFTGATE_WITNESSES").map(|file| std::fs::File::create(file).expect("the file can be made")),
        ..Found::default()
    };
    let range = lines(repository, &["log", "--format=%H", "--first-parent", "--diff-filter=M", "--", &prefix]);
    for commit in range {
        if found.files >= limit {
            break;
        }
        let parent = format!("{commit}^");
        let changed = lines(repository, &["diff-tree", "-r", "--diff-filter=M", &parent, &commit, "--", &prefix]);
        let changed: Vec<&String> = changed.iter().filter(|line| line.ends_with(".json")).collect();
        if changed.is_empty() {
            continue;
        }
        let shared = match address {
            None => (common(repository, &parent, &prefix, &mut cache), common(repository, &commit, &prefix, &mut cache)),
            Some(_) => (Vec::new(), Vec::new()),
        };
        for line in changed {
            let Some((header, path)) = line.split_once('\t') else { continue };
            let blobs: Vec<&str> = header.split_whitespace().collect();
            let (Some(old), Some(new)) = (schema(repository, blobs[2]), schema(repository, blobs[3])) else { continue };
            let (before, after) = match &address {
                Some(address) => (
                    addressed(repository, &parent, &prefix, address, &old),
                    addressed(repository, &commit, &prefix, address, &new),
                ),
                None => shared.clone(),
            };
            let place = if path.contains("/common/") { "json-schema:///common/self" } else { "json-schema:///self" };
            let start = Instant::now();
            let old = Document::at(place, old, Some(Draft::Draft7), &before);
            let new = Document::at(place, new, Some(Draft::Draft7), &after);
            let (Ok(old), Ok(new)) = (old, new) else { continue };
            found.prepared.push(start.elapsed());
            found.files += 1;
            let name = format!("{} {path}", &commit[..10]);
            found.ask(&new, &old, &format!("{name} (old within new)"));
            found.ask(&old, &new, &format!("{name} (new within old)"));
        }
    }
    found.report();
}

/// All events of a release as one union, against the release before.
#[test]
fn the_bundle_of_all_events_is_decided_in_time() {
    let (Some(repository), Ok(releases)) = (std::env::var_os("DRIFTGATE_HISTORY"), std::env::var("DRIFTGATE_RELEASES")) else {
        println!("SKIPPED: DRIFTGATE_HISTORY and DRIFTGATE_RELEASES=OLD,NEW name no bundle");
        return;
    };
    let repository = Path::new(&repository);
    let prefix = std::env::var("DRIFTGATE_PREFIX").unwrap_or_default();
    let mut bundles = Vec::new();
    for commit in releases.split(',') {
        let mut cache = BTreeMap::new();
        let mut resources = common(repository, commit, &prefix, &mut cache);
        let mut alternatives = Vec::new();
        for line in lines(repository, &["ls-tree", "-r", commit, &prefix]) {
            let Some((header, path)) = line.split_once('\t') else { continue };
            if !path.ends_with(".schema.json") || path.contains("/common/") {
                continue;
            }
            let Some(value) = header.split_whitespace().nth(2).and_then(|blob| schema(repository, blob)) else { continue };
            let address = format!("json-schema:///{}", path.replace('/', "."));
            alternatives.push(json!({ "$ref": address }));
            resources.push((address, value));
        }
        println!("{commit}: {} events", alternatives.len());
        let start = Instant::now();
        bundles.push(Document::new(json!({ "oneOf": alternatives }), Some(Draft::Draft7), &resources).expect("a schema"));
        println!("prepared in {:?}", start.elapsed());
    }
    let [old, new] = bundles.as_slice() else { return };
    for (name, consumer, producer) in [("old within new", new, old), ("new within old", old, new), ("old within old", old, old)] {
        let start = Instant::now();
        let verdict = prove::contains(consumer, producer, &Options::default());
        println!(
            "{name}: {:?}, {}",
            start.elapsed(),
            match verdict {
                Verdict::Contained => "contained".to_owned(),
                Verdict::Escapes(witness) => format!("escapes with {} bytes", witness.payload().to_string().len()),
                Verdict::Unknown(reason) => format!("unknown: {reason}"),
            }
        );
    }
}
