//! How a name is kept on the wire in Rust: by serde's attributes, which change nothing but the wire.

use proc_macro2::Span as TokenSpan;
use syn::spanned::Spanned;
use syn::visit::Visit;
use syn::{Attribute, Field, Fields, Item, LitStr, Meta, Variant};

use super::attrs::{derives, last_segment, metas, nested, text_of};
use super::parse;
use super::spans::Spans;
use crate::extract::remedy::{Remedy, Safety, Wanted, What, indent_before, names_member, requoted, text_at, unquoted};
use crate::facts::Role;
use crate::source::{SourceText, Span};

pub(super) fn remedies(wanted: &Wanted<'_>) -> Vec<Remedy> {
    let found = propose(wanted);
    proc_macro2::extra::invalidate_current_thread_spans();
    found
}

fn propose(wanted: &Wanted<'_>) -> Vec<Remedy> {
    let mut found = Vec::new();
    match wanted.what {
        What::Key { name, now } => {
            if let Some(literal) = text_at(wanted.head, wanted.at)
                && unquoted(literal) == Some(now)
                && let Some(replacement) = requoted(literal, name)
            {
                // A key of `json!`, or the text of an attribute.
                let read = names_member(wanted.head.text(), now, wanted.at);
                let safety = if read { Safety::OthersFollow } else { Safety::Sure };
                return vec![Remedy::keep(name, vec![(wanted.at, replacement)], safety)];
            }
            found.extend(restored_convention(wanted));
            found.extend(field_attribute(wanted, name));
        }
        What::Keys => found.extend(restored_convention(wanted)),
        What::Missing { name } => {
            found.extend(shown_again(wanted, name));
            found.extend(super::restores::restore(wanted, name));
        }
    }
    found
}

/// A container with named fields: a struct, or a variant of an enum.
struct Container {
    /// Its name.
    name: Span,
    /// Where the attributes of the item end and its visibility or keyword starts.
    start: usize,
    /// The attributes of the whole item, for its derives.
    serializable: bool,
    /// The text of its `rename_all` (for the fields), where it has one.
    convention: Option<Convention>,
    fields: Vec<FieldPlace>,
}

struct Convention {
    literal: Span,
    text: String,
    /// The setting, and the attribute that it stands in where it stands alone there.
    setting: Span,
    alone_in: Option<Span>,
}

struct FieldPlace {
    ident: Span,
    /// Where its attributes end and its visibility or name starts.
    start: usize,
    /// Where the settings that give it a name stand: the literals of `rename` for this role.
    renames: Vec<Span>,
    /// The setting that keeps it from being written, and the attribute that it stands in where it stands alone there.
    hidden: Option<(Span, Option<Span>)>,
}

struct Finder<'s> {
    spans: &'s Spans,
    role: Role,
    found: Vec<Container>,
}

impl<'ast> Visit<'ast> for Finder<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        match item {
            Item::Struct(item) => {
                let start = first_of(&item.vis, item.struct_token.span);
                self.container(&item.attrs, &item.attrs, item.ident.span(), start, &item.fields);
            }
            Item::Enum(item) => {
                for variant in &item.variants {
                    self.variant(&item.attrs, variant);
                }
                // What renames the variants, or the fields of all of them, is the enum's own.
                let start = first_of(&item.vis, item.enum_token.span);
                self.container(&item.attrs, &item.attrs, item.ident.span(), start, &Fields::Unit);
            }
            _ => {}
        }
        syn::visit::visit_item(self, item);
    }
}

fn first_of(vis: &syn::Visibility, keyword: TokenSpan) -> TokenSpan {
    match vis {
        syn::Visibility::Inherited => keyword,
        syn::Visibility::Public(_) | syn::Visibility::Restricted(_) => vis.span(),
    }
}

