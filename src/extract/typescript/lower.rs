//! The state of one walk: the functions that are open, their lexical scopes, and what is known of the file's imports.

use std::sync::Arc;

use oxc_ast::ast::{Program, Statement};
use oxc_span::GetSpan;
use rustc_hash::{FxHashMap, FxHashSet};

use super::schemas::Library;
use crate::facts::{
    Call, CallId, Class, Completion, Constant, Enclosing, Expr, ExprKind, FileFacts, FnId, Function, Guard, Import, LanguageId,
    Local, LocalId, LocalKind, Name, Surroundings, Swallowed, TypeDecl, TypeExpr,
};
use crate::source::Span;

/// The deepest expression, statement or type that is followed; past it a part is unknown. The parser has its own, larger stack,
/// and facts are walked recursively by everyone after this.
pub(super) const MAX_DEPTH: u32 = 240;

/// How much of the source an unknown expression shows.
const SHOWN_SOURCE: usize = 120;

/// Branches and loops recorded around one call; what is deeper adds nothing to what a rule asks.
const MAX_ENCLOSING: usize = 24;

/// What becomes of the value that an expression gives.
#[derive(Clone, Copy)]
pub(super) struct Usage {
    pub how: How,
    /// What happens to its error, where a handler hangs on the expression itself (`.catch`).
    pub swallowed: Swallowed,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    Floating,
    Awaited,
    Returned,
    Used,
    Deferred(&'static str),
}

impl Usage {
    pub const USED: Usage = Usage { how: How::Used, swallowed: Swallowed::No };
    pub const FLOATING: Usage = Usage { how: How::Floating, swallowed: Swallowed::No };
    pub const AWAITED: Usage = Usage { how: How::Awaited, swallowed: Swallowed::No };
    pub const RETURNED: Usage = Usage { how: How::Returned, swallowed: Swallowed::No };

    /// The same, for a call whose errors a handler of this kind takes.
    pub fn caught(self, swallowed: Swallowed) -> Usage {
        Usage { swallowed: if swallowed == Swallowed::No { self.swallowed } else { swallowed }, ..self }
    }
}

/// A function that is being walked.
pub(super) struct Frame {
    pub id: FnId,
    pub function: Function,
    /// Names of its blocks, from outside in.
    pub scopes: Vec<FxHashMap<Name, LocalId>>,
    pub enclosing: Vec<Enclosing>,
    pub early_returns: Vec<Arc<Guard>>,
    /// What tests have shown to be there.
    pub shown: Vec<super::narrowing::Shown>,
    /// What the handlers of the surrounding `try` blocks do, from outside in.
    pub handlers: Vec<Swallowed>,
    /// For each local, how many branches and loops stood around its declaration.
    pub declared_under: Vec<usize>,
    /// Generic parameters in scope before it was entered.
    pub outer_type_params: usize,
}

/// One walk over one file.
pub(super) struct Lower<'s> {
    pub text: &'s str,
    pub facts: FileFacts,
    /// Namespaces and classes around the current place.
    pub scope: Vec<Name>,
    /// What the classes around the current place extend.
    pub extended: Vec<Option<TypeExpr>>,
    pub frames: Vec<Frame>,
    /// Generic parameters in scope, innermost last.
    pub type_params: Vec<Name>,
    /// The key of the mapped type around the current place, where one is.
    pub mapped_key: Option<Name>,
    pub depth: u32,
    /// Whether the code that is walked is the body of a test.
    pub in_test: bool,
    /// Whether the expression that comes next copes with an absent value.
    pub coping: bool,
    /// Local names that stand for a schema library, and for the functions taken from it.
    pub libraries: FxHashMap<Name, (Library, Option<Name>)>,
    /// Module-level names of run-time schemas in this file.
    pub schemas: FxHashSet<Name>,
    /// Module-level names by the module that they are imported from.
    pub imported: FxHashMap<Name, Name>,
    /// Names that the file declares and exports elsewhere: `export { a as b }`.
    pub exports: Vec<(Name, Name, Span)>,
    pub is_declaration_file: bool,
}

/// Lowers one parsed file.
pub(super) fn lower(program: &Program<'_>, text: &str, is_declaration_file: bool) -> FileFacts {
    let mut lower = Lower {
        text,
        facts: FileFacts::new(LanguageId::TypeScript),
        scope: Vec::new(),
        extended: Vec::new(),
        frames: Vec::new(),
        type_params: Vec::new(),
        mapped_key: None,
        depth: 0,
        in_test: false,
        coping: false,
        libraries: FxHashMap::default(),
        schemas: FxHashSet::default(),
        imported: FxHashMap::default(),
        exports: Vec::new(),
        is_declaration_file,
    };
    let top = Function { name: "<top>".into(), exported: false, ..lower.new_function(Span::new(0, 0), span_of(program.span)) };
    lower.enter(top);
    lower.survey(&program.body);
    lower.statements(&program.body);
    lower.leave();
    lower.apply_exports();
    lower.facts
}

