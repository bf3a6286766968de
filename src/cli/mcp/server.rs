//! The server: each tool is a command of this program, run in a process of its own.
//!
//! So a tool says exactly what the command line says, and nothing that a repository makes a command do reaches the server.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, Implementation, JsonObject, ListToolsResult,
    PaginatedRequestParams, ServerCapabilities, ServerConfig, Tool, ToolAnnotations,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler, ServiceExt};
use serde_json::{Value, json};

use crate::cli::Outcome;
use crate::error::UserError;

/// Bytes of one answer. A longer one would fill the context of whoever asks; what to ask instead is said in its place.
const LONGEST_ANSWER: usize = 400_000;

const INSTRUCTIONS: &str = "driftgate says what a change to an event or webhook payload breaks, and for whom. Before renaming, \
removing or retyping a field of a payload, ask `who` reads it. After a change, and before saying that it is done, run `check`: \
verdict `breaking` means that a consumer no longer gets what it needs; a finding's `fix`, where there is one, is a proved way out.";

/// Serves until the peer closes standard input.
///
/// # Errors
/// Where the runtime cannot be started, or the peer does not speak the protocol.
pub fn serve(repo: &Path) -> Result<Outcome, UserError> {
    let failed = |what: &str, message: String| UserError::Usage {
        message: format!("the MCP server {what}: {message}"),
        help: "`driftgate mcp` speaks JSON-RPC over standard input and output: let an MCP client start it".to_owned(),
    };
    let program = std::env::current_exe().map_err(|error| failed("cannot find its own program", error.to_string()))?;
    let server = Server { program, repo: repo.to_path_buf() };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| failed("cannot start", error.to_string()))?;
    runtime.block_on(async {
        let running = server
            .serve(rmcp::transport::stdio())
            .await
            .map_err(|error| failed("was not greeted as it should", error.to_string()))?;
        running.waiting().await.map_err(|error| failed("ended badly", error.to_string()))?;
        Ok(Outcome::Done)
    })
}

#[derive(Clone)]
struct Server {
    program: PathBuf,
    repo: PathBuf,
}

/// One argument of a tool.
struct Parameter {
    name: &'static str,
    about: &'static str,
    kind: Kind,
    required: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// `--name=VALUE`
    Option,
    /// `--name`
    Flag,
    /// The value itself, after every option.
    Positional,
    /// Several values, after every option.
    Positionals,
}

struct Offer {
    name: &'static str,
    title: &'static str,
    about: &'static str,
    /// What stands before its arguments.
    command: &'static [&'static str],
    parameters: &'static [Parameter],
    /// Whether it answers JSON.
    json: bool,
}

const REPO: Parameter = Parameter {
    name: "repo",
    about: "The repository's folder, where it is not the server's own.",
    kind: Kind::Option,
    required: false,
};

const OFFERS: &[Offer] = &[
    Offer {
        name: "check",
        title: "Check a change",
        about: "Holds the working tree (or what is staged, or a commit) against the consumer contracts of its base: which events \
                change on the wire, whom that breaks, a payload that proves it, and the fix where there is a proved one.",
        command: &["check", "--format=json"],
        parameters: &[
            Parameter {
                name: "base",
                about: "The revision to compare with; by default the merge base with the remote's default branch.",
                kind: Kind::Option,
                required: false,
            },
            Parameter {
                name: "head",
                about: "A commit to check in place of the working tree.",
                kind: Kind::Option,
                required: false,
            },
            Parameter { name: "staged", about: "Check what is staged.", kind: Kind::Flag, required: false },
            REPO,
        ],
        json: true,
    },
    Offer {
        name: "who",
        title: "Who reads it",
        about: "Who emits an event or one field of it, and who reads it: code, contracts and schemas, with file and line.",
        command: &["who", "--format=json"],
        parameters: &[
            Parameter { name: "name", about: "The event, or EVENT.FIELD.", kind: Kind::Positional, required: true },
            Parameter {
                name: "rev",
                about: "A revision to look at in place of the files on disk.",
                kind: Kind::Option,
                required: false,
            },
            REPO,
        ],
        json: true,
    },
    Offer {
        name: "explain",
        title: "Explain a rule",
        about: "What a rule of a finding means, with an example and the way out; without a rule, all of them in a line each.",
        command: &["explain"],
        parameters: &[Parameter { name: "rule", about: "The rule's id.", kind: Kind::Positional, required: false }],
        json: false,
    },
    Offer {
        name: "extract",
        title: "List boundaries",
        about: "Every place where an event or webhook payload leaves or enters the code, with its shape on the wire as JSON Schema.",
        command: &["extract", "--format=json"],
        parameters: &[
            Parameter { name: "event", about: "Only this event.", kind: Kind::Option, required: false },
            Parameter { name: "paths", about: "Only these files and folders.", kind: Kind::Positionals, required: false },
            Parameter {
                name: "rev",
                about: "A revision to look at in place of the files on disk.",
                kind: Kind::Option,
                required: false,
            },
            REPO,
        ],
        json: true,
    },
];

