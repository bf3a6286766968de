//! Machine-readable ways out of findings: proposed by the front ends and by rules, and kept only where they hold.
//!
//! A proposal holds where the whole check, run once more on head with the proposal applied in memory, no longer has the finding
//! and has nothing new in its place. So a fix that is shown has been proved; what cannot be proved is not shown.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::check::{self, Checked, Options};
use crate::extract::remedy::{Remedy, Safety, Wanted, What};
use crate::extract::{self, Language};
use crate::facts::types::{ObjectMember, TypeExpr, TypeKind};
use crate::finding::{Edit, Finding, Fix, Severity, Status};
use crate::scan::{self, Cache};
use crate::snapshot::{Content, OverlaySnapshot, Snapshot};
use crate::source::{Origin, RepoPath, SourceText, Span};

/// Findings for which a fix is looked for; with more of them than this a refactor has to be looked at by a person.
const MOST_FINDINGS: usize = 64;

/// How often the check is run to find out which proposals hold. Past it, those that did not hold in the last round are dropped.
const ROUNDS: usize = 4;

/// How deep a declared type is searched for a member.
const TYPE_DEPTH: u32 = 12;

/// Sets [`Finding::fix`] where there is one that holds. What a rule has put there is a proposal like any other.
pub fn propose(base: &dyn Snapshot, head: &dyn Snapshot, checked: &mut Checked, options: &Options, cache: &Cache) {
    let given: Vec<Option<Fix>> = checked.outcome.findings.iter_mut().map(|finding| finding.fix.take()).collect();
    let texts = Texts { base, head, checked };
    let mut candidates: Vec<Candidates> = scan::pool().install(|| texts.candidates(&given));
    if candidates.is_empty() {
        return;
    }
    for round in 0..ROUNDS {
        candidates.retain(|candidate| candidate.next < candidate.remedies.len());
        if candidates.is_empty() {
            return;
        }
        let mut failed = BTreeSet::new();
        let chosen = texts.together(&candidates, &mut failed);
        match texts.after(&chosen, options, cache) {
            After::Findings(after) => failed.extend(failures(&checked.outcome.findings, &candidates, &after)),
            // What breaks a file speaks against the edits of that file alone.
            After::Unreadable(files) => {
                let broken = candidates.iter().enumerate().filter(|(_, candidate)| files.contains(&candidate.file));
                failed.extend(broken.map(|(at, _)| at));
            }
            After::Unknown => return,
        }
        if failed.is_empty() {
            break;
        }
        if round + 1 == ROUNDS {
            let mut at = 0;
            candidates.retain(|_| {
                at += 1;
                !failed.contains(&(at - 1))
            });
        } else {
            for at in failed {
                candidates[at].next += 1;
            }
        }
    }
    let fixes: Vec<(usize, Fix)> = candidates
        .iter()
        .filter_map(|candidate| Some((candidate.finding, candidate.fix(&checked.base_state, &checked.head_state)?)))
        .collect();
    for (at, fix) in fixes {
        checked.outcome.findings[at].fix = Some(fix);
    }
}

/// What the front end proposes for one finding.
struct Candidates {
    /// Its index.
    finding: usize,
    file: RepoPath,
    /// The name that the key has now, for keys.
    now: Option<String>,
    remedies: Vec<Remedy>,
    next: usize,
}

impl Candidates {
    fn edits(&self) -> Vec<Edit> {
        self.remedies.get(self.next).map_or_else(Vec::new, |remedy| {
            remedy
                .edits
                .iter()
                .map(|(span, replacement)| Edit {
                    origin: Origin::new(self.file.clone(), *span),
                    replacement: replacement.clone(),
                })
                .collect()
        })
    }

    /// What a rule proposes by itself.
    fn given(finding: usize, fix: &Fix) -> Option<Candidates> {
        let file = fix.origin.file.clone();
        // Whoever is asked to look at other files is asked by a person.
        let edits: Vec<(Span, String)> =
            fix.edits().filter(|edit| edit.origin.file == file).map(|edit| (edit.origin.span, edit.replacement)).collect();
        let safety = if fix.safe { Safety::Sure } else { Safety::OthersFollow };
        let remedy = Remedy { what: fix.what.clone(), edits, safety };
        Some(Candidates { finding, file, now: None, remedies: vec![remedy], next: 0 })
    }

    fn fix(&self, base: &check::State, head: &check::State) -> Option<Fix> {
        let remedy = self.remedies.get(self.next)?;
        let mut edits = self.edits().into_iter();
        let first = edits.next()?;
        let safe = match remedy.safety {
            Safety::Sure => true,
            Safety::UnlessDeclared => self.now.as_ref().is_none_or(|now| declarations(head, now) == 0),
            Safety::WhileDeclared => words(remedy.edits.iter().map(|(_, replacement)| replacement.as_str()))
                .iter()
                .all(|word| declarations(base, word) <= declarations(head, word)),
            Safety::OthersFollow => false,
        };
        Some(Fix {
            what: remedy.what.clone(),
            origin: first.origin,
            replacement: first.replacement,
            further: edits.collect(),
            safe,
        })
    }
}