pub(super) fn span_of(span: oxc_span::Span) -> Span {
    Span { start: span.start, end: span.end }
}

impl<'s> Lower<'s> {
    /// An empty function at the current place.
    pub fn new_function(&self, span: Span, extent: Span) -> Function {
        Function { scope: self.scope.clone(), in_test: self.in_test, span, extent, ..Function::default() }
    }

    /// Opens a function; its place in the facts is taken at once, so that functions stand in the order of their starts.
    pub fn enter(&mut self, function: Function) -> FnId {
        let id = FnId(self.facts.functions.len() as u32);
        // Replaced when the function is left.
        self.facts.functions.push(Function::default());
        self.frames.push(Frame {
            id,
            function,
            scopes: vec![FxHashMap::default()],
            enclosing: Vec::new(),
            early_returns: Vec::new(),
            shown: Vec::new(),
            handlers: Vec::new(),
            declared_under: Vec::new(),
            outer_type_params: self.type_params.len(),
        });
        id
    }

    /// Closes the innermost function.
    pub fn leave(&mut self) -> FnId {
        let mut frame = self.frames.pop().expect("every leave has its enter");
        super::reads::settle(&mut frame.function.reads);
        self.type_params.truncate(frame.outer_type_params);
        let id = frame.id;
        self.facts.functions[id.0 as usize] = frame.function;
        id
    }

    pub fn frame(&mut self) -> &mut Frame {
        self.frames.last_mut().expect("the top level is always open")
    }

    pub fn frame_ref(&self) -> &Frame {
        self.frames.last().expect("the top level is always open")
    }

    /// Whether the current place is the module level, whose names other files can see.
    pub fn at_module_level(&self) -> bool {
        self.frames.len() == 1 && self.frame_ref().scopes.len() == 1
    }

