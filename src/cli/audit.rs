//! `driftgate audit`: what is so in one snapshot, as notes, for those who want to look at everything once.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;
use serde_json::Value;

use super::progress::Busy;
use super::{Outcome, print_form};
use crate::audit::{self, Subject};
use crate::check;
use crate::config::Config;
use crate::error::UserError;
use crate::finding::Finding;
use crate::report::{Side, SourceLookup, escape};
use crate::rules;
use crate::scan::{self, Cache};
use crate::source::Position;

#[derive(clap::Args)]
pub struct Args {
    /// The repository.
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub repo: PathBuf,

    /// Look at this revision instead of the files on disk.
    #[arg(long, value_name = "REV")]
    pub rev: Option<String>,

    /// Show only this event.
    #[arg(long)]
    pub event: Option<String>,

    /// Show only this rule; may be given several times.
    #[arg(long = "rule", value_name = "RULE")]
    pub rules: Vec<String>,

    /// text or json.
    #[arg(long, default_value = "auto")]
    pub format: String,
}

#[derive(Serialize)]
struct AuditForm {
    version: u32,
    /// How many notes there are of each rule.
    rules: BTreeMap<&'static str, usize>,
    notes: Vec<NoteForm>,
}

#[derive(Serialize)]
struct NoteForm {
    rule: &'static str,
    question: Option<u8>,
    event: String,
    role: &'static str,
    path: String,
    message: String,
    file: Option<String>,
    line: Option<u32>,
    column: Option<u32>,
    consumers: Vec<ConsumerForm>,
    #[serde(skip_serializing_if = "Option::is_none")]
    witness: Option<Value>,
    fingerprint: String,
}

#[derive(Serialize)]
struct ConsumerForm {
    name: String,
    via: &'static str,
    owner: Option<String>,
}

pub fn run(args: &Args) -> Result<Outcome, UserError> {
    let wanted = args.rules.iter().map(|rule| Ok(rules::asked_for(rule)?.id)).collect::<Result<Vec<_>, UserError>>()?;
    let snapshot = super::extract::open(&args.repo, args.rev.as_deref(), &[])?;
    let (config, _): (Config, _) = scan::config(snapshot.as_ref()).map_err(|fault| fault.user_error())?;
    let busy = Busy::with("reading the code");
    let state = check::understand(snapshot.as_ref(), &config, &Cache::default(), &Default::default())?;
    drop(busy);
    let subject = Subject { model: &state.model, registry: &state.registry, fixtures: &state.fixtures };
    let mut found = audit::audit(subject);
    found.retain(|finding| {
        (wanted.is_empty() || wanted.contains(&finding.rule)) && args.event.as_ref().is_none_or(|event| finding.event == *event)
    });
    let sources = super::check::Sources::new(None, snapshot.as_ref());
    let place = |finding: &Finding| -> Option<Position> {
        let origin = finding.head.as_ref()?;
        Some(sources.source(Side::Head, &origin.file)?.position(origin.span.start))
    };
    let form = form(&found, &place);
    print_form(&args.format, &form, as_text)?;
    Ok(Outcome::Done)
}

fn form(found: &[Finding], place: &dyn Fn(&Finding) -> Option<Position>) -> AuditForm {
    let mut counts: BTreeMap<&'static str, usize> = BTreeMap::new();
    for finding in found {
        *counts.entry(finding.rule).or_default() += 1;
    }
    let notes = found
        .iter()
        .map(|finding| {
            let position = place(finding);
            NoteForm {
                rule: finding.rule,
                question: rules::find(finding.rule).and_then(|meta| meta.question),
                event: finding.event.clone(),
                role: finding.role.as_str(),
                path: finding.path.clone(),
                message: finding.message.clone(),
                file: finding.head.as_ref().map(|origin| origin.file.to_string()),
                line: position.map(|position| position.line),
                column: position.map(|position| position.column),
                consumers: finding
                    .consumers
                    .iter()
                    .map(|consumer| ConsumerForm {
                        name: consumer.name.clone(),
                        via: consumer.via.as_str(),
                        owner: consumer.owner.clone(),
                    })
                    .collect(),
                witness: finding.witness.as_ref().map(|witness| witness.payload().clone()),
                fingerprint: finding.fingerprint.clone(),
            }
        })
        .collect();
    AuditForm { version: 1, rules: counts, notes }
}

fn as_text(form: &AuditForm) -> String {
    let mut out = String::new();
    for note in &form.notes {
        let place = match (&note.file, note.line, note.column) {
            (Some(file), Some(line), Some(column)) => format!("{file}:{line}:{column}"),
            (Some(file), _, _) => file.clone(),
            (None, _, _) => "(nowhere)".to_owned(),
        };
        out.push_str(&format!("{place}: note[{}] {}\n", note.rule, note.message.replace('\n', " ")));
    }
    if form.notes.is_empty() {
        out.push_str("nothing to note\n");
    } else {
        let counts: Vec<String> = form.rules.iter().map(|(rule, count)| format!("{count} {rule}")).collect();
        out.push_str(&format!("\n{} notes: {}\n", form.notes.len(), counts.join(", ")));
    }
    escape::lines(&out).into_owned()
}
