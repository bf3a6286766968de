//! Messages to tasks brought to one form before they are compared.
//!
//! Functions of one name in several files are several tasks, and go by their modules as well.
//!
//! Arguments may cross by their place: what a parameter is called is then not on the wire, where it stands is.
//! A renamed parameter keeps its place, so head's field goes by base's name before anything is compared. A parameter that kept its name
//! and stands elsewhere is told as moved. Where any caller names the parameter, names are on the wire and nothing is done here.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{CompareOptions, finding};
use crate::facts::Role;
use crate::finding::{Finding, Severity};
use crate::link::model::{Boundary, Model};
use crate::shape::{Shape, ShapeKind};
use crate::source::RepoPath;

/// Base and head with the names of modules before those of tasks that several files have, if there are such.
pub(super) fn told_apart(base: &Model, head: &Model) -> Option<(Model, Model)> {
    let mut files: BTreeMap<&str, BTreeSet<&RepoPath>> = BTreeMap::new();
    let mut shared: BTreeSet<&str> = BTreeSet::new();
    for model in [base, head] {
        files.clear();
        for boundary in told(model) {
            if let (Some(event), Some(file)) = (boundary.event.as_deref(), &boundary.task) {
                files.entry(event).or_default().insert(file);
            }
        }
        shared.extend(files.iter().filter(|(_, files)| files.len() > 1).map(|(event, _)| *event));
    }
    if shared.is_empty() {
        return None;
    }
    let apart = |model: &Model| {
        let mut model = model.clone();
        for boundary in &mut model.boundaries {
            if let (Some(event), Some(file)) = (&mut boundary.event, &boundary.task)
                && shared.contains(event.as_str())
            {
                *event = format!("{}.{event}", module_of(file));
            }
        }
        model
    };
    Some((apart(base), apart(head)))
}

/// The module of a file, as a task's full name begins.
fn module_of(file: &RepoPath) -> String {
    let path = file.as_str();
    let path = path.strip_suffix(".py").unwrap_or(path);
    path.strip_suffix("/__init__").unwrap_or(path).replace('/', ".")
}

/// What the boundaries of one event say of the places of its arguments.
#[derive(Default)]
struct Places<'m> {
    /// The names at each place.
    names: Vec<BTreeSet<&'m str>>,
    /// Names that are on the wire.
    named: BTreeSet<&'m str>,
    /// Every name of a field.
    all: BTreeSet<&'m str>,
}

impl<'m> Places<'m> {
    /// By event, where some argument crosses by its place.
    fn of(model: &'m Model) -> BTreeMap<&'m str, Places<'m>> {
        let mut found: BTreeMap<&str, Places<'_>> = BTreeMap::new();
        for boundary in told(model) {
            let Some(event) = boundary.event.as_deref().filter(|_| !boundary.by_position.is_empty()) else { continue };
            let places = found.entry(event).or_default();
            for (at, name) in boundary.by_position.iter().enumerate() {
                if places.names.len() <= at {
                    places.names.push(BTreeSet::new());
                }
                places.names[at].extend(name.as_deref());
            }
        }
        if found.is_empty() {
            return found;
        }
        for boundary in told(model) {
            let Some(places) = boundary.event.as_deref().and_then(|event| found.get_mut(event)) else { continue };
            for field in boundary.shape.as_object().into_iter().flat_map(|object| &object.fields) {
                places.all.insert(&field.name);
                let by_place = boundary.by_position.iter().any(|name| name.as_deref() == Some(&field.name));
                // What a task takes and nobody is known to send by its place may be named by somebody.
                if !by_place && boundary.role == Role::Producer {
                    places.named.insert(&field.name);
                }
            }
        }
        found
    }

    /// The one name at a place.
    fn at(&self, place: usize) -> Option<&'m str> {
        let mut names = self.names.get(place)?.iter();
        names.next().copied().filter(|_| names.next().is_none())
    }

    fn place_of(&self, name: &str) -> Option<usize> {
        (0..self.names.len()).find(|place| self.at(*place) == Some(name))
    }
}

fn told(model: &Model) -> impl Iterator<Item = &Boundary> {
    model.boundaries.iter().filter(|boundary| !boundary.in_test)
}

