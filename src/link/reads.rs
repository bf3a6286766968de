//! What a piece of code reads of a payload: accesses traced back to the parameter, call or decoding that the payload came from.

mod stated;

use std::collections::BTreeMap;
use std::sync::Arc;

use self::stated::{Stated, may_lack, stated_by, stated_shape};
use super::dispatch::{self, Sorting};
use super::eval::Eval;
use super::idioms::selector::Step as PathStep;
use super::modules::FileId;
use super::reduce;
use super::resolve::FnRef;
use super::summaries::CallSite;
use super::term::{TypeUse, Written};
use super::types::{Side, Types};
use crate::facts::calls::Change;
use crate::facts::{Call, Expr, ExprKind, LanguageId, Literal, LocalKind, Name, Step, TypeExpr, TypeKind, ValueMember};
use crate::shape::{ArrayShape, Field, ObjectShape, Presence, Rest, Shape, ShapeKind, StringShape};
use crate::source::{Origin, Span};

/// How many functions deep a payload is followed when it is handed on.
const MAX_HANDOVERS: u32 = 4;

/// Where a value came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Root {
    Param(FnRef, u32),
    Call(CallSite),
}

/// The parts of a value that are read.
#[derive(Debug, Default)]
pub struct ReadTree<'a> {
    fields: BTreeMap<Name, ReadField<'a>>,
    each: Option<Box<ReadTree<'a>>>,
    types: Vec<TypeUse<'a>>,
    compared: Vec<Literal>,
    /// The types of parameters that it is handed to, or that hold it under a key.
    stated: Vec<Stated<'a>>,
    /// Whether it is decoded into a type that rejects what does not fit.
    pub enforced: Option<TypeUse<'a>>,
}

#[derive(Debug)]
struct ReadField<'a> {
    presence: Presence,
    origin: Origin,
    /// Whether it is read of what a type has made of the payload: by the source's name for it, and declared there.
    declared: bool,
    tree: ReadTree<'a>,
}

impl ReadTree<'_> {
    /// Whether this key is read.
    pub fn reads(&self, key: &str) -> bool {
        self.fields.contains_key(key)
    }

    /// Forgets the reads of keys that are no part of the payload.
    pub fn without(mut self, keys: &[&str]) -> Self {
        self.fields.retain(|key, _| !keys.contains(&key.as_str()));
        self
    }

    pub fn is_empty(&self) -> bool {
        self.fields.is_empty() && self.each.is_none() && self.enforced.is_none()
    }
}

/// Traces an expression back to where its value came from, with the steps taken into it.
pub fn trace<'a>(eval: &Eval<'a>, function: FnRef, expr: &'a Expr, depth: u32) -> Option<(Root, Vec<PathStep>)> {
    if depth > 24 {
        return None;
    }
    let owner = eval.program.function(function);
    match &expr.kind {
        ExprKind::Local(id) => {
            let local = owner.locals.get(id.0 as usize)?;
            match local.kind {
                LocalKind::Param | LocalKind::RestParam | LocalKind::NamedRestParam => {
                    Some((Root::Param(function, id.0), Vec::new()))
                }
                LocalKind::Variable => trace(eval, function, local.value.as_ref()?, depth + 1),
                LocalKind::OfModule => None,
            }
        }
        ExprKind::Outer(out, id) => {
            let outer = eval.program.outer(function, *out)?;
            let local = eval.program.function(outer).locals.get(id.0 as usize)?;
            match local.kind {
                LocalKind::Param | LocalKind::RestParam | LocalKind::NamedRestParam => {
                    Some((Root::Param(outer, id.0), Vec::new()))
                }
                LocalKind::Variable => trace(eval, outer, local.value.as_ref()?, depth + 1),
                LocalKind::OfModule => None,
            }
        }
        ExprKind::Member(base, name) => {
            let (root, mut steps) = trace(eval, function, base, depth + 1)?;
            steps.push(PathStep::Key(name.clone()));
            Some((root, steps))
        }
        ExprKind::Index(base, index) => {
            let (root, mut steps) = trace(eval, function, base, depth + 1)?;
            steps.push(match &index.kind {
                ExprKind::Literal(Literal::Text(name)) => PathStep::Key(name.clone()),
                _ => PathStep::Each,
            });
            Some((root, steps))
        }
        ExprKind::Element(base) => {
            let (root, mut steps) = trace(eval, function, base, depth + 1)?;
            steps.push(PathStep::Each);
            Some((root, steps))
        }
        ExprKind::Await(inner)
        | ExprKind::Typed(inner, _)
        | ExprKind::Encoded(inner)
        | ExprKind::Decoded(inner, _)
        | ExprKind::Tested(inner, true) => trace(eval, function, inner, depth + 1),
        ExprKind::OneOf(branches) => branches.iter().find_map(|branch| trace(eval, function, branch, depth + 1)),
        ExprKind::Call(id) => {
            // A method that only unwraps (`.value()`, `.to_string()`) keeps the value that it is called on.
            Some((Root::Call(CallSite { function, call: *id }), Vec::new()))
        }
        // An instance is made by a call, which some consumers are: `KafkaConsumer("topic")`.
        ExprKind::Record(_) => {
            let call = owner.calls.iter().position(|call| call.span == expr.span)?;
            let call = crate::facts::CallId(u32::try_from(call).ok()?);
            Some((Root::Call(CallSite { function, call }), Vec::new()))
        }
        _ => None,
    }
}

