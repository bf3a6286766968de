//! What one file says, in the terms of no language.
//!
//! A front end lowers a file to [`FileFacts`]; everything after it is written once for all languages. Facts depend on the
//! file's bytes and its name alone, so they are shared by every snapshot that holds the same blob: they carry byte spans and
//! never another file's content. Names are recorded as they are written; [`crate::link`] follows them.
//!
//! - [`types`]: declared types in wire form, with the names they refer to still unresolved;
//! - [`values`]: expressions, as far as a payload, an event name or an option can depend on them;
//! - [`calls`]: functions, their calls in order, and what surrounds each call;
//! - [`reads`]: which parts of a value a function looks at.

pub mod calls;
mod compact;
mod or_default;
pub mod reads;
pub mod rust_types;
pub mod types;
pub mod values;

use crate::source::Span;
pub use calls::{
    Argument, Call, CallKind, Case, Class, Completion, Enclosing, Function, Guard, Local, LocalKind, Surroundings, Swallowed,
};
pub use or_default::OrDefault;
pub use reads::{Read, Step};
pub use types::{Additional, FieldExpr, ObjectExpr, ObjectMember, TypeDecl, TypeExpr, TypeKind, TypeOp, TypeRef};
pub use values::{Constant, Expr, ExprKind, Literal, Made, RecordExpr, ValueMember};

/// A name or another short text of the source: what is no longer than most names needs no room of its own.
pub type Name = compact_str::CompactString;

/// Which side of a boundary a piece of code is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    Producer,
    Consumer,
}

impl Role {
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Producer => "producer",
            Role::Consumer => "consumer",
        }
    }
}

/// The languages that a front end reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LanguageId {
    Rust,
    TypeScript,
    Python,
    /// Manifests and other files that say how names are resolved, in no programming language.
    Project,
}

impl LanguageId {
    pub fn as_str(self) -> &'static str {
        match self {
            LanguageId::Rust => "rust",
            LanguageId::TypeScript => "typescript",
            LanguageId::Python => "python",
            LanguageId::Project => "project",
        }
    }
}

/// Everything that one file says.
#[derive(Clone, Debug)]
pub struct FileFacts {
    pub language: LanguageId,
    pub types: Vec<TypeDecl>,
    pub classes: Vec<Class>,
    pub constants: Vec<Constant>,
    /// Every function, method and closure; [`FnId`] is the index. Index 0 is the file's top level, where the language has one.
    pub functions: Vec<Function>,
    pub imports: Vec<Import>,
    /// Where values come from whose type is all that a payload needs to know of them.
    pub made: Vec<Made>,
    /// Waivers written on a line: `driftgate: allow(rule) reason`.
    pub waivers: Vec<Waiver>,
    pub diagnostics: Vec<FactDiagnostic>,
    /// Ranges that the parser could not read: what stood in them is unknown, never removed.
    pub unread: Vec<Span>,
    /// For manifests only: what the file says about modules and packages.
    pub manifest: Option<Manifest>,
    /// Whether the whole file is test code by its content (`#![cfg(test)]`); paths are judged by `link`.
    pub in_test: bool,
}

impl FileFacts {
    pub fn new(language: LanguageId) -> Self {
        FileFacts {
            language,
            types: Vec::new(),
            classes: Vec::new(),
            constants: Vec::new(),
            functions: Vec::new(),
            imports: Vec::new(),
            made: Vec::new(),
            waivers: Vec::new(),
            diagnostics: Vec::new(),
            unread: Vec::new(),
            manifest: None,
            in_test: false,
        }
    }
}

/// The index of a function in [`FileFacts::functions`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FnId(pub u32);

/// The index of a parameter or variable in [`Function::locals`]; parameters come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocalId(pub u32);

/// The index of a call in [`Function::calls`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(pub u32);

/// A name that this file takes from another module.
#[derive(Clone, Debug, PartialEq)]
pub struct Import {
    /// The inner module or namespace that the import stands in; empty at the top of the file.
    pub scope: Vec<Name>,
    /// The name it has here; `None` for a glob (`use x::*`, `export *`, `from x import *`).
    pub local: Option<Name>,
    /// The module as it is written: segments of a path (`crate::events` → `["crate", "events"]`; `from ..a.b import c` →
    /// `["..", "a", "b"]` with one leading element for all dots), or one element for a specifier (`"./bus"`, `"@acme/events"`).
    pub module: Vec<Name>,
    /// The name in that module; `None` for the module itself (`import * as x`, `import a.b`). A default export is `default`.
    pub name: Option<Name>,
    /// Whether others can import it from here again, under `local`.
    pub exported: bool,
    pub span: Span,
}

impl Import {
    /// Whether it gives what it takes this name, which is not the name that it has there.
    pub fn renames_to(&self, name: &str) -> bool {
        self.local.as_deref() == Some(name) && self.name.as_deref() != Some(name)
    }
}

/// `driftgate: allow(rule) reason` in a comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiver {
    pub rule: String,
    /// Empty where none is given, which is an error of its own.
    pub reason: String,
    pub span: Span,
}

/// A diagnostic whose file is the one that the facts are of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactDiagnostic {
    pub severity: crate::finding::Severity,
    /// `None` where the whole file is meant.
    pub span: Option<Span>,
    pub message: String,
}

/// What a manifest says about names. Fields that its format does not have stay empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Manifest {
    /// The package's name (`Cargo.toml`, `package.json`, `pyproject.toml`).
    pub package: Option<String>,
    /// The name by which code imports the library, where it differs (`[lib] name`).
    pub library: Option<String>,
    /// The library's root file, relative to the manifest (`src/lib.rs`; `main`, `module`, `types` or `source`).
    pub roots: Vec<String>,
    /// Subpath exports and imports: (`.`, `./events`, `#internal/*`) → candidates, relative to the manifest.
    pub exports: Vec<(String, Vec<String>)>,
    /// Path aliases (`tsconfig.json` `paths`), pattern → candidates, relative to `base_url`.
    pub aliases: Vec<(String, Vec<String>)>,
    /// `tsconfig.json` `baseUrl`, relative to the file.
    pub base_url: Option<String>,
    /// Manifests that this one extends.
    pub extends: Vec<String>,
    /// Workspace members, as globs relative to the manifest.
    pub members: Vec<String>,
    /// Names of dependencies that are renamed or lie in a folder: local name → (package, relative folder).
    pub dependencies: Vec<(String, Option<String>, Option<String>)>,
    /// Folders that hold importable packages (`package-dir`, `where`), relative to the manifest.
    pub source_folders: Vec<String>,
}
