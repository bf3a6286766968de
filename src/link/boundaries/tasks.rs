//! What Python code says of payloads apart from calls that an idiom knows: functions that messages run, fixtures of tests, classes that
//! do not say how they are serialized.

use super::intakes::all_of;
use super::{Intake, Linker};
use crate::facts::{FnId, LanguageId, Name, Role};
use crate::link::eval::callee_text;
use crate::link::model::{Boundary, Delivery};
use crate::link::modules::FileId;
use crate::link::naming::{EVENT_KEYS, event_in, texts_of};
use crate::link::payload;
use crate::link::reads::Root;
use crate::link::relay;
use crate::link::resolve::{Entity, FnRef, Want};
use crate::link::surroundings;
use crate::link::term::{Kind, Term};
use crate::link::types::Side;

impl<'a> Linker<'_, 'a> {
    /// Functions that messages run: each is the consumer of what it is called with, whatever registers it.
    pub(super) fn tasks(&mut self) {
        for (target, relay) in self.relays.queued() {
            let function = self.program.function(target);
            // A function without a name is called by nobody from elsewhere: `column.apply(lambda x: x + 1)`.
            if function.name.is_empty() {
                continue;
            }
            let by_tests = self.in_test(relay.site.function);
            let below = relay::run_below(self.eval, target);
            if below.is_empty() {
                self.task(target, by_tests, relay::task_name(self.eval, target));
            }
            for (class, method) in below {
                self.task(method, by_tests, relay::class_task_name(self.eval, class));
            }
        }
    }

    fn task(&mut self, target: FnRef, by_tests: bool, name: Name) {
        let function = self.program.function(target);
        let origin = self.origin(target.file, function.span);
        if self.boundaries.iter().any(|known| known.role == Role::Consumer && known.origin == origin) {
            return;
        }
        let intake = match relay::whole_message(self.eval, target) {
            Some(index) => Intake {
                root: Root::Param(target, index as u32),
                prefix: Vec::new(),
                declared: function.locals[index].ty.as_ref().map(|ty| self.eval.type_use(target, ty)),
                enforced: false,
                of_request: false,
                all: None,
            },
            None => all_of(target),
        };
        let (shape, enforced, _) = self.intake_shape(std::slice::from_ref(&intake), &crate::link::dispatch::Sorting::default());
        let boundary = Boundary {
            symbol: surroundings::symbol(self.program, target).into(),
            in_test: self.in_test(target) || by_tests && function.in_test,
            enforced,
            delivery: Delivery { acks: self.around.intake(&[target], &[]), ..Delivery::default() },
            package: self.packages.of(self.program.files.unit(target.file).path.as_str()),
            by_position: self.places_taken(&[intake], target),
            task: Some(self.program.files.unit(target.file).path.clone()),
            ..Boundary::new(Role::Consumer, "queue", "task", origin, shape)
        };
        self.named(boundary, vec![name], None, Vec::new());
    }

    /// The parameters of a task that its callers fill by their place, where its message is the object of all of them.
    pub(super) fn places_taken(&self, intakes: &[Intake<'a>], target: FnRef) -> Vec<Option<Name>> {
        let taken_apart = intakes.iter().any(|intake| intake.all == Some(target));
        if taken_apart { self.relays.by_position(self.eval, target) } else { Vec::new() }
    }

    /// Payloads that fixtures and factories of tests give.
    pub(super) fn fixtures(&mut self) {
        for (at, unit) in self.program.files.units.iter().enumerate() {
            if unit.facts.language != LanguageId::Python {
                continue;
            }
            let file = FileId(at as u32);
            for (index, function) in unit.facts.functions.iter().enumerate() {
                let target = FnRef { file, id: FnId(index as u32) };
                if function.name.is_empty() || function.returns.len() != 1 || !self.in_test(target) {
                    continue;
                }
                let fixture = function.decorators.iter().any(|call| callee_text(&call.callee).ends_with("fixture"));
                let name = function.name.to_ascii_lowercase();
                let says = ["payload", "event", "message", "webhook"].iter().any(|word| name.contains(word));
                if function.name.starts_with("test") || !fixture && !says {
                    continue;
                }
                let value = &function.returns[0];
                let term = self.eval.term(target, value, value.span.end);
                let event = event_in(&term);
                if !matches!(term.bare().kind, Kind::Object(_) | Kind::Record(_)) || event.is_none() && !says {
                    continue;
                }
                let boundary = Boundary {
                    event_expr: Some(function.name.clone().into()),
                    symbol: surroundings::symbol(self.program, target).into(),
                    in_test: true,
                    package: self.packages.of(unit.path.as_str()),
                    ..Boundary::new(
                        Role::Producer,
                        "test",
                        "python-fixture",
                        self.origin(file, function.span),
                        payload::wire_shape(self.types, &term, Side::Write),
                    )
                };
                let events = event.as_ref().map(texts_of).unwrap_or_default();
                if events.is_empty() {
                    self.boundaries.push(boundary);
                } else {
                    self.named(boundary, events, event.as_ref(), Vec::new());
                }
            }
        }
    }

    /// The Python class of a payload that is an instance of a class of which nothing says how it is serialized: a helper that is
    /// handed a row of a database turns it into something else before it sends it.
    pub(super) fn opaque_class(&self, payload: &Term<'a>) -> Option<Name> {
        let ty = match &payload.kind {
            Kind::Typed(inner, ty) if !matches!(inner.bare().kind, Kind::Object(_) | Kind::Array(_)) => ty,
            Kind::OfType(ty) | Kind::Param { declared: Some(ty), .. } => ty,
            Kind::Record(record) => &record.ty,
            _ => return None,
        };
        let entity = self.program.resolve(ty.file, ty.scope, &ty.ty.reference()?.path, Want::Type)?.entity;
        let Entity::Type(id) = entity else { return None };
        let decl = self.program.type_decl(id);
        if self.program.files.unit(id.file).facts.language != LanguageId::Python || decl.serializable {
            return None;
        }
        let found = self.program.resolve(id.file, &decl.scope, std::slice::from_ref(&decl.name), Want::Class)?;
        let Entity::Class(class) = found.entity else { return None };
        let class = self.program.class(class);
        let plain = class.decorators.is_empty() && !class.bases.is_empty();
        // A schema or serializer class says how others are serialized: what it dumps has its fields.
        let known = class.bases.iter().any(|base| {
            base.last().is_some_and(|name| {
                matches!(name.as_str(), "TypedDict" | "NamedTuple" | "BaseModel" | "Struct" | "Enum" | "StrEnum")
                    || name.ends_with("Schema")
                    || name.ends_with("Serializer")
            })
        });
        (plain && !known).then(|| decl.name.clone())
    }
}

/// A member that usually names an event, of a value that nothing is known of.
pub(super) fn is_asked_for(term: &Term<'_>) -> bool {
    match &term.bare().kind {
        Kind::Member(inner, name) => {
            EVENT_KEYS.contains(&name.as_str()) && !matches!(inner.bare().kind, Kind::Member(_, _) | Kind::Element(_))
        }
        Kind::OneOf(branches) => branches.iter().all(is_asked_for),
        _ => false,
    }
}
