//! `driftgate who`: who emits an event or a field of it, who reads it, and which tests stand in for it.

mod fields;
mod parties;

use std::path::PathBuf;

use serde::Serialize;

use self::fields::Asked;
use self::parties::{Event, envelopes, parties};
use super::progress::Busy;
use super::{Outcome, print_form};
use crate::check;
use crate::config::Config;
use crate::error::UserError;
use crate::facts::Role;
use crate::report::{Side, SourceLookup, escape};
use crate::scan::{self, Cache};
use crate::source::Origin;
use crate::suggest;

/// Places without a known event that the text names; the JSON form has all of them.
const MAX_UNNAMED: usize = 5;

/// Names that are offered in place of one that is not known.
const MAX_NEAR: usize = 5;

/// Fields that are listed where none is near; past it the rest is counted.
const MAX_LISTED: usize = 20;

#[derive(clap::Args)]
pub struct Args {
    /// The event, or EVENT.FIELD.
    pub name: String,

    /// The repository.
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub repo: PathBuf,

    /// Look at this revision instead of the files on disk.
    #[arg(long, value_name = "REV")]
    pub rev: Option<String>,

    /// Let the senders and readers of another repository take part: what `driftgate extract --format json` wrote there.
    #[arg(long = "with", value_name = "FILE")]
    pub beside: Vec<PathBuf>,

    /// text or json.
    #[arg(long, default_value = "auto")]
    pub format: String,
}

#[derive(Serialize)]
struct WhoForm {
    version: u32,
    event: String,
    field: Option<String>,
    parties: Vec<PartyForm>,
    /// Known fields that may have been meant, where nobody is known to send or read the one that was asked for.
    nearest: Vec<String>,
    /// Places whose event is not known: any of them may send or read it too.
    unnamed: Vec<PlaceForm>,
}

#[derive(Serialize)]
struct PlaceForm {
    role: &'static str,
    file: String,
    line: u32,
}

#[derive(Serialize)]
struct PartyForm {
    /// `producer`, `consumer`, or `double` for what a test states.
    role: &'static str,
    name: String,
    via: &'static str,
    owner: Option<String>,
    file: String,
    line: u32,
    in_test: bool,
    /// Whether it is known that the party has the event and the field; otherwise it may, and `reason` says what is not known.
    certain: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// The field in the wire payload, as a JSON Pointer with `*` for any element.
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    /// Where the field itself stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<AtForm>,
}

#[derive(Serialize)]
struct AtForm {
    file: String,
    line: u32,
}

pub fn run(args: &Args) -> Result<Outcome, UserError> {
    let snapshot = super::extract::open(&args.repo, args.rev.as_deref(), &[])?;
    let (config, _): (Config, _) = scan::config(snapshot.as_ref()).map_err(|fault| fault.user_error())?;
    let beside = super::outside::read(&config, &super::outside::root(&args.repo), &args.beside)?;
    let busy = Busy::with("reading the code");
    let state = check::understand(snapshot.as_ref(), &config, &Cache::default(), &beside.outside)?;
    drop(busy);
    let names = names(&state);
    let known: Vec<&str> = names.iter().map(String::as_str).collect();
    let (event, field) = split(&args.name, &known).ok_or_else(|| UserError::Usage {
        message: format!("no boundary or contract speaks of `{}`", args.name),
        help: offer(&suggest::near(&args.name, &known, MAX_NEAR))
            .unwrap_or_else(|| "`driftgate extract` lists every event".to_owned()),
    })?;
    let sources = super::check::Sources::new(None, snapshot.as_ref()).with(&beside.outside);
    let line = |origin: &Origin| sources.source(Side::Head, &origin.file).map_or(1, |text| text.position(origin.span.start).line);
    let everybody = Event::of(&event, &state);
    let asked = field.as_ref().map(|field| Asked::new(field, envelopes(&everybody, &config)));
    let parties = parties(&everybody, asked.as_ref(), &line);
    let mut nearest = Vec::new();
    if let Some(field) = &field
        && !parties.iter().any(|party| party.certain)
    {
        let fields = everybody.field_names();
        nearest = near_fields(field, &fields);
        if parties.is_empty() {
            return Err(UserError::Usage {
                message: format!("nobody is known to send or read `{field}` of `{event}`"),
                help: offer(&nearest.iter().map(String::as_str).collect::<Vec<_>>()).unwrap_or_else(|| listed(&event, &fields)),
            });
        }
    }
    let unnamed = state
        .model
        .boundaries
        .iter()
        .filter(|boundary| boundary.event.is_none() && !boundary.in_test && boundary.kind != "decode")
        .map(|boundary| PlaceForm {
            role: boundary.role.as_str(),
            file: boundary.origin.file.to_string(),
            line: line(&boundary.origin),
        })
        .collect();
    let form = WhoForm { version: 1, event, field, parties, nearest, unnamed };
    print_form(&args.format, &form, as_text)?;
    Ok(Outcome::Done)
}

