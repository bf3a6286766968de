//! Classes: what their values look like on the wire, what method calls on them resolve by, and their methods.

use oxc_ast::ast::{
    Class as JsClass, ClassElement, Decorator, Expression, MethodDefinition, MethodDefinitionKind, PropertyDefinition, Statement,
};
use oxc_span::GetSpan;

use super::lower::{Lower, Usage, node_span, span_of};
use super::types::{field, type_name};
use crate::facts::{
    Call, Class, Expr, ExprKind, FieldExpr, FnId, Literal, Name, ObjectExpr, ObjectMember, TypeDecl, TypeExpr, TypeKind, TypeOp,
    TypeRef,
};
use crate::shape::Presence;
use crate::source::Span;

/// Decorators whose presence says that a class goes over a wire.
const WIRE_DECORATORS: &[&str] = &[
    "Expose",
    "Exclude",
    "Type",
    "Transform",
    "ApiProperty",
    "ApiPropertyOptional",
    "Field",
    "Property",
    "IsString",
    "IsNumber",
    "IsInt",
    "IsBoolean",
    "IsOptional",
    "IsEnum",
    "IsUUID",
    "IsEmail",
    "IsDate",
    "IsDateString",
    "IsArray",
    "ValidateNested",
    "IsNotEmpty",
    "IsObject",
    "IsUrl",
    "IsIn",
    "Length",
    "MinLength",
    "MaxLength",
    "Min",
    "Max",
    "IsPositive",
    "IsISO8601",
];

type Members = Vec<(Name, Option<TypeExpr>, Option<Expr>)>;

/// What walking a class collects.
#[derive(Default)]
struct Collected {
    wire: ObjectExpr,
    read: ObjectExpr,
    members: Members,
    /// What `toJSON` returns.
    to_json: Option<FnId>,
    on_wire: bool,
    differs: bool,
}

