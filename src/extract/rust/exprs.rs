//! Expressions: values, blocks, branches, loops.

use syn::{BinOp, Expr as Syntax, Lit, Member, Pat, UnOp};

use super::body::{diverges, expression_diverges, is_nothing, pattern_literals, pattern_values, tail_of};
use super::extent;
use super::items::Lowering;
use super::types::{plain, segments};
use crate::facts::calls::{Case, Change, Edit};
use crate::facts::{
    Completion, Enclosing, Expr, ExprKind, Guard, Literal, Name, RecordExpr, Role, Swallowed, TypeExpr, TypeKind, TypeRef,
};
use crate::shape::StringShape;

/// A literal as JSON has it; `None` for bytes.
pub fn literal(lit: &Lit) -> Option<Literal> {
    match lit {
        Lit::Str(text) => Some(Literal::Text(text.value().into())),
        Lit::Char(letter) => Some(Literal::Text(letter.value().to_string().into())),
        Lit::Bool(value) => Some(Literal::Bool(value.value)),
        Lit::Int(number) => Some(Literal::Number(number.base10_digits().into())),
        Lit::Float(number) => Some(Literal::Number(number.base10_digits().into())),
        Lit::ByteStr(bytes) => String::from_utf8(bytes.value()).ok().map(|text| Literal::Text(text.into())),
        _ => None,
    }
}

