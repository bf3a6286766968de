//! What the type of an argument declares: `E::NAME` and `E::topic()` with a type parameter `E`, as generic publishers in Rust name
//! what they are given.

use super::Eval;
use crate::facts::{Call, ExprKind, LanguageId, Name, TypeExpr, TypeKind};
use crate::link::callee;
use crate::link::resolve::{Entity, FnRef, Found};
use crate::link::term::{CLASS_NAME, Kind, OnClass, Site, Term, TypeUse};

impl<'a> Eval<'a> {
    /// `E::NAME` and, with arguments, `E::name()`, where `E` is a type parameter of the function around: known once it is known
    /// what is passed for the parameter that `E` is the type of.
    pub(super) fn of_type_parameter(&self, function: FnRef, path: &[Name], args: Vec<Term<'a>>, site: Site) -> Option<Term<'a>> {
        let [owner, member] = path else { return None };
        if self.program.files.unit(function.file).facts.language != LanguageId::Rust {
            return None;
        }
        let is_owner = |ty: &&TypeExpr| match &ty.kind {
            TypeKind::Param(name) => name == owner,
            TypeKind::Ref(reference) => reference.args.is_empty() && reference.path.as_slice() == std::slice::from_ref(owner),
            _ => false,
        };
        // A trait's own method speaks of whatever implements it.
        if owner == "Self" {
            self.own_class(function).filter(|class| self.program.class(*class).is_interface)?;
            let class = self.own_value(function, site);
            return Some(Term::new(Kind::OnClass(Box::new(OnClass { class, method: member.clone(), args })), site));
        }
        let mut around = Some(function);
        while let Some(current) = around {
            let declared = self.program.function(current);
            if declared.type_params.iter().any(|param| param.name == *owner) {
                let mut params = declared.locals.iter().take(declared.params as usize).enumerate();
                let (index, ty) = params.find_map(|(index, local)| Some((index, local.ty.as_ref().filter(is_owner)?)))?;
                let declared = Some(self.type_use(current, ty));
                let class = Term::new(Kind::Param { function: current, index: u32::try_from(index).ok()?, declared }, site);
                return Some(Term::new(Kind::OnClass(Box::new(OnClass { class, method: member.clone(), args })), site));
            }
            around = declared.parent.map(|(parent, _)| FnRef { file: current.file, id: parent });
        }
        None
    }

    /// What the type of a value in Rust declares under this name: a constant, or what a function gives.
    pub(super) fn associated(&self, value: &Term<'a>, member: &str, args: &[Term<'a>], site: Site) -> Option<Term<'a>> {
        if member == CLASS_NAME {
            return self.class_name(value, site);
        }
        let ty = match &value.kind {
            Kind::Typed(inner, ty) => {
                if let Some(found) = self.associated(inner, member, args, site) {
                    return Some(found);
                }
                ty
            }
            Kind::Record(record) => &record.ty,
            Kind::OfType(ty) | Kind::Param { declared: Some(ty), .. } => ty,
            _ => return None,
        };
        if self.program.files.unit(ty.file).facts.language != LanguageId::Rust {
            return self.own_method(value, member, args, site);
        }
        let path = &ty.ty.reference()?.path;
        let owner = if path.as_slice() == ["Self"] { ty.scope.last()? } else { path.last()? };
        let found = match self.program.member_of(owner, ty.file, member) {
            Some(found) => found,
            None => match self.of_variant(path, ty, member) {
                // What an enum calls each of its variants.
                Some(entity @ Entity::Constant(_)) => {
                    return Some(self.entity_value(Found { entity, rest: Vec::new() }, site, 0)?.member(owner, site));
                }
                Some(found) => found,
                None => self.of_trait(ty, member)?,
            },
        };
        match found {
            entity @ Entity::Constant(_) => self.entity_value(Found { entity, rest: Vec::new() }, site, 0),
            Entity::Function(target) => self.applied(target, Some(value), args, site),
            Entity::Type(_) | Entity::Class(_) | Entity::Module(_) | Entity::External(_) => None,
        }
    }

    /// What a method gives that the class of a value has, where no class below can have another: `event.getTopic()`.
    fn own_method(&self, value: &Term<'a>, method: &str, args: &[Term<'a>], site: Site) -> Option<Term<'a>> {
        let class = callee::class_of(self, value)?;
        if !matches!(value.kind, Kind::Record(_)) && !self.program.heirs_of(class).is_empty() {
            return None;
        }
        let target = callee::method_of(self, class, method, 0)?;
        callee::has_body(self.program.function(target)).then(|| self.applied(target, Some(value), args, site))?
    }

    /// The member of the enum that a variant is one of.
    fn of_variant(&self, path: &[Name], ty: &TypeUse<'a>, member: &str) -> Option<Entity> {
        let [.., owner, _] = path else { return None };
        let owner = if owner == "Self" { ty.scope.last()? } else { owner };
        self.program.member_of(owner, ty.file, member)
    }

    /// What a trait gives to the types that implement it.
    fn of_trait(&self, ty: &TypeUse<'a>, member: &str) -> Option<Entity> {
        let class = callee::class_of_type(self, ty)?;
        callee::method_of(self, class, member, 0).map(Entity::Function)
    }

    /// A method without arguments of a value that some trait is all that is known of: `event.topic()` in `publish<E: Event>(event: E)`.
    /// Which one it is, the value's own type says.
    pub(super) fn called_on_trait(&self, function: FnRef, call: &'a Call, at: u32, depth: u32) -> Option<Term<'a>> {
        let ExprKind::Member(base, method) = &call.callee.kind else { return None };
        if !call.args.is_empty() || !matches!(base.kind, ExprKind::Local(_) | ExprKind::Outer(..) | ExprKind::This) {
            return None;
        }
        let class = self.eval(function, base, at, depth + 1);
        if self.program.files.unit(function.file).facts.language == LanguageId::Rust {
            if !matches!(class.kind, Kind::Param { declared: Some(_), .. }) {
                return None;
            }
            let known = callee::class_of(self, &class)?;
            if !self.program.class(known).is_interface {
                return None;
            }
        } else {
            // A method that a base leaves to the classes below it.
            if matches!(base.kind, ExprKind::This) || !self.is_left_to_heirs(self.stated_class(&class)?, method) {
                return None;
            }
        }
        let site = Site { file: function.file, span: call.span };
        Some(Term::new(Kind::OnClass(Box::new(OnClass { class, method: method.clone(), args: Vec::new() })), site))
    }
}