impl Offer {
    fn tool(&self) -> Tool {
        let mut properties = JsonObject::new();
        for parameter in self.parameters {
            let schema = match parameter.kind {
                Kind::Option | Kind::Positional => json!({"type": "string", "description": parameter.about}),
                Kind::Flag => json!({"type": "boolean", "description": parameter.about}),
                Kind::Positionals => json!({"type": "array", "items": {"type": "string"}, "description": parameter.about}),
            };
            properties.insert(parameter.name.to_owned(), schema);
        }
        let required: Vec<&str> =
            self.parameters.iter().filter(|parameter| parameter.required).map(|parameter| parameter.name).collect();
        let mut schema = JsonObject::new();
        schema.insert("type".to_owned(), json!("object"));
        schema.insert("properties".to_owned(), Value::Object(properties));
        schema.insert("required".to_owned(), json!(required));
        schema.insert("additionalProperties".to_owned(), json!(false));
        let annotations = ToolAnnotations::with_title(self.title).read_only(true).destructive(false).open_world(false);
        Tool::new(self.name, self.about, Arc::new(schema)).with_annotations(annotations)
    }

    /// The arguments of the command line; an error says what is wrong with those of the call.
    fn arguments(&self, given: &JsonObject, repo: &Path) -> Result<Vec<String>, String> {
        if let Some(unknown) = given.keys().find(|name| !self.parameters.iter().any(|known| known.name == name.as_str())) {
            let known: Vec<&str> = self.parameters.iter().map(|parameter| parameter.name).collect();
            return Err(format!("`{unknown}` is no argument of `{}`; there are: {}", self.name, known.join(", ")));
        }
        let mut options: Vec<String> = self.command.iter().map(|word| (*word).to_owned()).collect();
        let mut values = Vec::new();
        for parameter in self.parameters {
            let wrong = |expected: &str| Err(format!("`{}` is to be {expected}", parameter.name));
            match (parameter.kind, given.get(parameter.name)) {
                (_, None | Some(Value::Null)) if parameter.required => {
                    return Err(format!("`{}` is missing: {}", parameter.name, parameter.about));
                }
                (_, None | Some(Value::Null)) if parameter.name == "repo" => options.push(format!("--repo={}", repo.display())),
                (_, None | Some(Value::Null)) => {}
                (Kind::Option, Some(Value::String(text))) => options.push(format!("--{}={text}", parameter.name)),
                (Kind::Positional, Some(Value::String(text))) => values.push(text.clone()),
                (Kind::Option | Kind::Positional, Some(_)) => return wrong("a text"),
                (Kind::Flag, Some(Value::Bool(true))) => options.push(format!("--{}", parameter.name)),
                (Kind::Flag, Some(Value::Bool(false))) => {}
                (Kind::Flag, Some(_)) => return wrong("true or false"),
                (Kind::Positionals, Some(Value::Array(items))) => {
                    for item in items {
                        match item {
                            Value::String(text) => values.push(text.clone()),
                            _ => return wrong("a list of texts"),
                        }
                    }
                }
                (Kind::Positionals, Some(_)) => return wrong("a list of texts"),
            }
        }
        if !values.is_empty() {
            options.push("--".to_owned());
            options.extend(values);
        }
        Ok(options)
    }
}

impl Server {
    /// Runs a command and gives what it said; exit code 1 is an answer, 2 is a failure.
    fn answer(&self, offer: &Offer, arguments: &[String]) -> CallToolResult {
        let failed = |text: String| CallToolResult::error(vec![ContentBlock::text(text)]);
        let output = Command::new(&self.program)
            .args(arguments)
            .env("NO_COLOR", "1")
            .env_remove("GITHUB_ACTIONS")
            .env_remove("GITLAB_CI")
            .stdin(Stdio::null())
            .output();
        let output = match output {
            Ok(output) => output,
            Err(error) => return failed(format!("`driftgate {}` cannot be run: {error}", offer.name)),
        };
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        if !matches!(output.status.code(), Some(0 | 1)) || text.is_empty() {
            let message = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return failed(if message.is_empty() { format!("`driftgate {}` gave no answer", offer.name) } else { message });
        }
        if text.len() > LONGEST_ANSWER {
            return failed(format!(
                "the answer has {} bytes, which is more than you want to read: name an event or paths (`extract`), or a nearer base \
                 (`check`)",
                text.len()
            ));
        }
        match serde_json::from_str::<Value>(&text) {
            Ok(value) if offer.json && value.is_object() => CallToolResult::structured(value),
            Ok(_) | Err(_) => CallToolResult::success(vec![ContentBlock::text(text)]),
        }
    }
}

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(Implementation::new("driftgate", env!("CARGO_PKG_VERSION")))
            .with_instructions(INSTRUCTIONS)
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(OFFERS.iter().map(Offer::tool).collect()))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let Some(offer) = OFFERS.iter().find(|offer| offer.name == request.name) else {
            let known: Vec<&str> = OFFERS.iter().map(|offer| offer.name).collect();
            return Err(ErrorData::invalid_params(
                format!("there is no tool `{}`; there are: {}", request.name, known.join(", ")),
                None,
            ));
        };
        let arguments = match offer.arguments(&request.arguments.unwrap_or_default(), &self.repo) {
            Ok(arguments) => arguments,
            Err(message) => return Err(ErrorData::invalid_params(message, None)),
        };
        let server = self.clone();
        let answer = tokio::task::spawn_blocking(move || server.answer(offer, &arguments)).await;
        answer.map(Into::into).map_err(|error| ErrorData::internal_error(error.to_string(), None))
    }
}
