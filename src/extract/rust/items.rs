//! Items to facts: modules, imports, declarations, constants, and the frames of functions.

use rustc_hash::FxHashMap;
use syn::{Fields, ImplItem, Item, ItemImpl, Meta, TraitItem, Visibility};

use super::attrs::{self, Serde};
use super::body::Frame;
use super::declare::Declaration;
use super::names::Names;
use super::spans::Spans;
use super::texts::Mapping;
use super::types::{TypeContext, path_span, peeled, plain, segments, type_param_names};
use crate::facts::types::TypeParam;
use crate::facts::{
    Argument, Call, CallKind, Class, Constant, Expr, ExprKind, FactDiagnostic, FileFacts, Import, LanguageId, Name, Role,
    Surroundings, TypeDecl, TypeExpr, TypeKind, TypeRef, ValueMember,
};
use crate::finding::Severity;
use crate::source::Span;

/// How deep modules are walked.
pub const MODULE_DEPTH: usize = 32;

/// How many branches, loops and conditions around calls are recorded in one file. Past this only the nearest are.
const SURROUNDINGS_BUDGET: usize = 100_000;

/// What a hand-written `impl Serialize` and `impl Deserialize` of this file say.
#[derive(Clone, Debug, Default)]
pub struct Manual {
    pub write: Option<TypeExpr>,
    pub read: Option<TypeExpr>,
}

/// One file on its way to facts.
pub struct Lowering<'a> {
    pub text: &'a str,
    pub spans: &'a Spans,
    pub names: &'a Names,
    pub facts: FileFacts,
    /// The inner module.
    pub scope: Vec<Name>,
    pub in_test: bool,
    /// What `Self` means here.
    pub self_type: Option<TypeRef>,
    /// Whether the methods at hand are those of a trait itself.
    pub in_trait: bool,
    /// Type parameters in sight, of the impl and the functions around.
    pub params: Vec<TypeParam>,
    pub param_names: Vec<Name>,
    /// Functions being lowered, from outside in.
    pub frames: Vec<Frame>,
    /// How deep the expression at hand is nested.
    pub depth: usize,
    /// Whether something was nested too deep to be followed.
    pub too_deep: Option<Span>,
    /// How many branches, loops and conditions around calls may still be recorded; each call holds its own.
    pub surroundings_left: usize,
    manual: FxHashMap<(Vec<Name>, Name), Manual>,
    mappings: FxHashMap<(Vec<Name>, Name), Vec<Mapping>>,
}

impl<'a> Lowering<'a> {
    pub fn new(text: &'a str, spans: &'a Spans, names: &'a Names, imports: Vec<Import>) -> Self {
        let mut facts = FileFacts::new(LanguageId::Rust);
        facts.imports = imports;
        facts.functions.push(super::body::top_level(Span::new(0, text.len())));
        Lowering {
            text,
            spans,
            names,
            facts,
            scope: Vec::new(),
            in_test: false,
            self_type: None,
            in_trait: false,
            params: Vec::new(),
            param_names: Vec::new(),
            frames: Vec::new(),
            depth: 0,
            too_deep: None,
            surroundings_left: SURROUNDINGS_BUDGET,
            manual: FxHashMap::default(),
            mappings: FxHashMap::default(),
        }
    }

