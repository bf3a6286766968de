//! Decoders that the repository wraps: generic functions that decode into what their caller names, and the dispatchers that
//! say, by a comparison around a call, which event the function they call decodes.

use std::collections::BTreeMap;

use super::boundaries::success_type;
use super::dispatch::is_event_like;
use super::eval::Eval;
use super::modules::FileId;
use super::resolve::FnRef;
use super::surroundings;
use super::term::TypeUse;
use crate::facts::{Call, CallId, Expr, ExprKind, FnId, LanguageId, Name, TypeExpr, TypeKind};
use crate::source::Span;

/// How many generic functions may stand between the caller and the decoding.
const MAX_GENERIC_HOPS: usize = 3;

/// How many calls above a decoding a dispatcher is looked for.
const MAX_DISPATCH: u32 = 2;

/// How many calls of one function are looked at for a dispatcher; a function called from more places is no event's own.
const MAX_CALLERS: usize = 8;

/// A call of a generic decoder that says into what it decodes.
pub struct Bound<'a> {
    pub function: FnRef,
    pub span: Span,
    pub ty: TypeUse<'a>,
}

/// The calls of the repository's own generic decoders (`parse_payload::<Push>(body)`), with the type that each names.
///
/// A function that waits is left out: it fetches what it decodes, which is the answer to a request of its own.
pub fn bound_by_callers<'a>(eval: &Eval<'a>) -> Vec<Bound<'a>> {
    let units = eval.program.files.units;
    let mut generic: BTreeMap<FnRef, usize> = BTreeMap::new();
    for (at, unit) in units.iter().enumerate().filter(|(_, unit)| unit.facts.language == LanguageId::Rust) {
        for (index, function) in unit.facts.functions.iter().enumerate() {
            if function.type_params.is_empty() || function.is_async {
                continue;
            }
            let reference = FnRef { file: FileId(at as u32), id: FnId(index as u32) };
            let values = function
                .locals
                .iter()
                .filter_map(|local| Some((local.value.as_ref()?, local.ty.as_ref())))
                .chain(function.returns.iter().map(|value| (value, function.return_type.as_ref())))
                .chain(function.calls.iter().flat_map(|call| call.args.iter().map(|argument| (&argument.value, None))));
            if let Some(position) = values
                .into_iter()
                .find_map(|(value, stated)| parameter_position(eval, reference, decoded_into(value, stated, 0)?))
            {
                generic.insert(reference, position);
            }
        }
    }
    let mut bound = Vec::new();
    let mut fresh: Vec<(FnRef, usize)> = generic.iter().map(|(function, position)| (*function, *position)).collect();
    for _ in 0..MAX_GENERIC_HOPS {
        let mut next = Vec::new();
        for (target, position) in fresh {
            for (caller, id, call) in calls_of(eval, target) {
                let Some(ty) = stated_at(eval, caller, id, call, target, position) else { continue };
                match parameter_position(eval, caller, ty) {
                    Some(position) => {
                        if !eval.program.function(caller).is_async && generic.insert(caller, position).is_none() {
                            next.push((caller, position));
                        }
                    }
                    None => bound.push(Bound { function: caller, span: call.span, ty: eval.type_use(caller, ty) }),
                }
            }
        }
        fresh = next;
    }
    bound.sort_by_key(|decoder| (decoder.function, decoder.span.start));
    bound
}

/// The events that the code around a place, or around the calls of its function, has compared a name with.
pub fn dispatched_events(eval: &Eval<'_>, function: FnRef, span: Span) -> Vec<Name> {
    let mut events = events_at(eval, function, span, 0);
    events.retain(|event| is_event_like(event));
    events
}

fn events_at(eval: &Eval<'_>, function: FnRef, span: Span, depth: u32) -> Vec<Name> {
    let own = surroundings::guarded_events(eval, function, span);
    if !own.is_empty() || depth >= MAX_DISPATCH {
        return own;
    }
    let callers = calls_of(eval, function);
    if callers.len() > MAX_CALLERS {
        return Vec::new();
    }
    let mut events: Vec<Name> = Vec::new();
    for (caller, _, call) in callers.into_iter().filter(|(caller, _, _)| *caller != function) {
        let found = events_at(eval, caller, call.span, depth + 1);
        // A call that no comparison guards brings any event.
        if found.is_empty() && !eval.program.function(caller).in_test {
            return Vec::new();
        }
        events.extend(found);
    }
    events.sort_unstable();
    events.dedup();
    events
}

