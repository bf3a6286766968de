//! Selectors: where in a call an idiom keeps the event name, the payload and the options.

use crate::facts::{Argument, Call, Expr, ExprKind, Literal, Name};
use crate::link::eval::Eval;
use crate::link::relay::{self, Form};
use crate::link::resolve::FnRef;
use crate::link::term::{Entry, Kind, Site, Term};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector {
    pub root: Root,
    pub steps: Vec<Step>,
    /// `~receiver`: the name that the source calls it by, not its value.
    pub by_name: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Root {
    /// `args[0]`; from the end where it is negative.
    Argument(i32),
    /// `args.name`
    Named(Name),
    /// `args[*]`
    AnyArgument,
    /// `arguments`, `arguments[1]`, `arguments.packed`: the message of a call that runs a task.
    Arguments(Form),
    /// `arguments.named`: the object of the named arguments.
    NamedArguments,
    /// `text`: the first positional argument that is a text.
    TextArgument,
    /// `object`: the argument that is an object, or a function that gives one.
    ObjectArgument,
    /// `after-text`: the positional argument behind it.
    AfterText,
    Receiver,
    /// `type_args[0]`
    TypeArgument(u32),
    Return,
    /// `params[0]` of a handler
    Param(i32),
    /// `params.name` of a handler
    NamedParam(Name),
    /// `params`: the object of all parameters of a handler
    AllParams,
    /// `model-param`: the first parameter of a handler whose type is an object of the repository
    ModelParam,
    /// `params[*]`: whichever parameter of a handler has the row's type
    AnyParam,
    /// `decorator.args[0]`
    DecoratorArgument(u32),
    /// `decorator.args.name`
    DecoratorNamed(Name),
    /// `decorator.receiver`: what the decorator is a method of, by its name.
    DecoratorReceiver,
    /// `payload`: what the row selects as its payload.
    Payload,
    /// `function`: the handler's own name.
    FunctionName,
    /// `class`: the name of the class that the handler belongs to.
    ClassName,
    /// `class.decorator.args[0]`: what the class of the handler is decorated with.
    ClassDecorator(u32),
    /// `pairs`: the last argument, a list of keys with their values, as the object that it is.
    Pairs,
    /// `sql`: the row that an `INSERT` statement of the call writes.
    Sql,
    /// `instance`: the first argument, where it is an object of a class: `publish(new OrderPlaced(order))`.
    Instance,
    /// `param-type[0]`: a type argument of the parameter's type that the row asks for.
    ParamTypeArgument(u32),
    /// `'text'`
    Text(Name),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    Key(Name),
    Position(u32),
    Each,
    /// `.method()`, `.method(1)`: an argument of a call in the chain of calls that builds the value.
    Argument(Name, u32),
}

/// The methods of a view that every view has.
const VERBS: &[&str] = &["post", "put", "patch", "get", "create", "dispatch", "handle", "__call__"];

impl Selector {
    /// Parses a selector.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it.
    pub fn parse(text: &str) -> Result<Selector, String> {
        if let Some(named) = text.trim().strip_prefix('~') {
            let selector = Selector::parse(named)?;
            return match selector.root {
                Root::Receiver
                | Root::Argument(_)
                | Root::DecoratorArgument(_)
                | Root::DecoratorReceiver
                | Root::ClassDecorator(_)
                    if selector.steps.is_empty() =>
                {
                    Ok(Selector { by_name: true, ..selector })
                }
                Root::Receiver if matches!(selector.steps.as_slice(), [Step::Argument(..)]) => {
                    Ok(Selector { by_name: true, ..selector })
                }
                _ => Err(format!("`{text}`: only a receiver or an argument has a name in the source")),
            };
        }
        let text = text.trim();
        if let Some(constant) = text.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) {
            return Ok(Selector { root: Root::Text(constant.into()), steps: Vec::new(), by_name: false });
        }
        let mut steps = steps_of(text)?;
        if steps.is_empty() {
            return Err("a selector is empty".to_owned());
        }
        let Step::Key(root) = steps.remove(0) else {
            return Err(format!("`{text}` starts with a position; it has to start with a name such as `args`"));
        };
        let root = match (root.as_str(), steps.first().cloned()) {
            ("args", Some(Step::Position(position))) => {
                steps.remove(0);
                Root::Argument(position as i32)
            }
            ("args", Some(Step::Each)) => {
                steps.remove(0);
                Root::AnyArgument
            }
            ("args", Some(Step::Key(name))) => {
                steps.remove(0);
                match name.strip_prefix('-').and_then(|back| back.parse::<i32>().ok()) {
                    Some(back) => Root::Argument(-back),
                    None => Root::Named(name),
                }
            }
            ("arguments", None) => Root::Arguments(Form::Direct),
            ("arguments", Some(Step::Position(position))) => {
                steps.remove(0);
                Root::Arguments(Form::From(position))
            }
            ("arguments", Some(Step::Key(kind))) if kind == "named" => {
                steps.remove(0);
                Root::NamedArguments
            }
            ("arguments", Some(Step::Key(kind))) if kind == "packed" => {
                steps.remove(0);
                match steps.first().cloned() {
                    Some(Step::Position(position)) => {
                        steps.remove(0);
                        Root::Arguments(Form::Packed(position))
                    }
                    _ => Root::Arguments(Form::Packed(0)),
                }
            }
            ("text", _) => Root::TextArgument,
            ("object", _) => Root::ObjectArgument,
            ("after-text", _) => Root::AfterText,
            ("model-param", _) => Root::ModelParam,
            ("params", None) => Root::AllParams,
            ("type_args", Some(Step::Position(position))) => {
                steps.remove(0);
                Root::TypeArgument(position)
            }
            ("params", Some(Step::Position(position))) => {
                steps.remove(0);
                Root::Param(position as i32)
            }
            ("params", Some(Step::Each)) => {
                steps.remove(0);
                Root::AnyParam
            }
            ("params", Some(Step::Key(name))) => {
                steps.remove(0);
                match name.strip_prefix('-').and_then(|back| back.parse::<i32>().ok()) {
                    Some(back) => Root::Param(-back),
                    None => Root::NamedParam(name),
                }
            }
            ("decorator", Some(Step::Key(args))) if args == "args" => {
                steps.remove(0);
                match steps.first().cloned() {
                    Some(Step::Position(position)) => {
                        steps.remove(0);
                        Root::DecoratorArgument(position)
                    }
                    Some(Step::Key(name)) => {
                        steps.remove(0);
                        Root::DecoratorNamed(name)
                    }
                    _ => return Err(format!("`{text}`: `decorator.args` needs a position or a name")),
                }
            }
            ("decorator", Some(Step::Key(receiver))) if receiver == "receiver" => {
                steps.remove(0);
                Root::DecoratorReceiver
            }
            ("receiver", _) => Root::Receiver,
            ("return", _) => Root::Return,
            ("payload", _) => Root::Payload,
            ("function", _) => Root::FunctionName,
            ("class", Some(Step::Key(decorator))) if decorator == "decorator" => {
                match (steps.get(1).cloned(), steps.get(2).cloned()) {
                    (Some(Step::Key(args)), Some(Step::Position(position))) if args == "args" => {
                        steps.drain(..3);
                        Root::ClassDecorator(position)
                    }
                    _ => return Err(format!("`{text}`: `class.decorator` needs `.args` and a position")),
                }
            }
            ("class", _) => Root::ClassName,
            ("instance", _) => Root::Instance,
            ("pairs", _) => Root::Pairs,
            ("sql", _) => Root::Sql,
            ("param-type", Some(Step::Position(position))) => {
                steps.remove(0);
                Root::ParamTypeArgument(position)
            }
            (other, _) => {
                return Err(format!(
                    "`{other}` is not a root of a selector; there are `args[0]`, `args.name`, `arguments`, `arguments.named`, `text`, \
                     `after-text`, `object`, `receiver`, `type_args[0]`, `return`, `params`, `params[0]`, `model-param`, `decorator.args[0]`, `payload`, \
                     `instance`, `pairs`, `sql`, `param-type[0]`, `function`, `class` and `'text'`"
                ));
            }
        };
        Ok(Selector { root, steps, by_name: false })
    }

    /// The last key that it names, where it leads into a value.
    pub fn last_key(&self) -> Option<&str> {
        self.steps.iter().rev().find_map(|step| match step {
            Step::Key(name) => Some(name.as_str()),
            Step::Position(_) | Step::Each | Step::Argument(_, _) => None,
        })
    }

    /// The term that it selects in a call of `function`; `None` where it is not there.
    pub fn select<'a>(&self, eval: &Eval<'a>, function: FnRef, call: &'a Call) -> Option<Term<'a>> {
        let site = Site { file: function.file, span: call.span };
        let at = call.span.start;
        let argument = |position: usize| -> Option<Term<'a>> {
            let mut seen = 0;
            for argument in &call.args {
                if argument.spread {
                    // `client.capture(...args)` hands on what the function itself is given.
                    let rest = eval.term(function, &argument.value, at);
                    let known = matches!(rest.bare().kind, Kind::Param { .. } | Kind::Array(_));
                    let place = position.checked_sub(seen).filter(|_| known)?;
                    return Some(rest.bare().clone().member(&place.to_string(), site));
                }
                if argument.name.is_none() {
                    if seen == position {
                        return Some(eval.term(function, &argument.value, at));
                    }
                    seen += 1;
                }
            }
            None
        };
        let root = match &self.root {
            Root::Argument(position) if *position >= 0 => argument(*position as usize)?,
            Root::Argument(back) => {
                let positional = call.args.iter().filter(|argument| argument.name.is_none()).count();
                argument(positional.checked_sub(back.unsigned_abs() as usize)?)?
            }
            Root::Named(name) => match call.args.iter().find(|argument| argument.name.as_deref() == Some(name)) {
                Some(given) => eval.term(function, &given.value, at),
                None => unpacked(eval, function, call).into_iter().rev().find(|(key, _)| key == name)?.1,
            },
            Root::AnyArgument => {
                let all: Vec<Term<'a>> = call.args.iter().map(|argument| eval.term(function, &argument.value, at)).collect();
                Term::new(Kind::OneOf(all), site)
            }
            Root::Receiver => match &call.callee.kind {
                ExprKind::Member(base, _) => eval.term(function, base, at),
                _ => return None,
            },
            Root::TypeArgument(position) => {
                let ty = call.type_args.get(*position as usize)?;
                Term::new(Kind::OfType(eval.type_use(function, ty)), site)
            }
            Root::Text(text) => Term::new(Kind::Literal(Literal::Text(text.clone())), site),
            Root::FunctionName => {
                let owner = eval.program.function(function);
                // What a route answers to is known to others; what its function is called is not.
                let route = owner.decorators.iter().find_map(route_of);
                // `post` of a view says less than the view does.
                let name = match owner.scope.last() {
                    _ if let Some(route) = &route => route,
                    Some(class) if owner.is_method && VERBS.contains(&owner.name.as_str()) && !class.ends_with("ViewSet") => {
                        class
                    }
                    _ => &owner.name,
                };
                Term::new(Kind::Literal(Literal::Text(name.clone())), site)
            }
            Root::ClassName => {
                let owner = eval.program.function(function).scope.last()?;
                Term::new(Kind::Literal(Literal::Text(owner.clone())), site)
            }
            Root::Arguments(form) => relay::message(eval, function, call, *form)?,
            Root::NamedArguments => relay::named_message(eval, function, call)?,
            Root::TextArgument => relay::text_argument(eval, function, call)?.1,
            Root::ObjectArgument => relay::object_argument(eval, function, call),
            Root::AfterText => argument(relay::text_argument(eval, function, call)?.0 + 1)?,
            Root::Sql => super::sql::inserted(eval, function, call)?,
            Root::Pairs => object_of_pairs(argument(call.args.len().checked_sub(1)?)?)?,
            Root::Instance => argument(0).filter(|given| is_instance(eval, given))?,
            Root::Return
            | Root::Param(_)
            | Root::NamedParam(_)
            | Root::AnyParam
            | Root::AllParams
            | Root::ModelParam
            | Root::DecoratorReceiver
            | Root::DecoratorArgument(_)
            | Root::DecoratorNamed(_)
            | Root::ClassDecorator(_)
            | Root::ParamTypeArgument(_)
            | Root::Payload => return None,
        };
        if self.by_name {
            let expr = match &self.root {
                Root::Receiver if let [Step::Argument(method, position)] = self.steps.as_slice() => {
                    let given = given_in_chain(eval, function, call, method, *position)?;
                    let name = named_in_source(eval, &eval.term(function, given, at), given)?;
                    return Some(Term::new(Kind::Literal(Literal::Text(name)), site));
                }
                Root::Receiver => match &call.callee.kind {
                    ExprKind::Member(base, _) => Some(&**base),
                    _ => None,
                },
                Root::Argument(position) => call.args.get(*position as usize).map(|argument| &argument.value),
                _ => None,
            };
            if let Some(expr) = expr
                && let Some(of_class) = relay::name_at(eval, function, expr, at).filter(Term::is_open)
            {
                return Some(of_class);
            }
            let text = |name| Term::new(Kind::Literal(Literal::Text(name)), site);
            let expr = expr?;
            let root = if matches!(root.kind, Kind::OfType(_) | Kind::Unknown(_)) {
                relay::task_value(eval, function, expr, at)
            } else {
                root
            };
            let mut names = names_in_source(eval, function, &root, expr);
            return Some(match names.len() {
                0 => root,
                1 => text(names.remove(0)),
                _ => Term::new(Kind::OneOf(names.into_iter().map(text).collect()), site),
            });
        }
        walk(root, &self.steps, site)
    }
}

