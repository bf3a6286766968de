//! Functions: their frames, statements and control flow.

use std::sync::Arc;

use syn::{Block, Expr as Syntax, FnArg, Local as LetStatement, Pat, ReturnType, Signature, Stmt};

use super::attrs;
use super::extent;
use super::items::{Lowering, Method};
use super::types::{plain, type_param_names};
use crate::facts::{
    CallId, Completion, Enclosing, Expr, ExprKind, FnId, Function, Guard, Literal, Local, LocalId, LocalKind, Name, Read, Role,
    Step, Swallowed, TypeExpr, TypeKind,
};
use crate::source::Span;

/// How deep an expression is followed; below it is a hole.
pub const EXPRESSION_DEPTH: usize = 400;

/// How many characters of a condition are kept.
const GUARD_SOURCE: usize = 160;

/// A function that is being lowered.
pub struct Frame {
    pub function: Function,
    pub id: FnId,
    /// Names in sight, from outer to inner blocks.
    names: Vec<(Name, LocalId)>,
    /// How many branches, loops and blocks stood around each local where it was declared.
    depths: Vec<usize>,
    pub enclosing: Vec<Enclosing>,
    pub early: Vec<Arc<Guard>>,
    /// Inside of async blocks and closures that are lowered in place: what they return is not the function's.
    pub inline: usize,
    /// Inside of a future that is handed to something that finishes it later.
    pub deferred: Vec<Name>,
    /// Whether names of the frame around it are in sight.
    captures: bool,
}

/// Methods that give the result that they are called on, with another error at most.
const PASSES_ERROR_ON: &[&str] = &["inspect_err", "map_err", "context", "with_context"];

impl Frame {
    /// How many branches, loops and blocks stood around a local where it was declared.
    pub fn declared_depth(&self, id: LocalId) -> usize {
        self.depths.get(id.0 as usize).copied().unwrap_or(0)
    }
}

/// Rust has no code at the top of a file; the place is kept for what all languages share.
pub fn top_level(extent: Span) -> Function {
    Function { name: "<top>".into(), extent, ..Function::default() }
}

