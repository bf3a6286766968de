//! Expressions that decide a payload, an event name or an option.

use ruff_python_ast::{
    BoolOp, CmpOp, Comprehension, ConversionFlag, Expr as Py, ExprDictComp, ExprFString, FStringPart, InterpolatedStringElement,
    Number, Operator, UnaryOp,
};
use ruff_text_size::Ranged;

use super::lower::{Binding, Lower, MAX_DEPTH, MAX_ENTRIES};
use super::{names, span};
use crate::facts::{Completion, Expr, ExprKind, Literal, Name, TypeExpr, TypeKind, TypeOp, ValueMember};
use crate::shape::StringShape;
use crate::source::Span;

/// Constant names over which a comprehension is unrolled.
const MAX_UNROLLED: usize = 64;

impl<'a> Lower<'a> {
    /// Lowers an expression, and records its calls and reads.
    pub(super) fn expr(&mut self, expr: &'a Py) -> Expr {
        if self.depth >= MAX_DEPTH {
            self.next = Completion::Used;
            return self.opaque(expr);
        }
        self.depth += 1;
        let out = self.expr_unbounded(expr);
        self.depth -= 1;
        out
    }

    fn expr_unbounded(&mut self, expr: &'a Py) -> Expr {
        let completion = std::mem::replace(&mut self.next, Completion::Used);
        let at = span(expr.range());
        let kind = match expr {
            Py::Name(_) | Py::Attribute(_) | Py::Subscript(_) => return self.access(expr),
            Py::Call(call) => {
                self.next = completion;
                return self.call(expr, call);
            }
            Py::StringLiteral(text) => ExprKind::Literal(Literal::Text(text.value.to_str().into())),
            Py::BytesLiteral(bytes) => {
                let bytes: Vec<u8> = bytes.value.bytes().collect();
                match String::from_utf8(bytes) {
                    Ok(text) => ExprKind::Literal(Literal::Text(text.into())),
                    Err(_) => return self.opaque(expr),
                }
            }
            Py::NumberLiteral(number) => match number_literal(&number.value) {
                Some(literal) => ExprKind::Literal(literal),
                None => return self.opaque(expr),
            },
            Py::BooleanLiteral(literal) => ExprKind::Literal(Literal::Bool(literal.value)),
            Py::NoneLiteral(_) => ExprKind::Literal(Literal::Null),
            Py::EllipsisLiteral(_) => return self.opaque(expr),
            Py::FString(text) => return self.f_string(text),
            Py::TString(_) | Py::IpyEscapeCommand(_) => return self.opaque(expr),
            Py::Dict(dict) => {
                if dict.items.len() > MAX_ENTRIES {
                    return Expr::unknown("a table with very many entries", at);
                }
                let mut members = Vec::with_capacity(dict.items.len());
                for item in &dict.items {
                    match &item.key {
                        Some(key) => {
                            let key = self.key(key);
                            let value = self.expr(&item.value);
                            members.push(ValueMember::Entry { key, value, conditional: false });
                        }
                        None => members.push(self.spread(&item.value)),
                    }
                }
                ExprKind::Object(members)
            }
            Py::List(list) => return self.array(&list.elts, at),
            Py::Tuple(tuple) => return self.array(&tuple.elts, at),
            Py::Set(set) => return self.array(&set.elts, at),
            Py::ListComp(comp) => return self.list_comprehension(&comp.elt, &comp.generators, at),
            Py::SetComp(comp) => return self.list_comprehension(&comp.elt, &comp.generators, at),
            Py::Generator(comp) => return self.list_comprehension(&comp.elt, &comp.generators, at),
            Py::DictComp(comp) => return self.dict_comprehension(comp, at),
            Py::If(choice) => {
                let coped = self.frame().coped.len();
                self.condition(&choice.test);
                super::conditions::tested(self, &choice.test);
                self.next = completion.clone();
                self.frame().branches += 1;
                let yes = self.expr(&choice.body);
                self.frame().coped.truncate(coped);
                self.next = completion;
                let no = self.expr(&choice.orelse);
                self.frame().branches -= 1;
                ExprKind::OneOf(flat(vec![yes, no]))
            }
            Py::BoolOp(bool_op) => {
                let coped = self.frame().coped.len();
                let mut values = Vec::with_capacity(bool_op.values.len());
                for value in &bool_op.values {
                    self.next = completion.clone();
                    if is_test(value) {
                        self.next = Completion::Used;
                        self.condition(value);
                        values.push(of_type(TypeKind::Boolean, span(value.range())));
                    } else {
                        values.push(self.expr(value));
                    }
                    if bool_op.op == BoolOp::And {
                        super::conditions::tested(self, value);
                    }
                }
                self.frame().coped.truncate(coped);
                ExprKind::OneOf(flat(values))
            }
            Py::Compare(compare) => {
                self.comparison(compare);
                return of_type(TypeKind::Boolean, at);
            }
            Py::UnaryOp(unary) => {
                let negative = match (&*unary.operand, unary.op) {
                    (Py::NumberLiteral(number), UnaryOp::USub) => number_literal(&number.value),
                    _ => None,
                };
                if let Some(Literal::Number(digits)) = negative {
                    ExprKind::Literal(Literal::Number(format!("-{digits}").into()))
                } else {
                    self.expr(&unary.operand);
                    match unary.op {
                        UnaryOp::Not => return of_type(TypeKind::Boolean, at),
                        UnaryOp::USub | UnaryOp::UAdd | UnaryOp::Invert => {
                            return of_type(TypeKind::Number(Default::default()), at);
                        }
                    }
                }
            }
            Py::BinOp(_) => return self.binary(expr),
            Py::Named(named) => {
                self.next = completion;
                let value = self.expr(&named.value);
                self.bind_target(&named.target, value.clone());
                match &*named.target {
                    Py::Name(name) => match self.lookup(name.id.as_str()) {
                        Some(kind) => kind,
                        None => value.kind,
                    },
                    _ => value.kind,
                }
            }
            Py::Await(inner) => {
                self.next = Completion::Awaited;
                let value = self.expr(&inner.value);
                self.settle(&value);
                match value.kind {
                    // What is known by its value alone stays known.
                    ExprKind::OfType(_) | ExprKind::Object(_) | ExprKind::Literal(_) => value.kind,
                    _ => ExprKind::Await(Box::new(value)),
                }
            }
            Py::Yield(inner) => {
                if let Some(value) = &inner.value {
                    let value = self.expr(value);
                    self.yielded(value);
                }
                return self.opaque(expr);
            }
            Py::YieldFrom(inner) => {
                self.next = Completion::Returned;
                let value = self.expr(&inner.value);
                self.frame().function.returns.push(value);
                return self.opaque(expr);
            }
            Py::Lambda(lambda) => return self.lambda(lambda),
            Py::Starred(starred) => return self.expr(&starred.value),
            Py::Slice(slice) => {
                for part in [&slice.lower, &slice.upper, &slice.step].into_iter().flatten() {
                    self.expr(part);
                }
                return self.opaque(expr);
            }
        };
        Expr::new(kind, at)
    }

