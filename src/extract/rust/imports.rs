//! Imports, and the names that a file declares: collected before anything else is lowered.

use syn::{Item, ItemUse, UseTree};

use super::attrs::{self, Serde};
use super::items::{MODULE_DEPTH, is_public};
use super::names::Names;
use super::spans::Spans;
use super::types::{peeled, plain};
use crate::facts::{Import, Name};

/// The module of an import that stands for `mod x;`, which other code reaches like an import: `["#[mod]", "x"]`.
pub const CHILD_MODULE: &str = "#[mod]";

/// The same for `#[path = "file.rs"] mod x;`: `["#[path]", "file.rs"]`.
pub const PATH_MODULE: &str = "#[path]";

/// The imports of a file and the names that it declares.
pub fn names_of(items: &[Item], spans: &Spans) -> (Names, Vec<Import>) {
    let mut collector = Collector { spans, names: Names::default(), imports: Vec::new(), scope: Vec::new() };
    collector.items(items, MODULE_DEPTH);
    (collector.names, collector.imports)
}

/// What a `use` inside of a function brings in sight, as if it stood in the module around.
pub fn imports_of(item: &ItemUse, spans: &Spans, scope: &[Name]) -> Vec<Import> {
    let mut collector = Collector { spans, names: Names::default(), imports: Vec::new(), scope: scope.to_vec() };
    collector.import(item);
    collector.imports
}

struct Collector<'a> {
    spans: &'a Spans,
    names: Names,
    imports: Vec<Import>,
    scope: Vec<Name>,
}

impl Collector<'_> {
    fn items(&mut self, items: &[Item], depth: usize) {
        for item in items {
            match item {
                Item::Use(item) => self.import(item),
                Item::ExternCrate(item) => {
                    let local = item.rename.as_ref().map_or(&item.ident, |(_, rename)| rename);
                    self.push(Some(plain(local)), vec![plain(&item.ident)], None, is_public(&item.vis), item.ident.span());
                }
                Item::Struct(item) => {
                    let name = plain(&item.ident);
                    if Serde::of(&attrs::metas(&item.attrs)).remote {
                        self.names.declare_remote(&self.scope, name.clone());
                    }
                    self.names.declare(&self.scope, name);
                }
                Item::Enum(item) => {
                    let name = plain(&item.ident);
                    if Serde::of(&attrs::metas(&item.attrs)).remote {
                        self.names.declare_remote(&self.scope, name.clone());
                    }
                    self.names.declare(&self.scope, name);
                }
                Item::Type(item) => {
                    let name = plain(&item.ident);
                    if matches!(peeled(&item.ty), syn::Type::Path(path) if path.path.segments.last().is_some_and(|segment| segment.ident == "Option"))
                    {
                        self.names.declare_optional(&self.scope, name.clone());
                    }
                    self.names.declare(&self.scope, name);
                }
                Item::Trait(item) => self.names.declare(&self.scope, plain(&item.ident)),
                Item::Union(item) => self.names.declare(&self.scope, plain(&item.ident)),
                Item::Fn(item) => self.names.declare(&self.scope, plain(&item.sig.ident)),
                Item::Const(item) => self.names.declare(&self.scope, plain(&item.ident)),
                Item::Static(item) => self.names.declare(&self.scope, plain(&item.ident)),
                Item::Mod(module) => {
                    let name = plain(&module.ident);
                    match &module.content {
                        Some((_, items)) if depth > 0 => {
                            self.scope.push(name.clone());
                            self.names.open_module(&self.scope);
                            self.items(items, depth - 1);
                            self.scope.pop();
                        }
                        Some(_) => {}
                        None => {
                            let path = attrs::metas(&module.attrs)
                                .iter()
                                .filter(|meta| meta.path().is_ident("path"))
                                .find_map(attrs::text_of);
                            let target = match path {
                                Some(path) => vec![PATH_MODULE.into(), path.value().into()],
                                None => vec![CHILD_MODULE.into(), name.clone()],
                            };
                            self.imports.push(Import {
                                scope: self.scope.clone(),
                                local: Some(name.clone()),
                                module: target,
                                name: None,
                                exported: is_public(&module.vis),
                                span: self.spans.of(module.ident.span()),
                            });
                        }
                    }
                    self.names.declare(&self.scope, name);
                }
                _ => {}
            }
        }
    }

    fn import(&mut self, item: &ItemUse) {
        self.tree(&item.tree, &mut Vec::new(), is_public(&item.vis));
    }

    fn tree(&mut self, tree: &UseTree, prefix: &mut Vec<Name>, exported: bool) {
        match tree {
            UseTree::Path(path) => {
                prefix.push(plain(&path.ident));
                self.tree(&path.tree, prefix, exported);
                prefix.pop();
            }
            UseTree::Name(name) => {
                let ident = plain(&name.ident);
                if ident == "self" {
                    let Some((last, front)) = prefix.split_last() else { return };
                    let (local, front, last) = (last.clone(), front.to_vec(), last.clone());
                    self.leaf(local, front, last, exported, name.ident.span());
                } else {
                    self.leaf(ident.clone(), prefix.clone(), ident, exported, name.ident.span());
                }
            }
            UseTree::Rename(rename) => {
                let local = plain(&rename.rename);
                if local == "_" {
                    return;
                }
                let ident = plain(&rename.ident);
                let at = rename.rename.span();
                if ident == "self" {
                    let Some((last, front)) = prefix.split_last() else { return };
                    let (front, last) = (front.to_vec(), last.clone());
                    self.leaf(local, front, last, exported, at);
                } else {
                    self.leaf(local, prefix.clone(), ident, exported, at);
                }
            }
            UseTree::Glob(glob) => self.push(None, prefix.clone(), None, exported, glob.star_token.spans[0]),
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.tree(tree, prefix, exported);
                }
            }
        }
    }

    fn leaf(&mut self, local: Name, module: Vec<Name>, name: Name, exported: bool, at: proc_macro2::Span) {
        if module.is_empty() {
            self.push(Some(local), vec![name], None, exported, at);
        } else {
            self.push(Some(local), module, Some(name), exported, at);
        }
    }

    fn push(&mut self, local: Option<Name>, module: Vec<Name>, name: Option<Name>, exported: bool, at: proc_macro2::Span) {
        let import = Import { scope: self.scope.clone(), local, module, name, exported, span: self.spans.of(at) };
        self.names.import(&import);
        self.imports.push(import);
    }
}
