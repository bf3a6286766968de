//! Expressions: what decides the JSON that leaves is kept, the rest is unknown with its source.

use oxc_ast::ast::{
    ArrayExpression, ArrayExpressionElement, AssignmentExpression, AssignmentTarget, ChainElement, Expression, LogicalExpression,
    ObjectExpression, ObjectPropertyKind, PropertyKey, PropertyKind, TemplateLiteral,
};
use oxc_span::GetSpan;
use oxc_syntax::operator::{AssignmentOperator, BinaryOperator, LogicalOperator, UnaryOperator};

use super::known;
use super::lower::{How, Lower, Usage, node_span, span_of};
use super::reads::{add_read, is_readable, split};
use crate::facts::{
    Completion, Enclosing, Expr, ExprKind, Guard, Literal, LocalId, Name, Step, Swallowed, TypeExpr, TypeKind, TypeOp,
    ValueMember,
};
use crate::shape::Presence;
use crate::source::Span;

/// Parts of one concatenation; a longer one is a built document, not a name.
const MAX_CONCATENATION: usize = 64;

impl Lower<'_> {
    pub fn expr(&mut self, expression: &Expression<'_>, usage: Usage) -> Expr {
        let coping = std::mem::take(&mut self.coping);
        match self.deeper(|lower| lower.expr_at(expression, usage, coping)) {
            Some(expr) => expr,
            None => Expr::unknown("nested too deeply", node_span(expression)),
        }
    }

    fn expr_at(&mut self, expression: &Expression<'_>, usage: Usage, coping: bool) -> Expr {
        let span = node_span(expression);
        let of_type = |kind: TypeKind| Expr::new(ExprKind::OfType(Box::new(TypeExpr::new(kind, span))), span);
        match expression {
            Expression::StringLiteral(literal) => Expr::text(literal.value.as_str(), span),
            Expression::BooleanLiteral(literal) => Expr::new(ExprKind::Literal(Literal::Bool(literal.value)), span),
            Expression::NullLiteral(_) => Expr::new(ExprKind::Literal(Literal::Null), span),
            Expression::NumericLiteral(literal) => Expr::new(ExprKind::Literal(Literal::Number(digits(literal.value))), span),
            Expression::BigIntLiteral(_) => Expr::unknown("a bigint, which JSON cannot hold", span),
            Expression::RegExpLiteral(_) => of_type(TypeKind::Object(Default::default())),
            Expression::TemplateLiteral(template) => self.template(template, span),
            Expression::Identifier(id) => self.name(id.name.as_str(), id.span),
            Expression::ThisExpression(_) => Expr::new(ExprKind::This, span),
            Expression::Super(_) => self.base_of_this(span),
            Expression::ParenthesizedExpression(inner) => {
                self.coping = coping;
                self.expr(&inner.expression, usage)
            }
            Expression::TSNonNullExpression(inner) => {
                let value = self.expr(&inner.expression, usage);
                Expr::new(ExprKind::Tested(Box::new(value), true), span)
            }
            Expression::TSInstantiationExpression(inner) => self.expr(&inner.expression, usage),
            Expression::TSAsExpression(cast) => {
                if cast.type_annotation.is_const_type_reference() {
                    return self.expr(&cast.expression, usage);
                }
                self.coping = coping;
                self.cast(&cast.expression, &cast.type_annotation, usage, span)
            }
            Expression::TSTypeAssertion(cast) => self.cast(&cast.expression, &cast.type_annotation, usage, span),
            Expression::TSSatisfiesExpression(satisfies) => {
                self.cast(&satisfies.expression, &satisfies.type_annotation, usage, span)
            }
            Expression::ArrayExpression(array) => self.array(array, usage, span),
            Expression::ObjectExpression(object) => self.object(object, span),
            Expression::ArrowFunctionExpression(arrow) => {
                let id = self.arrow(arrow, None);
                Expr::new(ExprKind::Function(id), span)
            }
            Expression::FunctionExpression(function) => {
                let id = self.function(function, None);
                Expr::new(ExprKind::Function(id), span)
            }
            Expression::ClassExpression(class) => {
                if let Some(id) = &class.id {
                    let name = Name::from(id.name.as_str());
                    self.class(class, &name, false);
                    return Expr::new(ExprKind::Name(vec![name]), span);
                }
                self.class(class, "", false);
                self.unknown(expression.span())
            }
            Expression::AwaitExpression(awaited) => {
                let value = self.expr(&awaited.argument, Usage { how: How::Awaited, ..usage });
                self.settle_awaited(&value);
                Expr::new(ExprKind::Await(Box::new(value)), span)
            }
            Expression::YieldExpression(yielded) => match &yielded.argument {
                Some(argument) => {
                    let value = self.expr(argument, Usage::AWAITED);
                    Expr::new(ExprKind::Await(Box::new(value)), span)
                }
                None => self.unknown(expression.span()),
            },
            Expression::CallExpression(call) => self.call(call, usage, coping),
            Expression::NewExpression(new) => self.new_expression(new, usage),
            Expression::ImportExpression(import) => match &import.source {
                Expression::StringLiteral(source) => {
                    // `await import("m")` is the module; its members are followed like those of a namespace import.
                    let module = source.value.as_str();
                    let local = format!("import({module})");
                    self.facts.imports.push(crate::facts::Import {
                        scope: Vec::new(),
                        local: Some(local.clone().into()),
                        module: vec![module.into()],
                        name: None,
                        exported: false,
                        span,
                    });
                    Expr::new(ExprKind::Name(vec![local.into()]), span)
                }
                _ => self.unknown(expression.span()),
            },
            Expression::ChainExpression(chain) => self.chain(&chain.expression, usage, coping, span),
            Expression::StaticMemberExpression(_)
            | Expression::ComputedMemberExpression(_)
            | Expression::PrivateFieldExpression(_) => self.member(expression, coping),
            Expression::ConditionalExpression(conditional) => {
                let guard = self.test(&conditional.test, true);
                let mut yes =
                    self.enclosed(Enclosing::Branch(guard.clone().into()), |lower| lower.expr(&conditional.consequent, usage));
                let negated = super::statements::opposite(guard, &conditional.test);
                let mut no = self.enclosed(Enclosing::Branch(negated.into()), |lower| lower.expr(&conditional.alternate, usage));
                if let Some((value, there)) = tested_for_presence(&conditional.test) {
                    let tested = self.folded(value.span());
                    self.assert_there(if there { &mut yes } else { &mut no }, &tested);
                }
                Expr::new(ExprKind::OneOf(vec![yes, no]), span)
            }
            Expression::LogicalExpression(logical) => self.logical(logical, usage, span),
            Expression::BinaryExpression(binary) => {
                if binary.operator == BinaryOperator::Addition {
                    return self.addition(expression, span);
                }
                if matches!(
                    binary.operator,
                    BinaryOperator::Equality
                        | BinaryOperator::StrictEquality
                        | BinaryOperator::Inequality
                        | BinaryOperator::StrictInequality
                ) {
                    self.test(expression, true);
                    return of_type(TypeKind::Boolean);
                }
                if binary.operator == BinaryOperator::In {
                    self.key_test(&binary.left, &binary.right);
                    return of_type(TypeKind::Boolean);
                }
                self.expr(&binary.left, Usage::USED);
                self.expr(&binary.right, Usage::USED);
                match binary.operator {
                    BinaryOperator::LessThan
                    | BinaryOperator::LessEqualThan
                    | BinaryOperator::GreaterThan
                    | BinaryOperator::GreaterEqualThan
                    | BinaryOperator::Instanceof => of_type(TypeKind::Boolean),
                    _ => of_type(TypeKind::Number(Default::default())),
                }
            }
            Expression::PrivateInExpression(_) => of_type(TypeKind::Boolean),
            Expression::UnaryExpression(unary) => match unary.operator {
                UnaryOperator::UnaryNegation => {
                    if let Expression::NumericLiteral(literal) = &unary.argument {
                        return Expr::new(ExprKind::Literal(Literal::Number(digits(-literal.value))), span);
                    }
                    self.expr(&unary.argument, Usage::USED);
                    of_type(TypeKind::Number(Default::default()))
                }
                UnaryOperator::UnaryPlus | UnaryOperator::BitwiseNot => {
                    self.expr(&unary.argument, Usage::USED);
                    of_type(TypeKind::Number(Default::default()))
                }
                UnaryOperator::LogicalNot => {
                    self.coping = true;
                    self.expr(&unary.argument, Usage::USED);
                    of_type(TypeKind::Boolean)
                }
                UnaryOperator::Typeof => {
                    self.coping = true;
                    self.expr(&unary.argument, Usage::USED);
                    of_type(TypeKind::String(Default::default()))
                }
                UnaryOperator::Void => {
                    self.expr(&unary.argument, Usage::FLOATING);
                    Expr::new(ExprKind::Absent, span)
                }
                UnaryOperator::Delete => {
                    self.delete(&unary.argument);
                    of_type(TypeKind::Boolean)
                }
            },
            Expression::UpdateExpression(_) => of_type(TypeKind::Number(Default::default())),
            Expression::AssignmentExpression(assignment) => self.assignment(assignment, usage),
            Expression::SequenceExpression(sequence) => {
                let mut last = None;
                for (at, part) in sequence.expressions.iter().enumerate() {
                    let is_last = at + 1 == sequence.expressions.len();
                    last = Some(self.expr(part, if is_last { usage } else { Usage::FLOATING }));
                }
                last.unwrap_or_else(|| self.unknown(expression.span()))
            }
            Expression::TaggedTemplateExpression(tagged) if is_insertion(&tagged.quasi) => {
                let statement = self.template(&tagged.quasi, span_of(tagged.quasi.span));
                self.tagged(&tagged.tag, statement, usage, span)
            }
            Expression::TaggedTemplateExpression(tagged) => {
                for part in &tagged.quasi.expressions {
                    self.expr(part, Usage::USED);
                }
                self.unknown(expression.span())
            }
            Expression::JSXElement(element) => {
                self.jsx(element);
                self.unknown(expression.span())
            }
            Expression::JSXFragment(fragment) => {
                self.jsx_children(&fragment.children);
                self.unknown(expression.span())
            }
            Expression::ImportMeta(_) | Expression::NewTarget(_) | Expression::V8IntrinsicExpression(_) => {
                self.unknown(expression.span())
            }
        }
    }

    /// A statement that is an expression: nobody looks at its value.
    pub fn expression_statement(&mut self, expression: &Expression<'_>) {
        if let Expression::AssignmentExpression(assignment) = expression
            && self.common_js_export(assignment)
        {
            return;
        }
        // `await Promise.allSettled(…)` as a statement: nobody reads who failed.
        if let Expression::AwaitExpression(awaited) = expression.get_inner_expression()
            && is_all_settled(&awaited.argument)
        {
            self.expr(&awaited.argument, Usage::AWAITED.caught(Swallowed::Dropped));
            return;
        }
        self.expr(expression, Usage::FLOATING);
    }

    fn common_js_export(&mut self, assignment: &AssignmentExpression<'_>) -> bool {
        if self.frames.len() != 1 || assignment.operator != AssignmentOperator::Assign {
            return false;
        }
        let AssignmentTarget::StaticMemberExpression(target) = &assignment.left else { return false };
        let span = span_of(target.property.span);
        let name = target.property.name.as_str();
        if target.object.is_specific_id("module") && name == "exports" {
            self.export_common(&assignment.right, span);
            return true;
        }
        if target.object.is_specific_id("exports") || target.object.is_specific_member_access("module", "exports") {
            if name != "__esModule" && !assignment.right.is_void_0() {
                let name = Name::from(name);
                self.export_value(&name, &assignment.right, span);
            }
            return true;
        }
        false
    }

    fn cast(&mut self, inner: &Expression<'_>, ty: &oxc_ast::ast::TSType<'_>, usage: Usage, span: Span) -> Expr {
        let coping = std::mem::take(&mut self.coping);
        let reads = self.frame_ref().function.reads.len();
        self.coping = coping;
        let value = self.expr(inner, usage);
        let ty = self.ty(ty);
        if matches!(ty.kind, TypeKind::Unknown(_)) {
            return value;
        }
        super::reads::set_type(&mut self.frame().function.reads, reads, &value, ty.clone());
        typed(value, ty, span)
    }

    /// `await x` of a variable that holds a call's promise: the call is awaited, only later.
    fn settle_awaited(&mut self, value: &Expr) {
        let ExprKind::Local(id) = &value.kind else { return };
        let frame = self.frame();
        let Some(local) = frame.function.locals.get(id.0 as usize) else { return };
        let ids: Vec<crate::facts::CallId> = match local.value.as_ref().map(|value| &value.kind) {
            Some(ExprKind::Call(call)) => vec![*call],
            Some(ExprKind::ListOf(inner)) => match &inner.kind {
                ExprKind::Call(call) => vec![*call],
                _ => return,
            },
            _ => return,
        };
        for call in ids {
            let completion = &mut frame.function.calls[call.0 as usize].surroundings.completion;
            if *completion == Completion::Used {
                *completion = Completion::Awaited;
            }
        }
    }

    // Texts.

    fn template(&mut self, template: &TemplateLiteral<'_>, span: Span) -> Expr {
        let mut parts = Vec::new();
        for (at, quasi) in template.quasis.iter().enumerate() {
            let text = quasi.value.cooked.as_ref().unwrap_or(&quasi.value.raw).as_str();
            if !text.is_empty() {
                parts.push(Expr::text(text, span_of(quasi.span)));
            }
            if let Some(expression) = template.expressions.get(at) {
                let part = self.expr(expression, Usage::USED);
                parts.push(self.as_told(part));
            }
        }
        concatenation(parts, span)
    }

    /// `a + b + …`, flattened without recursion: long chains are common in generated texts.
    fn addition(&mut self, expression: &Expression<'_>, span: Span) -> Expr {
        let mut operands = Vec::new();
        let mut rest = expression;
        while let Expression::BinaryExpression(binary) = rest.without_parentheses() {
            if binary.operator != BinaryOperator::Addition {
                break;
            }
            operands.push(&binary.right);
            rest = &binary.left;
        }
        operands.push(rest);
        let kept = operands.len().min(MAX_CONCATENATION);
        let parts: Vec<Expr> = operands.iter().rev().take(kept).map(|operand| self.expr(operand, Usage::USED)).collect();
        if operands.len() > kept {
            return self.unknown(expression.span());
        }
        if parts.iter().any(|part| self.is_text(part)) {
            return concatenation(parts, span);
        }
        let numeric = parts.iter().all(|part| match &part.kind {
            ExprKind::Literal(Literal::Number(_)) => true,
            ExprKind::OfType(ty) => matches!(ty.kind, TypeKind::Number(_) | TypeKind::Integer(_)),
            _ => false,
        });
        if numeric {
            return Expr::new(ExprKind::OfType(Box::new(TypeExpr::new(TypeKind::Number(Default::default()), span))), span);
        }
        self.unknown(expression.span())
    }

    /// Whether a value is known to be a text.
    pub fn is_text(&self, expr: &Expr) -> bool {
        let text_type = |ty: &TypeExpr| matches!(&ty.kind, TypeKind::String(_) | TypeKind::Const(Literal::Text(_)));
        match &expr.kind {
            ExprKind::Literal(Literal::Text(_)) | ExprKind::Template(_) | ExprKind::Encoded(_) => true,
            ExprKind::OfType(ty) | ExprKind::Typed(_, ty) => text_type(ty),
            ExprKind::Local(LocalId(id)) => self.frame_ref().function.locals.get(*id as usize).is_some_and(|local| {
                local.ty.as_ref().is_some_and(text_type)
                    || matches!(
                        local.value.as_ref().map(|value| &value.kind),
                        Some(ExprKind::Literal(Literal::Text(_)) | ExprKind::Template(_))
                    )
            }),
            _ => false,
        }
    }

    // Choices.

    /// Notes that what the source calls `tested` is there: `x ? x : y` is `x ?? y`.
    pub(super) fn assert_there(&self, value: &mut Expr, tested: &str) {
        if matches!(value.kind, ExprKind::Local(_) | ExprKind::Outer(..) | ExprKind::Member(..) | ExprKind::Name(_))
            && self.folded(oxc_span::Span::new(value.span.start, value.span.end)) == tested
        {
            let inner = Expr::new(std::mem::replace(&mut value.kind, ExprKind::Absent), value.span);
            value.kind = ExprKind::Tested(Box::new(inner), true);
        } else if let ExprKind::Typed(inner, _) | ExprKind::Await(inner) = &mut value.kind {
            self.assert_there(inner, tested);
        }
    }

    fn logical(&mut self, logical: &LogicalExpression<'_>, usage: Usage, span: Span) -> Expr {
        match logical.operator {
            LogicalOperator::Or | LogicalOperator::Coalesce => {
                self.coping = true;
                let left = self.expr(&logical.left, Usage::USED);
                let guard = Guard {
                    source: self.folded(logical.left.span()),
                    subject: None,
                    values: Vec::new(),
                    negated: true,
                    span: left.span,
                    otherwise: true,
                    raises: false,
                };
                let right = self.enclosed(Enclosing::Branch(guard.into()), |lower| lower.expr(&logical.right, usage));
                let left_span = left.span;
                Expr::new(ExprKind::OneOf(vec![Expr::new(ExprKind::Tested(Box::new(left), true), left_span), right]), span)
            }
            LogicalOperator::And => {
                let before = self.frame_ref().function.calls.len();
                let guard = self.test(&logical.left, true);
                let _ = before;
                let right = self.enclosed(Enclosing::Branch(guard.into()), |lower| lower.expr(&logical.right, usage));
                let failed = if is_boolean(&logical.left) {
                    Expr::new(ExprKind::Literal(Literal::Bool(false)), node_span(&logical.left))
                } else {
                    self.unknown(logical.left.span())
                };
                Expr::new(ExprKind::OneOf(vec![right, failed]), span)
            }
        }
    }

    /// `"key" in value` copes with the key's absence.
    fn key_test(&mut self, key: &Expression<'_>, value: &Expression<'_>) {
        let reads = self.frame_ref().function.reads.len();
        let object = self.expr(value, Usage::USED);
        if let Expression::StringLiteral(literal) = key {
            let (base, mut path) = match self.frame_ref().function.reads.get(reads..).and_then(<[_]>::last) {
                Some(read) => (read.base.clone(), read.path.clone()),
                None => split(&object),
            };
            let span = span_of(literal.span);
            path.push(Step::Key { name: literal.value.as_str().into(), presence: Presence::Optional, span });
            add_read(&mut self.frame().function.reads, base, path, span);
        } else {
            self.expr(key, Usage::USED);
        }
    }

    // Collections.

    pub fn array(&mut self, array: &ArrayExpression<'_>, usage: Usage, span: Span) -> Expr {
        let mut items = Vec::new();
        let mut spreads = false;
        let inner = if usage.how == How::Awaited { usage } else { Usage::USED };
        for element in &array.elements {
            match element {
                ArrayExpressionElement::SpreadElement(spread) => {
                    spreads = true;
                    let (list, conditional) = if inner.how == How::Awaited {
                        (self.expr(&spread.argument, inner), false)
                    } else {
                        self.spread_value(&spread.argument)
                    };
                    let span = list.span;
                    let element = match list.kind {
                        ExprKind::Array(inner) if !conditional || inner.len() <= 1 => {
                            items.extend(inner);
                            continue;
                        }
                        _ => Expr::new(ExprKind::Element(Box::new(list)), span),
                    };
                    items.push(element);
                }
                ArrayExpressionElement::Elision(hole) => {
                    items.push(Expr::new(ExprKind::Literal(Literal::Null), span_of(hole.span)));
                }
                other => {
                    if let Some(expression) = other.as_expression() {
                        items.push(self.expr(expression, inner));
                    }
                }
            }
        }
        if spreads {
            let element = if items.len() == 1 { items.remove(0) } else { Expr::new(ExprKind::OneOf(items), span) };
            return Expr::new(ExprKind::ListOf(Box::new(element)), span);
        }
        Expr::new(ExprKind::Array(items), span)
    }

    pub fn object(&mut self, object: &ObjectExpression<'_>, span: Span) -> Expr {
        let mut members = Vec::new();
        for property in &object.properties {
            match property {
                ObjectPropertyKind::ObjectProperty(property) => {
                    let key = self.key(&property.key, property.computed);
                    if property.kind != PropertyKind::Init {
                        self.expr(&property.value, Usage::USED);
                        continue;
                    }
                    let value = self.property_value(&property.value);
                    let value = self.as_told(self.as_shown(&property.value, value));
                    members.push(ValueMember::Entry { key, value, conditional: false });
                }
                ObjectPropertyKind::SpreadProperty(spread) => {
                    let (value, conditional) = self.spread_value(&spread.argument);
                    match value.kind {
                        // A literal in a spread is entries of this object.
                        ExprKind::Object(inner) => members.extend(inner.into_iter().map(|member| match member {
                            ValueMember::Entry { key, value, conditional: inner } => {
                                ValueMember::Entry { key, value, conditional: conditional || inner }
                            }
                            ValueMember::Spread { value, conditional: inner } => {
                                ValueMember::Spread { value, conditional: conditional || inner }
                            }
                        })),
                        ExprKind::Absent => {}
                        kind => members.push(ValueMember::Spread { value: Expr { kind, span: value.span }, conditional }),
                    }
                }
            }
        }
        Expr::new(ExprKind::Object(members), span)
    }

    /// The value of a property. `a?.b` leaves the key out where there is no `a`.
    fn property_value(&mut self, value: &Expression<'_>) -> Expr {
        let lowered = self.expr(value, Usage::USED);
        match value.get_inner_expression() {
            Expression::ChainExpression(chain) if chain.expression.member_expression().is_some() => {
                let span = lowered.span;
                Expr::new(ExprKind::OneOf(vec![lowered, Expr::new(ExprKind::Absent, span)]), span)
            }
            _ => lowered,
        }
    }

    /// The name of a property; an unknown one keeps its source.
    fn key(&mut self, key: &PropertyKey<'_>, computed: bool) -> Expr {
        let span = node_span(key);
        if let Some(name) = key.static_name() {
            return Expr::text(name.into_owned(), span);
        }
        match key.as_expression() {
            Some(expression) if computed => self.expr(expression, Usage::USED),
            _ => self.unknown(key.span()),
        }
    }

    /// What a spread adds, and whether only sometimes: `...(x && {a})`, `...(x ? {a} : {})`, `...(a ?? {})`.
    fn spread_value(&mut self, argument: &Expression<'_>) -> (Expr, bool) {
        match argument.get_inner_expression() {
            Expression::LogicalExpression(logical) if logical.operator == LogicalOperator::And => {
                let guard = self.test(&logical.left, true);
                let value = self.enclosed(Enclosing::Branch(guard.into()), |lower| lower.spread_value(&logical.right).0);
                (value, true)
            }
            Expression::LogicalExpression(logical) if is_empty_collection(&logical.right) => {
                self.coping = true;
                (self.expr(&logical.left, Usage::USED), true)
            }
            Expression::ConditionalExpression(conditional) => {
                let (yes, no) = (conditional.consequent.get_inner_expression(), conditional.alternate.get_inner_expression());
                if is_empty_collection(no) || is_empty_collection(yes) {
                    let guard = self.test(&conditional.test, true);
                    let value = if is_empty_collection(no) { yes } else { no };
                    let value = self.enclosed(Enclosing::Branch(guard.into()), |lower| lower.spread_value(value).0);
                    return (value, true);
                }
                (self.expr(argument, Usage::USED), false)
            }
            _ => (self.expr(argument, Usage::USED), false),
        }
    }

    // Members.

    /// `a.b?.c["d"]`: the value, and the longest chain as one read.
    fn member(&mut self, expression: &Expression<'_>, coping: bool) -> Expr {
        let (expr, path, base) = self.member_chain(expression);
        self.record_chain(base, path, coping);
        known::member_value(expr)
    }

    fn chain(&mut self, element: &ChainElement<'_>, usage: Usage, coping: bool, span: Span) -> Expr {
        match element {
            ChainElement::CallExpression(call) => self.call(call, usage, coping),
            ChainElement::TSNonNullExpression(inner) => self.expr(&inner.expression, usage),
            ChainElement::StaticMemberExpression(member) => {
                let object = self.member_chain(&member.object);
                let name = member.property.name.as_str();
                self.chain_end(object, name, span_of(member.property.span), member.optional, coping, span)
            }
            ChainElement::ComputedMemberExpression(member) => {
                let object = self.member_chain(&member.object);
                let (expr, mut path, base) = object;
                if member.optional {
                    mark_optional(&mut path);
                }
                let (step, index) = self.index_step(&member.expression);
                path.push(step);
                let expr = Expr::new(ExprKind::Index(Box::new(expr), Box::new(index)), span);
                self.record_chain(base, path, coping);
                expr
            }
            ChainElement::PrivateFieldExpression(member) => {
                let object = self.member_chain(&member.object);
                let name = format!("#{}", member.field.name.as_str());
                self.chain_end(object, &name, span_of(member.field.span), member.optional, coping, span)
            }
        }
    }

    fn chain_end(
        &mut self,
        (object, mut path, base): (Expr, Vec<Step>, Expr),
        name: &str,
        name_span: Span,
        optional: bool,
        coping: bool,
        span: Span,
    ) -> Expr {
        if optional {
            mark_optional(&mut path);
        }
        path.push(Step::Key { name: name.into(), presence: Presence::Required, span: name_span });
        self.record_chain(base, path, coping);
        known::member_value(Expr::new(ExprKind::Member(Box::new(object), name.into()), span))
    }

    /// Lowers a chain of members without recording a read: the value, the path, and what the path starts from.
    pub fn member_chain(&mut self, expression: &Expression<'_>) -> (Expr, Vec<Step>, Expr) {
        let result = self.deeper(|lower| lower.member_chain_at(expression));
        result.unwrap_or_else(|| {
            let unknown = Expr::unknown("nested too deeply", node_span(expression));
            (unknown.clone(), Vec::new(), unknown)
        })
    }

    fn member_chain_at(&mut self, expression: &Expression<'_>) -> (Expr, Vec<Step>, Expr) {
        let span = node_span(expression);
        match expression {
            Expression::ParenthesizedExpression(inner) => self.member_chain(&inner.expression),
            Expression::TSNonNullExpression(inner) => self.member_chain(&inner.expression),
            Expression::ChainExpression(chain) => match &chain.expression {
                ChainElement::StaticMemberExpression(member) => self.static_step(member, span),
                ChainElement::ComputedMemberExpression(member) => self.computed_step(member, span),
                ChainElement::CallExpression(_)
                | ChainElement::TSNonNullExpression(_)
                | ChainElement::PrivateFieldExpression(_) => {
                    let value = self.expr(expression, Usage::USED);
                    (value.clone(), Vec::new(), value)
                }
            },
            Expression::StaticMemberExpression(member) => self.static_step(member, span),
            Expression::ComputedMemberExpression(member) => self.computed_step(member, span),
            Expression::PrivateFieldExpression(member) => {
                let (object, mut path, base) = self.member_chain(&member.object);
                let name = format!("#{}", member.field.name.as_str());
                path.push(Step::Key {
                    name: name.clone().into(),
                    presence: Presence::Required,
                    span: span_of(member.field.span),
                });
                (Expr::new(ExprKind::Member(Box::new(object), name.into()), span), path, base)
            }
            other => {
                let value = self.expr(other, Usage::USED);
                // A cast keeps the chain going: `(event.detail as Detail).id`.
                if let ExprKind::Typed(inner, _) = &value.kind {
                    let (base, path) = split(inner);
                    if !path.is_empty() && is_readable(&base) {
                        return (value, path, base);
                    }
                }
                (value.clone(), Vec::new(), value)
            }
        }
    }

    fn static_step(&mut self, member: &oxc_ast::ast::StaticMemberExpression<'_>, span: Span) -> (Expr, Vec<Step>, Expr) {
        let (object, mut path, base) = self.member_chain(&member.object);
        if member.optional {
            mark_optional(&mut path);
        }
        let name = Name::from(member.property.name.as_str());
        // Members of a name of the module level are no reads; they are the most common chains by far.
        if !matches!(base.kind, ExprKind::Name(_)) {
            path.push(Step::Key { name: name.clone(), presence: Presence::Required, span: span_of(member.property.span) });
        }
        (Expr::new(ExprKind::Member(Box::new(object), name), span), path, base)
    }

    fn computed_step(&mut self, member: &oxc_ast::ast::ComputedMemberExpression<'_>, span: Span) -> (Expr, Vec<Step>, Expr) {
        let (object, mut path, base) = self.member_chain(&member.object);
        if member.optional {
            mark_optional(&mut path);
        }
        let (step, index) = self.index_step(&member.expression);
        path.push(step);
        let kind = match &index.kind {
            ExprKind::Literal(Literal::Text(name)) => ExprKind::Member(Box::new(object), name.clone()),
            _ => ExprKind::Index(Box::new(object), Box::new(index)),
        };
        (Expr::new(kind, span), path, base)
    }

    fn index_step(&mut self, index: &Expression<'_>) -> (Step, Expr) {
        let index = self.expr(index, Usage::USED);
        let step = match &index.kind {
            ExprKind::Literal(Literal::Text(name)) => {
                Step::Key { name: name.clone(), presence: Presence::Required, span: index.span }
            }
            _ => Step::Each,
        };
        (step, index)
    }

    /// Records a chain of members as read.
    pub fn record_chain(&mut self, base: Expr, mut path: Vec<Step>, coping: bool) -> Option<usize> {
        // The length of a list or a text is not a key of it.
        if matches!(path.last(), Some(Step::Key { name, .. }) if name == "length") {
            path.pop();
        }
        if coping {
            mark_optional(&mut path);
        }
        let span = match path.last() {
            Some(Step::Key { span, .. }) => *span,
            Some(Step::Each) | None => base.span,
        };
        add_read(&mut self.frame().function.reads, base, path, span)
    }
}