    fn array(&mut self, elements: &'a [Py], at: Span) -> Expr {
        if elements.len() > MAX_ENTRIES {
            return Expr::unknown("a list with very many elements", at);
        }
        let mut out = Vec::with_capacity(elements.len());
        let mut parts = Vec::new();
        for element in elements {
            match element {
                Py::Starred(starred) => {
                    let value = self.expr(&starred.value);
                    match value.kind {
                        ExprKind::Array(inner) => out.extend(inner),
                        kind => parts.push(Expr::new(kind, value.span)),
                    }
                }
                element => {
                    let value = self.expr(element);
                    out.push(value);
                }
            }
        }
        if parts.is_empty() {
            return Expr::new(ExprKind::Array(out), at);
        }
        // `[*rows, last]`: elements of the parts, or the ones that are written.
        out.extend(parts.into_iter().map(|part| {
            let at = part.span;
            Expr::new(ExprKind::Element(Box::new(part)), at)
        }));
        Expr::new(ExprKind::ListOf(Box::new(Expr::new(ExprKind::OneOf(out), at))), at)
    }

    /// `**value` in a dictionary: always there, sometimes there (`**({"a": 1} if x else {})`).
    pub(super) fn spread(&mut self, value: &'a Py) -> ValueMember {
        let empty = |expr: &Py| matches!(expr, Py::Dict(dict) if dict.items.is_empty());
        match value {
            Py::If(choice) if empty(&choice.orelse) => {
                self.condition(&choice.test);
                ValueMember::Spread { value: self.expr(&choice.body), conditional: true }
            }
            Py::If(choice) if empty(&choice.body) => {
                self.condition(&choice.test);
                ValueMember::Spread { value: self.expr(&choice.orelse), conditional: true }
            }
            Py::BoolOp(bool_op) if bool_op.op == BoolOp::Or && bool_op.values.len() == 2 && empty(&bool_op.values[1]) => {
                // `**(extra or {})`: nothing is lost by leaving the empty one out, but it may be empty.
                ValueMember::Spread { value: self.expr(&bool_op.values[0]), conditional: false }
            }
            value => ValueMember::Spread { value: self.expr(value), conditional: false },
        }
    }

