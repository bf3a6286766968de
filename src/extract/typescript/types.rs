//! Types in wire form: what `JSON.stringify` writes of a value of the type.

use oxc_ast::ast::{
    TSImportTypeQualifier, TSIndexSignature, TSInterfaceDeclaration, TSLiteral, TSMappedType, TSMappedTypeModifierOperator,
    TSQualifiedName, TSSignature, TSTupleElement, TSType, TSTypeAliasDeclaration, TSTypeName, TSTypeOperatorOperator,
    TSTypeQueryExprName, TSTypeReference,
};
use oxc_span::GetSpan;

use super::expressions::digits;
use super::known::{format, integer, number, string};
use super::lower::{Lower, node_span, span_of};
use crate::facts::{
    Additional, Class, Expr, ExprKind, FieldExpr, FnId, Literal, Name, ObjectExpr, ObjectMember, TypeDecl, TypeExpr, TypeKind,
    TypeOp, TypeRef,
};
use crate::shape::NumberRange;
use crate::shape::{Presence, StringShape};
use crate::source::Span;

/// Combinations of a template literal type that are written out.
const MAX_EXPANDED: usize = 256;

/// The name under which the value of a mapped type refers to the key.
const MAPPED_KEY: &str = "K";

pub(super) fn reference(path: Vec<Name>) -> TypeKind {
    TypeKind::Ref(TypeRef { path, args: Vec::new() })
}

pub(super) fn field(name: impl Into<Name>, ty: TypeExpr, presence: Presence, span: Span) -> ObjectMember {
    ObjectMember::Field(FieldExpr {
        name: name.into(),
        aliases: Vec::new(),
        ty,
        presence,
        default: None,
        source: None,
        span,
        cause: None,
    })
}

pub(super) fn text(text: &str, span: Span) -> TypeExpr {
    TypeExpr::new(TypeKind::Const(Literal::Text(text.into())), span)
}