/// The named arguments that a call is given in a dictionary: `send(**message)`.
pub fn unpacked<'a>(eval: &Eval<'a>, function: FnRef, call: &'a Call) -> Vec<(Name, Term<'a>)> {
    let mut found = Vec::new();
    for argument in call.args.iter().filter(|argument| is_unpacked(argument)) {
        let term = eval.term(function, &argument.value, call.span.start);
        if let Kind::Object(entries) = &term.bare().kind {
            found.extend(entries.iter().filter_map(|entry| match entry {
                Entry::Field { key, value, .. } => Some((key.clone(), value.clone())),
                Entry::AnyKey { .. } | Entry::Spread { .. } => None,
            }));
        }
    }
    found
}

/// Whether an argument is a dictionary of named arguments.
pub fn is_unpacked(argument: &Argument) -> bool {
    argument.name.as_deref() == Some("**")
}

/// How many calls a chain of them is followed back.
const MAX_CHAIN: usize = 8;

/// What a call of this name was given in the chain of calls that ends in `call`: `X` in `bus.ofType(X).pipe(…).subscribe(…)`.
fn given_in_chain<'a>(eval: &Eval<'a>, function: FnRef, call: &'a Call, method: &str, position: u32) -> Option<&'a Expr> {
    let mut current = call;
    for _ in 0..MAX_CHAIN {
        let ExprKind::Member(base, _) = &current.callee.kind else { return None };
        let ExprKind::Call(id) = &base.kind else { return None };
        current = eval.program.function(function).calls.get(id.0 as usize)?;
        if matches!(&current.callee.kind, ExprKind::Member(_, name) if name == method) {
            return current.args.get(position as usize).map(|argument| &argument.value);
        }
    }
    None
}

