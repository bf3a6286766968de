//! What assignments, loops and patterns bind, and later changes of a bound value.

use ruff_python_ast::{Expr as Py, Pattern, Singleton};
use ruff_text_size::Ranged;

use super::annotations::Side;
use super::lower::{Lower, MAX_ENTRIES};
use super::{classes, names, span};
use crate::facts::calls::Change;
use crate::facts::calls::Edit;
use crate::facts::{Constant, Enclosing, Expr, ExprKind, Literal, LocalId, Name, Read, Step, ValueMember};
use crate::shape::Presence;
use crate::source::Span;

impl<'a> Lower<'a> {
    /// Binds the names of an assignment's target to what they take out of `value`.
    pub(super) fn bind_target(&mut self, target: &'a Py, value: Expr) {
        let at = span(target.range());
        match target {
            Py::Name(name) => {
                self.bind(name.id.as_str(), Some(value), None, at);
            }
            Py::Tuple(_) | Py::List(_) => {
                let elements: &'a [Py] = match target {
                    Py::Tuple(tuple) => &tuple.elts,
                    Py::List(list) => &list.elts,
                    _ => &[],
                };
                for (index, element) in elements.iter().enumerate() {
                    let part = match (&value.kind, element) {
                        (_, Py::Starred(_)) => Expr::unknown("*", at),
                        (ExprKind::Array(values), _) if values.len() == elements.len() => values[index].clone(),
                        _ => {
                            let index = Expr::new(ExprKind::Literal(Literal::Number(index.to_string().into())), at);
                            Expr::new(ExprKind::Index(Box::new(value.clone()), Box::new(index)), at)
                        }
                    };
                    self.deeper(|lower| lower.bind_target(element, part));
                }
            }
            Py::Starred(starred) => {
                self.deeper(|lower| lower.bind_target(&starred.value, Expr::unknown("*", at)));
            }
            Py::Attribute(_) | Py::Subscript(_) => {
                self.edit(target, Change::Set(value));
            }
            _ => {}
        }
    }

    /// Binds a loop's variables: the elements of a list, or keys and values of a mapping.
    pub(super) fn bind_loop_target(&mut self, target: &'a Py, list: Expr) {
        let at = list.span;
        let element = |of: Expr| Expr::new(ExprKind::Element(Box::new(of)), at);
        let pair = match target {
            Py::Tuple(tuple) if tuple.elts.len() == 2 => Some((&tuple.elts[0], &tuple.elts[1])),
            _ => None,
        };
        match (self.iterated(&list), pair) {
            (Some(("items", mapping)), Some((key, value))) => {
                self.bind_target(key, Expr::unknown("key", at));
                self.bind_target(value, element(mapping));
            }
            (Some(("values", mapping)), _) => self.bind_target(target, element(mapping)),
            (Some(("keys", _)), _) => self.bind_target(target, Expr::unknown("key", at)),
            (Some(("enumerate", of)), Some((index, value))) => {
                self.bind_target(index, Expr::unknown("index", at));
                self.bind_target(value, element(of));
            }
            _ => self.bind_target(target, element(list)),
        }
    }

    /// For a value that is the result of `x.items()` and its like: the method, and `x`.
    pub(super) fn iterated(&mut self, list: &Expr) -> Option<(&'static str, Expr)> {
        let ExprKind::Call(id) = list.kind else { return None };
        let call = self.frame().function.call(id);
        let known = |name: &str| ["items", "values", "keys"].into_iter().find(|known| *known == name);
        match (&call.callee.kind, call.args.as_slice()) {
            (ExprKind::Member(of, name), []) => Some((known(name)?, (**of).clone())),
            (ExprKind::Name(path), []) => {
                let (name, of) = path.split_last()?;
                (!of.is_empty()).then_some(())?;
                Some((known(name)?, Expr::new(ExprKind::Name(of.to_vec()), call.callee.span)))
            }
            (ExprKind::Name(path), [first, ..]) if path.as_slice() == ["enumerate"] => Some(("enumerate", first.value.clone())),
            _ => None,
        }
    }

    /// Records a change of a variable, or of a module-level constant.
    pub(super) fn edit(&mut self, target: &'a Py, change: Change) {
        self.edit_under(target, None, change);
    }

    /// The same for a key below the target: `payload.pop("key")`.
    pub(super) fn edit_under(&mut self, target: &'a Py, below: Option<Expr>, change: Change) {
        let mut path: Vec<Expr> = below.into_iter().collect();
        let mut at = target;
        let key_span;
        loop {
            match at {
                Py::Attribute(attribute) => {
                    path.push(Expr::text(attribute.attr.as_str(), span(attribute.attr.range)));
                    at = &attribute.value;
                }
                Py::Subscript(subscript) => {
                    path.push(self.key(&subscript.slice));
                    at = &subscript.value;
                }
                Py::Name(name) => {
                    path.reverse();
                    key_span = path.last().map_or(span(name.range), |key| key.span);
                    if path.is_empty() && matches!(change, Change::Delete | Change::Set(_)) {
                        return;
                    }
                    match self.lookup(name.id.as_str()) {
                        Some(ExprKind::Local(id)) => self.edit_local(id, path, change, key_span),
                        Some(_) => {}
                        None => self.edit_constant(name.id.as_str(), &path, change),
                    }
                    return;
                }
                other => {
                    // `get_payload()["x"] = …`: nothing that has a name changes, but the call counts.
                    self.expr(other);
                    return;
                }
            }
        }
    }

    fn edit_local(&mut self, id: LocalId, path: Vec<Expr>, change: Change, at: Span) {
        let frame = self.frame();
        let conditional = frame.branches > frame.depth_of[id.0 as usize];
        let edits = &mut frame.function.locals[id.0 as usize].edits;
        if edits.len() < MAX_ENTRIES {
            edits.push(Edit { path, change, conditional, span: at });
        }
    }

    /// `HANDLERS["order.paid"] = on_paid` at the module level: the constant grows.
    fn edit_constant(&mut self, name: &str, path: &[Expr], change: Change) {
        if self.frames.len() > 1 {
            return;
        }
        let conditional = self.frame().branches > 0;
        let Some(constant) =
            self.facts.constants.iter_mut().rev().find(|constant| constant.scope.is_empty() && constant.name == name)
        else {
            return;
        };
        match (&mut constant.value.kind, path, change) {
            (ExprKind::Object(members), [key], Change::Set(value)) if members.len() < MAX_ENTRIES => {
                members.push(ValueMember::Entry { key: key.clone(), value, conditional });
            }
            (ExprKind::Object(members), [], Change::Merge(value)) if members.len() < MAX_ENTRIES => {
                members.push(ValueMember::Spread { value, conditional });
            }
            (ExprKind::Array(elements), [], Change::Push(value)) if elements.len() < MAX_ENTRIES => elements.push(value),
            _ => {}
        }
    }

    /// The key of a subscript: a constant text or number, a name, or unknown.
    pub(super) fn key(&mut self, slice: &'a Py) -> Expr {
        if let Some(text) = self.constant_text(slice) {
            return Expr::text(text, span(slice.range()));
        }
        self.expr(slice)
    }

    /// An assignment at the module level: a constant. Answers whether it was taken.
    pub(super) fn assign_at_top(&mut self, targets: &'a [Py], value: &'a Py, annotation: Option<&'a Py>) -> bool {
        // `app.conf.task_acks_late = True`: a switch of the program.
        if let ([Py::Attribute(target)], Py::BooleanLiteral(on)) = (targets, value)
            && let Some(path) = super::names::dotted(&target.value)
            && path.iter().any(|part| matches!(*part, "conf" | "config"))
        {
            let at = span(target.range);
            self.facts.constants.push(crate::facts::Constant {
                scope: path.iter().map(|part| Name::from(*part)).collect(),
                name: target.attr.as_str().into(),
                value: Expr::new(ExprKind::Literal(crate::facts::Literal::Bool(on.value)), at),
                ty: None,
                exported: false,
                registry: false,
                span: at,
            });
        }
        let names: Vec<(&'a str, Span)> = targets
            .iter()
            .filter_map(|target| match target {
                Py::Name(name) if !name.id.is_empty() => Some((name.id.as_str(), span(name.range))),
                _ => None,
            })
            .collect();
        if names.len() != targets.len() {
            return false;
        }
        if let [(name, at)] = names.as_slice()
            && classes::alias(self, name, *at, value, annotation)
        {
            return true;
        }
        let ty = annotation.map(|annotation| self.annotation(annotation, Side::Write));
        let lowered = self.expr(value);
        for (name, at) in names {
            self.constant(name, lowered.clone(), ty.clone(), at);
        }
        true
    }

    /// Records a constant of the module level or of the innermost class.
    pub(super) fn constant(&mut self, name: &str, value: Expr, ty: Option<crate::facts::TypeExpr>, at: Span) {
        let scope = self.classes.clone();
        let again = self.classes.is_empty() && !self.module_names.is_empty() || !self.classes.is_empty();
        if again
            && let Some(known) =
                self.facts.constants.iter_mut().rev().find(|constant| constant.name == name && constant.scope == scope)
        {
            // A second assignment: `try: … except ImportError: …`, or one for each system.
            let before = std::mem::replace(&mut known.value, Expr::unknown("", at));
            known.value = match before.kind {
                ExprKind::OneOf(mut values) if values.len() < 16 => {
                    values.push(value);
                    Expr::new(ExprKind::OneOf(values), before.span)
                }
                ExprKind::OneOf(_) => Expr::unknown("assigned many times", before.span),
                kind => Expr::new(ExprKind::OneOf(vec![Expr::new(kind, before.span), value]), before.span),
            };
            known.registry = false;
            return;
        }
        let registry = is_list_of_names(&value);
        let exported = self.exported(name);
        self.facts.constants.push(Constant { scope, name: name.into(), value, ty, exported, registry, span: at });
    }

    pub(super) fn match_statement(&mut self, s: &'a ruff_python_ast::StmtMatch) -> bool {
        let mut constants = Vec::new();
        let mut has_default = false;
        for case in &s.cases {
            constants_of(self, &case.pattern, &mut constants);
            has_default |= case.guard.is_none() && case.pattern.is_irrefutable();
        }
        let literals = constants.iter().filter_map(super::expressions::literal_of).collect::<Vec<_>>();
        if !literals.is_empty() {
            self.compared = Some((literals, has_default));
        }
        let subject = self.expr(&s.subject);
        self.compared = None;
        let entry = self.frame().scope.clone();
        let mut ends = Vec::new();
        for case in &s.cases {
            self.frame().scope.clone_from(&entry);
            self.bind_pattern(&case.pattern, &subject);
            let mut values = Vec::new();
            constants_of(self, &case.pattern, &mut values);
            let irrefutable = case.pattern.is_irrefutable();
            let guard = crate::facts::Guard {
                source: format!("match {}: case {}", self.quote(s.subject.range()), self.quote(case.pattern.range())).into(),
                subject: Some(subject.clone()),
                values: values.clone(),
                negated: irrefutable,
                span: span(case.pattern.range()),
                otherwise: false,
                raises: false,
            };
            if let Some(test) = &case.guard {
                self.expr(test);
            }
            self.arm(&guard, Some((case.range, case.range)));
            let frame = self.frame();
            frame.enclosing.push(Enclosing::Branch(guard.into()));
            // `case {"type": "order.paid", …}` also tells apart by a key of the subject.
            let before = self.frame().enclosing.len();
            for guard in self.mapping_guards(&case.pattern, &subject) {
                self.arm(&guard, Some((case.range, case.range)));
                self.frame().enclosing.push(Enclosing::Branch(guard.into()));
            }
            self.frame().branches += 1;
            let left = self.block(&case.body);
            let frame = self.frame();
            frame.branches -= 1;
            frame.enclosing.truncate(before - 1);
            ends.push((std::mem::take(&mut frame.scope), left));
        }
        let all_left = has_default && ends.iter().all(|(_, left)| *left);
        if !has_default {
            ends.push((entry.clone(), false));
        }
        self.merge(entry, ends);
        all_left
    }

    fn mapping_guards(&mut self, pattern: &'a Pattern, subject: &Expr) -> Vec<crate::facts::Guard> {
        let Pattern::MatchMapping(mapping) = pattern else { return Vec::new() };
        let mut guards = Vec::new();
        for (key, inner) in mapping.keys.iter().zip(&mapping.patterns) {
            let Some(name) = self.constant_text(key) else { continue };
            let mut values = Vec::new();
            constants_of(self, inner, &mut values);
            if values.is_empty() {
                continue;
            }
            let member = Expr::new(ExprKind::Member(Box::new(subject.clone()), name), span(key.range()));
            guards.push(crate::facts::Guard {
                source: self.quote(pattern.range()),
                subject: Some(member),
                values,
                negated: false,
                span: span(inner.range()),
                otherwise: false,
                raises: false,
            });
        }
        guards
    }

    /// Binds the names of a pattern, and records what a mapping pattern reads.
    pub(super) fn bind_pattern(&mut self, pattern: &'a Pattern, subject: &Expr) {
        let at = span(pattern.range());
        match pattern {
            Pattern::MatchAs(inner) => {
                if let Some(pattern) = &inner.pattern {
                    self.deeper(|lower| lower.bind_pattern(pattern, subject));
                }
                if let Some(name) = &inner.name {
                    self.bind(name.as_str(), Some(subject.clone()), None, span(name.range));
                }
            }
            Pattern::MatchMapping(mapping) => {
                for (key, inner) in mapping.keys.iter().zip(&mapping.patterns) {
                    let Some(name) = self.constant_text(key) else { continue };
                    let key_span = span(key.range());
                    let mut constants = Vec::new();
                    constants_of(self, inner, &mut constants);
                    self.frame().function.reads.push(Read {
                        base: subject.clone(),
                        // A mapping that lacks the key is simply another case.
                        path: vec![Step::Key { name: name.clone(), presence: Presence::Optional, span: key_span }],
                        ty: None,
                        compared: constants.iter().filter_map(super::expressions::literal_of).collect(),
                        has_default: true,
                        span: key_span,
                    });
                    let member = Expr::new(ExprKind::Member(Box::new(subject.clone()), name), key_span);
                    self.deeper(|lower| lower.bind_pattern(inner, &member));
                }
                if let Some(rest) = &mapping.rest {
                    self.bind(rest.as_str(), Some(subject.clone()), None, span(rest.range));
                }
            }
            Pattern::MatchClass(class) => {
                let ty = names::dotted(&class.cls).map(|path| path.into_iter().map(Name::from).collect::<Vec<_>>());
                let typed = match ty {
                    Some(path) => {
                        let ty = crate::facts::TypeExpr::new(
                            crate::facts::TypeKind::Ref(crate::facts::TypeRef { path, args: Vec::new() }),
                            at,
                        );
                        Expr::new(ExprKind::Typed(Box::new(subject.clone()), Box::new(ty)), at)
                    }
                    None => subject.clone(),
                };
                for keyword in &class.arguments.keywords {
                    let member = Expr::new(
                        ExprKind::Member(Box::new(typed.clone()), keyword.attr.as_str().into()),
                        span(keyword.attr.range),
                    );
                    self.deeper(|lower| lower.bind_pattern(&keyword.pattern, &member));
                }
                for inner in &class.arguments.patterns {
                    self.deeper(|lower| lower.bind_pattern(inner, &Expr::unknown("positional", at)));
                }
            }
            Pattern::MatchSequence(sequence) => {
                for inner in &sequence.patterns {
                    let element = Expr::new(ExprKind::Element(Box::new(subject.clone())), span(inner.range()));
                    self.deeper(|lower| lower.bind_pattern(inner, &element));
                }
            }
            Pattern::MatchOr(or) => {
                for inner in &or.patterns {
                    self.deeper(|lower| lower.bind_pattern(inner, subject));
                }
            }
            Pattern::MatchStar(star) => {
                if let Some(name) = &star.name {
                    self.bind(name.as_str(), Some(Expr::unknown("*", at)), None, span(name.range));
                }
            }
            Pattern::MatchValue(_) | Pattern::MatchSingleton(_) => {}
        }
    }
}

