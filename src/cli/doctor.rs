//! `driftgate doctor`: whether the check is in place and has what it needs, each point with what to do.

mod places;

use std::path::PathBuf;

use serde::Serialize;

use super::progress::Busy;
use super::{Color, Outcome, environment, outside, print_form};
use crate::check::{self, State};
use crate::config::Config;
use crate::error::UserError;
use crate::facts::Role;
use crate::finding::Via;
use crate::report::{Side, SourceLookup, counted, escape};
use crate::scan::{self, Cache, Outside};
use crate::snapshot::base::{self, Found, Head, Request};
use crate::snapshot::{Repository, Snapshot};
use crate::source::Origin;

/// Places that are listed for one point.
const MOST_PLACES: usize = 5;

#[derive(clap::Args)]
pub struct Args {
    /// The repository.
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub repo: PathBuf,

    /// text or json.
    #[arg(long, default_value = "auto")]
    pub format: String,
}

/// How one point stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Standing {
    Ok,
    /// It works, and could be better.
    Warning,
    /// The check cannot do its work.
    Problem,
}

#[derive(Serialize)]
struct DoctorForm {
    version: u32,
    points: Vec<Point>,
}

/// One thing that was looked at.
#[derive(Serialize)]
struct Point {
    id: &'static str,
    standing: Standing,
    message: String,
    /// What to do about it; empty where nothing is.
    help: String,
    places: Vec<PlaceForm>,
}

#[derive(Serialize)]
struct PlaceForm {
    file: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
}

impl Point {
    fn ok(id: &'static str, message: impl Into<String>) -> Point {
        Point { id, standing: Standing::Ok, message: message.into(), help: String::new(), places: Vec::new() }
    }

    fn warning(id: &'static str, message: impl Into<String>, help: impl Into<String>) -> Point {
        Point { standing: Standing::Warning, help: help.into(), ..Point::ok(id, message) }
    }

    fn problem(id: &'static str, message: impl Into<String>, help: impl Into<String>) -> Point {
        Point { standing: Standing::Problem, help: help.into(), ..Point::ok(id, message) }
    }

    fn at(mut self, places: Vec<PlaceForm>) -> Point {
        self.places = places;
        self
    }
}

pub fn run(args: &Args, color: Color) -> Result<Outcome, UserError> {
    // What cannot be printed is not worked out.
    super::wants_json(&args.format)?;
    let repository = Repository::open(&args.repo)?;
    let snapshot: Box<dyn Snapshot> = match repository.work_dir() {
        Some(_) => Box::new(repository.worktree()?),
        None => Box::new(repository.tree("HEAD")?),
    };
    let mut points = vec![places::workflow(snapshot.as_ref())?, places::hook(&repository, snapshot.as_ref())?];
    let (history, base) = history(&repository);
    points.extend(history);
    let config = match scan::config(snapshot.as_ref()) {
        Ok((config, Some(_))) => {
            points.push(Point::ok("configuration", "driftgate.toml is well formed"));
            config
        }
        Ok((config, None)) => {
            points.push(Point::ok("configuration", "there is no driftgate.toml: the defaults hold"));
            config
        }
        Err(fault) => {
            let place = PlaceForm { file: fault.file.to_string(), line: Some(fault.position.line) };
            let point = Point::problem("configuration", format!("driftgate.toml: {}", fault.message), fault.help.clone());
            points.push(point.at(vec![place]));
            Config::default()
        }
    };
    let outside = outside::read(&config, &outside::root(&args.repo), &[])?.outside;
    let busy = Busy::with("reading the code");
    let state = check::understand(snapshot.as_ref(), &config, &Cache::default(), &outside)?;
    drop(busy);
    points.extend(boundaries(&state, snapshot.as_ref()));
    points.extend(contracts(&state, snapshot.as_ref()));
    points.push(acceptances(&repository, snapshot.as_ref(), base, outside));
    let problem = points.iter().any(|point| point.standing == Standing::Problem);
    let form = DoctorForm { version: 1, points };
    print_form(&args.format, &form, |form| as_text(form, color))?;
    Ok(if problem { Outcome::Breaking } else { Outcome::Done })
}