    pub fn types(&self, role: Role) -> TypeContext<'_> {
        TypeContext {
            names: self.names,
            spans: self.spans,
            scope: &self.scope,
            params: &self.param_names,
            self_type: self.self_type.as_ref(),
            role,
        }
    }

    pub fn file(mut self, items: &[Item]) -> FileFacts {
        self.survey(items, MODULE_DEPTH);
        self.items(items, MODULE_DEPTH);
        if let Some(span) = self.too_deep {
            self.facts.unread.push(span);
            self.facts.diagnostics.push(FactDiagnostic {
                severity: Severity::Warning,
                span: Some(span),
                message: "not analysed: this expression is nested too deep".to_owned(),
            });
        }
        self.facts
    }

    /// What impls say of types that are declared elsewhere in the file.
    fn survey(&mut self, items: &[Item], depth: usize) {
        for item in items {
            match item {
                Item::Impl(item) => self.survey_impl(item),
                Item::Mod(module) if depth > 0 => {
                    if let Some((_, items)) = &module.content {
                        self.scope.push(plain(&module.ident));
                        self.survey(items, depth - 1);
                        self.scope.pop();
                    }
                }
                _ => {}
            }
        }
    }

    fn survey_impl(&mut self, item: &ItemImpl) {
        let Some(own) = self_name(item) else { return };
        let key = (self.scope.clone(), own);
        if let Some((path, _)) = &item.trait_ {
            let span = path_span(self.spans, path);
            match path.segments.last().map(|segment| plain(&segment.ident)).as_deref() {
                Some("Serialize") => {
                    let written = super::texts::hand_written(item).map_or_else(
                        || TypeKind::Unknown("`Serialize` is written by hand".into()),
                        |()| TypeKind::String(Default::default()),
                    );
                    self.manual.entry(key.clone()).or_default().write = Some(TypeExpr::new(written, span));
                }
                Some("Deserialize") => {
                    let read = TypeExpr::unknown("`Deserialize` is written by hand", span);
                    self.manual.entry(key.clone()).or_default().read = Some(read);
                }
                _ => {}
            }
        }
        let mappings = super::texts::mappings(item, self.spans);
        if !mappings.is_empty() {
            self.mappings.entry(key).or_default().extend(mappings);
        }
    }

    pub fn items(&mut self, items: &[Item], depth: usize) {
        for item in items {
            self.item(item, depth);
        }
    }

    pub fn item(&mut self, item: &Item, depth: usize) {
        match item {
            Item::Const(item) => {
                let value = self.constant_value(&item.expr);
                self.constant(plain(&item.ident), value, &item.ty, &item.vis, item.ident.span());
            }
            Item::Static(item) => {
                let value = self.constant_value(&item.expr);
                self.constant(plain(&item.ident), value, &item.ty, &item.vis, item.ident.span());
            }
            Item::Enum(item) => self.enumeration(item),
            Item::Struct(item) => self.structure(item),
            Item::Type(item) => {
                let params = self.with_generics(&item.generics, |this| this.types(Role::Producer).params_of(&item.generics));
                let (write, read) = self.with_generics(&item.generics, |this| {
                    // `type AppResult<T> = Result<T, AppError>` is what functions give back: a success is looked through to.
                    (this.types(Role::Producer).given(&item.ty), this.types(Role::Consumer).given(&item.ty))
                });
                self.declare(Declared {
                    name: plain(&item.ident),
                    params,
                    write,
                    read,
                    exported: is_public(&item.vis),
                    serializable: false,
                    span: self.spans.of(item.ident.span()),
                    extent: self.spans.between(item.type_token.span, item.semi_token.span),
                });
            }
            Item::Fn(item) => {
                let exported = is_public(&item.vis);
                self.function(&item.attrs, &item.sig, Some(&item.block), exported, None);
            }
            Item::Impl(item) => self.implementation(item),
            Item::Trait(item) => self.interface(item),
            Item::Mod(module) => {
                let Some((_, items)) = &module.content else { return };
                if depth == 0 {
                    return;
                }
                let was_test = self.in_test;
                self.in_test |= attrs::is_test_only(&module.attrs);
                self.scope.push(plain(&module.ident));
                self.items(items, depth - 1);
                self.scope.pop();
                self.in_test = was_test;
            }
            Item::Macro(item) => self.item_macro(item, depth),
            _ => {}
        }
    }

    /// `lazy_static! { static ref NAME: T = …; }` and `cfg_if! { … }`.
    fn item_macro(&mut self, item: &syn::ItemMacro, depth: usize) {
        let name = item.mac.path.segments.last().map(|segment| plain(&segment.ident)).unwrap_or_default();
        match name.as_str() {
            "lazy_static" | "thread_local" => {
                for (ident, ty, value, vis) in super::macros::statics(item.mac.tokens.clone()) {
                    let value = self.constant_value(&value);
                    self.constant(plain(&ident), value, &ty, &vis, ident.span());
                }
            }
            "cfg_if" if depth > 0 => {
                for items in super::macros::conditional_items(item.mac.tokens.clone()) {
                    self.items(&items, depth - 1);
                }
            }
            _ => {}
        }
    }

    fn constant(&mut self, name: Name, value: Expr, ty: &syn::Type, vis: &Visibility, at: proc_macro2::Span) {
        if name == "_" {
            return;
        }
        let ty = Some(self.types(Role::Producer).lower(ty));
        let registry = match &value.kind {
            ExprKind::Array(items) => {
                items.iter().all(|item| matches!(item.kind, ExprKind::Literal(_) | ExprKind::Name(_))) && !items.is_empty()
            }
            _ => false,
        };
        let span = self.spans.of(at);
        let constant = Constant { scope: self.scope.clone(), name, value, ty, exported: is_public(vis), registry, span };
        self.facts.constants.push(constant);
    }

    pub fn with_generics<T>(&mut self, generics: &syn::Generics, run: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.param_names.len();
        self.param_names.extend(type_param_names(generics));
        let result = run(self);
        self.param_names.truncate(before);
        result
    }

    fn declare(&mut self, declared: Declared) {
        let Declared { name, params, write, read, exported, serializable, span, extent } = declared;
        let read = (read != write).then_some(read);
        let scope = self.scope.clone();
        self.facts.types.push(TypeDecl { scope, name, params, write, read, exported, serializable, merges: false, span, extent });
    }

    fn structure(&mut self, item: &syn::ItemStruct) {
        let metas = attrs::metas(&item.attrs);
        let serde = Serde::of(&metas);
        let derives = attrs::derives(&metas);
        let name = plain(&item.ident);
        let span = self.spans.of(item.ident.span());
        let own = self.own_type(&name, &item.generics);
        let outer = self.self_type.replace(own);
        self.check_conventions(&serde);
        let (params, mut write, mut read, members) = self.with_generics(&item.generics, |this| {
            let lower = |role| {
                let declaration = Declaration {
                    types: this.types(role),
                    metas: &metas,
                    serde: &serde,
                    derives: &derives,
                    name: name.clone(),
                    span,
                };
                declaration.structure(&item.fields)
            };
            let (write, read) = (lower(Role::Producer), lower(Role::Consumer));
            let types = this.types(Role::Producer);
            (types.params_of(&item.generics), write, read, members(&types, &item.fields))
        });
        self.self_type = outer;
        rewritten(&metas, &derives, &mut write, &mut read);
        self.hand_written(&name, &derives, &mut write, &mut read);
        let end = match &item.fields {
            Fields::Named(fields) => fields.brace_token.span.close(),
            Fields::Unnamed(fields) => fields.paren_token.span.close(),
            Fields::Unit => item.ident.span(),
        };
        let decorators = self.decorators(&item.attrs);
        let exported = is_public(&item.vis);
        self.facts.classes.push(Class {
            scope: self.scope.clone(),
            name: name.clone(),
            bases: Vec::new(),
            members,
            exported,
            is_interface: false,
            decorators,
            span,
        });
        let extent = self.spans.between(item.struct_token.span, end);
        let serializable = self.is_serializable(&name, &derives);
        self.declare(Declared { name, params, write, read, exported, serializable, span, extent });
    }

    fn enumeration(&mut self, item: &syn::ItemEnum) {
        let metas = attrs::metas(&item.attrs);
        let serde = Serde::of(&metas);
        let derives = attrs::derives(&metas);
        let name = plain(&item.ident);
        let span = self.spans.of(item.ident.span());
        let own = self.own_type(&name, &item.generics);
        let outer = self.self_type.replace(own);
        self.check_conventions(&serde);
        let serializable = self.is_serializable(&name, &derives);
        let exported = is_public(&item.vis);
        let mut wire_names = Vec::new();
        let mut variants: Vec<Declared> = Vec::new();
        let mut variant_classes = Vec::new();
        let (params, mut write, mut read) = self.with_generics(&item.generics, |this| {
            let lower = |role| Declaration {
                types: this.types(role),
                metas: &metas,
                serde: &serde,
                derives: &derives,
                name: name.clone(),
                span,
            };
            let (writer, reader) = (lower(Role::Producer), lower(Role::Consumer));
            let params = this.types(Role::Producer).params_of(&item.generics);
            for variant in &item.variants {
                let own = Serde::of(&attrs::metas(&variant.attrs));
                wire_names.push((plain(&variant.ident), writer.variant_names(variant, &own).remove(0)));
            }
            let read_forms = reader.variants(item.variants.iter());
            for (variant, write) in writer.variants(item.variants.iter()) {
                let at = this.spans.of(variant.ident.span());
                let read = read_forms.iter().find(|(twin, _)| twin.ident == variant.ident).map(|(_, form)| form.clone());
                let read = read.unwrap_or_else(|| write.clone());
                let members = members(&this.types(Role::Producer), &variant.fields);
                if !members.is_empty() {
                    variant_classes.push((plain(&variant.ident), members, at));
                }
                variants.push(Declared {
                    name: plain(&variant.ident),
                    params: params.clone(),
                    write,
                    read,
                    exported: false,
                    serializable: false,
                    span: at,
                    extent: at,
                });
            }
            (params, writer.enumeration(item.variants.iter()), reader.enumeration(item.variants.iter()))
        });
        self.self_type = outer;
        rewritten(&metas, &derives, &mut write, &mut read);
        self.hand_written(&name, &derives, &mut write, &mut read);
        let extent = self.spans.between(item.enum_token.span, item.brace_token.span.close());
        let decorators = self.decorators(&item.attrs);
        self.facts.classes.push(Class {
            scope: self.scope.clone(),
            name: name.clone(),
            bases: Vec::new(),
            members: Vec::new(),
            exported,
            is_interface: false,
            decorators,
            span,
        });
        self.declare(Declared { name: name.clone(), params, write, read, exported, serializable, span, extent });
        self.enum_constants(item, &metas, &derives, &wire_names, serializable);
        self.scope.push(name);
        for (name, members, span) in variant_classes {
            let scope = self.scope.clone();
            let bases = Vec::new();
            let decorators = Vec::new();
            self.facts.classes.push(Class { scope, name, bases, members, exported, is_interface: false, decorators, span });
        }
        if serializable {
            for variant in variants {
                self.declare(variant);
            }
        }
        self.scope.pop();
    }

    /// The enum as a registry of names: the wire names where serde writes it, and what its own functions give for each variant.
    fn enum_constants(
        &mut self,
        item: &syn::ItemEnum,
        metas: &[Meta],
        derives: &[Name],
        wire_names: &[(Name, Name)],
        serializable: bool,
    ) {
        let name = plain(&item.ident);
        let span = self.spans.of(item.ident.span());
        let mut mappings = super::texts::strum(item, metas, derives, self.spans);
        mappings.extend(self.mappings.get(&(self.scope.clone(), name.clone())).into_iter().flatten().cloned());
        let all: Vec<Name> = item.variants.iter().map(|variant| plain(&variant.ident)).collect();
        mappings.retain(|mapping| mapping.covers(&all));
        let written = serializable && !derives.iter().any(|name| name == "Serialize_repr" || name == "SerializeDisplay");
        let own = if written {
            item.variants
                .iter()
                .zip(wire_names)
                .map(|(variant, (name, wire))| (name.clone(), wire.clone(), self.spans.of(variant.ident.span())))
                .collect()
        } else {
            mappings.first().map(|mapping| mapping.entries.clone()).unwrap_or_default()
        };
        let exported = is_public(&item.vis);
        let constant = |scope: Vec<Name>, name: Name, entries: &[(Name, Name, Span)]| Constant {
            scope,
            name,
            value: Expr::new(
                ExprKind::Object(
                    entries
                        .iter()
                        .map(|(variant, text, span)| ValueMember::Entry {
                            key: Expr::text(variant.clone(), *span),
                            value: Expr::text(text.clone(), *span),
                            conditional: false,
                        })
                        .collect(),
                ),
                span,
            ),
            ty: None,
            exported,
            registry: true,
            span,
        };
        if !own.is_empty() {
            self.facts.constants.push(constant(self.scope.clone(), name.clone(), &own));
        }
        let mut inner = self.scope.clone();
        inner.push(name);
        for mapping in &mappings {
            self.facts.constants.push(constant(inner.clone(), mapping.function.clone(), &mapping.entries));
        }
    }

    fn own_type(&self, name: &str, generics: &syn::Generics) -> TypeRef {
        let args =
            type_param_names(generics).into_iter().map(|param| TypeExpr::new(TypeKind::Param(param), Span::default())).collect();
        TypeRef { path: vec![name.into()], args }
    }

    fn check_conventions(&mut self, serde: &Serde) {
        for (casing, at) in [&serde.rename_all, &serde.rename_all_fields].into_iter().filter_map(|sided| sided.write.as_ref()) {
            if casing.is_none() {
                let span = self.spans.of(*at);
                self.facts.diagnostics.push(FactDiagnostic {
                    severity: Severity::Warning,
                    span: Some(span),
                    message: "serde knows no naming convention of this name".to_owned(),
                });
            }
        }
    }

    fn hand_written(&self, name: &str, derives: &[Name], write: &mut TypeExpr, read: &mut TypeExpr) {
        let Some(manual) = self.manual.get(&(self.scope.clone(), name.into())) else { return };
        if let Some(written) = &manual.write
            && !derives.iter().any(|name| name == "Serialize")
        {
            *write = written.clone();
        }
        if let Some(found) = &manual.read
            && !derives.iter().any(|name| name == "Deserialize")
        {
            *read = found.clone();
        }
    }

    fn is_serializable(&self, name: &str, derives: &[Name]) -> bool {
        let derived =
            ["Serialize", "Deserialize", "Serialize_repr", "Deserialize_repr", "SerializeDisplay", "DeserializeFromStr"];
        derives.iter().any(|name| derived.contains(&name.as_str()))
            || self.manual.contains_key(&(self.scope.clone(), name.into()))
    }

    fn implementation(&mut self, item: &ItemImpl) {
        let Some(name) = self_name(item) else { return };
        let implements = item.trait_.as_ref().map(|(path, _)| segments(path));
        let was_test = self.in_test;
        self.in_test |= attrs::is_test_only(&item.attrs);
        let params_before = self.params.len();
        let names_before = self.param_names.len();
        self.param_names.extend(type_param_names(&item.generics));
        let own = match peeled(&item.self_ty) {
            syn::Type::Path(path) => TypeRef {
                path: segments(&path.path),
                args: super::types::arguments(&path.path).map(|arg| self.types(Role::Producer).lower(arg)).collect(),
            },
            _ => TypeRef { path: vec![name.clone()], args: Vec::new() },
        };
        let outer = self.self_type.replace(own);
        let params = self.types(Role::Producer).params_of(&item.generics);
        self.params.extend(params);
        if let Some(base) = &implements {
            let scope = &self.scope;
            if let Some(class) = self.facts.classes.iter_mut().find(|class| class.name == name && class.scope == *scope) {
                class.bases.push(base.clone());
            }
        }
        self.scope.push(name);
        for member in &item.items {
            match member {
                ImplItem::Const(item) => {
                    let value = self.constant_value(&item.expr);
                    self.constant(plain(&item.ident), value, &item.ty, &item.vis, item.ident.span());
                }
                ImplItem::Fn(item) => {
                    let exported = is_public(&item.vis) || implements.is_some();
                    let method = Method { implements: implements.clone() };
                    self.function(&item.attrs, &item.sig, Some(&item.block), exported, Some(method));
                }
                _ => {}
            }
        }
        self.scope.pop();
        self.self_type = outer;
        self.params.truncate(params_before);
        self.param_names.truncate(names_before);
        self.in_test = was_test;
    }

    fn interface(&mut self, item: &syn::ItemTrait) {
        let name = plain(&item.ident);
        let span = self.spans.of(item.ident.span());
        let bases = item
            .supertraits
            .iter()
            .filter_map(|bound| match bound {
                syn::TypeParamBound::Trait(bound) => Some(segments(&bound.path)),
                _ => None,
            })
            .filter(|path| !matches!(path.last().map(Name::as_str), Some("Send" | "Sync" | "Sized" | "Clone" | "Debug")))
            .collect();
        let decorators = self.decorators(&item.attrs);
        self.facts.classes.push(Class {
            scope: self.scope.clone(),
            name: name.clone(),
            bases,
            members: Vec::new(),
            exported: is_public(&item.vis),
            is_interface: true,
            decorators,
            span,
        });
        let names_before = self.param_names.len();
        self.param_names.extend(type_param_names(&item.generics));
        let own = self.own_type(&name, &item.generics);
        let outer = self.self_type.replace(own);
        self.scope.push(name);
        self.in_trait = true;
        for member in &item.items {
            match member {
                TraitItem::Const(item) => {
                    if let Some((_, value)) = &item.default {
                        let value = self.constant_value(value);
                        self.constant(plain(&item.ident), value, &item.ty, &Visibility::Inherited, item.ident.span());
                    }
                }
                TraitItem::Fn(item) => {
                    self.function(&item.attrs, &item.sig, item.default.as_ref(), true, Some(Method { implements: None }));
                }
                _ => {}
            }
        }
        self.in_trait = false;
        self.scope.pop();
        self.self_type = outer;
        self.param_names.truncate(names_before);
    }

    /// Attributes that are not the compiler's or serde's own, as calls.
    pub fn decorators(&mut self, attributes: &[syn::Attribute]) -> Vec<Call> {
        let mut out = Vec::new();
        for meta in attrs::metas(attributes) {
            let path = segments(meta.path());
            let last = path.last().cloned().unwrap_or_default();
            if matches!(
                last.as_str(),
                "derive"
                    | "doc"
                    | "allow"
                    | "expect"
                    | "warn"
                    | "deny"
                    | "forbid"
                    | "cfg"
                    | "inline"
                    | "must_use"
                    | "serde"
                    | "serde_as"
                    | "test"
                    | "async_trait"
                    | "instrument"
                    | "non_exhaustive"
                    | "repr"
                    | "default"
                    | "cold"
                    | "track_caller"
                    | "deprecated"
                    | "strum"
                    | "schemars"
                    | "skip_serializing_none"
            ) {
                continue;
            }
            let span = path_span(self.spans, meta.path());
            let args = match &meta {
                Meta::Path(_) => Vec::new(),
                Meta::NameValue(pair) => {
                    let value = self.constant_value(&pair.value);
                    vec![Argument { name: None, value, spread: false }]
                }
                Meta::List(list) => super::macros::attribute_arguments(list.tokens.clone())
                    .into_iter()
                    .map(|(name, value)| Argument { name, value: self.constant_value(&value), spread: false })
                    .collect(),
            };
            out.push(Call {
                callee: Expr::new(ExprKind::Name(path), span),
                args,
                type_args: Vec::new(),
                kind: CallKind::Decorator,
                surroundings: Surroundings::default(),
                span,
            });
        }
        out
    }
}