    fn f_string(&mut self, text: &'a ExprFString) -> Expr {
        let at = span(text.range);
        let mut parts: Vec<Expr> = Vec::new();
        for part in &text.value {
            match part {
                FStringPart::Literal(literal) => push_text(&mut parts, literal.as_str(), span(literal.range)),
                FStringPart::FString(inner) => {
                    for element in &inner.elements {
                        match element {
                            InterpolatedStringElement::Literal(literal) => {
                                push_text(&mut parts, &literal.value, span(literal.range));
                            }
                            InterpolatedStringElement::Interpolation(hole) => {
                                if let Some(debug) = &hole.debug_text {
                                    push_text(&mut parts, debug.as_str(), span(hole.range));
                                }
                                let mut value = self.expr(&hole.expression);
                                if matches!(hole.conversion, ConversionFlag::Repr | ConversionFlag::Ascii)
                                    || hole.format_spec.is_some()
                                {
                                    value = Expr::unknown(self.quote(hole.expression.range()), value.span);
                                }
                                match value.kind {
                                    ExprKind::Literal(Literal::Text(text)) => push_text(&mut parts, &text, value.span),
                                    kind => parts.push(Expr::new(kind, value.span)),
                                }
                            }
                        }
                    }
                }
            }
        }
        template(parts, at)
    }

    fn list_comprehension(&mut self, element: &'a Py, generators: &'a [Comprehension], at: Span) -> Expr {
        let entry = self.frame().scope.clone();
        self.generators(generators);
        self.frame().branches += 1;
        let element = self.expr(element);
        self.frame().branches -= 1;
        self.frame().scope = entry;
        Expr::new(ExprKind::ListOf(Box::new(element)), at)
    }

    fn generators(&mut self, generators: &'a [Comprehension]) {
        for generator in generators {
            let list = self.expr(&generator.iter);
            self.bind_loop_target(&generator.target, list);
            for test in &generator.ifs {
                self.condition(test);
            }
        }
    }