struct Texts<'t> {
    base: &'t dyn Snapshot,
    head: &'t dyn Snapshot,
    checked: &'t Checked,
}

impl Texts<'_> {
    fn read(snapshot: &dyn Snapshot, state: &check::State, file: &RepoPath) -> Option<Arc<SourceText>> {
        let at = state.scan.entries.binary_search_by(|entry| entry.path.cmp(file)).ok()?;
        match snapshot.read(&state.scan.entries[at]) {
            Content::Text(text) => Some(Arc::new(text)),
            Content::Skipped(_) => None,
        }
    }

    fn candidates(&self, given: &[Option<Fix>]) -> Vec<Candidates> {
        let wanted = self.checked.outcome.findings.iter().enumerate().filter(|(_, finding)| {
            matches!(finding.status, Status::New | Status::Requested) && finding.severity > Severity::Note
        });
        let proposed = wanted.take(MOST_FINDINGS).filter_map(|(at, finding)| match given.get(at) {
            Some(Some(fix)) => Candidates::given(at, fix),
            Some(None) | None => self.candidate(at, finding),
        });
        proposed.collect()
    }

    fn candidate(&self, at: usize, finding: &Finding) -> Option<Candidates> {
        let origin = finding.head.as_ref()?;
        let language: &dyn Language = extract::language_of(&origin.file)?;
        let head = Self::read(self.head, &self.checked.head_state, &origin.file)?;
        let base = finding.base.as_ref().and_then(|origin| {
            let same = extract::language_of(&origin.file).is_some_and(|other| other.id() == language.id());
            let text = Self::read(self.base, &self.checked.base_state, &origin.file).filter(|_| same)?;
            Some((text, origin.span))
        });
        let key = |path: &str| path.rsplit('/').next().unwrap_or_default().replace("~1", "/").replace("~0", "~");
        let names = finding.to.as_ref().map(|to| (key(&finding.path), key(to)));
        let gone = key(&finding.path);
        let what = match (finding.rule, &names) {
            ("field-renamed", Some((name, now))) => What::Key { name, now },
            ("field-renamed", None) => What::Keys,
            ("field-removed", _) => What::Missing { name: &gone },
            _ => return None,
        };
        let wanted = Wanted {
            head: &head,
            at: origin.span,
            base: base.as_ref().map(|(text, span)| (&**text, *span)),
            role: finding.role,
            what,
        };
        let remedies = extract::remedies(language, &wanted);
        let now = names.map(|(_, now)| now);
        (!remedies.is_empty()).then_some(Candidates { finding: at, file: origin.file.clone(), now, remedies, next: 0 })
    }

    /// The edits of all candidates that can be made at once; the others have failed.
    fn together(&self, candidates: &[Candidates], failed: &mut BTreeSet<usize>) -> Vec<Edit> {
        let mut chosen: Vec<Edit> = Vec::new();
        for (at, candidate) in candidates.iter().enumerate() {
            let text = Self::read(self.head, &self.checked.head_state, &candidate.file);
            let mut more = chosen.clone();
            more.extend(candidate.edits());
            let here = by_file(&more).remove(&candidate.file);
            if text.zip(here).is_some_and(|(text, edits)| apply(text.text(), &edits).is_some()) {
                chosen = more;
            } else {
                failed.insert(at);
            }
        }
        chosen
    }

    /// What the check says of head with these edits.
    fn after(&self, edits: &[Edit], options: &Options, cache: &Cache) -> After {
        let mut files = Vec::new();
        for (file, edits) in by_file(edits) {
            let text = Self::read(self.head, &self.checked.head_state, &file);
            let Some(new) = text.and_then(|text| apply(text.text(), &edits)) else { return After::Unknown };
            files.push((file, new));
        }
        let edited: Vec<RepoPath> = files.iter().map(|(file, _)| file.clone()).collect();
        let head = OverlaySnapshot::new(self.head, files);
        let Ok(state) = check::understand(&head, &self.checked.plan.config, cache, &options.outside) else {
            return After::Unknown;
        };
        // A file that no longer parses would make findings vanish.
        let unread = |state: &check::State, file: &RepoPath| state.model.unread.get(file).map_or(0, Vec::len);
        let broken: BTreeSet<RepoPath> =
            edited.into_iter().filter(|file| unread(&state, file) > unread(&self.checked.head_state, file)).collect();
        if !broken.is_empty() {
            return After::Unreadable(broken);
        }
        let plan = self.checked.plan.clone();
        match check::judge(self.base, &head, &self.checked.base_state, &state, plan, options) {
            Ok(mut outcome) => After::Findings(std::mem::take(&mut outcome.findings)),
            Err(_) => After::Unknown,
        }
    }
}

