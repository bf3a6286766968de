//! What the type of an argument declares: `E::NAME` and `E::topic()` with a type parameter `E`, as generic publishers in Rust name
//! what they are given.

use super::Eval;
use crate::facts::{LanguageId, TypeExpr, TypeKind};
use crate::link::resolve::{Entity, FnRef, Found};
use crate::link::term::{Kind, OnClass, Site, Term};

impl<'a> Eval<'a> {
    /// `E::NAME` and, with arguments, `E::name()`, where `E` is a type parameter of the function around: known once it is known
    /// what is passed for the parameter that `E` is the type of.
    pub(super) fn of_type_parameter(
        &self,
        function: FnRef,
        path: &[String],
        args: Vec<Term<'a>>,
        site: Site,
    ) -> Option<Term<'a>> {
        let [owner, member] = path else { return None };
        if self.program.files.unit(function.file).facts.language != LanguageId::Rust {
            return None;
        }
        let is_owner = |ty: &&TypeExpr| match &ty.kind {
            TypeKind::Param(name) => name == owner,
            TypeKind::Ref(reference) => reference.args.is_empty() && reference.path.as_slice() == std::slice::from_ref(owner),
            _ => false,
        };
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
            return None;
        }
        let path = &ty.ty.reference()?.path;
        let owner = if path.as_slice() == ["Self"] { ty.scope.last()? } else { path.last()? };
        match self.program.member_of(owner, ty.file, member)? {
            entity @ Entity::Constant(_) => self.entity_value(Found { entity, rest: Vec::new() }, site, 0),
            Entity::Function(target) => self.applied(target, args, site),
            Entity::Type(_) | Entity::Class(_) | Entity::Module(_) | Entity::External(_) => None,
        }
    }
}