impl Lowering<'_> {
    pub fn expr(&mut self, expr: &Syntax) -> Expr {
        let place = self.place(expr);
        self.finish(place)
    }

    /// The value of a constant or an attribute's argument, outside of any function.
    pub fn constant_value(&mut self, expr: &Syntax) -> Expr {
        let span = extent::of(self.spans, expr);
        let frames = std::mem::take(&mut self.frames);
        let function = crate::facts::Function { name: Name::default(), ..super::body::top_level(span) };
        self.enter(function, false);
        let value = self.expr(expr);
        let has_calls = !self.frame().function.calls.is_empty();
        let is_last = self.frame().id.0 as usize + 1 == self.facts.functions.len();
        let own = self.frames.pop();
        self.frames = frames;
        if is_last {
            self.facts.functions.pop();
        } else if let Some(frame) = own {
            // A closure in a constant keeps its parent's number.
            let at = frame.id.0 as usize;
            self.facts.functions[at] = frame.function;
        }
        // Calls and variables have no meaning outside of their function.
        if has_calls && mentions_calls(&value, 0) { Expr::unknown(self.source(span), span) } else { value }
    }

    pub fn unknown(&self, expr: &Syntax) -> Expr {
        let span = extent::of(self.spans, expr);
        Expr::unknown(self.source(span), span)
    }

    pub fn nothing(&self, expr: &Syntax) -> Expr {
        Expr::new(ExprKind::Literal(Literal::Null), extent::of(self.spans, expr))
    }

    /// `Self::X` is `Type::X`.
    pub fn own_path(&self, mut path: Vec<Name>) -> Vec<Name> {
        // In a trait, `Self` is whichever type implements it.
        if path.first().is_some_and(|first| first == "Self")
            && !self.in_trait
            && let Some(own) = &self.self_type
        {
            path.splice(0..1, own.path.iter().cloned());
        }
        path
    }

    /// An expression that is not an access.
    pub fn value(&mut self, expr: &Syntax) -> Expr {
        let span = extent::of(self.spans, expr);
        match expr {
            Syntax::Lit(lit) => match literal(&lit.lit) {
                Some(literal) => Expr::new(ExprKind::Literal(literal), span),
                None => self.unknown(expr),
            },
            Syntax::Path(path) => self.path(path, span),
            Syntax::Call(call) => self.call(call),
            Syntax::Macro(mac) => self.macro_call(&mac.mac),
            Syntax::Struct(record) => self.record(record, span),
            Syntax::Array(array) => {
                let items = array.elems.iter().map(|item| self.expr(item)).collect();
                Expr::new(ExprKind::Array(items), span)
            }
            Syntax::Tuple(tuple) if tuple.elems.is_empty() => self.nothing(expr),
            Syntax::Tuple(tuple) => {
                let items = tuple.elems.iter().map(|item| self.expr(item)).collect();
                Expr::new(ExprKind::Array(items), span)
            }
            Syntax::Repeat(repeat) => {
                let item = self.expr(&repeat.expr);
                Expr::new(ExprKind::ListOf(Box::new(item)), span)
            }
            Syntax::Cast(cast) => {
                let value = self.expr(&cast.expr);
                let ty = self.types(Role::Producer).lower(&cast.ty);
                match ty.kind {
                    TypeKind::Unknown(_) => value,
                    _ => Expr::new(ExprKind::Typed(Box::new(value), Box::new(ty)), span),
                }
            }
            Syntax::Binary(binary) => self.binary(binary, span),
            Syntax::Unary(unary) => match unary.op {
                UnOp::Neg(_) => match self.expr(&unary.expr) {
                    Expr { kind: ExprKind::Literal(Literal::Number(digits)), .. } => {
                        Expr::new(ExprKind::Literal(Literal::Number(format!("-{digits}").into())), span)
                    }
                    other => Expr::new(other.kind, span),
                },
                UnOp::Not(_) => {
                    self.expr(&unary.expr);
                    Expr::new(ExprKind::OfType(Box::new(TypeExpr::new(TypeKind::Boolean, span))), span)
                }
                _ => self.expr(&unary.expr),
            },
            Syntax::Block(block) => self.block(&block.block).unwrap_or_else(|| self.nothing(expr)),
            Syntax::Unsafe(block) => self.block(&block.block).unwrap_or_else(|| self.nothing(expr)),
            Syntax::Const(block) => self.block(&block.block).unwrap_or_else(|| self.nothing(expr)),
            Syntax::TryBlock(block) => self.inline(|this| this.block(&block.block)).unwrap_or_else(|| self.nothing(expr)),
            Syntax::Async(block) => {
                let value = self.inline(|this| this.block(&block.block));
                if let Some(value) = &value {
                    self.complete(value, &Completion::Returned);
                }
                value.unwrap_or_else(|| self.nothing(expr))
            }
            Syntax::If(found) => self.if_expression(found, span),
            Syntax::Match(found) => self.match_expression(found, span),
            Syntax::ForLoop(found) => {
                let list = self.expr(&found.expr);
                self.within(Enclosing::Loop(span), |this| {
                    let item = Expr::new(ExprKind::Element(Box::new(list.clone())), list.span);
                    this.bind(&found.pat, Some(item), None, false);
                    this.discard_block(&found.body);
                });
                self.nothing(expr)
            }
            Syntax::While(found) => {
                self.within(Enclosing::Loop(span), |this| {
                    let guard = this.condition(&found.cond);
                    this.frame().enclosing.push(Enclosing::Branch(guard.into()));
                    this.discard_block(&found.body);
                    this.frame().enclosing.pop();
                });
                self.nothing(expr)
            }
            Syntax::Loop(found) => {
                self.within(Enclosing::Loop(span), |this| this.discard_block(&found.body));
                self.unknown(expr)
            }
            Syntax::Return(found) => {
                if let Some(value) = &found.expr {
                    let lowered = self.expr(value);
                    let lowered = self.decoded_for_return(lowered);
                    self.complete(&lowered, &Completion::Returned);
                    if self.frame().inline == 0 && !is_nothing(value) {
                        self.frame().function.returns.push(lowered);
                    }
                }
                self.nothing(expr)
            }
            Syntax::Break(found) => {
                if let Some(value) = &found.expr {
                    self.expr(value);
                }
                self.nothing(expr)
            }
            Syntax::Yield(found) => {
                if let Some(value) = &found.expr {
                    self.expr(value);
                }
                self.nothing(expr)
            }
            Syntax::Assign(assign) => {
                self.assign(assign);
                self.nothing(expr)
            }
            Syntax::Closure(closure) => self.closure(closure),
            Syntax::Let(_) => {
                self.condition(expr);
                Expr::new(ExprKind::OfType(Box::new(TypeExpr::new(TypeKind::Boolean, span))), span)
            }
            Syntax::Range(range) => {
                for end in [&range.start, &range.end].into_iter().flatten() {
                    self.expr(end);
                }
                self.unknown(expr)
            }
            _ => self.unknown(expr),
        }
    }

    /// Lowers what belongs to an async block or a closure in place.
    pub fn inline<T>(&mut self, run: impl FnOnce(&mut Self) -> T) -> T {
        self.frame().inline += 1;
        let early = self.frame().early.len();
        let result = self.scoped(run);
        let frame = self.frame();
        frame.inline -= 1;
        frame.early.truncate(early);
        result
    }

    fn discard_block(&mut self, block: &syn::Block) {
        if let Some(value) = self.block(block) {
            self.complete(&value, &Completion::Floating);
        }
    }

    fn path(&mut self, path: &syn::ExprPath, span: crate::source::Span) -> Expr {
        if path.qself.is_some() {
            return Expr::unknown(self.source(span), span);
        }
        let mut written = segments(&path.path);
        if let [name] = written.as_slice() {
            if name == "self" {
                return Expr::new(ExprKind::This, span);
            }
            if let Some(kind) = self.lookup(name) {
                return Expr::new(kind, span);
            }
            if name == "None" && !self.names.is_declared(&self.scope, name) {
                return Expr::new(ExprKind::Literal(Literal::Null), span);
            }
        }
        if let Some(full) = self.names.expand(&self.scope, &written)
            && matches!(full.iter().map(Name::as_str).collect::<Vec<_>>().as_slice(), ["serde_json", "Value", "Null"])
        {
            return Expr::new(ExprKind::Literal(Literal::Null), span);
        }
        written = self.own_path(written);
        Expr::new(ExprKind::Name(written), span)
    }

    fn record(&mut self, record: &syn::ExprStruct, span: crate::source::Span) -> Expr {
        let path = self.own_path(segments(&record.path));
        let args = super::types::arguments(&record.path).map(|arg| self.types(Role::Producer).lower(arg)).collect();
        let ty = TypeRef { path, args };
        let mut fields = Vec::new();
        for field in &record.fields {
            let name = match &field.member {
                Member::Named(name) => plain(name),
                Member::Unnamed(index) => index.index.to_string().into(),
            };
            let value = self.expr(&field.expr);
            fields.push((name, value));
        }
        let base = record.rest.as_ref().map(|base| {
            let value = self.expr(base);
            // `..Default::default()` is of the record's own type.
            match &value.kind {
                ExprKind::OfType(found) if matches!(&found.kind, TypeKind::Unknown(_)) => {
                    let own = TypeExpr::new(TypeKind::Ref(ty.clone()), span);
                    Expr::new(ExprKind::OfType(Box::new(own)), value.span)
                }
                _ => value,
            }
        });
        Expr::new(ExprKind::Record(Box::new(RecordExpr { ty, fields, base })), span)
    }

    fn binary(&mut self, binary: &syn::ExprBinary, span: crate::source::Span) -> Expr {
        let boolean = Expr::new(ExprKind::OfType(Box::new(TypeExpr::new(TypeKind::Boolean, span))), span);
        match binary.op {
            BinOp::Eq(_) | BinOp::Ne(_) | BinOp::And(_) | BinOp::Or(_) => {
                self.comparison(binary, span);
                boolean
            }
            BinOp::Lt(_) | BinOp::Le(_) | BinOp::Gt(_) | BinOp::Ge(_) => {
                self.expr(&binary.left);
                self.expr(&binary.right);
                boolean
            }
            BinOp::Add(_) => {
                let left = self.expr(&binary.left);
                let right = self.expr(&binary.right);
                // `prefix.to_string() + "x"`: one side that is a text makes it a concatenation.
                if is_text(&left) || is_text(&right) {
                    concatenated(left, right, span)
                } else {
                    Expr::unknown(self.source(span), span)
                }
            }
            BinOp::AddAssign(_) => {
                let right = self.expr(&binary.right);
                if let Some((id, path)) = self.edit_target(&binary.left)
                    && path.is_empty()
                {
                    let local = &mut self.frame().function.locals[id.0 as usize];
                    if let Some(old) = local.value.take() {
                        local.value = Some(if is_text(&old) || is_text(&right) {
                            concatenated(old, right, span)
                        } else {
                            Expr::unknown("a sum", span)
                        });
                    }
                } else {
                    self.expr(&binary.left);
                }
                boolean
            }
            _ => {
                self.expr(&binary.left);
                self.expr(&binary.right);
                Expr::unknown(self.source(span), span)
            }
        }
    }

    fn comparison(&mut self, binary: &syn::ExprBinary, span: crate::source::Span) -> Guard {
        let source = self.source(span);
        match binary.op {
            BinOp::And(_) => {
                let left = self.condition(&binary.left);
                let right = self.condition(&binary.right);
                let decisive = if left.subject.is_some() { left } else { right };
                Guard { source, span, ..decisive }
            }
            BinOp::Or(_) => {
                let left = self.condition(&binary.left);
                let right = self.condition(&binary.right);
                if left.subject.is_some() && left.negated == right.negated && same_subject(&left, &right) {
                    let mut values = left.values;
                    values.extend(right.values);
                    Guard { source, subject: left.subject, values, negated: left.negated, span, otherwise: false, raises: false }
                } else {
                    Guard { source, subject: None, values: Vec::new(), negated: false, span, otherwise: false, raises: false }
                }
            }
            BinOp::Eq(_) | BinOp::Ne(_) => {
                let negated = matches!(binary.op, BinOp::Ne(_));
                let mut left = self.place(&binary.left);
                let mut right = self.place(&binary.right);
                if let Some(constant) = constant_of(&right.expr) {
                    left.compare(constant, true);
                } else if let Some(constant) = constant_of(&left.expr) {
                    right.compare(constant, true);
                }
                let (left, right) = (self.finish(left), self.finish(right));
                if is_constant(&right) {
                    Guard { source, subject: Some(left), values: vec![right], negated, span, otherwise: false, raises: false }
                } else if is_constant(&left) {
                    Guard { source, subject: Some(right), values: vec![left], negated, span, otherwise: false, raises: false }
                } else {
                    Guard { source, subject: None, values: Vec::new(), negated: false, span, otherwise: false, raises: false }
                }
            }
            _ => Guard { source, subject: None, values: Vec::new(), negated: false, span, otherwise: false, raises: false },
        }
    }

    /// Lowers a condition; what it binds is in sight afterwards.
    pub fn condition(&mut self, expr: &Syntax) -> Guard {
        let span = extent::of(self.spans, expr);
        let plain_guard =
            |source| Guard { source, subject: None, values: Vec::new(), negated: false, span, otherwise: false, raises: false };
        match expr {
            Syntax::Paren(inner) => self.condition(&inner.expr),
            Syntax::Group(inner) => self.condition(&inner.expr),
            Syntax::Unary(unary) if matches!(unary.op, UnOp::Not(_)) => {
                let inner = self.condition(&unary.expr);
                Guard { source: self.source(span), negated: !inner.negated, span, ..inner }
            }
            Syntax::Binary(binary) if matches!(binary.op, BinOp::And(_) | BinOp::Or(_) | BinOp::Eq(_) | BinOp::Ne(_)) => {
                self.comparison(binary, span)
            }
            Syntax::Let(found) => {
                let mut place = self.place(&found.expr);
                if tests_option(&found.pat) {
                    place.optional();
                }
                place.compare(pattern_literals(&found.pat), true);
                let subject = self.finish(place);
                let subject = self.shared(subject);
                let values = pattern_values(&found.pat, self);
                self.bind(&found.pat, Some(subject.clone()), None, true);
                let subject = (!values.is_empty()).then_some(subject);
                Guard { source: self.source(span), subject, values, negated: false, span, otherwise: false, raises: false }
            }
            Syntax::Macro(mac) if mac.mac.path.is_ident("matches") => match super::macros::matches(mac.mac.tokens.clone()) {
                Some((subject, pat)) => {
                    let mut place = self.place(&subject);
                    if tests_option(&pat) {
                        place.optional();
                    }
                    place.compare(pattern_literals(&pat), true);
                    let subject = self.finish(place);
                    let values = pattern_values(&pat, self);
                    let subject = (!values.is_empty()).then_some(subject);
                    Guard { source: self.source(span), subject, values, negated: false, span, otherwise: false, raises: false }
                }
                None => plain_guard(self.source(span)),
            },
            _ => {
                self.expr(expr);
                plain_guard(self.source(span))
            }
        }
    }

    fn if_expression(&mut self, found: &syn::ExprIf, span: crate::source::Span) -> Expr {
        let (guard, then, swallowed) = self.scoped(|this| {
            let swallowed = this.swallowed_by_if(found);
            let guard = this.condition(&found.cond);
            this.case(&guard, this.spans.of(found.then_branch.brace_token.span.join()));
            let then = this.within(Enclosing::Branch(guard.clone().into()), |this| this.block(&found.then_branch));
            (guard, then, swallowed)
        });
        if let (Some(how), Some(subject)) = (swallowed, self.last_condition_subject(&found.cond)) {
            self.swallow(&subject, how);
        }
        let opposite = Guard { negated: !guard.negated, otherwise: !guard.otherwise, ..guard.clone() };
        let mut values: Vec<Expr> = Vec::new();
        if !diverges(&found.then_branch) {
            values.extend(then.filter(|_| tail_of(&found.then_branch).is_some_and(|tail| !is_nothing(tail))));
        }
        match &found.else_branch {
            Some((_, other)) => {
                let value = self.within(Enclosing::Branch(opposite.into()), |this| this.expr(other));
                if !expression_diverges(other) && !is_nothing(other) {
                    values.push(value);
                }
            }
            None => {
                if diverges(&found.then_branch) {
                    let raises = raises(&found.then_branch) || self.answers_with_an_error(&found.then_branch);
                    self.frame().early.push(Guard { otherwise: !guard.otherwise, raises, ..guard }.into());
                }
            }
        }
        one_of(values, span)
    }

    /// Keeps what runs for some constants only.
    fn case(&mut self, guard: &Guard, extent: crate::source::Span) {
        if !guard.negated && !guard.values.is_empty() && guard.subject.is_some() {
            self.frame().function.cases.push(Case { guard: guard.clone(), extent });
        }
    }

    /// `if let Err(e) = call().await { error!(…) }`
    fn swallowed_by_if(&self, found: &syn::ExprIf) -> Option<Swallowed> {
        match found.cond.as_ref() {
            Syntax::Let(condition) if is_error_pattern(&condition.pat) && found.else_branch.is_none() => {
                handling(&found.then_branch.stmts)
            }
            _ => None,
        }
    }

    /// The value that `if let Err(_) = value` looks at, which has just been lowered: the last call of the function so far that
    /// ends where the tested expression ends.
    fn last_condition_subject(&mut self, cond: &Syntax) -> Option<Expr> {
        let Syntax::Let(found) = cond else { return None };
        let span = extent::of(self.spans, without_await(&found.expr));
        let calls = &self.frame().function.calls;
        let at = calls.iter().rposition(|call| call.span == span)?;
        Some(Expr::new(ExprKind::Call(crate::facts::CallId(u32::try_from(at).ok()?)), span))
    }

    fn match_expression(&mut self, found: &syn::ExprMatch, span: crate::source::Span) -> Expr {
        let mut place = self.place(&found.expr);
        let has_default = found.arms.iter().any(|arm| is_default(&arm.pat));
        let literals: Vec<Literal> = found.arms.iter().flat_map(|arm| pattern_literals(&arm.pat)).collect();
        if found.arms.iter().any(|arm| tests_option(&arm.pat)) {
            place.optional();
        }
        place.compare(literals, has_default);
        let subject = self.finish(place);
        let subject = match subject.kind {
            // A tuple that is taken apart arm by arm stays one, as far as it is small.
            ExprKind::Array(ref items) if items.len() <= 8 => subject,
            _ => self.shared(subject),
        };
        let source = self.source(extent::of(self.spans, &found.expr));
        for arm in &found.arms {
            if is_error_pattern(&arm.pat) {
                let how = match arm.body.as_ref() {
                    Syntax::Block(block) => handling(&block.block.stmts),
                    Syntax::Tuple(tuple) if tuple.elems.is_empty() => Some(Swallowed::Dropped),
                    Syntax::Macro(mac) if is_log_macro(&mac.mac) => Some(Swallowed::Logged),
                    _ => None,
                };
                if let Some(how) = how {
                    self.swallow(&subject, how);
                }
            }
        }
        let mut values = Vec::new();
        for arm in &found.arms {
            let constants = pattern_values(&arm.pat, self);
            let negated = constants.is_empty() && is_default(&arm.pat);
            let guard = Guard {
                source: source.clone(),
                subject: (negated || !constants.is_empty()).then(|| subject.clone()),
                values: constants,
                negated,
                span: extent::of_pattern(self.spans, &arm.pat),
                otherwise: false,
                raises: false,
            };
            self.case(&guard, extent::of(self.spans, &arm.body));
            let enclosing =
                if is_error_pattern(&arm.pat) { Enclosing::Catch(guard.span) } else { Enclosing::Branch(guard.into()) };
            let value = self.within(enclosing, |this| {
                this.bind(&arm.pat, Some(subject.clone()), None, true);
                if let Pat::Guard(guarded) = &arm.pat {
                    let guard = this.condition(&guarded.guard);
                    this.frame().enclosing.push(Enclosing::Branch(guard.into()));
                    let value = this.expr(&arm.body);
                    this.frame().enclosing.pop();
                    value
                } else {
                    this.expr(&arm.body)
                }
            });
            if !expression_diverges(&arm.body) && !is_nothing(&arm.body) && !gives_nothing(&arm.body) {
                values.push(value);
            } else {
                self.complete(&value, &Completion::Floating);
            }
        }
        one_of(values, span)
    }

    fn assign(&mut self, assign: &syn::ExprAssign) {
        let value = self.expr(&assign.right);
        let span = extent::of(self.spans, &assign.left);
        if let (Syntax::Infer(_), false) = (assign.left.as_ref(), matches!(assign.right.as_ref(), Syntax::Try(_))) {
            self.complete(&value, &Completion::Floating);
            self.swallow(&value, Swallowed::Dropped);
            return;
        }
        let Some((id, path)) = self.edit_target(&assign.left) else {
            return;
        };
        if path.is_empty() {
            let local = &mut self.frame().function.locals[id.0 as usize];
            match local.value.take() {
                None => local.value = Some(value),
                Some(old) => {
                    local.reassigned = true;
                    let mut values = match old.kind {
                        ExprKind::OneOf(values) => values,
                        _ => vec![old],
                    };
                    values.push(value);
                    local.value = Some(Expr::new(ExprKind::OneOf(values), span));
                }
            }
        } else {
            self.edit(id, path, Change::Set(value), span);
        }
    }

    pub fn edit(&mut self, id: crate::facts::LocalId, path: Vec<Expr>, change: Change, span: crate::source::Span) {
        let frame = self.frame();
        // Early returns do not count: what is left of the function then is nothing.
        let conditional = frame.enclosing.iter().any(|enclosing| matches!(enclosing, Enclosing::Branch(_) | Enclosing::Catch(_)))
            && frame.enclosing.len() > frame.declared_depth(id);
        frame.function.locals[id.0 as usize].edits.push(Edit { path, change, conditional, span });
    }

    /// The variable and the keys that an assignment or an insertion changes.
    pub fn edit_target(&mut self, expr: &Syntax) -> Option<(crate::facts::LocalId, Vec<Expr>)> {
        let mut keys = Vec::new();
        let mut at = expr;
        for _ in 0..super::body::EXPRESSION_DEPTH {
            at = match at {
                Syntax::Paren(inner) => &inner.expr,
                Syntax::Group(inner) => &inner.expr,
                Syntax::Reference(inner) => &inner.expr,
                Syntax::Unary(inner) => &inner.expr,
                Syntax::Try(inner) => &inner.expr,
                Syntax::Field(field) => {
                    let span = extent::of(self.spans, at);
                    let name = match &field.member {
                        Member::Named(name) => plain(name),
                        Member::Unnamed(index) => index.index.to_string().into(),
                    };
                    keys.push(Expr::text(name, span));
                    &field.base
                }
                Syntax::Index(index) => {
                    let key = self.expr(&index.index);
                    keys.push(key);
                    &index.expr
                }
                Syntax::MethodCall(call)
                    if call.args.is_empty() || matches!(plain(&call.method).as_str(), "expect" | "get_mut" | "entry") =>
                {
                    match plain(&call.method).as_str() {
                        "get_mut" | "entry" => {
                            let key = self.expr(call.args.first()?);
                            keys.push(key);
                        }
                        "as_object_mut" | "as_array_mut" | "as_mut" | "unwrap" | "expect" | "borrow_mut" | "or_default"
                        | "deref_mut" => {}
                        _ => return None,
                    }
                    &call.receiver
                }
                Syntax::Path(path) => {
                    let name = path.path.get_ident().map(plain)?;
                    keys.reverse();
                    return match self.lookup(&name)? {
                        ExprKind::Local(id) => Some((id, keys)),
                        _ => None,
                    };
                }
                _ => return None,
            };
        }
        None
    }

    /// Whether a block ends by answering a request with an error.
    fn answers_with_an_error(&self, block: &syn::Block) -> bool {
        let Some(syn::Stmt::Expr(Syntax::Return(last), _)) = block.stmts.last() else { return false };
        let Some(answer) = &last.expr else { return false };
        let text = self.source(extent::of(self.spans, answer));
        text.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| ERROR_ANSWERS.contains(&word))
    }
}

