//! Under which conditions, and how often, a call is reached: branches, early returns and loops, through closures and callers.
//!
//! Conditions are compared by what they say, not by how they stand: `if (a) { … }` and `if (!a) return; …` are one condition.

use std::rc::Rc;

use super::super::index::last_name;
use super::super::model::{Condition, Reach};
use super::super::resolve::FnRef;
use super::super::summaries::CallSite;
use super::Around;
use crate::facts::{Enclosing, Expr, ExprKind, Guard, Literal, Name};

/// How many callers' callers lend their conditions.
const MAX_HOPS: usize = 2;

/// Parts of one condition that are told apart.
const MAX_PARTS: usize = 12;

/// Calls that say that a loop waits between attempts.
const WAITS: &[&str] = &["sleep", "delay", "backoff", "setTimeout", "wait", "asleep", "usleep"];

/// The conditions around a function, from all who call it.
#[derive(Clone, Debug, Default)]
pub(super) struct Outer {
    /// Those that hold on some way in.
    any: Vec<Condition>,
    /// Those that hold on every way in.
    all: Vec<Condition>,
    any_loop: bool,
    all_loop: bool,
    /// Whether there is anybody.
    called: bool,
}

impl<'l, 'a> Around<'l, 'a> {
    /// How the call behind a chain is reached.
    pub(super) fn reach(&self, levels: &[CallSite]) -> Reach {
        let mut reach = Reach::default();
        for site in levels {
            self.add(*site, &mut reach);
        }
        if let Some(last) = levels.last() {
            let outer = self.outer(last.function, 0);
            reach.own = reach.conditions.len();
            reach.called = outer.called;
            reach.callers_loop = !reach.in_loop && outer.all_loop;
            reach.outer_any = outer.any.clone();
            reach.conditions.extend(outer.all.iter().cloned());
            reach.outer_loop = outer.any_loop;
            reach.in_loop |= outer.all_loop;
        }
        reach
    }

    fn add(&self, site: CallSite, reach: &mut Reach) {
        let function = self.eval.program.function(site.function);
        let around = &function.call(site.call).surroundings;
        let at = self.origin(site);
        let mut after_loop = false;
        for enclosing in &around.enclosing {
            match enclosing {
                // The head of a `while` is part of the loop.
                Enclosing::Branch(guard) => {
                    if !after_loop {
                        parts(guard, &at, &mut reach.conditions);
                    }
                }
                Enclosing::Loop(span) => {
                    reach.in_loop = true;
                    let tried = around.enclosing.iter().any(|inner| match inner {
                        Enclosing::Try(inner) => span.contains(*inner),
                        _ => false,
                    });
                    let waits = function.calls.iter().filter(|call| span.contains(call.span)).any(|call| {
                        last_name(&call.callee.kind).is_some_and(|name| WAITS.contains(&name))
                            || call.surroundings.enclosing.iter().any(|inner| match inner {
                                Enclosing::Catch(inner) => span.contains(*inner),
                                _ => false,
                            })
                    });
                    let counts = crate::link::options::retry::is_retry_loop(function, function.call(site.call), *span);
                    reach.repeats_attempts |= tried || waits || counts;
                }
                Enclosing::Catch(_) => reach.in_catch = true,
                Enclosing::Try(_) | Enclosing::Block(_) => {}
            }
            after_loop = matches!(enclosing, Enclosing::Loop(_));
        }
        for guard in &around.early_returns {
            parts(guard, &at, &mut reach.conditions);
        }
    }

    fn outer(&self, function: FnRef, hops: usize) -> Rc<Outer> {
        if let Some(known) = self.outers.borrow().get(&function) {
            return Rc::clone(known);
        }
        let mut outer = Outer::default();
        if hops < MAX_HOPS && !self.active.borrow().contains(&function) {
            self.active.borrow_mut().push(function);
            let mut first = true;
            for caller in self.callers_outside(function) {
                outer.called = true;
                let mut reach = Reach::default();
                let levels = self.levels(&[caller]);
                for site in &levels {
                    self.add(*site, &mut reach);
                }
                let further = levels.last().map(|last| self.outer(last.function, hops + 1)).unwrap_or_default();
                let mut all = reach.conditions.clone();
                all.extend(further.all.iter().cloned());
                outer.any.extend(reach.conditions);
                outer.any.extend(further.any.iter().cloned());
                outer.any_loop |= reach.in_loop || further.any_loop;
                let in_loop = reach.in_loop && !reach.repeats_attempts || further.all_loop;
                if first {
                    outer.all = all;
                    outer.all_loop = in_loop;
                    first = false;
                } else {
                    outer.all.retain(|one| all.iter().any(|other| other.same(one)));
                    outer.all_loop &= in_loop;
                }
            }
            self.active.borrow_mut().pop();
        }
        let outer = Rc::new(outer);
        if hops == 0 {
            self.outers.borrow_mut().insert(function, Rc::clone(&outer));
        }
        outer
    }
}

