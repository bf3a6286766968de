//! `driftgate who`: who emits an event or a field of it, and who reads it.

use std::path::PathBuf;

use serde::Serialize;

use super::{Outcome, print_form};
use crate::check;
use crate::compare::reader::Reader;
use crate::config::Config;
use crate::error::UserError;
use crate::facts::Role;
use crate::finding::Via;
use crate::link::model::Boundary;
use crate::registry::EventPattern;
use crate::report::{Side, SourceLookup, escape};
use crate::scan::{self, Cache};
use crate::source::Origin;
use crate::suggest;

/// Places without a known event that the text names; the JSON form has all of them.
const MAX_UNNAMED: usize = 5;

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
    role: &'static str,
    name: String,
    via: &'static str,
    owner: Option<String>,
    file: String,
    line: u32,
    in_test: bool,
}

pub fn run(args: &Args) -> Result<Outcome, UserError> {
    let snapshot = super::extract::open(&args.repo, args.rev.as_deref(), &[])?;
    let (config, _): (Config, _) = scan::config(snapshot.as_ref()).map_err(|fault| fault.user_error())?;
    let beside = super::outside::read(&config, &super::outside::root(&args.repo), &args.beside)?;
    let state = check::understand(snapshot.as_ref(), &config, &Cache::default(), &beside.outside)?;
    let mut names: Vec<&str> = state.model.boundaries.iter().filter_map(|boundary| boundary.event.as_deref()).collect();
    let promised: Vec<String> =
        state.registry.promises.iter().filter_map(|promise| promise.event.as_name().map(str::to_owned)).collect();
    names.extend(promised.iter().map(String::as_str));
    names.sort_unstable();
    names.dedup();
    let (event, field) = split(&args.name, &names).ok_or_else(|| UserError::Usage {
        message: format!("no boundary or contract speaks of `{}`", args.name),
        help: match suggest::nearest(&args.name, &names) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`driftgate extract` lists every event".to_owned(),
        },
    })?;
    let path =
        field.as_ref().map(|field| field.split('.').fold(String::new(), |path, key| crate::compare::changes::child(&path, key)));
    let sources = super::check::Sources::new(None, snapshot.as_ref()).with(&beside.outside);
    let line = |origin: &Origin| sources.source(Side::Head, &origin.file).map_or(1, |text| text.position(origin.span.start).line);
    let has_field = |boundary: &Boundary| path.as_ref().is_none_or(|path| Reader::of_boundary(boundary).reads(path));
    let mut parties: Vec<PartyForm> = state
        .model
        .boundaries
        .iter()
        .filter(|boundary| boundary.event.as_deref().is_some_and(|name| means(name, &event)) && has_field(boundary))
        .map(|boundary| PartyForm {
            role: boundary.role.as_str(),
            name: if boundary.symbol.is_empty() {
                boundary.package.clone()
            } else {
                format!("{} ({})", boundary.symbol, boundary.package)
            },
            via: "code",
            owner: None,
            file: boundary.origin.file.to_string(),
            line: line(&boundary.origin),
            in_test: boundary.in_test,
        })
        .collect();
    parties.extend(
        state
            .registry
            .of_event(&event)
            .filter(|promise| path.as_ref().is_none_or(|path| Reader::of_promise(promise).reads(path)))
            .map(|promise| {
                // Code of another repository is shown where it stands there.
                let elsewhere = promise.label.as_ref().filter(|_| promise.via == Via::Code).and_then(|place| {
                    let (file, line) = place.rsplit_once(':')?;
                    Some((file.to_owned(), line.parse().ok()?))
                });
                let (name, (file, line)) = match elsewhere {
                    Some(place) => (format!("{} ({})", promise.consumer, promise.origin.file), place),
                    None => (promise.consumer.clone(), (promise.origin.file.to_string(), line(&promise.origin))),
                };
                PartyForm {
                    role: promise.role.as_str(),
                    name,
                    via: promise.via.as_str(),
                    owner: promise.owner.clone(),
                    file,
                    line,
                    in_test: false,
                }
            }),
    );
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
    let form = WhoForm { version: 1, event, field, parties, unnamed };
    print_form(&args.format, &form, as_text)?;
    Ok(Outcome::Done)
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

/// Whether a boundary of this name sends or reads the event: by its name, or by a pattern that fits it.
fn means(name: &str, event: &str) -> bool {
    name == event || name.contains('*') && EventPattern::parse(name).matches(event)
}

fn as_text(form: &WhoForm) -> String {
    let mut out = String::new();
    let what = match &form.field {
        Some(field) => format!("`{field}` of `{}`", form.event),
        None => format!("`{}`", form.event),
    };
    for (role, verb) in [(Role::Producer, "sends"), (Role::Consumer, "reads")] {
        for party in form.parties.iter().filter(|party| party.role == role.as_str()) {
            let owner = party.owner.as_ref().map(|owner| format!(" {owner}")).unwrap_or_default();
            let test = if party.in_test { ", in a test" } else { "" };
            out.push_str(&format!("{} {verb} {what}  [{}{owner}{test}]  {}:{}\n", party.name, party.via, party.file, party.line));
        }
    }
    if out.is_empty() {
        out.push_str(&format!("nobody is known to send or read {what}\n"));
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