/// What frameworks call an answer that says that the request failed.
const ERROR_ANSWERS: &[&str] = &[
    "BAD_REQUEST",
    "UNAUTHORIZED",
    "FORBIDDEN",
    "NOT_FOUND",
    "CONFLICT",
    "UNPROCESSABLE_ENTITY",
    "TOO_MANY_REQUESTS",
    "INTERNAL_SERVER_ERROR",
    "SERVICE_UNAVAILABLE",
    "BadRequest",
    "Unauthorized",
    "Forbidden",
    "NotFound",
    "Conflict",
    "UnprocessableEntity",
    "TooManyRequests",
    "InternalServerError",
    "ServiceUnavailable",
];

/// Whether a block leaves by an error that the caller sees.
fn raises(block: &syn::Block) -> bool {
    let Some(syn::Stmt::Expr(last, _)) = block.stmts.last() else {
        return matches!(block.stmts.last(), Some(syn::Stmt::Macro(_)));
    };
    match last {
        Syntax::Return(found) => found.expr.as_ref().is_some_and(|value| match value.as_ref() {
            Syntax::Call(call) => match call.func.as_ref() {
                Syntax::Path(path) => path.path.segments.last().is_some_and(|segment| segment.ident == "Err"),
                _ => false,
            },
            _ => false,
        }),
        Syntax::Macro(_) => true,
        _ => false,
    }
}