    pub fn source(&self, span: oxc_span::Span) -> &'s str {
        self.text.get(span.start as usize..span.end as usize).unwrap_or("")
    }

    /// The source of a span with white space folded, cut where it grows long.
    pub fn folded(&self, span: oxc_span::Span) -> Name {
        let mut out = Name::default();
        for word in self.source(span).split_whitespace() {
            if !out.is_empty() {
                out.push(' ');
            }
            out.push_str(word);
            if out.len() > SHOWN_SOURCE {
                let mut end = SHOWN_SOURCE;
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

    pub fn unknown(&self, span: oxc_span::Span) -> Expr {
        Expr::unknown(self.folded(span), span_of(span))
    }

    /// Goes one level deeper, or not at all past [`MAX_DEPTH`].
    pub fn deeper<T>(&mut self, inner: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.depth >= MAX_DEPTH {
            return None;
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        Some(result)
    }

    // Variables.

    pub fn declare(&mut self, name: &str, kind: LocalKind, span: Span) -> LocalId {
        let frame = self.frame();
        let id = LocalId(frame.function.locals.len() as u32);
        frame.function.locals.push(Local {
            name: name.into(),
            kind,
            ty: None,
            value: None,
            edits: Vec::new(),
            reassigned: false,
            span,
        });
        let under = frame.enclosing.len();
        frame.declared_under.push(under);
        if !name.is_empty() {
            frame.scopes.last_mut().expect("a function has a scope").insert(name.into(), id);
        }
        id
    }

    pub fn local_mut(&mut self, id: LocalId) -> &mut Local {
        &mut self.frame().function.locals[id.0 as usize]
    }

    /// Finds a variable: how many functions out, and which.
    pub fn find(&self, name: &str) -> Option<(u32, LocalId)> {
        for (out, frame) in self.frames.iter().rev().enumerate() {
            for scope in frame.scopes.iter().rev() {
                if !scope.is_empty()
                    && let Some(id) = scope.get(name)
                {
                    return Some((out as u32, *id));
                }
            }
        }
        None
    }

    /// What a plain identifier stands for.
    pub fn name(&self, name: &str, span: oxc_span::Span) -> Expr {
        let kind = match self.find(name) {
            Some((0, id)) => ExprKind::Local(id),
            Some((out, id)) => ExprKind::Outer(out, id),
            None if name == "undefined" => ExprKind::Absent,
            None => ExprKind::Name(vec![name.into()]),
        };
        Expr::new(kind, span_of(span))
    }

    /// Whether a name is not a variable here but of the module level.
    pub fn is_module_name(&self, name: &str) -> bool {
        self.find(name).is_none()
    }

    /// Opens a block scope and closes it after `inner`.
    pub fn block<T>(&mut self, inner: impl FnOnce(&mut Self) -> T) -> T {
        let early = self.frame_ref().early_returns.len();
        let shown = self.frame_ref().shown.len();
        self.frame().scopes.push(FxHashMap::default());
        let result = inner(self);
        let frame = self.frame();
        frame.scopes.pop();
        frame.early_returns.truncate(early);
        frame.shown.truncate(shown);
        result
    }

    /// Walks `inner` with one more thing around it.
    pub fn enclosed<T>(&mut self, what: Enclosing, inner: impl FnOnce(&mut Self) -> T) -> T {
        self.frame().enclosing.push(what);
        let result = inner(self);
        self.frame().enclosing.pop();
        result
    }

    // Calls.

    pub fn surroundings(&self, usage: Usage) -> Surroundings {
        let frame = self.frame_ref();
        let completion = match usage.how {
            How::Floating => Completion::Floating,
            How::Awaited => Completion::Awaited,
            How::Returned => Completion::Returned,
            How::Used => Completion::Used,
            How::Deferred(name) => Completion::Deferred(name.into()),
        };
        // A `try` around catches what is awaited in it, and what is thrown before a promise is made.
        let around = if usage.how == How::Returned { None } else { frame.handlers.last().copied() };
        let swallowed = if usage.swallowed == Swallowed::No { around.unwrap_or(Swallowed::No) } else { usage.swallowed };
        Surroundings {
            awaits: u8::from(completion == Completion::Awaited),
            completion,
            swallowed,
            enclosing: frame.enclosing.iter().take(MAX_ENCLOSING).cloned().collect(),
            early_returns: frame.early_returns.iter().take(MAX_ENCLOSING).cloned().collect(),
        }
    }

    pub fn push_call(&mut self, call: Call) -> CallId {
        let calls = &mut self.frame().function.calls;
        calls.push(call);
        CallId(calls.len() as u32 - 1)
    }

    /// Gives closures that were lowered since `first` and stand in the current function the call that they are an argument of.
    pub fn adopt(&mut self, first: usize, call: CallId) {
        let current = self.frame_ref().id;
        for function in &mut self.facts.functions[first..] {
            if let Some((parent, slot)) = &mut function.parent
                && *parent == current
                && slot.is_none()
            {
                *slot = Some(call);
            }
        }
    }

    // Declarations.

    pub fn add_type(&mut self, decl: TypeDecl) {
        self.facts.types.push(decl);
    }

    pub fn add_class(&mut self, class: Class) {
        self.facts.classes.push(class);
    }

    pub fn add_constant(&mut self, name: &str, value: Expr, ty: Option<TypeExpr>, exported: bool, registry: bool, span: Span) {
        let scope = self.scope.clone();
        self.facts.constants.push(Constant { scope, name: name.into(), value, ty, exported, registry, span });
    }

    /// Marks what `export { a }` names, and adds what `export { a as b }` and `export default a` call by another name.
    ///
    /// The other name is an import from an empty module path: the file itself.
    fn apply_exports(&mut self) {
        for (local, exported, span) in std::mem::take(&mut self.exports) {
            let imports: Vec<Import> = self
                .facts
                .imports
                .iter()
                .filter(|import| {
                    import.scope.is_empty() && import.local.as_deref() == Some(local.as_str()) && !import.module.is_empty()
                })
                .cloned()
                .collect();
            if let Some(import) = imports.into_iter().next() {
                self.facts.imports.push(Import { local: Some(exported), exported: true, span, ..import });
                continue;
            }
            if local == exported {
                self.mark_exported(&local);
            } else {
                self.mark_exported(&local);
                self.facts.imports.push(Import {
                    scope: Vec::new(),
                    local: Some(exported),
                    module: Vec::new(),
                    name: Some(local),
                    exported: true,
                    span,
                });
            }
        }
    }

    fn mark_exported(&mut self, name: &str) {
        let facts = &mut self.facts;
        facts.types.iter_mut().filter(|x| x.scope.is_empty() && x.name == name).for_each(|x| x.exported = true);
        facts.classes.iter_mut().filter(|x| x.scope.is_empty() && x.name == name).for_each(|x| x.exported = true);
        facts.constants.iter_mut().filter(|x| x.scope.is_empty() && x.name == name).for_each(|x| x.exported = true);
        let functions = facts.functions.iter_mut().skip(1);
        functions.filter(|x| x.scope.is_empty() && x.parent.is_none() && x.name == name).for_each(|x| x.exported = true);
    }

    /// Looks at the whole module once before it is walked: imports and schemas may be used above the line that declares them.
    fn survey(&mut self, body: &[Statement<'_>]) {
        for statement in body {
            if let Statement::ImportDeclaration(import) = statement {
                self.survey_import(import);
            }
        }
        for statement in body {
            let declaration = match statement {
                Statement::ExportDeclaration(export) => Some(&export.declaration),
                other => other.as_declaration(),
            };
            if let Some(oxc_ast::ast::Declaration::VariableDeclaration(variables)) = declaration {
                for declarator in &variables.declarations {
                    if let (Some(name), Some(init)) = (declarator.id.get_identifier_name(), &declarator.init)
                        && self.looks_like_schema(init)
                    {
                        self.schemas.insert(name.as_str().into());
                    }
                }
            }
        }
    }
}

/// The span of a node, for places where only the trait gives it.
pub(super) fn node_span(node: &impl GetSpan) -> Span {
    span_of(node.span())
}
