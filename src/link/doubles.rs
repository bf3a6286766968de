//! What test code says of the payloads of known events: expectations of a call, payloads that a test sends or hands to a handler,
//! objects that carry an event's name, and the files that a test reads them from.
//!
//! No library is named here: whatever a test calls, an argument that is the name of a known event beside an argument that is an
//! object is a statement about that event's payload (`toHaveBeenCalledWith('user.signup', {…})`, `assert_called_with`,
//! `.with(eq("user.signup"), eq(json!({…})))`). Whether the object really is the payload is decided where shapes are known, in
//! `compare`. Values that are built from a declared type say nothing of their own and are left out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::eval::{Eval, callee_text, dotted};
use super::index::last_name;
use super::model::Boundary;
use super::modules::FileId;
use super::naming::{EVENT_KEYS, is_plain_word};
use super::payload;
use super::resolve::FnRef;
use super::term::{Kind, Term};
use super::types::{Side, Types};
use crate::facts::{
    Call, Enclosing, Expr, ExprKind, FileFacts, FnId, Function, LanguageId, Literal, Name, TypeExpr, TypeKind, TypeOp,
    ValueMember,
};
use crate::shape::wire_name::fold;
use crate::shape::{Shape, ShapeKind};
use crate::source::{Origin, RepoPath, Span};

/// How deep expressions of test code are searched for objects that carry a name.
const MAX_DEPTH: u32 = 12;

/// Payloads that one file may state; past it the rest of the file is not looked at.
const MAX_DOUBLES: usize = 2_000;

/// Everything that the tests of one snapshot say about payloads.
#[derive(Clone, Debug, Default)]
pub struct TestCode {
    pub doubles: Vec<Double>,
    /// What the tests do that look at calls or replace them, by file and test.
    pub runs: BTreeMap<(RepoPath, Name), TestRun>,
    /// JSON files that tests read, with the event of the test.
    pub files: Vec<FixtureUse>,
}

/// A payload that a test states for a known event.
#[derive(Clone, Debug)]
pub struct Double {
    pub event: Name,
    pub kind: DoubleKind,
    pub origin: Origin,
    /// The titles or names of the test around it.
    pub test: Name,
    /// The objects that it may be, in the order of the source.
    pub bodies: Vec<Arc<Shape>>,
    /// Whether it names only some of the fields: `objectContaining`.
    pub partial: bool,
    /// Whether the test is about payloads that are wrong.
    pub negative: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DoubleKind {
    /// What a call is expected to have been given.
    Expectation,
    /// What a test sends, hands to a handler or lets a stand-in return.
    Sent,
    /// An object that carries the name itself.
    Value,
}

/// What one test does beside stating payloads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TestRun {
    pub origin: Option<Origin>,
    /// It asserts that something was called, and not with what.
    pub asserts_call: bool,
    /// It compares values, or looks at what a call was given.
    pub compares: bool,
    /// It puts something in the place of a function or module.
    pub replaces: Option<Origin>,
}

/// A JSON file that a test of one event reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FixtureUse {
    pub event: Name,
    /// As the test names it.
    pub path: Name,
    pub test_file: RepoPath,
}

/// What is known before test code is looked at.
pub struct Known<'k> {
    /// The names by which test code may name an event, with the event.
    pub names: &'k BTreeMap<Name, Name>,
    /// The names of types that are the payload of one event alone.
    pub types: &'k BTreeMap<Name, Name>,
    /// Functions that handle events.
    pub handlers: &'k FxHashMap<FnRef, Vec<Name>>,
    /// Publishes in test code that an idiom recognised, with the payload at the call.
    pub sent: &'k BTreeMap<Origin, Vec<(Name, Arc<Shape>)>>,
}

