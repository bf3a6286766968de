//! Which function of the repository a call runs: by import and receiver type first, by name with a unique candidate second.
//! What stays ambiguous is not guessed.

use super::eval::{Eval, dotted};
use super::modules::FileId;
use super::packages::is_test_path;
use super::resolve::{DeclId, Entity, FnRef, Want};
use super::term::{CLASS_TYPE, Kind, RECEIVER, Site, Term, TypeUse, Written};
use crate::facts::{
    Call, CallKind, Expr, ExprKind, FnId, Function, LanguageId, LocalId, LocalKind, Name, TypeExpr, TypeKind, TypeOp,
};

/// Method names that so many types have that a single candidate proves nothing.
const COMMON_METHODS: &[&str] = &[
    "add",
    "append",
    "apply",
    "build",
    "call",
    "clear",
    "clone",
    "close",
    "commit",
    "connect",
    "create",
    "default",
    "delete",
    "emit",
    "execute",
    "extend",
    "filter",
    "find",
    "first",
    "flush",
    "from",
    "get",
    "insert",
    "into",
    "is_empty",
    "items",
    "iter",
    "json",
    "keys",
    "len",
    "log",
    "map",
    "new",
    "next",
    "on",
    "open",
    "parse",
    "pop",
    "post",
    "push",
    "put",
    "query",
    "read",
    "remove",
    "run",
    "save",
    "send",
    "set",
    "start",
    "stop",
    "then",
    "to_string",
    "update",
    "use",
    "values",
    "write",
];

/// How far base classes are followed for a method.
const MAX_BASES: u32 = 8;

pub fn resolve<'a>(eval: &Eval<'a>, function: FnRef, call: &'a Call) -> Option<FnRef> {
    if call.kind == CallKind::Macro {
        return None;
    }
    let program = eval.program;
    let scope = &program.function(function).scope;
    match &call.callee.kind {
        ExprKind::Name(path) => by_path(eval, function, scope, path).or_else(|| wrapped(eval, function, path, call)),
        ExprKind::Member(base, name) => {
            if let Some(mut path) = dotted(base) {
                path.push(name.clone());
                if let Some(target) = by_path(eval, function, scope, &path) {
                    return Some(target);
                }
            }
            if let ExprKind::This = base.kind {
                let class = eval.own_class(function);
                let found = class.and_then(|class| {
                    method_of(eval, class, name, 0)
                        .or_else(|| callable(eval, &of_type(eval, &member_type(eval, class, name, 0)?, 0)))
                });
                return found.or_else(|| {
                    let owner = scope.last()?;
                    function_entity(program.member_of(owner, function.file, name))
                });
            }
            match receiver_class(eval, function, base) {
                Receiver::Class(class) => method_or_implementation(eval, class, name),
                Receiver::Named(owner) => function_entity(program.member_of(&owner, function.file, name)),
                Receiver::Foreign => None,
                Receiver::Object(term) => match term.member(name, Site { file: function.file, span: call.span }).kind {
                    Kind::Function(target) => Some(target),
                    _ => None,
                },
                Receiver::Unknown => unique_method(eval, function, name, call),
            }
        }
        ExprKind::Local(id) => variable(eval, function, *id, call),
        ExprKind::Outer(out, id) => {
            let outer = program.outer(function, *out)?;
            variable(eval, outer, *id, call)
        }
        ExprKind::Function(id) => Some(FnRef { file: function.file, id: *id }),
        _ => None,
    }
}

/// The function that a variable of `owner` holds where it is called.
fn variable(eval: &Eval<'_>, owner: FnRef, id: LocalId, call: &Call) -> Option<FnRef> {
    match eval.program.function(owner).locals.get(id.0 as usize) {
        Some(local) if local.kind == LocalKind::Param && local.ty.is_some() => {
            let ty = eval.type_use(owner, local.ty.as_ref()?);
            given_by_type(eval, owner, local.ty.as_ref()?).or_else(|| callable(eval, &of_type(eval, &ty, 0)))
        }
        Some(local) if local.kind == LocalKind::Variable => {
            match eval.term(owner, local.value.as_ref()?, call.span.start).bare().kind {
                Kind::Function(target) => Some(target),
                _ => None,
            }
        }
        _ => None,
    }
}