fn gives_nothing(expr: &Syntax) -> bool {
    match expr {
        Syntax::Block(block) => {
            tail_of(&block.block).is_none_or(is_nothing) && !matches!(block.block.stmts.last(), Some(syn::Stmt::Macro(_)))
        }
        _ => false,
    }
}

pub fn one_of(mut values: Vec<Expr>, span: crate::source::Span) -> Expr {
    match values.len() {
        0 => Expr::new(ExprKind::Literal(Literal::Null), span),
        1 => values.remove(0),
        _ => Expr::new(ExprKind::OneOf(values), span),
    }
}

/// One text after another, flat.
fn concatenated(left: Expr, right: Expr, span: crate::source::Span) -> Expr {
    let mut parts = match left.kind {
        ExprKind::Template(parts) => parts,
        _ => vec![left],
    };
    parts.push(right);
    Expr::new(ExprKind::Template(parts), span)
}

fn is_text(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Literal(Literal::Text(_)) | ExprKind::Template(_) => true,
        ExprKind::OfType(ty) => matches!(&ty.kind, TypeKind::String(shape) if **shape == StringShape::default()),
        _ => false,
    }
}

fn constant_of(expr: &Expr) -> Option<Vec<Literal>> {
    match &expr.kind {
        ExprKind::Literal(literal) => Some(vec![literal.clone()]),
        _ => None,
    }
}