/// Functions whose facts keep the call that decodes: what they give is what their argument holds.
const DECODERS: &[&str] = &["from_str", "from_slice", "from_reader", "from_value", "deserialize"];

/// Methods of library messages that give what was sent.
const PARTS: &[&str] = &["body", "data", "payload", "payload_view"];

/// Methods of extractors that give what they hold.
const UNWRAPPING: &[&str] = &["into_inner"];

/// How many decodings deep a text within a text is followed.
const MAX_DECODINGS: usize = 4;

/// The steps from `root` to an expression that comes from it, through decodings too.
pub fn steps_from<'a>(eval: &Eval<'a>, function: FnRef, expr: &'a Expr, root: Root) -> Option<Vec<PathStep>> {
    steps_through(eval, function, expr, root, 0)
}

/// The same, through so many functions that give back what they were given.
fn steps_through<'a>(eval: &Eval<'a>, function: FnRef, expr: &'a Expr, root: Root, depth: u32) -> Option<Vec<PathStep>> {
    let (mut from, mut steps) = trace(eval, function, expr, 0)?;
    for _ in 0..MAX_DECODINGS {
        if from == root {
            return Some(steps);
        }
        let Root::Call(site) = from else { return None };
        let call = eval.program.function(site.function).call(site.call);
        let (outer, mut lead) = match &call.callee.kind {
            // `message.payload()` of a library: a part of what it is called on; `body.into_inner()` is all of it.
            ExprKind::Member(base, part)
                if call.args.is_empty()
                    && (PARTS.contains(&part.as_str()) || UNWRAPPING.contains(&part.as_str()))
                    && eval.callee(site.function, call).is_none() =>
            {
                let (outer, mut lead) = trace(eval, site.function, base, 0)?;
                if PARTS.contains(&part.as_str()) {
                    lead.push(PathStep::Key(part.clone()));
                }
                (outer, lead)
            }
            kind if super::index::last_name(kind).is_some_and(|name| DECODERS.contains(&name)) => {
                trace(eval, site.function, &call.args.first()?.value, 0)?
            }
            _ => given_back(eval, site, call, depth)?,
        };
        lead.extend(steps);
        (from, steps) = (outer, lead);
    }
    None
}

/// Where what a function gives came from, where it gives back what it was given, whole or a part of it, decoded or not:
/// `decode(message.value)` with `decode = (text) => JSON.parse(text)`.
fn given_back<'a>(eval: &Eval<'a>, site: CallSite, call: &'a Call, depth: u32) -> Option<(Root, Vec<PathStep>)> {
    if depth >= MAX_HANDOVERS || call.args.is_empty() {
        return None;
    }
    let target = eval.callee(site.function, call).filter(|target| *target != site.function)?;
    let callee = eval.program.function(target);
    let positional = call.args.iter().filter(|argument| argument.name.is_none() && !argument.spread);
    for (position, argument) in positional.enumerate().take(callee.params as usize) {
        let parameter = Root::Param(target, position as u32);
        let inner = callee.returns.iter().find_map(|value| steps_through(eval, target, value, parameter, depth + 1));
        if let Some(inner) = inner
            && let Some((outer, mut lead)) = trace(eval, site.function, &argument.value, 0)
        {
            lead.extend(inner);
            return Some((outer, lead));
        }
    }
    None
}

/// How many callers a function that hands on what it has received may have; more share a helper.
const MAX_RECEIVERS: usize = 8;

/// The calls that give what a function has received to its callers, with how it is led to there: `next_event()` around `recv()`.
pub fn handed_up<'a>(eval: &Eval<'a>, root: Root, prefix: &[PathStep]) -> Vec<(Root, Vec<PathStep>)> {
    let Root::Call(site) = root else { return Vec::new() };
    let home = eval.program.function(site.function);
    let given = home.returns.iter().find_map(|value| steps_from(eval, site.function, value, root));
    let Some(rest) = given.as_ref().and_then(|steps| prefix.strip_prefix(steps.as_slice())) else { return Vec::new() };
    let callers = super::decoders::calls_of(eval, site.function);
    if callers.len() > MAX_RECEIVERS {
        return Vec::new();
    }
    let in_test = |function: FnRef| eval.program.function(function).in_test;
    let calls = callers.into_iter().filter(|(caller, _, _)| *caller != site.function && !in_test(*caller));
    calls.map(|(function, call, _)| (Root::Call(CallSite { function, call }), rest.to_vec())).collect()
}