/// The function that a parameter of type `ReturnType<typeof useTracking>` is, where `useTracking` gives one.
fn given_by_type(eval: &Eval<'_>, owner: FnRef, ty: &TypeExpr) -> Option<FnRef> {
    let TypeKind::Apply(TypeOp::ReturnType, operands) = &ty.kind else { return None };
    let path = match operands.first().map(|operand| &operand.kind) {
        Some(TypeKind::Of(value)) => dotted(value)?,
        Some(TypeKind::Ref(reference)) => reference.path.clone(),
        _ => return None,
    };
    let maker = by_path(eval, owner, eval.program.visible_scope(owner), &path)?;
    let [given] = eval.program.function(maker).returns.as_slice() else { return None };
    match eval.term(maker, given, given.span.end).bare().kind {
        Kind::Function(target) => Some(target),
        _ => None,
    }
}

/// The function behind a value of a type that says how it is called: its own `__call__`, or the one function of the repository
/// that takes the same leading parameters, by name, as a protocol of a callable asks for.
fn callable(eval: &Eval<'_>, receiver: &Receiver<'_>) -> Option<FnRef> {
    let Receiver::Class(class) = receiver else { return None };
    if let Some(known) = eval.callables.borrow().get(class) {
        return *known;
    }
    let program = eval.program;
    let own = method_of(eval, *class, "__call__", 0)?;
    let asked = program.function(own);
    let names = |function: &'_ Function| -> Vec<Name> {
        function.locals.iter().take(function.params as usize).map(|local| local.name.clone()).collect()
    };
    let wanted = names(asked);
    let found = if !asked.returns.is_empty() || !asked.calls.is_empty() || wanted.len() < 2 {
        Some(own)
    } else {
        let mut fits = program.files.units.iter().enumerate().flat_map(|(at, unit)| {
            let wanted = &wanted;
            unit.facts.functions.iter().enumerate().filter_map(move |(index, function)| {
                let free = !function.is_method && !function.in_test && function.parent.is_none() && !function.name.is_empty();
                (free && unit.facts.language == LanguageId::Python && names(function).starts_with(wanted))
                    .then_some(FnRef { file: FileId(at as u32), id: FnId(index as u32) })
            })
        });
        match (fits.next(), fits.next()) {
            (Some(only), None) => Some(only),
            (_, _) => None,
        }
    };
    eval.callables.borrow_mut().insert(*class, found);
    found
}

fn function_entity(entity: Option<Entity>) -> Option<FnRef> {
    match entity? {
        Entity::Function(target) => Some(target),
        Entity::Type(_) | Entity::Class(_) | Entity::Constant(_) | Entity::Module(_) | Entity::External(_) => None,
    }
}

fn by_path(eval: &Eval<'_>, function: FnRef, scope: &[Name], path: &[Name]) -> Option<FnRef> {
    let program = eval.program;
    let own: Vec<Name>;
    let own_path = matches!(path.first().map(Name::as_str), Some("Self" | "cls"));
    let path = match path.first().map(Name::as_str) {
        Some("Self" | "cls") if path.len() == 2 => {
            if let Some(class) = eval.own_class(function)
                && let Some(target) = method_of(eval, class, &path[1], 0)
            {
                return Some(target);
            }
            own = scope.last().into_iter().cloned().chain(path[1..].iter().cloned()).collect();
            own.as_slice()
        }
        _ => path,
    };
    let scope = if own_path { scope } else { program.visible_scope(function) };
    let found = program.resolve(function.file, scope, path, Want::Value)?;
    match (found.entity, found.rest.as_slice()) {
        (Entity::Function(target), []) => Some(target),
        (Entity::Constant(id), rest) => {
            let site = Site { file: function.file, span: program.function(function).span };
            let mut term = eval.constant(id, site, 0);
            for name in rest {
                if let Some(class) = class_of(eval, &term) {
                    return if rest.len() == 1 { method_or_implementation(eval, class, name) } else { None };
                }
                term = term.member(name, site);
            }
            match term.bare().kind {
                Kind::Function(target) => Some(target),
                Kind::Built(_) if program.files.unit(id.file).facts.language == LanguageId::Python => {
                    super::relay::decorated(eval, &term)
                }
                _ => None,
            }
        }
        (Entity::Class(class), [method]) => method_of(eval, class, method, 0),
        (Entity::Type(id), [method]) => function_entity(program.member_of(&program.type_decl(id).name, id.file, method)),
        (Entity::Function(_) | Entity::Class(_) | Entity::Type(_) | Entity::Module(_) | Entity::External(_), _) => None,
    }
}