fn is_constant(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Literal(_) => true,
        ExprKind::Name(path) => path.last().is_some_and(|last| last.starts_with(char::is_uppercase)),
        _ => false,
    }
}

fn same_subject(a: &Guard, b: &Guard) -> bool {
    match (&a.subject, &b.subject) {
        (Some(a), Some(b)) => a.kind == b.kind || without_spans(a) == without_spans(b),
        _ => false,
    }
}

/// A chain of members as text, to compare two of them regardless of where they stand.
fn without_spans(expr: &Expr) -> Option<Name> {
    match &expr.kind {
        ExprKind::Local(id) => Some(format!("${}", id.0).into()),
        ExprKind::This => Some("self".into()),
        ExprKind::Name(path) => Some(path.join("::").into()),
        ExprKind::Literal(literal) => Some(format!("{literal:?}").into()),
        ExprKind::Member(base, name) => Some(format!("{}.{name}", without_spans(base)?).into()),
        ExprKind::Index(base, key) => Some(format!("{}[{}]", without_spans(base)?, without_spans(key)?).into()),
        _ => None,
    }
}

fn without_await(expr: &Syntax) -> &Syntax {
    match expr {
        Syntax::Await(inner) => without_await(&inner.base),
        Syntax::Paren(inner) => without_await(&inner.expr),
        _ => expr,
    }
}