/// The parts of a condition that all hold, each in a form that two spellings share.
fn parts(guard: &Guard, at: &crate::source::Origin, out: &mut Vec<Condition>) {
    let mut add = |text: &str, holds: bool| {
        let (key, holds) = plain(text, holds);
        let words = if holds { key.clone() } else { format!("not {key}").into() };
        let condition = Condition { key: key.into(), holds, words: words.into(), raises: guard.raises, at: at.clone() };
        if !key_is_empty(&condition) && !out.iter().any(|known| known.same(&condition)) && out.len() < 64 {
            out.push(condition);
        }
    };
    let source = guard.source.trim();
    // One arm of several: the subject alone says nothing, its values do.
    if !guard.values.is_empty() && !compares(source) {
        let values: Vec<Name> = guard.values.iter().map(value_text).collect();
        return add(&format!("{source} is {}", values.join(" or ")), !guard.negated);
    }
    let separators: &[&str] = if guard.otherwise { &["||", " or "] } else { &["&&", " and "] };
    for part in split(source, separators).into_iter().take(MAX_PARTS) {
        add(part, !guard.otherwise);
    }
}

fn key_is_empty(condition: &Condition) -> bool {
    matches!(condition.key.as_str(), "" | "else" | "true" | "True" | "_")
}

/// Whether the words of a test are a whole comparison, and not only its subject.
fn compares(source: &str) -> bool {
    ["==", "!=", " in ", " is ", "matches!", "&&", "||", " and ", " or ", "let "].iter().any(|sign| source.contains(sign))
        || source.starts_with('!')
        || source.starts_with("not ")
        || source.starts_with("match ")
}

fn value_text(value: &Expr) -> Name {
    match &value.kind {
        ExprKind::Literal(Literal::Text(text)) => format!("\"{text}\"").into(),
        ExprKind::Literal(Literal::Number(number)) => number.clone(),
        ExprKind::Literal(Literal::Bool(value)) => value.to_string().into(),
        ExprKind::Literal(Literal::Null) => "null".into(),
        ExprKind::Name(path) => path.join(".").into(),
        ExprKind::Member(_, _) => super::super::eval::callee_text(value),
        ExprKind::Unknown(text) => text.clone(),
        _ => "…".into(),
    }
}

/// Splits a text where one of the signs stands outside of all brackets.
fn split<'t>(text: &'t str, signs: &[&str]) -> Vec<&'t str> {
    let text = unwrapped(text);
    let mut found = Vec::new();
    let mut depth = 0i32;
    let mut start = 0;
    let mut at = 0;
    let bytes = text.as_bytes();
    while at < bytes.len() {
        match bytes[at] {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth -= 1,
            _ => {}
        }
        let sign =
            if depth == 0 { signs.iter().find(|sign| text.is_char_boundary(at) && text[at..].starts_with(**sign)) } else { None };
        match sign {
            Some(sign) => {
                found.push(text[start..at].trim());
                at += sign.len();
                start = at;
            }
            None => at += 1,
        }
    }
    found.push(text[start..].trim());
    found
}

/// A text without brackets that stand around the whole of it.
fn unwrapped(text: &str) -> &str {
    let mut text = text.trim();
    while text.starts_with('(') && text.ends_with(')') {
        let mut depth = 0i32;
        let whole = text.char_indices().all(|(at, letter)| {
            match letter {
                '(' => depth += 1,
                ')' => depth -= 1,
                _ => {}
            }
            depth > 0 || at + 1 == text.len()
        });
        if !whole {
            break;
        }
        text = text[1..text.len() - 1].trim();
    }
    text
}

/// The positive form of a test, and whether it has to hold.
pub fn plain(text: &str, holds: bool) -> (Name, bool) {
    let mut text = unwrapped(text);
    let mut holds = holds;
    for _ in 0..8 {
        if let Some(rest) = text.strip_prefix('!').filter(|rest| !rest.starts_with('=')).or_else(|| text.strip_prefix("not ")) {
            text = unwrapped(rest);
            holds = !holds;
            continue;
        }
        if let Some(rest) = text.strip_suffix("=== true").or_else(|| text.strip_suffix("is True")) {
            text = unwrapped(rest);
            continue;
        }
        if let Some(rest) = text.strip_suffix("=== false").or_else(|| text.strip_suffix("is False")) {
            text = unwrapped(rest);
            holds = !holds;
            continue;
        }
        break;
    }
    let mut text = text.to_owned();
    for (sign, positive) in [("!==", "==="), ("!=", "=="), (" is not ", " is "), (" not in ", " in ")] {
        if text.matches(sign).count() == 1 && !text.contains("&&") && !text.contains("||") {
            text = text.replacen(sign, positive, 1);
            holds = !holds;
            break;
        }
    }
    // What a value is tested for, and that it is there at all, are one test in most code.
    for nothing in [" === null", " === undefined", " == null", " is None"] {
        if let Some(rest) = text.strip_suffix(nothing) {
            return (rest.trim().into(), !holds);
        }
    }
    (text.into(), holds)
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn spellings_of_one_test_are_one() {
        let same = [
            ("!user.active", false),
            ("user.active", true),
            ("(user.active)", true),
            ("not user.active", false),
            ("!(user.active)", false),
            ("user.active === false", false),
            ("!!user.active", true),
        ];
        for (text, holds) in same {
            assert_eq!(plain(text, holds), ("user.active".into(), true), "{text}");
        }
        assert_eq!(plain("kind !== 'a'", false), ("kind === 'a'".into(), true));
        assert_eq!(plain("user != null", true), ("user".into(), true));
    }
}