/// `[("type", kind), ("payload", text)]` as an object; `None` where it is no list of pairs.
fn object_of_pairs(list: Term<'_>) -> Option<Term<'_>> {
    let site = list.site;
    let Kind::Array(items) = &list.bare().kind else { return None };
    let pairs = items.iter().map(|item| match &item.bare().kind {
        Kind::Array(pair) => match pair.as_slice() {
            [key, value] => {
                Some(Entry::Field { key: key.as_text()?.into(), value: value.clone(), conditional: false, site: key.site })
            }
            _ => None,
        },
        _ => None,
    });
    Some(Term::new(Kind::Object(pairs.collect::<Option<Vec<_>>>()?), site))
}

/// Whether a value is an object of a class that is declared in the repository, or may become one by who calls.
fn is_instance(eval: &Eval<'_>, term: &Term<'_>) -> bool {
    use super::super::resolve::{Entity, Want};
    let is_class = |file, scope: &[Name], path: &[Name]| {
        eval.program.resolve(file, scope, path, Want::Class).is_some_and(|found| matches!(found.entity, Entity::Class(_)))
    };
    let of_class = |ty: &super::super::term::TypeUse<'_>| {
        ty.ty.reference().is_some_and(|reference| is_class(ty.file, ty.scope, &reference.path))
    };
    match &term.kind {
        Kind::Built(built) if built.calls.len() == 1 => {
            let path: Vec<Name> = built.root.split('.').map(Name::from).collect();
            is_class(term.site.file, &[], &path)
        }
        Kind::Typed(inner, ty) => of_class(ty) || is_instance(eval, inner),
        Kind::OfType(ty) | Kind::Param { declared: Some(ty), .. } => of_class(ty),
        Kind::Record(record) => of_class(&record.ty),
        Kind::OneOf(branches) => branches.iter().any(|branch| is_instance(eval, branch)),
        _ => false,
    }
}