/// Reads the test code of a program.
pub fn find<'a>(eval: &Eval<'a>, types: &Types<'_, 'a>, known: &Known<'_>, is_test: &dyn Fn(FileId) -> bool) -> TestCode {
    let mut code = TestCode::default();
    for (at, unit) in eval.program.files.units.iter().enumerate() {
        let file = FileId(at as u32);
        let whole = is_test(file);
        if unit.facts.language == LanguageId::Project || !whole && !unit.facts.functions.iter().any(|f| f.in_test) {
            continue;
        }
        let mut reader = FileReader {
            eval,
            types,
            known,
            facts: &unit.facts,
            path: &unit.path,
            file,
            whole,
            doubles: Vec::new(),
            seen: BTreeSet::new(),
            named: Vec::new(),
            files: Vec::new(),
        };
        reader.read(&mut code.runs);
        reader.finish(&mut code);
    }
    code
}

/// The names of types that are the payload of exactly one event, and that say so: the type of a record that happens to be sent as
/// it is (`User`) is used for much else.
pub fn payload_types(boundaries: &[Boundary]) -> BTreeMap<Name, Name> {
    let mut found: BTreeMap<Name, BTreeSet<&str>> = BTreeMap::new();
    for boundary in boundaries.iter().filter(|boundary| !boundary.in_test) {
        let Some(event) = &boundary.event else { continue };
        for shape in [Some(&boundary.shape), boundary.inner.as_ref()].into_iter().flatten() {
            if let Some(name) = shape.name.as_ref().filter(|name| {
                fold(name).contains(&fold(event)) || ["Event", "Payload", "Message"].iter().any(|end| name.ends_with(end))
            }) {
                found.entry(name.to_string().into()).or_default().insert(event);
            }
        }
    }
    let single = |(name, events): (Name, BTreeSet<&str>)| match events.len() {
        1 => events.first().map(|event| (name, (*event).into())),
        _ => None,
    };
    found.into_iter().filter_map(single).collect()
}

struct FileReader<'f, 'e, 'a> {
    eval: &'f Eval<'a>,
    types: &'f Types<'e, 'a>,
    known: &'f Known<'f>,
    facts: &'a FileFacts,
    path: &'a RepoPath,
    file: FileId,
    whole: bool,
    doubles: Vec<Double>,
    /// Where a payload has been found already.
    seen: BTreeSet<(Span, Name)>,
    /// The events that each function names.
    named: Vec<(FnId, Name)>,
    files: Vec<(FnId, Name)>,
}

impl<'a> FileReader<'_, '_, 'a> {
    fn read(&mut self, runs: &mut BTreeMap<(RepoPath, Name), TestRun>) {
        let tests: Vec<Name> = (0..self.facts.functions.len()).map(|at| self.test_of(FnId(at as u32))).collect();
        let negative = self.negative_tests(&tests);
        for (at, function) in self.facts.functions.iter().enumerate() {
            let id = FnId(at as u32);
            if !self.is_test_function(id) {
                continue;
            }
            let test = &tests[at];
            let is_negative = negative.contains(test.as_str());
            let reference = FnRef { file: self.file, id };
            for call in &function.calls {
                self.note_run(runs, test, function, call);
                self.call(reference, call, test, is_negative);
                for argument in &call.args {
                    self.objects(reference, &argument.value, test, is_negative, 0);
                }
            }
            for local in &function.locals {
                if let Some(value) = &local.value {
                    self.typed(reference, value, local.ty.as_ref(), test, is_negative);
                    self.objects(reference, value, test, is_negative, 0);
                }
            }
            for value in &function.returns {
                self.typed(reference, value, function.return_type.as_ref(), test, is_negative);
                self.objects(reference, value, test, is_negative, 0);
            }
            // `publish.call_args`, `publish.mock.calls[0]`: the test looks at what was given.
            let looks = |name: &str| LOOKS_AT_ARGUMENTS.contains(&name);
            let looked = function
                .reads
                .iter()
                .any(|read| read.path.iter().any(|step| matches!(step, crate::facts::Step::Key { name, .. } if looks(name))))
                || function.locals.iter().filter_map(|local| local.value.as_ref()).any(|value| mentions(value, &looks, 0))
                || function.calls.iter().any(|call| {
                    mentions(&call.callee, &looks, 0) || call.args.iter().any(|argument| mentions(&argument.value, &looks, 0))
                });
            if looked {
                runs.entry((self.path.clone(), test.clone())).or_default().compares = true;
            }
        }
        if self.whole {
            let top = FnRef { file: self.file, id: FnId(0) };
            for constant in &self.facts.constants {
                if !self.facts.functions.is_empty() {
                    self.typed(top, &constant.value, constant.ty.as_ref(), &constant.name, false);
                    self.objects(top, &constant.value, &constant.name, false, 0);
                }
            }
            for import in &self.facts.imports {
                if let [module] = import.module.as_slice()
                    && module.ends_with(".json")
                {
                    self.files.push((FnId(0), module.clone()));
                }
            }
        }
    }