/// Whether the code around a payload's root decodes the root itself: what it reads behind that lies inside of a text.
pub fn is_decoded<'a>(eval: &Eval<'a>, root: Root) -> bool {
    let home = match root {
        Root::Param(function, _) => function,
        Root::Call(site) => site.function,
    };
    let functions = eval.program.files.unit(home.file).facts.functions.iter().enumerate();
    let within = functions
        .map(|(at, function)| (FnRef { file: home.file, id: crate::facts::FnId(at as u32) }, function))
        .filter(|(reference, _)| is_within(eval, *reference, home));
    within.into_iter().any(|(reference, function)| {
        let set = function.locals.iter().flat_map(|local| &local.edits).filter_map(|edit| match &edit.change {
            Change::Set(value) => Some(value),
            Change::Delete | Change::Merge(_) | Change::Push(_) => None,
        });
        (function.locals.iter().filter_map(|local| local.value.as_ref()))
            .chain(set)
            .chain(&function.returns)
            .chain(function.calls.iter().flat_map(|call| &call.args).map(|argument| &argument.value))
            .chain(function.reads.iter().map(|read| &read.base))
            .any(|value| decodes(eval, reference, value, root, 0))
    })
}

fn decodes<'a>(eval: &Eval<'a>, function: FnRef, expr: &'a Expr, root: Root, depth: u32) -> bool {
    if depth > 8 {
        return false;
    }
    let go = |inner: &'a Expr| decodes(eval, function, inner, root, depth + 1);
    match &expr.kind {
        ExprKind::Decoded(inner, _) => {
            go(inner) || trace(eval, function, inner, 0).is_some_and(|(from, steps)| from == root && steps.is_empty())
        }
        ExprKind::Await(inner) | ExprKind::Typed(inner, _) | ExprKind::Member(inner, _) | ExprKind::Element(inner) => go(inner),
        ExprKind::Index(base, _) => go(base),
        ExprKind::OneOf(branches) => branches.iter().any(go),
        _ => false,
    }
}

/// A stretch of one file.
pub type Place = (FileId, Span);

/// The reads of the value at `prefix` of `root`, as far as `sorting` admits them.
pub fn reads_of<'a>(eval: &Eval<'a>, root: Root, prefix: &[PathStep], sorting: &Sorting<'_>) -> ReadTree<'a> {
    let mut tree = ReadTree::default();
    collect(eval, root, prefix, &mut tree, sorting, 0);
    tree
}

