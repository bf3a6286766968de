//! Calls of functions: constructors, well-known functions, closures, and all others.

use syn::{Expr as Syntax, ExprCall, ExprPath};

use super::access::is_spawn;
use super::extent;
use super::items::Lowering;
use super::types::{plain, segments};
use crate::facts::{
    CallKind, Expr, ExprKind, FnId, Function, Made, Name, RecordExpr, Role, TypeExpr, TypeKind, TypeRef, ValueMember, rust_types,
};
use crate::shape::StringShape;
use crate::source::Span;

impl Lowering<'_> {
    pub fn call(&mut self, call: &ExprCall) -> Expr {
        let span = self.spans.between(first_of(&call.func), call.paren_token.span.close());
        let span = Span { start: extent::of(self.spans, &call.func).start, end: span.end };
        match call.func.as_ref() {
            Syntax::Path(path) if path.qself.is_none() => {
                let name = path.path.segments.last().map(|segment| plain(&segment.ident)).unwrap_or_default();
                let deferred = is_spawn(&name).then(|| segments(&path.path).join("::"));
                let args = call.args.iter().map(|arg| self.argument(arg, deferred.as_deref())).collect();
                self.call_path(path, args, span)
            }
            other => {
                let callee = self.expr(other);
                let args = call.args.iter().map(|arg| self.expr(arg)).collect();
                self.push_call(callee, Self::positional(args), Vec::new(), CallKind::Plain, span)
            }
        }
    }

    /// A call of a path with arguments that are lowered already.
    pub fn call_path(&mut self, path: &ExprPath, mut args: Vec<Expr>, span: Span) -> Expr {
        let written = self.own_path(segments(&path.path));
        if let [name] = written.as_slice()
            && let Some(kind) = self.lookup(name)
        {
            let callee = Expr::new(kind, self.name_span(&path.path));
            return self.push_call(callee, Self::positional(args), Vec::new(), CallKind::Plain, span);
        }
        let full = self.names.expand(&self.scope, &written);
        let words: Vec<&str> = full.iter().flat_map(|full| full.iter()).map(Name::as_str).collect();
        let given = args.clone();
        if let Some(known) = self.known_call(&words, path, &mut args, span) {
            if matches!(known.kind, ExprKind::OfType(_)) {
                self.note_made(&words.join("."), given, span);
            }
            return known;
        }
        let last = written.last().cloned().unwrap_or_default();
        if last.starts_with(char::is_uppercase) && last.contains(char::is_lowercase) {
            // A tuple struct or a variant: functions are not written with a capital.
            let type_args = super::types::arguments(&path.path).map(|arg| self.types(Role::Producer).lower(arg)).collect();
            let fields = args.into_iter().enumerate().map(|(at, value)| (at.to_string().into(), value)).collect();
            let ty = TypeRef { path: written, args: type_args };
            return Expr::new(ExprKind::Record(Box::new(RecordExpr { ty, fields, base: None })), span);
        }
        let type_args = self.path_arguments(&path.path);
        let callee = Expr::new(ExprKind::Name(written), self.name_span(&path.path));
        self.push_call(callee, Self::positional(args), type_args, CallKind::Plain, span)
    }

    fn path_arguments(&self, path: &syn::Path) -> Vec<TypeExpr> {
        match path.segments.last().map(|segment| &segment.arguments) {
            Some(syn::PathArguments::AngleBracketed(args)) => self.generic_arguments(&args.args),
            _ => Vec::new(),
        }
    }

    /// What a value is made from that is known by its type alone.
    pub fn note_made(&mut self, name: &str, from: Vec<Expr>, span: Span) {
        let function = self.frame().id;
        self.facts.made.push(Made { function, span, name: name.into(), from });
    }

    /// Functions of the standard library and of well-known crates, by their full path.
    fn known_call(&mut self, words: &[&str], path: &ExprPath, args: &mut Vec<Expr>, span: Span) -> Option<Expr> {
        let (&last, front) = words.split_last()?;
        let krate = front.first().copied().unwrap_or_default();
        let of_type = |kind| Some(Expr::new(ExprKind::OfType(Box::new(TypeExpr::new(kind, span))), span));
        let one = |args: &mut Vec<Expr>| (args.len() == 1).then(|| args.remove(0));
        match (krate, front.last().copied().unwrap_or_default(), last) {
            ("", _, "Some" | "Ok") => return one(args),
            ("", _, "Err") => return Some(Expr::unknown("an error", span)),
            ("", _, "drop") => return None,
            ("serde_json" | "simd_json" | "sonic_rs", _, "to_string" | "to_string_pretty" | "to_vec" | "to_vec_pretty") => {
                let value = one(args)?;
                let callee = Expr::new(ExprKind::Name(words.iter().map(|word| Name::from(*word)).collect()), span);
                self.push_call(callee, Self::positional(vec![value.clone()]), Vec::new(), CallKind::Plain, span);
                return Some(Expr::new(ExprKind::Encoded(Box::new(value)), span));
            }
            ("serde_json", _, "to_value") => return one(args),
            (
                "serde_json" | "simd_json" | "sonic_rs" | "serde_path_to_error",
                _,
                "from_str" | "from_slice" | "from_reader" | "from_value",
            )
            | ("serde_path_to_error", _, "deserialize") => {
                let value = one(args)?;
                let type_args = self.path_arguments(&path.path);
                let ty = type_args.first().cloned();
                let callee =
                    Expr::new(ExprKind::Name(words.iter().map(|word| Name::from(*word)).collect()), self.name_span(&path.path));
                let call = self.push_call(callee, Self::positional(vec![value]), type_args, CallKind::Plain, span);
                return Some(Expr::new(ExprKind::Decoded(Box::new(call), ty.map(Box::new)), span));
            }
            ("serde_json", "Value", "String" | "Number" | "Bool" | "Array" | "Object" | "from") => return one(args),
            ("serde_json", "Map", "new" | "with_capacity") => return Some(Expr::new(ExprKind::Object(Vec::new()), span)),
            ("chrono", "Utc" | "Local", "now") => return of_type(TypeKind::String(StringShape::format("date-time").into())),
            ("uuid", "Uuid", name) if name.starts_with("new_v") || name == "now_v7" => {
                return of_type(TypeKind::String(StringShape::format("uuid").into()));
            }
            ("ulid", "Ulid", "new") | ("time", "OffsetDateTime", "now_utc") | ("jiff", "Timestamp", "now") => {
                return of_type(rust_types::known(front, &[], Role::Producer, span)?);
            }
            ("sea_orm", _, "Set" | "Unchanged") => return one(args),
            ("sqlx" | "diesel_json", _, "Json") => return one(args),
            ("bytes", "Bytes" | "BytesMut", "from" | "from_static" | "copy_from_slice") => return one(args),
            ("axum" | "actix_web" | "rocket" | "poem" | "salvo", _, "Json" | "Form") => return one(args),
            ("std" | "core", "mem", "take") => return one(args),
            ("tokio" | "futures" | "futures_util", _, "join_all" | "try_join_all") => {
                let list = one(args)?;
                for id in elements_of(&list) {
                    self.complete(&id, &crate::facts::Completion::Awaited);
                }
                return Some(list);
            }
            _ => {}
        }
        if front.is_empty() {
            return None;
        }
        let container = front.last().copied().unwrap_or_default();
        let is_standard = krate == "std" || krate == "alloc" || krate == "core" || front.len() == 1;
        match (container, last) {
            (
                "Box" | "Arc" | "Rc" | "Mutex" | "RwLock" | "RefCell" | "Cell" | "Pin" | "Cow",
                "new" | "pin" | "from" | "clone" | "Borrowed" | "Owned",
            ) if is_standard || krate == "tokio" || krate == "parking_lot" => one(args),
            ("String" | "str", "from" | "from_utf8" | "from_utf8_lossy") if is_standard => one(args),
            ("str", "from_utf8") => one(args),
            ("String", "new") if is_standard => Some(Expr::text("", span)),
            ("Vec" | "VecDeque" | "HashSet" | "BTreeSet", "new" | "with_capacity" | "default") if is_standard => {
                Some(Expr::new(ExprKind::Array(Vec::new()), span))
            }
            ("Vec" | "VecDeque" | "HashSet" | "BTreeSet" | "IndexSet", "from") => one(args),
            ("HashMap" | "BTreeMap" | "IndexMap", "new" | "with_capacity" | "default") if args.len() < 2 => {
                Some(Expr::new(ExprKind::Object(Vec::new()), span))
            }
            ("HashMap" | "BTreeMap" | "IndexMap", "from" | "from_iter") => entries(&one(args)?, span),
            ("Default", "default") => of_type(TypeKind::Unknown("the default value of its type".into())),
            ("FieldTable", "default") if args.is_empty() => Some(Expr::new(ExprKind::Object(Vec::new()), span)),
            (name, "default") if args.is_empty() && name.starts_with(char::is_uppercase) => {
                let own = self.own_path(segments(&path.path));
                let (_, owner) = own.split_last()?;
                // Options of which none is given.
                if name.ends_with("Options") || name.ends_with("Properties") {
                    let ty = TypeRef { path: owner.to_vec(), args: Vec::new() };
                    return Some(Expr::new(ExprKind::Record(Box::new(RecordExpr { ty, fields: Vec::new(), base: None })), span));
                }
                of_type(TypeKind::Ref(TypeRef { path: owner.to_vec(), args: Vec::new() }))
            }
            _ => None,
        }
    }

    /// A closure that is handed on: a function of its own.
    pub fn closure(&mut self, closure: &syn::ExprClosure) -> Expr {
        let start = closure.capture.as_ref().map_or(closure.inputs_begin.span, |capture| capture.span);
        let span = Span { start: self.spans.of(start).start, end: extent::of(self.spans, &closure.body).end };
        let at = self.spans.between(start, closure.inputs_end.span);
        let parent = self.frames.last().map(|frame| (frame.id, None));
        let is_async = closure.asyncness.is_some() || matches!(closure.body.as_ref(), Syntax::Async(_));
        let return_type = match &closure.output {
            syn::ReturnType::Default => None,
            syn::ReturnType::Type(_, ty) => self.types(Role::Producer).returned(ty),
        };
        let function = Function {
            scope: self.scope.clone(),
            return_type,
            is_async,
            in_test: self.in_test,
            parent,
            extent: span,
            span: at,
            name: Name::default(),
            ..super::body::top_level(span)
        };
        let id = self.enter(function, true);
        for pat in &closure.inputs {
            let (pat, ty) = match pat {
                syn::Pat::Type(typed) => (typed.pat.as_ref(), Some(self.types(Role::Consumer).lower(&typed.ty))),
                pat => (pat, None),
            };
            self.parameter(pat, ty.filter(|ty| !matches!(ty.kind, TypeKind::Unknown(_))));
        }
        self.bind_parameters(closure.inputs.iter().map(|pat| match pat {
            syn::Pat::Type(typed) => typed.pat.as_ref(),
            pat => pat,
        }));
        // The body of an `async` block is the closure's own: what it returns is what the closure gives.
        let (value, tail) = match closure.body.as_ref() {
            Syntax::Block(block) => (self.block(&block.block), super::body::tail_of(&block.block)),
            Syntax::Async(block) => (self.block(&block.block), super::body::tail_of(&block.block)),
            body => (Some(self.expr(body)), Some(body)),
        };
        self.finish_body(value, tail);
        self.leave();
        Expr::new(ExprKind::Function(id), span)
    }

    /// Says of the closures among a call's arguments which call takes them.
    pub fn adopt_closures(&mut self, functions: &[FnId], call: crate::facts::CallId) {
        let own = self.frame().id;
        for FnId(at) in functions {
            if let Some(function) = self.facts.functions.get_mut(*at as usize)
                && function.name.is_empty()
                && let Some((parent, slot @ None)) = &mut function.parent
                && *parent == own
            {
                *slot = Some(call);
            }
        }
    }

    pub fn name_span(&self, path: &syn::Path) -> Span {
        super::types::path_span(self.spans, path)
    }
}

fn first_of(expr: &Syntax) -> proc_macro2::Span {
    match expr {
        Syntax::Path(path) => {
            path.path.segments.first().map_or_else(proc_macro2::Span::call_site, |segment| segment.ident.span())
        }
        _ => proc_macro2::Span::call_site(),
    }
}

/// The elements of a list that is written out.
fn elements_of(list: &Expr) -> Vec<Expr> {
    match &list.kind {
        ExprKind::Array(items) => items.clone(),
        ExprKind::ListOf(item) => vec![item.as_ref().clone()],
        _ => Vec::new(),
    }
}

/// `[("a", x), ("b", y)]` as an object.
fn entries(list: &Expr, span: Span) -> Option<Expr> {
    let ExprKind::Array(items) = &list.kind else { return Some(list.clone()) };
    let members = items
        .iter()
        .map(|item| match &item.kind {
            ExprKind::Array(pair) if pair.len() == 2 => {
                Some(ValueMember::Entry { key: pair[0].clone(), value: pair[1].clone(), conditional: false })
            }
            _ => None,
        })
        .collect::<Option<Vec<_>>>()?;
    Some(Expr::new(ExprKind::Object(members), span))
}