    fn finish(self, code: &mut TestCode) {
        let mut names: BTreeSet<&str> = self.named.iter().map(|(_, event)| event.as_str()).collect();
        names.extend(self.doubles.iter().map(|double| double.event.as_str()));
        for (function, path) in &self.files {
            let near: BTreeSet<&str> =
                self.named.iter().filter(|(owner, _)| owner == function).map(|(_, event)| event.as_str()).collect();
            let event = match (near.len(), names.len()) {
                (1, _) => near.first(),
                (_, 1) => names.first(),
                _ => None,
            };
            if let Some(event) = event {
                code.files.push(FixtureUse { event: (*event).into(), path: path.clone(), test_file: self.path.clone() });
            }
        }
        code.doubles.extend(self.doubles);
    }

    fn is_test_function(&self, id: FnId) -> bool {
        if self.whole {
            return true;
        }
        let mut current = id;
        for _ in 0..32 {
            let function = &self.facts.functions[current.0 as usize];
            if function.in_test {
                return true;
            }
            match function.parent {
                Some((parent, _)) => current = parent,
                None => return false,
            }
        }
        false
    }

    /// The titles of the tests around a function, from outside in, and the name of the function that holds them.
    fn test_of(&self, id: FnId) -> Name {
        let mut parts: Vec<Name> = Vec::new();
        let mut current = id;
        for _ in 0..32 {
            let function = &self.facts.functions[current.0 as usize];
            if !function.name.is_empty() && function.name != "<top>" {
                let mut name = function.scope.join(".");
                if !name.is_empty() {
                    name.push('.');
                }
                parts.push((name + &function.name).into());
            }
            let Some((parent, call)) = function.parent else { break };
            let outer = &self.facts.functions[parent.0 as usize];
            if let Some(call) = call.and_then(|call| outer.calls.get(call.0 as usize))
                && let Some(Expr { kind: ExprKind::Literal(Literal::Text(title)), .. }) = call.args.first().map(|a| &a.value)
                && !self.known.names.contains_key(title)
            {
                parts.push(title.clone());
            }
            current = parent;
        }
        parts.reverse();
        parts.join(" > ").into()
    }

