//! A report to test reporters with: a rename that one consumer does not survive, made in a small repository.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::json;

use crate::facts::Role;
use crate::finding::{Consumer, Diagnostic, Finding, Severity, Status, Via, Witness};
use crate::source::{BlobId, Origin, RepoPath, SourceText, Span};

use super::{
    BoundaryLine, ChangedEvent, Compared, Counts, Gate, LineRange, Participant, Report, RuleCatalogue, RuleInfo, Side,
    SourceLookup, assemble,
};

pub const BASE_EVENTS: &str = "\
use serde::Serialize;

#[derive(Serialize)]
pub struct InvoicePaid {
    pub id: String,
    #[serde(rename = \"customerId\")]
    pub customer_id: String,
}
";

pub const HEAD_EVENTS: &str = "\
use serde::Serialize;

/// Sent once.
#[derive(Serialize)]
pub struct InvoicePaid {
    pub id: String,
    pub customer_id: String,
}
";

pub const CONTRACT: &str = "\
consumer: crm-sync
owner: \"@acme/growth\"
events:
  invoice.paid:
    fields:
      id: string
      customerId: string
";

/// The files of both sides.
#[derive(Default)]
pub struct Sources {
    files: BTreeMap<(Side, RepoPath), Arc<SourceText>>,
}

impl Sources {
    pub fn add(&mut self, side: Side, path: &str, text: &str) {
        let path = RepoPath::new(path);
        let source = SourceText::new(path.clone(), BlobId::from_bytes(&[0; 20]), text);
        self.files.insert((side, path), Arc::new(source));
    }

    /// The origin of the first place at which `text` stands.
    pub fn origin(&self, side: Side, path: &str, text: &str) -> Origin {
        let path = RepoPath::new(path);
        let source = self.source(side, &path).expect("the sample has this file");
        let at = source.text().find(text).expect("the sample says this");
        Origin::new(path, Span::new(at, at + text.len()))
    }
}

impl SourceLookup for Sources {
    fn source(&self, side: Side, file: &RepoPath) -> Option<Arc<SourceText>> {
        self.files.get(&(side, file.clone())).cloned()
    }
}

/// Two rules with a page.
pub struct Rules;

impl RuleCatalogue for Rules {
    fn rule(&self, id: &str) -> Option<RuleInfo<'_>> {
        match id {
            "field-renamed" => Some(RuleInfo {
                id: "field-renamed",
                question: Some(4),
                severity: Severity::Error,
                summary: "A field has another name on the wire.",
                page: "# field-renamed\n\nA field has another name on the wire.\n\n```rust base/a.rs\nstruct A { a: u8 }\n```\n",
            }),
            "field-added" => Some(RuleInfo {
                id: "field-added",
                question: Some(1),
                severity: Severity::Note,
                summary: "A field is new.",
                page: "# field-added\n\nTolerant readers ignore it.\n",
            }),
            _ => None,
        }
    }
}

/// What a report borrows.
pub struct Sample {
    pub sources: Sources,
    pub findings: Vec<Finding>,
    pub counts: Counts,
    pub gate: Gate,
    pub changed: BTreeMap<RepoPath, Vec<LineRange>>,
    pub diagnostics: Vec<Diagnostic>,
    pub events: Vec<ChangedEvent>,
}

