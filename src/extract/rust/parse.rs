//! Text to items. syn reads a file whole or not at all, so a file with an error is cut into its items, and only what still does
//! not parse is lost.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use syn::parse::Parser;
use syn::{Attribute, ImplItem, Item, TraitItem};

use super::spans::Spans;
use crate::source::Span;

/// How many ranges of one file are reported as unread; more are one range up to the end of the file.
const UNREAD_BUDGET: usize = 64;

/// How deep modules are cut into their items.
const CUT_DEPTH: usize = 16;

pub struct Parsed {
    pub attrs: Vec<Attribute>,
    pub items: Vec<Item>,
    pub spans: Spans,
    /// What could not be read, and the parser's words for it.
    pub unread: Vec<(Span, String)>,
}

const UNPAIRED: &str = "a bracket or a quote has no partner";

/// How much of the parser's message is kept; it may list every token that it would have taken.
const MESSAGE_LENGTH: usize = 100;

fn message(error: &syn::Error) -> String {
    let text = error.to_string();
    match text.char_indices().nth(MESSAGE_LENGTH) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// Words that an item starts with.
const ITEM_WORDS: &[&str] = &[
    "pub",
    "fn",
    "struct",
    "enum",
    "union",
    "impl",
    "mod",
    "use",
    "const",
    "static",
    "trait",
    "type",
    "async",
    "unsafe",
    "extern",
    "macro_rules",
];

pub fn parse(text: &str) -> Parsed {
    let text = blank_head(text);
    let mut unread = Vec::new();
    let (text, tokens) = match text.parse::<TokenStream>() {
        Ok(tokens) => (text, tokens),
        Err(_) => {
            let (kept, ranges) = blank_unlexable(&text);
            unread.extend(ranges);
            match kept.parse::<TokenStream>() {
                Ok(tokens) => (kept, tokens),
                Err(_) => {
                    unread = vec![(Span::new(0, text.len()), UNPAIRED.to_owned())];
                    (text, TokenStream::new())
                }
            }
        }
    };
    let spans = Spans::new(&text);
    let (attrs, items) = match syn::parse2::<syn::File>(tokens.clone()) {
        Ok(file) => (file.attrs, file.items),
        Err(_) => {
            let mut cutter = Cutter { spans: &spans, unread: Vec::new() };
            let found = cutter.items(tokens, 0);
            unread.append(&mut cutter.unread);
            found
        }
    };
    unread.sort_by_key(|(span, _)| *span);
    if unread.len() > UNREAD_BUDGET {
        let start = unread[UNREAD_BUDGET].0.start as usize;
        unread.truncate(UNREAD_BUDGET);
        unread.push((Span::new(start, text.len()), "too many errors to tell apart".to_owned()));
    }
    Parsed { attrs, items, spans, unread }
}

/// Replaces what stands before the code (a byte order mark, `#!/usr/bin/env …`, cargo's front matter) by blanks, so that
/// positions stay.
fn blank_head(text: &str) -> String {
    let mut rest = text;
    if let Some(after) = rest.strip_prefix('\u{feff}') {
        rest = after;
    }
    if rest.starts_with("#!") && !rest[2..].trim_start().starts_with('[') {
        rest = rest.find('\n').map_or("", |end| &rest[end..]);
    }
    let body = rest.trim_start();
    if body.starts_with("---")
        && let Some(end) = body[3..].find("\n---")
    {
        rest = body[3 + end + 4..].find('\n').map_or("", |line| &body[3 + end + 4 + line..]);
    }
    let head = text.len() - rest.len();
    let mut out = blanks(&text[..head]);
    out.push_str(rest);
    out
}

/// As many bytes, with the line ends where they were.
fn blanks(text: &str) -> String {
    text.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }).collect()
}

