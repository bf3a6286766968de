//! How long a check takes on a large repository, beside the time of reading and parsing the same files once.
//!
//! The repository is generated: 5,000 Rust files, 1,000 of them with an event and its reader's contract, and a branch that changes
//! 50 of the events. `cold` starts from nothing; `five_files_changed` has the facts of base already, as the cache leaves them.

use std::path::Path;
use std::sync::OnceLock;

use driftgate::check::{Options, check, check_with};
use driftgate::extract;
use driftgate::scan::{self, Cache};
use driftgate::snapshot::{Content, Repository, Snapshot};
use rayon::prelude::*;
use tempfile::TempDir;

const FILES: usize = 5_000;
const EVENTS: usize = 1_000;
const CHANGED: usize = 50;

/// The program's own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    driftgate::extract::install_panic_guard();
    divan::main();
}

struct Sample {
    folder: TempDir,
}

impl Sample {
    fn tree(&self, branch: &str) -> impl Snapshot {
        Repository::open(self.folder.path()).expect("a repository").tree(branch).expect("a branch")
    }
}

/// The repository, made once for all measurements.
fn sample() -> &'static Sample {
    static SAMPLE: OnceLock<Sample> = OnceLock::new();
    SAMPLE.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder can be made");
        build(folder.path()).expect("the repository can be made");
        Sample { folder }
    })
}

/// Writes `main`, and two branches from it: `fifty` changes 50 events, `five` five of them.
fn build(root: &Path) -> Result<(), git2::Error> {
    let repository = git2::Repository::init_bare(root)?;
    let who = git2::Signature::new("Ann", "ann@example.com", &git2::Time::new(1_767_225_600, 0))?;
    let mut index = git2::Index::new()?;
    let add = |index: &mut git2::Index, path: &str, text: &str| -> Result<(), git2::Error> {
        let id = repository.blob(text.as_bytes())?;
        index.add(&git2::IndexEntry {
            ctime: git2::IndexTime::new(0, 0),
            mtime: git2::IndexTime::new(0, 0),
            dev: 0,
            ino: 0,
            mode: 0o100_644,
            uid: 0,
            gid: 0,
            file_size: 0,
            id,
            flags: 0,
            flags_extended: 0,
            path: path.as_bytes().to_vec(),
        })
    };
    add(&mut index, "Cargo.toml", "[package]\nname = \"sample\"\nversion = \"0.1.0\"\nedition = \"2021\"\n")?;
    add(&mut index, "src/bus.rs", BUS)?;
    let mut modules = String::from("pub mod bus;\n");
    for number in 0..FILES {
        modules.push_str(&format!("pub mod m{number};\n"));
        add(&mut index, &format!("src/m{number}.rs"), &file(number, false))?;
        if number < EVENTS {
            let contract = format!(
                "consumer: reader-{number}\nevents:\n  sample.event-{number}:\n    fields:\n      customerId: string\n      total: integer\n"
            );
            add(&mut index, &format!("contracts/reader-{number}.yaml"), &contract)?;
        }
    }
    add(&mut index, "src/lib.rs", &modules)?;
    let tree = repository.find_tree(index.write_tree_to(&repository)?)?;
    let base = repository.commit(Some("refs/heads/main"), &who, &who, "Start", &tree, &[])?;
    let base = repository.find_commit(base)?;
    for (branch, changed) in [("five", 5), ("fifty", CHANGED)] {
        // Every twentieth event, so that they lie apart.
        for number in (0..changed).map(|number| number * EVENTS / CHANGED) {
            add(&mut index, &format!("src/m{number}.rs"), &file(number, true))?;
        }
        let tree = repository.find_tree(index.write_tree_to(&repository)?)?;
        repository.commit(Some(&format!("refs/heads/{branch}")), &who, &who, "Tidy up", &tree, &[&base])?;
    }
    Ok(())
}

const BUS: &str = r#"use rdkafka::producer::{FutureProducer, FutureRecord};
use serde::Serialize;
use std::time::Duration;

pub struct Bus {
    producer: FutureProducer,
}

impl Bus {
    pub async fn publish<T: Serialize>(&self, name: &str, payload: &T) {
        let body = serde_json::to_string(payload).expect("a payload is plain data");
        let record = FutureRecord::to(name).key("k").payload(&body);
        let _receipt = self.producer.send(record, Duration::from_secs(5)).await;
    }
}
"#;

