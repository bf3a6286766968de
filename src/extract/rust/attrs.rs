//! Attributes: serde's and those of crates beside it, with `cfg_attr` taken as if its condition held.

use proc_macro2::Span as TokenSpan;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Attribute, Expr, ExprLit, Lit, LitStr, Meta, MetaList, Token};

use crate::facts::{Name, Role};
use crate::shape::wire_name::Casing;

/// How deep `cfg_attr` may be nested before what is inside is left alone.
const CFG_ATTR_DEPTH: usize = 4;

/// The contents of all attributes, with those inside `cfg_attr`.
pub fn metas(attrs: &[Attribute]) -> Vec<Meta> {
    let mut out = Vec::new();
    for attr in attrs {
        expand(&attr.meta, CFG_ATTR_DEPTH, &mut out);
    }
    out
}

fn expand(meta: &Meta, depth: usize, out: &mut Vec<Meta>) {
    match meta {
        Meta::List(list) if list.path.is_ident("cfg_attr") => {
            if depth > 0
                && let Some(inner) = nested(list)
            {
                inner.iter().skip(1).for_each(|meta| expand(meta, depth - 1, out));
            }
        }
        Meta::Path(_) | Meta::List(_) | Meta::NameValue(_) => out.push(meta.clone()),
    }
}

/// The comma-separated contents of an attribute's parentheses; `None` where they have another form.
pub fn nested(list: &MetaList) -> Option<Vec<Meta>> {
    let metas = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated).ok()?;
    Some(metas.into_iter().collect())
}

/// The last segment of an attribute's path: `post` for `#[actix_web::post("/")]`.
pub fn last_segment(meta: &Meta) -> Name {
    meta.path().segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default().into()
}

/// The text of `name = "text"`.
pub fn text_of(meta: &Meta) -> Option<LitStr> {
    match meta {
        Meta::NameValue(pair) => literal(&pair.value),
        Meta::Path(_) | Meta::List(_) => None,
    }
}

pub fn literal(expr: &Expr) -> Option<LitStr> {
    match expr {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.clone()),
        Expr::Group(group) => literal(&group.expr),
        _ => None,
    }
}

/// The traits that are derived, by their last segments.
pub fn derives(metas: &[Meta]) -> Vec<Name> {
    let mut out = Vec::new();
    for meta in metas {
        if let Meta::List(list) = meta
            && list.path.is_ident("derive")
        {
            out.extend(nested(list).unwrap_or_default().iter().map(last_segment));
        }
    }
    out
}

/// The attributes of the language that a type may bear, and of the tools that change nothing.
const PLAIN: &[&str] = &[
    "allow",
    "automatically_derived",
    "cfg",
    "cfg_attr",
    "deny",
    "deprecated",
    "derive",
    "doc",
    "expect",
    "forbid",
    "must_use",
    "non_exhaustive",
    "repr",
    "serde",
    "warn",
];

/// Tools whose attributes change nothing, and libraries whose macros keep a type as it is written.
const PLAIN_TOOLS: &[&str] = &["clippy", "diagnostic", "miri", "rust_analyzer", "rustfmt", "serde_with"];

/// The macro that may rewrite the type it stands on, by its path. Where a type derives something, a plain word is taken for a setting of
/// that.
pub fn rewrites(metas: &[Meta], derives: &[Name]) -> Option<String> {
    metas.iter().find_map(|meta| {
        let path: Vec<String> = meta.path().segments.iter().map(|segment| segment.ident.to_string()).collect();
        let rewrites = match path.as_slice() {
            [word] => derives.is_empty() && !PLAIN.contains(&word.as_str()),
            [tool, ..] => !PLAIN_TOOLS.contains(&tool.as_str()),
            [] => false,
        };
        rewrites.then(|| path.join("::"))
    })
}

/// Whether `#[cfg(test)]` stands there, alone or as one of several conditions that must all hold.
pub fn is_test_only(attrs: &[Attribute]) -> bool {
    attrs.iter().any(|attr| match &attr.meta {
        Meta::List(list) if list.path.is_ident("cfg") => nested(list).unwrap_or_default().iter().any(requires_test),
        Meta::Path(_) | Meta::List(_) | Meta::NameValue(_) => false,
    })
}

fn requires_test(condition: &Meta) -> bool {
    match condition {
        Meta::Path(path) => path.is_ident("test"),
        Meta::List(list) if list.path.is_ident("all") => nested(list).unwrap_or_default().iter().any(requires_test),
        Meta::List(_) | Meta::NameValue(_) => false,
    }
}

/// Whether a function is a test by an attribute: `#[test]`, `#[tokio::test]`, `#[rstest]`, `#[test_case(…)]`, `#[bench]`.
pub fn is_test_function(attrs: &[Attribute]) -> bool {
    is_test_only(attrs)
        || attrs.iter().any(|attr| {
            matches!(
                last_segment(&attr.meta).as_str(),
                "test" | "rstest" | "test_case" | "bench" | "quickcheck" | "test_log" | "wasm_bindgen_test" | "traced_test"
            )
        })
}

/// One setting for the serializer and one for the deserializer.
#[derive(Clone, Debug)]
pub struct Sided<T> {
    pub write: Option<T>,
    pub read: Option<T>,
}

impl<T> Default for Sided<T> {
    fn default() -> Self {
        Sided { write: None, read: None }
    }
}

impl<T> Sided<T> {
    pub fn get(&self, role: Role) -> Option<&T> {
        match role {
            Role::Producer => self.write.as_ref(),
            Role::Consumer => self.read.as_ref(),
        }
    }
}

/// A naming convention and the attribute that sets it; `None` for one that serde does not know.
pub type Convention = (Option<Casing>, TokenSpan);