    fn dict_comprehension(&mut self, comp: &'a ExprDictComp, at: Span) -> Expr {
        let Some(key) = &comp.key else {
            return self.list_comprehension(&comp.value, &comp.generators, at);
        };
        let entry = self.frame().scope.clone();
        let unrolled = match comp.generators.as_slice() {
            [one] => match &one.target {
                Py::Name(name) => self.texts_in(&one.iter).map(|texts| (name.id.as_str(), texts, !one.ifs.is_empty(), one)),
                _ => None,
            },
            _ => None,
        };
        let pairs = match comp.generators.as_slice() {
            [one] => pairs_in(one),
            _ => None,
        };
        if let Some((names, pairs, one)) = pairs {
            let mut members = Vec::with_capacity(pairs.len());
            for (first, second) in pairs {
                let (first, second) = (self.expr(first), self.expr(second));
                self.frame().scope.insert(names.0, Binding::Constant(first));
                self.frame().scope.insert(names.1, Binding::Constant(second));
                for test in &one.ifs {
                    self.condition(test);
                }
                let key = self.key(key);
                let value = self.expr(&comp.value);
                members.push(ValueMember::Entry { key, value, conditional: !one.ifs.is_empty() });
            }
            self.frame().scope = entry;
            return Expr::new(ExprKind::Object(members), at);
        }
        let kind = match unrolled {
            Some((name, texts, conditional, one)) if texts.len() <= MAX_UNROLLED => {
                let mut members = Vec::with_capacity(texts.len());
                for text in texts {
                    self.frame().scope.insert(name, Binding::Constant(Expr::text(text, span(one.iter.range()))));
                    for test in &one.ifs {
                        self.condition(test);
                    }
                    let key = self.key(key);
                    let value = self.expr(&comp.value);
                    members.push(ValueMember::Entry { key, value, conditional });
                }
                ExprKind::Object(members)
            }
            _ => {
                // `{k: v for k, v in payload.items() if v is not None}`: the same entries, some left out.
                let filtered = comp.generators.iter().any(|generator| !generator.ifs.is_empty());
                let copied = match comp.generators.as_slice() {
                    [one] if copies_entries(comp) => {
                        let list = self.expr(&one.iter);
                        let mapping = self.iterated(&list);
                        self.bind_loop_target(&one.target, list);
                        for test in &one.ifs {
                            self.condition(test);
                        }
                        mapping.map(|(_, mapping)| mapping)
                    }
                    _ => {
                        self.generators(&comp.generators);
                        None
                    }
                };
                match copied {
                    // What may be `None` is left out where it is; what may not be is there.
                    Some(value) if filtered && drops_none(comp) => {
                        let kept = TypeExpr::new(TypeKind::Unknown("what is filtered".into()), at);
                        let ty = TypeExpr::new(TypeKind::Apply(TypeOp::WithoutNull, vec![kept]), at);
                        let value = Expr::new(ExprKind::Typed(Box::new(value), Box::new(ty)), at);
                        ExprKind::Object(vec![ValueMember::Spread { value, conditional: false }])
                    }
                    Some(value) => ExprKind::Object(vec![ValueMember::Spread { value, conditional: filtered }]),
                    None => {
                        self.expr(key);
                        ExprKind::MapOf(Box::new(self.expr(&comp.value)))
                    }
                }
            }
        };
        self.frame().scope = entry;
        Expr::new(kind, at)
    }

    /// The texts of a list that is written out, here or as a constant of this file.
    fn texts_in(&self, expr: &Py) -> Option<Vec<Name>> {
        match expr {
            Py::Name(name) if self.lookup(&name.id).is_none() => self.text_lists.get(name.id.as_str()).cloned(),
            _ => texts_of(expr),
        }
    }

    fn comparison(&mut self, compare: &'a ruff_python_ast::ExprCompare) {
        self.compared = None;
        if let ([ruff_python_ast::CmpOp::In | ruff_python_ast::CmpOp::NotIn], [on]) = (&*compare.ops, &*compare.comparators)
            && let Some(key) = self.constant_text(&compare.left)
        {
            self.presence_test(on, key, span(compare.left.range()));
            return;
        }
        self.expr(&compare.left);
        for part in &compare.comparators {
            self.expr(part);
        }
    }