fn mark_optional(path: &mut [Step]) {
    if let Some(Step::Key { presence, .. }) = path.last_mut() {
        *presence = Presence::Optional;
    }
}

fn is_empty_collection(expression: &Expression<'_>) -> bool {
    match expression.get_inner_expression() {
        Expression::ObjectExpression(object) => object.properties.is_empty(),
        Expression::ArrayExpression(array) => array.elements.is_empty(),
        other => other.is_null_or_undefined() || matches!(other, Expression::BooleanLiteral(literal) if !literal.value),
    }
}

/// Whether an expression gives `true` or `false` by its form.
fn is_boolean(expression: &Expression<'_>) -> bool {
    match expression.get_inner_expression() {
        Expression::BooleanLiteral(_) => true,
        Expression::UnaryExpression(unary) => unary.operator == UnaryOperator::LogicalNot,
        Expression::BinaryExpression(binary) => binary.operator.is_equality() || binary.operator.is_compare(),
        Expression::LogicalExpression(logical) => is_boolean(&logical.left) && is_boolean(&logical.right),
        _ => false,
    }
}

/// A value with a stated type; a decoder takes the type as what it decodes to.
pub(super) fn typed(value: Expr, ty: TypeExpr, span: Span) -> Expr {
    let kind = match value.kind {
        ExprKind::Decoded(inner, None) => ExprKind::Decoded(inner, Some(Box::new(ty))),
        ExprKind::Await(inner) if matches!(inner.kind, ExprKind::Decoded(_, None)) => {
            let inner_span = inner.span;
            ExprKind::Await(Box::new(typed(*inner, ty, inner_span)))
        }
        kind => ExprKind::Typed(Box::new(Expr { kind, span: value.span }), Box::new(ty)),
    };
    Expr::new(kind, span)
}