/// What a second check says.
enum After {
    Findings(Vec<Finding>),
    /// Files that the edits have broken.
    Unreadable(BTreeSet<RepoPath>),
    Unknown,
}

/// The candidates that did not hold: whose finding is still there, or in whose event or file something new came up.
fn failures(before: &[Finding], candidates: &[Candidates], after: &[Finding]) -> BTreeSet<usize> {
    let stands = |finding: &Finding| matches!(finding.status, Status::New | Status::Requested);
    let key = |finding: &Finding| {
        (finding.rule, finding.event.clone(), finding.path.clone(), finding.to.clone(), finding.role.as_str())
    };
    let known: BTreeSet<_> = before.iter().filter(|finding| stands(finding)).map(key).collect();
    let left: BTreeSet<_> = after.iter().filter(|finding| stands(finding)).map(key).collect();
    let fresh: Vec<&Finding> = after
        .iter()
        .filter(|finding| stands(finding) && finding.severity > Severity::Note && !known.contains(&key(finding)))
        .collect();
    let mut failed = BTreeSet::new();
    for (at, candidate) in candidates.iter().enumerate() {
        let finding = &before[candidate.finding];
        let worse = fresh
            .iter()
            .any(|new| new.event == finding.event || new.head.as_ref().is_some_and(|origin| origin.file == candidate.file));
        if left.contains(&key(finding)) || worse {
            failed.insert(at);
        }
    }
    // Something new that none of them explains speaks against all.
    if failed.is_empty() && !fresh.is_empty() {
        failed.extend(0..candidates.len());
    }
    failed
}

/// The identifiers in pieces of code.
fn words<'t>(texts: impl Iterator<Item = &'t str>) -> BTreeSet<&'t str> {
    let apart = |letter: char| !(letter.is_alphanumeric() || letter == '_' || letter == '$');
    texts.flat_map(|text| text.split(apart)).filter(|word| word.starts_with(|letter: char| !letter.is_ascii_digit())).collect()
}

/// How often the types that a state declares have a member of this name.
fn declarations(state: &check::State, name: &str) -> usize {
    state.scan.units.iter().flat_map(|unit| &unit.facts.types).map(|declared| names(&declared.write, name, TYPE_DEPTH)).sum()
}

fn names(ty: &TypeExpr, name: &str, depth: u32) -> usize {
    let Some(depth) = depth.checked_sub(1) else { return 0 };
    let all = |parts: &[TypeExpr]| parts.iter().map(|part| names(part, name, depth)).sum();
    match &ty.kind {
        TypeKind::Object(object) => object
            .members
            .iter()
            .map(|member| match member {
                ObjectMember::Field(field) => {
                    usize::from(field.name == name || field.source.as_deref() == Some(name)) + names(&field.ty, name, depth)
                }
                ObjectMember::Spread(inner) => names(inner, name, depth),
            })
            .sum(),
        TypeKind::Array { items, .. } => names(items, name, depth),
        TypeKind::Map { values, .. } => names(values, name, depth),
        TypeKind::Union(parts) | TypeKind::Intersection(parts) | TypeKind::Apply(_, parts) => all(parts),
        TypeKind::Tuple { items, rest } => items.iter().chain(rest.as_deref()).map(|part| names(part, name, depth)).sum(),
        TypeKind::Ref(reference) => reference.args.iter().map(|part| names(part, name, depth)).sum(),
        TypeKind::Unknown(_)
        | TypeKind::Never
        | TypeKind::Absent
        | TypeKind::Null
        | TypeKind::Boolean
        | TypeKind::Integer(_)
        | TypeKind::Number(_)
        | TypeKind::String(_)
        | TypeKind::Const(_)
        | TypeKind::Param(_)
        | TypeKind::Of(_) => 0,
    }
}

/// Edits by file, each once, in the order of their places.
pub fn by_file(edits: &[Edit]) -> BTreeMap<RepoPath, Vec<Edit>> {
    let mut files: BTreeMap<RepoPath, BTreeSet<Edit>> = BTreeMap::new();
    for edit in edits {
        files.entry(edit.origin.file.clone()).or_default().insert(edit.clone());
    }
    files.into_iter().map(|(file, edits)| (file, edits.into_iter().collect())).collect()
}

/// The text with its edits made; `None` where two of them overlap, or one lies outside of the text.
pub fn apply(text: &str, edits: &[Edit]) -> Option<String> {
    let mut out = String::with_capacity(text.len() + 64);
    let mut at = 0;
    for edit in edits {
        let (start, end) = (edit.origin.span.start as usize, edit.origin.span.end as usize);
        if start < at {
            return None;
        }
        out.push_str(text.get(at..start)?);
        text.get(start..end)?;
        out.push_str(&edit.replacement);
        at = end;
    }
    out.push_str(text.get(at..)?);
    Some(out)
}

#[cfg(test)]
mod tests;