    /// `a + b`, `a | b`, `a % b` and their like; long chains lean to the left and are followed without recursion.
    fn binary(&mut self, expr: &'a Py) -> Expr {
        let at = span(expr.range());
        let Py::BinOp(outer) = expr else { return self.opaque(expr) };
        let op = outer.op;
        let mut operands: Vec<&'a Py> = Vec::new();
        let mut left = expr;
        while let Py::BinOp(inner) = left {
            if inner.op != op {
                break;
            }
            operands.push(&inner.right);
            left = &inner.left;
        }
        operands.push(left);
        operands.reverse();
        if operands.len() > MAX_ENTRIES {
            return self.opaque(expr);
        }
        match op {
            Operator::Mod => {
                if let Py::StringLiteral(format) = &*outer.left {
                    let format = format.value.to_str().to_owned();
                    let right: Vec<Expr> = match &*outer.right {
                        Py::Tuple(tuple) => tuple.elts.iter().map(|element| self.expr(element)).collect(),
                        right => vec![self.expr(right)],
                    };
                    return percent_template(&format, right, at);
                }
                for operand in operands {
                    self.expr(operand);
                }
                of_type(TypeKind::Number(Default::default()), at)
            }
            Operator::Add => {
                let values: Vec<Expr> = operands.into_iter().map(|operand| self.expr(operand)).collect();
                sum(values, at).unwrap_or_else(|| self.opaque(expr))
            }
            Operator::BitOr => {
                let values: Vec<Expr> = operands.iter().map(|operand| self.expr(operand)).collect();
                let merges = values.iter().any(|value| self.is_mapping(value));
                if merges {
                    let members = values.into_iter().map(|value| ValueMember::Spread { value, conditional: false }).collect();
                    Expr::new(ExprKind::Object(members), at)
                } else {
                    self.opaque(expr)
                }
            }
            Operator::Sub | Operator::Mult | Operator::Div | Operator::FloorDiv | Operator::Pow => {
                let values: Vec<Expr> = operands.into_iter().map(|operand| self.expr(operand)).collect();
                let number = |value: &Expr| match &value.kind {
                    ExprKind::Literal(Literal::Number(_)) => true,
                    ExprKind::OfType(ty) => matches!(ty.kind, TypeKind::Number(_) | TypeKind::Integer(_)),
                    _ => false,
                };
                if values.iter().any(number) { of_type(TypeKind::Number(Default::default()), at) } else { self.opaque(expr) }
            }
            Operator::MatMult | Operator::LShift | Operator::RShift | Operator::BitXor | Operator::BitAnd => {
                for operand in operands {
                    self.expr(operand);
                }
                self.opaque(expr)
            }
        }
    }

    fn is_mapping(&self, value: &Expr) -> bool {
        match &value.kind {
            ExprKind::Object(_) | ExprKind::MapOf(_) => true,
            ExprKind::Local(id) => {
                let local = self.frames.last().map(|frame| frame.function.local(*id));
                local.is_some_and(|local| {
                    local.value.as_ref().is_some_and(|value| matches!(value.kind, ExprKind::Object(_) | ExprKind::MapOf(_)))
                        || local.ty.as_ref().is_some_and(|ty| matches!(ty.kind, TypeKind::Map { .. } | TypeKind::Object(_)))
                })
            }
            _ => false,
        }
    }
}

/// `{k: v for k, v in mapping.items() …}`, with the same key and value.
fn copies_entries(comp: &ExprDictComp) -> bool {
    let [one] = comp.generators.as_slice() else { return false };
    let Py::Tuple(target) = &one.target else { return false };
    let [Py::Name(key), Py::Name(value)] = target.elts.as_slice() else { return false };
    let same = matches!(comp.key.as_deref(), Some(Py::Name(name)) if name.id == key.id)
        && matches!(&*comp.value, Py::Name(name) if name.id == value.id);
    same && names::last_name(&one.iter) == Some("items")
}

/// Whether all that a comprehension over entries leaves out is what is `None`: `… if v is not None`.
fn drops_none(comp: &ExprDictComp) -> bool {
    let [one] = comp.generators.as_slice() else { return false };
    let [Py::Compare(test)] = one.ifs.as_slice() else { return false };
    let is_value = matches!((&*test.left, &*comp.value), (Py::Name(tested), Py::Name(value)) if tested.id == value.id);
    is_value && *test.ops == [CmpOp::IsNot] && matches!(&*test.comparators, [Py::NoneLiteral(_)])
}

/// Whether an operand of `and` or `or` is a test rather than a value.
fn is_test(expr: &Py) -> bool {
    matches!(expr, Py::Compare(_)) || matches!(expr, Py::UnaryOp(unary) if unary.op == UnaryOp::Not)
}

/// The texts of a list, tuple or set of text literals.
pub(super) fn texts_of(expr: &Py) -> Option<Vec<Name>> {
    let elements: &[Py] = match expr {
        Py::List(list) => &list.elts,
        Py::Tuple(tuple) => &tuple.elts,
        Py::Set(set) => &set.elts,
        // `["a"] + ["b"]`
        Py::BinOp(sum) if sum.op == Operator::Add => {
            let mut left = match &*sum.left {
                Py::List(_) | Py::Tuple(_) => texts_of(&sum.left)?,
                _ => return None,
            };
            left.extend(match &*sum.right {
                Py::List(_) | Py::Tuple(_) => texts_of(&sum.right)?,
                _ => return None,
            });
            return Some(left);
        }
        _ => return None,
    };
    elements
        .iter()
        .map(|element| match element {
            Py::StringLiteral(text) => Some(text.value.to_str().into()),
            _ => None,
        })
        .collect()
}

