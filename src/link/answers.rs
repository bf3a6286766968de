//! Answers to requests of the program's own: what is decoded there is no event that others send.

use super::eval::Eval;
use super::reads::{self, Root};
use super::resolve::FnRef;
use crate::facts::{Call, ExprKind, LanguageId, TypeKind};

/// The methods that give the body of an answer, or of a request.
const BODIES: &[&str] = &["bytes", "text", "text_with_charset"];

/// The methods that ask for something and give the answer.
const REQUESTS: &[&str] = &["call", "delete", "execute", "fetch", "get", "patch", "post", "put", "request", "send_request"];

/// Whether a call decodes the answer to a request of the program's own: `serde_json::from_str(&response.text().await?)`.
pub fn is_answer<'a>(eval: &Eval<'a>, function: FnRef, call: &'a Call) -> bool {
    if eval.program.files.unit(function.file).facts.language != LanguageId::Rust {
        return false;
    }
    let Some(argument) = call.args.first() else { return false };
    let Some((Root::Call(site), _)) = reads::trace(eval, function, &argument.value, 0) else { return false };
    let body = eval.program.function(site.function).call(site.call);
    let ExprKind::Member(on, method) = &body.callee.kind else { return false };
    if REQUESTS.contains(&method.as_str()) && !body.args.is_empty() {
        return true;
    }
    if !BODIES.contains(&method.as_str()) || !body.args.is_empty() {
        return false;
    }
    // A handler is given a request.
    match reads::trace(eval, site.function, on, 0) {
        Some((Root::Param(owner, index), _)) => {
            let ty = eval.program.function(owner).locals.get(index as usize).and_then(|local| local.ty.as_ref());
            let named = ty.and_then(|ty| match &ty.kind {
                TypeKind::Ref(reference) => reference.path.last(),
                _ => None,
            });
            named.is_some_and(|name| name.ends_with("Response"))
        }
        Some((Root::Call(_), _)) => true,
        None => false,
    }
}
