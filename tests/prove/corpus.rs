//! Containment on the pairs that other projects' test suites yield. Prints a table; run with
//!
//! ```text
//! cargo test --release --test prove corpus -- --nocapture
//! ```
//!
//! The suites are looked for at `../shared/corpora`, or where `DRIFTGATE_CORPORA` says. Where they are absent the test says so and
//! passes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use driftgate::prove::{self, Document, Options, Verdict};
use driftgate::schema::Draft;
use serde_json::Value;

fn corpora() -> Option<PathBuf> {
    let place = match std::env::var_os("DRIFTGATE_CORPORA") {
        Some(place) => PathBuf::from(place),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpora"),
    };
    if place.is_dir() {
        Some(place)
    } else {
        println!("SKIPPED: there are no corpora at {}", place.display());
        None
    }
}

#[derive(Default)]
struct Tally {
    pairs: usize,
    /// Told apart by an instance of the suite, and answered so.
    apart: usize,
    /// Not told apart by the suite: proved, or told apart by a witness that the validator confirmed.
    contained: usize,
    escaped: usize,
    unknown: usize,
    unsound: usize,
    slowest: Duration,
}

impl Tally {
    fn add(&mut self, other: &Tally) {
        self.pairs += other.pairs;
        self.apart += other.apart;
        self.contained += other.contained;
        self.escaped += other.escaped;
        self.unknown += other.unknown;
        self.unsound += other.unsound;
        self.slowest = self.slowest.max(other.slowest);
    }

    fn decided(&self) -> f64 {
        if self.pairs == 0 { 100.0 } else { 100.0 * (self.pairs - self.unknown - self.unsound) as f64 / self.pairs as f64 }
    }
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "json") {
            found.push(path);
        }
    }
}

fn remotes(folder: &Path) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    files(folder, &mut found);
    found
        .into_iter()
        .filter_map(|path| {
            let name = path.strip_prefix(folder).ok()?.to_str()?.replace('\\', "/");
            let value = serde_json::from_slice(&std::fs::read(&path).ok()?).ok()?;
            Some((format!("http://localhost:1234/{name}"), value))
        })
        .collect()
}

fn percentile(times: &mut [Duration], part: f64) -> Duration {
    times.sort_unstable();
    times.get(((times.len() as f64 - 1.0) * part) as usize).copied().unwrap_or_default()
}

#[test]
fn the_official_suite_is_decided_and_never_wrongly() {
    let Some(corpora) = corpora() else { return };
    let suite = corpora.join("json-schema-test-suite");
    let remotes = remotes(&suite.join("remotes"));
    let mut table: BTreeMap<String, Tally> = BTreeMap::new();
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    let mut times: Vec<Duration> = Vec::new();
    let only = std::env::var("ONLY").ok();
    for (folder, draft) in [
        ("draft4", Draft::Draft4),
        ("draft6", Draft::Draft6),
        ("draft7", Draft::Draft7),
        ("draft2019-09", Draft::Draft201909),
        ("draft2020-12", Draft::Draft202012),
    ] {
        let mut paths = Vec::new();
        files(&suite.join("tests").join(folder), &mut paths);
        for path in paths.iter().filter(|path| !path.components().any(|part| part.as_os_str() == "format")) {
            let keyword = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_owned();
            if only.as_ref().is_some_and(|only| !format!("{folder}/{keyword}").contains(only.as_str())) {
                continue;
            }
            let groups: Vec<Value> =
                serde_json::from_slice(&std::fs::read(path).expect("listed above")).expect("the suite is JSON");
            let uses_remotes = std::fs::read_to_string(path).is_ok_and(|text| text.contains("localhost:1234"));
            let resources: &[(String, Value)] = if uses_remotes { &remotes } else { &[] };
            let documents: Vec<Document> = groups
                .iter()
                .filter_map(|group| Document::new(group["schema"].clone(), Some(draft), resources).ok())
                .filter(|document| document.validator().is_ok())
                .collect();
            let instances: Vec<&Value> = groups
                .iter()
                .flat_map(|group| group["tests"].as_array().into_iter().flatten().map(|test| &test["data"]))
                .collect();
            let tally = table.entry(keyword).or_default();
            for (at, producer) in documents.iter().enumerate() {
                for (to, consumer) in documents.iter().enumerate() {
                    if at == to {
                        continue;
                    }
                    let apart = instances
                        .iter()
                        .find(|instance| prove::accepts(producer, instance) && !prove::accepts(consumer, instance));
                    let start = Instant::now();
                    let verdict = prove::contains(consumer, producer, &Options::default());
                    let took = start.elapsed();
                    times.push(took);
                    tally.pairs += 1;
                    tally.slowest = tally.slowest.max(took);
                    match (verdict, apart) {
                        (Verdict::Contained, Some(instance)) => {
                            tally.unsound += 1;
                            println!("UNSOUND {}: {} within {}: {instance}", path.display(), producer.value(), consumer.value());
                        }
                        (Verdict::Contained, None) => tally.contained += 1,
                        (Verdict::Escapes(_), Some(_)) => tally.apart += 1,
                        (Verdict::Escapes(_), None) => tally.escaped += 1,
                        (Verdict::Unknown(reason), _) => {
                            tally.unknown += 1;
                            *reasons.entry(format!("{}: {}", reason.keyword, reason.text)).or_default() += 1;
                            if only.is_some() {
                                println!("UNKNOWN {reason}: {} within {}", producer.value(), consumer.value());
                            }
                        }
                    }
                }
            }
        }
    }
    println!(
        "{:<28} {:>6} {:>6} {:>9} {:>7} {:>7} {:>7} {:>8} {:>9}",
        "keyword", "pairs", "apart", "contained", "escapes", "unknown", "unsound", "decided", "slowest"
    );
    let mut total = Tally::default();
    for (keyword, tally) in &table {
        total.add(tally);
        print_row(keyword, tally);
    }
    print_row("all", &total);
    println!("median {:?}, 95th percentile {:?}", percentile(&mut times, 0.5), percentile(&mut times, 0.95));
    let mut reasons: Vec<(usize, String)> = reasons.into_iter().map(|(reason, count)| (count, reason)).collect();
    reasons.sort_by(|a, b| b.cmp(a));
    for (count, reason) in reasons.iter().take(25) {
        println!("{count:>5} unknown: {reason}");
    }
    assert_eq!(total.unsound, 0);
    assert!(only.is_some() || total.decided() >= 98.0, "only {:.2} % decided", total.decided());
}