/// The function that another one has wrapped (`const notify = createStep("notify", async (input) => {…})`) without saying what it gives,
/// where it is called with something and takes something: what `off = bus.on(name, handler)` gives is not the handler.
fn wrapped(eval: &Eval<'_>, function: FnRef, path: &[Name], call: &Call) -> Option<FnRef> {
    let program = eval.program;
    if program.files.unit(function.file).facts.language != LanguageId::TypeScript || call.args.is_empty() {
        return None;
    }
    let found = program.resolve(function.file, program.visible_scope(function), path, Want::Value)?;
    let (Entity::Constant(id), []) = (found.entity, found.rest.as_slice()) else { return None };
    let ExprKind::Call(made) = program.constant(id).value.kind else { return None };
    let wrapper = program.files.unit(id.file).facts.functions.first()?.calls.get(made.0 as usize)?;
    let handed = wrapper.args.iter().find_map(|argument| match argument.value.kind {
        ExprKind::Function(target) => Some(FnRef { file: id.file, id: target }),
        _ => None,
    })?;
    let by_name = matches!(wrapper.callee.kind, ExprKind::Name(_));
    (by_name && program.function(handed).params > 0).then_some(handed)
}

/// What a method call is made on.
enum Receiver<'a> {
    Class(DeclId),
    /// A type of this name that has no class of its own in the facts (an enum with methods).
    Named(Name),
    /// A type that is not in the repository.
    Foreign,
    Object(Term<'a>),
    Unknown,
}

fn receiver_class<'a>(eval: &Eval<'a>, function: FnRef, base: &'a Expr) -> Receiver<'a> {
    if let Some(ty) = got_from_class(eval, function, base) {
        return of_type(eval, &ty, 0);
    }
    let term = eval.term(function, base, base.span.start.max(1));
    receiver_of(eval, &term)
}

/// What a class gives under a name that it computes: `static get client(): RedisAdapter`, for `RedisAdapter.client`.
fn got_from_class<'a>(eval: &Eval<'a>, function: FnRef, base: &Expr) -> Option<TypeUse<'a>> {
    let ExprKind::Member(owner, name) = &base.kind else { return None };
    let ExprKind::Name(path) = &owner.kind else { return None };
    let found = eval.program.resolve(function.file, eval.program.visible_scope(function), path, Want::Class)?;
    let Entity::Class(class) = found.entity else { return None };
    let getter = method_of(eval, class, name, 0).filter(|_| found.rest.is_empty())?;
    let given = eval.program.function(getter);
    Some(eval.type_use(getter, given.return_type.as_ref().filter(|_| given.params == 0)?))
}

/// The class of what a method is called on, where it is one of the repository.
pub fn class_of_receiver<'a>(eval: &Eval<'a>, function: FnRef, base: &'a Expr) -> Option<DeclId> {
    match receiver_class(eval, function, base) {
        Receiver::Class(class) => Some(class),
        Receiver::Named(_) | Receiver::Foreign | Receiver::Object(_) | Receiver::Unknown => None,
    }
}

/// Whether a library made a value without being handed anything of the repository: `redis.from_url(address)`, `usePostHog()`. A
/// container that is asked for a class gives an object of the repository.
fn is_made_elsewhere<'a>(eval: &Eval<'a>, term: &Term<'a>, built: &crate::link::term::Built<'a>) -> bool {
    let file = term.site.file;
    let path: Vec<Name> = built.root.split('.').map(Name::from).collect();
    let own = |value: &Term<'a>| {
        matches!(value.bare().kind, Kind::Class(_) | Kind::Function(_) | Kind::Unknown(_) | Kind::Param { .. } | Kind::Member(..))
    };
    let asks_nothing = match eval.program.files.unit(file).facts.language {
        LanguageId::Python => true,
        // A hook that is handed a context or a class gives what the repository keeps there.
        LanguageId::TypeScript => built.calls.iter().all(|(_, args)| args.is_empty()),
        LanguageId::Rust | LanguageId::Project => false,
    };
    built.on.is_none()
        && built.calls.len() == 1
        && asks_nothing
        && !built.calls.iter().flat_map(|(_, args)| args).any(|(_, value)| own(value))
        && eval.program.resolve(file, &[], &path, Want::Value).is_some_and(|found| matches!(found.entity, Entity::External(_)))
}