/// The name of a thing that other code knows by its name: a task by the one it is registered under, a signal by its variable.
pub fn named_in_source(eval: &Eval<'_>, term: &Term<'_>, expr: &Expr) -> Option<Name> {
    if let Kind::Function(target) = &term.bare().kind {
        let function = eval.program.function(*target);
        return relay::registered_name(function).or_else(|| (!function.name.is_empty()).then(|| function.name.clone()));
    }
    match &expr.kind {
        ExprKind::Name(path) => path.last().cloned(),
        ExprKind::Member(base, name) => {
            let root = super::super::eval::dotted(base)?;
            // A member of a module or a class; what a variable holds has a name of its own elsewhere.
            (!root.is_empty()).then(|| name.clone())
        }
        _ => None,
    }
}

/// The same for a loop variable, which goes by the names of what it runs over: `for signal in (created, updated): signal.send(…)`.
fn names_in_source<'a>(eval: &Eval<'a>, function: FnRef, term: &Term<'a>, expr: &'a Expr) -> Vec<Name> {
    if let ExprKind::Local(id) = &expr.kind
        && let Some(local) = eval.program.function(function).locals.get(id.0 as usize)
        && let Some(Expr { kind: ExprKind::Element(list), .. }) = &local.value
        && let ExprKind::Array(items) = &list.kind
    {
        return items
            .iter()
            .filter_map(|item| named_in_source(eval, &eval.term(function, item, item.span.start), item))
            .collect();
    }
    // A task by the dotted path that is its name where nothing else is said.
    if let Some(target) = term.as_text().and_then(|text| relay::named(eval, text)) {
        return vec![relay::task_name(eval, target)];
    }
    // `task = register(queue="x")(work)` is known by the name of `work`.
    if let Some(name) = relay::decorated_name(eval, term) {
        return vec![name];
    }
    named_in_source(eval, term, expr).into_iter().collect()
}