/// Every event that code or a document names.
fn names(state: &check::State) -> Vec<String> {
    let boundaries = state.model.boundaries.iter().filter_map(|boundary| boundary.event.clone());
    let promised = state.registry.promises.iter().filter_map(|promise| promise.event.as_name().map(str::to_owned));
    let mut names: Vec<String> = boundaries.chain(promised).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// `user.signup.plan` is the event `user.signup` and its field `plan`, where there is such an event: the longest name counts.
fn split(asked: &str, names: &[&str]) -> Option<(String, Option<String>)> {
    if names.contains(&asked) {
        return Some((asked.to_owned(), None));
    }
    let dots: Vec<usize> = asked.match_indices('.').map(|(at, _)| at).collect();
    dots.into_iter()
        .rev()
        .find(|dot| names.contains(&&asked[..*dot]))
        .map(|dot| (asked[..dot].to_owned(), Some(asked[dot + 1..].to_owned())))
}

/// The known fields that are like the one that was asked for: as a whole, or in their last name.
fn near_fields(asked: &str, fields: &[String]) -> Vec<String> {
    let all: Vec<&str> = fields.iter().map(String::as_str).collect();
    let mut found: Vec<String> = suggest::near(asked, &all, MAX_NEAR).into_iter().map(str::to_owned).collect();
    let leaf = |name: &str| name.rsplit('.').next().unwrap_or_default().to_owned();
    let leaves: Vec<String> = fields.iter().map(|field| leaf(field)).collect();
    let mut distinct: Vec<&str> = leaves.iter().map(String::as_str).collect();
    distinct.sort_unstable();
    distinct.dedup();
    for near in suggest::near(&leaf(asked), &distinct, MAX_NEAR) {
        found.extend(fields.iter().zip(&leaves).filter(|(_, leaf)| *leaf == near).map(|(field, _)| field.clone()));
    }
    let mut seen = std::collections::BTreeSet::new();
    found.retain(|field| seen.insert(field.clone()));
    found.truncate(MAX_NEAR);
    found
}

/// ``did you mean `a`, `b` or `c`?``
fn offer(near: &[&str]) -> Option<String> {
    let quoted: Vec<String> = near.iter().map(|name| format!("`{name}`")).collect();
    let (last, first) = quoted.split_last()?;
    Some(match first {
        [] => format!("did you mean {last}?"),
        _ => format!("did you mean {} or {last}?", first.join(", ")),
    })
}

fn listed(event: &str, fields: &[String]) -> String {
    if fields.is_empty() {
        return format!("no field of `{event}` is known");
    }
    let shown: Vec<String> = fields.iter().take(MAX_LISTED).map(|field| format!("`{field}`")).collect();
    let rest = fields.len().saturating_sub(MAX_LISTED);
    let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
    format!("known fields: {}{more}", shown.join(", "))
}

fn as_text(form: &WhoForm) -> String {
    let mut out = String::new();
    let what = |party: &PartyForm| match (&form.field, &party.path) {
        (Some(_), Some(path)) => {
            let names: Vec<String> = crate::document::tokens(path).unwrap_or_default().into_iter().filter(|t| t != "*").collect();
            format!("`{}` of `{}`", names.join("."), form.event)
        }
        (Some(field), None) => format!("`{field}` of `{}`", form.event),
        (None, _) => format!("`{}`", form.event),
    };
    for (role, verb, may) in [
        (Role::Producer.as_str(), "sends", "may send"),
        (Role::Consumer.as_str(), "reads", "may read"),
        (parties::DOUBLE, "states", "may state"),
    ] {
        for party in form.parties.iter().filter(|party| party.role == role) {
            let owner = party.owner.as_ref().map(|owner| format!(" {owner}")).unwrap_or_default();
            let test = if party.in_test && party.role != parties::DOUBLE { ", in a test" } else { "" };
            let verb = if party.certain { verb } else { may };
            let at = match &party.at {
                Some(at) if at.file != party.file => format!(", the field at {}:{}", at.file, at.line),
                Some(at) if at.line != party.line => format!(", the field on line {}", at.line),
                Some(_) | None => String::new(),
            };
            let why = party.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
            out.push_str(&format!(
                "{} {verb} {}{why}  [{}{owner}{test}]  {}:{}{at}\n",
                party.name,
                what(party),
                party.via,
                party.file,
                party.line
            ));
        }
    }
    if out.is_empty() {
        out.push_str(&format!("nobody is known to send or read `{}`\n", form.event));
    }
    if let (Some(field), false) = (&form.field, form.parties.iter().any(|party| party.certain)) {
        let near: Vec<&str> = form.nearest.iter().map(String::as_str).collect();
        let near = offer(&near).map(|near| format!("; {near}")).unwrap_or_default();
        out.push_str(&format!("nobody is known for certain to send or read `{field}`{near}\n"));
    }
    if !form.unnamed.is_empty() {
        let shown: Vec<String> =
            form.unnamed.iter().take(MAX_UNNAMED).map(|place| format!("{}:{}", place.file, place.line)).collect();
        let rest = form.unnamed.len().saturating_sub(MAX_UNNAMED);
        let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
        let places = if form.unnamed.len() == 1 { "place whose event is" } else { "places whose events are" };
        out.push_str(&format!("{} {places} not known: {}{more}\n", form.unnamed.len(), shown.join(", ")));
    }
    escape::lines(&out).into_owned()
}
