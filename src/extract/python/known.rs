//! Well-known calls: what they give, where that is known without following them.

use ruff_python_ast::{Expr as Py, ExprAttribute, ExprCall};
use ruff_text_size::Ranged;

use super::annotations::Side;
use super::expressions::{of_format, of_type};
use super::lower::Lower;
use super::span;
use crate::facts::{Argument, Completion, Expr, ExprKind, Literal, Made, Name, TypeExpr, TypeKind, TypeRef, ValueMember};
use crate::shape::StringShape;
use crate::source::Span;

/// Options of pydantic's dumping methods: they tell `model.json(by_alias=True)` from `response.json()`.
const DUMP_OPTIONS: &[&str] = &[
    "by_alias",
    "exclude",
    "include",
    "exclude_none",
    "exclude_unset",
    "exclude_defaults",
    "mode",
    "round_trip",
    "warnings",
    "indent",
    "encoder",
    "serialize_as_any",
    "skip_defaults",
    "models_as_dict",
    "context",
    "fallback",
    "exclude_computed_fields",
];

impl<'a> Lower<'a> {
    /// Keeps what a value is made from that is known by its type alone.
    fn note_made(&mut self, name: &str, from: Vec<Expr>, at: Span) {
        let function = self.frame().id;
        self.facts.made.push(Made { function, span: at, name: name.into(), from });
    }

    /// The same, with the arguments of the call that makes it.
    fn made_of(&mut self, name: &str, call: &'a ExprCall, at: Span) {
        let from = self.arguments(call).into_iter().map(|argument| argument.value).collect();
        self.note_made(name, from, at);
    }