/// The calls of a function, wherever they are.
pub fn calls_of<'a>(eval: &Eval<'a>, target: FnRef) -> Vec<(FnRef, CallId, &'a Call)> {
    let name = &eval.program.function(target).name;
    let mut found = Vec::new();
    if name.is_empty() || name == "<top>" {
        return found;
    }
    for file in eval.program.calling(name) {
        for (id, call_id) in eval.program.files.unit(*file).index.calls.get(name).into_iter().flatten() {
            let caller = FnRef { file: *file, id: *id };
            let call = eval.program.function(caller).call(*call_id);
            if eval.callee(caller, call) == Some(target) {
                found.push((caller, *call_id, call));
            }
        }
    }
    found
}

/// The type that a value is decoded into, where the value is a decoding.
fn decoded_into<'a>(value: &'a Expr, stated: Option<&'a TypeExpr>, depth: u32) -> Option<&'a TypeExpr> {
    if depth > 8 {
        return None;
    }
    match &value.kind {
        ExprKind::Decoded(_, ty) => ty.as_deref().or(stated),
        ExprKind::Typed(inner, _) | ExprKind::Await(inner) | ExprKind::Tested(inner, true) => {
            decoded_into(inner, stated, depth + 1)
        }
        ExprKind::OneOf(branches) => branches.iter().find_map(|branch| decoded_into(branch, stated, depth + 1)),
        _ => None,
    }
}

/// Which of a function's own type parameters this is.
fn parameter_position(eval: &Eval<'_>, function: FnRef, ty: &TypeExpr) -> Option<usize> {
    let name = match &success_type(ty)?.kind {
        TypeKind::Param(name) => name,
        TypeKind::Ref(reference) if reference.path.len() == 1 && reference.args.is_empty() => &reference.path[0],
        _ => return None,
    };
    eval.program.function(function).type_params.iter().position(|param| param.name == *name)
}