/// Cuts a text that does not lex (a bracket or quote without its partner) at lines that start an item in the first column, and
/// blanks the pieces that do not lex by themselves.
fn blank_unlexable(text: &str) -> (String, Vec<(Span, String)>) {
    let mut cuts = vec![0];
    let mut at = 0;
    let mut glued = false;
    for line in text.split_inclusive('\n') {
        if !glued && starts_item(line) && at > 0 {
            cuts.push(at);
        }
        if !line.trim().is_empty() {
            // Attributes and comments belong to what follows them.
            glued = line.starts_with('#') || line.starts_with("//") || line.starts_with(')') || line.starts_with(']');
        }
        at += line.len();
    }
    cuts.push(text.len());
    let mut out = String::with_capacity(text.len());
    let mut unread = Vec::new();
    for pair in cuts.windows(2) {
        let piece = &text[pair[0]..pair[1]];
        match piece.parse::<TokenStream>() {
            Ok(_) => out.push_str(piece),
            Err(_) => {
                let end = pair[0] + piece.trim_end().len();
                let start = pair[0] + (piece.len() - piece.trim_start().len());
                unread.push((Span::new(start, end), UNPAIRED.to_owned()));
                out.push_str(&blanks(piece));
            }
        }
    }
    (out, unread)
}

fn starts_item(line: &str) -> bool {
    line.starts_with("#[")
        || line.starts_with("//")
        || ITEM_WORDS.iter().any(|word| {
            line.strip_prefix(word)
                .is_some_and(|rest| !rest.starts_with(|letter: char| letter.is_alphanumeric() || letter == '_'))
        })
}

/// Reads a piece whose frame parses and whose contents do not.
type Inside<'a, C, T> = &'a mut dyn FnMut(&mut C, &[TokenTree], usize) -> Option<T>;

struct Cutter<'a> {
    spans: &'a Spans,
    unread: Vec<(Span, String)>,
}

impl Cutter<'_> {
    fn items(&mut self, tokens: TokenStream, depth: usize) -> (Vec<Attribute>, Vec<Item>) {
        let mut tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let inner = inner_attributes(&tokens);
        let attrs = Attribute::parse_inner.parse2(tokens.drain(..inner).collect::<TokenStream>()).unwrap_or_default();
        let mut items = Vec::new();
        for piece in pieces(tokens) {
            self.piece(
                &piece,
                depth,
                &mut |tokens| syn::parse2::<Item>(tokens),
                &mut |cutter, piece, depth| cutter.inside(piece, depth),
                &mut items,
            );
        }
        (attrs, items)
    }

    /// Parses one piece, or what is left of it from a later token on that starts an item on a new line.
    fn piece<T>(
        &mut self,
        piece: &[TokenTree],
        depth: usize,
        parse: &mut dyn FnMut(TokenStream) -> syn::Result<T>,
        inside: Inside<'_, Self, T>,
        out: &mut Vec<T>,
    ) {
        let (Some(first), Some(last)) = (piece.first(), piece.last()) else { return };
        let error = match parse(piece.iter().cloned().collect()) {
            Ok(item) => return out.push(item),
            Err(error) => error,
        };
        if let Some(item) = inside(self, piece, depth) {
            return out.push(item);
        }
        let starts = (1..piece.len()).filter(|at| starts_on_new_line(piece, *at) && begins_item(&piece[*at])).take(UNREAD_BUDGET);
        for at in starts {
            let rest = &piece[at..];
            let item = parse(rest.iter().cloned().collect()).ok().or_else(|| inside(self, rest, depth));
            if let Some(item) = item {
                let lost = self.spans.between(first.span(), piece[at - 1].span());
                self.unread.push((lost, message(&error)));
                return out.push(item);
            }
        }
        self.unread.push((self.spans.between(first.span(), last.span()), message(&error)));
    }

    /// A module, impl or trait whose frame parses, with those of its items that do.
    fn inside(&mut self, piece: &[TokenTree], depth: usize) -> Option<Item> {
        if depth >= CUT_DEPTH {
            return None;
        }
        let (TokenTree::Group(body), head) = piece.split_last()? else { return None };
        if body.delimiter() != Delimiter::Brace {
            return None;
        }
        let mut frame: Vec<TokenTree> = head.to_vec();
        let mut empty = Group::new(Delimiter::Brace, TokenStream::new());
        empty.set_span(body.span());
        frame.push(TokenTree::Group(empty));
        match syn::parse2::<Item>(frame.into_iter().collect()).ok()? {
            Item::Mod(mut module) => {
                let (attrs, items) = self.items(body.stream(), depth + 1);
                module.attrs.extend(attrs);
                let (brace, _) = module.content?;
                module.content = Some((brace, items));
                Some(Item::Mod(module))
            }
            Item::Impl(mut item) => {
                item.items = self.members(body.stream(), syn::parse2::<ImplItem>);
                Some(Item::Impl(item))
            }
            Item::Trait(mut item) => {
                item.items = self.members(body.stream(), syn::parse2::<TraitItem>);
                Some(Item::Trait(item))
            }
            _ => None,
        }
    }

    fn members<T>(&mut self, tokens: TokenStream, mut parse: impl FnMut(TokenStream) -> syn::Result<T>) -> Vec<T> {
        let mut out = Vec::new();
        for piece in pieces(tokens.into_iter().collect()) {
            self.piece(&piece, CUT_DEPTH, &mut parse, &mut |_, _, _| None, &mut out);
        }
        out
    }
}