    /// The tests that are about payloads which are wrong: by their words, or since they expect a failure.
    fn negative_tests<'t>(&self, tests: &'t [Name]) -> BTreeSet<&'t str> {
        let mut negative = BTreeSet::new();
        for (function, test) in self.facts.functions.iter().zip(tests) {
            let words = test.split(|letter: char| !letter.is_ascii_alphanumeric()).map(str::to_ascii_lowercase);
            let fails = words.into_iter().any(|word| NEGATIVE_WORDS.contains(&word.as_str()))
                || function.calls.iter().any(|call| {
                    let name = last_name(&call.callee.kind).unwrap_or_default();
                    EXPECTS_FAILURE.contains(&name)
                        || mentions(&call.callee, &|name| name == "rejects", 0)
                        || call.surroundings.enclosing.iter().any(|enclosing| match enclosing {
                            Enclosing::Block(block) => {
                                let text = callee_text(block);
                                EXPECTS_FAILURE.contains(&text.rsplit(['.', ':']).next().unwrap_or_default())
                            }
                            Enclosing::Branch(_) | Enclosing::Loop(_) | Enclosing::Try(_) | Enclosing::Catch(_) => false,
                        })
                });
            if fails {
                negative.insert(test.as_str());
            }
        }
        negative
    }

    fn note_run(&self, runs: &mut BTreeMap<(RepoPath, Name), TestRun>, test: &str, function: &Function, call: &Call) {
        let name = last_name(&call.callee.kind).unwrap_or_default();
        // `assert!(bus.was_called())`
        let holds = name == "assert"
            && call.args.iter().any(|argument| match &argument.value.kind {
                ExprKind::Call(id) => function
                    .calls
                    .get(id.0 as usize)
                    .and_then(|inner| last_name(&inner.callee.kind))
                    .is_some_and(|name| SAYS_CALLED.iter().any(|word| name.contains(word))),
                _ => false,
            });
        let asserts = ASSERTS_CALL.contains(&name) || holds;
        let replaces = REPLACES.contains(&name) || makes_stand_in(call);
        let compares = COMPARES.contains(&name);
        if !asserts && !replaces && !compares {
            return;
        }
        let run = runs.entry((self.path.clone(), test.into())).or_default();
        run.asserts_call |= asserts;
        if replaces && run.replaces.is_none() {
            run.replaces = Some(Origin::new(self.path.clone(), call.span));
        }
        run.compares |= compares;
        if asserts && run.origin.is_none() {
            run.origin = Some(Origin::new(self.path.clone(), call.span));
        }
    }

    /// A call that names an event beside an object, hands an object to a handler, or publishes.
    fn call(&mut self, function: FnRef, call: &'a Call, test: &str, negative: bool) {
        let origin = Origin::new(self.path.clone(), call.span);
        let name = last_name(&call.callee.kind).unwrap_or_default();
        let kind = if EXPECTS.contains(&name) || name.to_ascii_lowercase().contains("calledwith") {
            DoubleKind::Expectation
        } else {
            DoubleKind::Sent
        };
        if let Some(sent) = self.known.sent.get(&origin) {
            let before = self.doubles.len();
            for (event, shape) in sent.clone() {
                self.named.push((function.id, event.clone()));
                self.push(event, kind, call.span, test, vec![shape], PARTIAL.contains(&name), negative);
            }
            if self.doubles.len() > before {
                return;
            }
        }
        let mut names: Vec<Name> = Vec::new();
        let mut bodies: Vec<&'a Expr> = Vec::new();
        for argument in &call.args {
            self.parts(function, &argument.value, call, &mut names, &mut bodies, 0);
        }
        for text in call.args.iter().filter_map(|argument| text_of(&argument.value)) {
            if text.ends_with(".json") {
                self.files.push((function.id, text.into()));
            }
        }
        let mut events: BTreeSet<Name> = names.iter().filter_map(|name| self.known.names.get(name).cloned()).collect();
        self.named.extend(events.iter().map(|event| (function.id, event.clone())));
        if bodies.is_empty() {
            return;
        }
        if events.is_empty()
            && self.may_be_handler(name)
            && let Some(target) = self.eval.callee(function, call)
            && let Some(handled) = self.known.handlers.get(&target)
        {
            events.extend(handled.iter().cloned());
        }
        // `assert_eq!(bus.published("user.signup"), json!({…}))`: the one side asks for the event, the other is what it has to be.
        if events.is_empty() && EQUATES.contains(&name) {
            let mut asked = Vec::new();
            for side in call.args.iter().map(|argument| &argument.value).chain([&call.callee]) {
                self.asked_for(function, side, &mut asked, 0);
            }
            events.extend(asked.iter().filter_map(|name| self.known.names.get(name).cloned()));
        }
        // A call that names several events is about the names: no object beside them is the payload of one.
        if events.len() != 1 {
            return;
        }
        let mut partial = PARTIAL.contains(&name);
        let mut shapes = Vec::new();
        for body in bodies {
            let term = self.eval.term(function, body, call.span.start);
            let (shape, some) = self.body(&term);
            partial |= some;
            shapes.extend(shape);
        }
        for event in events {
            self.push(event, kind, call.span, test, shapes.clone(), partial, negative);
        }
    }

    /// Whether a call of this name may run a handler: it is the name of one, or what the file calls something that it imports.
    fn may_be_handler(&self, name: &str) -> bool {
        let is_name = |target: &FnRef| {
            let own = &self.eval.program.function(*target).name;
            own.is_empty() || own == name
        };
        self.known.handlers.keys().any(is_name) || self.facts.imports.iter().any(|import| import.renames_to(name))
    }

    /// The texts that calls in a value are given, where nothing but texts is: what a recorder is asked for.
    fn asked_for(&self, function: FnRef, expr: &'a Expr, names: &mut Vec<Name>, depth: u32) {
        if depth > 6 {
            return;
        }
        match &expr.kind {
            ExprKind::Call(id) => {
                let Some(call) = self.eval.program.function(function).calls.get(id.0 as usize) else { return };
                let texts: Vec<&str> = call.args.iter().filter_map(|argument| text_of(&argument.value)).collect();
                if texts.len() == call.args.len() {
                    names.extend(texts.into_iter().map(Name::from));
                } else {
                    for argument in &call.args {
                        self.asked_for(function, &argument.value, names, depth + 1);
                    }
                }
                self.asked_for(function, &call.callee, names, depth + 1);
            }
            ExprKind::Member(inner, _)
            | ExprKind::Await(inner)
            | ExprKind::Typed(inner, _)
            | ExprKind::Element(inner)
            | ExprKind::Index(inner, _) => self.asked_for(function, inner, names, depth + 1),
            _ => {}
        }
    }

    /// The texts and the object-like parts of an argument, through lists and through matchers that only wrap.
    fn parts(
        &self,
        function: FnRef,
        expr: &'a Expr,
        around: &'a Call,
        names: &mut Vec<Name>,
        bodies: &mut Vec<&'a Expr>,
        depth: u32,
    ) {
        if depth > 4 {
            return;
        }
        match &expr.kind {
            ExprKind::Literal(Literal::Text(text)) => names.push(text.clone()),
            // A constant: worth following where something could be its payload.
            ExprKind::Name(_) | ExprKind::Member(_, _) if dotted(expr).is_some() && around.args.len() > 1 => {
                let term = self.eval.term(function, expr, around.span.start);
                match term.as_text() {
                    Some(text) => names.push(text.into()),
                    None => bodies.push(expr),
                }
            }
            ExprKind::Array(items) => {
                for item in items {
                    self.parts(function, item, around, names, bodies, depth + 1);
                }
            }
            ExprKind::Call(id) => {
                let inner = self.eval.program.function(function).calls.get(id.0 as usize);
                match inner {
                    Some(inner) if inner.args.len() == 1 && inner.args[0].name.is_none() && is_wrapper(inner) => {
                        let before = bodies.len();
                        self.parts(function, &inner.args[0].value, around, names, bodies, depth + 1);
                        // The matcher itself says whether the object is whole.
                        if bodies.len() > before {
                            bodies.truncate(before);
                            bodies.push(expr);
                        }
                    }
                    _ => bodies.push(expr),
                }
            }
            ExprKind::Typed(inner, _) | ExprKind::Await(inner) | ExprKind::Encoded(inner) | ExprKind::Tested(inner, true) => {
                if text_of(inner).is_some() {
                    self.parts(function, inner, around, names, bodies, depth + 1);
                } else {
                    bodies.push(expr);
                }
            }
            ExprKind::Object(_) | ExprKind::Local(_) | ExprKind::Outer(_, _) => bodies.push(expr),
            _ => {}
        }
    }

    /// The object that a term is, where it is written out; and whether a matcher says that it is a part of one.
    fn body(&self, term: &Term<'a>) -> (Option<Arc<Shape>>, bool) {
        let mut current = term;
        let mut partial = false;
        for _ in 0..8 {
            match &current.kind {
                Kind::Typed(inner, _) | Kind::Encoded(inner) => current = inner,
                Kind::Built(built) => {
                    let Some((name, args)) = built.calls.last() else { return (None, false) };
                    let [(None, inner)] = args.as_slice() else { return (None, false) };
                    if PARTIAL.contains(&name.as_str()) {
                        partial = true;
                    } else if !WRAPPERS.contains(&name.as_str()) {
                        return (None, false);
                    }
                    current = inner;
                }
                Kind::Object(_) => {
                    let shape = payload::wire_shape(self.types, current, Side::Write);
                    let fields = shape.as_object().is_some_and(|object| !object.fields.is_empty());
                    return (fields.then_some(shape), partial);
                }
                _ => return (None, false),
            }
        }
        (None, false)
    }

    /// An object that the code says is of the type of one event's payload. A cast or an annotation promises nothing at run time.
    fn typed(&mut self, function: FnRef, expr: &'a Expr, stated: Option<&TypeExpr>, test: &str, negative: bool) {
        let mut value = expr;
        let mut named = stated.and_then(|ty| self.payload_of(ty));
        while let ExprKind::Typed(inner, ty) = &value.kind {
            named = self.payload_of(ty).or(named);
            value = inner;
        }
        let (Some((event, some)), ExprKind::Object(_)) = (named, &value.kind) else { return };
        let term = self.eval.term(function, value, value.span.end);
        if let (Some(shape), partial) = self.body(&term) {
            self.push(event, DoubleKind::Value, value.span, test, vec![shape], partial || some, negative);
        }
    }

    /// The event whose payload a type is, and whether only some of its fields are asked for: `Partial<UserSignup>`.
    fn payload_of(&self, ty: &TypeExpr) -> Option<(Name, bool)> {
        match &ty.kind {
            TypeKind::Ref(reference) => Some((self.known.types.get(reference.path.last()?)?.clone(), false)),
            TypeKind::Apply(TypeOp::Partial | TypeOp::DeepPartial, operands) => {
                Some((self.payload_of(operands.first()?)?.0, true))
            }
            _ => None,
        }
    }

    /// Objects that carry the name of an event under one of the usual keys.
    fn objects(&mut self, function: FnRef, expr: &'a Expr, test: &str, negative: bool, depth: u32) {
        if depth > MAX_DEPTH || self.doubles.len() >= MAX_DOUBLES {
            return;
        }
        if let ExprKind::Typed(_, _) = &expr.kind {
            self.typed(function, expr, None, test, negative);
        }
        let kids: Vec<&'a Expr> = match &expr.kind {
            ExprKind::Object(members) => {
                if let Some(event) = self.carried(function, members, expr.span) {
                    self.named.push((function.id, event.clone()));
                    let term = self.eval.term(function, expr, expr.span.end);
                    if let (Some(shape), partial) = self.body(&term) {
                        self.push(event, DoubleKind::Value, expr.span, test, vec![shape], partial, negative);
                    }
                }
                members
                    .iter()
                    .map(|member| match member {
                        ValueMember::Entry { value, .. } | ValueMember::Spread { value, .. } => value,
                    })
                    .collect()
            }
            ExprKind::Array(items) | ExprKind::OneOf(items) | ExprKind::Template(items) => items.iter().collect(),
            ExprKind::ListOf(inner)
            | ExprKind::MapOf(inner)
            | ExprKind::Await(inner)
            | ExprKind::Tested(inner, _)
            | ExprKind::Encoded(inner)
            | ExprKind::Decoded(inner, _)
            | ExprKind::Typed(inner, _) => vec![inner],
            _ => Vec::new(),
        };
        for kid in kids {
            self.objects(function, kid, test, negative, depth + 1);
        }
    }

    fn carried(&self, function: FnRef, members: &'a [ValueMember], span: Span) -> Option<Name> {
        members.iter().find_map(|member| {
            let ValueMember::Entry { key, value, .. } = member else { return None };
            let ExprKind::Literal(Literal::Text(key)) = &key.kind else { return None };
            if !EVENT_KEYS.contains(&key.as_str()) {
                return None;
            }
            let text = match &value.kind {
                ExprKind::Literal(Literal::Text(text)) => text.clone(),
                ExprKind::Name(_) | ExprKind::Member(_, _) if dotted(value).is_some() => {
                    self.eval.term(function, value, span.start).as_text()?.into()
                }
                _ => return None,
            };
            // `{type: "lead"}` is the body of many a request.
            if is_plain_word(&text) && matches!(key.as_str(), "type" | "kind" | "name") {
                return None;
            }
            self.known.names.get(&text).cloned()
        })
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one statement")]
    fn push(
        &mut self,
        event: Name,
        kind: DoubleKind,
        span: Span,
        test: &str,
        bodies: Vec<Arc<Shape>>,
        partial: bool,
        negative: bool,
    ) {
        let bodies: Vec<Arc<Shape>> =
            bodies.into_iter().filter(|body| matches!(&body.kind, ShapeKind::Object(o) if !o.fields.is_empty())).collect();
        if bodies.is_empty() || self.doubles.len() >= MAX_DOUBLES {
            return;
        }
        // One object is one payload, from whichever call it is seen.
        let place = bodies[0].origin.as_ref().filter(|origin| origin.file == *self.path).map_or(span, |origin| origin.span);
        if !self.seen.insert((place, event.clone())) {
            return;
        }
        let origin = Origin::new(self.path.clone(), span);
        self.doubles.push(Double { event, kind, origin, test: test.into(), bodies, partial, negative });
    }
}

