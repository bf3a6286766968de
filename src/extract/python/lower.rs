//! The walk over one file: its state, its scopes, and what is known of the file as a whole before the walk starts.

use std::sync::Arc;

use ruff_python_ast::{Expr as Py, Stmt};
use ruff_text_size::{Ranged, TextRange};
use rustc_hash::{FxHashMap, FxHashSet};

use super::names::{self, Names};
use super::statements;
use crate::facts::{
    Call, CallId, Completion, Enclosing, Expr, ExprKind, FileFacts, FnId, Function, Guard, LanguageId, Literal, Local, LocalId,
    LocalKind, Name, Swallowed, TypeExpr,
};
use crate::source::Span;

/// How deep expressions, annotations and blocks are followed together. What lies deeper is unknown: code that people write does
/// not come near it, and the walk recurses.
pub(super) const MAX_DEPTH: u32 = 120;

/// Entries of one literal that are kept. A longer table is data of its own, not a payload; it is unknown as a whole.
pub(super) const MAX_ENTRIES: usize = 1_024;

/// Bytes of source text that a fact quotes.
const MAX_QUOTE: usize = 120;

/// What a name means inside a function.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Binding {
    Local(LocalId),
    /// A loop variable of a comprehension that is unrolled: the constant of this round.
    Constant(Expr),
    /// `global x`
    Global,
}

pub(super) type Scope<'a> = FxHashMap<&'a str, Binding>;

/// A function on the way.
pub(super) struct Frame<'a> {
    pub id: FnId,
    pub function: Function,
    pub scope: Scope<'a>,
    /// Whether names that are not bound here are looked up in the frame below.
    pub closure: bool,
    /// Branches, loops and handlers around the current statement; `with` and `try` do not count.
    pub branches: u32,
    /// By local: how many branches stood around its binding.
    pub depth_of: Vec<u32>,
    pub enclosing: Vec<Enclosing>,
    pub early_returns: Vec<Arc<Guard>>,
    pub swallowed: Swallowed,
    /// Accesses whose absence the code copes with at this place, as source text with white space folded.
    pub coped: Vec<Name>,
    /// Whether a lookup that fails is caught here.
    pub catches_lookup: bool,
    /// What `self` and `cls` are called, in a method.
    pub receiver: Option<&'a str>,
    /// Nested functions, lowered when the names of this one are all known.
    pub deferred: Vec<(&'a ruff_python_ast::StmtFunctionDef, FnId, Vec<Name>)>,
}

pub(super) struct Lower<'a> {
    pub text: &'a str,
    pub facts: FileFacts,
    pub names: Names,
    pub frames: Vec<Frame<'a>>,
    /// The classes around the current statement.
    pub classes: Vec<Name>,
    /// The bases of the innermost class, as written.
    pub bases: Vec<Vec<Name>>,
    pub depth: u32,
    /// What becomes of the value of the expression that is lowered next.
    pub next: Completion,
    /// For the access that is lowered next: the constants it is compared with.
    pub compared: Option<(Vec<Literal>, bool)>,
    /// For the access that is lowered next: the type that the code asks for.
    pub asked: Option<TypeExpr>,
    /// Module-level and class-level names of texts in this file: `TOPIC`, `Events.PLACED`.
    pub texts: FxHashMap<Name, Name>,
    /// Module-level lists of texts: `FIELDS = ("id", "name")`.
    pub text_lists: FxHashMap<Name, Vec<Name>>,
    /// Module-level lists of anything else: `STATES = [("new", _("New"))]`.
    pub lists: FxHashMap<&'a str, &'a Py>,
    /// Module-level classes of this file by name.
    pub local_classes: FxHashMap<&'a str, &'a ruff_python_ast::StmtClassDef>,
    /// Names that the module level binds, imports apart.
    pub module_names: FxHashSet<&'a str>,
    /// `TypeVar`s of this file with their bounds.
    pub type_vars: FxHashMap<Name, Option<&'a Py>>,
    /// Generic parameters of the declarations around the current place.
    pub type_params: Vec<Name>,
    /// Whether this file's pydantic is version 1 by what it imports and says.
    pub pydantic_v1: bool,
    /// `__all__`
    pub all: Option<Vec<Name>>,
}