/// The type that a call names for a type parameter of `target`: between angle brackets, or by where its result goes.
fn stated_at<'a>(
    eval: &Eval<'a>,
    caller: FnRef,
    id: CallId,
    call: &'a Call,
    target: FnRef,
    position: usize,
) -> Option<&'a TypeExpr> {
    let params = eval.program.function(target).type_params.len();
    if !call.type_args.is_empty() {
        // Parameters of the impl block come before the function's own, and are not written at the call.
        let position = position.checked_sub(params.saturating_sub(call.type_args.len()))?;
        return call.type_args.get(position).filter(|ty| !matches!(ty.kind, TypeKind::Unknown(_)));
    }
    let returns_it = eval.program.function(target).return_type.as_ref().and_then(|ty| parameter_position(eval, target, ty));
    if returns_it != Some(position) {
        return None;
    }
    let owner = eval.program.function(caller);
    let is_call = |value: &Expr| matches!(&value.kind, ExprKind::Call(found) if *found == id);
    owner
        .locals
        .iter()
        .find(|local| local.value.as_ref().is_some_and(is_call))
        .and_then(|local| local.ty.as_ref())
        .or_else(|| owner.returns.iter().any(is_call).then_some(owner.return_type.as_ref()).flatten())
        .and_then(success_type)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use crate::link::tests_programs::linked;

    /// Role, event, channel, symbol and the fields of each boundary.
    fn check(text: &str, expected: Expect) {
        let found: String = linked("src/lib.rs", text)
            .boundaries
            .iter()
            .map(|boundary| {
                let fields: Vec<&str> = boundary
                    .shape
                    .as_object()
                    .map(|object| object.fields.iter().map(|field| field.name.as_str()).collect())
                    .unwrap_or_default();
                format!(
                    "{:?} {} {} in {}: {}\n",
                    boundary.role,
                    boundary.kind,
                    boundary.event.as_deref().unwrap_or("-"),
                    boundary.symbol,
                    fields.join(", ")
                )
            })
            .collect();
        expected.assert_eq(&found);
    }

    #[test]
    fn a_generic_decoder_decodes_what_its_callers_name() {
        check(
            r#"
            #[derive(Deserialize)] pub struct Push { before: String }
            #[derive(Deserialize)] pub struct Comment { body: String }
            #[derive(Clone, Copy)] pub enum Name { Push, Comment, Other }
            impl std::fmt::Display for Name {
                fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                    write!(f, "{}", match self { Name::Push => "push", Name::Comment => "issue_comment", Name::Other => "other" })
                }
            }
            fn payload_of<T: serde::de::DeserializeOwned>(text: &str) -> anyhow::Result<T> {
                let mut deserializer = serde_json::Deserializer::from_str(text);
                let found: Result<T, _> = serde_path_to_error::deserialize(&mut deserializer);
                Ok(found?)
            }
            pub fn process(name: Name, text: &str) -> anyhow::Result<()> {
                match name {
                    Name::Push => { let push = payload_of::<Push>(text)?; log(push.before); }
                    Name::Comment => { let comment: Comment = payload_of(text)?; log(comment.body); }
                    Name::Other => {}
                }
                Ok(())
            }
            "#,
            expect![[r#"
                Consumer decode push in process: before
                Consumer decode issue_comment in process: body
            "#]],
        );
    }

    #[test]
    fn a_dispatcher_names_what_the_functions_it_calls_decode() {
        check(
            r#"
            #[derive(Deserialize)] pub struct Push { before: String }
            #[derive(Deserialize)] pub struct Settings { port: u16 }
            pub fn dispatch(name: &str, body: &[u8]) -> anyhow::Result<()> {
                match name.as_bytes() {
                    b"push" => on_push(body),
                    _ => Ok(()),
                }
            }
            fn on_push(body: &[u8]) -> anyhow::Result<()> {
                let push: Push = serde_json::from_slice(body)?;
                Ok(())
            }
            pub fn settings(text: &str) -> anyhow::Result<Settings> {
                Ok(serde_json::from_str(text)?)
            }
            "#,
            expect![[r#"
                Consumer decode push in on_push: before
                Consumer decode - in settings: port
            "#]],
        );
    }

    #[test]
    fn a_handler_that_takes_the_body_as_it_came_reads_what_it_decodes() {
        check(
            r#"
            use axum::{Router, routing::{get, post}, body::Bytes};
            #[derive(Deserialize)] pub struct Alert { token: String }
            pub async fn alert(body: Bytes) -> anyhow::Result<()> {
                let alert: Alert = serde_json::from_slice(&body)?;
                Ok(())
            }
            pub async fn loose(state: State, body: String) {
                let value: serde_json::Value = serde_json::from_str(&body).unwrap();
                store(value["id"].as_str());
            }
            pub fn router() -> Router {
                Router::new().route("/alert", post(alert)).route("/loose", get(list).post(loose))
            }
            "#,
            expect![[r#"
                Consumer decode - in loose: id
                Consumer http /alert in router: token
                Consumer http /loose in router: id
            "#]],
        );
    }

    #[test]
    fn an_api_client_stands_where_its_request_is_built_and_not_at_every_caller() {
        check(
            r#"
            use reqwest::Client;
            #[derive(Serialize)] struct NewComment<'a> { body: &'a str }
            pub struct Api { client: Client }
            impl Api {
                pub async fn comment(&self, url: &str, body: &str) {
                    self.client.post(url).json(&NewComment { body }).send().await.unwrap();
                }
            }
            pub async fn greet(api: &Api, issue: &Issue) { api.comment(&issue.url, "hello").await; }
            pub async fn leave(api: &Api, issue: &Issue) { api.comment(&issue.url, "bye").await; }
            "#,
            expect![[r#"
                Producer http - in Api.comment: body
            "#]],
        );
    }
}
