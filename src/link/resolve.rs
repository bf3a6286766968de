//! Names across files: scopes, imports, re-exports, globs and aliases, the same in every language.
//!
//! What a written module path means is each language's own business ([`super::modules`]).

use std::cell::RefCell;

use rustc_hash::FxHashMap;

use super::index::{Symbol, key};
use super::modules::{FileId, FileUnit, Files, ModuleId, Modules};
use crate::facts::{Class, Constant, FnId, Function, Import, LanguageId, Name, TypeDecl};

/// Imports followed before giving up on a name: a longer chain is a cycle or an attack.
const MAX_HOPS: u32 = 24;

/// A declaration, by its file and its index there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeclId {
    pub file: FileId,
    pub index: u32,
}

/// A function, by its file and its index there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FnRef {
    pub file: FileId,
    pub id: FnId,
}

/// What a name stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entity {
    Type(DeclId),
    Class(DeclId),
    Constant(DeclId),
    Function(FnRef),
    Module(ModuleId),
    /// Something outside the repository, by its full path: `["chrono", "DateTime"]`.
    External(Vec<Name>),
}

/// An entity, and what of the path is left: members of a constant or a class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub entity: Entity,
    pub rest: Vec<Name>,
}

/// Which kind of declaration a name is looked up for, where one name has several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Want {
    Type,
    Class,
    Value,
}

/// The files of one snapshot with everything needed to follow names.
pub struct Program<'a> {
    pub files: Files<'a>,
    rust: Box<dyn Modules>,
    typescript: Box<dyn Modules>,
    python: Box<dyn Modules>,
    /// Members by the last element of their scope and their name, for members declared in another file than their type.
    members: FxHashMap<Name, Vec<Entity>>,
    /// Methods by name.
    methods: FxHashMap<&'a str, Vec<FnRef>>,
    /// Files by the last names that are called in them.
    calling: FxHashMap<&'a str, Vec<FileId>>,
    /// Classes by the last name of each base.
    heirs: FxHashMap<&'a str, Vec<DeclId>>,
    /// The models of Prisma schemas by name.
    tables: FxHashMap<&'a str, DeclId>,
    /// The packages of JavaScript by their folder, the deepest first, with their names.
    packages: Vec<(&'a str, &'a str)>,
    memo: RefCell<FxHashMap<(FileId, Want, Name), Option<Found>>>,
}

impl<'a> Program<'a> {
    /// Takes units sorted by path.
    pub fn new(units: &'a [FileUnit]) -> Self {
        let files = Files::new(units);
        let (rust, typescript, python): (Box<dyn Modules>, Box<dyn Modules>, Box<dyn Modules>) = (
            Box::new(super::modules::rust::build(&files)),
            Box::new(super::modules::typescript::build(&files)),
            Box::new(super::modules::python::build(&files)),
        );
        let mut members: FxHashMap<Name, Vec<Entity>> = FxHashMap::default();
        let mut methods: FxHashMap<&'a str, Vec<FnRef>> = FxHashMap::default();
        let mut heirs: FxHashMap<&'a str, Vec<DeclId>> = FxHashMap::default();
        let mut calling: FxHashMap<&'a str, Vec<FileId>> = FxHashMap::default();
        for (at, unit) in units.iter().enumerate() {
            let file = FileId(at as u32);
            for name in unit.index.calls.keys() {
                calling.entry(name.as_str()).or_default().push(file);
            }
            for (index, constant) in unit.facts.constants.iter().enumerate() {
                if let Some(owner) = constant.scope.last() {
                    let entity = Entity::Constant(DeclId { file, index: index as u32 });
                    members.entry(key(std::slice::from_ref(owner), &constant.name)).or_default().push(entity);
                }
            }
            for (index, function) in unit.facts.functions.iter().enumerate() {
                if function.is_method
                    && let Some(owner) = function.scope.last()
                {
                    let reference = FnRef { file, id: FnId(index as u32) };
                    members
                        .entry(key(std::slice::from_ref(owner), &function.name))
                        .or_default()
                        .push(Entity::Function(reference));
                    methods.entry(function.name.as_str()).or_default().push(reference);
                }
            }
            for (index, class) in unit.facts.classes.iter().enumerate() {
                for base in &class.bases {
                    if let Some(name) = base.last() {
                        heirs.entry(name.as_str()).or_default().push(DeclId { file, index: index as u32 });
                    }
                }
            }
        }
        let mut packages: Vec<(&'a str, &'a str)> = units
            .iter()
            .filter(|unit| unit.path.file_name() == "package.json")
            .filter_map(|unit| Some((unit.path.parent(), unit.facts.manifest.as_ref()?.package.as_deref()?)))
            .collect();
        packages.sort_by_key(|(folder, _)| (std::cmp::Reverse(folder.len()), *folder));
        let mut tables: FxHashMap<&'a str, DeclId> = FxHashMap::default();
        for (at, unit) in units.iter().enumerate().filter(|(_, unit)| unit.path.as_str().ends_with(".prisma")) {
            for (index, decl) in unit.facts.types.iter().enumerate() {
                tables.entry(decl.name.as_str()).or_insert(DeclId { file: FileId(at as u32), index: index as u32 });
            }
        }
        Program { files, rust, typescript, python, members, methods, calling, heirs, tables, packages, memo: RefCell::default() }
    }