/// Lowers the statements of one file.
pub(super) fn file(text: &str, body: &[Stmt]) -> FileFacts {
    let mut lower = Lower {
        text,
        facts: FileFacts::new(LanguageId::Python),
        names: Names::default(),
        frames: Vec::new(),
        classes: Vec::new(),
        bases: Vec::new(),
        depth: 0,
        next: Completion::Used,
        compared: None,
        asked: None,
        texts: FxHashMap::default(),
        text_lists: FxHashMap::default(),
        lists: FxHashMap::default(),
        local_classes: FxHashMap::default(),
        module_names: FxHashSet::default(),
        type_vars: FxHashMap::default(),
        type_params: Vec::new(),
        pydantic_v1: false,
        all: None,
    };
    lower.survey(body);
    let top = lower.open("<top>", Span::new(0, 0), Span::new(0, text.len()), false);
    lower.module(body);
    lower.close(top);
    lower.facts
}

impl<'a> Lower<'a> {
    /// What must be known before the walk: imports, constants of texts, classes, generic parameters.
    fn survey(&mut self, body: &'a [Stmt]) {
        self.all = statements::dunder_all(body);
        let mut pending: Vec<&'a [Stmt]> = vec![body];
        let mut depth = 0usize;
        while let Some(block) = pending.pop() {
            // Imports may stand in any block; the number of blocks is bounded by the file.
            depth += 1;
            for stmt in block {
                match stmt {
                    Stmt::Import(_) | Stmt::ImportFrom(_) => {
                        self.names.add(stmt, &mut self.facts.imports, self.all.as_deref());
                    }
                    _ => pending.extend(statements::blocks(stmt)),
                }
            }
        }
        debug_assert!(depth > 0);
        self.facts.imports.sort_by_key(|import| import.span);
        for stmt in statements::module_level(body) {
            match stmt {
                Stmt::ClassDef(class) => {
                    self.module_names.insert(class.name.as_str());
                    self.local_classes.insert(class.name.as_str(), class);
                    self.survey_class(class, &class.name);
                }
                Stmt::FunctionDef(function) => {
                    self.module_names.insert(function.name.as_str());
                }
                Stmt::Assign(assign) => {
                    if let [Py::Name(name)] = assign.targets.as_slice() {
                        self.survey_assignment(name.id.as_str(), &assign.value);
                    }
                }
                Stmt::AnnAssign(assign) => {
                    if let (Py::Name(name), Some(value)) = (&*assign.target, &assign.value) {
                        self.survey_assignment(name.id.as_str(), value);
                    }
                }
                _ => {}
            }
        }
        self.pydantic_v1 = super::classes::pydantic_is_v1(&self.names, body);
    }

    fn survey_class(&mut self, class: &'a ruff_python_ast::StmtClassDef, path: &str) {
        for stmt in &class.body {
            let (target, value) = match stmt {
                Stmt::Assign(assign) => match assign.targets.as_slice() {
                    [Py::Name(name)] => (name, &*assign.value),
                    _ => continue,
                },
                Stmt::AnnAssign(assign) => match (&*assign.target, &assign.value) {
                    (Py::Name(name), Some(value)) => (name, &**value),
                    _ => continue,
                },
                _ => continue,
            };
            if let Py::StringLiteral(text) = value {
                self.texts.insert(format!("{path}.{}", target.id).into(), text.value.to_str().into());
            }
        }
    }

    fn survey_assignment(&mut self, name: &'a str, value: &'a Py) {
        let again = !self.module_names.insert(name);
        match value {
            Py::StringLiteral(text) => {
                self.texts.insert(name.into(), text.value.to_str().into());
            }
            Py::List(_) | Py::Tuple(_) | Py::Set(_) => {
                match super::expressions::texts_of(value) {
                    Some(texts) => self.text_lists.insert(name.into(), texts).is_some(),
                    None => self.lists.insert(name, value).is_some(),
                };
            }
            Py::Call(call) if names::last_name(&call.func) == Some("TypeVar") => {
                let bound = call.arguments.find_keyword("bound").map(|keyword| &keyword.value);
                self.type_vars.insert(name.into(), bound);
            }
            _ => {}
        }
        if again {
            // Bound twice: which text it is depends on the run.
            self.texts.remove(name);
            self.text_lists.remove(name);
            self.lists.remove(name);
        }
    }