/// Texts joined: neighbouring constants become one.
pub(super) fn concatenation(parts: Vec<Expr>, span: Span) -> Expr {
    let mut joined: Vec<Expr> = Vec::new();
    for part in parts {
        let part = match part.kind {
            ExprKind::Template(inner) => {
                for part in inner {
                    push_part(&mut joined, part);
                }
                continue;
            }
            kind => Expr { kind, span: part.span },
        };
        push_part(&mut joined, part);
    }
    match joined.len() {
        0 => Expr::text("", span),
        1 if matches!(joined[0].kind, ExprKind::Literal(Literal::Text(_))) => Expr { span, ..joined.remove(0) },
        _ => Expr::new(ExprKind::Template(joined), span),
    }
}

fn push_part(joined: &mut Vec<Expr>, part: Expr) {
    let text = match &part.kind {
        ExprKind::Literal(Literal::Text(text) | Literal::Number(text)) => text.clone(),
        ExprKind::Literal(Literal::Bool(value)) => value.to_string().into(),
        _ => {
            joined.push(part);
            return;
        }
    };
    if let Some(Expr { kind: ExprKind::Literal(Literal::Text(last)), .. }) = joined.last_mut() {
        last.push_str(&text);
    } else {
        joined.push(Expr::text(text, part.span));
    }
}

