//! The wire forms of Rust's standard types and of well-known crates' types, as their serde implementations write them.
//!
//! A full path decides, never a bare name: the front end asks with what a file's own imports say, `link` with what re-exports
//! and globs lead to. What is not listed here is `None`, and stays a name.

use serde_json::Number;

use super::types::{Additional, FieldExpr, ObjectExpr, ObjectMember, TypeExpr, TypeKind};
use super::{Literal, Role};
use crate::facts::Name;
use crate::shape::{NumberRange, Presence, StringShape};
use crate::source::Span;

/// The wire form of a primitive type.
pub fn primitive(name: &str) -> Option<TypeKind> {
    Some(match name {
        "bool" => TypeKind::Boolean,
        "str" => TypeKind::String(Default::default()),
        "char" => TypeKind::String(StringShape { min_length: Some(1), max_length: Some(1), ..StringShape::default() }.into()),
        "f32" | "f64" => TypeKind::Number(Default::default()),
        _ => TypeKind::Integer(integer_range(name)?.into()),
    })
}

fn integer_range(name: &str) -> Option<NumberRange> {
    let (low, high) = match name {
        "u8" => (0, i128::from(u8::MAX)),
        "u16" => (0, i128::from(u16::MAX)),
        "u32" => (0, i128::from(u32::MAX)),
        "u64" | "usize" => (0, i128::from(u64::MAX)),
        "i8" => (i128::from(i8::MIN), i128::from(i8::MAX)),
        "i16" => (i128::from(i16::MIN), i128::from(i16::MAX)),
        "i32" => (i128::from(i32::MIN), i128::from(i32::MAX)),
        "i64" | "isize" => (i128::from(i64::MIN), i128::from(i64::MAX)),
        "i128" => (i128::MIN, i128::MAX),
        "u128" => {
            return Some(NumberRange {
                minimum: Number::from_i128(0),
                maximum: Number::from_u128(u128::MAX),
                ..NumberRange::default()
            });
        }
        _ => return None,
    };
    Some(NumberRange { minimum: Number::from_i128(low), maximum: Number::from_i128(high), ..NumberRange::default() })
}

/// An integer type of this name; any integer for a name that is none.
fn integer(name: &str) -> TypeKind {
    TypeKind::Integer(integer_range(name).unwrap_or_default().into())
}

fn text() -> TypeKind {
    TypeKind::String(Default::default())
}

fn format(name: &str) -> TypeKind {
    TypeKind::String(StringShape::format(name).into())
}

/// The wire form of the type that a full path names (`["std", "collections", "HashMap"]`, `["chrono", "DateTime"]`), with its
/// arguments in the order of the source. A path of one segment is a name of the prelude.
pub fn known(path: &[&str], args: &[TypeExpr], role: Role, span: Span) -> Option<TypeKind> {
    let (&last, front) = path.split_last()?;
    let Some(&krate) = front.first() else { return prelude(last, args, span) };
    match krate {
        "std" | "core" | "alloc" => standard(front, last, args, span),
        "chrono" => chrono(last, span),
        "chrono_tz" => (last == "Tz").then(text),
        "time" => time(front, last, span),
        "jiff" => jiff(last),
        "uuid" => (last == "Uuid").then(|| format("uuid")),
        "ulid" => (last == "Ulid").then(|| sized_text(26)),
        "url" => (last == "Url").then(|| format("uri")),
        "rust_decimal" | "bigdecimal" => (last == "Decimal" || last == "BigDecimal").then(|| decimal(role, span)),
        "bytes" => matches!(last, "Bytes" | "BytesMut").then(|| bytes(span)),
        "serde_bytes" => matches!(last, "ByteBuf" | "Bytes" | "ByteArray").then(|| bytes(span)),
        "serde_json" => serde_json_type(last, args, span),
        "indexmap" | "hashbrown" | "dashmap" | "ahash" | "rustc_hash" | "fxhash" | "im" | "fnv" => collection(last, args, span),
        "smallvec" | "arrayvec" | "thin_vec" | "tinyvec" | "heapless" | "bumpalo" => vector(last, args, span),
        "compact_str" | "smol_str" | "smartstring" | "arcstr" | "ecow" | "flexstr" | "bytestring" | "faststr" | "kstring" => {
            matches!(
                last,
                "CompactString"
                    | "SmolStr"
                    | "SmartString"
                    | "ArcStr"
                    | "EcoString"
                    | "SharedStr"
                    | "ByteString"
                    | "FastStr"
                    | "KString"
                    | "String"
            )
            .then(text)
        }
        "semver" => matches!(last, "Version" | "VersionReq").then(text),
        "ipnet" | "ipnetwork" => Some(text()),
        "email_address" => (last == "EmailAddress").then(|| format("email")),
        "camino" => matches!(last, "Utf8PathBuf" | "Utf8Path").then(text),
        "iri_string" | "fluent_uri" => Some(text()),
        "ordered_float" => args.first().map(|inner| inner.kind.clone()),
        "bson" => (last == "ObjectId").then(|| object(&[("$oid", sized_text(24))], span)),
        "parking_lot" | "tokio" | "async_lock" | "futures" | "arc_swap" | "once_cell" => match last {
            "Mutex" | "RwLock" | "ArcSwap" | "OnceCell" | "Lazy" => args.first().map(|inner| inner.kind.clone()),
            _ => None,
        },
        "either" => (last == "Either").then(|| tagged(&["Left", "Right"], args, span)),
        _ => None,
    }
}