pub(super) fn number_literal(number: &Number) -> Option<Literal> {
    match number {
        Number::Int(int) => Some(Literal::Number(int.to_string().into())),
        Number::Float(float) => serde_json::Number::from_f64(*float).map(|number| Literal::Number(number.to_string().into())),
        Number::Complex { .. } => None,
    }
}

pub(super) fn literal_of(expr: &Expr) -> Option<Literal> {
    match &expr.kind {
        ExprKind::Literal(literal) => Some(literal.clone()),
        _ => None,
    }
}

pub(super) fn of_type(kind: TypeKind, at: Span) -> Expr {
    Expr::new(ExprKind::OfType(Box::new(TypeExpr::new(kind, at))), at)
}

pub(super) fn of_format(format: &str, at: Span) -> Expr {
    of_type(TypeKind::String(StringShape::format(format).into()), at)
}

fn flat(values: Vec<Expr>) -> Vec<Expr> {
    let mut out = Vec::with_capacity(values.len());
    for value in values {
        match value.kind {
            ExprKind::OneOf(inner) => out.extend(inner),
            kind => out.push(Expr::new(kind, value.span)),
        }
    }
    out
}

fn push_text(parts: &mut Vec<Expr>, text: &str, at: Span) {
    if text.is_empty() {
        return;
    }
    if let Some(Expr { kind: ExprKind::Literal(Literal::Text(last)), span }) = parts.last_mut() {
        last.push_str(text);
        span.end = at.end;
        return;
    }
    parts.push(Expr::text(text, at));
}

pub(super) fn template(mut parts: Vec<Expr>, at: Span) -> Expr {
    match parts.as_slice() {
        [] => Expr::text("", at),
        [Expr { kind: ExprKind::Literal(Literal::Text(_)), .. }] => Expr::new(parts.remove(0).kind, at),
        _ => Expr::new(ExprKind::Template(parts), at),
    }
}

/// Operands of `+`: texts concatenated, lists joined, numbers added. `None` where nothing says which.
pub(super) fn sum(values: Vec<Expr>, at: Span) -> Option<Expr> {
    let texty = |value: &Expr| matches!(value.kind, ExprKind::Literal(Literal::Text(_)) | ExprKind::Template(_));
    if values.iter().any(texty) {
        let mut parts = Vec::new();
        for value in values {
            match value.kind {
                ExprKind::Literal(Literal::Text(text)) => push_text(&mut parts, &text, value.span),
                ExprKind::Template(inner) => parts.extend(inner),
                kind => parts.push(Expr::new(kind, value.span)),
            }
        }
        return Some(template(parts, at));
    }
    if values.iter().all(|value| matches!(value.kind, ExprKind::Array(_))) {
        let mut out = Vec::new();
        for value in values {
            if let ExprKind::Array(elements) = value.kind {
                out.extend(elements);
            }
        }
        return Some(Expr::new(ExprKind::Array(out), at));
    }
    let numeric = |value: &Expr| match &value.kind {
        ExprKind::Literal(Literal::Number(_)) => true,
        ExprKind::OfType(ty) => matches!(ty.kind, TypeKind::Number(_) | TypeKind::Integer(_)),
        _ => false,
    };
    if values.iter().any(numeric) {
        return Some(of_type(TypeKind::Number(Default::default()), at));
    }
    let listy = |value: &Expr| matches!(value.kind, ExprKind::Array(_) | ExprKind::ListOf(_));
    if values.iter().any(listy) {
        let elements = values
            .into_iter()
            .flat_map(|value| match value.kind {
                ExprKind::Array(elements) => elements,
                ExprKind::ListOf(element) => vec![*element],
                kind => vec![Expr::new(ExprKind::Element(Box::new(Expr::new(kind, value.span))), value.span)],
            })
            .collect();
        return Some(Expr::new(ExprKind::ListOf(Box::new(Expr::new(ExprKind::OneOf(elements), at))), at));
    }
    None
}