/// A number as `JSON.stringify` writes it.
pub(super) fn digits(number: f64) -> Name {
    if number == 0.0 {
        return "0".into();
    }
    serde_json::Number::from_f64(number)
        .map(|json| if number.fract() == 0.0 && number.abs() < 1e15 { format!("{}", number as i64) } else { json.to_string() })
        .unwrap_or_else(|| "0".to_owned())
        .into()
}

/// The type of the field `key` of `object`.
pub(super) fn index_type(object: TypeExpr, key: &str, span: Span) -> TypeExpr {
    let key = TypeExpr::new(TypeKind::Const(Literal::Text(key.into())), span);
    TypeExpr::new(TypeKind::Apply(TypeOp::Index, vec![object, key]), span)
}

fn is_all_settled(expression: &Expression<'_>) -> bool {
    match expression.get_inner_expression() {
        Expression::CallExpression(call) => call.callee.is_specific_member_access("Promise", "allSettled"),
        _ => false,
    }
}

/// What a test for presence asks for, and whether it is there where the test holds: `x`, `!x`, `x != null`, `x === undefined`.
fn tested_for_presence<'e, 't>(test: &'e Expression<'t>) -> Option<(&'e Expression<'t>, bool)> {
    let is_value = |value: &Expression<'t>| matches!(value, Expression::Identifier(_) | Expression::StaticMemberExpression(_));
    match test.get_inner_expression() {
        Expression::UnaryExpression(unary) if unary.operator == UnaryOperator::LogicalNot => {
            tested_for_presence(&unary.argument).map(|(value, there)| (value, !there))
        }
        Expression::BinaryExpression(binary) => {
            let there = match binary.operator {
                BinaryOperator::Inequality | BinaryOperator::StrictInequality => true,
                BinaryOperator::Equality | BinaryOperator::StrictEquality => false,
                _ => return None,
            };
            let nothing = matches!(&binary.right, Expression::NullLiteral(_)) || binary.right.is_specific_id("undefined");
            let value = binary.left.get_inner_expression();
            (nothing && is_value(value)).then_some((value, there))
        }
        value => is_value(value).then_some((value, true)),
    }
}

/// Whether a template is a statement of SQL that writes a row.
fn is_insertion(template: &TemplateLiteral<'_>) -> bool {
    let start = template.quasis.first().map(|quasi| quasi.value.raw.trim_start());
    start.and_then(|text| text.get(..12)).is_some_and(|word| word.eq_ignore_ascii_case("insert into "))
}
