//! Where payloads come into a handler, and what it needs of them.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::discriminator::is_payload;
use super::{Intake, Linker, REQUEST_MEMBERS};
use crate::facts::{Call, ExprKind, Function, LanguageId, LocalKind, Name, TypeExpr, TypeKind};
use crate::link::dispatch::Sorting;
use crate::link::eval::callee_text;
use crate::link::idioms::matcher::Idiom;
use crate::link::idioms::selector::{Root as Selected, Selector, Step as PathStep};
use crate::link::naming::texts_of;
use crate::link::payload;
use crate::link::reads::{self, Root};
use crate::link::reduce;
use crate::link::relay;
use crate::link::resolve::FnRef;
use crate::link::summaries::CallSite;
use crate::link::term::Term;
use crate::link::types::Side;
use crate::shape::{Field, ObjectShape, Presence, Rest, Shape, ShapeKind};

/// The most names that the type of an event's name may list; a longer list says nothing of one call.
const MAX_STATED_NAMES: usize = 64;

impl<'a> Linker<'_, 'a> {
    /// The names that the type of an event's name lists: members of an enumeration, a union of texts.
    pub(super) fn stated_names(&self, event: &Term<'a>) -> Vec<Name> {
        let shape = payload::wire_shape(self.types, event, Side::Write);
        names_of(&shape).filter(|names| names.len() <= MAX_STATED_NAMES).unwrap_or_default()
    }

    pub(super) fn intake_of_handler(&self, idiom: &Idiom, target: FnRef) -> Vec<Intake<'a>> {
        let handled: &'a Function = self.program.function(target);
        let language = self.program.files.unit(target.file).facts.language;
        let mut found = Vec::new();
        for (index, local) in handled.locals.iter().take(handled.params as usize).enumerate() {
            if let Some(ty) = &local.ty
                && let Some(inner) = extractor_argument(ty, &idiom.param_types)
            {
                let declared = self.eval.type_use(target, enveloped(inner));
                // Of a type of some library the code says what it reads.
                let steps = idiom.payload.first().map_or(&[][..], |selector| selector.steps.as_slice());
                let is_foreign = !steps.is_empty() && self.types.shape(&declared, Side::Read).shape.is_unknown();
                found.push(Intake {
                    root: Root::Param(target, index as u32),
                    prefix: if is_foreign { steps.to_vec() } else { Vec::new() },
                    declared: (!is_foreign).then_some(declared),
                    enforced: !is_foreign,
                    of_request: false,
                    all: None,
                });
            }
        }
        // A handler that takes the body as it came decodes it itself. Of a row that nothing but the type speaks for, a text is
        // no sign.
        let by_type_alone = idiom.decorators.is_empty() && idiom.handler.is_empty();
        if found.is_empty() && !idiom.param_types.is_empty() && idiom.functions.is_empty() && !by_type_alone {
            for (index, local) in handled.locals.iter().take(handled.params as usize).enumerate() {
                if local.ty.as_ref().is_some_and(is_raw_body) {
                    let root = Root::Param(target, index as u32);
                    found.push(Intake {
                        root,
                        prefix: Vec::new(),
                        declared: None,
                        enforced: false,
                        of_request: false,
                        all: None,
                    });
                }
            }
        }
        if !found.is_empty() || !idiom.param_types.is_empty() {
            return found;
        }
        for selector in &idiom.payload {
            let index = match &selector.root {
                Selected::AllParams => {
                    let whole = if idiom.leaves_process() { relay::whole_message(self.eval, target) } else { None };
                    match whole {
                        Some(index) => index as u32,
                        None => {
                            found.push(all_of(target));
                            break;
                        }
                    }
                }
                Selected::ModelParam => match self.model_param(target) {
                    Some(index) => index,
                    None => continue,
                },
                Selected::Param(position) if *position >= 0 => *position as u32,
                Selected::Param(back) => match handled.params.checked_sub(back.unsigned_abs()) {
                    Some(index) => index,
                    None => continue,
                },
                Selected::NamedParam(name) => {
                    match handled.locals.iter().take(handled.params as usize).position(|local| local.name == *name) {
                        Some(index) => index as u32,
                        None => continue,
                    }
                }
                _ => continue,
            };
            if index >= handled.params {
                continue;
            }
            let declared = handled.locals[index as usize].ty.as_ref().map(|ty| self.eval.type_use(target, ty));
            found.push(Intake {
                root: Root::Param(target, index),
                prefix: selector.steps.clone(),
                declared,
                enforced: language == LanguageId::Rust || selector.root == Selected::ModelParam,
                of_request: idiom.kind == "webhook" && !idiom.functions.is_empty() && language == LanguageId::TypeScript,
                all: None,
            });
            break;
        }
        found
    }

    /// What a call that gives a payload gives: the part of it that is read, where the row knows several.
    pub(super) fn intakes_of_call(&self, idiom: &Idiom, sink: CallSite) -> Vec<Intake<'a>> {
        let mut parts = idiom.payload.iter().filter(|selector| selector.root == Selected::Return).map(|selector| Intake {
            root: Root::Call(sink),
            prefix: selector.steps.clone(),
            declared: None,
            enforced: false,
            of_request: false,
            all: None,
        });
        let Some(first) = parts.next() else { return Vec::new() };
        let sorting = Sorting::default();
        let is_read = |part: &Intake<'a>| self.intake_shape(std::slice::from_ref(part), &sorting).2;
        if is_read(&first) {
            return vec![first];
        }
        vec![parts.find(is_read).unwrap_or(first)]
    }

    /// The names that a type argument of a handler's parameter lists: `"user.created"` of `EventBridgeEvent<"user.created", User>`.
    pub(super) fn names_in_param_type(&self, target: FnRef, handled: &'a Function, position: usize) -> Vec<Name> {
        let locals = handled.locals.iter().take(handled.params as usize);
        let argument = locals.filter_map(|local| local.ty.as_ref()).find_map(|ty| match &ty.kind {
            TypeKind::Ref(reference) if reference.args.len() > 1 => reference.args.get(position),
            _ => None,
        });
        let Some(argument) = argument else { return Vec::new() };
        let shape = self.types.shape(&self.eval.type_use(target, argument), Side::Read).shape;
        names_of(&shape).filter(|names| names.len() <= MAX_STATED_NAMES).unwrap_or_default()
    }

    /// What a call's receiver is called in the source.
    fn receiver_text(&self, function: FnRef, call: &crate::facts::Call) -> Option<Name> {
        if let ExprKind::Member(base, _) = &call.callee.kind
            && let ExprKind::Local(id) = base.kind
        {
            return self.program.function(function).locals.get(id.0 as usize).map(|local| local.name.clone());
        }
        let text = callee_text(&call.callee);
        let (receiver, _) = text.rsplit_once('.')?;
        Some(receiver.rsplit('.').next().unwrap_or(receiver).into())
    }

    /// The channels that another call on the same receiver names: `consumer.subscribe({ topic })` beside `consumer.run(…)`.
    pub(super) fn channels_beside(&self, idiom: &Idiom, site: CallSite) -> Vec<Name> {
        let calls = self.calls_beside(idiom, site);
        let named = |(at, call): &(FnRef, &'a Call)| {
            let term = idiom.beside_channel.iter().find_map(|selector| selector.select(self.eval, *at, call));
            term.as_ref().map(texts_of).unwrap_or_default()
        };
        let mut found: Vec<Name> = calls.iter().flat_map(named).collect();
        found.dedup();
        found
    }

    /// The events that are bound to the queue of a consumer: `queue.bind(exchange, routing_key="order.paid")` beside
    /// `queue.consume(…)`. None where one of them is not known, or where everything is let in.
    pub(super) fn events_beside(&self, idiom: &Idiom, site: CallSite, channel: Option<&Term<'a>>) -> Vec<Name> {
        let own = self.eval.own_class(site.function);
        let mut found: Vec<Name> = Vec::new();
        for (at, call) in self.calls_beside(idiom, site) {
            let pick = |selectors: &[Selector]| selectors.iter().find_map(|selector| selector.select(self.eval, at, call));
            let of = pick(&idiom.beside_of);
            let same = idiom.beside_of.is_empty()
                || of.as_ref().zip(channel).is_some_and(|(of, channel)| self.text_at(of) == self.text_at(channel));
            if !same || self.eval.own_class(at) != own {
                continue;
            }
            let texts = pick(&idiom.beside_event).as_ref().map(texts_of).unwrap_or_default();
            if texts.is_empty() || texts.iter().any(|text| text.is_empty() || matches!(text.as_str(), "#" | "*")) {
                return Vec::new();
            }
            // Any number of words is written `#`, which is `*` here.
            found.extend(texts.iter().map(|text| text.replace('#', "*").into()));
        }
        let mut seen = BTreeSet::new();
        found.retain(|text| seen.insert(text.clone()));
        found
    }

    /// The calls on the same receiver that the row knows to name the channel.
    fn calls_beside(&self, idiom: &Idiom, site: CallSite) -> Vec<(FnRef, &'a Call)> {
        let Some(own) = self.receiver_text(site.function, self.program.function(site.function).call(site.call)) else {
            return Vec::new();
        };
        let unit = self.program.files.unit(site.function.file);
        let mut found = Vec::new();
        for name in &idiom.beside {
            for (function, call) in unit.index.calls.get(name).into_iter().flatten() {
                let at = FnRef { file: site.function.file, id: *function };
                let call = self.program.function(at).call(*call);
                if self.receiver_text(at, call).as_ref() == Some(&own) {
                    found.push((at, call));
                }
            }
        }
        found
    }

    /// What all intakes of one consumer need together; whether a type enforces it; whether anything is read at all.
    pub(super) fn intake_shape(&self, intakes: &[Intake<'a>], sorting: &Sorting<'_>) -> (Arc<Shape>, bool, bool) {
        let mut shapes: Vec<Arc<Shape>> = Vec::new();
        let mut enforced = false;
        let mut read_anything = false;
        for intake in intakes {
            if let Some(target) = intake.all {
                read_anything = true;
                shapes.push(self.parameters_shape(target));
                continue;
            }
            let declared = intake.declared.as_ref().map(|ty| {
                let mut shape = self.types.shape(ty, Side::Read).shape;
                for step in &intake.prefix {
                    shape = match step {
                        PathStep::Key(name) => reduce::member(&shape, name).0,
                        PathStep::Each | PathStep::Position(_) => reduce::element(&shape),
                        PathStep::Argument(_, _) => shape,
                    };
                }
                shape
            });
            let declared = declared.filter(|shape| !shape.is_unknown());
            if intake.enforced
                && let Some(declared) = declared
            {
                enforced = true;
                read_anything = true;
                // What the type leaves open, the code says.
                shapes.push(if payload::has_hole(&declared, 0) {
                    let tree = reads::reads_of(self.eval, intake.root, &intake.prefix, sorting);
                    reads::with_reads(self.types, declared, &tree)
                } else {
                    declared
                });
                continue;
            }
            let mut tree = reads::reads_of(self.eval, intake.root, &intake.prefix, sorting);
            if intake.prefix.is_empty() && intake.of_request {
                tree = tree.without(REQUEST_MEMBERS);
            }
            read_anything |= !tree.is_empty() || declared.is_some();
            enforced |= tree.enforced.is_some();
            shapes.push(reads::shape_of(self.types, &tree, declared.as_ref()));
        }
        // A wrapper that looks at nothing itself says nothing of what the handler inside it needs.
        if shapes.iter().any(|shape| !shape.is_unknown()) {
            shapes.retain(|shape| !shape.is_unknown());
        }
        let shape = shapes
            .into_iter()
            .reduce(|a, b| reduce::intersect(&a, &b))
            .unwrap_or_else(|| reduce::hole("what is read is not known"));
        (shape, enforced, read_anything)
    }

    /// The parameter of a request handler whose declared type is an object of the repository: the body, as frameworks pass it.
    fn model_param(&self, target: FnRef) -> Option<u32> {
        let function = self.program.function(target);
        let mut found = function.locals.iter().take(function.params as usize).enumerate().filter(|(_, local)| {
            let injected = local.value.as_ref().is_some_and(|value| match &value.kind {
                ExprKind::Call(id) => {
                    let call = function.calls.get(id.0 as usize);
                    !call.is_some_and(|call| callee_text(&call.callee).ends_with("Body"))
                }
                ExprKind::Name(_) | ExprKind::Record(_) => true,
                _ => false,
            });
            let declared = local.ty.as_ref().map(|ty| self.types.shape(&self.eval.type_use(target, ty), Side::Read).shape);
            local.kind == LocalKind::Param && !injected && declared.is_some_and(|shape| is_payload(&shape))
        });
        let (index, _) = found.next()?;
        Some(index as u32)
    }

    /// The object that a function takes apart into its parameters. What a signal or a queue passes of itself is no part of it.
    fn parameters_shape(&self, target: FnRef) -> Arc<Shape> {
        let function = self.program.function(target);
        let mut fields: Vec<Field> = Vec::new();
        for (index, local) in relay::parameters(function) {
            let root = Root::Param(target, index as u32);
            let tree = reads::reads_of(self.eval, root, &[], &Sorting::default());
            let declared = local.ty.as_ref().map(|ty| self.types.shape(&self.eval.type_use(target, ty), Side::Read).shape);
            match local.kind {
                LocalKind::Param if matches!(local.name.as_str(), "sender" | "signal") => {}
                LocalKind::Param => {
                    let declared = declared.filter(|shape| !shape.is_unknown());
                    // `json.loads(order)`: a text is sent, and what is read of it lies inside.
                    let shape = if reads::is_decoded(self.eval, root) {
                        declared.unwrap_or_else(|| reduce::hole("a text that is decoded"))
                    } else {
                        reads::shape_of(self.types, &tree, declared.as_ref())
                    };
                    let presence = if local.value.is_some() { Presence::Optional } else { Presence::Required };
                    fields.push(Field::new(local.name.clone(), shape, presence, Some(self.origin(target.file, local.span))));
                }
                LocalKind::NamedRestParam => {
                    let rest = reads::shape_of(self.types, &tree, None);
                    fields.extend(rest.as_object().into_iter().flat_map(|object| object.fields.iter().cloned()));
                }
                LocalKind::RestParam | LocalKind::Variable | LocalKind::OfModule => {}
            }
        }
        fields.retain(|field| !matches!(field.name.as_str(), "sender" | "signal"));
        let object = ObjectShape { fields, rest: Rest::Silent, min_properties: None, max_properties: None };
        Arc::new(Shape::new(ShapeKind::Object(object), Some(self.origin(target.file, function.span))))
    }
}

