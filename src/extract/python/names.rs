//! Imports, and what a name that is written here is called in the library it comes from.

use ruff_python_ast::{Expr, Stmt, StmtImport, StmtImportFrom};
use rustc_hash::FxHashMap;

use super::span;
use crate::facts::{Import, Name};

/// The names that a file imports, with their full names: `d` → `json.dumps` after `from json import dumps as d`.
#[derive(Default)]
pub(super) struct Names {
    by_local: FxHashMap<Name, Name>,
}

impl Names {
    /// The full name of `local`, where it is imported.
    pub(super) fn full(&self, local: &str) -> Option<&str> {
        self.by_local.get(local).map(Name::as_str)
    }

    pub(super) fn full_names(&self) -> impl Iterator<Item = &str> {
        self.by_local.values().map(Name::as_str)
    }

    /// Takes in an import statement, wherever in the file it stands: a name imported inside a function is rarely another thing
    /// than the same name elsewhere in the file.
    pub(super) fn add(&mut self, stmt: &Stmt, imports: &mut Vec<Import>, all: Option<&[Name]>) {
        match stmt {
            Stmt::Import(import) => self.add_plain(import, imports),
            Stmt::ImportFrom(import) => self.add_from(import, imports, all),
            _ => {}
        }
    }

    fn add_plain(&mut self, import: &StmtImport, imports: &mut Vec<Import>) {
        for alias in &import.names {
            let written = alias.name.as_str();
            let module: Vec<Name> = written.split('.').map(Name::from).collect();
            let Some(first) = module.first().filter(|first| !first.is_empty()) else { continue };
            let local = alias.asname.as_ref().map_or_else(|| first.clone(), |name| name.as_str().into());
            let full = if alias.asname.is_some() { written.to_owned() } else { first.clone().into() };
            self.by_local.insert(local.clone(), full.into());
            // `import a.b` binds `a`; the path `a.b.x` is then found through the module `a`.
            let module = if alias.asname.is_some() { module } else { vec![first.clone()] };
            imports.push(Import {
                scope: Vec::new(),
                local: Some(local),
                module,
                name: None,
                exported: true,
                span: span(alias.range),
            });
        }
    }

    fn add_from(&mut self, import: &StmtImportFrom, imports: &mut Vec<Import>, all: Option<&[Name]>) {
        let dots = ".".repeat(import.level.min(64) as usize);
        let mut module: Vec<Name> = Vec::new();
        if !dots.is_empty() {
            module.push(dots.clone().into());
        }
        let written = import.module.as_ref().map_or("", |name| name.as_str());
        module.extend(written.split('.').filter(|part| !part.is_empty()).map(Name::from));
        for alias in &import.names {
            let name = alias.name.as_str();
            if name.is_empty() {
                continue;
            }
            if name == "*" {
                imports.push(Import {
                    scope: Vec::new(),
                    local: None,
                    module: module.clone(),
                    name: None,
                    exported: true,
                    span: span(alias.range),
                });
                continue;
            }
            let local = alias.asname.as_ref().map_or(name, |local| local.as_str()).to_owned();
            self.by_local.insert(local.clone().into(), format!("{dots}{written}.{name}").into());
            imports.push(Import {
                scope: Vec::new(),
                exported: all.is_none_or(|all| all.iter().any(|name| *name == local)) || !local.starts_with('_'),
                local: Some(local.into()),
                module: module.clone(),
                name: Some(name.into()),
                span: span(alias.range),
            });
        }
    }
}

/// The dotted path of an expression that is one: `a.b.c`. `None` for anything else, and for the empty names that error recovery
/// leaves behind.
pub(super) fn dotted(expr: &Expr) -> Option<Vec<&str>> {
    let mut path = Vec::new();
    let mut expr = expr;
    loop {
        match expr {
            Expr::Attribute(attribute) => {
                path.push(attribute.attr.as_str());
                expr = &attribute.value;
            }
            Expr::Name(name) => {
                path.push(name.id.as_str());
                path.reverse();
                return path.iter().all(|part| !part.is_empty()).then_some(path);
            }
            _ => return None,
        }
    }
}

/// The last name of an expression: of a path, or of the callee of a call.
pub(super) fn last_name(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Name(name) => Some(name.id.as_str()),
        Expr::Attribute(attribute) => Some(attribute.attr.as_str()),
        Expr::Call(call) => last_name(&call.func),
        Expr::Subscript(subscript) => last_name(&subscript.value),
        Expr::Await(inner) => last_name(&inner.value),
        _ => None,
    }
}