    /// Starts a function; [`Lower::close`] ends it.
    pub(super) fn open(&mut self, name: &str, name_span: Span, extent: Span, closure: bool) -> FnId {
        let id = self.reserve();
        self.open_reserved(id, name, name_span, extent, closure);
        id
    }

    /// The place of a function that is lowered later.
    pub(super) fn reserve(&mut self) -> FnId {
        let id = FnId(self.facts.functions.len() as u32);
        self.facts.functions.push(Function::default());
        id
    }

    pub(super) fn open_reserved(&mut self, id: FnId, name: &str, name_span: Span, extent: Span, closure: bool) {
        let mut function = Function { name: name.into(), span: name_span, extent, ..Function::default() };
        function.scope = self.classes.clone();
        function.in_test = self.frames.last().is_some_and(|frame| frame.function.in_test);
        // What refers to a place that is filled later may have been written into it already.
        function.parent = self.facts.functions[id.0 as usize].parent;
        self.frames.push(Frame {
            id,
            function,
            scope: Scope::default(),
            closure,
            branches: 0,
            depth_of: Vec::new(),
            enclosing: Vec::new(),
            early_returns: Vec::new(),
            swallowed: Swallowed::No,
            coped: Vec::new(),
            catches_lookup: false,
            receiver: None,
            deferred: Vec::new(),
        });
    }

    /// Ends the innermost function: lowers the functions nested in it and puts it into its place.
    pub(super) fn close(&mut self, id: FnId) {
        loop {
            let deferred = std::mem::take(&mut self.frame().deferred);
            if deferred.is_empty() {
                break;
            }
            for (function, inner, classes) in deferred {
                let around = std::mem::replace(&mut self.classes, classes);
                self.function_body(function, inner, true);
                self.classes = around;
            }
        }
        let frame = self.frames.pop().expect("every close has its open");
        debug_assert_eq!(frame.id, id);
        let parent = self.facts.functions[id.0 as usize].parent;
        let mut function = frame.function;
        function.parent = parent.or(function.parent);
        self.facts.functions[id.0 as usize] = function;
    }