/// Whether there is something to compare with, and what it is.
fn history(repository: &Repository) -> (Vec<Point>, Option<base::Base>) {
    let variables = environment::variables();
    let head = if repository.work_dir().is_some() { Head::Worktree } else { Head::Revision("HEAD".to_owned()) };
    let request = Request { head: &head, base: None, exact: false, allow_tip: false, require: false, environment: &variables };
    match base::find(repository, request) {
        Ok(Found::Base(base)) => {
            let short = base.oid.to_string();
            let name = format!("{} ({})", base.rev, short.get(..7).unwrap_or(&short));
            let mut points = vec![Point::ok("history", format!("a check compares with {name}, {}", base.how))];
            if repository.is_shallow() {
                let message = "this clone is shallow: a base that lies further back is not here";
                points.push(Point::warning("history-cut", message, "fetch the whole history: `git fetch --unshallow`"));
            }
            if let Some(warning) = &base.warning {
                points.push(Point::warning("base", warning.clone(), "name the base that is meant: `--base REV`"));
            }
            (points, Some(base))
        }
        Ok(Found::Nothing(why)) => {
            let help = "name one with `--base REV`, or set the remote's default branch: `git remote set-head origin --auto`";
            (vec![Point::warning("history", format!("a check has nothing to compare with: {why}"), help)], None)
        }
        Err(error) => {
            use miette::Diagnostic;
            let help = error.help().map_or_else(|| "fetch more history".to_owned(), |help| help.to_string());
            (vec![Point::problem("history", error.to_string(), help)], None)
        }
    }
}

/// Where places stand, with lines.
fn located(origins: &[&Origin], snapshot: &dyn Snapshot) -> Vec<PlaceForm> {
    let sources = super::check::Sources::new(None, snapshot);
    origins
        .iter()
        .take(MOST_PLACES)
        .map(|origin| PlaceForm {
            file: origin.file.to_string(),
            line: sources.source(Side::Head, &origin.file).map(|text| text.position(origin.span.start).line),
        })
        .collect()
}

fn boundaries(state: &State, snapshot: &dyn Snapshot) -> Vec<Point> {
    let own: Vec<_> = state.model.boundaries.iter().filter(|boundary| !boundary.in_test).collect();
    let count = |role: Role| own.iter().filter(|boundary| boundary.role == role).count();
    let events: std::collections::BTreeSet<&str> = own.iter().filter_map(|boundary| boundary.event.as_deref()).collect();
    let mut points = Vec::new();
    points.push(if own.is_empty() {
        Point::warning(
            "boundaries",
            "no place was found where an event or webhook payload leaves or enters this repository",
            "name your own publish function in driftgate.toml under `[[idiom]]`; `driftgate extract` shows what is found",
        )
    } else {
        Point::ok(
            "boundaries",
            format!(
                "{} and {} of {}",
                counted(count(Role::Producer), "producer", "producers"),
                counted(count(Role::Consumer), "consumer", "consumers"),
                counted(events.len(), "event", "events")
            ),
        )
    });
    let unnamed: Vec<&Origin> = own
        .iter()
        .filter(|boundary| boundary.event.is_none() && boundary.kind != "decode" && boundary.kind != "declared")
        .map(|boundary| &boundary.origin)
        .collect();
    points.push(if unnamed.is_empty() {
        Point::ok("event-names", "the name of every event could be worked out")
    } else {
        Point::warning(
            "event-names",
            format!("{} of them have an event name that could not be worked out: no contract holds there", unnamed.len()),
            "pass the name as a constant, or say with `[[idiom]]` where it stands; `driftgate extract` lists them all",
        )
        .at(located(&unnamed, snapshot))
    });
    let unread: Vec<PlaceForm> =
        state.model.unread.keys().take(MOST_PLACES).map(|file| PlaceForm { file: file.to_string(), line: None }).collect();
    if !state.model.unread.is_empty() {
        let message = format!("{} files could not be read, in part or at all", state.model.unread.len());
        points.push(Point::warning("unread", message, "`driftgate check -v` says why for each").at(unread));
    }
    points
}