impl Lowering<'_> {
    pub fn frame(&mut self) -> &mut Frame {
        self.frames.last_mut().expect("expressions are lowered inside of a frame")
    }

    /// Opens a frame for a function that gets the next id.
    pub fn enter(&mut self, function: Function, captures: bool) -> FnId {
        let id = FnId(u32::try_from(self.facts.functions.len()).unwrap_or(u32::MAX));
        // The place is taken now, so that functions inside of it come after it.
        self.facts.functions.push(Function::default());
        self.frames.push(Frame {
            function,
            id,
            names: Vec::new(),
            depths: Vec::new(),
            enclosing: Vec::new(),
            early: Vec::new(),
            inline: 0,
            deferred: Vec::new(),
            captures,
        });
        id
    }

    pub fn leave(&mut self) {
        let frame = self.frames.pop().expect("every frame that is entered is left once");
        self.facts.functions[frame.id.0 as usize] = frame.function;
    }

    /// A function or method, with or without a body.
    pub fn function(
        &mut self,
        attributes: &[syn::Attribute],
        signature: &Signature,
        body: Option<&Block>,
        exported: bool,
        method: Option<Method>,
    ) -> FnId {
        let was_test = self.in_test;
        self.in_test |= attrs::is_test_function(attributes);
        let params_before = self.params.len();
        let names_before = self.param_names.len();
        self.param_names.extend(type_param_names(&signature.generics));
        let own = self.types(Role::Producer).params_of(&signature.generics);
        self.params.extend(own);
        let decorators = self.decorators(attributes);
        let span = self.spans.of(signature.ident.span());
        let end = match body {
            Some(body) => body.brace_token.span.close(),
            None => signature.paren_token.span.close(),
        };
        let start = signature.asyncness.as_ref().map_or(signature.fn_token.span, |token| token.span);
        let return_type = match &signature.output {
            ReturnType::Default => None,
            ReturnType::Type(_, ty) => self.types(Role::Producer).returned(ty),
        };
        let parent = self.frames.last().map(|frame| (frame.id, None));
        let function = Function {
            scope: self.scope.clone(),
            name: plain(&signature.ident),
            is_method: method.is_some(),
            implements: method.and_then(|method| method.implements),
            type_params: self.params.clone(),
            return_type,
            is_async: signature.asyncness.is_some(),
            in_test: self.in_test,
            exported,
            decorators,
            parent,
            span,
            extent: self.spans.between(start, end),
            ..Function::default()
        };
        let depth = std::mem::take(&mut self.depth);
        let id = self.enter(function, false);
        for input in &signature.inputs {
            if let FnArg::Typed(input) = input {
                let ty = Some(self.types(Role::Consumer).given(&input.ty));
                self.parameter(&input.pat, ty);
            }
        }
        self.bind_parameters(signature.inputs.iter().filter_map(|input| match input {
            FnArg::Typed(input) => Some(input.pat.as_ref()),
            FnArg::Receiver(_) => None,
        }));
        if let Some(body) = body {
            let tail = self.block(body);
            self.finish_body(tail, tail_of(body));
        }
        self.leave();
        self.depth = depth;
        self.params.truncate(params_before);
        self.param_names.truncate(names_before);
        self.in_test = was_test;
        id
    }

    /// Records what a body gives at its end.
    pub fn finish_body(&mut self, tail: Option<Expr>, syntax: Option<&Syntax>) {
        if let Some(value) = tail {
            let value = self.decoded_for_return(value);
            self.complete(&value, &Completion::Returned);
            if !syntax.is_some_and(is_nothing) {
                self.frame().function.returns.push(value);
            }
        }
    }

    pub fn parameter(&mut self, pat: &Pat, ty: Option<TypeExpr>) {
        let name = simple_name(pat).unwrap_or_default();
        let span = extent::of_pattern(self.spans, pat);
        let frame = self.frame();
        frame.function.params += 1;
        frame.depths.push(0);
        let kind = LocalKind::Param;
        frame.function.locals.push(Local { name, kind, ty, value: None, edits: Vec::new(), reassigned: false, span });
    }

    /// Puts parameters in sight, and takes apart those that are patterns.
    pub fn bind_parameters<'p>(&mut self, patterns: impl Iterator<Item = &'p Pat>) {
        for (at, pat) in patterns.enumerate() {
            let id = LocalId(u32::try_from(at).unwrap_or(u32::MAX));
            match simple_name(pat) {
                Some(name) => self.frame().names.push((name, id)),
                None => {
                    let local = self.frame().function.locals.get(at).cloned();
                    let Some(local) = local else { continue };
                    let value = Expr::new(ExprKind::Local(id), local.span);
                    self.bind(pat, Some(value), local.ty, false);
                }
            }
        }
    }

    /// A new variable, in sight from now on.
    pub fn variable(&mut self, name: &str, value: Option<Expr>, ty: Option<TypeExpr>, span: Span) -> LocalId {
        let frame = self.frame();
        let id = LocalId(u32::try_from(frame.function.locals.len()).unwrap_or(u32::MAX));
        let kind = LocalKind::Variable;
        let local = Local { name: name.into(), kind, ty, value, edits: Vec::new(), reassigned: false, span };
        frame.function.locals.push(local);
        frame.depths.push(frame.enclosing.len());
        frame.names.push((name.into(), id));
        id
    }

    /// What a lower-case name of one segment means: a variable in sight, here or further out.
    pub fn lookup(&self, name: &str) -> Option<ExprKind> {
        for (out, frame) in self.frames.iter().rev().enumerate() {
            if let Some((_, id)) = frame.names.iter().rev().find(|(known, _)| known == name) {
                return Some(match out {
                    0 => ExprKind::Local(*id),
                    _ => ExprKind::Outer(u32::try_from(out).unwrap_or(u32::MAX), *id),
                });
            }
            if !frame.captures {
                return None;
            }
        }
        None
    }

    /// Runs with the names in sight as they are, and takes away those that were added.
    pub fn scoped<T>(&mut self, run: impl FnOnce(&mut Self) -> T) -> T {
        let names = self.frame().names.len();
        let result = run(self);
        self.frame().names.truncate(names);
        result
    }

    /// Runs inside of a branch, loop or block; what left the function inside says nothing of what follows it.
    pub fn within<T>(&mut self, enclosing: Enclosing, run: impl FnOnce(&mut Self) -> T) -> T {
        let early = self.frame().early.len();
        self.frame().enclosing.push(enclosing);
        let result = self.scoped(run);
        let frame = self.frame();
        frame.enclosing.pop();
        frame.early.truncate(early);
        result
    }

    /// A block's value, where its last statement is an expression without `;`.
    pub fn block(&mut self, block: &Block) -> Option<Expr> {
        self.scoped(|this| this.statements(&block.stmts))
    }

    pub fn statements(&mut self, statements: &[Stmt]) -> Option<Expr> {
        for statement in statements {
            if let Stmt::Item(item) = statement {
                self.nested_item(item);
            }
        }
        let mut value = None;
        for (at, statement) in statements.iter().enumerate() {
            match statement {
                Stmt::Local(local) => self.let_statement(local),
                Stmt::Item(_) => {}
                Stmt::Expr(expr, None) if at + 1 == statements.len() => value = Some(self.expr(expr)),
                Stmt::Expr(expr, _) => self.statement(expr),
                Stmt::Macro(statement) => {
                    let lowered = self.macro_call(&statement.mac);
                    if at + 1 == statements.len() && statement.semi_token.is_none() {
                        value = Some(lowered);
                    } else {
                        self.complete(&lowered, &Completion::Floating);
                    }
                }
            }
        }
        value
    }

    /// Items inside of a function: constants and functions are in sight like variables, types like those of the module.
    fn nested_item(&mut self, item: &syn::Item) {
        match item {
            syn::Item::Const(item) => {
                let ty = self.types(Role::Producer).lower(&item.ty);
                let value = self.expr(&item.expr);
                let span = self.spans.of(item.ident.span());
                self.variable(&plain(&item.ident), Some(value), Some(ty), span);
            }
            syn::Item::Static(item) => {
                let ty = self.types(Role::Producer).lower(&item.ty);
                let value = self.expr(&item.expr);
                let span = self.spans.of(item.ident.span());
                self.variable(&plain(&item.ident), Some(value), Some(ty), span);
            }
            syn::Item::Fn(item) => {
                let span = self.spans.of(item.sig.ident.span());
                let id = self.function(&item.attrs, &item.sig, Some(&item.block), false, None);
                self.variable(&plain(&item.sig.ident), Some(Expr::new(ExprKind::Function(id), span)), None, span);
            }
            syn::Item::Use(item) => {
                for import in super::imports::imports_of(item, self.spans, &self.scope) {
                    let known = |other: &crate::facts::Import| other.scope == import.scope && other.local == import.local;
                    if !self.facts.imports.iter().any(known) {
                        self.facts.imports.push(import);
                    }
                }
            }
            syn::Item::Struct(_) | syn::Item::Enum(_) | syn::Item::Type(_) | syn::Item::Impl(_) => self.item(item, 1),
            _ => {}
        }
    }

    fn statement(&mut self, expr: &Syntax) {
        if let Syntax::MethodCall(call) = expr
            && call.method == "ok"
            && call.args.is_empty()
        {
            let value = self.expr(&call.receiver);
            self.complete(&value, &Completion::Floating);
            self.swallow(&value, Swallowed::Dropped);
            return;
        }
        let value = self.expr(expr);
        self.complete(&value, &Completion::Floating);
    }

    fn let_statement(&mut self, statement: &LetStatement) {
        let (pat, annotated) = match &statement.pat {
            Pat::Type(typed) => (typed.pat.as_ref(), Some(self.types(Role::Consumer).given(&typed.ty))),
            pat => (pat, None),
        };
        let annotated = annotated.filter(|ty| !matches!(ty.kind, TypeKind::Unknown(_)));
        let Some(init) = &statement.init else {
            self.bind(pat, None, annotated, true);
            return;
        };
        let mut place = self.place(&init.expr);
        let refutable = init.diverge.is_some();
        if refutable {
            if super::exprs::tests_option(pat) {
                place.optional();
            }
            place.compare(pattern_literals(pat), true);
        }
        let value = self.finish(place);
        let value = match &annotated {
            Some(ty) => self.decode_as(value, ty),
            None => value,
        };
        let value = if init.diverge.is_some() { self.shared(value) } else { value };
        // `let _: () = redis.publish(…).await?;` passes the error on and drops the value alone.
        if matches!(pat, Pat::Wild(_)) && !matches!(init.expr.as_ref(), Syntax::Try(_)) {
            self.complete(&value, &Completion::Floating);
            self.swallow(&value, Swallowed::Dropped);
        }
        if let Some((_, diverge)) = &init.diverge {
            let span = extent::of(self.spans, &init.expr);
            let guard = Guard {
                source: self.source(span),
                subject: Some(value.clone()),
                values: pattern_values(pat, self),
                negated: true,
                span,
                otherwise: true,
                raises: false,
            };
            self.within(Enclosing::Branch(guard.clone().into()), |this| {
                let value = this.expr(diverge);
                this.complete(&value, &Completion::Floating);
            });
            self.frame().early.push(guard.into());
        }
        self.bind(pat, Some(value), annotated, refutable);
    }

    /// The text of a range on one line.
    pub fn source(&self, span: Span) -> Name {
        let text = self.text.get(span.start as usize..span.end as usize).unwrap_or_default();
        let mut out = Name::default();
        for word in text.split_whitespace() {
            if !out.is_empty() {
                out.push(' ');
            }
            let room = GUARD_SOURCE.saturating_sub(out.len());
            if let Some((end, _)) = word.char_indices().nth(room) {
                out.push_str(&word[..end]);
                out.push('…');
                break;
            }
            out.push_str(word);
        }
        out
    }

    /// A value that may be repeated: a large one gets a variable of its own.
    pub fn shared(&mut self, value: Expr) -> Expr {
        if is_small(&value, &mut SHARED_SIZE.clone()) {
            return value;
        }
        let span = value.span;
        let id = self.variable("", Some(value), None, span);
        Expr::new(ExprKind::Local(id), span)
    }

    /// Sets what becomes of a call's result, for it and for the calls that build it up: `a.b().c().await`.
    pub fn complete(&mut self, value: &Expr, completion: &Completion) {
        let mut at = value;
        let mut steps = 0;
        let deferred = self.frame().deferred.last().cloned();
        let completion = match (completion, deferred) {
            (Completion::Awaited, Some(name)) => &Completion::Deferred(name),
            (other, _) => other,
        };
        let mut ids: Vec<CallId> = Vec::new();
        loop {
            steps += 1;
            if steps > EXPRESSION_DEPTH {
                break;
            }
            at = match &at.kind {
                ExprKind::Call(id) => {
                    ids.push(*id);
                    match &self.frames.last().expect("inside of a frame").function.call(*id).callee.kind {
                        ExprKind::Member(receiver, _) => receiver,
                        _ => break,
                    }
                }
                ExprKind::Decoded(inner, _) | ExprKind::Typed(inner, _) => inner,
                // `let sent = bus.send(x); … sent.await`
                ExprKind::Local(id) if ids.is_empty() && !matches!(completion, Completion::Floating) => {
                    let frame = self.frames.last().expect("inside of a frame");
                    match &frame.function.local(*id).value {
                        Some(value @ Expr { kind: ExprKind::Call(_), .. }) => value,
                        _ => break,
                    }
                }
                _ => break,
            };
        }
        // An awaited value that is dropped or returned has been awaited all the same.
        for id in ids {
            let call = &mut self.frame().function.calls[id.0 as usize];
            if call.surroundings.completion == Completion::Used {
                call.surroundings.completion = completion.clone();
            }
        }
    }

    /// Counts one more `.await` of a call's result.
    pub fn awaited(&mut self, value: &Expr) {
        let mut at = value;
        while let ExprKind::Await(inner) | ExprKind::Decoded(inner, _) | ExprKind::Typed(inner, _) = &at.kind {
            at = inner;
        }
        if let ExprKind::Local(id) = &at.kind
            && let Some(bound) = &self.frames.last().expect("inside of a frame").function.local(*id).value
        {
            let bound = bound.clone();
            if !matches!(bound.kind, ExprKind::Local(_)) {
                self.awaited(&bound);
            }
            return;
        }
        if let ExprKind::Call(id) = at.kind {
            let awaits = &mut self.frame().function.calls[id.0 as usize].surroundings.awaits;
            *awaits = awaits.saturating_add(1);
        }
    }

    /// Marks the call behind a value as one whose error goes nowhere.
    pub fn swallow(&mut self, value: &Expr, how: Swallowed) {
        let mut at = value;
        loop {
            at = match &at.kind {
                ExprKind::Await(inner) | ExprKind::Decoded(inner, _) | ExprKind::Typed(inner, _) => inner,
                ExprKind::Call(id) => {
                    let call = &mut self.frame().function.calls[id.0 as usize];
                    call.surroundings.swallowed = how;
                    // `publish().await.inspect_err(log).ok()` drops the error of what it looks at.
                    let before = match &call.callee.kind {
                        ExprKind::Member(before, name) if PASSES_ERROR_ON.contains(&name.as_str()) => before.as_ref().clone(),
                        _ => return,
                    };
                    return self.swallow(&before, how);
                }
                _ => return,
            };
        }
    }

    pub fn push_read(&mut self, read: Read) {
        // An element alone is no key that anybody could miss.
        if read.path.iter().any(|step| matches!(step, Step::Key { .. })) {
            self.frame().function.reads.push(read);
        }
    }

    /// `fn parse(…) -> Result<Order> { serde_json::from_str(text) }`
    pub fn decoded_for_return(&mut self, value: Expr) -> Expr {
        match self.frame().function.return_type.clone() {
            Some(ty) if self.frame().inline == 0 => self.decode_as(value, &ty),
            Some(_) | None => value,
        }
    }

    /// Gives a decoded value the type that the place it goes to states.
    pub fn decode_as(&mut self, value: Expr, ty: &TypeExpr) -> Expr {
        // `let found: Result<T, _> = from_str(text);` decodes a `T`.
        let ty = match &ty.kind {
            TypeKind::Ref(found) if found.path.last().is_some_and(|last| last == "Result") => found.args.first().unwrap_or(ty),
            _ => ty,
        };
        self.decoded_into(value, ty, EXPRESSION_DEPTH)
    }

    fn decoded_into(&mut self, value: Expr, ty: &TypeExpr, depth: usize) -> Expr {
        let span = value.span;
        let Some(down) = depth.checked_sub(1) else { return value };
        let kind = match value.kind {
            ExprKind::Decoded(text, None) => {
                if let ExprKind::Call(id) = &text.kind {
                    let call = &mut self.frame().function.calls[id.0 as usize];
                    if call.type_args.is_empty() {
                        call.type_args.push(ty.clone());
                    }
                }
                ExprKind::Decoded(text, Some(Box::new(ty.clone())))
            }
            // `match from_str(text) { Ok(order) => order, … }`
            ExprKind::Local(id) => {
                let local = &mut self.frame().function.locals[id.0 as usize];
                if local.ty.is_none()
                    && let Some(inner) = local.value.take()
                {
                    let inner = self.decoded_into(inner, ty, down);
                    self.frame().function.locals[id.0 as usize].value = Some(inner);
                }
                ExprKind::Local(id)
            }
            ExprKind::OneOf(branches) => {
                ExprKind::OneOf(branches.into_iter().map(|branch| self.decoded_into(branch, ty, down)).collect())
            }
            kind => kind,
        };
        Expr::new(kind, span)
    }
}