fn receiver_of<'a>(eval: &Eval<'a>, term: &Term<'a>) -> Receiver<'a> {
    match &term.kind {
        // `super()` is the object itself, as one of its base.
        Kind::Typed(inner, ty) if matches!(inner.kind, Kind::Param { index: RECEIVER, .. }) => of_type(eval, ty, 0),
        Kind::Typed(inner, ty) => match receiver_of(eval, inner) {
            Receiver::Unknown => of_type(eval, ty, 0),
            known => known,
        },
        Kind::Param { function, declared: Some(ty), .. } => match bound_of(eval, *function, ty) {
            Some(bound) => of_type(eval, &bound, 0),
            None => of_type(eval, ty, 0),
        },
        Kind::OfType(ty) => of_type(eval, ty, 0),
        Kind::Record(record) => of_type(eval, &record.ty, 0),
        Kind::Object(_) => Receiver::Object(term.clone()),
        Kind::Member(inner, name) => match receiver_of(eval, inner) {
            Receiver::Class(class) => member_type(eval, class, name, 0).map_or(Receiver::Unknown, |ty| of_type(eval, &ty, 0)),
            Receiver::Foreign => Receiver::Foreign,
            Receiver::Named(_) | Receiver::Object(_) | Receiver::Unknown => Receiver::Unknown,
        },
        Kind::Literal(_) | Kind::Template(_) | Kind::Array(_) | Kind::ListOf(_) | Kind::MapOf(_) | Kind::Encoded(_) => {
            Receiver::Foreign
        }
        Kind::Tested(inner, true) => receiver_of(eval, inner),
        Kind::Built(built) if is_made_elsewhere(eval, term, built) => Receiver::Foreign,
        Kind::Absent
        | Kind::Param { declared: None, .. }
        | Kind::Built(_)
        | Kind::Element(_)
        | Kind::Lookup(_, _)
        | Kind::OneOf(_)
        | Kind::Tested(_, false)
        | Kind::Decoded(_, _)
        | Kind::Function(_)
        | Kind::OnClass(_)
        | Kind::Unknown(_) => Receiver::Unknown,
        Kind::Class(class) => class.class.map_or(Receiver::Unknown, Receiver::Class),
    }
}

/// The class of the repository that a value is of.
pub fn class_of<'a>(eval: &Eval<'a>, term: &Term<'a>) -> Option<DeclId> {
    match receiver_of(eval, term) {
        Receiver::Class(class) => Some(class),
        Receiver::Named(_) | Receiver::Foreign | Receiver::Object(_) | Receiver::Unknown => None,
    }
}

/// The class of the repository behind a type.
pub fn class_of_type<'a>(eval: &Eval<'a>, ty: &TypeUse<'a>) -> Option<DeclId> {
    match of_type(eval, ty, 0) {
        Receiver::Class(class) => Some(class),
        Receiver::Named(_) | Receiver::Foreign | Receiver::Object(_) | Receiver::Unknown => None,
    }
}

/// The trait that a type parameter of a function has to implement: `E: Event`.
fn bound_of<'a>(eval: &Eval<'a>, function: FnRef, ty: &TypeUse<'a>) -> Option<TypeUse<'a>> {
    let declared = eval.program.function(function);
    if eval.program.files.unit(function.file).facts.language != LanguageId::Rust {
        return None;
    }
    let name = match ty.ty {
        Written::Expr(TypeExpr { kind: TypeKind::Param(name), .. }) => name,
        written => match written.reference()?.path.as_slice() {
            [name] => name,
            _ => return None,
        },
    };
    let param = declared.type_params.iter().find(|param| param.name == *name)?;
    Some(eval.type_use(function, param.bound.as_ref()?))
}

/// The trait that the type parameter of a type has to implement, as the methods of the type say: `impl<B: Bus> Users<B>` for a
/// member `bus: B`.
fn bound_of_member<'a>(eval: &Eval<'a>, ty: &TypeUse<'a>, name: &str) -> Option<TypeUse<'a>> {
    let unit = eval.program.files.unit(ty.file);
    if unit.facts.language != LanguageId::Rust {
        return None;
    }
    let methods = unit.facts.functions.iter().filter(|function| function.is_method && function.scope.starts_with(ty.scope));
    let mut bounds = methods.flat_map(|method| {
        let params = method.type_params.iter().filter(|param| param.name == name);
        params.filter_map(move |param| Some((method, param.bound.as_ref()?)))
    });
    let (method, bound) = bounds.next()?;
    let same = bounds.all(|(_, other)| other.kind == bound.kind);
    same.then(|| eval.type_use_in(ty.file, &method.scope, bound))
}

