//! Values of the repository's own classes: what their constructors are told, what their classes are called, and which classes a value
//! may be of that is known by a base alone.

use std::sync::Arc;

use super::Eval;
use crate::facts::{Call, CallKind, Expr, ExprKind, LanguageId, LocalKind, Name, TypeKind};
use crate::link::callee;
use crate::link::naming::EVENT_KEYS;
use crate::link::resolve::{DeclId, Entity, FnRef, Want};
use crate::link::term::{Kind, Record, Site, Term, TypeUse, Written};

/// How many constructors above one another are followed.
const MAX_SUPER: u32 = 6;

/// How many classes below a base are looked at; of a base of more than these the name tells nothing.
const MAX_HEIRS: usize = 200;

impl<'a> Eval<'a> {
    /// A class as the type of its values.
    pub fn class_use(&self, class: DeclId) -> Option<TypeUse<'a>> {
        let named = self.program.files.unit(class.file).index.classes.get(class.index as usize)?;
        let scope = self.program.class(class).scope.as_slice();
        Some(TypeUse { ty: Written::Named(named), file: class.file, scope, bindings: Arc::clone(&self.no_bindings) })
    }

    /// `new OrderPlaced(id)` of a class of the repository: a value of that class, with what its constructors keep.
    pub(super) fn constructed(&self, function: FnRef, call: &'a Call, at: u32, depth: u32) -> Option<Term<'a>> {
        if call.kind != CallKind::New || self.program.files.unit(function.file).facts.language != LanguageId::TypeScript {
            return None;
        }
        let class = self.class_named(function, &super::dotted(&call.callee)?)?;
        let scope = &self.program.class(class).scope;
        let name = std::slice::from_ref(&self.program.class(class).name);
        if !matches!(self.program.resolve(class.file, scope, name, Want::Type)?.entity, Entity::Type(_)) {
            return None;
        }
        let args: Vec<Term<'a>> = call
            .args
            .iter()
            .take_while(|argument| !argument.spread)
            .map(|argument| self.eval(function, &argument.value, at, depth + 1))
            .collect();
        let site = Site { file: function.file, span: call.span };
        let mut fields = Vec::new();
        self.kept(class, &args, 0, &mut fields);
        Some(Term::new(Kind::Record(Box::new(Record { ty: self.class_use(class)?, fields, base: None })), site))
    }

    /// A value of a class of which nothing but the class is known: its type, and what its constructors tell those of its bases.
    pub fn instance(&self, class: DeclId, site: Site) -> Option<Term<'a>> {
        let ty = self.class_use(class)?;
        let mut fields = Vec::new();
        if self.program.files.unit(class.file).facts.language == LanguageId::TypeScript {
            self.kept(class, &[], 0, &mut fields);
        }
        if fields.is_empty() {
            return Some(Term::new(Kind::OfType(ty), site));
        }
        Some(Term::new(Kind::Record(Box::new(Record { ty, fields, base: None })), site))
    }

    /// What a class keeps of the arguments of its constructor, under the names of its members.
    fn kept(&self, class: DeclId, args: &[Term<'a>], depth: u32, fields: &mut Vec<(Name, Term<'a>)>) {
        if depth > MAX_SUPER {
            return;
        }
        let declared = self.program.class(class);
        let base = || callee::bases_of(self, class).next();
        let Some(constructor) = self.constructor_of(class) else {
            // What a class without one is given goes to its base.
            if let Some(base) = base() {
                self.kept(base, args, depth + 1, fields);
            }
            return;
        };
        let function = self.program.function(constructor);
        for (local, given) in function.locals.iter().take(function.params as usize).zip(args) {
            let keeps = declared.members.iter().any(|(name, _, value)| *name == local.name && value.is_none());
            // One of a few texts is what happened to a thing, and not what the event is called: `type: "created" | "deleted"`.
            let of_few = local.ty.as_ref().is_some_and(|ty| matches!(ty.kind, TypeKind::Union(_) | TypeKind::Const(_)));
            let names = !(of_few && EVENT_KEYS.contains(&local.name.as_str()));
            if local.kind == LocalKind::Param && keeps && names && !fields.iter().any(|(name, _)| *name == local.name) {
                fields.push((local.name.clone(), given.clone()));
            }
        }
        let is_super = |call: &&Call| matches!(&call.callee.kind, ExprKind::Name(path) if path.as_slice() == ["super"]);
        let Some(call) = function.calls.iter().find(is_super) else { return };
        let Some(base) = base() else { return };
        let given = |index: u32| args.get(index as usize).cloned();
        let told: Vec<Term<'a>> = call
            .args
            .iter()
            .take_while(|argument| !argument.spread)
            .map(|argument| {
                let value = self.nested_term(constructor, &argument.value, call.span.start);
                value.substitute(constructor, &given, &|_, _, _, _| None)
            })
            .collect();
        self.kept(base, &told, depth + 1, fields);
    }

    /// The name that a Python class gives its events by a default, where an object of it is made without another:
    /// `event_type: str = "order.placed"`.
    pub(super) fn named_by_default(&self, function: FnRef, path: &[Name], fields: &mut Vec<(Name, Term<'a>)>, site: Site) {
        if self.program.files.unit(function.file).facts.language != LanguageId::Python {
            return;
        }
        let Some(class) = self.class_named(function, path) else { return };
        let members = &self.program.class(class).members;
        let Some(key) = EVENT_KEYS.iter().find(|key| members.iter().any(|(name, ..)| name == *key)) else { return };
        if !fields.iter().any(|(name, _)| name == key)
            && let Some(text) = self.constant_of(class, key, site)
        {
            fields.push(((*key).into(), text));
        }
    }

    /// Whether a Python class says of itself that it holds data: a dataclass, a model.
    pub(super) fn is_data_class(&self, class: DeclId) -> bool {
        if self.program.files.unit(class.file).facts.language != LanguageId::Python {
            return false;
        }
        let declared = self.program.class(class);
        let decorates = |call: &Call| {
            let name = super::callee_text(&call.callee);
            matches!(name.rsplit('.').next(), Some("dataclass" | "define" | "frozen" | "attrs"))
        };
        if declared.decorators.iter().any(decorates) {
            return true;
        }
        let name = std::slice::from_ref(&declared.name);
        match self.program.resolve(class.file, &declared.scope, name, Want::Type).map(|found| found.entity) {
            Some(Entity::Type(id)) => self.program.type_decl(id).serializable,
            _ => false,
        }
    }

    fn constructor_of(&self, class: DeclId) -> Option<FnRef> {
        let declared = self.program.class(class);
        let mut scope = declared.scope.clone();
        scope.push(declared.name.clone());
        let symbols = self.program.files.unit(class.file).index.symbols(&scope, "constructor");
        symbols.iter().find_map(|symbol| match symbol {
            crate::link::index::Symbol::Function(id) => Some(FnRef { file: class.file, id: *id }),
            _ => None,
        })
    }

    fn class_named(&self, function: FnRef, path: &[Name]) -> Option<DeclId> {
        let found = self.program.resolve(function.file, self.program.visible_scope(function), path, Want::Class)?;
        match found.entity {
            Entity::Class(class) if found.rest.is_empty() => Some(class),
            _ => None,
        }
    }

    /// The class that a value is declared to be of, where the value itself says no more: a parameter, an element of a list.
    pub fn stated_class(&self, value: &Term<'a>) -> Option<DeclId> {
        match &value.kind {
            Kind::Param { declared: Some(_), .. } | Kind::OfType(_) => callee::class_of(self, value),
            Kind::Typed(inner, ty) => match &inner.kind {
                Kind::Record(_) | Kind::Object(_) | Kind::Built(_) | Kind::Class(_) => None,
                _ => self.stated_class(inner).or_else(|| callee::class_of_type(self, ty)),
            },
            Kind::Element(list) => callee::class_of_type(self, &self.element_type(list)?),
            Kind::Member(inner, name) => callee::class_of_type(self, &callee::type_of_member(self, inner, name)?),
            Kind::Tested(inner, true) => self.stated_class(inner),
            _ => None,
        }
    }

    /// The type of the elements of a list whose type is stated.
    fn element_type(&self, list: &Term<'a>) -> Option<TypeUse<'a>> {
        let ty = match &list.kind {
            Kind::Param { declared: Some(ty), .. } | Kind::OfType(ty) | Kind::Typed(_, ty) => ty.clone(),
            Kind::Member(inner, name) => callee::type_of_member(self, inner, name)?,
            _ => return None,
        };
        match ty.ty {
            Written::Expr(expr) => match &expr.kind {
                TypeKind::Array { items, .. } => Some(TypeUse { ty: Written::Expr(items), ..ty }),
                _ => None,
            },
            Written::Named(_) => None,
        }
    }

    /// The classes and interfaces below `base`, itself where there are none; nothing where there are too many.
    pub fn heirs(&self, base: DeclId) -> Vec<DeclId> {
        let mut all: Vec<DeclId> = vec![base];
        let mut next = 0;
        while next < all.len() {
            for heir in self.program.heirs_of(all[next]) {
                if !all.contains(&heir) {
                    all.push(heir);
                }
            }
            next += 1;
            if all.len() > MAX_HEIRS {
                return Vec::new();
            }
        }
        if all.len() > 1 {
            all.remove(0);
        }
        all
    }

    /// The text that a class declares for all of its values: `event_type: ClassVar[str] = "order.placed"`.
    pub fn constant_of(&self, class: DeclId, name: &str, site: Site) -> Option<Term<'a>> {
        let value = self.class_member(class, name, site, 0, 0).or_else(|| {
            let entity = self.program.member_of(&self.program.class(class).name, class.file, name)?;
            self.entity_value(crate::link::resolve::Found { entity, rest: Vec::new() }, site, 0)
        })?;
        value.as_text().is_some().then_some(value)
    }

    /// Whether a class declares a method that does nothing, and classes below it say what it gives.
    pub(super) fn is_left_to_heirs(&self, class: DeclId, method: &str) -> bool {
        let own = callee::method_of(self, class, method, 0);
        own.is_some_and(|own| !callee::has_body(self.program.function(own)))
            && self.program.heirs_of(class).into_iter().any(|heir| callee::method_of(self, heir, method, 0) != own)
    }

    /// The value whose class's name an expression asks for: `event.constructor.name`, `event.__class__.__name__`, `type(event).__name__`.
    pub(super) fn asked_for_its_class(&self, function: FnRef, base: &'a Expr, name: &str) -> Option<&'a Expr> {
        let language = self.program.files.unit(function.file).facts.language;
        match (&base.kind, name, language) {
            (ExprKind::Member(value, of), "name", LanguageId::TypeScript) if of == "constructor" => Some(value),
            (ExprKind::Member(value, of), "__name__" | "__qualname__", LanguageId::Python) if of == "__class__" => Some(value),
            (ExprKind::Call(id), "__name__" | "__qualname__", LanguageId::Python) => {
                let call = self.program.function(function).calls.get(id.0 as usize)?;
                let is_type = matches!(&call.callee.kind, ExprKind::Name(path) if path.as_slice() == ["type"]);
                let [argument] = call.args.as_slice() else { return None };
                is_type.then_some(&argument.value)
            }
            _ => None,
        }
    }

    /// What the language calls the class of a value, where the value can be of no other.
    pub(super) fn class_name(&self, value: &Term<'a>, site: Site) -> Option<Term<'a>> {
        let class = match &value.kind {
            Kind::Record(_) | Kind::Built(_) => callee::class_of(self, value)?,
            Kind::Typed(inner, _) if matches!(inner.kind, Kind::Record(_) | Kind::Built(_)) => callee::class_of(self, inner)?,
            _ => {
                let class = self.stated_class(value)?;
                if self.program.class(class).is_interface || !self.program.heirs_of(class).is_empty() {
                    return None;
                }
                class
            }
        };
        let name = self.program.class(class).name.clone();
        Some(Term::new(Kind::Literal(crate::facts::Literal::Text(name)), site))
    }
}