impl Lower<'_> {
    pub fn ty(&mut self, ty: &TSType<'_>) -> TypeExpr {
        let span = node_span(ty);
        self.deeper(|lower| lower.ty_at(ty, span)).unwrap_or_else(|| TypeExpr::unknown("nested too deeply", span))
    }

    fn ty_at(&mut self, ty: &TSType<'_>, span: Span) -> TypeExpr {
        let kind = match ty {
            TSType::TSAnyKeyword(_) => TypeKind::Unknown("any".into()),
            TSType::TSUnknownKeyword(_) => TypeKind::Unknown("unknown".into()),
            TSType::TSObjectKeyword(_) => TypeKind::Object(ObjectExpr {
                members: Vec::new(),
                additional: Additional::Open(Box::new(TypeExpr::unknown("object", span))),
            }),
            TSType::TSBigIntKeyword(_) => TypeKind::Unknown("a bigint, which JSON cannot hold".into()),
            TSType::TSBooleanKeyword(_) => TypeKind::Boolean,
            TSType::TSNeverKeyword(_) => TypeKind::Never,
            TSType::TSNullKeyword(_) => TypeKind::Null,
            TSType::TSNumberKeyword(_) => TypeKind::Number(NumberRange { whole_unsaid: true, ..NumberRange::default() }.into()),
            TSType::TSStringKeyword(_) => string(),
            TSType::TSSymbolKeyword(_)
            | TSType::TSUndefinedKeyword(_)
            | TSType::TSVoidKeyword(_)
            | TSType::TSFunctionType(_)
            | TSType::TSConstructorType(_) => TypeKind::Absent,
            TSType::TSIntrinsicKeyword(_) => TypeKind::Unknown("intrinsic".into()),
            TSType::TSThisType(_) => TypeKind::Unknown("this".into()),
            TSType::TSTypePredicate(_) => TypeKind::Boolean,
            TSType::TSParenthesizedType(inner) => return self.ty(&inner.type_annotation),
            TSType::TSArrayType(array) => {
                TypeKind::Array { items: Box::new(self.ty(&array.element_type)), min: None, max: None, unique: false }
            }
            TSType::TSTupleType(tuple) => self.tuple(&tuple.element_types, span),
            TSType::TSNamedTupleMember(member) => return self.tuple_element(&member.element_type).0,
            TSType::TSUnionType(union) => TypeKind::Union(union.types.iter().map(|ty| self.ty(ty)).collect()),
            TSType::TSIntersectionType(intersection) => self.intersection(&intersection.types, span),
            TSType::TSLiteralType(literal) => match &literal.literal {
                TSLiteral::BooleanLiteral(literal) => TypeKind::Const(Literal::Bool(literal.value)),
                TSLiteral::NumericLiteral(literal) => TypeKind::Const(Literal::Number(digits(literal.value))),
                TSLiteral::StringLiteral(literal) => TypeKind::Const(Literal::Text(literal.value.as_str().into())),
                TSLiteral::BigIntLiteral(_) => TypeKind::Unknown("a bigint, which JSON cannot hold".into()),
                TSLiteral::TemplateLiteral(template) => match template.single_quasi() {
                    Some(text) => TypeKind::Const(Literal::Text(text.as_str().into())),
                    None => string(),
                },
                TSLiteral::UnaryExpression(unary) => match &unary.argument {
                    oxc_ast::ast::Expression::NumericLiteral(literal) => TypeKind::Const(Literal::Number(digits(-literal.value))),
                    _ => number(),
                },
            },
            TSType::TSTypeLiteral(literal) => TypeKind::Object(self.members(&literal.members)),
            TSType::TSTypeReference(reference) => self.type_reference(reference, span),
            TSType::TSTypeQuery(query) => match &query.expr_name {
                TSTypeQueryExprName::TSImportType(import) => return self.import_type(import, span),
                other => match other.as_ts_type_name() {
                    Some(name) => {
                        let path = type_name(name);
                        let expr = self.value_path(&path, span);
                        TypeKind::Of(Box::new(expr))
                    }
                    None => TypeKind::Unknown(self.folded(ty.span())),
                },
            },
            TSType::TSImportType(import) => return self.import_type(import, span),
            TSType::TSTypeOperatorType(operator) => match operator.operator {
                TSTypeOperatorOperator::Keyof => TypeKind::Apply(TypeOp::KeyOf, vec![self.ty(&operator.type_annotation)]),
                TSTypeOperatorOperator::Readonly => return self.ty(&operator.type_annotation),
                TSTypeOperatorOperator::Unique => TypeKind::Absent,
            },
            TSType::TSIndexedAccessType(access) => {
                let object = self.ty(&access.object_type);
                let index = self.ty(&access.index_type);
                indexed(object, index)
            }
            TSType::TSMappedType(mapped) => self.mapped(mapped, span),
            TSType::TSConditionalType(conditional) => self.conditional(conditional, span),
            TSType::TSInferType(_) => TypeKind::Unknown("an inferred type".into()),
            TSType::TSTemplateLiteralType(template) => {
                let types: Vec<TypeExpr> = template.types.iter().map(|ty| self.ty(ty)).collect();
                let texts: Vec<Name> = template
                    .quasis
                    .iter()
                    .map(|quasi| quasi.value.cooked.as_ref().unwrap_or(&quasi.value.raw).as_str().into())
                    .collect();
                template_type(&texts, types, span)
            }
            TSType::JSDocNullableType(inner) => {
                TypeKind::Union(vec![self.ty(&inner.type_annotation), TypeExpr::new(TypeKind::Null, span)])
            }
            TSType::JSDocNonNullableType(inner) => return self.ty(&inner.type_annotation),
            TSType::JSDocUnknownType(_) => TypeKind::Unknown("unknown".into()),
        };
        TypeExpr::new(kind, span)
    }

    /// A name in value position inside of a type: `typeof x.y`.
    fn value_path(&self, path: &[Name], span: Span) -> Expr {
        let mut names = path.iter();
        let first = names.next().cloned().unwrap_or_default();
        // A type can stand outside of the function whose variable it names, so only names of the module level are followed.
        let mut expr = Expr::new(ExprKind::Name(vec![first]), span);
        for name in names {
            expr = Expr::new(ExprKind::Member(Box::new(expr), name.clone()), span);
        }
        expr
    }

    fn import_type(&mut self, import: &oxc_ast::ast::TSImportType<'_>, span: Span) -> TypeExpr {
        let module = import.source.value.as_str();
        let local = Name::from(format!("import({module})"));
        self.facts.imports.push(crate::facts::Import {
            scope: Vec::new(),
            local: Some(local.clone()),
            module: vec![module.into()],
            name: None,
            exported: false,
            span,
        });
        let mut path = vec![local];
        if let Some(qualifier) = &import.qualifier {
            push_qualifier(qualifier, &mut path);
        }
        let args = match &import.type_arguments {
            Some(args) => args.params.iter().map(|ty| self.ty(ty)).collect(),
            None => Vec::new(),
        };
        TypeExpr::new(TypeKind::Ref(TypeRef { path, args }), span)
    }

    fn tuple(&mut self, elements: &[TSTupleElement<'_>], span: Span) -> TypeKind {
        let mut items = Vec::new();
        let mut rest = None;
        for element in elements {
            let (ty, is_rest) = self.tuple_element(element);
            if is_rest {
                let element_type = match ty.kind {
                    TypeKind::Array { items, .. } => *items,
                    kind => {
                        let span = ty.span;
                        TypeExpr::new(TypeKind::Apply(TypeOp::Element, vec![TypeExpr::new(kind, span)]), span)
                    }
                };
                rest = Some(Box::new(element_type));
            } else if rest.is_some() {
                return TypeKind::Unknown("a tuple with elements after its rest".into());
            } else {
                items.push(ty);
            }
        }
        let _ = span;
        TypeKind::Tuple { items, rest }
    }

    fn tuple_element(&mut self, element: &TSTupleElement<'_>) -> (TypeExpr, bool) {
        let span = node_span(element);
        match element {
            TSTupleElement::TSOptionalType(optional) => {
                let ty = self.ty(&optional.type_annotation);
                (TypeExpr::new(TypeKind::Union(vec![ty, TypeExpr::new(TypeKind::Absent, span)]), span), false)
            }
            TSTupleElement::TSRestType(rest) => (self.ty(&rest.type_annotation), true),
            TSTupleElement::TSNamedTupleMember(member) => {
                let (ty, rest) = self.tuple_element(&member.element_type);
                if member.optional {
                    (TypeExpr::new(TypeKind::Union(vec![ty, TypeExpr::new(TypeKind::Absent, span)]), span), rest)
                } else {
                    (ty, rest)
                }
            }
            other => match other.as_ts_type() {
                Some(TSType::TSNamedTupleMember(member)) => self.tuple_element(&member.element_type),
                Some(ty) => (self.ty(ty), false),
                None => (TypeExpr::unknown("a tuple element", span), false),
            },
        }
    }

    /// `A & B`; a brand beside a plain type (`string & { __brand: … }`) is not on the wire.
    fn intersection(&mut self, types: &[TSType<'_>], span: Span) -> TypeKind {
        let parts: Vec<TypeExpr> = types.iter().map(|ty| self.ty(ty)).collect();
        let scalar = parts.iter().position(|part| {
            matches!(
                part.kind,
                TypeKind::String(_) | TypeKind::Number(_) | TypeKind::Integer(_) | TypeKind::Boolean | TypeKind::Const(_)
            )
        });
        if let Some(at) = scalar
            && parts.iter().enumerate().all(|(other, part)| other == at || matches!(part.kind, TypeKind::Object(_)))
        {
            return parts.into_iter().nth(at).map_or(TypeKind::Never, |part| part.kind);
        }
        let _ = span;
        TypeKind::Intersection(parts)
    }

    pub fn members(&mut self, members: &[TSSignature<'_>]) -> ObjectExpr {
        let mut object = ObjectExpr::default();
        for member in members {
            match member {
                TSSignature::TSPropertySignature(property) => {
                    let span = node_span(&property.key);
                    let ty = match &property.type_annotation {
                        Some(annotation) => self.ty(&annotation.type_annotation),
                        None => TypeExpr::unknown("not stated", span),
                    };
                    if ty.kind == TypeKind::Absent && !property.optional && is_function(property) {
                        continue;
                    }
                    let presence = if property.optional { Presence::Optional } else { Presence::Required };
                    match property.key.static_name() {
                        Some(name) if !(property.computed && property.key.is_identifier()) => {
                            object.members.push(field(name.into_owned(), ty, presence, span));
                        }
                        _ => {
                            // `[Key.Id]: string`: the key is a constant elsewhere.
                            let keys = property.key.as_expression().map(|key| {
                                let expr = self.expr(key, super::lower::Usage::USED);
                                TypeExpr::new(TypeKind::Of(Box::new(expr)), span)
                            });
                            object.members.push(ObjectMember::Spread(TypeExpr::new(
                                TypeKind::Map { keys: keys.map(Box::new), values: Box::new(ty) },
                                span,
                            )));
                        }
                    }
                }
                TSSignature::TSIndexSignature(index) => self.index_signature(index, &mut object),
                TSSignature::TSMethodSignature(_)
                | TSSignature::TSCallSignatureDeclaration(_)
                | TSSignature::TSConstructSignatureDeclaration(_) => {}
            }
        }
        object
    }

    pub fn index_signature(&mut self, index: &TSIndexSignature<'_>, object: &mut ObjectExpr) {
        let keys = self.ty(&index.parameter.type_annotation.type_annotation);
        let values = self.ty(&index.type_annotation.type_annotation);
        match keys.kind {
            TypeKind::String(ref shape) if **shape == StringShape::default() => {
                object.additional = Additional::Open(Box::new(values))
            }
            TypeKind::Absent => {}
            _ => object.members.push(ObjectMember::Spread(TypeExpr::new(
                TypeKind::Map { keys: Some(Box::new(keys)), values: Box::new(values) },
                span_of(index.span),
            ))),
        }
    }

    fn type_reference(&mut self, reference: &TSTypeReference<'_>, span: Span) -> TypeKind {
        let path = type_name(&reference.type_name);
        let first = path.first().map(Name::as_str).unwrap_or("");
        if path.len() == 1 && self.mapped_key.as_deref() == Some(first) {
            return TypeKind::Param(MAPPED_KEY.into());
        }
        if path.len() == 1 && self.type_params.iter().any(|param| param == first) {
            if self.mapped_key.is_some() && first == MAPPED_KEY {
                return TypeKind::Unknown("a mapped type that also names a parameter `K` from outside".into());
            }
            return TypeKind::Param(first.into());
        }
        if let Some(kind) = self.schema_inference(&path, reference, span) {
            return kind;
        }
        // A function type has no form of its own; what it returns has.
        if path.len() == 1
            && first == "ReturnType"
            && let Some(TSType::TSFunctionType(function)) =
                reference.type_arguments.as_ref().and_then(|args| args.params.first()).map(TSType::without_parenthesized)
        {
            return self.ty(&function.return_type.type_annotation).kind;
        }
        let mut args: Vec<TypeExpr> = match &reference.type_arguments {
            Some(args) => args.params.iter().map(|ty| self.ty(ty)).collect(),
            None => Vec::new(),
        };
        if path.len() == 1 && !self.imported.contains_key(first) {
            let op = match (first, args.len()) {
                ("Partial", 1) => Some(TypeOp::Partial),
                ("Required", 1) => Some(TypeOp::Required),
                ("Pick", 2) => Some(TypeOp::Pick),
                ("Omit", 2) => Some(TypeOp::Omit),
                ("Exclude", 2) => Some(TypeOp::Exclude),
                ("Extract", 2) => Some(TypeOp::Extract),
                ("NonNullable", 1) => Some(TypeOp::NonNullable),
                ("ReturnType", 1) => Some(TypeOp::ReturnType),
                ("Awaited", 1) | ("Promise" | "PromiseLike", 1) => Some(TypeOp::Awaited),
                ("Uppercase", 1) => Some(TypeOp::Uppercase),
                ("Lowercase", 1) => Some(TypeOp::Lowercase),
                ("Capitalize", 1) => Some(TypeOp::Capitalize),
                ("Uncapitalize", 1) => Some(TypeOp::Uncapitalize),
                _ => None,
            };
            if let Some(op) = op {
                return TypeKind::Apply(op, args);
            }
            match (first, args.len()) {
                ("Array" | "ReadonlyArray" | "Iterable" | "AsyncIterable", 1) => {
                    return TypeKind::Array { items: Box::new(args.remove(0)), min: None, max: None, unique: false };
                }
                ("Record", 2) => {
                    let values = args.remove(1);
                    return TypeKind::Map { keys: Some(Box::new(args.remove(0))), values: Box::new(values) };
                }
                ("Readonly" | "NoInfer" | "ThisType", 1) => return args.remove(0).kind,
                ("Parameters", 1) => return TypeKind::Unknown("the parameters of a function as a list".into()),
                ("Date", 0) => return format("date-time"),
                ("String", 0) => return string(),
                ("Number", 0) => return number(),
                ("Boolean", 0) => return TypeKind::Boolean,
                ("Map" | "Set" | "WeakMap" | "WeakSet" | "ReadonlyMap" | "ReadonlySet" | "RegExp" | "Error", _) => {
                    return TypeKind::Object(ObjectExpr::default());
                }
                ("Function" | "Symbol", 0) => return TypeKind::Absent,
                ("URL", 0) => return format("uri"),
                ("Buffer", _) => {
                    let items = Box::new(TypeExpr::new(integer(), span));
                    let data = TypeExpr::new(TypeKind::Array { items, min: None, max: None, unique: false }, span);
                    return TypeKind::Object(ObjectExpr {
                        members: vec![
                            field("type", text("Buffer", span), Presence::Required, span),
                            field("data", data, Presence::Required, span),
                        ],
                        additional: Additional::Silent,
                    });
                }
                (
                    "Uint8Array" | "Int8Array" | "Uint16Array" | "Int16Array" | "Uint32Array" | "Int32Array" | "Float32Array"
                    | "Float64Array" | "Uint8ClampedArray",
                    _,
                ) => {
                    // Written as an object with the positions as keys.
                    return TypeKind::Map { keys: None, values: Box::new(TypeExpr::new(number(), span)) };
                }
                ("ArrayBuffer" | "DataView" | "Blob", 0) => return TypeKind::Object(ObjectExpr::default()),
                ("Object", 0) => return TypeKind::Unknown("object".into()),
                _ => {}
            }
        }
        TypeKind::Ref(TypeRef { path, args })
    }

    fn mapped(&mut self, mapped: &TSMappedType<'_>, span: Span) -> TypeKind {
        let key_name = Name::from(mapped.key.name.as_str());
        let mut keys = self.ty(&mapped.constraint);
        if self.mapped_key.is_some() && mapped.name_type.is_none() {
            // A mapped type inside of another would name both keys alike.
            return TypeKind::Unknown("a mapped type inside of another".into());
        }
        let outer = self.mapped_key.replace(key_name.clone());
        // `as Exclude<K, "x">` leaves keys out; other new names do not reduce here.
        if let Some(name_type) = &mapped.name_type {
            let name = self.ty(name_type);
            match name.kind {
                TypeKind::Apply(TypeOp::Exclude, operands) if operands.len() == 2 && is_key(&operands[0]) => {
                    let excluded = operands.into_iter().nth(1).unwrap_or_else(|| TypeExpr::new(TypeKind::Never, span));
                    keys = TypeExpr::new(TypeKind::Apply(TypeOp::Exclude, vec![keys, excluded]), span);
                }
                TypeKind::Apply(TypeOp::Extract, operands) if operands.len() == 2 && is_key(&operands[0]) => {
                    let kept = operands.into_iter().nth(1).unwrap_or_else(|| TypeExpr::new(TypeKind::Never, span));
                    keys = TypeExpr::new(TypeKind::Apply(TypeOp::Extract, vec![keys, kept]), span);
                }
                TypeKind::Param(ref param) if param == MAPPED_KEY => {}
                _ => {
                    self.mapped_key = outer;
                    return TypeKind::Unknown("a mapped type that renames its keys".into());
                }
            }
        }
        let value = match &mapped.type_annotation {
            Some(ty) => self.ty(ty),
            None => TypeExpr::unknown("not stated", span),
        };
        self.mapped_key = outer;
        let op = match mapped.optional {
            Some(TSMappedTypeModifierOperator::True | TSMappedTypeModifierOperator::Plus) => TypeOp::MappedOptional,
            Some(TSMappedTypeModifierOperator::Minus) => TypeOp::MappedRequired,
            None => TypeOp::Mapped,
        };
        TypeKind::Apply(op, vec![keys, value])
    }

    /// `A extends B ? C : D`, with the two well-known forms of `infer` written as the operation that they are.
    fn conditional(&mut self, conditional: &oxc_ast::ast::TSConditionalType<'_>, span: Span) -> TypeKind {
        let check = self.ty(&conditional.check_type);
        if let Some((name, op)) = inferred(&conditional.extends_type) {
            if conditional.true_type.get_identifier_reference().is_some_and(|id| id.name.as_str() == name) {
                return TypeKind::Apply(op, vec![check]);
            }
            return TypeKind::Unknown(self.folded(conditional.span));
        }
        if self.source(conditional.extends_type.span()).contains("infer ") {
            return TypeKind::Unknown(self.folded(conditional.span));
        }
        let extends = self.ty(&conditional.extends_type);
        let yes = self.ty(&conditional.true_type);
        let no = self.ty(&conditional.false_type);
        let _ = span;
        TypeKind::Apply(TypeOp::Conditional, vec![check, extends, yes, no])
    }

    // Declarations.

    pub fn type_alias(&mut self, alias: &TSTypeAliasDeclaration<'_>, exported: bool) {
        let outer = self.type_params.len();
        let params = self.type_parameters(alias.type_parameters.as_deref());
        let name = alias.id.name.as_str();
        if let TSType::TSFunctionType(function) = alias.type_annotation.without_parenthesized() {
            self.signature(name, false, &function.params, Some(&function.return_type.type_annotation), exported, function.span);
        }
        let write = self.ty(&alias.type_annotation);
        self.type_params.truncate(outer);
        let exported = exported || self.is_declaration_file;
        self.named_type(name, params, write, None, exported, span_of(alias.id.span), span_of(alias.span));
    }

    pub fn interface(&mut self, interface: &TSInterfaceDeclaration<'_>, exported: bool) {
        let outer = self.type_params.len();
        let params = self.type_parameters(interface.type_parameters.as_deref());
        let name = Name::from(interface.id.name.as_str());
        let span = span_of(interface.id.span);
        let extent = span_of(interface.span);
        let exported = exported || self.is_declaration_file;
        let mut spreads = Vec::new();
        let mut bases = Vec::new();
        for heritage in &interface.extends {
            let path = type_name(&heritage.type_name);
            bases.push(path.clone());
            let args: Vec<TypeExpr> = match &heritage.type_arguments {
                Some(args) => args.params.iter().map(|ty| self.ty(ty)).collect(),
                None => Vec::new(),
            };
            let heritage_span = span_of(heritage.span);
            let ty = match (path.len(), path.first().map(Name::as_str), args.len()) {
                (1, Some("Omit"), 2) => TypeKind::Apply(TypeOp::Omit, args),
                (1, Some("Pick"), 2) => TypeKind::Apply(TypeOp::Pick, args),
                (1, Some("Partial"), 1) => TypeKind::Apply(TypeOp::Partial, args),
                (1, Some("Required"), 1) => TypeKind::Apply(TypeOp::Required, args),
                (1, Some("Readonly"), 1) => args.into_iter().next().map_or(TypeKind::Never, |arg| arg.kind),
                (1, Some("Record"), 2) => {
                    let mut args = args.into_iter();
                    let keys = args.next().map(Box::new);
                    let values = args.next().unwrap_or_else(|| TypeExpr::unknown("not stated", heritage_span));
                    TypeKind::Map { keys, values: Box::new(values) }
                }
                _ => TypeKind::Ref(TypeRef { path, args }),
            };
            spreads.push(ObjectMember::Spread(TypeExpr::new(ty, heritage_span)));
        }
        let mut object = self.members(&interface.body.body);
        spreads.append(&mut object.members);
        object.members = spreads;
        let mut class_members = Vec::new();
        let mut has_methods = false;
        for member in &interface.body.body {
            match member {
                TSSignature::TSMethodSignature(method) => {
                    has_methods = true;
                    if let Some(method_name) = method.key.static_name() {
                        self.scope.push(name.clone());
                        let returns = method.return_type.as_ref().map(|annotation| &annotation.type_annotation);
                        let outer = self.type_params.len();
                        self.type_parameters(method.type_parameters.as_deref());
                        self.signature(&method_name, true, &method.params, returns, exported, method.span);
                        self.type_params.truncate(outer);
                        self.scope.pop();
                    }
                }
                TSSignature::TSPropertySignature(property) => {
                    let (Some(property_name), Some(annotation)) = (property.key.static_name(), &property.type_annotation) else {
                        continue;
                    };
                    if let TSType::TSFunctionType(function) = annotation.type_annotation.without_parenthesized() {
                        has_methods = true;
                        self.scope.push(name.clone());
                        self.signature(
                            &property_name,
                            true,
                            &function.params,
                            Some(&function.return_type.type_annotation),
                            exported,
                            property.span,
                        );
                        self.scope.pop();
                    } else {
                        let ty = self.ty(&annotation.type_annotation);
                        class_members.push((property_name.into(), Some(ty), None));
                    }
                }
                _ => {}
            }
        }
        self.type_params.truncate(outer);
        let scope = self.scope.clone();
        if has_methods {
            self.add_class(Class {
                scope: scope.clone(),
                name: name.clone(),
                bases,
                members: class_members,
                exported,
                is_interface: true,
                decorators: Vec::new(),
                span,
            });
        }
        self.add_type(TypeDecl {
            scope,
            name,
            params,
            write: TypeExpr::new(TypeKind::Object(object), extent),
            read: None,
            exported,
            serializable: false,
            merges: true,
            span,
            extent,
        });
    }

    /// A function that is only declared: an interface's method, a function type with a name.
    pub fn signature(
        &mut self,
        name: &str,
        is_method: bool,
        params: &oxc_ast::ast::FormalParameters<'_>,
        returns: Option<&TSType<'_>>,
        exported: bool,
        span: oxc_span::Span,
    ) -> FnId {
        let function =
            crate::facts::Function { name: name.into(), is_method, exported, ..self.new_function(span_of(span), span_of(span)) };
        self.enter(function);
        self.parameters(params);
        self.frame().function.return_type = returns.map(|ty| self.ty(ty));
        self.leave()
    }
}

fn is_function(property: &oxc_ast::ast::TSPropertySignature<'_>) -> bool {
    property
        .type_annotation
        .as_ref()
        .is_some_and(|annotation| matches!(annotation.type_annotation.without_parenthesized(), TSType::TSFunctionType(_)))
}

fn is_key(ty: &TypeExpr) -> bool {
    matches!(&ty.kind, TypeKind::Param(name) if name == MAPPED_KEY)
}

/// `Promise<infer T>`, `(infer T)[]`, `(...args) => infer T`: the inferred name and the operation.
fn inferred<'t>(extends: &'t TSType<'_>) -> Option<(&'t str, TypeOp)> {
    let name_of = |ty: &'t TSType<'_>| match ty.without_parenthesized() {
        TSType::TSInferType(infer) => Some(infer.type_parameter.name.name.as_str()),
        _ => None,
    };
    match extends.without_parenthesized() {
        TSType::TSArrayType(array) => name_of(&array.element_type).map(|name| (name, TypeOp::Element)),
        TSType::TSTypeReference(reference) => {
            let argument = reference.type_arguments.as_ref()?.params.first()?;
            let name = name_of(argument)?;
            let id = reference.type_name.get_identifier_reference()?.name.as_str();
            match id {
                "Promise" | "PromiseLike" => Some((name, TypeOp::Awaited)),
                "Array" | "ReadonlyArray" => Some((name, TypeOp::Element)),
                _ => None,
            }
        }
        TSType::TSFunctionType(function) => name_of(&function.return_type.type_annotation).map(|name| (name, TypeOp::ReturnType)),
        TSType::TSTypeOperatorType(operator) if operator.operator == TSTypeOperatorOperator::Readonly => {
            inferred(&operator.type_annotation)
        }
        _ => None,
    }
}

/// `T[K]`, with the forms that have an operation of their own.
fn indexed(object: TypeExpr, index: TypeExpr) -> TypeKind {
    match &index.kind {
        TypeKind::Number(_) => TypeKind::Apply(TypeOp::Element, vec![object]),
        TypeKind::Apply(TypeOp::KeyOf, operands) if operands.first().is_some_and(|of| same_type(of, &object)) => {
            TypeKind::Apply(TypeOp::ValueOf, vec![object])
        }
        // `Parameters<F>[0]`
        TypeKind::Const(Literal::Number(_)) if matches!(&object.kind, TypeKind::Unknown(why) if why.starts_with("the parameters")) => {
            object.kind
        }
        _ => TypeKind::Apply(TypeOp::Index, vec![object, index]),
    }
}

/// Whether two types are written alike.
fn same_type(a: &TypeExpr, b: &TypeExpr) -> bool {
    match (&a.kind, &b.kind) {
        (TypeKind::Of(x), TypeKind::Of(y)) => same_value(x, y),
        (TypeKind::Ref(x), TypeKind::Ref(y)) => x.path == y.path && x.args.is_empty() && y.args.is_empty(),
        (TypeKind::Param(x), TypeKind::Param(y)) => x == y,
        _ => false,
    }
}

fn same_value(a: &Expr, b: &Expr) -> bool {
    match (&a.kind, &b.kind) {
        (ExprKind::Member(x, n), ExprKind::Member(y, m)) => n == m && same_value(x, y),
        (x, y) => x == y,
    }
}

/// A template literal type: constants where its parts are, a pattern where they are plain types, else what `link` makes of it.
fn template_type(texts: &[Name], types: Vec<TypeExpr>, span: Span) -> TypeKind {
    let choices: Option<Vec<Vec<Name>>> = types.iter().map(|ty| constants(&ty.kind)).collect();
    if let Some(choices) = choices {
        let count = choices.iter().map(Vec::len).product::<usize>();
        if count <= MAX_EXPANDED {
            let mut all = vec![texts.first().cloned().unwrap_or_default()];
            for (choice, after) in choices.iter().zip(texts.iter().skip(1)) {
                all = all.iter().flat_map(|head| choice.iter().map(move |part| format!("{head}{part}{after}").into())).collect();
            }
            return match all.len() {
                1 => TypeKind::Const(Literal::Text(all.remove(0))),
                _ => TypeKind::Union(all.iter().map(|part| text(part, span)).collect()),
            };
        }
        return string();
    }
    let patterns: Option<Vec<Name>> = types.iter().map(|ty| pattern(&ty.kind)).collect();
    if let Some(patterns) = patterns {
        let mut whole = Name::from("^");
        for (at, part) in texts.iter().enumerate() {
            whole.push_str(&escape(part));
            if let Some(inner) = patterns.get(at) {
                whole.push_str(inner);
            }
        }
        whole.push('$');
        return TypeKind::String(StringShape { patterns: vec![whole.into()], ..StringShape::default() }.into());
    }
    let mut parts = Vec::new();
    let mut rest = types.into_iter();
    for part in texts {
        if !part.is_empty() {
            parts.push(Expr::text(part.clone(), span));
        }
        if let Some(ty) = rest.next() {
            let at = ty.span;
            parts.push(Expr::new(ExprKind::OfType(Box::new(ty)), at));
        }
    }
    TypeKind::Of(Box::new(Expr::new(ExprKind::Template(parts), span)))
}

fn constants(kind: &TypeKind) -> Option<Vec<Name>> {
    match kind {
        TypeKind::Const(Literal::Text(text) | Literal::Number(text)) => Some(vec![text.clone()]),
        TypeKind::Const(Literal::Bool(value)) => Some(vec![value.to_string().into()]),
        TypeKind::Boolean => Some(vec!["false".into(), "true".into()]),
        TypeKind::Union(parts) => {
            let mut all = Vec::new();
            for part in parts {
                all.extend(constants(&part.kind)?);
            }
            Some(all)
        }
        _ => None,
    }
}

fn pattern(kind: &TypeKind) -> Option<Name> {
    if let Some(all) = constants(kind) {
        let escaped: Vec<Name> = all.iter().map(|one| escape(one)).collect();
        return Some(format!("({})", escaped.join("|")).into());
    }
    match kind {
        TypeKind::String(shape) if shape.patterns.is_empty() => Some("[\\s\\S]*".into()),
        TypeKind::Number(_) => Some("-?[0-9]+(\\.[0-9]+)?([eE][+-]?[0-9]+)?".into()),
        TypeKind::Integer(_) => Some("-?[0-9]+".into()),
        _ => None,
    }
}

/// A text as a part of an ECMA-262 regular expression.
pub(super) fn escape(text: &str) -> Name {
    let mut out = Name::with_capacity(text.len());
    for letter in text.chars() {
        if matches!(letter, '\\' | '^' | '$' | '.' | '*' | '+' | '?' | '(' | ')' | '[' | ']' | '{' | '}' | '|' | '/') {
            out.push('\\');
        }
        out.push(letter);
    }
    out
}

pub(super) fn type_name(name: &TSTypeName<'_>) -> Vec<Name> {
    match name {
        TSTypeName::IdentifierReference(id) => vec![id.name.as_str().into()],
        TSTypeName::QualifiedName(name) => qualified(name),
        TSTypeName::ThisExpression(_) => vec!["this".into()],
    }
}

pub(super) fn qualified(name: &TSQualifiedName<'_>) -> Vec<Name> {
    let mut path = type_name(&name.left);
    path.push(name.right.name.as_str().into());
    path
}

fn push_qualifier(qualifier: &TSImportTypeQualifier<'_>, path: &mut Vec<Name>) {
    match qualifier {
        TSImportTypeQualifier::Identifier(id) => path.push(id.name.as_str().into()),
        TSImportTypeQualifier::QualifiedName(name) => {
            push_qualifier(&name.left, path);
            path.push(name.right.name.as_str().into());
        }
    }
}