/// The intake of a function whose parameters are the payload's fields.
pub(super) fn all_of<'a>(target: FnRef) -> Intake<'a> {
    let root = Root::Param(target, 0);
    Intake { root, prefix: Vec::new(), declared: None, enforced: false, of_request: false, all: Some(target) }
}

/// `T` of an extractor type such as `Json<T>`, where the type is one of the patterns.
fn extractor_argument<'t>(ty: &'t TypeExpr, patterns: &[Name]) -> Option<&'t TypeExpr> {
    let TypeKind::Ref(reference) = &ty.kind else { return None };
    let name = reference.path.join(".");
    patterns.iter().find_map(|pattern| {
        let wanted = pattern.replace("::", ".");
        let wanted = wanted.split('<').next().unwrap_or_default().trim_end_matches(['*', '.']);
        let fits = name == wanted || name.ends_with(&format!(".{wanted}")) || wanted.ends_with(&format!(".{name}"));
        (fits && !reference.args.is_empty()).then(|| reference.args.last()).flatten()
    })
}

/// Types of libraries around what was sent, which they are generic over.
const TYPED_ENVELOPES: &[&str] = &["CloudWatchEvent", "EventBridgeEvent", "SnsEventObj", "SqsEventObj"];

/// `T` of `EventBridgeEvent<T>`.
fn enveloped(ty: &TypeExpr) -> &TypeExpr {
    match &ty.kind {
        TypeKind::Ref(reference)
            if reference.args.len() == 1
                && reference.path.last().is_some_and(|last| TYPED_ENVELOPES.contains(&last.as_str())) =>
        {
            &reference.args[0]
        }
        _ => ty,
    }
}

/// Whether a parameter takes a body that nobody has decoded: text or bytes.
fn is_raw_body(ty: &TypeExpr) -> bool {
    match &ty.kind {
        TypeKind::Ref(reference) => {
            reference.args.is_empty() && matches!(reference.path.last().map(Name::as_str), Some("Bytes" | "String"))
        }
        TypeKind::String(_) => true,
        _ => false,
    }
}

/// The texts that a shape lists, where it is nothing but a list of them.
fn names_of(shape: &Arc<Shape>) -> Option<Vec<Name>> {
    let branches = if shape.branches().is_empty() { std::slice::from_ref(shape) } else { shape.branches() };
    branches
        .iter()
        .map(|branch| match &branch.kind {
            ShapeKind::Const(serde_json::Value::String(name)) => Some(name.into()),
            _ => None,
        })
        .collect()
}

/// A path without the names of its parameters: `/orders/{webhook_id}` is about orders.
pub(super) fn without_parameters(path: &str) -> Name {
    let (mut kept, mut inside) = (Name::default(), false);
    for letter in path.chars() {
        match letter {
            '{' | '<' => inside = true,
            '}' | '>' => inside = false,
            _ if !inside => kept.push(letter),
            _ => {}
        }
    }
    kept
}