/// Takes the steps into a term, looking through encodings; `None` where a step leads to nothing.
pub fn walk<'a>(root: Term<'a>, steps: &[Step], site: Site) -> Option<Term<'a>> {
    let mut term = root;
    for step in steps {
        while let Kind::Encoded(inner) = term.kind {
            term = *inner;
        }
        let place = term.site;
        // A text or a number has no parts: the selector means another form of the call.
        let takes_apart = match step {
            Step::Key(name) => name != "value",
            Step::Each => true,
            Step::Position(_) | Step::Argument(..) => false,
        };
        if takes_apart && is_flat(&term) {
            return None;
        }
        // A list has no members by name.
        if matches!(step, Step::Key(_)) && matches!(term.bare().kind, Kind::Array(_) | Kind::ListOf(_)) {
            return None;
        }
        // Nor is an object a list.
        if matches!(step, Step::Each) && matches!(term.bare().kind, Kind::Object(_) | Kind::Record(_)) {
            return None;
        }
        term = match step {
            Step::Key(name) => term.member(name, place),
            Step::Each => term.element(place),
            Step::Argument(method, position) => built_argument(&term, method, *position as usize)?,
            Step::Position(position) => match &term.kind {
                Kind::Built(built) => built.positional(*position as usize)?.clone(),
                Kind::Record(record) => record.fields.iter().find(|(name, _)| *name == position.to_string())?.1.clone(),
                Kind::Array(items) => items.get(*position as usize)?.clone(),
                _ => term.element(place),
            },
        };
        if matches!(term.kind, Kind::Absent) {
            return None;
        }
    }
    // A part of a value that is not followed at all is not there as far as anybody knows.
    if let Kind::Member(inner, _) = &term.kind
        && matches!(inner.kind, Kind::Unknown(_))
        && inner.site == site
    {
        return None;
    }
    Some(term)
}

/// Whether a value is a text or a number, whichever of several it is.
fn is_flat(term: &Term<'_>) -> bool {
    match &term.bare().kind {
        Kind::Literal(_) | Kind::Template(_) => true,
        Kind::OneOf(branches) => branches.iter().all(is_flat),
        _ => false,
    }
}