/// A file of a service: a type or two, some functions, and an event in the first files.
fn file(number: usize, changed: bool) -> String {
    let casing = if changed { "" } else { "#[serde(rename_all = \"camelCase\")]\n" };
    let event = if number < EVENTS {
        format!(
            "\npub async fn tell(bus: &crate::bus::Bus, order: &Order{number}) {{\n    let event = Event{number} {{\n        \
             customer_id: order.customer.clone(),\n        total: order.total(),\n        note: None,\n    }};\n    \
             bus.publish(\"sample.event-{number}\", &event).await;\n}}\n\n#[derive(serde::Serialize)]\n{casing}\
             pub struct Event{number} {{\n    pub customer_id: String,\n    pub total: u64,\n    \
             #[serde(skip_serializing_if = \"Option::is_none\")]\n    pub note: Option<String>,\n}}\n"
        )
    } else {
        String::new()
    };
    format!(
        "//! Orders of kind {number}.\n\nuse std::collections::BTreeMap;\n\n#[derive(Clone, Debug)]\npub struct Order{number} {{\n    \
         pub customer: String,\n    pub lines: BTreeMap<String, u64>,\n}}\n\nimpl Order{number} {{\n    \
         pub fn total(&self) -> u64 {{\n        let mut total = 0;\n        for (name, price) in &self.lines {{\n            \
         if name.is_empty() {{\n                continue;\n            }}\n            total += price * {factor};\n        }}\n        \
         total\n    }}\n\n    pub fn add(&mut self, name: &str, price: u64) -> Option<u64> {{\n        \
         match self.lines.get(name) {{\n            Some(known) if *known == price => None,\n            \
         Some(_) | None => self.lines.insert(name.to_owned(), price),\n        }}\n    }}\n}}\n{event}",
        factor = number % 7 + 1
    )
}

/// What everything else is measured against: the bare parser on the bytes of the repository.
#[divan::bench(sample_count = 5)]
fn read_and_parse(bencher: divan::Bencher<'_, '_>) {
    let head = sample().tree("fifty");
    bencher.bench_local(|| {
        let is_source = |path: &driftgate::source::RepoPath| path.extension() == "rs";
        let listing = head.entries(&is_source).expect("a listing");
        let items: usize = scan::pool().install(|| {
            listing
                .entries
                .par_iter()
                .map(|entry| match head.read(entry) {
                    Content::Text(text) => syn::parse_file(text.text()).expect("generated files are whole").items.len(),
                    Content::Skipped(_) => 0,
                })
                .sum()
        });
        assert!(items > FILES);
        items
    });
}

/// Reading and extraction: what is left of `cold` is to link, to compare and to prove.
#[divan::bench(sample_count = 5)]
fn read_and_extract(bencher: divan::Bencher<'_, '_>) {
    let head = sample().tree("fifty");
    bencher.bench_local(|| {
        let is_source = |path: &driftgate::source::RepoPath| extract::language_of(path).is_some();
        let listing = head.entries(&is_source).expect("a listing");
        let facts: usize = scan::pool().install(|| {
            listing
                .entries
                .par_iter()
                .map(|entry| match (head.read(entry), extract::language_of(&entry.path)) {
                    (Content::Text(text), Some(language)) => extract::extract(language, &text).functions.len(),
                    (Content::Text(_) | Content::Skipped(_), _) => 0,
                })
                .sum()
        });
        assert!(facts > FILES);
        facts
    });
}

#[divan::bench(sample_count = 5)]
fn cold(bencher: divan::Bencher<'_, '_>) {
    let (base, head) = (sample().tree("main"), sample().tree("fifty"));
    bencher.bench_local(|| {
        let outcome = check(&base, &head, &Options::default()).expect("the check runs");
        assert_eq!(outcome.findings.len(), CHANGED);
        outcome
    });
}

#[divan::bench(sample_count = 5)]
fn five_files_changed(bencher: divan::Bencher<'_, '_>) {
    let (base, head) = (sample().tree("main"), sample().tree("five"));
    bencher
        .with_inputs(|| {
            let cache = Cache::default();
            check_with(&base, &base, &Options::default(), &cache).expect("the check runs");
            cache
        })
        .bench_local_refs(|cache| {
            let outcome = check_with(&base, &head, &Options::default(), cache).expect("the check runs");
            assert_eq!(outcome.findings.len(), 5);
            outcome
        });
}