fn collect<'a>(eval: &Eval<'a>, root: Root, prefix: &[PathStep], tree: &mut ReadTree<'a>, sorting: &Sorting<'_>, depth: u32) {
    let home = match root {
        Root::Param(function, _) => function,
        Root::Call(site) => site.function,
    };
    if depth < MAX_HANDOVERS {
        for (above, rest) in handed_up(eval, root, prefix) {
            collect(eval, above, &rest, tree, sorting, depth + 1);
        }
    }
    let unit = eval.program.files.unit(home.file);
    // Elsewhere a type says what is hoped for, and decodes nothing.
    let is_rust = unit.facts.language == LanguageId::Rust;
    if depth > 0 && !is_rust {
        tree.stated.extend(stated_by(eval, root, prefix));
    }
    for (at, function) in unit.facts.functions.iter().enumerate() {
        let reference = FnRef { file: home.file, id: crate::facts::FnId(at as u32) };
        if !is_within(eval, reference, home) {
            continue;
        }
        let left_out = |span: Span| sorting.without.iter().any(|(file, place)| *file == home.file && place.contains(span));
        for read in function.reads.iter().filter(|read| !left_out(read.span)) {
            let Some(mut steps) = steps_from(eval, reference, &read.base, root) else { continue };
            steps.extend(read.path.iter().map(|step| match step {
                Step::Key { name, .. } => PathStep::Key(name.clone()),
                Step::Each => PathStep::Each,
            }));
            let Some(rest) = after_prefix(&steps, prefix) else { continue };
            // `payload.__class__` is the language's and not the payload's.
            let of_language = steps.iter().any(|step| matches!(step, PathStep::Key(name) if name.starts_with("__")));
            if of_language
                || !sorting.admits(eval, reference, read.span, root, prefix)
                || through_model(eval, reference, &read.base, 0)
            {
                continue;
            }
            let ty = read.ty.as_ref().map(|ty| eval.type_use(reference, ty));
            let declared = is_rust && is_of_type(eval, reference, &read.base, 0);
            insert(eval, tree, &steps[steps.len() - rest..], read, reference, ty, declared);
        }
        // A type that the payload, or a part of it, is decoded into.
        for local in &function.locals {
            if let Some(value) = &local.value
                && !left_out(value.span)
            {
                decoded_types(
                    eval,
                    reference,
                    value,
                    local.ty.as_ref().map(|ty| eval.type_use(reference, ty)),
                    root,
                    prefix,
                    tree,
                    sorting,
                    0,
                );
            }
        }
        for value in function.returns.iter().filter(|value| !left_out(value.span)) {
            decoded_types(eval, reference, value, None, root, prefix, tree, sorting, 0);
        }
        for call in function.calls.iter().filter(|call| !left_out(call.span)) {
            for (position, argument) in call.args.iter().enumerate() {
                // `handle(serde_json::from_value(data)?)` decodes into what the function takes.
                let stated = (is_rust && matches!(argument.value.kind, ExprKind::Decoded(_, None)))
                    .then(|| eval.callee(reference, call))
                    .flatten()
                    .filter(|_| argument.name.is_none())
                    .and_then(|target| {
                        let ty = eval.program.function(target).locals.get(position)?.ty.as_ref()?;
                        Some(eval.type_use(target, ty))
                    });
                decoded_types(eval, reference, &argument.value, stated, root, prefix, tree, sorting, 0);
            }
            if depth >= MAX_HANDOVERS {
                continue;
            }
            read_inside(eval, reference, call, (root, prefix), tree, sorting, depth);
            for (position, argument) in call.args.iter().enumerate() {
                let Some(steps) = steps_from(eval, reference, &argument.value, root) else { continue };
                if through_model(eval, reference, &argument.value, 0) {
                    continue;
                }
                for target in run_by(eval, reference, call) {
                    let callee = eval.program.function(target);
                    if argument.spread && argument.name.is_some() {
                        if let Some(rest) = after_prefix(&steps, prefix) {
                            let place = (reference, argument.value.span);
                            let node = subtree(eval, tree, &steps[steps.len() - rest..], place.0, place.1);
                            taken_apart(eval, call, target, node, sorting, depth);
                        }
                        continue;
                    }
                    // What a table of handlers has for other events is theirs.
                    if sorting.without.contains(&(target.file, callee.extent)) {
                        continue;
                    }
                    let slot = match &argument.name {
                        Some(name) => callee.locals.iter().take(callee.params as usize).position(|local| local.name == *name),
                        None => (position < callee.params as usize).then_some(position),
                    };
                    let Some(slot) = slot else { continue };
                    if target == home && matches!(root, Root::Param(_, index) if index == slot as u32) {
                        continue;
                    }
                    if !sorting.admits(eval, reference, call.span, root, prefix) {
                        continue;
                    }
                    let next = Root::Param(target, slot as u32);
                    if let Some(rest) = after_prefix(&steps, prefix) {
                        let inner = &steps[steps.len() - rest..];
                        collect(eval, next, &[], subtree(eval, tree, inner, reference, argument.value.span), sorting, depth + 1);
                    } else if prefix.len() > steps.len() && prefix[..steps.len()] == steps[..] {
                        collect(eval, next, &prefix[steps.len()..], tree, sorting, depth + 1);
                    }
                }
            }
        }
    }
}

/// A value that comes from a payload and stands in an object that a call is given.
pub struct Inside<'a> {
    /// The position of the object among the arguments.
    pub position: u32,
    pub key: &'a str,
    /// The steps from the payload's root to the value.
    pub steps: Vec<PathStep>,
    value: &'a Expr,
}

/// The parts of a payload that a call is given inside of objects: `execute({ event, routingKey })`.
pub fn inside_objects<'a>(eval: &Eval<'a>, function: FnRef, call: &'a Call, root: Root) -> Vec<Inside<'a>> {
    let plain = call.args.iter().enumerate().filter(|(_, argument)| argument.name.is_none() && !argument.spread);
    let mut found = Vec::new();
    for (position, argument) in plain {
        let ExprKind::Object(members) = &argument.value.kind else { continue };
        for member in members {
            if let ValueMember::Entry { key: Expr { kind: ExprKind::Literal(Literal::Text(key)), .. }, value, .. } = member
                && let Some(steps) = steps_from(eval, function, value, root)
            {
                found.push(Inside { position: position as u32, key, steps, value });
            }
        }
    }
    found
}

/// What functions read of a payload that is handed to them inside of an object.
fn read_inside<'a>(
    eval: &Eval<'a>,
    reference: FnRef,
    call: &'a Call,
    (root, prefix): (Root, &[PathStep]),
    tree: &mut ReadTree<'a>,
    sorting: &Sorting<'_>,
    depth: u32,
) {
    for handed in inside_objects(eval, reference, call, root) {
        let Some(rest) = after_prefix(&handed.steps, prefix) else { continue };
        if through_model(eval, reference, handed.value, 0) || !sorting.admits(eval, reference, call.span, root, prefix) {
            continue;
        }
        for target in run_by(eval, reference, call) {
            if handed.position < eval.program.function(target).params {
                let inner = &handed.steps[handed.steps.len() - rest..];
                let inner = subtree(eval, tree, inner, reference, handed.value.span);
                let key = [PathStep::Key(handed.key.into())];
                collect(eval, Root::Param(target, handed.position), &key, inner, sorting, depth + 1);
            }
        }
    }
}