/// How many tokens the inner attributes at the start take.
fn inner_attributes(tokens: &[TokenTree]) -> usize {
    let mut at = 0;
    while let [TokenTree::Punct(hash), TokenTree::Punct(bang), TokenTree::Group(group), ..] = &tokens[at..] {
        if hash.as_char() != '#' || bang.as_char() != '!' || group.delimiter() != Delimiter::Bracket {
            break;
        }
        at += 3;
    }
    at
}

/// Cuts tokens after each `;` and after each body in braces that ends an item.
fn pieces(tokens: Vec<TokenTree>) -> Vec<Vec<TokenTree>> {
    let mut out = Vec::new();
    let mut piece: Vec<TokenTree> = Vec::new();
    for token in tokens {
        let ends = match &token {
            TokenTree::Punct(punct) => punct.as_char() == ';',
            TokenTree::Group(group) => group.delimiter() == Delimiter::Brace && !goes_on_after_braces(&piece),
            TokenTree::Ident(_) | TokenTree::Literal(_) => false,
        };
        piece.push(token);
        if ends {
            out.push(std::mem::take(&mut piece));
        }
    }
    if !piece.is_empty() {
        out.push(piece);
    }
    out
}

/// `use a::{…};`, `const X: T = T {…};`: the braces do not end these.
fn goes_on_after_braces(piece: &[TokenTree]) -> bool {
    for (at, token) in piece.iter().enumerate() {
        let TokenTree::Ident(ident) = token else { continue };
        match ident.to_string().as_str() {
            "use" | "static" | "type" => return true,
            "const" => {
                let next = piece.get(at + 1).map(TokenTree::to_string).unwrap_or_default();
                return !matches!(next.as_str(), "fn" | "async" | "unsafe" | "extern");
            }
            "fn" | "struct" | "enum" | "impl" | "mod" | "trait" | "union" => return false,
            _ => {}
        }
    }
    false
}

fn starts_on_new_line(piece: &[TokenTree], at: usize) -> bool {
    piece[at].span().start().line > piece[at - 1].span().end().line
}

fn begins_item(token: &TokenTree) -> bool {
    match token {
        TokenTree::Ident(ident) => ITEM_WORDS.contains(&ident.to_string().as_str()),
        TokenTree::Punct(punct) => punct.as_char() == '#',
        TokenTree::Group(_) | TokenTree::Literal(_) => false,
    }
}