fn is_default(pat: &Pat) -> bool {
    match pat {
        Pat::Wild(_) => true,
        Pat::Ident(ident) => ident.subpat.is_none() && !super::body::is_constant_name(&plain(&ident.ident)),
        Pat::Or(or) => or.cases.iter().any(is_default),
        Pat::Paren(inner) => is_default(&inner.pat),
        // `Some(other)` beside `None`
        Pat::TupleStruct(found) => {
            found.path.segments.last().is_some_and(|segment| segment.ident == "Some") && found.elems.iter().all(is_default)
        }
        _ => false,
    }
}

/// Whether a pattern tells a present value from an absent one.
pub fn tests_option(pat: &Pat) -> bool {
    let named = |path: &syn::Path| path.segments.last().is_some_and(|segment| segment.ident == "None" || segment.ident == "Some");
    match pat {
        Pat::Ident(ident) => ident.ident == "None",
        Pat::Path(path) => named(&path.path),
        Pat::TupleStruct(found) => named(&found.path),
        Pat::Or(or) => or.cases.iter().any(tests_option),
        Pat::Paren(inner) => tests_option(&inner.pat),
        Pat::Reference(inner) => tests_option(&inner.pat),
        Pat::Guard(inner) => tests_option(&inner.pat),
        _ => false,
    }
}