/// What a function reads of an object that is taken apart into its parameters: `handle(**event)`.
fn taken_apart<'a>(eval: &Eval<'a>, call: &'a Call, target: FnRef, node: &mut ReadTree<'a>, sorting: &Sorting<'_>, depth: u32) {
    let callee = eval.program.function(target);
    let mut given = call.args.iter().filter(|argument| argument.name.is_none() && !argument.spread).count();
    for (slot, local) in callee.locals.iter().take(callee.params as usize).enumerate() {
        let parameter = Root::Param(target, slot as u32);
        match local.kind {
            LocalKind::Param if given > 0 => given -= 1,
            LocalKind::Param
                if call.args.iter().any(|argument| !argument.spread && argument.name.as_ref() == Some(&local.name)) => {}
            LocalKind::Param => {
                let origin = Origin::new(eval.program.files.unit(target.file).path.clone(), local.span);
                let presence = if local.value.is_some() { Presence::Optional } else { Presence::Required };
                let field = node.fields.entry(local.name.clone()).or_insert_with(|| ReadField {
                    presence,
                    origin,
                    declared: false,
                    tree: ReadTree::default(),
                });
                field.presence = field.presence.min(presence);
                field.tree.types.extend(local.ty.as_ref().map(|ty| eval.type_use(target, ty)));
                collect(eval, parameter, &[], &mut field.tree, sorting, depth + 1);
            }
            LocalKind::NamedRestParam => {
                let mut rest = ReadTree::default();
                collect(eval, parameter, &[], &mut rest, sorting, depth + 1);
                // What the call names beside the object is not the object's.
                let named =
                    |name: &Name| call.args.iter().any(|argument| !argument.spread && argument.name.as_ref() == Some(name));
                for (name, field) in rest.fields.into_iter().filter(|(name, _)| !named(name)) {
                    node.fields.entry(name).or_insert(field);
                }
            }
            LocalKind::RestParam | LocalKind::Variable | LocalKind::OfModule => {}
        }
    }
}

/// Whether a value is what a type has made of the payload: its members go by the names of the source, and the type says what it
/// takes from the wire.
fn through_model(eval: &Eval<'_>, function: FnRef, expr: &Expr, depth: u32) -> bool {
    if depth > 12 {
        return false;
    }
    let owner = eval.program.function(function);
    let go = |inner: &Expr| through_model(eval, function, inner, depth + 1);
    match &expr.kind {
        ExprKind::Local(id) => owner
            .locals
            .get(id.0 as usize)
            .is_some_and(|local| local.kind == LocalKind::Variable && local.value.as_ref().is_some_and(go)),
        ExprKind::Typed(inner, _) => {
            owner.reads.iter().any(|read| read.ty.is_some() && read.path.is_empty() && read.span == expr.span) || go(inner)
        }
        ExprKind::Member(inner, _) | ExprKind::Index(inner, _) | ExprKind::Element(inner) | ExprKind::Await(inner) => go(inner),
        _ => false,
    }
}

/// Whether a value has a type of its own that names its members: what was decoded into one, a parameter that states one.
fn is_of_type(eval: &Eval<'_>, function: FnRef, expr: &Expr, depth: u32) -> bool {
    if depth > 12 {
        return false;
    }
    let owner = eval.program.function(function);
    let names = |ty: &TypeExpr| match &ty.kind {
        TypeKind::Ref(reference) => reference.path.last().is_some_and(|last| last != "Value"),
        kind => !matches!(kind, TypeKind::Unknown(_)),
    };
    let go = |inner: &Expr| is_of_type(eval, function, inner, depth + 1);
    match &expr.kind {
        ExprKind::Local(id) => owner.locals.get(id.0 as usize).is_some_and(|local| match &local.ty {
            Some(ty) => names(ty),
            None => local.value.as_ref().is_some_and(go),
        }),
        ExprKind::Decoded(_, ty) => ty.as_ref().is_some_and(|ty| names(ty)),
        ExprKind::Typed(inner, ty) => names(ty) || go(inner),
        ExprKind::OneOf(branches) => branches.iter().any(go),
        ExprKind::Member(inner, _)
        | ExprKind::Index(inner, _)
        | ExprKind::Element(inner)
        | ExprKind::Await(inner)
        | ExprKind::Tested(inner, true) => go(inner),
        _ => false,
    }
}

/// The function that a call runs, or those of a table that it runs one of.
fn run_by<'a>(eval: &Eval<'a>, function: FnRef, call: &'a Call) -> Vec<FnRef> {
    let Some(chosen) = dispatch::chosen(eval, function, call) else { return eval.callee(function, call).into_iter().collect() };
    let mut all: Vec<FnRef> = chosen.handlers.into_iter().map(|(_, target)| target).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// How many steps are left behind `prefix`; `None` where the path does not go through it.