fn prelude(name: &str, args: &[TypeExpr], span: Span) -> Option<TypeKind> {
    match name {
        "Vec" => Some(list(args, false, span)),
        "Option" => Some(option(args, span)),
        "Box" => first(args),
        "String" => Some(text()),
        "Result" if args.len() == 2 => Some(tagged(&["Ok", "Err"], args, span)),
        _ => primitive(name),
    }
}

fn standard(front: &[&str], last: &str, args: &[TypeExpr], span: Span) -> Option<TypeKind> {
    if let Some(nonzero) = last.strip_prefix("NonZero") {
        let name = match nonzero {
            "" => return first(args),
            signed => signed.to_ascii_lowercase(),
        };
        let mut range = integer_range(&name)?;
        if name.starts_with('u') {
            range.minimum = Some(Number::from(1));
        }
        return Some(TypeKind::Integer(range.into()));
    }
    if let Some(atomic) = last.strip_prefix("Atomic") {
        return primitive(&atomic.to_ascii_lowercase());
    }
    match last {
        "Vec" | "VecDeque" | "LinkedList" | "BinaryHeap" => Some(list(args, false, span)),
        "HashMap" | "BTreeMap" | "HashSet" | "BTreeSet" => collection(last, args, span),
        "Option" => Some(option(args, span)),
        "Result" if front.len() == 2 && front[1] == "result" => Some(tagged(&["Ok", "Err"], args, span)),
        "Box" | "Rc" | "Arc" | "Cow" | "Cell" | "RefCell" | "Mutex" | "RwLock" | "Reverse" | "Wrapping" | "Saturating"
        | "Pin" | "OnceCell" | "OnceLock" | "LazyLock" | "LazyCell" => first(args),
        "String" | "PathBuf" | "Path" => Some(text()),
        "CString" | "CStr" => Some(bytes(span)),
        "PhantomData" => Some(TypeKind::Null),
        "Ipv4Addr" => Some(format("ipv4")),
        "Ipv6Addr" => Some(format("ipv6")),
        "IpAddr" | "SocketAddr" | "SocketAddrV4" | "SocketAddrV6" => Some(text()),
        "Duration" => Some(object(&[("secs", integer("u64")), ("nanos", integer("u32"))], span)),
        "SystemTime" => Some(object(&[("secs_since_epoch", integer("u64")), ("nanos_since_epoch", integer("u32"))], span)),
        "Range" | "RangeInclusive" => {
            let bound = args.first()?.kind.clone();
            Some(object(&[("start", bound.clone()), ("end", bound)], span))
        }
        _ => None,
    }
}

fn chrono(last: &str, span: Span) -> Option<TypeKind> {
    match last {
        "DateTime" => Some(format("date-time")),
        "NaiveDate" => Some(format("date")),
        // No offset: neither is what `format` calls a date-time or a time.
        "NaiveDateTime" | "NaiveTime" | "Weekday" | "Month" => Some(text()),
        "TimeDelta" | "Duration" => {
            let items = ["i64", "i32"].iter().map(|part| TypeExpr::new(integer(part), span)).collect();
            Some(TypeKind::Tuple { items, rest: None })
        }
        _ => None,
    }
}