impl Lower<'_> {
    pub fn class(&mut self, class: &JsClass<'_>, name: &str, exported: bool) {
        let span = class.id.as_ref().map_or(span_of(class.span), |id| span_of(id.span));
        let extent = span_of(class.span);
        let outer = self.type_params.len();
        let params = self.type_parameters(class.type_parameters.as_deref());
        let decorators: Vec<Call> = class.decorators.iter().map(|decorator| self.decorator(decorator)).collect();
        let mut collected = Collected::default();
        let (mut bases, mut extended) = (Vec::new(), None);
        if let Some(heritage) = &class.heritage {
            let args: Vec<TypeExpr> = match &heritage.type_arguments {
                Some(args) => args.params.iter().map(|ty| self.ty(ty)).collect(),
                None => Vec::new(),
            };
            if let Some(base) = self.heritage(&heritage.expression, args, &mut bases) {
                collected.wire.members.push(ObjectMember::Spread(base.clone()));
                collected.read.members.push(ObjectMember::Spread(base.clone()));
                extended = Some(base);
            }
        }
        self.extended.push(extended);
        for implemented in &class.implements {
            bases.push(type_name(&implemented.expression));
        }
        let implements =
            class.implements.first().map(|implemented| type_name(&implemented.expression)).or_else(|| bases.first().cloned());
        if !name.is_empty() {
            self.scope.push(name.into());
        }
        for element in &class.body.body {
            self.deeper(|lower| lower.class_element(element, implements.as_ref(), exported, &mut collected));
        }
        if !name.is_empty() {
            self.scope.pop();
        }
        self.extended.pop();
        self.type_params.truncate(outer);
        if name.is_empty() {
            return;
        }
        let write = match collected.to_json {
            // The object that `toJSON` returns is what is written in its place.
            Some(id) => {
                let function = &self.facts.functions[id.0 as usize];
                match &function.return_type {
                    Some(ty) => ty.clone(),
                    None => TypeExpr::new(
                        TypeKind::Apply(
                            TypeOp::ReturnType,
                            vec![TypeExpr::new(
                                TypeKind::Of(Box::new(Expr::new(ExprKind::Name(vec![name.into(), "toJSON".into()]), span))),
                                span,
                            )],
                        ),
                        extent,
                    ),
                }
            }
            None => TypeExpr::new(TypeKind::Object(collected.wire), extent),
        };
        let read = if collected.differs || collected.to_json.is_some() {
            Some(TypeExpr::new(TypeKind::Object(collected.read), extent))
        } else {
            None
        };
        let scope = self.scope.clone();
        self.add_class(Class {
            scope: scope.clone(),
            name: name.into(),
            bases,
            members: collected.members,
            exported,
            is_interface: false,
            decorators,
            span,
        });
        self.add_type(TypeDecl {
            scope,
            name: name.into(),
            params,
            write,
            read,
            exported,
            serializable: collected.on_wire,
            merges: false,
            span,
            extent,
        });
    }

    /// What a class extends: a class by name, or a helper that makes one (`PartialType(Order)`).
    /// `super`: the object itself, as one of its base.
    pub fn base_of_this(&self, span: Span) -> Expr {
        match self.extended.last() {
            Some(Some(base)) => {
                let this = Expr::new(ExprKind::This, span);
                Expr::new(ExprKind::Typed(Box::new(this), Box::new(base.clone())), span)
            }
            _ => Expr::new(ExprKind::Name(vec!["super".into()]), span),
        }
    }

    fn heritage(&mut self, expression: &Expression<'_>, args: Vec<TypeExpr>, bases: &mut Vec<Vec<Name>>) -> Option<TypeExpr> {
        let span = node_span(expression);
        let mut path = Vec::new();
        let mut base = expression.get_inner_expression();
        loop {
            match base {
                Expression::StaticMemberExpression(member) => {
                    path.push(member.property.name.as_str().into());
                    base = member.object.get_inner_expression();
                }
                Expression::Identifier(id) => {
                    path.push(id.name.as_str().into());
                    path.reverse();
                    bases.push(path.clone());
                    return Some(TypeExpr::new(TypeKind::Ref(TypeRef { path, args }), span));
                }
                Expression::CallExpression(call) => {
                    let op = match call.callee_name()? {
                        "PartialType" => TypeOp::Partial,
                        "PickType" => TypeOp::Pick,
                        "OmitType" => TypeOp::Omit,
                        "IntersectionType" => TypeOp::Extend,
                        "createZodDto" => TypeOp::Output,
                        _ => {
                            self.expr(expression, Usage::USED);
                            return Some(TypeExpr::unknown(self.folded(expression.span()), span));
                        }
                    };
                    let mut operands = Vec::new();
                    for argument in call.arguments.iter().filter_map(|argument| argument.as_expression()) {
                        operands.push(match argument.get_inner_expression() {
                            Expression::Identifier(id) => {
                                TypeExpr::new(super::types::reference(vec![id.name.as_str().into()]), span_of(id.span))
                            }
                            Expression::ArrayExpression(array) => {
                                let keys =
                                    array.elements.iter().filter_map(|element| element.as_expression()).filter_map(|element| {
                                        match element.get_inner_expression() {
                                            Expression::StringLiteral(literal) => {
                                                Some(super::types::text(literal.value.as_str(), span_of(literal.span)))
                                            }
                                            _ => None,
                                        }
                                    });
                                TypeExpr::new(TypeKind::Union(keys.collect()), span_of(array.span))
                            }
                            other => TypeExpr::unknown(self.folded(other.span()), node_span(other)),
                        });
                    }
                    return Some(TypeExpr::new(TypeKind::Apply(op, operands), span));
                }
                _ => {
                    self.expr(expression, Usage::USED);
                    return Some(TypeExpr::unknown(self.folded(expression.span()), span));
                }
            }
        }
    }

    fn class_element(
        &mut self,
        element: &ClassElement<'_>,
        implements: Option<&Vec<Name>>,
        exported: bool,
        collected: &mut Collected,
    ) {
        match element {
            ClassElement::PropertyDefinition(property) => self.property(property, exported, collected),
            ClassElement::MethodDefinition(method) => self.method(method, implements, exported, collected),
            ClassElement::StaticBlock(block) => self.block(|lower| {
                lower.hoist(&block.body);
                lower.statements(&block.body);
            }),
            ClassElement::AccessorProperty(accessor) => {
                if let Some(value) = &accessor.value {
                    self.expr(value, Usage::USED);
                }
            }
            ClassElement::TSIndexSignature(index) => {
                let mut wire = std::mem::take(&mut collected.wire);
                self.index_signature(index, &mut wire);
                collected.read.additional = wire.additional.clone();
                collected.wire = wire;
            }
        }
    }

    fn property(&mut self, property: &PropertyDefinition<'_>, exported: bool, collected: &mut Collected) {
        let Some(name) = property.key.static_name().map(|name| name.into_owned()) else {
            if let Some(value) = &property.value {
                self.expr(value, Usage::USED);
            }
            return;
        };
        let span = node_span(&property.key);
        if let Some(value) = &property.value {
            // `emit = async (x) => { … }` is a method in all but form.
            let id = match value.get_inner_expression() {
                Expression::ArrowFunctionExpression(arrow) => Some(self.arrow(arrow, Some(&name))),
                Expression::FunctionExpression(function) => Some(self.function(function, Some(&name))),
                _ => None,
            };
            if let Some(id) = id {
                let function = &mut self.facts.functions[id.0 as usize];
                function.is_method = true;
                function.parent = None;
                function.exported = exported;
                function.span = span;
                return;
            }
        }
        let declared = property.type_annotation.as_ref().map(|annotation| self.ty(&annotation.type_annotation));
        if property.r#static {
            if let Some(value) = &property.value {
                if self.schema_constant(&name, value, exported, span, span_of(property.span)) {
                    return;
                }
                let value = self.expr(value, Usage::USED);
                self.add_constant(&name, value, declared, exported, false, span);
            }
            return;
        }
        let constructed = match property.value.as_ref().map(|value| value.get_inner_expression()) {
            Some(Expression::NewExpression(new)) => super::calls::constructed(new),
            _ => None,
        };
        let value = property.value.as_ref().map(|value| self.expr(value, Usage::USED));
        let ty = declared.clone().or_else(|| constructed.clone());
        collected.members.push((name.clone().into(), ty, value.clone()));
        // Private names (`#x`) are not properties; `declare` and function types leave nothing on the wire.
        if property.key.is_private_identifier() || declared.as_ref().is_some_and(|ty| ty.kind == TypeKind::Absent) {
            return;
        }
        let wire_type = declared.or(constructed).unwrap_or_else(|| match value {
            // What cannot be assigned again stays what it is.
            Some(Expr { kind: ExprKind::Literal(literal), span }) if property.readonly && literal != Literal::Null => {
                TypeExpr::new(TypeKind::Const(literal), span)
            }
            Some(value) => value_type(value),
            None => TypeExpr::unknown("not stated", span),
        });
        let presence = if property.optional { Presence::Optional } else { Presence::Required };
        self.add_field(name.into(), wire_type, presence, span, &property.decorators, collected);
    }

    /// A property of a class with what its decorators say about the wire.
    fn add_field(
        &mut self,
        name: Name,
        ty: TypeExpr,
        presence: Presence,
        span: Span,
        decorators: &[Decorator<'_>],
        collected: &mut Collected,
    ) {
        let mut wire =
            FieldExpr { name: name.clone(), aliases: Vec::new(), ty, presence, default: None, source: None, span, cause: None };
        let (mut written, mut read) = (true, true);
        for decorator in decorators {
            let call = self.decorator(decorator);
            let Some(decorator_name) = crate_name(&call) else { continue };
            collected.on_wire |= WIRE_DECORATORS.contains(&decorator_name.as_str());
            let options = call.args.first().map(|argument| &argument.value);
            match decorator_name.as_str() {
                "Expose" => {
                    if let Some(renamed) = options.and_then(|options| text_member(options, "name")) {
                        wire.source = Some(name.clone());
                        wire.name = renamed;
                    }
                }
                "Exclude" => {
                    let to_class_only = options.is_some_and(|options| true_member(options, "toClassOnly"));
                    let to_plain_only = options.is_some_and(|options| true_member(options, "toPlainOnly"));
                    written &= to_class_only && !to_plain_only;
                    read &= to_plain_only && !to_class_only;
                }
                "IsOptional" | "ApiPropertyOptional" => wire.presence = Presence::Optional,
                "Transform" => {
                    wire.ty = TypeExpr::unknown("given by a transformation", wire.ty.span);
                }
                other => super::schemas::decorated(other, &call, &mut wire.ty),
            }
        }
        let differs = written != read;
        if written {
            collected.wire.members.push(ObjectMember::Field(wire.clone()));
        }
        if read {
            collected.read.members.push(ObjectMember::Field(wire));
        }
        collected.differs |= differs;
    }

    fn method(
        &mut self,
        method: &MethodDefinition<'_>,
        implements: Option<&Vec<Name>>,
        exported: bool,
        collected: &mut Collected,
    ) {
        let name = method.key.static_name().map(|name| name.into_owned()).unwrap_or_default();
        let name = if method.key.is_private_identifier() { format!("#{}", name.trim_start_matches('#')) } else { name };
        let decorators: Vec<Call> = method.decorators.iter().map(|decorator| self.decorator(decorator)).collect();
        let id = self.function(&method.value, Some(&name));
        let span = node_span(&method.key);
        let function = &mut self.facts.functions[id.0 as usize];
        function.is_method = true;
        function.parent = None;
        function.implements = if method.r#static { None } else { implements.cloned() };
        function.exported = exported;
        function.decorators = decorators;
        function.span = span;
        match method.kind {
            MethodDefinitionKind::Constructor => {
                function.name = "constructor".into();
                self.constructor(method, id, collected);
            }
            MethodDefinitionKind::Get => {
                let ty = function.return_type.clone();
                collected.members.push((name.clone().into(), ty.clone(), None));
                let exposed = method.decorators.iter().any(|decorator| match &decorator.expression {
                    Expression::CallExpression(call) => call.callee_name() == Some("Expose"),
                    _ => false,
                });
                if exposed {
                    let ty = ty.unwrap_or_else(|| TypeExpr::unknown("not stated", span));
                    let call = method.decorators.first().map(|decorator| self.decorator(decorator));
                    let wire_name = call
                        .and_then(|call| call.args.first().and_then(|argument| text_member(&argument.value, "name")))
                        .unwrap_or(name.into());
                    collected.wire.members.push(field(wire_name, ty, Presence::Required, span));
                    collected.on_wire = true;
                    collected.differs = true;
                }
            }
            MethodDefinitionKind::Method if name == "toJSON" && !method.r#static => collected.to_json = Some(id),
            MethodDefinitionKind::Method | MethodDefinitionKind::Set => {}
        }
    }

    /// Parameter properties, and members that the constructor assigns.
    fn constructor(&mut self, method: &MethodDefinition<'_>, id: FnId, collected: &mut Collected) {
        for (at, param) in method.value.params.items.iter().enumerate() {
            if !param.has_modifier() {
                continue;
            }
            let Some(name) = param.pattern.get_identifier_name() else { continue };
            let local = self.facts.functions[id.0 as usize].locals.get(at);
            // Without a type it has that of its default.
            let of_default = || local.and_then(|local| local.value.clone()).map(value_type);
            let ty = local.and_then(|local| local.ty.clone()).or_else(of_default);
            let span = node_span(&param.pattern);
            collected.members.push((name.as_str().into(), ty.clone(), None));
            if let Some(ty) = ty
                && ty.kind != TypeKind::Absent
            {
                let presence = if param.optional { Presence::Optional } else { Presence::Required };
                self.add_field(name.as_str().into(), ty, presence, span, &[], collected);
            }
        }
        let Some(body) = &method.value.body else { return };
        for statement in &body.statements {
            let Statement::ExpressionStatement(statement) = statement else { continue };
            let Expression::AssignmentExpression(assignment) = &statement.expression else { continue };
            let oxc_ast::ast::AssignmentTarget::StaticMemberExpression(target) = &assignment.left else { continue };
            if !matches!(target.object, Expression::ThisExpression(_)) {
                continue;
            }
            let name = target.property.name.as_str();
            let known = collected.members.iter_mut().find(|(member, _, _)| member == name);
            let (ty, value) = match assignment.right.get_inner_expression() {
                Expression::NewExpression(new) => (super::calls::constructed(new), None),
                Expression::Identifier(right) => {
                    let function = &self.facts.functions[id.0 as usize];
                    let param =
                        function.locals.iter().take(function.params as usize).find(|local| local.name == right.name.as_str());
                    match param {
                        Some(param) => (param.ty.clone(), None),
                        None => (None, Some(Expr::new(ExprKind::Name(vec![right.name.as_str().into()]), span_of(right.span)))),
                    }
                }
                Expression::StringLiteral(literal) => (None, Some(Expr::text(literal.value.as_str(), span_of(literal.span)))),
                other => (None, Some(Expr::unknown(self.folded(other.span()), node_span(other)))),
            };
            match known {
                Some((_, known_ty, known_value)) => {
                    if known_ty.is_none() {
                        *known_ty = ty;
                    }
                    if known_value.is_none() {
                        *known_value = value;
                    }
                }
                None => {
                    let span = span_of(target.property.span);
                    collected.members.push((name.into(), ty.clone(), value.clone()));
                    // In JavaScript the constructor is the only declaration.
                    let wire = ty.or(value.map(value_type)).unwrap_or_else(|| TypeExpr::unknown("not stated", span));
                    if wire.kind != TypeKind::Absent {
                        self.add_field(name.into(), wire, Presence::Required, span, &[], collected);
                    }
                }
            }
        }
    }
}