    /// A call of a function that is known by its full name.
    pub(super) fn known_call(&mut self, full: &str, call: &'a ExprCall, completion: &Completion) -> Option<Expr> {
        let at = span(call.range());
        let args = &*call.arguments.args;
        let first = args.first().filter(|arg| !matches!(arg, Py::Starred(_)));
        let integer = || of_type(TypeKind::Integer(Default::default()), at);
        let number = || of_type(TypeKind::Number(Default::default()), at);
        let boolean = || of_type(TypeKind::Boolean, at);
        if !full.contains('.') && !self.is_builtin(full) {
            return None;
        }
        Some(match full {
            "json.dumps"
            | "orjson.dumps"
            | "ujson.dumps"
            | "simplejson.dumps"
            | "rapidjson.dumps"
            | "msgspec.json.encode"
            | "pydantic_core.to_json"
            | "flask.json.dumps"
            | "srsly.json_dumps"
            | "kombu.utils.json.dumps"
            | "bson.json_util.dumps"
            | "eventlet.json.dumps" => {
                let value = self.expr(first?);
                for keyword in &call.arguments.keywords {
                    self.expr(&keyword.value);
                }
                if full == "json.dumps"
                    && call
                        .arguments
                        .keywords
                        .iter()
                        .all(|keyword| !matches!(keyword.arg.as_ref().map(|name| name.as_str()), Some("default" | "cls") | None))
                {
                    self.note_unserializable(&value);
                }
                Expr::new(ExprKind::Encoded(Box::new(value)), at)
            }
            "json.loads"
            | "orjson.loads"
            | "ujson.loads"
            | "simplejson.loads"
            | "rapidjson.loads"
            | "pydantic_core.from_json"
            | "flask.json.loads"
            | "bson.json_util.loads" => {
                let value = self.expr(first?);
                Expr::new(ExprKind::Decoded(Box::new(value), None), at)
            }
            "msgspec.json.decode" => {
                let value = self.expr(first?);
                let ty = call.arguments.find_keyword("type").map(|keyword| self.annotation(&keyword.value, Side::Read));
                let decoded = Expr::new(ExprKind::Decoded(Box::new(value), ty.clone().map(Box::new)), at);
                if let Some(ty) = ty {
                    self.read_as_type(&decoded, ty, at);
                }
                decoded
            }
            "msgspec.convert" | "cattrs.structure" | "cattr.structure" | "dacite.from_dict" => {
                let by_name = |name: &str| call.arguments.find_keyword(name).map(|keyword| &keyword.value);
                let (value, ty) = if full == "dacite.from_dict" {
                    (by_name("data").or(args.get(1))?, by_name("data_class").or(first)?)
                } else {
                    (first?, by_name("type").or(args.get(1))?)
                };
                let value = self.expr(value);
                let ty = self.annotation(ty, Side::Read);
                self.read_as_type(&value, ty.clone(), at);
                Expr::new(ExprKind::Typed(Box::new(value), Box::new(ty)), at)
            }
            "dataclasses.asdict"
            | "attr.asdict"
            | "attrs.asdict"
            | "msgspec.to_builtins"
            | "msgspec.structs.asdict"
            | "fastapi.encoders.jsonable_encoder"
            | "cattrs.unstructure"
            | "cattr.unstructure"
            | "copy.copy"
            | "copy.deepcopy"
            | "copy.replace"
            | "dataclasses.replace"
            | "attrs.evolve"
            | "attr.evolve"
            | "msgspec.structs.replace"
            | "vars"
            | "pydantic_core.to_jsonable_python"
            | "django.utils.encoding.force_bytes"
            | "django.utils.encoding.force_str"
            | "asgiref.sync.sync_to_async"
            | "asgiref.sync.async_to_sync"
            | "io.BytesIO"
            | "io.StringIO" => {
                self.next = completion.clone();
                let value = self.expr(first?);
                for keyword in &call.arguments.keywords {
                    self.expr(&keyword.value);
                }
                value
            }
            "list" | "tuple" | "set" | "frozenset" | "sorted" | "reversed" | "iter" if args.len() == 1 => {
                let value = self.expr(first?);
                for keyword in &call.arguments.keywords {
                    self.expr(&keyword.value);
                }
                value
            }
            "list" | "tuple" | "set" if args.is_empty() => Expr::new(ExprKind::Array(Vec::new()), at),
            "bytes" | "bytearray" | "memoryview" => self.expr(first?),
            "dict" | "collections.OrderedDict" | "typing.OrderedDict" => self.dict_call(call)?,
            "typing.cast" | "typing_extensions.cast" if args.len() == 2 => {
                let ty = self.annotation(&args[0], Side::Write);
                let value = self.expr(&args[1]);
                Expr::new(ExprKind::Typed(Box::new(value), Box::new(ty)), at)
            }
            "str" if args.len() <= 2 => {
                let Some(first) = first else { return Some(Expr::text("", at)) };
                let value = self.expr(first);
                match value.kind {
                    ExprKind::Literal(Literal::Number(digits)) => Expr::text(digits, at),
                    ExprKind::Literal(Literal::Text(_)) | ExprKind::Template(_) | ExprKind::Encoded(_) => value,
                    ExprKind::OfType(ref ty) if matches!(ty.kind, TypeKind::String(_)) => value,
                    _ => Expr::new(ExprKind::Template(vec![value]), at),
                }
            }
            "int" | "round" | "float" => {
                if let Some(first) = first {
                    self.asked = Some(self.asked_number(at));
                    let from = self.expr(first);
                    self.asked = None;
                    self.note_made(full, vec![from], at);
                    for arg in &args[1..] {
                        self.expr(arg);
                    }
                }
                if full == "int" || full == "round" && args.len() == 1 { integer() } else { number() }
            }
            "bool" | "isinstance" | "issubclass" | "hasattr" | "any" | "all" | "callable" => {
                for arg in args {
                    self.expr(arg);
                }
                boolean()
            }
            "len" => {
                self.expr(first?);
                integer()
            }
            "getattr" => self.getattr(call)?,
            "super" => {
                let this = Expr::new(ExprKind::This, at);
                match self.bases.first() {
                    Some(base) => {
                        let ty = TypeRef { path: base.clone(), args: Vec::new() };
                        let ty = TypeExpr::new(TypeKind::Ref(ty), at);
                        Expr::new(ExprKind::Typed(Box::new(this), Box::new(ty)), at)
                    }
                    None => this,
                }
            }
            "uuid.uuid1" | "uuid.uuid3" | "uuid.uuid4" | "uuid.uuid5" | "uuid.uuid7" | "uuid6.uuid7" => {
                let from = args.iter().map(|arg| self.expr(arg)).collect();
                self.note_made(full, from, at);
                of_format("uuid", at)
            }
            "uuid.UUID" => {
                if let Some(first) = first {
                    let ty = TypeExpr::new(TypeKind::String(StringShape::format("uuid").into()), at);
                    self.asked = Some(ty);
                    let from = self.expr(first);
                    self.asked = None;
                    self.note_made(full, vec![from], at);
                }
                of_format("uuid", at)
            }
            "datetime.datetime.now"
            | "datetime.datetime.utcnow"
            | "datetime.datetime.today"
            | "datetime.datetime"
            | "datetime.datetime.fromtimestamp"
            | "datetime.datetime.utcfromtimestamp"
            | "django.utils.timezone.now"
            | "django.utils.timezone.localtime"
            | "pendulum.now"
            | "arrow.utcnow"
            | "arrow.now" => {
                self.made_of(full, call, at);
                of_format("date-time", at)
            }
            "datetime.datetime.fromisoformat"
            | "datetime.datetime.strptime"
            | "dateutil.parser.parse"
            | "dateutil.parser.isoparse" => {
                if let Some(first) = first {
                    self.asked = Some(TypeExpr::new(TypeKind::String(Default::default()), at));
                    self.expr(first);
                    self.asked = None;
                }
                of_format("date-time", at)
            }
            "datetime.date.today" | "datetime.date" | "django.utils.timezone.localdate" => {
                self.made_of(full, call, at);
                of_format("date", at)
            }
            "time.time" | "time.monotonic" | "time.perf_counter" | "random.random" => {
                self.made_of(full, call, at);
                number()
            }
            "time.time_ns" | "random.randint" => {
                self.made_of(full, call, at);
                integer()
            }
            "secrets.token_hex"
            | "secrets.token_urlsafe"
            | "os.getenv"
            | "os.environ.get"
            | "socket.gethostname"
            | "repr"
            | "urllib.parse.quote"
            | "urllib.parse.urljoin"
            | "django.utils.crypto.get_random_string" => {
                self.made_of(full, call, at);
                self.text_type(at)
            }
            "base64.b64encode" | "base64.urlsafe_b64encode" | "base64.standard_b64encode" => {
                let given = self.arguments(call);
                let shape = TypeKind::String(
                    StringShape { content_encoding: Some("base64".to_owned()), ..StringShape::default() }.into(),
                );
                match <[Argument; 1]>::try_from(given) {
                    Ok([one]) if !one.spread => {
                        Expr::new(ExprKind::Typed(Box::new(one.value), Box::new(TypeExpr::new(shape, at))), at)
                    }
                    Ok(_) | Err(_) => of_type(shape, at),
                }
            }
            "asyncio.create_task" | "asyncio.ensure_future" | "anyio.create_task" => {
                return self.deferring(call, "create_task");
            }
            "asyncio.run_coroutine_threadsafe" => return self.deferring(call, "run_coroutine_threadsafe"),
            "asyncio.run" | "asyncio.wait_for" | "asyncio.shield" | "anyio.from_thread.run_sync" => {
                self.next = match full {
                    "asyncio.run" => Completion::Awaited,
                    _ => completion.clone(),
                };
                let value = self.expr(first?);
                for arg in &args[1..] {
                    self.expr(arg);
                }
                value
            }
            "asyncio.gather" | "asyncio.wait" => {
                let mut values = Vec::new();
                for arg in args {
                    let arg = match arg {
                        Py::Starred(starred) => &*starred.value,
                        arg => arg,
                    };
                    // What is gathered shares the fate of the gathering.
                    self.next = completion.clone();
                    let value = self.expr(arg);
                    if *completion == Completion::Awaited {
                        self.settle(&value);
                    }
                    values.push(value);
                }
                self.next = Completion::Used;
                Expr::new(ExprKind::Array(values), at)
            }
            "asyncio.to_thread"
            | "starlette.concurrency.run_in_threadpool"
            | "fastapi.concurrency.run_in_threadpool"
            | "anyio.to_thread.run_sync" => {
                let (callee, rest) = args.split_first()?;
                self.deferred_call(callee, rest, &call.arguments.keywords, completion.clone(), at)
            }
            "threading.Thread" | "multiprocessing.Process" => {
                let target = call.arguments.find_keyword("target").map(|keyword| &keyword.value)?;
                self.deferred_call_packed(target, call, Completion::Deferred("Thread".into()), at)?
            }
            "functools.partial" => self.partial(call)?,
            "django.utils.module_loading.import_string" | "werkzeug.utils.import_string" | "pydoc.locate" => {
                let path: Vec<Name> = self.constant_text(first?)?.split('.').map(Name::from).collect();
                let is_name = |part: &Name| !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || c == '_');
                if path.len() < 2 || !path.iter().all(is_name) {
                    return None;
                }
                Expr::new(ExprKind::Name(path), at)
            }
            _ => return None,
        })
    }

    /// Tasks that were started before and are waited for here.
    pub(super) fn settle(&mut self, value: &Expr) {
        let ExprKind::Local(id) = &value.kind else { return };
        let frame = self.frame();
        let Some(local) = frame.function.locals.get(id.0 as usize) else { return };
        let mut calls = Vec::new();
        let mut collect = |expr: &Expr| {
            if let ExprKind::Call(call) = &expr.kind {
                calls.push(*call);
            }
        };
        match local.value.as_ref().map(|value| &value.kind) {
            Some(ExprKind::Call(call)) => calls.push(*call),
            Some(ExprKind::Array(items)) => items.iter().for_each(&mut collect),
            Some(ExprKind::ListOf(item)) => collect(item),
            _ => {}
        }
        for edit in &local.edits {
            if let crate::facts::calls::Change::Push(value) = &edit.change
                && let ExprKind::Call(call) = &value.kind
            {
                calls.push(*call);
            }
        }
        for call in calls {
            let around = &mut frame.function.calls[call.0 as usize].surroundings;
            if matches!(around.completion, Completion::Used | Completion::Deferred(_)) {
                around.completion = Completion::Awaited;
            }
        }
    }

    fn deferring(&mut self, call: &'a ExprCall, name: &str) -> Option<Expr> {
        let first = call.arguments.args.first()?;
        if !matches!(first, Py::Call(_)) {
            return None;
        }
        self.next = Completion::Deferred(name.into());
        Some(self.expr(first))
    }

    fn dict_call(&mut self, call: &'a ExprCall) -> Option<Expr> {
        let at = span(call.range());
        let mut members = Vec::new();
        match &*call.arguments.args {
            [] => {}
            [Py::List(list)] if !list.elts.is_empty() => {
                for pair in &list.elts {
                    match pair {
                        Py::Tuple(tuple) if tuple.elts.len() == 2 => {
                            let key = self.key(&tuple.elts[0]);
                            let value = self.expr(&tuple.elts[1]);
                            members.push(ValueMember::Entry { key, value, conditional: false });
                        }
                        _ => return None,
                    }
                }
            }
            [one] if !matches!(one, Py::Starred(_)) => {
                let value = self.expr(one);
                if call.arguments.keywords.is_empty() && !matches!(value.kind, ExprKind::ListOf(_)) {
                    return Some(value);
                }
                members.push(ValueMember::Spread { value, conditional: false });
            }
            _ => return None,
        }
        for keyword in &call.arguments.keywords {
            match &keyword.arg {
                Some(name) => {
                    let key = Expr::text(name.as_str(), span(name.range));
                    let value = self.expr(&keyword.value);
                    members.push(ValueMember::Entry { key, value, conditional: false });
                }
                None => members.push(self.spread(&keyword.value)),
            }
        }
        Some(Expr::new(ExprKind::Object(members), at))
    }

    /// A method that is known by its name, whatever it is called on.
    pub(super) fn known_method(
        &mut self,
        attribute: &'a ExprAttribute,
        call: &'a ExprCall,
        completion: &Completion,
    ) -> Option<Expr> {
        let at = span(call.range());
        let on = &*attribute.value;
        let args = &*call.arguments.args;
        let bare = call.arguments.is_empty();
        let dump_options = call
            .arguments
            .keywords
            .iter()
            .all(|keyword| keyword.arg.as_ref().is_none_or(|name| DUMP_OPTIONS.contains(&name.as_str())))
            && args.is_empty();
        Some(match attribute.attr.as_str() {
            "model_dump" => {
                let value = self.expr(on);
                self.dumped(value, call)
            }
            // `JSONRenderer().render(data)` of a web framework.
            "render" if args.len() == 1 && self.receiver_name(on).to_ascii_lowercase().ends_with("jsonrenderer") => {
                let value = self.expr(&args[0]);
                Expr::new(ExprKind::Encoded(Box::new(value)), at)
            }
            "model_dump_json" => {
                let value = self.expr(on);
                let value = self.dumped(value, call);
                Expr::new(ExprKind::Encoded(Box::new(value)), at)
            }
            "dict" if dump_options && !matches!(on, Py::Call(_)) && self.full_name(on).is_none() => {
                let value = self.expr(on);
                self.dumped(value, call)
            }
            "json" if dump_options && !bare => {
                let value = self.expr(on);
                let value = self.dumped(value, call);
                Expr::new(ExprKind::Encoded(Box::new(value)), at)
            }
            "_asdict" if bare => self.expr(on),
            // Another value of the same type.
            "model_copy" => {
                call.arguments.keywords.iter().for_each(|keyword| drop(self.expr(&keyword.value)));
                self.expr(on)
            }
            "copy" if bare => self.expr(on),
            "encode" | "decode" | "tobytes" if args.len() <= 1 && !self.is_coder(on) => {
                self.asked = None;
                let value = self.expr(on);
                match value.kind {
                    ExprKind::Unknown(_) => return Some(self.text_type(at)),
                    _ => value,
                }
            }
            "isoformat" | "strftime" | "isoformat_z" => {
                for arg in args {
                    self.expr(arg);
                }
                let value = self.expr(on);
                match value.kind {
                    ExprKind::OfType(_) if attribute.attr.as_str() == "isoformat" => value,
                    kind => {
                        self.note_made(attribute.attr.as_str(), vec![Expr::new(kind, value.span)], at);
                        self.text_type(at)
                    }
                }
            }
            "timestamp" if bare => {
                let on = self.expr(on);
                self.note_made("timestamp", vec![on], at);
                of_type(TypeKind::Number(Default::default()), at)
            }
            "hexdigest" | "hex" if bare => {
                let on = self.expr(on);
                self.note_made("hexdigest", vec![on], at);
                self.text_type(at)
            }
            "join" if matches!(on, Py::StringLiteral(_)) => {
                let from = args.iter().map(|arg| self.expr(arg)).collect();
                self.note_made("join", from, at);
                self.text_type(at)
            }
            "lower" | "upper" | "strip" | "title" | "capitalize" | "lstrip" | "rstrip" | "replace" | "casefold" | "zfill"
                if call.arguments.keywords.is_empty() && args.len() <= 2 =>
            {
                self.asked = Some(TypeExpr::new(TypeKind::String(Default::default()), at));
                let value = self.expr(on);
                self.asked = None;
                for arg in args {
                    self.expr(arg);
                }
                self.note_made(attribute.attr.as_str(), vec![value.clone()], at);
                match (attribute.attr.as_str(), value.kind) {
                    ("lower", ExprKind::Literal(Literal::Text(text))) => Expr::text(text.to_lowercase(), at),
                    ("upper", ExprKind::Literal(Literal::Text(text))) => Expr::text(text.to_uppercase(), at),
                    (_, _) => self.text_type(at),
                }
            }
            "format" => match on {
                Py::StringLiteral(format) => {
                    let lowered = self.arguments(call);
                    let positional: Vec<Expr> =
                        lowered.iter().filter(|arg| arg.name.is_none()).map(|arg| arg.value.clone()).collect();
                    let named: Vec<(Name, Expr)> =
                        lowered.iter().filter_map(|arg| Some((arg.name.clone()?, arg.value.clone()))).collect();
                    super::expressions::brace_template(format.value.to_str(), &positional, &named, at)
                }
                _ => return None,
            },
            "fromkeys" => match args {
                [keys, ..] => {
                    let texts = super::expressions::texts_of(keys)?;
                    let value = match args.get(1) {
                        Some(value) => self.expr(value),
                        None => Expr::new(ExprKind::Literal(Literal::Null), at),
                    };
                    let members = texts
                        .into_iter()
                        .map(|text| ValueMember::Entry {
                            key: Expr::text(text, span(keys.range())),
                            value: value.clone(),
                            conditional: false,
                        })
                        .collect();
                    Expr::new(ExprKind::Object(members), at)
                }
                [] => return None,
            },
            "pop" => return self.pop(on, call),
            "model_validate" | "parse_obj" | "from_orm" | "validate_python" => {
                let value = self.expr(args.first()?);
                let ty = self.validated_type(on)?;
                self.read_as_type(&value, ty.clone(), at);
                Expr::new(ExprKind::Typed(Box::new(value), Box::new(ty)), at)
            }
            "model_validate_json" | "parse_raw" | "validate_json" => {
                let value = self.expr(args.first()?);
                let ty = self.validated_type(on)?;
                let decoded = Expr::new(ExprKind::Decoded(Box::new(value), Some(Box::new(ty.clone()))), at);
                self.read_as_type(&decoded, ty, at);
                decoded
            }
            "model_construct" | "construct" => {
                let path = self.class_path(on)?;
                let lowered = self.arguments(call);
                let fields = lowered.into_iter().filter_map(|arg| Some((arg.name?, arg.value))).collect();
                let ty = TypeRef { path, args: Vec::new() };
                Expr::new(ExprKind::Record(Box::new(crate::facts::RecordExpr { ty, fields, base: None })), at)
            }
            "create_task" | "ensure_future" | "start_soon" => {
                let name = attribute.attr.as_str();
                match args.first()? {
                    Py::Call(_) => return self.deferring(call, name),
                    callee if name == "start_soon" => {
                        self.expr(on);
                        let deferred = Completion::Deferred(name.into());
                        return Some(self.deferred_call(callee, &args[1..], &[], deferred, at));
                    }
                    _ => return None,
                }
            }
            "add_task" => {
                let (callee, rest) = args.split_first()?;
                self.expr(on);
                self.deferred_call(
                    callee,
                    rest,
                    &call.arguments.keywords,
                    Completion::Deferred("BackgroundTasks.add_task".into()),
                    at,
                )
            }
            // A scheduler may be told a function by its dotted path as well.
            "add_job" => {
                let callee = args.first().or_else(|| call.arguments.find_keyword("func").map(|keyword| &keyword.value))?;
                if !matches!(callee, Py::Name(_) | Py::Attribute(_)) {
                    return None;
                }
                self.expr(on);
                self.deferred_call_packed(callee, call, Completion::Deferred("add_job".into()), at)?
            }
            "submit" if is_pool(self.receiver_name(on)) => {
                let (callee, rest) = args.split_first()?;
                self.expr(on);
                self.deferred_call(callee, rest, &call.arguments.keywords, Completion::Deferred("submit".into()), at)
            }
            "run_in_executor" => {
                let [_, callee, rest @ ..] = args else { return None };
                self.expr(on);
                let completion = match completion {
                    Completion::Awaited => Completion::Awaited,
                    _ => Completion::Deferred("run_in_executor".into()),
                };
                self.deferred_call(callee, rest, &[], completion, at)
            }
            _ => return None,
        })
    }

    /// `.encode` of something that is called a coder or serializer is a call of its own.
    fn is_coder(&self, on: &Py) -> bool {
        let name = self.receiver_name(on).to_ascii_lowercase();
        ["codec", "coder", "serializer", "jwt", "tokenizer", "schema"].iter().any(|part| name.contains(part))
    }

    /// What a validating method gives: the class it is called on, or the type of a `TypeAdapter`.
    fn validated_type(&mut self, on: &'a Py) -> Option<TypeExpr> {
        if let Py::Call(call) = on
            && self.full_name(&call.func).as_deref() == Some("pydantic.TypeAdapter")
        {
            return Some(self.annotation(call.arguments.args.first()?, Side::Read));
        }
        if let Py::Subscript(_) = on {
            return Some(self.annotation(on, Side::Read));
        }
        if let Py::Name(name) = on
            && matches!(self.lookup(&name.id), Some(ExprKind::This))
            && !self.classes.is_empty()
        {
            let path = self.classes.clone();
            return Some(TypeExpr::new(TypeKind::Ref(TypeRef { path, args: Vec::new() }), span(on.range())));
        }
        let path = self.class_path(on)?;
        Some(TypeExpr::new(TypeKind::Ref(TypeRef { path, args: Vec::new() }), span(on.range())))
    }

    /// A datetime or Decimal that reaches `json.dumps` without `default`: it raises where the code runs.
    fn note_unserializable(&mut self, value: &Expr) {
        let mut pending = vec![value];
        let mut found = None;
        while let Some(value) = pending.pop() {
            match &value.kind {
                ExprKind::Object(members) => pending.extend(members.iter().map(|member| match member {
                    ValueMember::Entry { value, .. } | ValueMember::Spread { value, .. } => value,
                })),
                ExprKind::Array(elements) => pending.extend(elements),
                ExprKind::OfType(ty) => {
                    let source = self.text.get(value.span.start as usize..value.span.end as usize).unwrap_or_default();
                    let is_text = source.trim_end().ends_with("isoformat()") || source.starts_with("str(");
                    if let TypeKind::String(shape) = &ty.kind
                        && !is_text
                        && let Some(format @ ("date-time" | "date" | "uuid")) = shape.format.as_deref()
                    {
                        found = Some((value.span, format.to_owned()));
                        break;
                    }
                }
                _ => {}
            }
        }
        if let Some((at, format)) = found {
            let what = match format.as_str() {
                "uuid" => "a UUID",
                "date" => "a date",
                _ => "a datetime",
            };
            self.facts.diagnostics.push(crate::facts::FactDiagnostic {
                severity: crate::finding::Severity::Note,
                span: Some(at),
                message: format!("`json.dumps` without `default` cannot write {what}"),
            });
        }
    }
}

fn is_pool(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.contains("executor") || name.contains("pool")
}