/// What stands in `#[serde(…)]` on a container, a variant or a field.
#[derive(Clone, Debug, Default)]
pub struct Serde {
    pub rename: Sided<Name>,
    pub rename_all: Sided<Convention>,
    pub rename_all_fields: Sided<Convention>,
    pub aliases: Vec<Name>,
    pub skip: Sided<()>,
    /// The path of the predicate.
    pub skip_if: Option<Name>,
    pub default: Option<DefaultValue>,
    pub flatten: bool,
    pub transparent: bool,
    pub deny_unknown_fields: bool,
    pub tag: Option<Name>,
    pub content: Option<Name>,
    pub untagged: bool,
    pub other: bool,
    pub remote: bool,
    /// Functions instead of the type's own serializer and deserializer: the module for `with`, the function otherwise.
    pub with: Sided<Name>,
    /// `into` and `from` or `try_from`.
    pub through: Sided<LitStr>,
    /// `#[serde_as(as = "…")]`
    pub adapter: Sided<LitStr>,
    /// An attribute that could not be understood.
    pub unreadable: Option<TokenSpan>,
}

#[derive(Clone, Debug)]
pub enum DefaultValue {
    OfType,
    Function,
}

impl Serde {
    pub fn of(metas: &[Meta]) -> Serde {
        let mut serde = Serde::default();
        for meta in metas {
            let Meta::List(list) = meta else { continue };
            if list.path.is_ident("serde") {
                match nested(list) {
                    Some(settings) => settings.iter().for_each(|setting| serde.set(setting)),
                    None => serde.unreadable = Some(list.path.span()),
                }
            } else if last_segment(meta) == "serde_as" {
                for setting in nested_adapters(list) {
                    serde.set_adapter(setting);
                }
            }
        }
        serde
    }

    fn set_adapter(&mut self, (name, adapter): (Name, LitStr)) {
        if name != "deserialize_as" {
            self.adapter.write = Some(adapter.clone());
        }
        if name != "serialize_as" {
            self.adapter.read = Some(adapter);
        }
    }

    fn set(&mut self, setting: &Meta) {
        let name = last_segment(setting);
        let text = text_of(setting);
        let value = text.as_ref().map(|text| Name::from(text.value()));
        match name.as_str() {
            "rename" => self.rename = sided(setting, |text| text.value().into()),
            "rename_all" => self.rename_all = sided(setting, convention),
            "rename_all_fields" => self.rename_all_fields = sided(setting, convention),
            "alias" => self.aliases.extend(value),
            "skip" => self.skip = Sided { write: Some(()), read: Some(()) },
            "skip_serializing" => self.skip.write = Some(()),
            "skip_deserializing" => self.skip.read = Some(()),
            "skip_serializing_if" => self.skip_if = value,
            "default" => self.default = Some(if value.is_some() { DefaultValue::Function } else { DefaultValue::OfType }),
            "flatten" => self.flatten = true,
            "transparent" => self.transparent = true,
            "deny_unknown_fields" => self.deny_unknown_fields = true,
            "tag" => self.tag = value,
            "content" => self.content = value,
            "untagged" => self.untagged = true,
            "other" => self.other = true,
            "remote" => self.remote = true,
            "with" => self.with = Sided { write: value.clone(), read: value },
            "serialize_with" => self.with.write = value.map(|path| without_suffix(path, "::serialize")),
            "deserialize_with" => self.with.read = value.map(|path| without_suffix(path, "::deserialize")),
            "into" => self.through.write = text,
            "from" | "try_from" => self.through.read = text,
            "bound" | "borrow" | "crate" | "expecting" | "getter" | "variant_identifier" | "field_identifier" => {}
            _ => self.unreadable = Some(setting.span()),
        }
    }
}

fn without_suffix(path: Name, suffix: &str) -> Name {
    path.strip_suffix(suffix).map(Name::from).unwrap_or(path)
}

fn convention(text: &LitStr) -> Convention {
    (Casing::from_serde(&text.value()), text.span())
}

/// `name = "…"` for both sides, or `name(serialize = "…", deserialize = "…")`.
fn sided<T: Clone>(setting: &Meta, read: impl Fn(&LitStr) -> T) -> Sided<T> {
    match setting {
        Meta::NameValue(_) => {
            let value = text_of(setting).as_ref().map(&read);
            Sided { write: value.clone(), read: value }
        }
        Meta::List(list) => {
            let mut out = Sided::default();
            for side in nested(list).unwrap_or_default() {
                match last_segment(&side).as_str() {
                    "serialize" => out.write = text_of(&side).as_ref().map(&read),
                    "deserialize" => out.read = text_of(&side).as_ref().map(&read),
                    _ => {}
                }
            }
            out
        }
        Meta::Path(_) => Sided::default(),
    }
}

/// `serde_as` spells its key `as`, which is a keyword and no path: its settings are read by hand.
fn nested_adapters(list: &MetaList) -> Vec<(Name, LitStr)> {
    let mut out = Vec::new();
    let mut name: Option<Name> = None;
    for token in list.tokens.clone() {
        match token {
            proc_macro2::TokenTree::Ident(ident) => name = Some(ident.to_string().into()),
            proc_macro2::TokenTree::Literal(literal) => {
                if let (Some(name), Lit::Str(text)) = (name.take(), Lit::new(literal)) {
                    out.push((name, text));
                }
            }
            proc_macro2::TokenTree::Punct(_) | proc_macro2::TokenTree::Group(_) => {}
        }
    }
    out.retain(|(name, _)| matches!(name.as_str(), "as" | "serialize_as" | "deserialize_as"));
    out
}