pub fn after_prefix(steps: &[PathStep], prefix: &[PathStep]) -> Option<usize> {
    let same = |a: &PathStep, b: &PathStep| match (a, b) {
        (PathStep::Key(x), PathStep::Key(y)) => x == y,
        (PathStep::Each | PathStep::Position(_), PathStep::Each | PathStep::Position(_)) => true,
        (PathStep::Key(_) | PathStep::Each | PathStep::Position(_) | PathStep::Argument(_, _), _) => false,
    };
    (steps.len() >= prefix.len() && steps.iter().zip(prefix).all(|(a, b)| same(a, b))).then(|| steps.len() - prefix.len())
}

pub fn is_within(eval: &Eval<'_>, function: FnRef, home: FnRef) -> bool {
    let mut current = function;
    for _ in 0..32 {
        if current == home {
            return true;
        }
        match eval.program.function(current).parent {
            Some((parent, _)) => current = FnRef { file: current.file, id: parent },
            None => return false,
        }
    }
    false
}

fn insert<'a>(
    eval: &Eval<'a>,
    tree: &mut ReadTree<'a>,
    steps: &[PathStep],
    read: &'a crate::facts::Read,
    reader: FnRef,
    ty: Option<TypeUse<'a>>,
    declared: bool,
) {
    let mut node = tree;
    let skipped = read.path.len().saturating_sub(steps.len());
    let lead = steps.len().saturating_sub(read.path.len());
    let copes = is_logged(eval, reader, read) || is_handed_to_what_copes(eval, reader, read);
    for (at, step) in steps.iter().enumerate() {
        let (presence, span) = match at.checked_sub(lead).and_then(|index| read.path.get(index + skipped)) {
            Some(Step::Key { span, .. }) if copes && at + 1 == steps.len() => (Presence::Optional, *span),
            Some(Step::Key { presence, span, .. }) => (*presence, *span),
            // Steps that a variable took before: their own read says whether they must be there.
            Some(Step::Each) | None => (Presence::Optional, read.span),
        };
        node = match step {
            PathStep::Key(name) if is_place(eval, reader, name) => part_at(node, name),
            PathStep::Key(name) => {
                let origin = Origin::new(eval.program.files.unit(reader.file).path.clone(), span);
                let field = node.fields.entry(name.clone()).or_insert_with(|| ReadField {
                    presence,
                    origin,
                    declared,
                    tree: ReadTree::default(),
                });
                field.presence = field.presence.min(presence);
                field.declared &= declared;
                &mut field.tree
            }
            PathStep::Each | PathStep::Position(_) | PathStep::Argument(_, _) => node.each.get_or_insert_with(Box::default),
        };
    }
    if let Some(ty) = ty {
        // Read as a whole into a type that turns away what does not fit: `Order.model_validate(event)`, `Order(**event)`.
        if read.path.is_empty() {
            node.enforced = Some(ty);
        } else {
            node.types.push(ty);
        }
    }
    if !read.compared.is_empty() {
        node.compared.extend(read.compared.iter().cloned());
    }
}

/// Whether what is read is written to a log: whoever sends it breaks nothing by leaving it out.
fn is_logged(eval: &Eval<'_>, reader: FnRef, read: &crate::facts::Read) -> bool {
    const METHODS: &[&str] = &["debug", "error", "exception", "info", "log", "trace", "verbose", "warn", "warning"];
    eval.program.function(reader).calls.iter().filter(|call| call.span.contains(read.span)).any(|call| {
        let ExprKind::Member(base, method) = &call.callee.kind else { return false };
        let owner = match &base.kind {
            ExprKind::Name(path) => path.last().map(Name::as_str),
            ExprKind::Member(_, name) => Some(name.as_str()),
            ExprKind::Local(id) => eval.program.function(reader).locals.get(id.0 as usize).map(|local| local.name.as_str()),
            _ => None,
        };
        METHODS.contains(&method.as_str())
            && owner.is_some_and(|owner| {
                // What a program prints may be all that it is for.
                let console = owner == "console" && method != "log";
                console || owner.to_ascii_lowercase().ends_with("logger") || matches!(owner, "log" | "logging")
            })
    })
}

/// Whether what is read is handed to a function of the repository that takes `unknown`, or nothing at all, in its place.
fn is_handed_to_what_copes(eval: &Eval<'_>, reader: FnRef, read: &crate::facts::Read) -> bool {
    if eval.program.files.unit(reader.file).facts.language != LanguageId::TypeScript {
        return false;
    }
    eval.program.function(reader).calls.iter().filter(|call| call.span.contains(read.span)).any(|call| {
        let is_read = |value: &Expr| value.span.end == read.span.end && matches!(value.kind, ExprKind::Member(..));
        let Some(position) = call.args.iter().position(|argument| !argument.spread && is_read(&argument.value)) else {
            return false;
        };
        let Some(target) = eval.callee(reader, call) else { return false };
        let callee = eval.program.function(target);
        let Some(local) = callee.locals.get(position).filter(|_| (position as u32) < callee.params) else { return false };
        let may_lack = |ty: &TypeExpr| match &ty.kind {
            TypeKind::Unknown(written) => written == "unknown",
            TypeKind::Union(branches) => branches.iter().any(|branch| matches!(branch.kind, TypeKind::Absent)),
            _ => false,
        };
        local.value.is_some() || local.ty.as_ref().is_some_and(may_lack)
    })
}

