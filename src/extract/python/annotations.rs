//! Annotations as types in wire form.

use ruff_python_ast::{Expr as Py, Keyword, Operator};
use ruff_text_size::Ranged;

use super::lower::{Lower, MAX_ENTRIES};
use super::{names, span};
use crate::facts::{Expr, ExprKind, Literal, Name, TypeExpr, TypeKind, TypeRef};
use crate::shape::{NumberRange, StringShape};
use crate::source::Span;

/// Names in the path of a type; a longer one names none.
const MAX_TYPE_PATH: usize = 64;

/// Which way a value goes: some types write another form than they accept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Write,
    Read,
}

/// Bounds that a declaration puts on a value, wherever it says so: `Field(…)`, `Annotated[…]`, `conint(…)`.
#[derive(Clone, Debug, Default)]
pub(super) struct Bounds {
    pub range: NumberRange,
    pub min_length: Option<u64>,
    pub max_length: Option<u64>,
    pub pattern: Option<Name>,
    pub unique: bool,
}

impl Bounds {
    /// Reads one keyword; answers whether it was a bound.
    pub(super) fn take(&mut self, name: &str, value: &Py) -> bool {
        let number = || match value {
            Py::NumberLiteral(literal) => super::expressions::number_literal(&literal.value).and_then(json_number),
            Py::UnaryOp(unary) if unary.op == ruff_python_ast::UnaryOp::USub => match &*unary.operand {
                Py::NumberLiteral(literal) => match super::expressions::number_literal(&literal.value) {
                    Some(Literal::Number(digits)) => json_number(Literal::Number(format!("-{digits}").into())),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        };
        let length = || number().and_then(|number| number.as_u64());
        match name {
            "gt" => self.range.exclusive_minimum = number().or(self.range.exclusive_minimum.take()),
            "ge" => self.range.minimum = number().or(self.range.minimum.take()),
            "lt" => self.range.exclusive_maximum = number().or(self.range.exclusive_maximum.take()),
            "le" => self.range.maximum = number().or(self.range.maximum.take()),
            "multiple_of" => self.range.multiple_of = number().or(self.range.multiple_of.take()),
            "min_length" | "min_items" => self.min_length = length().or(self.min_length),
            "max_length" | "max_items" => self.max_length = length().or(self.max_length),
            "pattern" | "regex" => {
                if let Py::StringLiteral(text) = value {
                    self.pattern = Some(text.value.to_str().into());
                }
            }
            "unique_items" => self.unique = matches!(value, Py::BooleanLiteral(literal) if literal.value),
            _ => return false,
        }
        true
    }

    pub(super) fn take_all(&mut self, keywords: &[Keyword]) {
        for keyword in keywords {
            if let Some(name) = &keyword.arg {
                self.take(name.as_str(), &keyword.value);
            }
        }
    }

    /// The type within these bounds. Bounds that do not fit the type say nothing of its JSON.
    pub(super) fn apply(&self, mut ty: TypeExpr) -> TypeExpr {
        self.apply_to(&mut ty, 0);
        ty
    }

    fn apply_to(&self, ty: &mut TypeExpr, depth: u32) {
        match &mut ty.kind {
            TypeKind::Integer(range) | TypeKind::Number(range) => {
                let (own, range) = (&self.range, &mut **range);
                for (slot, value) in [
                    (&mut range.minimum, &own.minimum),
                    (&mut range.maximum, &own.maximum),
                    (&mut range.exclusive_minimum, &own.exclusive_minimum),
                    (&mut range.exclusive_maximum, &own.exclusive_maximum),
                    (&mut range.multiple_of, &own.multiple_of),
                ] {
                    if value.is_some() {
                        slot.clone_from(value);
                    }
                }
            }
            TypeKind::String(shape) => {
                shape.min_length = self.min_length.or(shape.min_length);
                shape.max_length = self.max_length.or(shape.max_length);
                shape.patterns.extend(self.pattern.as_deref().map(str::to_owned));
            }
            TypeKind::Array { min, max, unique, .. } => {
                *min = self.min_length.or(*min);
                *max = self.max_length.or(*max);
                *unique |= self.unique;
            }
            TypeKind::Union(members) if depth < 4 => {
                for member in members {
                    self.apply_to(member, depth + 1);
                }
            }
            _ => {}
        }
    }
}

fn json_number(literal: Literal) -> Option<serde_json::Number> {
    match literal {
        Literal::Number(digits) => serde_json::from_str(&digits).ok(),
        Literal::Null | Literal::Bool(_) | Literal::Text(_) => None,
    }
}

impl Lower<'_> {
    /// The wire form of what an annotation says.
    pub(super) fn annotation(&mut self, expr: &Py, side: Side) -> TypeExpr {
        match self.deeper(|lower| lower.annotation_unbounded(expr, side)) {
            Some(ty) => ty,
            None => TypeExpr::unknown("the annotation is nested very deeply", span(expr.range())),
        }
    }

    fn annotation_unbounded(&mut self, expr: &Py, side: Side) -> TypeExpr {
        let at = span(expr.range());
        match expr {
            Py::NoneLiteral(_) => TypeExpr::new(TypeKind::Null, at),
            Py::StringLiteral(text) => {
                let [literal] = text.value.as_slice() else {
                    return TypeExpr::unknown("an annotation in several texts", at);
                };
                match ruff_python_parser::parse_string_annotation(self.text, literal) {
                    Ok(parsed) => self.annotation(parsed.expr(), side),
                    // An escape in the text shifts it; the text alone is parsed then, and its spans are the annotation's.
                    Err(_) => TypeExpr::unknown(format!("unreadable annotation `{}`", self.quote(expr.range())), at),
                }
            }
            Py::Name(_) | Py::Attribute(_) => self.named_type(expr, side),
            Py::BinOp(binary) if binary.op == Operator::BitOr => {
                let mut parts = Vec::new();
                let mut left = expr;
                while let Py::BinOp(inner) = left {
                    if inner.op != Operator::BitOr || parts.len() > MAX_ENTRIES {
                        break;
                    }
                    parts.push(&*inner.right);
                    left = &inner.left;
                }
                parts.push(left);
                parts.reverse();
                let members = parts.into_iter().map(|part| self.annotation(part, side)).collect();
                union(members, at)
            }
            Py::Subscript(subscript) => self.generic_type(&subscript.value, &subscript.slice, at, side),
            Py::Call(call) => self.called_type(call, side),
            Py::List(list) => {
                // The parameter list of a `Callable`, or the arguments of a `ParamSpec`.
                TypeExpr::unknown(format!("`{}`", self.quote(list.range)), at)
            }
            _ => TypeExpr::unknown(format!("`{}` is no type", self.quote(expr.range())), at),
        }
    }

    /// The full name of a type with the package of `typing` left out: `Optional`, `datetime.datetime`, `pydantic.EmailStr`.
    pub(super) fn type_name(&self, expr: &Py) -> Option<Name> {
        let mut full = Name::default();
        if !self.push_full(expr, &mut full, 0) {
            return None;
        }
        for package in ["typing.", "typing_extensions.", "collections.abc.", "builtins."] {
            if full.starts_with(package) {
                full.drain(..package.len());
                return Some(full);
            }
        }
        if let Some(rest) = full.strip_prefix("pydantic.v1.") {
            return Some(format!("pydantic.{rest}").into());
        }
        for module in ["pydantic.types.", "pydantic.networks."] {
            if let Some(rest) = full.strip_prefix(module) {
                return Some(format!("pydantic.{rest}").into());
            }
        }
        Some(full)
    }

    /// Writes the path that an expression is, its first name as the imports say; `false` where it is none, or one of more names than
    /// a type has.
    fn push_full(&self, expr: &Py, full: &mut Name, depth: usize) -> bool {
        match expr {
            Py::Attribute(attribute) if !attribute.attr.is_empty() && depth < MAX_TYPE_PATH => {
                if !self.push_full(&attribute.value, full, depth + 1) {
                    return false;
                }
                full.push('.');
                full.push_str(attribute.attr.as_str());
                true
            }
            Py::Name(name) if !name.id.is_empty() => {
                full.push_str(self.names.full(&name.id).unwrap_or(&name.id));
                true
            }
            _ => false,
        }
    }

    fn named_type(&mut self, expr: &Py, side: Side) -> TypeExpr {
        let at = span(expr.range());
        let Some(path) = names::dotted(expr) else {
            return TypeExpr::unknown("an incomplete annotation", at);
        };
        if let [name] = path.as_slice() {
            if self.type_params.iter().any(|param| param == name) {
                return TypeExpr::new(TypeKind::Param((*name).into()), at);
            }
            if let Some(bound) = self.type_vars.get(*name).copied() {
                // A variable that the declaration around it does not list stands for its bound.
                return match bound {
                    Some(bound) => self.annotation(bound, side),
                    None => TypeExpr::new(TypeKind::Param((*name).into()), at),
                };
            }
        }
        let Some(full) = self.type_name(expr) else {
            return TypeExpr::unknown("an incomplete annotation", at);
        };
        if let Some(kind) = self.builtin(&full, side, at) {
            return TypeExpr::new(kind, at);
        }
        if full == "Self"
            && let Some(own) = self.own_class(at)
        {
            return own;
        }
        let path = path.into_iter().map(Name::from).collect();
        TypeExpr::new(TypeKind::Ref(TypeRef { path, args: Vec::new() }), at)
    }

    /// Types of the language, its library and pydantic, by full name.
    fn builtin(&self, full: &str, side: Side, at: Span) -> Option<TypeKind> {
        if !full.contains('.') && self.module_names.contains(full) {
            return None;
        }
        let any = || Box::new(TypeExpr::unknown("no type is given", at));
        let text = || TypeKind::String(Default::default());
        let format = |name: &str| TypeKind::String(StringShape::format(name).into());
        let whole = |bounds: NumberRange| TypeKind::Integer(bounds.into());
        let fractional = |bounds: NumberRange| TypeKind::Number(bounds.into());
        let zero = || Some(serde_json::Number::from(0));
        let above = || NumberRange { exclusive_minimum: zero(), ..NumberRange::default() };
        let below = || NumberRange { exclusive_maximum: zero(), ..NumberRange::default() };
        let from = || NumberRange { minimum: zero(), ..NumberRange::default() };
        let to = || NumberRange { maximum: zero(), ..NumberRange::default() };
        let list = |unique: bool| TypeKind::Array { items: any(), min: None, max: None, unique };
        let uri = |max: Option<u64>| {
            TypeKind::String(StringShape { min_length: Some(1), max_length: max, ..StringShape::format("uri") }.into())
        };
        Some(match full {
            "str"
            | "Text"
            | "AnyStr"
            | "LiteralString"
            | "pydantic.StrictStr"
            | "pydantic.constr"
            | "pydantic.ImportString"
            | "yarl.URL"
            | "sqlalchemy.String"
            | "email.message.EmailMessage"
            | "pydantic.Color"
            | "pydantic.color.Color"
            | "pydantic_extra_types.color.Color" => text(),
            "int" | "pydantic.StrictInt" | "pydantic.conint" | "pydantic.ByteSize" => whole(NumberRange::default()),
            "float"
            | "pydantic.StrictFloat"
            | "pydantic.confloat"
            | "numbers.Number"
            | "numbers.Real"
            | "pydantic.FiniteFloat" => fractional(NumberRange::default()),
            "pydantic.PositiveInt" => whole(above()),
            "pydantic.NegativeInt" => whole(below()),
            "pydantic.NonNegativeInt" => whole(from()),
            "pydantic.NonPositiveInt" => whole(to()),
            "pydantic.PositiveFloat" => fractional(above()),
            "pydantic.NegativeFloat" => fractional(below()),
            "pydantic.NonNegativeFloat" => fractional(from()),
            "pydantic.NonPositiveFloat" => fractional(to()),
            "bool" | "pydantic.StrictBool" => TypeKind::Boolean,
            "None" | "NoneType" | "types.NoneType" => TypeKind::Null,
            "bytes" | "bytearray" | "memoryview" | "pydantic.StrictBytes" => format("binary"),
            "Any" | "object" => TypeKind::Unknown(format!("declared as `{full}`").into()),
            "Never" | "NoReturn" => TypeKind::Never,
            "pydantic.JsonValue" => TypeKind::Unknown("declared as any JSON".into()),
            "dict"
            | "Dict"
            | "Mapping"
            | "MutableMapping"
            | "OrderedDict"
            | "DefaultDict"
            | "collections.OrderedDict"
            | "collections.defaultdict" => TypeKind::Map { keys: None, values: any() },
            "list" | "List" | "tuple" | "Tuple" | "Sequence" | "MutableSequence" | "Iterable" | "Iterator" | "Collection"
            | "Deque" | "collections.deque" | "Generator" | "pydantic.conlist" => list(false),
            "set" | "Set" | "frozenset" | "FrozenSet" | "AbstractSet" | "MutableSet" => list(true),
            "datetime.datetime"
            | "pydantic.AwareDatetime"
            | "pydantic.NaiveDatetime"
            | "pydantic.PastDatetime"
            | "pydantic.FutureDatetime"
            | "pendulum.DateTime"
            | "arrow.Arrow" => format("date-time"),
            "datetime.date" | "pydantic.PastDate" | "pydantic.FutureDate" | "pendulum.Date" => format("date"),
            "datetime.time" => format("time"),
            "datetime.timedelta" => format("duration"),
            "decimal.Decimal" | "pydantic.condecimal" => match side {
                Side::Write => text(),
                Side::Read => {
                    TypeKind::Union(vec![TypeExpr::new(fractional(NumberRange::default()), at), TypeExpr::new(text(), at)])
                }
            },
            "uuid.UUID" | "pydantic.UUID1" | "pydantic.UUID3" | "pydantic.UUID4" | "pydantic.UUID5" | "pydantic.UUID6"
            | "pydantic.UUID7" | "pydantic.UUID8" => match full.strip_prefix("pydantic.UUID") {
                Some(version) => format(&format!("uuid{version}")),
                None => format("uuid"),
            },
            "pathlib.Path" | "pathlib.PurePath" | "pathlib.PosixPath" | "os.PathLike" => format("path"),
            "pydantic.FilePath" => format("file-path"),
            "pydantic.DirectoryPath" => format("directory-path"),
            "ipaddress.IPv4Address" => format("ipv4"),
            "ipaddress.IPv6Address" => format("ipv6"),
            "ipaddress.IPv4Network" => format("ipv4network"),
            "ipaddress.IPv6Network" => format("ipv6network"),
            "ipaddress.IPv4Interface" => format("ipv4interface"),
            "ipaddress.IPv6Interface" => format("ipv6interface"),
            "pydantic.IPvAnyAddress" => format("ipvanyaddress"),
            "pydantic.IPvAnyNetwork" => format("ipvanynetwork"),
            "pydantic.IPvAnyInterface" => format("ipvanyinterface"),
            "re.Pattern" | "Pattern" => format("regex"),
            "pydantic.EmailStr" => format("email"),
            "pydantic.NameEmail" => format("name-email"),
            "pydantic.AnyUrl"
            | "pydantic.AnyHttpUrl"
            | "pydantic.AnyWebsocketUrl"
            | "pydantic.FtpUrl"
            | "pydantic.PostgresDsn"
            | "pydantic.RedisDsn"
            | "pydantic.AmqpDsn"
            | "pydantic.KafkaDsn"
            | "pydantic.MongoDsn"
            | "pydantic.MySQLDsn"
            | "pydantic.MariaDBDsn"
            | "pydantic.CockroachDsn"
            | "pydantic.NatsDsn"
            | "pydantic.ClickHouseDsn"
            | "pydantic.SnowflakeDsn"
            | "pydantic_core.Url" => uri(None),
            "pydantic.FileUrl" => uri(None),
            "pydantic.HttpUrl" | "pydantic.WebsocketUrl" => uri(Some(2083)),
            "pydantic.SecretStr" | "pydantic.SecretBytes" => format("password"),
            "pydantic.Json" => match side {
                Side::Write => TypeKind::Unknown("declared as any JSON".into()),
                Side::Read => TypeKind::String(
                    StringShape { content_media_type: Some("application/json".to_owned()), ..StringShape::default() }.into(),
                ),
            },
            "pydantic.Base64Bytes" | "pydantic.Base64UrlBytes" | "pydantic.EncodedBytes" => format("base64"),
            "pydantic.Base64Str" | "pydantic.Base64UrlStr" => format("base64"),
            "complex" => text(),
            "Callable" | "type" | "Type" => TypeKind::Unknown("a function or class has no JSON form".into()),
            "Optional" | "Union" | "Literal" | "Annotated" => TypeKind::Unknown(format!("`{full}` without arguments").into()),
            "fastapi.UploadFile" | "logging.Logger" => return None,
            _ => return None,
        })
    }

    fn generic_type(&mut self, base: &Py, slice: &Py, at: Span, side: Side) -> TypeExpr {
        let args: &[Py] = match slice {
            Py::Tuple(tuple) => &tuple.elts,
            one => std::slice::from_ref(one),
        };
        let Some(full) = self.type_name(base) else {
            return TypeExpr::unknown(format!("`{}` is no type", self.quote(base.range())), at);
        };
        let shadowed = !full.contains('.') && self.module_names.contains(full.as_str());
        let first = args.first();
        let kind = match (full.as_str(), first) {
            _ if shadowed => return self.reference(base, args, at, side),
            ("Optional", Some(inner)) => {
                let inner = self.annotation(inner, side);
                return union(vec![inner, TypeExpr::new(TypeKind::Null, at)], at);
            }
            ("Union", _) => {
                let members = args.iter().take(MAX_ENTRIES).map(|arg| self.annotation(arg, side)).collect();
                return union(members, at);
            }
            ("Literal", _) => {
                let mut members = Vec::new();
                for arg in args.iter().take(MAX_ENTRIES) {
                    members.push(self.literal_type(arg, side));
                }
                return union(members, at);
            }
            ("Annotated", Some(inner)) => return self.annotated(inner, &args[1..], side),
            (
                "ClassVar"
                | "Final"
                | "Required"
                | "NotRequired"
                | "ReadOnly"
                | "dataclasses.InitVar"
                | "Awaitable"
                | "Unpack"
                | "sqlalchemy.orm.Mapped"
                | "Mapped"
                | "pydantic.OnErrorOmit"
                | "pydantic.FailFast"
                | "TypeGuard"
                | "pydantic.SkipValidation"
                | "pydantic.SerializeAsAny"
                | "AsyncContextManager"
                | "ContextManager"
                | "contextlib.AbstractContextManager"
                | "contextlib.AbstractAsyncContextManager",
                Some(inner),
            ) => return self.annotation(inner, side),
            ("Coroutine", _) => {
                return match args.last() {
                    Some(last) => self.annotation(last, side),
                    None => TypeExpr::unknown("a coroutine", at),
                };
            }
            (
                "dict"
                | "Dict"
                | "Mapping"
                | "MutableMapping"
                | "OrderedDict"
                | "DefaultDict"
                | "collections.OrderedDict"
                | "collections.defaultdict",
                Some(key),
            ) => {
                let keys = self.annotation(key, side);
                let values = match args.get(1) {
                    Some(value) => self.annotation(value, side),
                    None => TypeExpr::unknown("no type is given", at),
                };
                // A plain text says nothing that a JSON key is not anyway.
                let plain = matches!(&keys.kind, TypeKind::String(shape) if **shape == StringShape::default());
                TypeKind::Map { keys: (!plain).then(|| Box::new(keys)), values: Box::new(values) }
            }
            ("collections.Counter" | "Counter", Some(_)) => {
                let values = Box::new(TypeExpr::new(TypeKind::Integer(Default::default()), at));
                TypeKind::Map { keys: None, values }
            }
            (
                "list"
                | "List"
                | "Sequence"
                | "MutableSequence"
                | "Iterable"
                | "Iterator"
                | "Collection"
                | "Deque"
                | "collections.deque"
                | "AsyncIterator"
                | "AsyncIterable"
                | "Generator"
                | "AsyncGenerator"
                | "django.db.models.QuerySet"
                | "QuerySet",
                Some(item),
            ) => {
                let items = Box::new(self.annotation(item, side));
                TypeKind::Array { items, min: None, max: None, unique: false }
            }
            ("set" | "Set" | "frozenset" | "FrozenSet" | "AbstractSet" | "MutableSet", Some(item)) => {
                let items = Box::new(self.annotation(item, side));
                TypeKind::Array { items, min: None, max: None, unique: true }
            }
            ("tuple" | "Tuple", Some(first)) => match args {
                [item, Py::EllipsisLiteral(_)] => {
                    let items = Box::new(self.annotation(item, side));
                    TypeKind::Array { items, min: None, max: None, unique: false }
                }
                [Py::Tuple(empty)] if empty.elts.is_empty() => TypeKind::Tuple { items: Vec::new(), rest: None },
                _ => {
                    debug_assert!(!args.is_empty(), "{first:?}");
                    let mut items = Vec::new();
                    for arg in args.iter().take(MAX_ENTRIES) {
                        items.push(self.annotation(arg, side));
                    }
                    TypeKind::Tuple { items, rest: None }
                }
            },
            ("tuple" | "Tuple", None) => TypeKind::Tuple { items: Vec::new(), rest: None },
            ("pydantic.Json", Some(inner)) => match side {
                Side::Write => return self.annotation(inner, side),
                Side::Read => TypeKind::String(
                    StringShape { content_media_type: Some("application/json".to_owned()), ..StringShape::default() }.into(),
                ),
            },
            ("pydantic.Secret", Some(_)) => TypeKind::String(StringShape::format("password").into()),
            ("type" | "Type", Some(inner)) => {
                let inner = self.annotation(inner, side);
                let path = crate::facts::types::CLASS_TYPE.map(Name::from).to_vec();
                TypeKind::Ref(TypeRef { path, args: vec![inner] })
            }
            ("Callable" | "type" | "Type", _) => TypeKind::Unknown("a function or class has no JSON form".into()),
            ("re.Pattern" | "Pattern", _) => TypeKind::String(StringShape::format("regex").into()),
            _ => return self.reference(base, args, at, side),
        };
        TypeExpr::new(kind, at)
    }

    fn reference(&mut self, base: &Py, args: &[Py], at: Span, side: Side) -> TypeExpr {
        let Some(path) = super::expressions::path_of(base) else {
            return TypeExpr::unknown(format!("`{}` is no type", self.quote(base.range())), at);
        };
        let args = args.iter().take(64).map(|arg| self.annotation(arg, side)).collect();
        TypeExpr::new(TypeKind::Ref(TypeRef { path, args }), at)
    }

    /// One argument of `Literal[…]`.
    fn literal_type(&mut self, arg: &Py, side: Side) -> TypeExpr {
        let at = span(arg.range());
        let literal = match arg {
            Py::StringLiteral(text) => Literal::Text(text.value.to_str().into()),
            Py::NumberLiteral(number) => match super::expressions::number_literal(&number.value) {
                Some(literal) => literal,
                None => return TypeExpr::unknown("a complex number", at),
            },
            Py::UnaryOp(unary) if unary.op == ruff_python_ast::UnaryOp::USub => match &*unary.operand {
                Py::NumberLiteral(number) => match super::expressions::number_literal(&number.value) {
                    Some(Literal::Number(digits)) => Literal::Number(format!("-{digits}").into()),
                    _ => return TypeExpr::unknown("a complex number", at),
                },
                _ => return TypeExpr::unknown("a computed literal", at),
            },
            Py::BooleanLiteral(literal) => Literal::Bool(literal.value),
            Py::NoneLiteral(_) => return TypeExpr::new(TypeKind::Null, at),
            Py::BytesLiteral(_) => return TypeExpr::new(TypeKind::String(Default::default()), at),
            Py::Subscript(_) => return self.annotation(arg, side),
            other => match (self.constant_text(other), super::expressions::path_of(other)) {
                (Some(text), _) => Literal::Text(text),
                (None, Some(path)) => {
                    let value = Expr::new(ExprKind::Name(path), at);
                    return TypeExpr::new(TypeKind::Of(Box::new(value)), at);
                }
                (None, None) => return TypeExpr::unknown("a computed literal", at),
            },
        };
        TypeExpr::new(TypeKind::Const(literal), at)
    }

    /// `Annotated[inner, …]`: what the metadata says about the wire.
    fn annotated(&mut self, inner: &Py, metadata: &[Py], side: Side) -> TypeExpr {
        let at = span(inner.range());
        let mut ty = self.annotation(inner, side);
        for item in metadata {
            let Py::Call(call) = item else {
                // `StringConstraints`-like values that are named elsewhere bound a value, they do not change its type.
                continue;
            };
            let name = names::last_name(&call.func).unwrap_or_default();
            match name {
                "Field" | "StringConstraints" | "Body" | "Query" | "Path" | "Meta" | "Param" => {
                    let mut bounds = Bounds::default();
                    bounds.take_all(&call.arguments.keywords);
                    ty = bounds.apply(ty);
                }
                "Gt" | "Ge" | "Lt" | "Le" | "MultipleOf" | "MinLen" | "MaxLen" | "Len" => {
                    let mut bounds = Bounds::default();
                    let key = match name {
                        "Gt" => "gt",
                        "Ge" => "ge",
                        "Lt" => "lt",
                        "Le" => "le",
                        "MultipleOf" => "multiple_of",
                        "MaxLen" => "max_length",
                        _ => "min_length",
                    };
                    if let Some(value) = call.arguments.args.first() {
                        bounds.take(key, value);
                    }
                    if name == "Len"
                        && let Some(value) = call.arguments.args.get(1)
                    {
                        bounds.take("max_length", value);
                    }
                    bounds.take_all(&call.arguments.keywords);
                    ty = bounds.apply(ty);
                }
                "PlainSerializer" if side == Side::Write => {
                    let returns = call.arguments.find_keyword("return_type").map(|keyword| &keyword.value);
                    let json_only = call.arguments.find_keyword("when_used").is_none();
                    ty = match returns {
                        Some(returns) => self.annotation(returns, side),
                        None if json_only => self.serializer_type(call.arguments.args.first(), at),
                        None => self.serializer_type(call.arguments.args.first(), at),
                    };
                }
                "WrapSerializer" if side == Side::Write => {
                    ty = match call.arguments.find_keyword("return_type").map(|keyword| &keyword.value) {
                        Some(returns) => self.annotation(returns, side),
                        None => TypeExpr::unknown("a serializer decides its form", at),
                    };
                }
                "BeforeValidator" | "PlainValidator" | "WrapValidator" if side == Side::Read => {
                    ty = TypeExpr::unknown("a validator decides what is accepted", at);
                }
                "WithJsonSchema" => ty = TypeExpr::unknown("a schema of its own is given", at),
                _ => {}
            }
        }
        ty
    }

    /// What the function of a `PlainSerializer` gives: `str`, `int`, a lambda over one of them.
    fn serializer_type(&mut self, function: Option<&Py>, at: Span) -> TypeExpr {
        let named = match function {
            Some(Py::Name(name)) => Some(name.id.as_str()),
            Some(Py::Lambda(lambda)) => match &*lambda.body {
                Py::Call(call) => names::last_name(&call.func),
                Py::FString(_) => Some("str"),
                _ => None,
            },
            _ => None,
        };
        let kind = match named {
            Some("str") => TypeKind::String(Default::default()),
            Some("int") => TypeKind::Integer(Default::default()),
            Some("float") => TypeKind::Number(Default::default()),
            Some("bool") => TypeKind::Boolean,
            _ => return TypeExpr::unknown("a serializer decides its form", at),
        };
        TypeExpr::new(kind, at)
    }

    /// `conint(gt=0)`, `constr(…)`, `conlist(str, min_length=1)`.
    fn called_type(&mut self, call: &ruff_python_ast::ExprCall, side: Side) -> TypeExpr {
        let at = span(call.range());
        let full = self.type_name(&call.func).unwrap_or_default();
        let mut bounds = Bounds::default();
        bounds.take_all(&call.arguments.keywords);
        match full.as_str() {
            "pydantic.conint"
            | "pydantic.confloat"
            | "pydantic.constr"
            | "pydantic.conbytes"
            | "pydantic.condecimal"
            | "pydantic.condate" => {
                let base = match full.as_str() {
                    "pydantic.conint" => "int",
                    "pydantic.confloat" => "float",
                    "pydantic.constr" => "str",
                    "pydantic.conbytes" => "bytes",
                    "pydantic.condate" => "datetime.date",
                    _ => "decimal.Decimal",
                };
                let kind = self.builtin(base, side, at).unwrap_or_else(|| TypeKind::Unknown(full.clone()));
                bounds.apply(TypeExpr::new(kind, at))
            }
            "pydantic.conlist" | "pydantic.conset" | "pydantic.confrozenset" => {
                let item = call
                    .arguments
                    .args
                    .first()
                    .or_else(|| call.arguments.find_keyword("item_type").map(|keyword| &keyword.value));
                let items = match item {
                    Some(item) => self.annotation(item, side),
                    None => TypeExpr::unknown("no type is given", at),
                };
                let unique = full != "pydantic.conlist";
                bounds.apply(TypeExpr::new(TypeKind::Array { items: Box::new(items), min: None, max: None, unique }, at))
            }
            _ => TypeExpr::unknown(format!("`{}` is computed", self.quote(call.range())), at),
        }
    }
}

/// A union without repetitions; of one member, the member itself.
pub(super) fn union(members: Vec<TypeExpr>, at: Span) -> TypeExpr {
    let mut flat: Vec<TypeExpr> = Vec::with_capacity(members.len());
    for member in members {
        match member.kind {
            TypeKind::Union(inner) => {
                for inner in inner {
                    if !flat.iter().any(|known| known.kind == inner.kind) {
                        flat.push(inner);
                    }
                }
            }
            kind => {
                if !flat.iter().any(|known| known.kind == kind) {
                    flat.push(TypeExpr::new(kind, member.span));
                }
            }
        }
    }
    match flat.len() {
        1 => flat.remove(0),
        _ => TypeExpr::new(TypeKind::Union(flat), at),
    }
}