fn is_error_pattern(pat: &Pat) -> bool {
    match pat {
        Pat::TupleStruct(found) => found.path.segments.last().is_some_and(|segment| segment.ident == "Err"),
        Pat::Paren(inner) => is_error_pattern(&inner.pat),
        _ => false,
    }
}

/// What a handler of an error does with it: only logging, or nothing at all. `None` where it does something.
pub fn handling(statements: &[syn::Stmt]) -> Option<Swallowed> {
    let mut how = Swallowed::Dropped;
    for statement in statements {
        let logs = match statement {
            syn::Stmt::Macro(statement) => is_log_macro(&statement.mac),
            syn::Stmt::Expr(Syntax::Macro(mac), _) => is_log_macro(&mac.mac),
            syn::Stmt::Expr(Syntax::Continue(_), _) => true,
            syn::Stmt::Expr(..) | syn::Stmt::Local(_) | syn::Stmt::Item(_) => false,
        };
        if !logs {
            return None;
        }
        how = Swallowed::Logged;
    }
    Some(how)
}

pub fn is_log_macro(mac: &syn::Macro) -> bool {
    mac.path.segments.last().is_some_and(|segment| {
        matches!(
            plain(&segment.ident).as_str(),
            "error"
                | "warn"
                | "info"
                | "debug"
                | "trace"
                | "log"
                | "event"
                | "println"
                | "eprintln"
                | "print"
                | "eprint"
                | "crit"
        )
    })
}