/// The name of a decorator.
fn crate_name(call: &Call) -> Option<Name> {
    match &call.callee.kind {
        ExprKind::Name(path) => path.last().cloned(),
        ExprKind::Member(_, name) => Some(name.clone()),
        _ => None,
    }
}

pub(super) fn member<'e>(options: &'e Expr, name: &str) -> Option<&'e Expr> {
    let ExprKind::Object(members) = &options.kind else { return None };
    members.iter().find_map(|member| match member {
        crate::facts::ValueMember::Entry { key, value, .. } => match &key.kind {
            ExprKind::Literal(Literal::Text(key)) if key == name => Some(value),
            _ => None,
        },
        crate::facts::ValueMember::Spread { .. } => None,
    })
}

fn text_member(options: &Expr, name: &str) -> Option<Name> {
    match &member(options, name)?.kind {
        ExprKind::Literal(Literal::Text(text)) => Some(text.clone()),
        _ => None,
    }
}

pub(super) fn true_member(options: &Expr, name: &str) -> bool {
    member(options, name).is_some_and(|value| value.kind == ExprKind::Literal(Literal::Bool(true)))
}

/// The type of a property that only its initial value states: a constant may be assigned again, so its type is what counts.
fn value_type(value: Expr) -> TypeExpr {
    let span = value.span;
    let kind = match value.kind {
        ExprKind::Literal(Literal::Text(_)) | ExprKind::Template(_) => super::known::string(),
        ExprKind::Literal(Literal::Number(_)) => super::known::number(),
        ExprKind::Literal(Literal::Bool(_)) => TypeKind::Boolean,
        ExprKind::OfType(ty) => return *ty,
        ExprKind::Unknown(why) => TypeKind::Unknown(why),
        // A call belongs to the function in which it stands, and a type has none.
        ExprKind::Call(_) | ExprKind::Await(_) => TypeKind::Unknown("the result of a call".into()),
        kind => TypeKind::Of(Box::new(Expr::new(kind, span))),
    };
    TypeExpr::new(kind, span)
}