impl Finder<'_> {
    fn variant(&mut self, item: &[Attribute], variant: &Variant) {
        self.container(item, &variant.attrs, variant.ident.span(), variant.ident.span(), &variant.fields);
    }

    fn container(&mut self, item: &[Attribute], own: &[Attribute], name: TokenSpan, start: TokenSpan, fields: &Fields) {
        let derived = derives(&direct(item));
        let serializable = derived.iter().any(|name| matches!(name.as_str(), "Serialize" | "Deserialize"));
        let fields = match fields {
            Fields::Named(named) => named.named.iter().filter_map(|field| self.field(field)).collect(),
            Fields::Unnamed(_) | Fields::Unit => Vec::new(),
        };
        self.found.push(Container {
            name: self.spans.of(name),
            start: self.spans.of(start).start as usize,
            serializable,
            convention: self.convention(own),
            fields,
        });
    }

    fn field(&self, field: &Field) -> Option<FieldPlace> {
        let ident = field.ident.as_ref()?;
        let start = first_of(&field.vis, ident.span());
        let renames = settings(&field.attrs, "rename").iter().flat_map(|meta| self.literals(meta)).collect();
        Some(FieldPlace {
            ident: self.spans.of(ident.span()),
            start: self.spans.of(start).start as usize,
            renames,
            hidden: self.setting(&field.attrs, |name| matches!(name, "skip" | "skip_serializing")),
        })
    }

    /// The literals of `name = "…"`, or of the part of `name(serialize = "…", deserialize = "…")` that speaks of the role.
    fn literals(&self, meta: &Meta) -> Vec<Span> {
        let side = match self.role {
            Role::Producer => "serialize",
            Role::Consumer => "deserialize",
        };
        match meta {
            Meta::NameValue(_) => text_of(meta).iter().map(|text| self.spans.of(text.span())).collect(),
            Meta::List(list) => nested(list)
                .unwrap_or_default()
                .iter()
                .filter(|part| last_segment(part) == side)
                .filter_map(text_of)
                .map(|text| self.spans.of(text.span()))
                .collect(),
            Meta::Path(_) => Vec::new(),
        }
    }

    /// The place of a `serde` setting, and of its attribute where nothing else stands in it.
    fn setting(&self, attrs: &[Attribute], wanted: impl Fn(&str) -> bool) -> Option<(Span, Option<Span>)> {
        attrs.iter().filter(|attr| attr.path().is_ident("serde")).find_map(|attr| {
            let Meta::List(list) = &attr.meta else { return None };
            let settings = nested(list)?;
            let setting = settings.iter().find(|setting| wanted(&last_segment(setting)))?;
            Some((self.spans.of(setting.span()), (settings.len() == 1).then(|| self.spans.of(attr.span()))))
        })
    }

    fn convention(&self, attrs: &[Attribute]) -> Option<Convention> {
        attrs.iter().find_map(|attr| {
            let Meta::List(list) = &attr.meta else { return None };
            if !list.path.is_ident("serde") {
                return None;
            }
            let settings = nested(list)?;
            let setting = settings.iter().find(|setting| last_segment(setting) == "rename_all")?;
            let text: LitStr = text_of(setting)?;
            Some(Convention {
                literal: self.spans.of(text.span()),
                text: text.value(),
                setting: self.spans.of(setting.span()),
                alone_in: (settings.len() == 1).then(|| self.spans.of(attr.span())),
            })
        })
    }
}

/// The attributes as they stand, those inside `cfg_attr` left out: what they derive is there in every build.
fn direct(attrs: &[Attribute]) -> Vec<Meta> {
    let plain: Vec<Attribute> = attrs.iter().filter(|attr| !attr.path().is_ident("cfg_attr")).cloned().collect();
    metas(&plain)
}

/// The settings of this name in the `serde` attributes.
fn settings(attrs: &[Attribute], name: &str) -> Vec<Meta> {
    attrs
        .iter()
        .filter_map(|attr| match &attr.meta {
            Meta::List(list) if list.path.is_ident("serde") => nested(list),
            Meta::List(_) | Meta::Path(_) | Meta::NameValue(_) => None,
        })
        .flatten()
        .filter(|setting| last_segment(setting) == name)
        .collect()
}

fn containers(source: &SourceText, role: Role) -> Vec<Container> {
    let parsed = parse::parse(source.text());
    let mut finder = Finder { spans: &parsed.spans, role, found: Vec::new() };
    parsed.items.iter().for_each(|item| finder.visit_item(item));
    finder.found
}

/// The container that a place speaks of: its name, one of its fields, or its `rename_all`.
fn container_at(containers: Vec<Container>, at: Span) -> Option<Container> {
    containers.into_iter().find(|container| {
        let convention = container.convention.as_ref().is_some_and(|known| known.literal == at);
        container.name == at || convention || container.fields.iter().any(|field| field.ident == at)
    })
}