/// How many parts a value may have to be repeated as it is.
const SHARED_SIZE: usize = 24;

fn is_small(value: &Expr, left: &mut usize) -> bool {
    if *left == 0 {
        return false;
    }
    *left -= 1;
    match &value.kind {
        ExprKind::Member(inner, _)
        | ExprKind::ListOf(inner)
        | ExprKind::MapOf(inner)
        | ExprKind::Element(inner)
        | ExprKind::Await(inner)
        | ExprKind::Tested(inner, _)
        | ExprKind::Encoded(inner)
        | ExprKind::Decoded(inner, _)
        | ExprKind::Typed(inner, _) => is_small(inner, left),
        ExprKind::Index(base, key) => is_small(base, left) && is_small(key, left),
        ExprKind::Template(parts) | ExprKind::Array(parts) | ExprKind::OneOf(parts) => {
            parts.iter().all(|part| is_small(part, left))
        }
        ExprKind::Record(record) => {
            record.fields.iter().all(|(_, value)| is_small(value, left))
                && record.base.as_ref().is_none_or(|base| is_small(base, left))
        }
        ExprKind::Object(members) => members.is_empty(),
        ExprKind::Literal(_)
        | ExprKind::Absent
        | ExprKind::Name(_)
        | ExprKind::Local(_)
        | ExprKind::Outer(..)
        | ExprKind::This
        | ExprKind::Call(_)
        | ExprKind::Function(_)
        | ExprKind::OfType(_)
        | ExprKind::Unknown(_) => true,
    }
}

