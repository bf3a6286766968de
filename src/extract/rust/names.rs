//! What a file's own imports and declarations say about the names in it: enough to know a well-known crate's type or function.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::facts::Import;

/// How many globs and aliases are followed for one name.
const FOLLOW_BUDGET: usize = 16;

/// The names of one file, by inner module.
#[derive(Default)]
pub struct Names {
    imports: FxHashMap<(Vec<String>, String), Vec<String>>,
    globs: FxHashMap<Vec<String>, Vec<Vec<String>>>,
    declared: FxHashSet<(Vec<String>, String)>,
    /// Inner modules. The rest of a scope is a type, whose body sees what the module around it sees.
    modules: FxHashSet<Vec<String>>,
    /// Aliases of options: a missing field of such a type reads as `None`.
    optional: FxHashSet<(Vec<String>, String)>,
    /// Types with `#[serde(remote = "…")]`, which `with` may name.
    remote: FxHashSet<(Vec<String>, String)>,
}

impl Names {
    pub fn import(&mut self, import: &Import) {
        let mut path = import.module.clone();
        path.extend(import.name.clone());
        match &import.local {
            Some(local) => {
                self.imports.insert((import.scope.clone(), local.clone()), path);
            }
            None => self.globs.entry(import.scope.clone()).or_default().push(path),
        }
    }

    pub fn open_module(&mut self, scope: &[String]) {
        self.modules.insert(scope.to_vec());
    }

    /// The module that a scope lies in.
    fn module_of<'s>(&self, scope: &'s [String]) -> &'s [String] {
        let mut module = scope;
        while let Some((_, outer)) = module.split_last()
            && !self.modules.contains(module)
        {
            module = outer;
        }
        module
    }

    pub fn declare(&mut self, scope: &[String], name: String) {
        self.declared.insert((scope.to_vec(), name));
    }

    pub fn declare_optional(&mut self, scope: &[String], name: String) {
        self.optional.insert((scope.to_vec(), name));
    }

    pub fn declare_remote(&mut self, scope: &[String], name: String) {
        self.remote.insert((scope.to_vec(), name));
    }

    pub fn is_declared(&self, scope: &[String], name: &str) -> bool {
        self.declared.contains(&(self.module_of(scope).to_vec(), name.to_owned()))
    }

    pub fn is_optional_alias(&self, scope: &[String], path: &[String]) -> bool {
        matches!(path, [name] if self.optional.contains(&(self.module_of(scope).to_vec(), name.clone())))
    }

    pub fn is_remote(&self, scope: &[String], path: &[String]) -> bool {
        matches!(path, [name] if self.remote.contains(&(self.module_of(scope).to_vec(), name.clone())))
    }

    /// The full path of a name as written in an inner module. `None` where this file declares it itself; a name that it neither
    /// declares nor imports stays as it is, and is one of the prelude or the name of a crate.
    pub fn expand(&self, scope: &[String], path: &[String]) -> Option<Vec<String>> {
        self.follow(self.module_of(scope), path, &mut FOLLOW_BUDGET.clone())
    }

    fn follow(&self, scope: &[String], path: &[String], budget: &mut usize) -> Option<Vec<String>> {
        if *budget == 0 {
            return Some(path.to_vec());
        }
        *budget -= 1;
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "self" => return self.follow(scope, rest, budget),
            "super" => {
                return match scope.split_last() {
                    Some((_, outer)) => self.follow(outer, rest, budget),
                    None => Some(path.to_vec()),
                };
            }
            "crate" => return Some(path.to_vec()),
            _ => {}
        }
        let key = (scope.to_vec(), first.clone());
        if self.declared.contains(&key) {
            return None;
        }
        if let Some(target) = self.imports.get(&key) {
            let mut full = target.clone();
            full.extend(rest.iter().cloned());
            // `use chrono as time;` and `use std::collections; use collections::HashMap;` lead one step on.
            return if full.first() == path.first() { Some(full) } else { self.follow(scope, &full, budget) };
        }
        for glob in self.globs.get(scope).map(Vec::as_slice).unwrap_or_default() {
            match glob.first().map(String::as_str) {
                Some("super") if !scope.is_empty() => {
                    let mut full = glob.clone();
                    full.extend(path.iter().cloned());
                    let found = self.follow(scope, &full, budget);
                    if found.as_deref() != Some(path) {
                        return found;
                    }
                }
                Some("chrono" | "std" | "core" | "alloc" | "serde_json" | "uuid" | "time" | "jiff") if path.len() == 1 => {
                    let mut full = glob.clone();
                    full.extend(path.iter().cloned());
                    // Only a name that the crate is known to have: a glob proves nothing of the others.
                    let words: Vec<&str> = full.iter().map(String::as_str).collect();
                    let known = crate::facts::rust_types::known(&words, &[], crate::facts::Role::Producer, Default::default());
                    if known.is_some() || matches!(first.as_str(), "Utc" | "from_str" | "from_slice" | "from_value" | "to_value")
                    {
                        return Some(full);
                    }
                }
                _ => {}
            }
        }
        Some(path.to_vec())
    }
}
