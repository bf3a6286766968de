//! Containment on the real history of schemas in a git repository: every commit that changed one, in both directions.
//!
//! ```text
//! DRIFTGATE_HISTORY=/path/to/octokit-webhooks DRIFTGATE_PREFIX=payload-schemas \
//!     cargo test --release --test prove history -- --nocapture
//! ```
//!
//! Without `DRIFTGATE_HISTORY` the test says so and passes. `DRIFTGATE_LIMIT` bounds the number of changed files.

use std::collections::BTreeMap;
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

/// A schema without its own address: the path within the repository serves as its address here.
fn schema(repository: &Path, blob: &str) -> Option<Value> {
    let mut value: Value = serde_json::from_slice(&git(repository, &["cat-file", "blob", blob])?).ok()?;
    if let Value::Object(map) = &mut value {
        map.remove("$id");
    }
    (value.is_object()).then_some(value)
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

#[test]
fn the_history_of_real_schemas_is_decided() {
    let Some(repository) = std::env::var_os("DRIFTGATE_HISTORY") else {
        println!("SKIPPED: DRIFTGATE_HISTORY names no repository");
        return;
    };
    let repository = Path::new(&repository);
    let prefix = std::env::var("DRIFTGATE_PREFIX").unwrap_or_default();
    let limit: usize = std::env::var("DRIFTGATE_LIMIT").ok().and_then(|limit| limit.parse().ok()).unwrap_or(usize::MAX);
    let mut cache = BTreeMap::new();
    let mut tally: BTreeMap<&str, usize> = BTreeMap::new();
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    let mut times: Vec<Duration> = Vec::new();
    let mut prepared: Vec<Duration> = Vec::new();
    let mut files = 0;
    let range = lines(repository, &["log", "--format=%H", "--first-parent", "--diff-filter=M", "--", &prefix]);
    for commit in range {
        if files >= limit {
            break;
        }
        let parent = format!("{commit}^");
        let changed = lines(repository, &["diff-tree", "-r", "--diff-filter=M", &parent, &commit, "--", &prefix]);
        let changed: Vec<&String> = changed.iter().filter(|line| line.ends_with(".json")).collect();
        if changed.is_empty() {
            continue;
        }
        let before = common(repository, &parent, &prefix, &mut cache);
        let after = common(repository, &commit, &prefix, &mut cache);
        for line in changed {
            let Some((header, path)) = line.split_once('\t') else { continue };
            let blobs: Vec<&str> = header.split_whitespace().collect();
            let (Some(old), Some(new)) = (schema(repository, blobs[2]), schema(repository, blobs[3])) else { continue };
            let place = if path.contains("/common/") { "json-schema:///common/self" } else { "json-schema:///self" };
            let start = Instant::now();
            let old = Document::at(place, old, Some(Draft::Draft7), &before);
            let new = Document::at(place, new, Some(Draft::Draft7), &after);
            let (Ok(old), Ok(new)) = (old, new) else { continue };
            prepared.push(start.elapsed());
            files += 1;
            for (consumer, producer) in [(&new, &old), (&old, &new)] {
                let start = Instant::now();
                let verdict = prove::contains(consumer, producer, &Options::default());
                times.push(start.elapsed());
                let name = match verdict {
                    Verdict::Contained => "contained",
                    Verdict::Escapes(witness) => {
                        assert!(prove::accepts(producer, witness.payload()) && !prove::accepts(consumer, witness.payload()));
                        "escapes"
                    }
                    Verdict::Unknown(reason) => {
                        println!("UNKNOWN {} {path}: {reason}", &commit[..10]);
                        *reasons.entry(reason.text.clone()).or_default() += 1;
                        "unknown"
                    }
                };
                *tally.entry(name).or_default() += 1;
            }
        }
    }
    times.sort_unstable();
    prepared.sort_unstable();
    let at = |times: &[Duration], part: f64| times.get(((times.len() as f64 - 1.0) * part) as usize).copied().unwrap_or_default();
    println!("{files} changed files, both directions: {tally:?}; unknown: {reasons:?}");
    println!("median {:?}, 95th percentile {:?}, slowest {:?}", at(&times, 0.5), at(&times, 0.95), at(&times, 1.0));
    println!("to prepare both documents: median {:?}", at(&prepared, 0.5));
    let unknown = tally.get("unknown").copied().unwrap_or(0);
    assert!(unknown * 50 <= times.len(), "{unknown} of {} undecided", times.len());
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