fn text_of(expr: &Expr) -> Option<&str> {
    match &expr.kind {
        ExprKind::Literal(Literal::Text(text)) => Some(text),
        ExprKind::Typed(inner, _) => text_of(inner),
        _ => None,
    }
}

/// Whether a call makes a value of a type that says it is a stand-in: `MockBus::new()`, `MockServer::start()`, `new FakeBus()`.
fn makes_stand_in(call: &Call) -> bool {
    let text = callee_text(&call.callee);
    let mut parts = text.split(['.', ':']).filter(|part| !part.is_empty()).rev();
    let is_stand_in = |part: &str| {
        let rest = ["Mock", "Fake", "Stub"].iter().find_map(|word| part.strip_prefix(word));
        rest.is_some_and(|rest| rest.starts_with(|letter: char| letter.is_ascii_uppercase()))
    };
    match parts.next() {
        Some(last) if MAKES.contains(&last) => parts.next().is_some_and(is_stand_in),
        Some(last) => is_stand_in(last),
        None => false,
    }
}

fn is_wrapper(call: &Call) -> bool {
    last_name(&call.callee.kind).is_some_and(|name| WRAPPERS.contains(&name) || PARTIAL.contains(&name))
}

/// Whether a member of one of these names is read anywhere in an expression.
fn mentions(expr: &Expr, wanted: &dyn Fn(&str) -> bool, depth: u32) -> bool {
    if depth > MAX_DEPTH {
        return false;
    }
    let go = |inner: &Expr| mentions(inner, wanted, depth + 1);
    match &expr.kind {
        ExprKind::Member(base, name) => wanted(name) || go(base),
        ExprKind::Name(path) => path.iter().any(|part| wanted(part)),
        ExprKind::Index(base, index) => go(base) || go(index),
        ExprKind::Array(items) | ExprKind::OneOf(items) | ExprKind::Template(items) => items.iter().any(go),
        ExprKind::Typed(inner, _)
        | ExprKind::Await(inner)
        | ExprKind::Tested(inner, _)
        | ExprKind::Element(inner)
        | ExprKind::ListOf(inner)
        | ExprKind::Encoded(inner)
        | ExprKind::Decoded(inner, _) => go(inner),
        _ => false,
    }
}