/// The type of the member that a value is, where its owner's class is known: `self.client`.
pub fn type_of_member<'a>(eval: &Eval<'a>, inner: &Term<'a>, name: &str) -> Option<TypeUse<'a>> {
    match receiver_of(eval, inner) {
        Receiver::Class(class) => member_type(eval, class, name, 0),
        Receiver::Named(_) | Receiver::Foreign | Receiver::Object(_) | Receiver::Unknown => None,
    }
}

/// The class behind a type: through optional, promised and wrapped forms.
fn of_type<'a>(eval: &Eval<'a>, ty: &TypeUse<'a>, depth: u32) -> Receiver<'a> {
    if depth > 8 {
        return Receiver::Unknown;
    }
    let path = match ty.ty {
        Written::Named(named) => &named.path,
        Written::Expr(expr) => match &expr.kind {
            TypeKind::Ref(reference) => {
                // `Arc<Bus>`, `Promise<Bus>`, `Optional[Bus]`: what is inside has the methods.
                let wrapper = reference.path.last().map(Name::as_str).unwrap_or_default();
                if reference.path == CLASS_TYPE && reference.args.len() == 1 {
                    let inner = TypeUse { ty: Written::Expr(&reference.args[0]), ..ty.clone() };
                    return of_type(eval, &inner, depth + 1);
                }
                if reference.args.len() == 1
                    && matches!(
                        wrapper,
                        "Arc"
                            | "Rc"
                            | "Box"
                            | "Option"
                            | "Optional"
                            | "Promise"
                            | "Awaitable"
                            | "Readonly"
                            | "Mutex"
                            | "RwLock"
                            | "State"
                            | "Data"
                            | "Extension"
                            | "Annotated"
                            | "Ref"
                            | "RefCell"
                            | "Weak"
                    )
                {
                    let inner = TypeUse { ty: Written::Expr(&reference.args[0]), ..ty.clone() };
                    return of_type(eval, &inner, depth + 1);
                }
                &reference.path
            }
            TypeKind::Union(branches) => {
                let mut found = Receiver::Unknown;
                for branch in branches.iter().filter(|branch| !matches!(branch.kind, TypeKind::Null | TypeKind::Absent)) {
                    let inner = TypeUse { ty: Written::Expr(branch), ..ty.clone() };
                    match (of_type(eval, &inner, depth + 1), &found) {
                        (receiver, Receiver::Unknown) => found = receiver,
                        (_, _) => return Receiver::Unknown,
                    }
                }
                return found;
            }
            TypeKind::Of(value) => {
                let top = FnRef { file: ty.file, id: crate::facts::FnId(0) };
                if eval.program.files.unit(ty.file).facts.functions.is_empty() {
                    return Receiver::Unknown;
                }
                let term = eval.term(top, value, u32::MAX);
                return receiver_of(eval, &term);
            }
            TypeKind::Param(name) => {
                return bound_of_member(eval, ty, name).map_or(Receiver::Unknown, |bound| of_type(eval, &bound, depth + 1));
            }
            TypeKind::Unknown(_) | TypeKind::Apply(_, _) | TypeKind::Intersection(_) => return Receiver::Unknown,
            TypeKind::Never
            | TypeKind::Absent
            | TypeKind::Null
            | TypeKind::Boolean
            | TypeKind::Integer(_)
            | TypeKind::Number(_)
            | TypeKind::String(_)
            | TypeKind::Const(_)
            | TypeKind::Array { .. }
            | TypeKind::Tuple { .. }
            | TypeKind::Object(_)
            | TypeKind::Map { .. } => return Receiver::Foreign,
        },
    };
    // What a method is called on, and what it says that it returns.
    let path = match (path.as_slice(), ty.scope.last()) {
        ([own], Some(class)) if own == "Self" => std::slice::from_ref(class),
        (path, _) => path,
    };
    // In Rust no type stands inside a type: what does is a variant, a value of its enum.
    if let [owner @ .., _] = path
        && !owner.is_empty()
        && eval.program.files.unit(ty.file).facts.language == LanguageId::Rust
        && let Some(found) = eval.program.resolve(ty.file, ty.scope, owner, Want::Class)
        && let (Entity::Class(class), []) = (found.entity, found.rest.as_slice())
    {
        return Receiver::Class(class);
    }
    match eval.program.resolve(ty.file, ty.scope, path, Want::Class) {
        Some(found) => match found.entity {
            Entity::Class(class) if found.rest.is_empty() => Receiver::Class(class),
            Entity::Type(id) => {
                alias_target(eval, id, depth).unwrap_or_else(|| Receiver::Named(eval.program.type_decl(id).name.clone()))
            }
            Entity::External(_) => Receiver::Foreign,
            Entity::Class(_) | Entity::Constant(_) | Entity::Function(_) | Entity::Module(_) => Receiver::Unknown,
        },
        None => Receiver::Unknown,
    }
}