struct Declared {
    name: Name,
    params: Vec<TypeParam>,
    write: TypeExpr,
    read: TypeExpr,
    exported: bool,
    serializable: bool,
    span: Span,
    extent: Span,
}

/// What a method belongs to.
pub struct Method {
    pub implements: Option<Vec<Name>>,
}

/// The members of a struct or variant with the types that code sees.
fn members(types: &TypeContext<'_>, fields: &Fields) -> Vec<(Name, Option<TypeExpr>, Option<Expr>)> {
    fields
        .iter()
        .enumerate()
        .map(|(at, field)| {
            let name = field.ident.as_ref().map_or_else(|| at.to_string().into(), plain);
            (name, Some(types.member(&field.ty)), None)
        })
        .collect()
}

/// The name of the type that an impl is of.
pub fn self_name(item: &ItemImpl) -> Option<Name> {
    match peeled(&item.self_ty) {
        syn::Type::Path(path) => path.path.segments.last().map(|segment| plain(&segment.ident)),
        syn::Type::TraitObject(object) => object.bounds.iter().find_map(|bound| match bound {
            syn::TypeParamBound::Trait(bound) => bound.path.segments.last().map(|segment| plain(&segment.ident)),
            _ => None,
        }),
        _ => None,
    }
}

pub fn is_public(vis: &Visibility) -> bool {
    match vis {
        Visibility::Public(_) | Visibility::Restricted(_) => true,
        Visibility::Inherited => false,
    }
}

/// A type that a macro rewrites goes over the wire as the macro has it, unless it says itself how: `#[routes::request]` may add
/// `Serialize` and what renames the fields.
fn rewritten(metas: &[syn::Meta], derives: &[Name], write: &mut TypeExpr, read: &mut TypeExpr) {
    let Some(by) = attrs::rewrites(metas, derives) else { return };
    for (side, derived) in [(write, "Serialize"), (read, "Deserialize")] {
        if !derives.iter().any(|name| name.starts_with(derived)) {
            *side = TypeExpr::unknown(format!("`#[{by}]` rewrites the type"), side.span);
        }
    }
}
