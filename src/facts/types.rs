//! Type declarations and type expressions in wire form, with names still as written.
//!
//! A front end applies what the declaration itself says about the wire (serde attributes, aliases, optionality) and leaves
//! every name and every type-level operation to `link`, which sees the other files.

use super::values::{Expr, Literal};
use super::{Name, OrDefault};
use crate::shape::{NumberRange, Presence, StringShape};
use crate::source::Span;

/// The path under which Python facts keep the type of a class itself: `type[T]`.
pub const CLASS_TYPE: [&str; 2] = ["builtins", "type"];

/// A named type.
#[derive(Clone, Debug, PartialEq)]
pub struct TypeDecl {
    /// Inner modules, namespaces or enclosing classes, from the file's top level.
    pub scope: Vec<Name>,
    pub name: Name,
    /// Generic parameters in order, with their defaults.
    pub params: Vec<TypeParam>,
    /// What the type's serializer writes.
    pub write: TypeExpr,
    /// What its deserializer accepts, where that differs.
    pub read: Option<TypeExpr>,
    /// Whether other files can name it.
    pub exported: bool,
    /// Whether the type says itself that it goes over a wire (derives `Serialize`/`Deserialize`, is a model or schema).
    pub serializable: bool,
    /// Whether a second declaration of the same name adds to it (TypeScript interfaces) instead of shadowing it.
    pub merges: bool,
    /// The name.
    pub span: Span,
    /// The whole declaration.
    pub extent: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub struct TypeParam {
    pub name: Name,
    pub default: Option<TypeExpr>,
    /// The constraint: what is known of the parameter where nothing is passed.
    pub bound: Option<TypeExpr>,
}

/// A type as it is written.
#[derive(Clone, Debug, PartialEq)]
pub struct TypeExpr {
    pub kind: TypeKind,
    pub span: Span,
}

impl TypeExpr {
    pub fn new(kind: TypeKind, span: Span) -> Self {
        TypeExpr { kind, span }
    }

    pub fn unknown(reason: impl Into<Name>, span: Span) -> Self {
        TypeExpr { kind: TypeKind::Unknown(reason.into()), span }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum TypeKind {
    /// A hole, with its reason.
    Unknown(Name),
    Never,
    /// A value that serializers leave out: `undefined`, a function. In a union of a field's type it makes the field optional.
    Absent,
    Null,
    Boolean,
    Integer(OrDefault<NumberRange>),
    Number(OrDefault<NumberRange>),
    String(OrDefault<StringShape>),
    Const(Literal),
    Array {
        items: Box<TypeExpr>,
        min: Option<u64>,
        max: Option<u64>,
        unique: bool,
    },
    Tuple {
        items: Vec<TypeExpr>,
        rest: Option<Box<TypeExpr>>,
    },
    Object(ObjectExpr),
    Map {
        keys: Option<Box<TypeExpr>>,
        values: Box<TypeExpr>,
    },
    Union(Vec<TypeExpr>),
    /// All at once; objects are merged, a later field of one name wins over an earlier one.
    Intersection(Vec<TypeExpr>),
    Ref(TypeRef),
    /// A generic parameter of the enclosing declaration or function.
    Param(Name),
    /// The type of a value: `typeof x`, an inferred field.
    Of(Box<Expr>),
    /// An operation on types that needs its operands resolved.
    Apply(TypeOp, Vec<TypeExpr>),
}

/// A name in a type, with its arguments.
#[derive(Clone, Debug, PartialEq)]
pub struct TypeRef {
    /// As written: `["events", "Signup"]` for `events::Signup` or `events.Signup`.
    pub path: Vec<Name>,
    pub args: Vec<TypeExpr>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct ObjectExpr {
    /// In the order of the source.
    pub members: Vec<ObjectMember>,
    pub additional: Additional,
}

/// What a declaration says about keys that it does not name.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Additional {
    /// Nothing.
    #[default]
    Silent,
    /// It rejects them.
    Closed,
    /// It allows them, with values of this type.
    Open(Box<TypeExpr>),
}

#[derive(Clone, Debug, PartialEq)]
pub enum ObjectMember {
    Field(FieldExpr),
    /// The fields of another object type, merged in at this place: `extends`, `#[serde(flatten)]`, a base class.
    Spread(TypeExpr),
}

#[derive(Clone, Debug, PartialEq)]
pub struct FieldExpr {
    /// The key on the wire.
    pub name: Name,
    /// Other keys that a reader takes in its place.
    pub aliases: Vec<Name>,
    pub ty: TypeExpr,
    pub presence: Presence,
    pub default: Option<Literal>,
    /// The member's name in the source, where it differs from the key.
    pub source: Option<Name>,
    /// The member's name or key.
    pub span: Span,
    /// What gave it its wire name where that is not the member itself: the container's `rename_all`.
    pub cause: Option<Span>,
}

/// Operations on types, with their operands in the order of the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TypeOp {
    /// All fields optional, one level deep.
    Partial,
    /// All fields optional at every depth.
    DeepPartial,
    Required,
    /// `(object, keys)`
    Pick,
    /// `(object, keys)`
    Omit,
    /// `(union, excluded)`
    Exclude,
    /// `(union, kept)`
    Extract,
    NonNullable,
    /// The field names of an object, as a union of constants.
    KeyOf,
    /// The values of the fields of an object, as a union: `T[keyof T]`.
    ValueOf,
    /// `(object or array, key)`
    Index,
    /// What a function type or a function's name returns.
    ReturnType,
    /// `(function, position)`
    Parameter,
    /// What a promise resolves to.
    Awaited,
    /// The element type of an array.
    Element,
    /// `(object)`: rejects unknown keys.
    Strict,
    /// `(object)`: keeps unknown keys.
    Passthrough,
    /// `(object)`: says nothing of unknown keys.
    Strip,
    /// `(object, type)`: allows unknown keys with values of this type.
    Catchall,
    /// `(base, extension)`: the fields of both, those of the extension win.
    Extend,
    /// `(check, extends, then, else)`, where it reduces.
    Conditional,
    /// `(keys, value)` with the key as parameter `K` of the value; modifiers by the variants below.
    Mapped,
    MappedOptional,
    MappedRequired,
    /// String operations on constant strings.
    Uppercase,
    Lowercase,
    Capitalize,
    Uncapitalize,
    /// `(type, side)`: what a schema reads (its input), regardless of the side that is asked for.
    Input,
    /// What a schema gives (its output), regardless of the side that is asked for.
    Output,
    /// `(object, base)`: keys of an object renamed by the casing that the constant second operand names.
    Recase,
    /// `(object)`: keyed by the members' own names ([`FieldExpr::source`]): a dump that does not go by alias.
    MemberNames,
    /// `(object)`: members that may be null are left out where they are. Of a value whose type is not known, those of the value itself.
    WithoutNull,
    /// `(object)`: members with a default may be left out.
    WithoutDefaults,
}
