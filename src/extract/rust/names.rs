//! What a file's own imports and declarations say about the names in it: enough to know a well-known crate's type or function.

use std::borrow::Cow;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::facts::{Import, Name};

/// How many globs and aliases are followed for one name.
const FOLLOW_BUDGET: usize = 16;

/// The names of one file, by inner module.
#[derive(Default)]
pub struct Names {
    scopes: FxHashMap<Vec<Name>, Scope>,
}

/// The names of one inner module, or of what stands inside of a type.
#[derive(Default)]
struct Scope {
    /// Whether it is a module. The rest of a scope is a type, whose body sees what the module around it sees.
    is_module: bool,
    imports: FxHashMap<Name, Vec<Name>>,
    globs: Vec<Vec<Name>>,
    declared: FxHashSet<Name>,
    /// Aliases of options: a missing field of such a type reads as `None`.
    optional: FxHashSet<Name>,
    /// Types with `#[serde(remote = "…")]`, which `with` may name.
    remote: FxHashSet<Name>,
}

impl Names {
    fn scope(&mut self, scope: &[Name]) -> &mut Scope {
        if !self.scopes.contains_key(scope) {
            self.scopes.insert(scope.to_vec(), Scope::default());
        }
        self.scopes.get_mut(scope).expect("it was just put there")
    }

    pub fn import(&mut self, import: &Import) {
        let mut path = import.module.clone();
        path.extend(import.name.clone());
        let scope = self.scope(&import.scope);
        match &import.local {
            Some(local) => {
                scope.imports.insert(local.clone(), path);
            }
            None => scope.globs.push(path),
        }
    }

    pub fn open_module(&mut self, scope: &[Name]) {
        self.scope(scope).is_module = true;
    }

    /// The module that a scope lies in.
    fn module_of<'s>(&self, scope: &'s [Name]) -> &'s [Name] {
        let mut module = scope;
        while let Some((_, outer)) = module.split_last()
            && !self.scopes.get(module).is_some_and(|known| known.is_module)
        {
            module = outer;
        }
        module
    }

    fn around(&self, scope: &[Name]) -> Option<&Scope> {
        self.scopes.get(self.module_of(scope))
    }

    pub fn declare(&mut self, scope: &[Name], name: Name) {
        self.scope(scope).declared.insert(name);
    }

    pub fn declare_optional(&mut self, scope: &[Name], name: Name) {
        self.scope(scope).optional.insert(name);
    }

    pub fn declare_remote(&mut self, scope: &[Name], name: Name) {
        self.scope(scope).remote.insert(name);
    }

    pub fn is_declared(&self, scope: &[Name], name: &str) -> bool {
        self.around(scope).is_some_and(|known| known.declared.contains(name))
    }

    pub fn is_optional_alias(&self, scope: &[Name], path: &[Name]) -> bool {
        matches!(path, [name] if self.around(scope).is_some_and(|known| known.optional.contains(name)))
    }

    pub fn is_remote(&self, scope: &[Name], path: &[Name]) -> bool {
        matches!(path, [name] if self.around(scope).is_some_and(|known| known.remote.contains(name)))
    }

    /// The full path of a name as written in an inner module. `None` where this file declares it itself; a name that it neither
    /// declares nor imports stays as it is, and is one of the prelude or the name of a crate.
    pub fn expand<'p>(&self, scope: &[Name], path: &'p [Name]) -> Option<Cow<'p, [Name]>> {
        self.follow(self.module_of(scope), path, &mut FOLLOW_BUDGET.clone())
    }

    fn follow<'p>(&self, scope: &[Name], path: &'p [Name], budget: &mut usize) -> Option<Cow<'p, [Name]>> {
        if *budget == 0 {
            return Some(path.into());
        }
        *budget -= 1;
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "self" => return self.follow(scope, rest, budget),
            "super" => {
                return match scope.split_last() {
                    Some((_, outer)) => self.follow(outer, rest, budget),
                    None => Some(path.into()),
                };
            }
            "crate" => return Some(path.into()),
            _ => {}
        }
        let Some(names) = self.scopes.get(scope) else { return Some(path.into()) };
        if names.declared.contains(first) {
            return None;
        }
        if let Some(target) = names.imports.get(first) {
            let mut full = target.clone();
            full.extend(rest.iter().cloned());
            // `use chrono as time;` and `use std::collections; use collections::HashMap;` lead one step on.
            return if full.first() == path.first() {
                Some(full.into())
            } else {
                self.follow(scope, &full, budget).map(|found| found.into_owned().into())
            };
        }
        for glob in &names.globs {
            match glob.first().map(Name::as_str) {
                Some("super") if !scope.is_empty() => {
                    let mut full = glob.clone();
                    full.extend(path.iter().cloned());
                    let found = self.follow(scope, &full, budget);
                    if found.as_deref() != Some(path) {
                        return found.map(|found| found.into_owned().into());
                    }
                }
                Some("chrono" | "std" | "core" | "alloc" | "serde_json" | "uuid" | "time" | "jiff") if path.len() == 1 => {
                    let mut full = glob.clone();
                    full.extend(path.iter().cloned());
                    // Only a name that the crate is known to have: a glob proves nothing of the others.
                    let words: Vec<&str> = full.iter().map(Name::as_str).collect();
                    let known = crate::facts::rust_types::known(&words, &[], crate::facts::Role::Producer, Default::default());
                    if known.is_some() || matches!(first.as_str(), "Utc" | "from_str" | "from_slice" | "from_value" | "to_value")
                    {
                        return Some(full.into());
                    }
                }
                _ => {}
            }
        }
        Some(path.into())
    }
}