/// Matchers that take an object for one that has at least these fields.
const PARTIAL: &[&str] = &[
    "objectContaining",
    "toMatchObject",
    "match",
    "calledWithMatch",
    "IsPartialDict",
    "has_entries",
    "body_partial_json",
    "containsSubset",
    "deepInclude",
];

/// Calls that hand on what they are given: matchers for equality, encodings, responses.
const WRAPPERS: &[&str] = &[
    "eq",
    "eql",
    "deepEqual",
    "deepEquals",
    "IsEqual",
    "Some",
    "Ok",
    "to_value",
    "to_string",
    "to_vec",
    "from",
    "into",
    "clone",
    "body_json",
    "json_params_matcher",
    "freeze",
    "structuredClone",
    "deepcopy",
    "copy",
    "dict",
];

/// Calls that say what another call is to be given.
const EXPECTS: &[&str] = &[
    "toHaveBeenCalledWith",
    "toHaveBeenLastCalledWith",
    "toHaveBeenNthCalledWith",
    "toBeCalledWith",
    "lastCalledWith",
    "nthCalledWith",
    "calledOnceWithExactly",
    "calledWithExactly",
    "withArgs",
    "withExactArgs",
    "assert_called_with",
    "assert_called_once_with",
    "assert_any_call",
    "assert_awaited_with",
    "assert_awaited_once_with",
    "assert_any_await",
    "assert_has_calls",
    "call",
    "with",
    "toEqual",
    "toStrictEqual",
    "toMatchObject",
    "deepEqual",
    "assert_eq",
];