fn contracts(state: &State, snapshot: &dyn Snapshot) -> Vec<Point> {
    let mut points = Vec::new();
    let broken: Vec<_> = state.registry.broken().filter_map(|(_, faults)| faults.first()).collect();
    if !broken.is_empty() {
        let message = format!("{} contracts or schemas cannot be understood: {}", broken.len(), broken[0].message);
        let places = broken.iter().take(MOST_PLACES);
        let places =
            places.map(|fault| PlaceForm { file: fault.file.to_string(), line: Some(fault.position.line) }).collect::<Vec<_>>();
        points.push(Point::problem("contracts-broken", message, broken[0].help.clone()).at(places));
    }
    let promises: Vec<_> = state.registry.promises.iter().filter(|promise| promise.role == Role::Consumer).collect();
    let consumers: std::collections::BTreeSet<&str> = promises.iter().map(|promise| promise.consumer.as_str()).collect();
    let sent: std::collections::BTreeSet<&str> = state
        .model
        .boundaries
        .iter()
        .filter(|boundary| !boundary.in_test && boundary.role == Role::Producer && boundary.leaves_process())
        .filter_map(|boundary| boundary.event.as_deref())
        .collect();
    let read: std::collections::BTreeSet<&str> = state
        .model
        .boundaries
        .iter()
        .filter(|boundary| !boundary.in_test && boundary.role == Role::Consumer)
        .filter_map(|boundary| boundary.event.as_deref())
        .collect();
    let unread: Vec<&str> = sent
        .iter()
        .copied()
        .filter(|event| !read.contains(event) && !promises.iter().any(|promise| promise.speaks_of(event)))
        .collect();
    points.push(if promises.is_empty() {
        Point::warning(
            "contracts",
            "no consumer has a contract here: what the base branch sends stands in for what they need",
            "write down who reads what under contracts/, one file for each consumer; `driftgate contracts record` starts them from code",
        )
    } else {
        Point::ok("contracts", format!("{} to {}", counted(promises.len(), "promise", "promises"), counted(consumers.len(), "consumer", "consumers")))
    });
    if !unread.is_empty() && !promises.is_empty() {
        let names: Vec<String> = unread.iter().take(MOST_PLACES).map(|name| format!("`{name}`")).collect();
        let more = if unread.len() > MOST_PLACES { format!(" and {} more", unread.len() - MOST_PLACES) } else { String::new() };
        points.push(Point::warning(
            "readers",
            match unread.len() {
                1 => format!("one event is sent that nobody is known to read: {}", names.join(", ")),
                count => format!("{count} events are sent that nobody is known to read: {}{more}", names.join(", ")),
            },
            "write a contract for each of their consumers, so that a finding can name them",
        ));
    }
    // A contract of an event that nobody sends holds nothing; most often the name is misspelt.
    let idle: Vec<&Origin> = promises
        .iter()
        .filter(|promise| promise.via == Via::Contract && !sent.is_empty())
        .filter(|promise| !state.model.boundaries.iter().any(|boundary| promise.speaks_of(&boundary.label())))
        .map(|promise| &promise.origin)
        .collect();
    if !idle.is_empty() {
        let message = format!("{} promises speak of events that no code here sends", idle.len());
        let help = "look whether the event's name is the one in the code: `driftgate extract` lists them";
        points.push(Point::warning("contracts-idle", message, help).at(located(&idle, snapshot)));
    }
    points
}

fn acceptances(repository: &Repository, head: &dyn Snapshot, base: Option<base::Base>, outside: Outside) -> Point {
    const ID: &str = "acceptances";
    let Some(base) = base else { return Point::ok(ID, "not looked at: there is nothing to compare with") };
    let options = check::Options { today: environment::today(), outside, ..check::Options::default() };
    let found = repository
        .tree_of(base.oid, &base.rev)
        .and_then(|tree| check::check(&tree, head, &options))
        .map(|outcome| outcome.findings.into_iter().filter(|finding| finding.rule == "acceptance-stale").collect::<Vec<_>>());
    match found {
        Ok(stale) if stale.is_empty() => Point::ok(ID, "no acceptance is stale"),
        Ok(stale) => {
            let origins: Vec<&Origin> = stale.iter().filter_map(|finding| finding.head.as_ref()).collect();
            let message = format!("{} acceptances match nothing any more, or their day is over", stale.len());
            Point::warning(ID, message, "`driftgate accept --prune` removes them").at(located(&origins, head))
        }
        Err(error) => {
            use miette::Diagnostic;
            let help = error.help().map_or_else(String::new, |help| help.to_string());
            Point::problem(ID, format!("a check cannot run: {error}"), help)
        }
    }
}

fn as_text(form: &DoctorForm, color: Color) -> String {
    let style = environment::style(color, true);
    let mut out = String::new();
    for point in &form.points {
        let (mark, ascii, paint) = match point.standing {
            Standing::Ok => ("✔", "ok     ", "32"),
            Standing::Warning => ("▲", "warning", "33"),
            Standing::Problem => ("✘", "problem", "31"),
        };
        let mark = if style.unicode { mark } else { ascii };
        let mark = if style.color { format!("\u{1b}[{paint}m{mark}\u{1b}[0m") } else { mark.to_owned() };
        out.push_str(&format!("{mark} {}: {}\n", point.id, escape::line(&point.message)));
        for place in &point.places {
            let line = place.line.map_or_else(String::new, |line| format!(":{line}"));
            out.push_str(&format!("    {}{line}\n", escape::line(&place.file)));
        }
        if !point.help.is_empty() {
            out.push_str(&format!("  = help: {}\n", escape::line(&point.help)));
        }
    }
    let count = |standing: Standing| form.points.iter().filter(|point| point.standing == standing).count();
    let (warnings, problems) = (count(Standing::Warning), count(Standing::Problem));
    out.push_str(&format!("\n{} looked at, {warnings} to improve, {problems} in the way\n", form.points.len()));
    out
}