/// `.0` and `.1` of Rust: places of a tuple, and no keys.
fn is_place(eval: &Eval<'_>, reader: FnRef, name: &str) -> bool {
    name.chars().all(|digit| digit.is_ascii_digit()) && eval.program.files.unit(reader.file).facts.language == LanguageId::Rust
}

/// What stands at such a place: the inside of a newtype is what it wraps, further places are of lists.
fn part_at<'t, 'a>(node: &'t mut ReadTree<'a>, name: &str) -> &'t mut ReadTree<'a> {
    if name == "0" { node } else { node.each.get_or_insert_with(Box::default) }
}

fn subtree<'t, 'a>(
    eval: &Eval<'a>,
    tree: &'t mut ReadTree<'a>,
    steps: &[PathStep],
    reader: FnRef,
    span: Span,
) -> &'t mut ReadTree<'a> {
    let mut node = tree;
    for step in steps {
        node = match step {
            PathStep::Key(name) if is_place(eval, reader, name) => part_at(node, name),
            PathStep::Key(name) => {
                let origin = Origin::new(eval.program.files.unit(reader.file).path.clone(), span);
                &mut node
                    .fields
                    .entry(name.clone())
                    .or_insert_with(|| ReadField {
                        presence: Presence::Optional,
                        origin,
                        declared: true,
                        tree: ReadTree::default(),
                    })
                    .tree
            }
            PathStep::Each | PathStep::Position(_) | PathStep::Argument(_, _) => node.each.get_or_insert_with(Box::default),
        };
    }
    node
}

#[expect(clippy::too_many_arguments, reason = "one walk with its whole context")]
fn decoded_types<'a>(
    eval: &Eval<'a>,
    function: FnRef,
    expr: &'a Expr,
    stated: Option<TypeUse<'a>>,
    root: Root,
    prefix: &[PathStep],
    tree: &mut ReadTree<'a>,
    sorting: &Sorting<'_>,
    depth: u32,
) {
    if depth > 8 {
        return;
    }
    match &expr.kind {
        ExprKind::Decoded(inner, ty) => {
            // `unknown` and `any` are no type to decode into.
            let says = |ty: &TypeExpr| !matches!(ty.kind, TypeKind::Unknown(_));
            let own = ty.as_deref().filter(|ty| says(ty)).map(|ty| eval.type_use(function, ty));
            let stated = stated.filter(|stated| !matches!(stated.ty, Written::Expr(ty) if !says(ty)));
            let Some(ty) = own.or(stated) else { return };
            if let Some(steps) = steps_from(eval, function, inner, root)
                && let Some(rest) = after_prefix(&steps, prefix)
                && sorting.admits(eval, function, expr.span, root, prefix)
            {
                let node = subtree(eval, tree, &steps[steps.len() - rest..], function, expr.span);
                node.enforced = Some(ty);
            }
        }
        ExprKind::Await(inner) | ExprKind::Member(inner, _) => {
            decoded_types(eval, function, inner, None, root, prefix, tree, sorting, depth + 1)
        }
        ExprKind::Typed(inner, _) => decoded_types(eval, function, inner, stated, root, prefix, tree, sorting, depth + 1),
        ExprKind::OneOf(branches) => {
            for branch in branches {
                decoded_types(eval, function, branch, stated.clone(), root, prefix, tree, sorting, depth + 1);
            }
        }
        _ => {}
    }
}

/// The shape that a reader needs, with what its declared type adds to what it reads.
pub fn shape_of<'a>(types: &Types<'_, 'a>, tree: &ReadTree<'a>, declared: Option<&Arc<Shape>>) -> Arc<Shape> {
    if let Some(ty) = &tree.enforced {
        return with_reads(types, types.shape(ty, Side::Read).shape, tree);
    }
    read_shape(types, tree, declared)
}