/// Calls that say that two values are the same.
const EQUATES: &[&str] = &[
    "assert_eq",
    "assert_json_eq",
    "toEqual",
    "toStrictEqual",
    "toMatchObject",
    "deepEqual",
    "deepStrictEqual",
    "assertEqual",
    "assertDictEqual",
];

/// Calls that say that another was made, and nothing of what it was given.
const ASSERTS_CALL: &[&str] = &[
    "toHaveBeenCalled",
    "toHaveBeenCalledTimes",
    "toHaveBeenCalledOnce",
    "toBeCalled",
    "toBeCalledTimes",
    "called",
    "calledOnce",
    "assert_called",
    "assert_called_once",
    "assert_awaited",
    "assert_awaited_once",
    "times",
    "once",
];

/// Parts of the names of what a stand-in answers when it is asked whether it was called.
const SAYS_CALLED: &[&str] = &["called", "published", "emitted", "was_sent"];

/// Calls that compare what was given, or anything else.
const COMPARES: &[&str] = &[
    "toEqual",
    "toStrictEqual",
    "toMatchObject",
    "toMatchSnapshot",
    "toMatchInlineSnapshot",
    "toBe",
    "deepEqual",
    "deepStrictEqual",
    "assert_eq",
    "assert_json_eq",
    "assertEqual",
    "assertDictEqual",
    "assert_called_with",
    "assert_called_once_with",
    "assert_any_call",
    "assert_has_calls",
    "toHaveBeenCalledWith",
    "toHaveBeenLastCalledWith",
    "toHaveBeenNthCalledWith",
    "toBeCalledWith",
    "calledWith",
    "calledOnceWith",
    "calledWithExactly",
    "calledWithMatch",
    "withf",
    "with",
];