/// The fields' convention as it stood at base.
fn restored_convention(wanted: &Wanted<'_>) -> Option<Remedy> {
    let (base, place) = wanted.base?;
    let before = container_at(containers(base, wanted.role), place)?.convention.map(|known| known.text);
    let now = container_at(containers(wanted.head, wanted.role), wanted.at)?;
    let text = wanted.head.text();
    let (edit, what) = match (before, now.convention) {
        (Some(before), Some(now)) if before != now.text => {
            ((now.literal, requoted(text_at(wanted.head, now.literal)?, &before)?), format!("keep `rename_all = \"{before}\"`"))
        }
        (Some(before), None) if now.serializable => {
            let indent = indent_before(text, now.start)?;
            let added = format!("#[serde(rename_all = \"{before}\")]\n{indent}");
            ((Span::new(now.start, now.start), added), format!("put `rename_all = \"{before}\"` back"))
        }
        (None, Some(now)) => {
            let cut = match now.alone_in {
                Some(attribute) => with_blanks_after(text, attribute),
                None => with_comma(text, now.setting),
            };
            ((cut, String::new()), format!("leave out `rename_all = \"{}\"`", now.text))
        }
        (Some(_), Some(_) | None) | (None, None) => return None,
    };
    Some(Remedy { what, edits: vec![edit], safety: Safety::Sure })
}

fn with_blanks_after(text: &str, span: Span) -> Span {
    let rest = &text[span.end as usize..];
    let blanks = rest.len() - rest.trim_start().len();
    Span::new(span.start as usize, span.end as usize + blanks)
}

/// A setting with the comma that sets it apart from the next one, or from the one before.
fn with_comma(text: &str, span: Span) -> Span {
    let rest = &text[span.end as usize..];
    if let Some(after) = rest.trim_start().strip_prefix(',') {
        return Span::new(span.start as usize, text.len() - after.trim_start().len());
    }
    let head = text[..span.start as usize].trim_end();
    let start = head.strip_suffix(',').map_or(span.start as usize, str::len);
    Span::new(start, span.end as usize)
}

/// Takes the attribute off again that keeps a field from being written.
fn shown_again(wanted: &Wanted<'_>, name: &str) -> Option<Remedy> {
    let (base, place) = wanted.base?;
    let ident = text_at(base, place)?;
    let now = container_at(containers(wanted.head, wanted.role), wanted.at)?;
    let field = now.fields.iter().find(|field| text_at(wanted.head, field.ident) == Some(ident))?;
    let text = wanted.head.text();
    let (setting, alone_in) = field.hidden.as_ref()?;
    let cut = match alone_in {
        Some(attribute) => with_blanks_after(text, *attribute),
        None => with_comma(text, *setting),
    };
    Some(Remedy { what: format!("send `{name}` again"), edits: vec![(cut, String::new())], safety: Safety::Sure })
}

/// `#[serde(rename = "…")]` on the field; for a reader an alias, so that the new name is taken as well.
fn field_attribute(wanted: &Wanted<'_>, name: &str) -> Option<Remedy> {
    if name.chars().any(|letter| matches!(letter, '"' | '\\') || letter.is_control()) {
        return None;
    }
    let container = container_at(containers(wanted.head, wanted.role), wanted.at)?;
    let field = container.fields.iter().find(|field| field.ident == wanted.at)?;
    let text = wanted.head.text();
    if wanted.role == Role::Producer && !field.renames.is_empty() {
        let edits = field
            .renames
            .iter()
            .map(|at| Some((*at, requoted(text_at(wanted.head, *at)?, name)?)))
            .collect::<Option<Vec<_>>>()?;
        return Some(Remedy::keep(name, edits, Safety::Sure));
    }
    if !container.serializable {
        return None;
    }
    let separator = match indent_before(text, field.start) {
        Some(indent) => format!("\n{indent}"),
        None => " ".to_owned(),
    };
    let (setting, what) = match wanted.role {
        Role::Producer => ("rename", format!("keep the wire name `{name}`")),
        Role::Consumer => ("alias", format!("take `{name}` as well")),
    };
    let added = format!("#[serde({setting} = \"{name}\")]{separator}");
    Some(Remedy { what, edits: vec![(Span::new(field.start, field.start), added)], safety: Safety::Sure })
}