/// The name of a pattern that is one.
pub fn simple_name(pat: &Pat) -> Option<Name> {
    match pat {
        Pat::Ident(ident) if ident.subpat.is_none() => Some(plain(&ident.ident)),
        Pat::Type(typed) => simple_name(&typed.pat),
        _ => None,
    }
}

/// The last expression of a block.
pub fn tail_of(block: &Block) -> Option<&Syntax> {
    match block.stmts.last()? {
        Stmt::Expr(expr, None) => Some(expr),
        _ => None,
    }
}

/// Whether an expression gives no value to its caller: `()`, `Ok(())`, `Err(…)`.
pub fn is_nothing(expr: &Syntax) -> bool {
    match expr {
        Syntax::Tuple(tuple) => tuple.elems.is_empty(),
        Syntax::Call(call) => match call.func.as_ref() {
            Syntax::Path(path) => match path.path.segments.last().map(|segment| plain(&segment.ident)).as_deref() {
                Some("Ok" | "Some") => call.args.first().is_some_and(is_nothing),
                Some("Err") => true,
                _ => false,
            },
            _ => false,
        },
        Syntax::Paren(inner) => is_nothing(&inner.expr),
        Syntax::While(_) | Syntax::ForLoop(_) | Syntax::Assign(_) | Syntax::Return(_) => true,
        Syntax::If(found) => found.else_branch.is_none(),
        _ => false,
    }
}