fn alias_target<'a>(eval: &Eval<'a>, id: DeclId, depth: u32) -> Option<Receiver<'a>> {
    let decl = eval.program.type_decl(id);
    match &decl.write.kind {
        TypeKind::Ref(_) | TypeKind::Union(_) => {
            let inner = eval.type_use_in(id.file, &decl.scope, &decl.write);
            match of_type(eval, &inner, depth + 1) {
                Receiver::Class(class) => Some(Receiver::Class(class)),
                Receiver::Named(_) | Receiver::Foreign | Receiver::Object(_) | Receiver::Unknown => None,
            }
        }
        _ => None,
    }
}

fn member_type<'a>(eval: &Eval<'a>, class: DeclId, name: &str, up: u32) -> Option<TypeUse<'a>> {
    let declared = eval.program.class(class);
    if let Some((_, ty, _)) = declared.members.iter().find(|(member, _, _)| member == name) {
        let ty: &'a TypeExpr = ty.as_ref()?;
        return Some(eval.type_use_in(class.file, &declared.scope, ty));
    }
    if up > MAX_BASES {
        return None;
    }
    bases_of(eval, class).find_map(|base| member_type(eval, base, name, up + 1))
}

/// Whether a base of a class, however far up, passes a test. It is asked with the class that names it and what the source calls it.
pub fn has_base(eval: &Eval<'_>, class: DeclId, is_it: &dyn Fn(DeclId, &[Name]) -> bool) -> bool {
    fn above(eval: &Eval<'_>, class: DeclId, is_it: &dyn Fn(DeclId, &[Name]) -> bool, up: u32) -> bool {
        up <= MAX_BASES
            && (eval.program.class(class).bases.iter().any(|base| is_it(class, base))
                || bases_of(eval, class).any(|base| above(eval, base, is_it, up + 1)))
    }
    above(eval, class, is_it, 0)
}

/// The classes of the repository that a class names among its bases.
pub fn bases_of<'e, 'a>(eval: &'e Eval<'a>, class: DeclId) -> impl Iterator<Item = DeclId> + use<'e, 'a> {
    let declared = eval.program.class(class);
    declared.bases.iter().filter_map(move |base| {
        match eval.program.resolve(class.file, &declared.scope, base, Want::Class)?.entity {
            Entity::Class(parent) if parent != class => Some(parent),
            Entity::Class(_)
            | Entity::Type(_)
            | Entity::Constant(_)
            | Entity::Function(_)
            | Entity::Module(_)
            | Entity::External(_) => None,
        }
    })
}

/// The method of a class or of the nearest base that has it.
pub fn method_of(eval: &Eval<'_>, class: DeclId, name: &str, up: u32) -> Option<FnRef> {
    let declared = eval.program.class(class);
    let mut scope = declared.scope.clone();
    scope.push(declared.name.clone());
    let unit = eval.program.files.unit(class.file);
    for symbol in unit.index.symbols(&scope, name) {
        if let super::index::Symbol::Function(id) = symbol {
            return Some(FnRef { file: class.file, id: *id });
        }
    }
    // An arrow function kept in a member is a method as well.
    if let Some((_, _, Some(Expr { kind: ExprKind::Function(id), .. }))) =
        declared.members.iter().find(|(member, _, _)| member == name)
    {
        return Some(FnRef { file: class.file, id: *id });
    }
    if let Some(target) = function_entity(eval.program.member_of(&declared.name, class.file, name)) {
        return Some(target);
    }
    if up > MAX_BASES {
        return None;
    }
    bases_of(eval, class).find_map(|base| method_of(eval, base, name, up + 1))
}

/// Whether a function does anything: one that only throws stands for those that override it.
pub fn has_body(function: &Function) -> bool {
    let throws = |call: &Call| {
        super::index::last_name(&call.callee.kind).is_some_and(|name| name.ends_with("Error") || name.ends_with("Exception"))
    };
    !function.returns.is_empty() || !function.calls.iter().all(throws)
}