/// The argument that a call of this name was given, on the way to this value.
fn built_argument<'a>(term: &Term<'a>, method: &str, position: usize) -> Option<Term<'a>> {
    match &term.kind {
        Kind::Built(built) => {
            let (_, args) = built.calls.iter().rev().find(|(name, _)| name == method)?;
            args.iter().filter(|(name, _)| name.is_none()).nth(position).map(|(_, value)| value.clone())
        }
        // `Message::Text(payload)`: a variant is made like a call.
        Kind::Record(record)
            if record.ty.ty.reference().and_then(|named| named.path.last()).is_some_and(|last| last == method) =>
        {
            let place = position.to_string();
            record.fields.iter().find(|(name, _)| *name == place).map(|(_, value)| value.clone())
        }
        Kind::Typed(inner, _) | Kind::Encoded(inner) | Kind::Member(inner, _) | Kind::Element(inner) => {
            built_argument(inner, method, position)
        }
        Kind::Array(items) | Kind::OneOf(items) => {
            let mut found: Vec<Term<'a>> = items.iter().filter_map(|item| built_argument(item, method, position)).collect();
            match found.len() {
                0 => None,
                1 => found.pop(),
                _ => Some(Term::new(Kind::OneOf(found), term.site)),
            }
        }
        _ => None,
    }
}

/// `a.b[0][*]` → its steps.
fn steps_of(text: &str) -> Result<Vec<Step>, String> {
    let mut steps = Vec::new();
    for (at, part) in text.split('.').enumerate() {
        let (name, mut brackets) = match part.find('[') {
            Some(open) => part.split_at(open),
            None => (part, ""),
        };
        if let Some((method, position)) = name.strip_suffix(')').and_then(|call| call.split_once('(')) {
            let position = if position.is_empty() { Ok(0) } else { position.parse::<u32>() };
            let position = position.map_err(|_| format!("`{text}`: `{name}` takes the number of an argument"))?;
            steps.push(Step::Argument(method.into(), position));
        } else if !name.is_empty() {
            steps.push(Step::Key(name.into()));
        } else if at == 0 || brackets.is_empty() {
            return Err(format!("`{text}` has an empty step"));
        }
        while let Some(rest) = brackets.strip_prefix('[') {
            let close = rest.find(']').ok_or_else(|| format!("`{text}` has a `[` without its `]`"))?;
            let inside = rest[..close].trim();
            steps.push(match inside {
                "*" => Step::Each,
                _ => match inside.parse::<i32>() {
                    Ok(position) if position >= 0 => Step::Position(position as u32),
                    Ok(back) => Step::Key(back.to_string().into()),
                    Err(_) => Step::Key(inside.trim_matches(['"', '\'']).into()),
                },
            });
            brackets = &rest[close + 1..];
        }
        if !brackets.is_empty() {
            return Err(format!("`{text}` has `{brackets}` after a `]`"));
        }
    }
    Ok(steps)
}

/// The path of a decorator that registers a route: `@app.post("/webhooks/orders")`.
fn route_of(decorator: &Call) -> Option<Name> {
    let name = crate::link::index::last_name(&decorator.callee.kind)?;
    if !VERBS.contains(&name) && !matches!(name, "route" | "api_route") {
        return None;
    }
    match &decorator.args.first()?.value.kind {
        ExprKind::Literal(Literal::Text(path)) if path.starts_with('/') && path.len() > 1 => Some(path.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selector_has_a_root_and_steps() {
        assert_eq!(
            Selector::parse("args[0].messages[*].value"),
            Ok(Selector {
                root: Root::Argument(0),
                steps: vec![Step::Key("messages".into()), Step::Each, Step::Key("value".into())],
                by_name: false
            })
        );
        assert_eq!(Selector::parse("args[-1]"), Ok(Selector { root: Root::Argument(-1), steps: vec![], by_name: false }));
        assert_eq!(
            Selector::parse("'user.signup'"),
            Ok(Selector { root: Root::Text("user.signup".into()), steps: vec![], by_name: false })
        );
        assert_eq!(
            Selector::parse("decorator.args.name"),
            Ok(Selector { root: Root::DecoratorNamed("name".into()), steps: vec![], by_name: false })
        );
    }

    #[test]
    fn a_wrong_selector_says_what_is_wrong() {
        assert!(Selector::parse("argument[0]").expect_err("not a root").contains("`argument` is not a root"));
        assert!(Selector::parse("args[0").expect_err("open bracket").contains("without its `]`"));
    }
}