/// Head with the names of base where only names changed, if there are such; what moved is added to the findings.
pub(super) fn aligned(base: &Model, head: &Model, options: &CompareOptions, findings: &mut Vec<Finding>) -> Option<Model> {
    let before = Places::of(base);
    if before.is_empty() {
        return None;
    }
    let after = Places::of(head);
    let mut renamed: BTreeMap<&str, BTreeMap<&str, &str>> = BTreeMap::new();
    for (event, old) in &before {
        let Some(new) = after.get(event) else { continue };
        let mut moved: BTreeSet<&str> = BTreeSet::new();
        for place in 0..old.names.len() {
            let (Some(was), Some(is)) = (old.at(place), new.at(place)) else { continue };
            let on_wire = |name: &str| old.named.contains(name) || new.named.contains(name);
            if was == is || on_wire(was) || on_wire(is) {
                continue;
            }
            if new.all.contains(was) {
                moved.insert(was);
            } else if old.all.contains(is) {
                moved.insert(is);
            } else {
                renamed.entry(event).or_default().insert(is, was);
            }
        }
        for name in moved {
            let (Some(from), Some(to)) = (old.place_of(name), new.place_of(name)) else { continue };
            findings.extend(shifted(event, name, (from, to), (base, head), options));
        }
    }
    if renamed.is_empty() {
        return None;
    }
    let mut head = head.clone();
    for boundary in head.boundaries.iter_mut().filter(|boundary| !boundary.in_test) {
        let Some(names) = boundary.event.as_deref().and_then(|event| renamed.get(event)) else { continue };
        boundary.shape = under(&boundary.shape, names);
        boundary.inner = boundary.inner.as_ref().map(|inner| under(inner, names));
    }
    Some(head)
}

/// A shape whose fields go by other names.
fn under(shape: &Arc<Shape>, names: &BTreeMap<&str, &str>) -> Arc<Shape> {
    let ShapeKind::Object(object) = &shape.kind else { return Arc::clone(shape) };
    let mut object = object.clone();
    for field in &mut object.fields {
        if let Some(name) = names.get(field.name.as_str()) {
            (*name).clone_into(&mut field.name);
        }
    }
    Arc::new(Shape { kind: ShapeKind::Object(object), ..shape.as_ref().clone() })
}

/// A parameter that stands elsewhere among the arguments.
fn shifted(
    event: &str,
    name: &str,
    (from, to): (usize, usize),
    (base, head): (&Model, &Model),
    options: &CompareOptions,
) -> Option<Finding> {
    let place = |model: &Model| {
        let field = |boundary: &Boundary| boundary.shape.as_object().and_then(|object| object.field(name)?.origin.clone());
        let of_event = || told(model).filter(|boundary| boundary.event.as_deref() == Some(event));
        let takes = of_event().find(|boundary| boundary.role == Role::Consumer).or_else(|| of_event().next())?;
        Some(field(takes).unwrap_or_else(|| takes.origin.clone()))
    };
    let message = format!(
        "`{name}` of `{event}` is now the {} argument, it was the {}; arguments cross by their place",
        ordinal(to),
        ordinal(from)
    );
    let mut found = finding("field-moved", event, Role::Consumer, message);
    found.path = format!("/{name}");
    found.base = place(base);
    found.head = Some(place(head)?);
    found.fragments = (format!("{name}@{from}"), format!("{name}@{to}"));
    found.evidence = Some("callers give it by its place, and messages in flight have the old order".to_owned());
    found.help = "keep the order and put new parameters last with a default, or pass arguments by name first".to_owned();
    if options.ignore_in_flight {
        found.severity = Severity::Note;
    }
    Some(found)
}

fn ordinal(place: usize) -> String {
    match place {
        0 => "first".to_owned(),
        1 => "second".to_owned(),
        2 => "third".to_owned(),
        3 => "fourth".to_owned(),
        other => format!("{}th", other + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Origin, Span};

    fn model(files: &[&str]) -> Model {
        let task = |file: &&str| {
            let path = RepoPath::new(*file);
            let shape = Arc::new(Shape::unknown("nothing is known", None));
            let origin = Origin::new(path.clone(), Span::default());
            let boundary = Boundary::new(Role::Consumer, "queue", "task", origin, shape);
            Boundary { event: Some("sync".to_owned()), task: Some(path), ..boundary }
        };
        Model { boundaries: files.iter().map(task).collect(), ..Model::default() }
    }

    fn events(model: &Model) -> Vec<&str> {
        model.boundaries.iter().filter_map(|boundary| boundary.event.as_deref()).collect()
    }

    #[test]
    fn functions_of_one_name_in_several_files_are_several_tasks() {
        let (base, head) = (model(&["app/a/tasks.py"]), model(&["app/a/tasks.py", "app/b/__init__.py"]));
        let (base, head) = told_apart(&base, &head).expect("head has two");
        assert_eq!(events(&base), ["app.a.tasks.sync"]);
        assert_eq!(events(&head), ["app.a.tasks.sync", "app.b.sync"]);
    }

    #[test]
    fn a_task_that_moved_is_the_same_task() {
        assert!(told_apart(&model(&["app/a.py"]), &model(&["app/b.py"])).is_none());
    }
}