/// Whether a block always leaves the function or loop.
pub fn diverges(block: &Block) -> bool {
    block.stmts.iter().any(|statement| match statement {
        Stmt::Expr(expr, _) => expression_diverges(expr),
        Stmt::Macro(statement) => is_diverging_macro(&statement.mac),
        Stmt::Local(_) | Stmt::Item(_) => false,
    })
}

pub fn expression_diverges(expr: &Syntax) -> bool {
    match expr {
        Syntax::Return(_) | Syntax::Continue(_) | Syntax::Break(_) => true,
        Syntax::Macro(mac) => is_diverging_macro(&mac.mac),
        Syntax::Block(block) => diverges(&block.block),
        Syntax::Call(call) => match call.func.as_ref() {
            Syntax::Path(path) => path.path.segments.last().is_some_and(|segment| segment.ident == "exit"),
            _ => false,
        },
        _ => false,
    }
}

fn is_diverging_macro(mac: &syn::Macro) -> bool {
    mac.path.segments.last().is_some_and(|segment| {
        matches!(plain(&segment.ident).as_str(), "bail" | "panic" | "unreachable" | "todo" | "unimplemented")
    })
}

/// The constants that a pattern lets pass, as literals.
pub fn pattern_literals(pat: &Pat) -> Vec<Literal> {
    let mut out = Vec::new();
    collect_literals(pat, &mut out, 0);
    out
}