impl Sample {
    /// The rename, and nothing else.
    pub fn rename() -> Self {
        let mut sources = Sources::default();
        sources.add(Side::Base, "src/events.rs", BASE_EVENTS);
        sources.add(Side::Head, "src/events.rs", HEAD_EVENTS);
        for side in [Side::Base, Side::Head] {
            sources.add(side, "contracts/crm-sync.yaml", CONTRACT);
        }
        let finding = Finding {
            rule: "field-renamed",
            question: Some(4),
            severity: Severity::Error,
            status: Status::New,
            event: "invoice.paid".to_owned(),
            role: Role::Producer,
            path: "/customerId".to_owned(),
            to: Some("/customer_id".to_owned()),
            message: "`customerId` is now `customer_id` in `invoice.paid`".to_owned(),
            base: Some(sources.origin(Side::Base, "src/events.rs", "customer_id: String")),
            head: Some(sources.origin(Side::Head, "src/events.rs", "customer_id: String")),
            consumers: vec![Consumer {
                name: "crm-sync".to_owned(),
                via: Via::Contract,
                owner: Some("@acme/growth".to_owned()),
                origin: Some(sources.origin(Side::Base, "contracts/crm-sync.yaml", "customerId: string")),
            }],
            witness: Some(Witness::confirmed(json!({"customer_id": "c_1", "id": "in_1"}))),
            evidence: Some("`crm-sync` requires `customerId`".to_owned()),
            help: "keep the wire name with `#[serde(rename = \"customerId\")]`, or send both while consumers move".to_owned(),
            fix: None,
            fragments: (String::new(), String::new()),
            fingerprint: "3f9c21b0a7de".to_owned(),
            accepted: None,
        };
        Sample {
            sources,
            findings: vec![finding],
            counts: Counts {
                events: 3,
                producers: 4,
                consumers: 2,
                contracts: 2,
                files_read: 12,
                files_skipped: 1,
                ..Counts::default()
            },
            gate: Gate::default(),
            changed: BTreeMap::from([(RepoPath::new("src/events.rs"), vec![LineRange { start: 3, end: 3 }])]),
            diagnostics: Vec::new(),
            events: vec![ChangedEvent {
                name: "invoice.paid".to_owned(),
                producers: vec![Participant { name: "billing".to_owned(), broken: false }],
                consumers: vec![Participant { name: "crm-sync".to_owned(), broken: true }],
            }],
        }
    }

    /// A note beside the rename: a field that is new.
    pub fn note(&self) -> Finding {
        Finding {
            rule: "field-added",
            question: Some(1),
            severity: Severity::Note,
            path: "/id".to_owned(),
            to: None,
            message: "`id` is new in `invoice.paid`".to_owned(),
            base: None,
            head: Some(self.sources.origin(Side::Head, "src/events.rs", "id: String")),
            consumers: Vec::new(),
            witness: None,
            evidence: None,
            help: String::new(),
            fingerprint: "0123456789ab".to_owned(),
            ..self.findings[0].clone()
        }
    }

    pub fn report(&self) -> Report<'_> {
        Report {
            version: "0.1.0",
            base: Some(Compared {
                rev: "origin/main".to_owned(),
                oid: Some("36a18c0f00d1e2c3b4a5968778695a4b3c2d1e0f".to_owned()),
                how: Some("merge base with origin/main".to_owned()),
            }),
            head: Compared { rev: "worktree".to_owned(), oid: None, how: None },
            gate: self.gate,
            agent: None,
            verdict: assemble::verdict(&self.findings, &self.counts, &self.gate, true),
            summary: assemble::summary(&self.findings, &self.counts),
            questions: assemble::questions(&self.findings, &BTreeSet::new(), true),
            findings: self.findings.clone(),
            diagnostics: self.diagnostics.clone(),
            notes: Vec::new(),
            events: self.events.clone(),
            boundaries: vec![BoundaryLine {
                event: "invoice.paid".to_owned(),
                role: Role::Producer,
                origin: self.sources.origin(Side::Head, "src/events.rs", "InvoicePaid"),
            }],
            changed: self.changed.clone(),
            acceptable: true,
            sources: &self.sources,
            rules: &Rules,
        }
    }
}

/// What a reporter writes.
pub fn written(reporter: &dyn super::Reporter, report: &Report<'_>) -> String {
    let mut out = Vec::new();
    reporter.write(report, &mut out).expect("a vector takes everything");
    String::from_utf8(out).expect("reports are UTF-8")
}
