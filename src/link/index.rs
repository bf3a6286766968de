//! The symbols of one file, by scope and name: computed once for each blob and shared by every snapshot that holds it.

use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};

use super::{options::names, surroundings};
use crate::facts::{CallId, ExprKind, FileFacts, FnId, Function, LocalId, Name, TypeRef};

/// What a name stands for in its own file; the numbers are indices into [`FileFacts`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Symbol {
    Type(u32),
    Class(u32),
    Constant(u32),
    Function(FnId),
    Import(u32),
}

/// Lookup tables over the facts of one file.
#[derive(Debug, Default)]
pub struct FileIndex {
    symbols: FxHashMap<Name, Vec<Symbol>>,
    /// Glob imports by scope.
    globs: FxHashMap<Name, Vec<u32>>,
    /// Inner scopes that hold anything, with all their ancestors.
    scopes: FxHashSet<Name>,
    /// Calls by the last name of their callee.
    pub calls: BTreeMap<Name, Vec<(FnId, CallId)>>,
    /// Each class by its own name, as a type of its file.
    pub classes: Vec<TypeRef>,
    /// The names that its imports give to what is called otherwise where it stands.
    pub renamed: FxHashSet<Name>,
    /// What its imports name, with dots between the parts: each module, and each name within one.
    pub imported: Vec<Name>,
    /// The functions that speak of a transaction in their own words.
    pub transacting: FxHashSet<FnId>,
    /// The names of what is called here and checks signatures, or puts such a check in front of something.
    pub signature_checks: Vec<Name>,
    /// The functions that stand in each function.
    pub inner: FxHashMap<FnId, Vec<FnId>>,
}

/// Joins a scope and a name to the key of the tables; neither contains the separator.
pub fn key(scope: &[Name], name: &str) -> Name {
    let mut key = Name::with_capacity(scope.iter().map(|s| s.len() + 1).sum::<usize>() + name.len());
    for part in scope {
        key.push_str(part);
        key.push('\u{1f}');
    }
    key.push_str(name);
    key
}

impl FileIndex {
    pub fn new(facts: &FileFacts) -> Self {
        let mut index = FileIndex::default();
        for (at, decl) in facts.types.iter().enumerate() {
            index.add(&decl.scope, &decl.name, Symbol::Type(at as u32));
        }
        for (at, class) in facts.classes.iter().enumerate() {
            index.add(&class.scope, &class.name, Symbol::Class(at as u32));
            index.classes.push(TypeRef { path: vec![class.name.clone()], args: Vec::new() });
        }
        for (at, constant) in facts.constants.iter().enumerate() {
            index.add(&constant.scope, &constant.name, Symbol::Constant(at as u32));
        }
        for (at, function) in facts.functions.iter().enumerate() {
            let id = FnId(at as u32);
            if !function.name.is_empty() && function.parent.is_none() {
                index.add(&function.scope, &function.name, Symbol::Function(id));
            }
            if let Some((parent, _)) = function.parent {
                index.inner.entry(parent).or_default().push(id);
            }
            if surroundings::speaks_of_transaction(function) {
                index.transacting.insert(id);
            }
            for (call_at, call) in function.calls.iter().enumerate() {
                if let Some(name) = called_name(facts, function, &call.callee.kind) {
                    index.calls.entry(name.into()).or_default().push((id, CallId(call_at as u32)));
                }
            }
        }
        for (at, import) in facts.imports.iter().enumerate() {
            let module = import.module.join(if import.module.len() > 1 { "." } else { "" });
            index.imported.extend(import.name.as_ref().map(|name| format!("{module}.{name}").into()));
            index.imported.push(module.into());
            index.renamed.extend(import.local.iter().filter(|local| import.renames_to(local)).cloned());
            match &import.local {
                Some(local) => index.add(&import.scope, local, Symbol::Import(at as u32)),
                None => index.globs.entry(import.scope.join("\u{1f}").into()).or_default().push(at as u32),
            }
        }
        let checks = |name: &&Name| names::is_signature_check(name) || names::is_signature_wrapper(name);
        index.signature_checks = index.calls.keys().filter(checks).cloned().collect();
        index.imported.sort_unstable();
        index.imported.dedup();
        index
    }

    fn add(&mut self, scope: &[Name], name: &str, symbol: Symbol) {
        for depth in 1..=scope.len() {
            self.scopes.insert(scope[..depth].join("\u{1f}").into());
        }
        self.symbols.entry(key(scope, name)).or_default().push(symbol);
    }

    /// What `name` stands for in exactly this scope.
    pub fn symbols(&self, scope: &[Name], name: &str) -> &[Symbol] {
        self.symbols.get(&key(scope, name)).map_or(&[], Vec::as_slice)
    }

    /// The glob imports of exactly this scope.
    pub fn globs(&self, scope: &[Name]) -> &[u32] {
        self.globs.get(scope.join("\u{1f}").as_str()).map_or(&[], Vec::as_slice)
    }

    /// Whether anything stands in this inner scope.
    pub fn has_scope(&self, scope: &[Name]) -> bool {
        self.scopes.contains(scope.join("\u{1f}").as_str())
    }
}

/// The name that a call in `function` is made by, a variable's included.
pub fn called_name<'f>(facts: &'f FileFacts, function: &'f Function, callee: &'f ExprKind) -> Option<&'f str> {
    match callee {
        ExprKind::Local(id) => function.locals.get(id.0 as usize).map(|local| local.name.as_str()),
        ExprKind::Outer(out, id) => outer_name(facts, function, *out, *id),
        _ => last_name(callee),
    }
}

/// The name of a variable of a function further out.
fn outer_name<'f>(facts: &'f FileFacts, function: &'f Function, out: u32, id: LocalId) -> Option<&'f str> {
    let mut outer = function;
    for _ in 0..out {
        outer = facts.functions.get(outer.parent?.0.0 as usize)?;
    }
    outer.locals.get(id.0 as usize).map(|local| local.name.as_str())
}

/// The last name of a callee: `send` of `producer.send`, `publish` of `bus::publish`.
pub fn last_name(callee: &ExprKind) -> Option<&str> {
    match callee {
        ExprKind::Name(path) => path.last().map(Name::as_str),
        ExprKind::Member(_, name) => Some(name),
        ExprKind::Typed(inner, _) | ExprKind::Await(inner) => last_name(&inner.kind),
        _ => None,
    }
}