/// `"order.%s" % status`
fn percent_template(format: &str, values: Vec<Expr>, at: Span) -> Expr {
    let mut parts = Vec::new();
    let mut values = values.into_iter();
    let mut rest = format;
    while let Some(percent) = rest.find('%') {
        push_text(&mut parts, &rest[..percent], at);
        let after = &rest[percent + 1..];
        let mut letters = after.char_indices();
        match letters.next() {
            Some((_, '%')) => {
                push_text(&mut parts, "%", at);
                rest = &after[1..];
            }
            Some((_, 's' | 'd' | 'i')) => {
                parts.push(values.next().unwrap_or_else(|| Expr::unknown("%", at)));
                rest = &after[1..];
            }
            _ => {
                // `%(name)s`, `%02d`: the place is known, the text is not.
                values.next();
                parts.push(Expr::unknown(format!("%{}", after.chars().take(16).collect::<Name>()), at));
                let end = after.find(|c: char| c.is_ascii_alphabetic() && c != 'l').map_or(after.len(), |end| end + 1);
                let end = if after.starts_with('(') { after.find(')').map_or(end, |close| close + 2) } else { end };
                rest = after.get(end..).unwrap_or("");
            }
        }
    }
    push_text(&mut parts, rest, at);
    template(parts, at)
}

/// `"order.{}".format(status)`
pub(super) fn brace_template(format: &str, positional: &[Expr], named: &[(Name, Expr)], at: Span) -> Expr {
    let mut parts = Vec::new();
    let mut next = 0usize;
    let mut rest = format;
    while let Some(brace) = rest.find(['{', '}']) {
        push_text(&mut parts, &rest[..brace], at);
        let doubled = rest[brace..].starts_with("{{") || rest[brace..].starts_with("}}");
        if doubled {
            push_text(&mut parts, &rest[brace..=brace], at);
            rest = &rest[brace + 2..];
            continue;
        }
        let Some(close) = rest[brace..].find('}') else {
            rest = &rest[brace + 1..];
            continue;
        };
        let field = rest.get(brace + 1..brace + close).unwrap_or("");
        let value = if field.is_empty() {
            next += 1;
            positional.get(next - 1).cloned()
        } else if let Ok(index) = field.parse::<usize>() {
            positional.get(index).cloned()
        } else {
            named.iter().find(|(name, _)| name == field).map(|(_, value)| value.clone())
        };
        match value {
            Some(Expr { kind: ExprKind::Literal(Literal::Text(text)), .. }) => push_text(&mut parts, &text, at),
            Some(value) => parts.push(value),
            None => parts.push(Expr::unknown(format!("{{{field}}}"), at)),
        }
        rest = &rest[brace + close + 1..];
    }
    push_text(&mut parts, rest, at);
    template(parts, at)
}

/// The path of a name, as facts hold it.
pub(super) fn path_of(expr: &Py) -> Option<Vec<Name>> {
    Some(names::dotted(expr)?.into_iter().map(Name::from).collect())
}

/// The rounds of a comprehension over pairs that are written out, with the two names: `for key, value in [("a", x), ("b", y)]`.
type Pairs<'a> = ((&'a str, &'a str), Vec<(&'a Py, &'a Py)>, &'a Comprehension);

fn pairs_in(generator: &Comprehension) -> Option<Pairs<'_>> {
    let Py::Tuple(target) = &generator.target else { return None };
    let [Py::Name(first), Py::Name(second)] = target.elts.as_slice() else { return None };
    let elements = match &generator.iter {
        Py::List(list) => &list.elts,
        Py::Tuple(tuple) => &tuple.elts,
        _ => return None,
    };
    if elements.len() > MAX_UNROLLED {
        return None;
    }
    let pairs = elements.iter().map(pair).collect::<Option<Vec<_>>>()?;
    Some(((first.id.as_str(), second.id.as_str()), pairs, generator))
}

fn pair(element: &Py) -> Option<(&Py, &Py)> {
    let Py::Tuple(tuple) = element else { return None };
    match tuple.elts.as_slice() {
        [key @ Py::StringLiteral(_), value] => Some((key, value)),
        _ => None,
    }
}