fn print_row(name: &str, tally: &Tally) {
    println!(
        "{name:<28} {:>6} {:>6} {:>9} {:>7} {:>7} {:>7} {:>7.2}% {:>9.1?}",
        tally.pairs,
        tally.apart,
        tally.contained,
        tally.escaped,
        tally.unknown,
        tally.unsound,
        tally.decided(),
        tally.slowest
    );
}

/// The examples are read by a lenient parser in their own project.
fn without_trailing_commas(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut in_text = false;
    let mut escaped = false;
    for (at, character) in text.char_indices() {
        if in_text {
            in_text = escaped || character != '"';
            escaped = character == '\\' && !escaped;
        } else if character == '"' {
            in_text = true;
        } else if character == ',' && text[at + 1..].trim_start().starts_with(['}', ']']) {
            continue;
        }
        kept.push(character);
    }
    kept
}

fn print_examples(name: &str, tally: &Tally, agree: usize) {
    println!(
        "{name:<28} {:>6} {:>9} {:>7} {:>7} {:>7} {:>7.2}%",
        tally.pairs,
        tally.contained,
        tally.escaped,
        tally.unknown,
        agree,
        tally.decided()
    );
}

/// What the first change of an example is about, in the words of its project: `MIN_LENGTH`, `REQUIRED_ATTRIBUTE`, …
fn kind_of_change(case: &Value) -> String {
    let name = case["changes"][0].as_str().and_then(|text| text.split(' ').next()).unwrap_or("(none)");
    let directions =
        ["_ADDED", "_REMOVED", "_INCREASED", "_DECREASED", "_CHANGED", "_EXTENDED", "_NARROWED", "_EXPANDED", "_REDUCED"];
    directions.iter().find_map(|end| name.split_once(end).map(|(kind, _)| kind)).unwrap_or(name).to_owned()
}

#[test]
fn the_registry_examples_are_decided() {
    let Some(corpora) = corpora() else { return };
    let mut paths = Vec::new();
    files(&corpora.join("registry-json-diffs"), &mut paths);
    let mut table: BTreeMap<String, (Tally, usize)> = BTreeMap::new();
    let mut times = Vec::new();
    for path in paths {
        let text = std::fs::read_to_string(&path).expect("listed above");
        let cases: Vec<Value> = serde_json::from_str(&without_trailing_commas(&text)).expect("the examples are JSON");
        let draft = if path.to_string_lossy().contains("2020-12") { Draft::Draft202012 } else { Draft::Draft7 };
        for case in cases {
            let prepared = |key: &str| Document::new(case[key].clone(), Some(draft), &[]);
            let (Ok(old), Ok(new)) = (prepared("original_schema"), prepared("update_schema")) else { continue };
            if old.validator().is_err() || new.validator().is_err() {
                println!("SKIPPED (no validator takes it): {}", case["description"]);
                continue;
            }
            let start = Instant::now();
            let verdict = prove::contains(&new, &old, &Options::default());
            let took = start.elapsed();
            times.push(took);
            let (tally, agree) = table.entry(kind_of_change(&case)).or_default();
            tally.pairs += 1;
            tally.slowest = tally.slowest.max(took);
            let compatible = case["compatible"] == Value::Bool(true);
            match verdict {
                Verdict::Contained => {
                    tally.contained += 1;
                    *agree += usize::from(compatible);
                    if !compatible {
                        println!("proved, labelled incompatible: {}", case["description"]);
                    }
                }
                Verdict::Escapes(witness) => {
                    tally.escaped += 1;
                    *agree += usize::from(!compatible);
                    if compatible {
                        println!("refuted by {}, labelled compatible: {}", witness.payload(), case["description"]);
                    }
                }
                Verdict::Unknown(reason) => {
                    tally.unknown += 1;
                    println!("UNKNOWN {reason}: {}", case["description"]);
                }
            }
        }
    }
    println!(
        "{:<28} {:>6} {:>9} {:>7} {:>7} {:>7} {:>8}",
        "change", "pairs", "contained", "escapes", "unknown", "agrees", "decided"
    );
    let mut total = Tally::default();
    let mut agreed = 0;
    for (change, (tally, agree)) in &table {
        total.add(tally);
        agreed += agree;
        print_examples(change, tally, *agree);
    }
    print_examples("all", &total, agreed);
    println!("median {:?}, 95th percentile {:?}", percentile(&mut times, 0.5), percentile(&mut times, 0.95));
    assert!(total.decided() >= 98.0, "only {:.2} % decided", total.decided());
}