/// The constants that a pattern compares with.
fn constants_of<'a>(lower: &mut Lower<'a>, pattern: &'a Pattern, out: &mut Vec<Expr>) {
    match pattern {
        Pattern::MatchValue(value) => {
            let value = match lower.constant_text(&value.value) {
                Some(text) => Expr::text(text, span(value.range)),
                None => lower.expr(&value.value),
            };
            out.push(value);
        }
        Pattern::MatchSingleton(single) => {
            let literal = match single.value {
                Singleton::None => Literal::Null,
                Singleton::True => Literal::Bool(true),
                Singleton::False => Literal::Bool(false),
            };
            out.push(Expr::new(ExprKind::Literal(literal), span(single.range)));
        }
        Pattern::MatchOr(or) => {
            for pattern in or.patterns.iter().take(MAX_ENTRIES) {
                lower.deeper(|lower| constants_of(lower, pattern, out));
            }
        }
        Pattern::MatchAs(inner) => {
            if let Some(pattern) = &inner.pattern {
                lower.deeper(|lower| constants_of(lower, pattern, out));
            }
        }
        Pattern::MatchSequence(_) | Pattern::MatchMapping(_) | Pattern::MatchClass(_) | Pattern::MatchStar(_) => {}
    }
}

/// A list or mapping whose elements or values are all texts: names, by its form.
fn is_list_of_names(value: &Expr) -> bool {
    let is_text = |expr: &Expr| matches!(expr.kind, ExprKind::Literal(Literal::Text(_)));
    match &value.kind {
        ExprKind::Array(elements) => elements.len() >= 2 && elements.iter().all(is_text),
        ExprKind::Object(members) => {
            members.len() >= 2
                && members.iter().all(|member| matches!(member, ValueMember::Entry { value, .. } if is_text(value)))
        }
        _ => false,
    }
}