    /// The model of a database's schema that goes by this name.
    pub fn table(&self, name: &str) -> Option<DeclId> {
        self.tables.get(name).copied()
    }

    /// Whether code of one file can come by values of a class in another: it is of the same package of JavaScript, or imports
    /// the other's by name.
    pub fn may_know(&self, file: FileId, other: FileId) -> bool {
        let of = |file: FileId| {
            let path = self.files.unit(file).path.as_str();
            let inside = |folder: &str| folder.is_empty() || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
            self.packages.iter().find(|(folder, _)| inside(folder))
        };
        match (of(file), of(other)) {
            (Some(own), Some(foreign)) if own != foreign => {
                let imports = &self.files.unit(file).facts.imports;
                imports
                    .iter()
                    .filter_map(|import| import.module.first())
                    .any(|module| module.strip_prefix(foreign.1).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
            }
            (_, _) => true,
        }
    }

    /// The scope in which the names of a function's body are looked up: in Python, classes around it do not count.
    pub fn visible_scope(&self, reference: FnRef) -> &'a [Name] {
        let function = self.function(reference);
        match self.files.unit(reference.file).facts.language {
            LanguageId::Python if reference.id.0 != 0 => &[],
            _ => &function.scope,
        }
    }

    pub fn function(&self, reference: FnRef) -> &'a Function {
        &self.files.unit(reference.file).facts.functions[reference.id.0 as usize]
    }

    /// The function that stands `out` functions around this one.
    pub fn outer(&self, function: FnRef, out: u32) -> Option<FnRef> {
        let mut outer = function;
        for _ in 0..out {
            outer = FnRef { file: outer.file, id: self.function(outer).parent?.0 };
        }
        Some(outer)
    }

    pub fn type_decl(&self, id: DeclId) -> &'a TypeDecl {
        &self.files.unit(id.file).facts.types[id.index as usize]
    }

    pub fn class(&self, id: DeclId) -> &'a Class {
        &self.files.unit(id.file).facts.classes[id.index as usize]
    }

    pub fn constant(&self, id: DeclId) -> &'a Constant {
        &self.files.unit(id.file).facts.constants[id.index as usize]
    }

    /// Every method of this name in the repository.
    pub fn methods_named(&self, name: &str) -> &[FnRef] {
        self.methods.get(name).map_or(&[], Vec::as_slice)
    }

    /// The files that call something of this name, in the order of their paths.
    pub fn calling(&self, name: &str) -> &[FileId] {
        self.calling.get(name).map_or(&[], Vec::as_slice)
    }

    /// The classes that name `class` among their bases.
    pub fn heirs_of(&self, class: DeclId) -> Vec<DeclId> {
        let declared = self.class(class);
        let candidates = self.heirs.get(declared.name.as_str()).map_or(&[][..], Vec::as_slice);
        candidates
            .iter()
            .copied()
            .filter(|heir| {
                let heir_class = self.class(*heir);
                heir_class.bases.iter().any(|base| {
                    self.resolve(heir.file, &heir_class.scope, base, Want::Class)
                        .is_some_and(|found| found.entity == Entity::Class(class))
                })
            })
            .collect()
    }

    /// The member `name` of the class or type `owner`, wherever it is declared. `None` where several types of that name have one.
    pub fn member_of(&self, owner: &str, near: FileId, name: &str) -> Option<Entity> {
        let found = self.members.get(&key(&[owner.into()], name))?;
        let in_file = |entity: &&Entity| match entity {
            Entity::Constant(id) => id.file == near,
            Entity::Function(reference) => reference.file == near,
            Entity::Type(_) | Entity::Class(_) | Entity::Module(_) | Entity::External(_) => false,
        };
        found.iter().find(in_file).or(if found.len() == 1 { found.first() } else { None }).cloned()
    }

    /// What `path` stands for where it is written in `scope` of `file`. `None` where nothing is known by that name.
    pub fn resolve(&self, file: FileId, scope: &[Name], path: &[Name], want: Want) -> Option<Found> {
        if path.is_empty() {
            return None;
        }
        let mut written = Name::default();
        for part in scope {
            written.push_str(part);
            written.push('\u{1f}');
        }
        for part in path {
            written.push('\u{1e}');
            written.push_str(part);
        }
        let memo_key = (file, want, written);
        if let Some(known) = self.memo.borrow().get(&memo_key) {
            return known.clone();
        }
        let found = self.resolve_in_scopes(file, scope, path, want, 0);
        self.memo.borrow_mut().insert(memo_key, found.clone());
        found
    }

    fn modules(&self, file: FileId) -> &dyn Modules {
        match self.files.unit(file).facts.language {
            LanguageId::Rust | LanguageId::Project => &*self.rust,
            LanguageId::TypeScript => &*self.typescript,
            LanguageId::Python => &*self.python,
        }
    }

    fn resolve_in_scopes(&self, file: FileId, scope: &[Name], path: &[Name], want: Want, hops: u32) -> Option<Found> {
        if hops > MAX_HOPS {
            return None;
        }
        let mut external = None;
        for depth in (0..=scope.len()).rev() {
            // In Rust a type opens no scope of names: inside `enum Method { Card(Card) }`, `Card` is the struct beside it.
            if depth > 0 && self.is_rust_type(file, &scope[..depth]) {
                continue;
            }
            let module = ModuleId { file, scope: scope[..depth].to_vec() };
            if let Some(found) = self.resolve_in(&module, path, want, hops, true) {
                match found.entity {
                    Entity::External(_) => external = external.or(Some(found)),
                    _ => return Some(found),
                }
            }
        }
        let from = ModuleId { file, scope: scope.to_vec() };
        if path.len() > 1 {
            for split in (1..path.len()).rev() {
                if let Some(module) = self.modules(file).find(&from, &path[..split])
                    && let Some(found) = self.resolve_in(&module, &path[split..], want, hops + 1, false)
                {
                    return Some(found);
                }
            }
        }
        if external.is_none()
            && let Some(module) = self.modules(file).find(&from, path)
        {
            return Some(Found { entity: Entity::Module(module), rest: Vec::new() });
        }
        external.or_else(|| (path.len() > 1).then(|| Found { entity: Entity::External(path.to_vec()), rest: Vec::new() }))
    }

    fn is_rust_type(&self, file: FileId, scope: &[Name]) -> bool {
        let unit = self.files.unit(file);
        let Some((name, outer)) = scope.split_last() else { return false };
        unit.facts.language == LanguageId::Rust
            && unit.index.symbols(outer, name).iter().any(|symbol| matches!(symbol, Symbol::Type(_) | Symbol::Class(_)))
    }

    /// Looks `path` up in exactly one module; `inside` where the asking code stands in it and sees what is not exported.
    fn resolve_in(&self, module: &ModuleId, path: &[Name], want: Want, hops: u32, inside: bool) -> Option<Found> {
        if hops > MAX_HOPS {
            return None;
        }
        let (name, rest) = path.split_first()?;
        let unit = self.files.unit(module.file);
        let mut imported = None;
        let mut declared: Option<(u8, Found)> = None;
        for symbol in unit.index.symbols(&module.scope, name) {
            let (entity, rank) = match *symbol {
                Symbol::Import(index) => {
                    imported = Some(index);
                    continue;
                }
                Symbol::Type(index) => {
                    (Entity::Type(DeclId { file: module.file, index }), if want == Want::Type { 0 } else { 2 })
                }
                Symbol::Class(index) => {
                    (Entity::Class(DeclId { file: module.file, index }), if want == Want::Class { 0 } else { 3 })
                }
                Symbol::Constant(index) => {
                    (Entity::Constant(DeclId { file: module.file, index }), if want == Want::Value { 0 } else { 4 })
                }
                Symbol::Function(id) => {
                    (Entity::Function(FnRef { file: module.file, id }), if want == Want::Value { 1 } else { 5 })
                }
            };
            if declared.as_ref().is_none_or(|(best, _)| rank < *best) {
                declared = Some((rank, Found { entity, rest: rest.to_vec() }));
            }
        }
        // A declared name with more of a path behind it: a member declared beside it, or the rest is left to the caller.
        if let Some((_, found)) = declared {
            if rest.is_empty() {
                return Some(found);
            }
            let mut inner = module.scope.clone();
            inner.push(name.clone());
            let nested = ModuleId { file: module.file, scope: inner };
            if let Some(member) = self.resolve_in(&nested, rest, want, hops + 1, inside) {
                return Some(member);
            }
            if !matches!(found.entity, Entity::Constant(_))
                && let Some(entity) = self.member_of(name, module.file, &rest[0])
            {
                return Some(Found { entity, rest: rest[1..].to_vec() });
            }
            return Some(found);
        }
        if let Some(index) = imported
            && let Some(found) = self.follow(module, &unit.facts.imports[index as usize], rest, want, hops + 1)
        {
            return Some(found);
        }
        let mut inner = module.scope.clone();
        inner.push(name.clone());
        if unit.index.has_scope(&inner) && !rest.is_empty() {
            let nested = ModuleId { file: module.file, scope: inner };
            if let Some(found) = self.resolve_in(&nested, rest, want, hops + 1, inside) {
                return Some(found);
            }
        }
        if let Some(child) = self.modules(module.file).child(module, name) {
            if rest.is_empty() {
                return Some(Found { entity: Entity::Module(child), rest: Vec::new() });
            }
            if let Some(found) = self.resolve_in(&child, rest, want, hops + 1, false) {
                return Some(found);
            }
        }
        for glob in unit.index.globs(&module.scope) {
            let import = &unit.facts.imports[*glob as usize];
            if !inside && !import.exported && unit.facts.language != LanguageId::Python {
                continue;
            }
            if let Some(target) = self.modules(module.file).find(module, &import.module)
                && target != *module
                && let Some(found) = self.resolve_in(&target, path, want, hops + 4, false)
                && !matches!(found.entity, Entity::External(_))
            {
                return Some(found);
            }
        }
        if hops < MAX_HOPS {
            let parts = self.modules(module.file).parts(module);
            return parts.iter().find_map(|part| self.resolve_in(part, path, want, MAX_HOPS, false));
        }
        None
    }

    fn follow(&self, from: &ModuleId, import: &Import, rest: &[Name], want: Want, hops: u32) -> Option<Found> {
        let target = self.modules(from.file).find(from, &import.module);
        let found = match (&target, &import.name) {
            (Some(module), Some(name)) => {
                let path: Vec<Name> = std::iter::once(name.clone()).chain(rest.iter().cloned()).collect();
                self.resolve_in(module, &path, want, hops, false)
            }
            (Some(module), None) if rest.is_empty() => Some(Found { entity: Entity::Module(module.clone()), rest: Vec::new() }),
            (Some(module), None) => self.resolve_in(module, rest, want, hops, false),
            // The path may itself go through another import or a declaration: `use Event::Signup`, `use events::Signup`.
            (None, name) if import.module.len() < 8 && from.scope.len() < 8 => {
                let mut path = import.module.clone();
                path.extend(name.iter().cloned());
                path.extend(rest.iter().cloned());
                let through = import.module.first().is_some_and(|first| import.local.as_ref() != Some(first));
                if through && self.files.unit(from.file).facts.language == LanguageId::Rust {
                    self.resolve_in(from, &path, want, hops + 4, true)
                        .filter(|found| !matches!(found.entity, Entity::External(_)))
                } else {
                    None
                }
            }
            (None, _) => None,
        };
        found.or_else(|| {
            target.is_none().then(|| {
                let mut path = import.module.clone();
                path.extend(import.name.iter().cloned());
                path.extend(rest.iter().cloned());
                Found { entity: Entity::External(path), rest: Vec::new() }
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::extract::{extract, language_of};
    use crate::link::boundaries::named_types;
    use crate::link::modules::FileUnit;
    use crate::shape::lower::{Silence, document};
    use crate::source::{BlobId, RepoPath, SourceText};

    #[test]
    fn a_variant_named_like_its_struct_holds_the_struct() {
        let text = "#[derive(Serialize)] pub struct Card { last4: String }\n#[derive(Serialize)] #[serde(untagged)] pub enum Method { Card(Card) }\n";
        let source = SourceText::new(RepoPath::new("src/lib.rs"), BlobId::from_bytes(&[0; 20]), text);
        let language = language_of(&source.path).expect("a Rust file has a language");
        let units = [FileUnit::new(source.path.clone(), Arc::new(extract(language, &source)))];
        let types = named_types(&units);
        let method = types.iter().find(|named| named.name == "Method").expect("the enum is there");
        let schema = document(&method.write, Silence::Open);
        assert_eq!(schema["properties"]["last4"]["type"], "string", "{schema:#}");
    }
}