/// Whether a value refers to calls or variables of a function.
fn mentions_calls(expr: &Expr, depth: usize) -> bool {
    if depth > super::body::EXPRESSION_DEPTH {
        return true;
    }
    let inside = |expr: &Expr| mentions_calls(expr, depth + 1);
    match &expr.kind {
        ExprKind::Call(_) | ExprKind::Local(_) | ExprKind::Outer(..) => true,
        ExprKind::Literal(_)
        | ExprKind::Absent
        | ExprKind::Name(_)
        | ExprKind::This
        | ExprKind::Function(_)
        | ExprKind::OfType(_)
        | ExprKind::Unknown(_) => false,
        ExprKind::Template(parts) | ExprKind::Array(parts) | ExprKind::OneOf(parts) => parts.iter().any(inside),
        ExprKind::Member(inner, _)
        | ExprKind::ListOf(inner)
        | ExprKind::MapOf(inner)
        | ExprKind::Element(inner)
        | ExprKind::Await(inner)
        | ExprKind::Tested(inner, _)
        | ExprKind::Encoded(inner)
        | ExprKind::Decoded(inner, _)
        | ExprKind::Typed(inner, _) => inside(inner),
        ExprKind::Index(a, b) => inside(a) || inside(b),
        ExprKind::Object(members) => members.iter().any(|member| match member {
            crate::facts::ValueMember::Entry { key, value, .. } => inside(key) || inside(value),
            crate::facts::ValueMember::Spread { value, .. } => inside(value),
        }),
        ExprKind::Record(record) => {
            record.fields.iter().any(|(_, value)| inside(value)) || record.base.as_ref().is_some_and(inside)
        }
    }
}