fn collect_literals(pat: &Pat, out: &mut Vec<Literal>, depth: usize) {
    if depth > 16 {
        return;
    }
    match pat {
        Pat::Lit(lit) => out.extend(super::exprs::literal(&lit.lit)),
        Pat::Or(or) => or.cases.iter().for_each(|case| collect_literals(case, out, depth + 1)),
        Pat::Paren(inner) => collect_literals(&inner.pat, out, depth + 1),
        Pat::Reference(inner) => collect_literals(&inner.pat, out, depth + 1),
        Pat::Guard(inner) => collect_literals(&inner.pat, out, depth + 1),
        // `Some("a")`, `Ok("a")`
        Pat::TupleStruct(found) if found.elems.len() == 1 => {
            let wraps = found.path.segments.last().is_some_and(|segment| segment.ident == "Some" || segment.ident == "Ok");
            if wraps {
                collect_literals(&found.elems[0], out, depth + 1);
            }
        }
        _ => {}
    }
}

/// The constants that a pattern lets pass: literals, and names of constants and variants.
pub fn pattern_values(pat: &Pat, lowering: &Lowering<'_>) -> Vec<Expr> {
    let mut out = Vec::new();
    collect_values(pat, lowering, &mut out, 0);
    out
}

fn collect_values(pat: &Pat, lowering: &Lowering<'_>, out: &mut Vec<Expr>, depth: usize) {
    if depth > 16 {
        return;
    }
    let name = |path: &syn::Path| {
        let span = super::types::path_span(lowering.spans, path);
        Expr::new(ExprKind::Name(lowering.own_path(super::types::segments(path))), span)
    };
    match pat {
        Pat::Lit(lit) => {
            let span = lowering.spans.of(lit.lit.span());
            out.extend(super::exprs::literal(&lit.lit).map(|literal| Expr::new(ExprKind::Literal(literal), span)));
        }
        Pat::Or(or) => or.cases.iter().for_each(|case| collect_values(case, lowering, out, depth + 1)),
        Pat::Paren(inner) => collect_values(&inner.pat, lowering, out, depth + 1),
        Pat::Reference(inner) => collect_values(&inner.pat, lowering, out, depth + 1),
        Pat::Guard(inner) => collect_values(&inner.pat, lowering, out, depth + 1),
        Pat::Path(path) => out.push(name(&path.path)),
        Pat::Ident(ident) if is_constant_name(&plain(&ident.ident)) && plain(&ident.ident) != "None" => {
            let span = lowering.spans.of(ident.ident.span());
            out.push(Expr::new(ExprKind::Name(vec![plain(&ident.ident)]), span));
        }
        Pat::TupleStruct(found) => {
            let last = found.path.segments.last().map(|segment| plain(&segment.ident)).unwrap_or_default();
            match last.as_str() {
                "Some" | "Ok" => found.elems.iter().for_each(|elem| collect_values(elem, lowering, out, depth + 1)),
                "Err" => {}
                _ => out.push(name(&found.path)),
            }
        }
        Pat::Struct(found) => out.push(name(&found.path)),
        _ => {}
    }
}

/// A pattern of one identifier that starts with a capital names a constant or a variant.
pub fn is_constant_name(name: &str) -> bool {
    name.starts_with(char::is_uppercase)
}