/// The compact form that feature `serde` gives; `serde-human-readable` gives texts instead, and no file says which is on.
fn time(front: &[&str], last: &str, span: Span) -> Option<TypeKind> {
    if front.len() > 1 && !matches!(front[1], "date" | "time" | "offset_date_time" | "primitive_date_time" | "utc_offset") {
        return None;
    }
    let parts: &[&str] = match last {
        "OffsetDateTime" => &["i32", "u16", "u8", "u8", "u8", "u32", "i8", "i8", "i8"],
        "PrimitiveDateTime" | "UtcDateTime" => &["i32", "u16", "u8", "u8", "u8", "u32"],
        "Date" => &["i32", "u16"],
        "Time" => &["u8", "u8", "u8", "u32"],
        "UtcOffset" => &["i8", "i8", "i8"],
        "Duration" => &["i64", "i32"],
        "Month" | "Weekday" => return Some(integer("u8")),
        _ => return None,
    };
    let items = parts.iter().map(|part| TypeExpr::new(integer(part), span)).collect();
    Some(TypeKind::Tuple { items, rest: None })
}

fn jiff(last: &str) -> Option<TypeKind> {
    match last {
        "Timestamp" => Some(format("date-time")),
        "Date" => Some(format("date")),
        "Zoned" | "DateTime" | "Time" | "Span" | "SignedDuration" => Some(text()),
        _ => None,
    }
}

fn serde_json_type(last: &str, args: &[TypeExpr], span: Span) -> Option<TypeKind> {
    match last {
        "Value" | "RawValue" => Some(TypeKind::Unknown(format!("`serde_json::{last}` holds any JSON").into())),
        "Number" => Some(TypeKind::Number(Default::default())),
        "Map" => Some(TypeKind::Map {
            keys: None,
            values: Box::new(match args {
                [_, values] => values.clone(),
                _ => TypeExpr::unknown("`serde_json::Value` holds any JSON", span),
            }),
        }),
        _ => None,
    }
}

fn collection(last: &str, args: &[TypeExpr], span: Span) -> Option<TypeKind> {
    match last {
        "HashMap" | "BTreeMap" | "IndexMap" | "DashMap" | "FxHashMap" | "AHashMap" | "OrdMap" | "FnvHashMap" => {
            let keys = args
                .first()
                .filter(|keys| !matches!(keys.kind, TypeKind::String(ref shape) if **shape == StringShape::default()));
            let values = args.get(1).cloned().unwrap_or_else(|| TypeExpr::unknown("a map without type arguments", span));
            Some(TypeKind::Map { keys: keys.cloned().map(Box::new), values: Box::new(values) })
        }
        "HashSet" | "BTreeSet" | "IndexSet" | "DashSet" | "FxHashSet" | "AHashSet" | "OrdSet" | "FnvHashSet" => {
            Some(list(args, true, span))
        }
        "Vector" => Some(list(args, false, span)),
        _ => None,
    }
}

/// Vectors whose first argument is the element type or, for `SmallVec`, an array of it.
fn vector(last: &str, args: &[TypeExpr], span: Span) -> Option<TypeKind> {
    match last {
        "SmallVec" | "TinyVec" | "ArrayVec" | "ThinVec" | "Vec" => match args.first().map(|arg| &arg.kind) {
            Some(TypeKind::Array { items, .. }) if last != "ThinVec" && last != "Vec" => {
                Some(list(std::slice::from_ref(items.as_ref()), false, span))
            }
            _ => Some(list(args, false, span)),
        },
        "ArrayString" | "String" => Some(text()),
        _ => None,
    }
}

fn first(args: &[TypeExpr]) -> Option<TypeKind> {
    args.first().map(|inner| inner.kind.clone())
}

fn list(args: &[TypeExpr], unique: bool, span: Span) -> TypeKind {
    let items = args.first().cloned().unwrap_or_else(|| TypeExpr::unknown("a list without a type argument", span));
    TypeKind::Array { items: Box::new(items), min: None, max: None, unique }
}