/// The same, by what is read alone.
fn read_shape<'a>(types: &Types<'_, 'a>, tree: &ReadTree<'a>, declared: Option<&Arc<Shape>>) -> Arc<Shape> {
    if tree.fields.is_empty() && tree.each.is_none() {
        if let Some(ty) = tree.types.first() {
            return types.shape(ty, Side::Read).shape;
        }
        // Code that looks for some texts says nothing of the others: only that it is a text is known.
        if declared.is_none()
            && !tree.compared.is_empty()
            && tree.compared.iter().all(|literal| matches!(literal, Literal::Text(_)))
        {
            return Arc::new(Shape::new(ShapeKind::String(StringShape::default()), None));
        }
        return declared.cloned().unwrap_or_else(|| reduce::hole("read without a stated type"));
    }
    if let Some(each) = &tree.each
        && tree.fields.is_empty()
    {
        let items = shape_of(types, each, declared.map(reduce::element).as_ref());
        // Only a declaration tells the values of a map by their keys from the elements of a list by their places.
        let kind = match declared.and_then(|declared| declared.as_object()) {
            Some(map) if map.fields.is_empty() => ShapeKind::Object(ObjectShape {
                fields: Vec::new(),
                rest: Rest::Open { keys: None, values: items },
                min_properties: None,
                max_properties: None,
            }),
            _ => ShapeKind::Array(ArrayShape {
                prefix: Vec::new(),
                items: Some(items),
                min_items: None,
                max_items: None,
                unique: false,
            }),
        };
        return Arc::new(Shape::new(kind, None));
    }
    let demands = tree.fields.values().any(|field| field.presence == Presence::Required);
    let stated: Vec<Arc<Shape>> = tree.stated.iter().filter(|_| demands).filter_map(|one| stated_shape(types, one)).collect();
    let fields = tree
        .fields
        .iter()
        .map(|(name, field)| {
            let inner = declared.and_then(|declared| known_member(declared, name));
            let shape = shape_of(types, &field.tree, inner.as_ref());
            // A member of a type that is declared out of sight may be left out as its declaration has it, and one whose
            // declaration says that it may is not demanded.
            let may_lack = field.declared || declared.into_iter().chain(&stated).any(|declared| may_lack(declared, name));
            let presence = if may_lack { Presence::Optional } else { field.presence };
            let nullable = presence == Presence::Optional && !shape.is_unknown() && !shape.admits_null();
            // A reader that copes with absence copes with `null` in nearly every form of the check (`?.`, `??`, `.get`).
            let shape = if nullable { Shape::union([shape, Arc::new(Shape::new(ShapeKind::Null, None))], None) } else { shape };
            Field::new(name.clone(), shape, presence, Some(field.origin.clone()))
        })
        .collect();
    Arc::new(Shape::new(
        ShapeKind::Object(ObjectShape { fields, rest: Rest::Silent, min_properties: None, max_properties: None }),
        None,
    ))
}

/// A type that the payload is read into, with what is read of the payload beside it (`event["type"]` before `Order(**event)`), and
/// of the parts that the type says nothing of: `event.data["amount"]` of a `data: Value`.
pub fn with_reads<'a>(types: &Types<'_, 'a>, stated: Arc<Shape>, tree: &ReadTree<'a>) -> Arc<Shape> {
    if tree.fields.is_empty() && tree.each.is_none() {
        return stated;
    }
    let kind = match &stated.kind {
        ShapeKind::Object(object) => {
            let mut object = object.clone();
            let mut beside = Vec::new();
            for (name, read) in &tree.fields {
                let is_it = |field: &&mut Field| {
                    field.name == *name
                        || field.aliases.iter().any(|alias| alias == name)
                        || field.source.as_deref() == Some(name)
                };
                match object.fields.iter_mut().find(is_it) {
                    Some(field) => field.shape = with_member_reads(types, &field.shape, &read.tree),
                    None if read.declared => {}
                    None => beside.push(Field::new(
                        name.clone(),
                        shape_of(types, &read.tree, None),
                        read.presence,
                        Some(read.origin.clone()),
                    )),
                }
            }
            object.fields.extend(beside);
            ShapeKind::Object(object)
        }
        ShapeKind::Array(array) if array.prefix.is_empty() => {
            let (Some(items), Some(each)) = (&array.items, &tree.each) else { return stated };
            ShapeKind::Array(ArrayShape { items: Some(with_member_reads(types, items, each)), ..array.clone() })
        }
        // What may be null or left out is read where it is there.
        ShapeKind::Union(branches) => {
            let present: Vec<usize> = (0..branches.len()).filter(|at| branches[*at].kind != ShapeKind::Null).collect();
            let [only] = present.as_slice() else { return stated };
            let mut branches = branches.clone();
            branches[*only] = if branches[*only].is_unknown() {
                read_shape(types, tree, None)
            } else {
                with_reads(types, Arc::clone(&branches[*only]), tree)
            };
            ShapeKind::Union(branches)
        }
        _ => return stated,
    };
    Arc::new(Shape { kind, ..stated.as_ref().clone() })
}

fn with_member_reads<'a>(types: &Types<'_, 'a>, stated: &Arc<Shape>, tree: &ReadTree<'a>) -> Arc<Shape> {
    if stated.is_unknown() && !tree.is_empty() {
        shape_of(types, tree, None)
    } else {
        with_reads(types, Arc::clone(stated), tree)
    }
}

fn known_member(shape: &Arc<Shape>, name: &str) -> Option<Arc<Shape>> {
    let (member, _) = reduce::member(shape, name);
    (!member.is_unknown()).then_some(member)
}
