//! Imports, exports, variables, functions, enums and namespaces.

use super::lower::{Lower, Usage, node_span, span_of};
use super::schemas;
use crate::facts::types::TypeParam;
use crate::facts::{
    Class, Expr, ExprKind, FnId, Function, Import, Literal, LocalKind, Name, TypeDecl, TypeExpr, TypeKind, TypeOp, TypeRef,
    ValueMember,
};
use crate::source::Span;
use oxc_ast::ast::{
    ArrowFunctionBody, ArrowFunctionExpression, BindingPattern, Declaration, ExportDefaultDeclarationKind, Expression,
    FormalParameters, Function as JsFunction, FunctionBody, ImportDeclaration, ImportDeclarationSpecifier, ModuleDeclaration,
    ObjectPropertyKind, Statement, TSEnumDeclaration, TSModuleReference, TSNamespaceDeclaration, TSNamespaceDeclarationBody,
    TSType, TSTypeParameterDeclaration, VariableDeclaration,
};

impl Lower<'_> {
    // Imports and exports.

    pub fn survey_import(&mut self, import: &ImportDeclaration<'_>) {
        let module = import.source.value.as_str();
        let library = schemas::library_of(module);
        for specifier in import.specifiers.iter().flatten() {
            let local = Name::from(specifier.local().name.as_str());
            let name = match specifier {
                ImportDeclarationSpecifier::ImportSpecifier(one) => Some(Name::from(one.imported.name().as_str())),
                ImportDeclarationSpecifier::ImportDefaultSpecifier(_)
                | ImportDeclarationSpecifier::ImportNamespaceSpecifier(_) => None,
            };
            // `z` is zod under every name that projects re-export it by.
            let found = library.or(if local == "z" { Some(schemas::Library::Zod) } else { None });
            if let Some(library) = found {
                let taken = name.filter(|name| !schemas::is_namespace(library, name));
                self.libraries.insert(local.clone(), (library, taken));
            }
            self.imported.insert(local, module.into());
        }
    }

    fn add_import(&mut self, local: Option<&str>, module: &str, name: Option<&str>, exported: bool, span: Span) {
        self.facts.imports.push(Import {
            scope: self.scope.clone(),
            local: local.map(Name::from),
            module: vec![module.into()],
            name: name.map(Name::from),
            exported,
            span,
        });
    }

    pub fn module_declaration(&mut self, declaration: &ModuleDeclaration<'_>) {
        match declaration {
            ModuleDeclaration::ImportDeclaration(import) => {
                let module = import.source.value.as_str();
                for specifier in import.specifiers.iter().flatten() {
                    let local = specifier.local();
                    let span = span_of(local.span);
                    match specifier {
                        ImportDeclarationSpecifier::ImportSpecifier(one) => {
                            self.add_import(Some(local.name.as_str()), module, Some(one.imported.name().as_str()), false, span);
                        }
                        ImportDeclarationSpecifier::ImportDefaultSpecifier(_) => {
                            self.add_import(Some(local.name.as_str()), module, Some("default"), false, span);
                        }
                        ImportDeclarationSpecifier::ImportNamespaceSpecifier(_) => {
                            self.add_import(Some(local.name.as_str()), module, None, false, span);
                        }
                    }
                }
            }
            ModuleDeclaration::ExportAllDeclaration(export) => {
                let module = export.source.value.as_str();
                let name = export.exported.as_ref().map(|name| name.name());
                self.add_import(name.as_ref().map(|name| name.as_str()), module, None, true, span_of(export.span));
            }
            ModuleDeclaration::ExportFromDeclaration(export) => {
                let module = export.source.value.as_str();
                for specifier in &export.specifiers {
                    let (local, exported) = (specifier.local.name(), specifier.exported.name());
                    self.add_import(Some(exported.as_str()), module, Some(local.as_str()), true, span_of(specifier.span));
                }
            }
            ModuleDeclaration::ExportNamedDeclaration(export) => {
                for specifier in &export.specifiers {
                    let (local, exported) = (specifier.local.name(), specifier.exported.name());
                    self.exports.push((local.as_str().into(), exported.as_str().into(), span_of(specifier.span)));
                }
            }
            ModuleDeclaration::ExportDeclaration(export) => self.declaration(&export.declaration, true),
            ModuleDeclaration::ExportDefaultDeclaration(export) => self.export_default(&export.declaration, span_of(export.span)),
            ModuleDeclaration::TSExportAssignment(export) => {
                self.export_value("default", &export.expression, span_of(export.span))
            }
            ModuleDeclaration::TSNamespaceExportDeclaration(_) => {}
        }
    }

    fn export_default(&mut self, kind: &ExportDefaultDeclarationKind<'_>, span: Span) {
        match kind {
            ExportDefaultDeclarationKind::FunctionDeclaration(function) => {
                let name = Name::from(function.id.as_ref().map_or("default", |id| id.name.as_str()));
                self.function_declaration(function, &name, true);
                if name != "default" {
                    self.exports.push((name, "default".into(), span));
                }
            }
            ExportDefaultDeclarationKind::ClassDeclaration(class) => {
                let name = Name::from(class.id.as_ref().map_or("default", |id| id.name.as_str()));
                self.class(class, &name, true);
                if name != "default" {
                    self.exports.push((name, "default".into(), span));
                }
            }
            ExportDefaultDeclarationKind::TSInterfaceDeclaration(interface) => {
                self.interface(interface, true);
                self.exports.push((interface.id.name.as_str().into(), "default".into(), span));
            }
            other => {
                if let Some(expression) = other.as_expression() {
                    self.export_value("default", expression, span);
                }
            }
        }
    }

    /// `export default <expression>`, `module.exports = <expression>`, `exports.name = <expression>`.
    pub fn export_value(&mut self, name: &str, expression: &Expression<'_>, span: Span) {
        match expression.get_inner_expression() {
            Expression::Identifier(id) if self.is_module_name(id.name.as_str()) => {
                self.exports.push((id.name.as_str().into(), name.into(), span));
            }
            Expression::ClassExpression(class) => {
                let own = Name::from(class.id.as_ref().map_or(name, |id| id.name.as_str()));
                self.class(class, &own, true);
                if own != name {
                    self.exports.push((own, name.into(), span));
                }
            }
            _ => {
                self.module_constant(name, expression, None, true, span, span);
            }
        }
    }

    /// `module.exports = { a, b: c }` and `module.exports = x`: every member by its name, and the whole as the default.
    pub fn export_common(&mut self, expression: &Expression<'_>, span: Span) {
        if let Expression::ObjectExpression(object) = expression.get_inner_expression() {
            for property in &object.properties {
                match property {
                    ObjectPropertyKind::ObjectProperty(property) => {
                        if let Some(name) = property.key.static_name() {
                            let name = name.into_owned();
                            self.export_value(&name, &property.value, node_span(&property.key));
                        }
                    }
                    ObjectPropertyKind::SpreadProperty(spread) => {
                        if let Some(module) = required_module(&spread.argument) {
                            let module = Name::from(module);
                            self.add_import(None, &module, None, true, span_of(spread.span));
                        }
                    }
                }
            }
        } else if let Some(module) = required_module(expression) {
            let module = Name::from(module);
            self.add_import(None, &module, None, true, span);
            self.add_import(Some("default"), &module, Some("default"), true, span);
        } else {
            self.export_value("default", expression, span);
        }
    }

    /// `const x = require("m")`, `const { a, b: c } = require("m")`. Whether it was one.
    fn require_import(&mut self, pattern: &BindingPattern<'_>, init: &Expression<'_>, exported: bool) -> bool {
        let (module, member) = match init.get_inner_expression() {
            Expression::StaticMemberExpression(member) => match required_module(&member.object) {
                Some(module) => (module.to_owned(), Some(member.property.name.as_str().to_owned())),
                None => return false,
            },
            other => match required_module(other) {
                Some(module) => (module.to_owned(), None),
                None => return false,
            },
        };
        let library = schemas::library_of(&module);
        match pattern {
            BindingPattern::BindingIdentifier(id) => {
                let local = id.name.as_str();
                self.add_import(Some(local), &module, member.as_deref(), exported, span_of(id.span));
                if let Some(library) = library {
                    let taken = member.map(Name::from).filter(|name| !schemas::is_namespace(library, name));
                    self.libraries.insert(local.into(), (library, taken));
                }
                self.imported.insert(local.into(), module.into());
            }
            BindingPattern::ObjectPattern(object) => {
                for property in &object.properties {
                    let (Some(name), Some(local)) = (property.key.static_name(), property.value.get_identifier_name()) else {
                        continue;
                    };
                    self.add_import(Some(local.as_str()), &module, Some(&name), exported, node_span(&property.value));
                    if let Some(library) = library {
                        let taken = Some(Name::from(name)).filter(|name| !schemas::is_namespace(library, name));
                        self.libraries.insert(local.as_str().into(), (library, taken));
                    }
                    self.imported.insert(local.as_str().into(), module.clone().into());
                }
            }
            BindingPattern::ArrayPattern(_) | BindingPattern::AssignmentPattern(_) => return false,
        }
        true
    }

    // Declarations.

    pub fn declaration(&mut self, declaration: &Declaration<'_>, exported: bool) {
        match declaration {
            Declaration::VariableDeclaration(variables) => self.variables(variables, exported),
            Declaration::FunctionDeclaration(function) => {
                if let Some(id) = &function.id {
                    let name = Name::from(id.name.as_str());
                    self.function_declaration(function, &name, exported);
                }
            }
            Declaration::ClassDeclaration(class) => {
                if let Some(id) = &class.id {
                    let name = Name::from(id.name.as_str());
                    self.class(class, &name, exported);
                }
            }
            Declaration::TSTypeAliasDeclaration(alias) => self.type_alias(alias, exported),
            Declaration::TSInterfaceDeclaration(interface) => self.interface(interface, exported),
            Declaration::TSEnumDeclaration(declared) => self.enumeration(declared, exported),
            Declaration::TSNamespaceDeclaration(namespace) => self.namespace(namespace),
            Declaration::TSExternalModuleDeclaration(module) => {
                if let Some(body) = &module.body {
                    self.statements(&body.body);
                }
            }
            Declaration::TSGlobalDeclaration(global) => self.statements(&global.body.body),
            Declaration::TSImportEqualsDeclaration(import) => {
                let local = import.id.name.as_str();
                match &import.module_reference {
                    TSModuleReference::ExternalModuleReference(module) => {
                        let module = module.expression.value.as_str();
                        self.add_import(Some(local), module, None, exported, span_of(import.id.span));
                        self.imported.insert(local.into(), module.into());
                    }
                    TSModuleReference::IdentifierReference(id) => {
                        self.exports.push((id.name.as_str().into(), local.into(), span_of(import.id.span)));
                    }
                    TSModuleReference::QualifiedName(name) => {
                        let path = super::types::qualified(name);
                        let value = Expr::new(ExprKind::Name(path.clone()), span_of(name.span));
                        self.add_constant(local, value, None, exported, false, span_of(import.id.span));
                        let ty = TypeExpr::new(TypeKind::Ref(TypeRef { path, args: Vec::new() }), span_of(name.span));
                        self.named_type(local, Vec::new(), ty, None, exported, span_of(import.id.span), span_of(import.span));
                    }
                }
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one declaration")]
    pub fn named_type(
        &mut self,
        name: &str,
        params: Vec<TypeParam>,
        write: TypeExpr,
        read: Option<TypeExpr>,
        exported: bool,
        span: Span,
        extent: Span,
    ) {
        let scope = self.scope.clone();
        let name = Name::from(name);
        self.add_type(TypeDecl { scope, name, params, write, read, exported, serializable: false, merges: false, span, extent });
    }

    fn namespace(&mut self, namespace: &TSNamespaceDeclaration<'_>) {
        self.scope.push(namespace.id.name.as_str().into());
        match &namespace.body {
            TSNamespaceDeclarationBody::TSNamespaceDeclaration(inner) => self.namespace(inner),
            TSNamespaceDeclarationBody::TSModuleBlock(block) => self.statements(&block.body),
        }
        self.scope.pop();
    }

    pub fn variables(&mut self, variables: &VariableDeclaration<'_>, exported: bool) {
        let module_level = self.at_module_level();
        for declarator in &variables.declarations {
            let annotation = declarator.type_annotation.as_ref().map(|annotation| &annotation.type_annotation);
            if let Some(init) = &declarator.init
                && module_level
                && self.require_import(&declarator.id, init, exported)
            {
                continue;
            }
            if module_level {
                match (&declarator.id, &declarator.init) {
                    (BindingPattern::BindingIdentifier(id), Some(init)) => {
                        let name = Name::from(id.name.as_str());
                        let ty = annotation.map(|ty| self.ty(ty));
                        self.annotated_closure(annotation, |lower| {
                            lower.module_constant(&name, init, ty, exported, span_of(id.span), span_of(declarator.span));
                        });
                    }
                    (BindingPattern::BindingIdentifier(id), None) => {
                        let ty = annotation.map(|annotation| self.ty(annotation));
                        let value = Expr::unknown("assigned later", span_of(id.span));
                        self.add_constant(id.name.as_str(), value, ty, exported, false, span_of(id.span));
                    }
                    (pattern, Some(init)) => {
                        let value = self.expr(init, Usage::USED);
                        self.module_pattern(pattern, value, exported);
                    }
                    (_, None) => {}
                }
            } else {
                self.local_variable(&declarator.id, annotation, declarator.init.as_ref());
            }
        }
    }

    /// Names that a pattern takes out of a value at the module level.
    fn module_pattern(&mut self, pattern: &BindingPattern<'_>, value: Expr, exported: bool) {
        match pattern {
            BindingPattern::BindingIdentifier(id) => {
                self.add_constant(id.name.as_str(), value, None, exported, false, span_of(id.span));
            }
            BindingPattern::ObjectPattern(object) => {
                for property in &object.properties {
                    if let Some(name) = property.key.static_name() {
                        let span = node_span(&property.key);
                        let member = Expr::new(ExprKind::Member(Box::new(value.clone()), name.into_owned().into()), span);
                        self.module_pattern(&property.value, member, exported);
                    }
                }
            }
            BindingPattern::ArrayPattern(array) => {
                for (at, element) in array.elements.iter().enumerate() {
                    if let Some(element) = element {
                        let span = node_span(element);
                        let position = Expr::new(ExprKind::Literal(Literal::Number(at.to_string().into())), span);
                        let member = Expr::new(ExprKind::Index(Box::new(value.clone()), Box::new(position)), span);
                        self.module_pattern(element, member, exported);
                    }
                }
            }
            BindingPattern::AssignmentPattern(assignment) => self.module_pattern(&assignment.left, value, exported),
        }
    }

    /// A value with a name at the module level: a function, a class, a schema, an object of functions, or a constant.
    pub fn module_constant(
        &mut self,
        name: &str,
        init: &Expression<'_>,
        ty: Option<TypeExpr>,
        exported: bool,
        span: Span,
        extent: Span,
    ) {
        match init.get_inner_expression() {
            Expression::ArrowFunctionExpression(arrow) => {
                let id = self.arrow(arrow, Some(name));
                self.finish_named(id, exported, span, extent);
            }
            Expression::FunctionExpression(function) => {
                let id = self.function(function, Some(name));
                self.finish_named(id, exported, span, extent);
            }
            Expression::ClassExpression(class) => {
                self.class(class, name, exported);
            }
            _ => {
                if self.schema_constant(name, init, exported, span, extent) {
                    return;
                }
                let registry = is_registry(init);
                let object_of_functions = self.object_members(init);
                let value = if object_of_functions {
                    self.scope.push(name.into());
                    let value = self.expr(init, Usage::USED);
                    self.scope.pop();
                    self.object_class(name, &value, exported, span);
                    value
                } else {
                    self.expr(init, Usage::USED)
                };
                self.add_constant(name, value, ty, exported, registry, span);
            }
        }
    }

    fn finish_named(&mut self, id: FnId, exported: bool, span: Span, extent: Span) {
        let function = &mut self.facts.functions[id.0 as usize];
        function.exported = exported;
        function.span = span;
        function.extent = extent;
        function.parent = None;
    }

    /// Whether an object literal at the module level holds functions, so that calls on it resolve like methods.
    fn object_members(&self, init: &Expression<'_>) -> bool {
        let Expression::ObjectExpression(object) = init.get_inner_expression() else { return false };
        object.properties.iter().any(|property| match property {
            ObjectPropertyKind::ObjectProperty(property) => matches!(
                property.value.get_inner_expression(),
                Expression::ArrowFunctionExpression(_) | Expression::FunctionExpression(_)
            ),
            ObjectPropertyKind::SpreadProperty(_) => false,
        })
    }

    /// Makes an object of functions a class: its functions become methods by their keys.
    fn object_class(&mut self, name: &str, value: &Expr, exported: bool, span: Span) {
        let ExprKind::Object(entries) = &value.kind else { return };
        let mut members = Vec::new();
        for entry in entries {
            let ValueMember::Entry { key, value, .. } = entry else { continue };
            let ExprKind::Literal(Literal::Text(key_name)) = &key.kind else { continue };
            if let ExprKind::Function(id) = &value.kind {
                let function = &mut self.facts.functions[id.0 as usize];
                function.name = key_name.clone();
                function.is_method = true;
                function.parent = None;
                function.span = key.span;
                function.exported = exported;
            } else {
                members.push((key_name.clone(), None, Some(value.clone())));
            }
        }
        let scope = self.scope.clone();
        self.add_class(Class {
            scope,
            name: name.into(),
            bases: Vec::new(),
            members,
            exported,
            is_interface: false,
            decorators: Vec::new(),
            span,
        });
    }

    // Functions.

    pub fn function_declaration(&mut self, function: &JsFunction<'_>, name: &str, exported: bool) {
        let nested = !self.at_module_level();
        let id = self.function(function, Some(name));
        let span = function.id.as_ref().map_or(span_of(function.span), |id| span_of(id.span));
        let facts = &mut self.facts.functions[id.0 as usize];
        facts.span = span;
        facts.exported = exported;
        if nested {
            if let Some((0, local)) = self.find(name) {
                self.local_mut(local).value = Some(Expr::new(ExprKind::Function(id), span));
            }
        } else {
            facts.parent = None;
        }
    }

    /// Lowers a function; its parent is the function around it.
    pub fn function(&mut self, function: &JsFunction<'_>, name: Option<&str>) -> FnId {
        let span = function.id.as_ref().map_or(span_of(function.span), |id| span_of(id.span));
        self.open_function(span, span_of(function.span), name, function.r#async, function.type_parameters.as_deref());
        self.parameters(&function.params);
        self.frame().function.return_type =
            function.return_type.as_ref().map(|annotation| &annotation.type_annotation).map(|ty| self.ty(ty));
        if let Some(body) = &function.body {
            self.body(body);
        }
        self.leave()
    }

    pub fn arrow(&mut self, arrow: &ArrowFunctionExpression<'_>, name: Option<&str>) -> FnId {
        let span = span_of(arrow.span);
        self.open_function(span, span, name, arrow.r#async, arrow.type_parameters.as_deref());
        self.parameters(&arrow.params);
        self.frame().function.return_type =
            arrow.return_type.as_ref().map(|annotation| &annotation.type_annotation).map(|ty| self.ty(ty));
        match &arrow.body {
            ArrowFunctionBody::FunctionBody(body) => self.body(body),
            other => {
                if let Some(expression) = other.as_expression() {
                    let value = self.expr(expression, Usage::RETURNED);
                    self.frame().function.returns.push(value);
                }
            }
        }
        self.leave()
    }

    fn open_function(
        &mut self,
        span: Span,
        extent: Span,
        name: Option<&str>,
        is_async: bool,
        type_parameters: Option<&TSTypeParameterDeclaration<'_>>,
    ) {
        let parent = self.frame_ref().id;
        let outer = self.type_params.len();
        let type_params = self.type_parameters(type_parameters);
        let function = Function {
            name: name.unwrap_or_default().into(),
            type_params,
            is_async,
            parent: Some((parent, None)),
            ..self.new_function(span, extent)
        };
        self.enter(function);
        self.frame().outer_type_params = outer;
    }

    fn body(&mut self, body: &FunctionBody<'_>) {
        self.hoist(&body.statements);
        self.statements(&body.statements);
    }

    pub fn type_parameters(&mut self, declared: Option<&TSTypeParameterDeclaration<'_>>) -> Vec<TypeParam> {
        let Some(declared) = declared else { return Vec::new() };
        for param in &declared.params {
            self.type_params.push(param.name.name.as_str().into());
        }
        declared
            .params
            .iter()
            .map(|param| TypeParam {
                name: param.name.name.as_str().into(),
                default: param.default.as_ref().map(|ty| self.ty(ty)),
                bound: param.constraint.as_ref().map(|ty| self.ty(ty)),
            })
            .collect()
    }

    pub fn parameters(&mut self, params: &FormalParameters<'_>) {
        // Parameters take the first places, so names inside of patterns come after all of them.
        let mut patterns = Vec::new();
        for param in &params.items {
            let name = param.pattern.get_identifier_name();
            let id = self.declare(name.as_ref().map_or("", |name| name.as_str()), LocalKind::Param, node_span(&param.pattern));
            let ty = param.type_annotation.as_ref().map(|annotation| self.ty(&annotation.type_annotation));
            let ty = ty.map(|ty| if param.optional { optional(ty) } else { ty });
            self.local_mut(id).ty = ty.map(|ty| extracted(param, ty));
            if name.is_none() {
                patterns.push((id, &param.pattern));
            } else if let BindingPattern::AssignmentPattern(assignment) = &param.pattern {
                let value = self.expr(&assignment.right, Usage::USED);
                self.local_mut(id).value = Some(value);
            }
            if let Some(initializer) = &param.initializer {
                let value = self.expr(initializer, Usage::USED);
                self.local_mut(id).value = Some(value);
            }
        }
        if let Some(rest) = &params.rest {
            let name = rest.rest.argument.get_identifier_name();
            let id = self.declare(name.as_ref().map_or("", |name| name.as_str()), LocalKind::RestParam, node_span(&rest.rest));
            self.local_mut(id).ty = rest.type_annotation.as_ref().map(|annotation| self.ty(&annotation.type_annotation));
            if name.is_none() {
                patterns.push((id, &rest.rest.argument));
            }
        }
        let frame = self.frame();
        frame.function.params = frame.function.locals.len() as u32;
        for (id, pattern) in patterns {
            let span = node_span(pattern);
            self.declare_pattern(pattern);
            self.bind_pattern(pattern, Expr::new(ExprKind::Local(id), span));
        }
    }

    /// Lowers `inner`, whose closure takes the types of its parameters from `annotation` where it does not state them.
    fn annotated_closure(&mut self, annotation: Option<&TSType<'_>>, inner: impl FnOnce(&mut Self)) {
        let first = self.facts.functions.len();
        inner(self);
        let Some(annotation) = annotation else { return };
        let ty = self.ty(annotation);
        if !matches!(ty.kind, TypeKind::Ref(_)) {
            return;
        }
        let Some(function) = self.facts.functions.get_mut(first) else { return };
        if function.parent.is_some() || function.is_method {
            return;
        }
        for at in 0..function.params as usize {
            if function.locals[at].ty.is_none() {
                let position = TypeExpr::new(TypeKind::Const(Literal::Number(at.to_string().into())), ty.span);
                function.locals[at].ty =
                    Some(TypeExpr::new(TypeKind::Apply(TypeOp::Parameter, vec![ty.clone(), position]), ty.span));
            }
        }
    }

    // Enums.

    fn enumeration(&mut self, declared: &TSEnumDeclaration<'_>, exported: bool) {
        let name = declared.id.name.as_str();
        let mut next: Option<f64> = Some(0.0);
        let mut entries: Vec<ValueMember> = Vec::new();
        let mut values: Vec<TypeExpr> = Vec::new();
        for member in &declared.body.members {
            let key = member.id.static_name();
            let span = node_span(&member.id);
            let value = match &member.initializer {
                None => match next {
                    Some(number) => Expr::new(ExprKind::Literal(Literal::Number(super::expressions::digits(number))), span),
                    None => Expr::unknown("the value of an enum member that follows a computed one", span),
                },
                Some(initializer) => self.enum_value(initializer, &entries, name),
            };
            next = match &value.kind {
                ExprKind::Literal(Literal::Number(digits)) => digits.parse::<f64>().ok().map(|number| number + 1.0),
                _ => None,
            };
            values.push(match &value.kind {
                ExprKind::Literal(literal) => TypeExpr::new(TypeKind::Const(literal.clone()), span),
                _ => TypeExpr::new(TypeKind::Of(Box::new(value.clone())), span),
            });
            entries.push(ValueMember::Entry { key: Expr::text(key.as_str(), span), value, conditional: false });
        }
        let span = span_of(declared.id.span);
        let extent = span_of(declared.span);
        self.add_constant(name, Expr::new(ExprKind::Object(entries), extent), None, exported, true, span);
        self.named_type(name, Vec::new(), TypeExpr::new(TypeKind::Union(values), extent), None, exported, span, extent);
    }

    /// The value of an enum member: constant arithmetic and earlier members are followed here, other names by `link`.
    fn enum_value(&mut self, initializer: &Expression<'_>, earlier: &[ValueMember], own_name: &str) -> Expr {
        let span = node_span(initializer);
        let number = |literal: &Expr| match &literal.kind {
            ExprKind::Literal(Literal::Number(digits)) => digits.parse::<f64>().ok(),
            _ => None,
        };
        let known = |name: &str| {
            earlier.iter().find_map(|entry| match entry {
                ValueMember::Entry { key, value, .. } if key.kind == ExprKind::Literal(Literal::Text(name.into())) => {
                    Some(value.clone())
                }
                ValueMember::Entry { .. } | ValueMember::Spread { .. } => None,
            })
        };
        match initializer.get_inner_expression() {
            Expression::Identifier(id) => {
                if let Some(value) = known(id.name.as_str()) {
                    return value;
                }
            }
            Expression::StaticMemberExpression(member) if member.object.is_specific_id(own_name) => {
                if let Some(value) = known(member.property.name.as_str()) {
                    return value;
                }
            }
            Expression::BinaryExpression(binary) => {
                use oxc_syntax::operator::BinaryOperator as Op;
                let left = self.enum_value(&binary.left, earlier, own_name);
                let right = self.enum_value(&binary.right, earlier, own_name);
                if let (Some(a), Some(b)) = (number(&left), number(&right)) {
                    let (x, y) = (a as i64, b as i64);
                    let result = match binary.operator {
                        Op::ShiftLeft => Some((x as i32).wrapping_shl(y as u32) as f64),
                        Op::BitwiseOR => Some((x | y) as f64),
                        Op::BitwiseAnd => Some((x & y) as f64),
                        Op::BitwiseXOR => Some((x ^ y) as f64),
                        Op::Addition => Some(a + b),
                        Op::Subtraction => Some(a - b),
                        Op::Multiplication => Some(a * b),
                        Op::Division => Some(a / b),
                        _ => None,
                    };
                    if let Some(result) = result {
                        return Expr::new(ExprKind::Literal(Literal::Number(super::expressions::digits(result))), span);
                    }
                } else if binary.operator == Op::Addition {
                    return super::expressions::concatenation(vec![left, right], span);
                }
            }
            _ => {}
        }
        self.expr(initializer, Usage::USED)
    }
}

/// `require("m")`.
pub(super) fn required_module<'e>(expression: &'e Expression<'_>) -> Option<&'e str> {
    let Expression::CallExpression(call) = expression.get_inner_expression() else { return None };
    call.common_js_require().map(|literal| literal.value.as_str())
}

/// A parameter with `?` may be left out.
fn optional(ty: TypeExpr) -> TypeExpr {
    let span = ty.span;
    TypeExpr::new(TypeKind::Union(vec![ty, TypeExpr::new(TypeKind::Absent, span)]), span)
}

/// A parameter that a decorator fills with the payload reads like an extractor of that name: `@Body() order: Order` is `Body<Order>`.
fn extracted(param: &oxc_ast::ast::FormalParameter<'_>, ty: TypeExpr) -> TypeExpr {
    const EXTRACTORS: &[&str] = &["Body", "Payload", "MessageBody", "RawBody"];
    for decorator in &param.decorators {
        let Expression::CallExpression(call) = &decorator.expression else { continue };
        if let Some(name) = call.callee_name()
            && EXTRACTORS.contains(&name)
        {
            let span = ty.span;
            return TypeExpr::new(TypeKind::Ref(TypeRef { path: vec![name.into()], args: vec![ty] }), span);
        }
    }
    ty
}

/// Whether a constant is a list or map of names by its form: `as const`, `Object.freeze`, or an upper-case object of texts.
fn is_registry(init: &Expression<'_>) -> bool {
    match init {
        Expression::TSAsExpression(cast) => {
            cast.type_annotation.is_const_type_reference() && is_literal_collection(&cast.expression)
        }
        Expression::TSSatisfiesExpression(satisfies) => is_registry(&satisfies.expression),
        Expression::ParenthesizedExpression(inner) => is_registry(&inner.expression),
        Expression::CallExpression(call) => {
            call.callee.is_specific_member_access("Object", "freeze")
                && call.arguments.first().and_then(|argument| argument.as_expression()).is_some_and(is_literal_collection)
        }
        _ => false,
    }
}

fn is_literal_collection(expression: &Expression<'_>) -> bool {
    match expression.get_inner_expression() {
        Expression::ObjectExpression(object) => !object.properties.is_empty(),
        Expression::ArrayExpression(array) => !array.elements.is_empty(),
        _ => false,
    }
}

/// Statements that declare a name of a block before it is walked.
impl Lower<'_> {
    pub fn hoist(&mut self, statements: &[Statement<'_>]) {
        for statement in statements {
            match statement {
                Statement::VariableDeclaration(variables) => {
                    for declarator in &variables.declarations {
                        self.declare_pattern(&declarator.id);
                    }
                }
                Statement::FunctionDeclaration(function) => {
                    if let Some(id) = &function.id {
                        self.declare(id.name.as_str(), LocalKind::Variable, span_of(id.span));
                    }
                }
                _ => {}
            }
        }
    }

    pub fn declare_pattern(&mut self, pattern: &BindingPattern<'_>) {
        for id in pattern.get_binding_identifiers() {
            self.declare(id.name.as_str(), LocalKind::Variable, span_of(id.span));
        }
    }
}