/// `T` or null.
pub fn option(args: &[TypeExpr], span: Span) -> TypeKind {
    let inner = args.first().cloned().unwrap_or_else(|| TypeExpr::unknown("an option without a type argument", span));
    TypeKind::Union(vec![inner, TypeExpr::new(TypeKind::Null, span)])
}

fn sized_text(length: u64) -> TypeKind {
    TypeKind::String(StringShape { min_length: Some(length), max_length: Some(length), ..StringShape::default() }.into())
}

/// serde writes bytes to JSON as a list of numbers.
pub fn bytes(span: Span) -> TypeKind {
    TypeKind::Array { items: Box::new(TypeExpr::new(integer("u8"), span)), min: None, max: None, unique: false }
}

/// A decimal writes a text and reads texts and numbers.
fn decimal(role: Role, span: Span) -> TypeKind {
    match role {
        Role::Producer => text(),
        Role::Consumer => {
            TypeKind::Union(vec![TypeExpr::new(text(), span), TypeExpr::new(TypeKind::Number(Default::default()), span)])
        }
    }
}

fn object(fields: &[(&str, TypeKind)], span: Span) -> TypeKind {
    let members =
        fields.iter().map(|(name, kind)| ObjectMember::Field(field(name, TypeExpr::new(kind.clone(), span), span))).collect();
    // serde's own impls for these reject every other key.
    TypeKind::Object(ObjectExpr { members, additional: Additional::Closed })
}

/// An enum of newtype variants in serde's default representation.
fn tagged(names: &[&str], args: &[TypeExpr], span: Span) -> TypeKind {
    let variants = names.iter().enumerate().map(|(at, name)| {
        let inner = args.get(at).cloned().unwrap_or_else(|| TypeExpr::unknown("a variant without a type argument", span));
        TypeExpr::new(
            TypeKind::Object(ObjectExpr {
                members: vec![ObjectMember::Field(field(name, inner, span))],
                additional: Additional::Closed,
            }),
            span,
        )
    });
    TypeKind::Union(variants.collect())
}

/// A required field without further ado.
pub fn field(name: &str, ty: TypeExpr, span: Span) -> FieldExpr {
    FieldExpr {
        name: name.into(),
        aliases: Vec::new(),
        ty,
        presence: Presence::Required,
        default: None,
        source: None,
        span,
        cause: None,
    }
}

/// What a function module that `#[serde(with = "…")]` names writes and reads, whatever the field's own type. `path` is the full
/// path of the module.
pub fn known_with(path: &[&str], span: Span) -> Option<TypeKind> {
    let last = *path.last()?;
    let (name, optional) = match last.strip_suffix("_option") {
        Some(name) => (name, true),
        None if last == "option" && path.len() > 1 => (path[path.len() - 2], true),
        None => (last, false),
    };
    let kind = match (path[0], name) {
        ("chrono", "ts_seconds" | "ts_milliseconds" | "ts_microseconds" | "ts_nanoseconds") => integer("i64"),
        ("time", "rfc3339") => format("date-time"),
        ("time", "iso8601" | "rfc2822") => text(),
        ("time", "timestamp" | "milliseconds" | "microseconds" | "nanoseconds") => integer("i64"),
        ("uuid", "hyphenated") => format("uuid"),
        ("uuid", "simple") => sized_text(32),
        ("uuid", "urn" | "braced") => text(),
        ("uuid", "compact") => bytes(span),
        ("rust_decimal", "str") => text(),
        ("rust_decimal", "float" | "arbitrary_precision") => TypeKind::Number(Default::default()),
        ("humantime_serde", _) | ("http_serde", "uri" | "method" | "authority") => text(),
        ("http_serde", "status_code") => integer("u16"),
        ("serde_bytes", _) => bytes(span),
        ("bson", "bson_datetime_as_rfc3339_string" | "chrono_datetime_as_rfc3339_string") => format("date-time"),
        ("bson", "uuid_as_string" | "hex_string_as_object_id") => text(),
        ("hex", _) | ("hex_serde", _) | ("serde_hex", _) | ("const_hex", _) => text(),
        ("serde_with", "nested") => TypeKind::String(
            StringShape { content_media_type: Some("application/json".to_owned()), ..StringShape::default() }.into(),
        ),
        ("jiff", "second" | "millisecond" | "microsecond" | "nanosecond") => integer("i64"),
        _ => return None,
    };
    Some(if optional { option(&[TypeExpr::new(kind, span)], span) } else { kind })
}