/// The method of a class; for an interface or an abstract method, the one implementation that the repository has.
fn method_or_implementation(eval: &Eval<'_>, class: DeclId, name: &str) -> Option<FnRef> {
    let own = method_of(eval, class, name, 0);
    if let Some(target) = own
        && has_body(eval.program.function(target))
    {
        return own;
    }
    let mut found = None;
    for heir in eval.program.heirs_of(class) {
        if let Some(target) = method_of(eval, heir, name, 0)
            && Some(target) != own
        {
            if found.is_some_and(|known| known != target) {
                // What stands in for it in tests is no implementation to follow.
                let in_test = |reference: FnRef| {
                    let unit = eval.program.files.unit(reference.file);
                    eval.program.function(reference).in_test || unit.facts.in_test || is_test_path(unit.path.as_str())
                };
                match (in_test(target), found.is_some_and(in_test)) {
                    (true, _) => continue,
                    (false, true) => {}
                    (false, false) => return own,
                }
            }
            found = Some(target);
        }
    }
    found.or(own)
}

/// The fixture that a test of `file` gets under this name.
pub fn fixture_named(eval: &Eval<'_>, file: FileId, name: &str) -> Option<FnRef> {
    if eval.fixtures.borrow().is_none() {
        let mut found: rustc_hash::FxHashMap<&str, Vec<FnRef>> = rustc_hash::FxHashMap::default();
        for (at, unit) in eval.program.files.units.iter().enumerate() {
            if unit.facts.language != LanguageId::Python {
                continue;
            }
            for (index, function) in unit.facts.functions.iter().enumerate() {
                let fixture = function.decorators.iter().any(|call| super::eval::callee_text(&call.callee).ends_with("fixture"));
                if fixture && function.parent.is_none() {
                    let reference = FnRef { file: FileId(at as u32), id: FnId(index as u32) };
                    found.entry(function.name.as_str()).or_default().push(reference);
                }
            }
        }
        *eval.fixtures.borrow_mut() = Some(found);
    }
    let fixtures = eval.fixtures.borrow();
    let named = fixtures.as_ref()?.get(name)?;
    if let Some(own) = named.iter().find(|fixture| fixture.file == file) {
        return Some(*own);
    }
    let path = eval.program.files.unit(file).path.as_str();
    named
        .iter()
        .filter_map(|fixture| {
            let home = eval.program.files.unit(fixture.file).path.as_str();
            let folder = home.strip_suffix("conftest.py")?;
            path.starts_with(folder).then_some((folder.len(), *fixture))
        })
        .max_by_key(|(depth, _)| *depth)
        .map(|(_, fixture)| fixture)
}

/// The only method of this name in the language, where its name and its parameters make it likely enough.
fn unique_method(eval: &Eval<'_>, caller: FnRef, name: &str, call: &Call) -> Option<FnRef> {
    let file = caller.file;
    if COMMON_METHODS.contains(&name) {
        return None;
    }
    let program = eval.program;
    let language = program.files.unit(file).facts.language;
    let on_member = match &call.callee.kind {
        ExprKind::Member(base, _) => matches!(&base.kind, ExprKind::Member(owner, _) if matches!(owner.kind, ExprKind::This)),
        _ => false,
    };
    let mut candidates = program.methods_named(name).iter().copied().filter(|candidate| {
        program.files.unit(candidate.file).facts.language == language && program.may_know(file, candidate.file) && {
            let function = program.function(*candidate);
            let has = |kind: LocalKind| function.locals.iter().any(|local| local.kind == kind);
            let takes = |name: &str| {
                name == "**"
                    || has(LocalKind::NamedRestParam)
                    || function.locals.iter().take(function.params as usize).any(|local| local.name == name)
            };
            // A method that calls one of its own name on something else hands on to what it wraps; what a class keeps is seldom
            // another of its kind.
            let of_own_kind = on_member && candidate.file == file && function.scope == program.function(caller).scope;
            *candidate != caller
                && !of_own_kind
                && ((call.args.len() as u32) <= function.params || has(LocalKind::RestParam))
                && call.args.iter().filter_map(|argument| argument.name.as_deref()).all(takes)
        }
    });
    let first = candidates.next()?;
    candidates.next().is_none().then_some(first)
}