    pub(super) fn frame(&mut self) -> &mut Frame<'a> {
        self.frames.last_mut().expect("the top level is open during the whole walk")
    }

    /// Runs `inner` one level deeper; `None` past the limit.
    pub(super) fn deeper<T>(&mut self, inner: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.depth >= MAX_DEPTH {
            return None;
        }
        self.depth += 1;
        let out = inner(self);
        self.depth -= 1;
        Some(out)
    }

    /// A new variable of the innermost function.
    pub(super) fn local(&mut self, name: &str, value: Option<Expr>, ty: Option<TypeExpr>, at: Span) -> LocalId {
        self.local_of(LocalKind::Variable, name, value, ty, at)
    }

    pub(super) fn local_of(
        &mut self,
        kind: LocalKind,
        name: &str,
        value: Option<Expr>,
        ty: Option<TypeExpr>,
        at: Span,
    ) -> LocalId {
        let frame = self.frame();
        let id = LocalId(frame.function.locals.len() as u32);
        let depth = frame.branches;
        frame.depth_of.push(depth);
        frame.function.locals.push(Local { name: name.into(), kind, ty, value, edits: Vec::new(), reassigned: false, span: at });
        id
    }

    /// Binds a name of the innermost function to a new variable.
    pub(super) fn bind(&mut self, name: &'a str, value: Option<Expr>, ty: Option<TypeExpr>, at: Span) -> Option<LocalId> {
        if name.is_empty() || self.frame().scope.get(name) == Some(&Binding::Global) {
            return None;
        }
        let id = self.local(name, value, ty, at);
        self.frame().scope.insert(name, Binding::Local(id));
        Some(id)
    }

    /// What a name means at this place; `None` for names of the module level and builtins.
    pub(super) fn lookup(&self, name: &str) -> Option<ExprKind> {
        for (out, frame) in self.frames.iter().rev().enumerate() {
            if out == 0 && frame.receiver == Some(name) {
                return Some(ExprKind::This);
            }
            match frame.scope.get(name) {
                Some(Binding::Local(id)) if out == 0 => return Some(ExprKind::Local(*id)),
                Some(Binding::Local(id)) => return Some(ExprKind::Outer(out as u32, *id)),
                Some(Binding::Constant(constant)) => return Some(constant.kind.clone()),
                Some(Binding::Global) => return None,
                None if frame.receiver == Some(name) => return Some(ExprKind::This),
                None if frame.closure => {}
                None => return None,
            }
        }
        None
    }

    /// The full name of a dotted expression whose first part is no variable: `json.dumps`, also where it is imported under
    /// another name. Names that are not imported are given as they are written.
    pub(super) fn full_name(&self, expr: &Py) -> Option<Name> {
        let path = names::dotted(expr)?;
        let first = path.first()?;
        if self.lookup(first).is_some() {
            return None;
        }
        let mut full = self.names.full(first).unwrap_or(first).to_owned();
        for part in &path[1..] {
            full.push('.');
            full.push_str(part);
        }
        Some(full.into())
    }

    /// A text that is constant within this file.
    pub(super) fn constant_text(&self, expr: &Py) -> Option<Name> {
        match expr {
            Py::StringLiteral(text) => Some(text.value.to_str().into()),
            Py::Name(name) => match self.lookup(&name.id) {
                Some(ExprKind::Literal(Literal::Text(text))) => Some(text),
                Some(_) => None,
                None => self.texts.get(name.id.as_str()).cloned(),
            },
            Py::Attribute(attribute) => {
                let mut path = names::dotted(expr)?;
                if path.len() > 2 && attribute.attr.as_str() == "value" {
                    path.pop();
                }
                if self.lookup(path.first()?).is_some() {
                    return None;
                }
                self.texts.get(path.join(".").as_str()).cloned()
            }
            _ => None,
        }
    }

    /// The source of a range, with white space folded and cut to a length that a person reads.
    pub(super) fn quote(&self, range: TextRange) -> Name {
        let source = self.text.get(range.to_std_range()).unwrap_or_default();
        // Most stand in one line and have nothing to fold.
        let folds = |pair: &[u8]| !matches!(pair[1], b'!'..=b'~') && (pair[1] != b' ' || pair[0] == b' ');
        if source.len() <= MAX_QUOTE && !source.starts_with(char::is_whitespace) && !source.as_bytes().windows(2).any(folds) {
            return source.trim_end().into();
        }
        let mut out = Name::with_capacity(source.len().min(MAX_QUOTE));
        for word in source.split_whitespace() {
            if !out.is_empty() {
                out.push(' ');
            }
            out.push_str(word);
            if out.len() > MAX_QUOTE {
                let mut end = MAX_QUOTE;
                while !out.is_char_boundary(end) {
                    end -= 1;
                }
                out.truncate(end);
                out.push('…');
                break;
            }
        }
        out
    }

    /// An expression that is not followed.
    pub(super) fn opaque(&self, expr: &Py) -> Expr {
        Expr::unknown(self.quote(expr.range()), super::span(expr.range()))
    }

    pub(super) fn push_call(&mut self, call: Call) -> CallId {
        let frame = self.frame();
        let id = CallId(frame.function.calls.len() as u32);
        frame.function.calls.push(call);
        id
    }

    /// Whether a name of the module level or a class can be taken by other files.
    pub(super) fn exported(&self, name: &str) -> bool {
        match &self.all {
            Some(all) if self.classes.is_empty() => all.iter().any(|listed| listed == name) || !name.starts_with('_'),
            _ => !name.starts_with('_'),
        }
    }
}