/// What a recorded call keeps of its arguments.
const LOOKS_AT_ARGUMENTS: &[&str] =
    &["calls", "lastCall", "call_args", "call_args_list", "await_args", "await_args_list", "mock_calls", "firstCall", "args"];

/// Calls that put something in the place of a function or module.
const REPLACES: &[&str] = &[
    "fn",
    "spyOn",
    "mock",
    "doMock",
    "unstable_mockModule",
    "stub",
    "fake",
    "createStubInstance",
    "patch",
    "Mock",
    "MagicMock",
    "AsyncMock",
    "create_autospec",
    "setattr",
];

/// The names by which types of their own make a value.
const MAKES: &[&str] = &["new", "default", "start", "builder", "create", "spawn"];

/// Calls that a test makes where it expects a failure.
const EXPECTS_FAILURE: &[&str] = &[
    "toThrow",
    "toThrowError",
    "toThrowErrorMatchingInlineSnapshot",
    "raises",
    "assertRaises",
    "assertRaisesRegex",
    "unwrap_err",
    "expect_err",
    "is_err",
    "throws",
];

/// Words by which a test says that the payload is wrong on purpose.
const NEGATIVE_WORDS: &[&str] = &[
    "reject",
    "rejects",
    "rejected",
    "invalid",
    "malformed",
    "missing",
    "without",
    "throw",
    "throws",
    "fail",
    "fails",
    "failed",
    "failure",
    "error",
    "errors",
    "bad",
    "wrong",
    "incomplete",
    "unknown",
    "unexpected",
    "corrupt",
    "corrupted",
    "legacy",
    "old",
    "outdated",
    "ignores",
    "skips",
    "400",
    "422",
];