/// Adapters of `serde_with`'s `#[serde_as(as = "…")]`.
pub fn known_adapter(name: &str, span: Span) -> Option<TypeKind> {
    Some(match name {
        "DisplayFromStr" | "DurationSecondsText" | "Hex" | "Base58" => text(),
        "Base64" => {
            TypeKind::String(StringShape { content_encoding: Some("base64".to_owned()), ..StringShape::default() }.into())
        }
        "TimestampSeconds"
        | "TimestampMilliSeconds"
        | "TimestampMicroSeconds"
        | "TimestampNanoSeconds"
        | "DurationSeconds"
        | "DurationMilliSeconds"
        | "DurationMicroSeconds"
        | "DurationNanoSeconds" => integer("i64"),
        "TimestampSecondsWithFrac" | "DurationSecondsWithFrac" | "TimestampMilliSecondsWithFrac" => {
            TypeKind::Number(Default::default())
        }
        "JsonString" => TypeKind::String(
            StringShape { content_media_type: Some("application/json".to_owned()), ..StringShape::default() }.into(),
        ),
        "BoolFromInt" => TypeKind::Integer(
            NumberRange { minimum: Some(Number::from(0)), maximum: Some(Number::from(1)), ..NumberRange::default() }.into(),
        ),
        "Bytes" => bytes(span),
        "StringWithSeparator" => text(),
        _ => return None,
    })
}

/// What a reader puts in for a bare `#[serde(default)]` of this type, where that is one constant.
pub fn default_literal(kind: &TypeKind) -> Option<Literal> {
    match kind {
        TypeKind::Boolean => Some(Literal::Bool(false)),
        TypeKind::Integer(range) if range.minimum.as_ref().is_none_or(|low| low.as_i128().is_some_and(|low| low <= 0)) => {
            Some(Literal::Number("0".into()))
        }
        TypeKind::Number(_) => Some(Literal::Number("0.0".into())),
        TypeKind::String(shape) if **shape == StringShape::default() => Some(Literal::Text(Name::default())),
        TypeKind::Union(branches) if branches.iter().any(|branch| branch.kind == TypeKind::Null) => Some(Literal::Null),
        _ => None,
    }
}

/// The longest text of names that a pattern of all other texts is made for; it grows with their sum.
const OTHER_NAMES_LENGTH: usize = 2_000;

/// Every text but these, as a pattern without look-around. `None` where they are too many to say so.
pub fn text_other_than(names: &[impl AsRef<str>]) -> Option<StringShape> {
    if names.iter().map(|name| name.as_ref().len()).sum::<usize>() > OTHER_NAMES_LENGTH {
        return None;
    }
    let words: Vec<Vec<char>> = names.iter().map(|name| name.as_ref().chars().collect()).collect();
    let words: Vec<&[char]> = words.iter().map(Vec::as_slice).collect();
    let pattern = format!("^{}$", other_than(&words));
    Some(StringShape { patterns: vec![pattern], ..StringShape::default() })
}

/// The texts that are none of these words, branching by their first letters.
fn other_than(words: &[&[char]]) -> String {
    let mut by_first: std::collections::BTreeMap<char, Vec<&[char]>> = std::collections::BTreeMap::new();
    let mut ends_here = false;
    for word in words {
        match word.split_first() {
            Some((first, rest)) => by_first.entry(*first).or_default().push(rest),
            None => ends_here = true,
        }
    }
    if by_first.is_empty() {
        return if ends_here { r"[\s\S]+".to_owned() } else { r"[\s\S]*".to_owned() };
    }
    let firsts: String = by_first.keys().map(|letter| escaped(*letter)).collect();
    let mut branches = vec![format!(r"[^{firsts}][\s\S]*")];
    branches.extend(by_first.iter().map(|(first, rest)| format!("{}{}", escaped(*first), other_than(rest))));
    if !ends_here {
        branches.push(String::new());
    }
    format!("(?:{})", branches.join("|"))
}

fn escaped(letter: char) -> String {
    if letter.is_ascii_punctuation() && letter != '_' { format!("\\{letter}") } else { letter.to_string() }
}
