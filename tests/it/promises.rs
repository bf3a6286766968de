//! Documents of other formats as promises, held against code and against themselves.

use serde_json::Value;

use crate::program::Place;

/// `rule path status via…` of every finding of a report.
fn lines(report: &Value) -> Vec<String> {
    report["findings"]
        .as_array()
        .expect("findings is a list")
        .iter()
        .map(|one| {
            let readers: Vec<&str> =
                one["consumers"].as_array().expect("a list").iter().filter_map(|reader| reader["via"].as_str()).collect();
            let part = |name: &str| one[name].as_str().unwrap_or_default().to_owned();
            format!("{} {} {} {} [{}]", part("severity"), part("status"), part("rule"), part("path"), readers.join(" "))
        })
        .collect()
}

fn sender(topic: &str, body: &str) -> String {
    format!(
        "import {{ Kafka }} from \"kafkajs\";\nconst producer = new Kafka({{ brokers: [] }}).producer();\n\
         export async function sent(id: string, count: number, names: string[]) {{\n  await producer.send({{ topic: \"{topic}\", \
         messages: [{{ value: JSON.stringify({body}) }}] }});\n}}\n"
    )
}

#[test]
fn a_number_of_which_nothing_is_said_may_be_whole() {
    let place = Place::repository();
    place.write(
        "contracts/crm.yaml",
        "consumer: crm\nevents:\n  order.paid:\n    fields:\n      count: integer\n      more?: integer|null\n",
    );
    let verify = |body: &str, code: i32| {
        place.write("src/a.ts", sender("order.paid", body));
        let report = place.run(&["contracts", "verify", "--format", "json"]).exits(code).json();
        (lines(&report), report["summary"]["unknown"].as_u64().unwrap_or_default())
    };
    // Nobody can say, and nothing is made of it.
    assert_eq!(verify("{ count }", 0), (Vec::new(), 1));
    assert_eq!(verify("{ count, more: id ? count : null }", 0), (Vec::new(), 1));
    assert_eq!(verify("{ count: 3 }", 0), (Vec::new(), 0));
    // A fraction is one, and a text is no number.
    assert_eq!(verify("{ count: 0.5 }", 1).0, ["error new contract-violated /count [contract]"]);
    assert_eq!(verify("{ count: id }", 1).0, ["error new contract-violated /count [contract]"]);
}

/// A reader that turns something away already is given a new reason: the old one does not hide it.
#[test]
fn what_stood_there_before_hides_nothing_new() {
    let pact = r#"{"consumer": {"name": "zoo"}, "provider": {"name": "farm"}, "interactions": [
        {"type": "Asynchronous/Messages", "description": "animal.born", "contents": {"contentType": "application/json", "encoded": false,
         "content": {"feet": 4, "names": ["Mary"]}}, "matchingRules": {"body": {"$.feet": {"combine": "AND", "matchers": [{"match": "integer"}]},
         "$.names": {"combine": "AND", "matchers": [{"match": "type", "min": 1}]}}}}],
        "metadata": {"pactSpecification": {"version": "4.0"}}}"#;
    let place = Place::repository();
    place.write("pacts/zoo-farm.json", pact);
    place.write("src/a.ts", sender("animal.born", "{ feet: 4, names }"));
    place.commit("Begin");
    place.write("src/a.ts", sender("animal.born", "{ feet: \"4\", names }"));
    let report = place.run(&["check", "--base", "HEAD", "--format", "json"]).exits(1).json();
    assert_eq!(lines(&report)[0], "error new type-changed /feet [pact]");
    // What was there before alone is known.
    place.write("src/a.ts", sender("animal.born", "{ feet: 4, names, id }"));
    let report = place.run(&["check", "--base", "HEAD", "--format", "json"]).exits(0).json();
    assert!(lines(&report).contains(&"error known contract-violated /names [pact]".to_owned()), "{report:#}");
    // The same of the schema that is registered for what is sent.
    let place = Place::repository();
    place.write(
        "schemas/animal.born.json",
        "{\"$schema\": \"https://json-schema.org/draft/2020-12/schema\", \"type\": \"object\", \"required\": [\"feet\", \"names\"], \
         \"properties\": {\"feet\": {\"type\": \"integer\"}, \"names\": {\"type\": \"array\", \"minItems\": 1}}}",
    );
    place.write("driftgate.toml", "[[schema]]\nfiles = \"schemas/*.json\"\n");
    place.write("src/a.ts", sender("animal.born", "{ feet: 4, names }"));
    place.commit("Begin");
    place.write("src/a.ts", sender("animal.born", "{ feet: \"4\", names }"));
    let report = place.run(&["check", "--base", "HEAD", "--format", "json"]).exits(1).json();
    let found = lines(&report);
    assert!(found.contains(&"error new contract-violated /feet [schema]".to_owned()), "{found:#?}");
    assert!(found.contains(&"error known contract-violated /names [schema]".to_owned()), "{found:#?}");
}

const LIGHTS: &str = "asyncapi: 3.0.0\ninfo: { title: Lights, version: '1' }\nchannels:\n  on:\n    address: lights.{id}.on\n    \
                      parameters: { id: {} }\n    messages: { turn: { $ref: '#/components/messages/turn' } }\n  measured:\n    \
                      address: lights.measured\n    messages: { light: { $ref: '#/components/messages/light' } }\noperations:\n  \
                      turn: { action: send, channel: { $ref: '#/channels/on' } }\n  light: { action: receive, channel: { $ref: \
                      '#/channels/measured' } }\ncomponents:\n  messages:\n    turn:\n      payload:\n        type: object\n        \
                      required: [command]\n        properties:\n          command: { type: string }\n    light:\n      payload:\n        \
                      type: object\n        properties:\n          lumens: { type: integer }\n";

#[test]
fn an_address_with_parameters_is_compared_and_a_loosened_field_is_shown_where_it_stood() {
    let place = Place::repository();
    place.write("asyncapi.yaml", LIGHTS);
    place.commit("Begin");
    place.write("asyncapi.yaml", LIGHTS.replace("command", "order").replace("lumens", "brightness"));
    let report = place.run(&["check", "--base", "HEAD", "--format", "json"]).exits(1).json();
    let found = lines(&report);
    assert!(found.contains(&"error new field-removed /command [base]".to_owned()), "{found:#?}");
    let loosened =
        report["findings"].as_array().expect("a list").iter().find(|one| one["rule"] == "contract-loosened").expect("it is told");
    let line = 1 + LIGHTS.lines().position(|line| line.contains("lumens")).expect("it is there");
    assert_eq!(loosened["base"]["line"].as_u64(), Some(line as u64));
}

#[test]
fn an_event_of_the_bus_is_held_against_its_schema() {
    let code = "import { EventBridgeClient, PutEventsCommand } from \"@aws-sdk/client-eventbridge\";\nconst client = new \
                EventBridgeClient({});\nexport async function created(tenantId: string) {\n  await client.send(new \
                PutEventsCommand({ Entries: [{ Source: \"app\", DetailType: \"TenantCreated\", Detail: JSON.stringify({ tenantId }) }] \
                }));\n}\n";
    let schema = r##"{"openapi": "3.0.0", "info": {"title": "TenantCreated", "version": "1.0.0"}, "paths": {}, "components": {"schemas": {
        "AWSEvent": {"type": "object", "required": ["detail-type", "detail"], "x-amazon-events-detail-type": "TenantCreated",
        "x-amazon-events-source": "app", "properties": {"detail": {"$ref": "#/components/schemas/TenantCreated"}}},
        "TenantCreated": {"type": "object", "required": ["tenantId"], "properties": {"tenantId": {"type": "string"}}}}}}"##;
    let place = Place::repository();
    place.write("src/a.ts", code);
    place.write("schemas/tenant.json", schema);
    place.run(&["contracts", "verify"]).exits(0);
    place.commit("Begin");
    place.write("src/a.ts", code.replace("{ tenantId }", "{ tenant: tenantId }"));
    let report = place.run(&["check", "--base", "HEAD", "--format", "json"]).exits(1).json();
    let found = lines(&report);
    assert!(found.contains(&"error new contract-violated /tenantId [schema]".to_owned()), "{found:#?}");
}

#[test]
fn a_message_of_protobuf_is_found_by_its_name() {
    let proto = "syntax = \"proto3\";\npackage acme.v1;\nmessage OrderShipped {\n  string order_id = 1;\n  repeated Item items = 2;\n}\n\
                 message Item { string sku = 1; uint32 qty = 2; }\nmessage OrderVoided { string why = 1; }\n";
    let place = Place::repository();
    place.write("proto/events/order.proto", proto);
    place.write("src/a.ts", sender("OrderVoided", "{ why: id }"));
    place.write("src/b.ts", sender("OrderShipped", "{ orderId: id, items: [{ sku: id, qty: 1 }] }"));
    place.run(&["contracts", "verify"]).exits(0);
    place.commit("Begin");
    place.write("src/a.ts", sender("OrderVoided", "{ why: 5 }"));
    place.write("src/b.ts", sender("OrderShipped", "{ orderId: id, items: [{ sku: id, qty: true }] }"));
    let report = place.run(&["check", "--base", "HEAD", "--format", "json"]).exits(1).json();
    let found = lines(&report);
    assert!(found.contains(&"error new contract-violated /why [schema]".to_owned()), "{found:#?}");
    assert!(found.iter().any(|line| line.starts_with("error new contract-violated /items/")), "{found:#?}");
    // The document itself, changed.
    place.git(&["checkout", "-q", "."]);
    place.write("proto/events/order.proto", proto.replace("string why", "int32 why"));
    let report = place.run(&["check", "--base", "HEAD", "--format", "json"]).exits(1).json();
    assert!(lines(&report).iter().any(|line| line.contains("type-changed /why")), "{report:#}");
}

/// A task and a webhook of one name are two things: the message to the task is no request to an address.
#[test]
fn a_webhook_of_a_document_says_nothing_of_a_task_of_its_name() {
    let openapi = "openapi: 3.1.0\ninfo: { title: API, version: '1' }\nwebhooks:\n  order.paid:\n    post:\n      requestBody:\n        \
                   content:\n          application/json:\n            schema:\n              type: object\n              required: \
                   [data]\n              properties: { data: { type: object } }\n";
    let task = "from celery import Celery\n\napp = Celery(\"shop\")\n\n\n@app.task(name=\"order.paid\")\ndef paid(order_id: str) -> None:\n    \
                print(order_id)\n\n\ndef sold(order_id: str) -> None:\n    paid.delay(order_id=order_id)\n";
    let place = Place::repository();
    place.write("openapi.yaml", openapi);
    place.write("shop/tasks.py", task);
    let said = place.run(&["extract", "--event", "order.paid", "--format", "json"]).exits(0).json();
    assert_eq!(said["boundaries"].as_array().map(Vec::len), Some(2), "{said:#}");
    let report = place.run(&["contracts", "verify", "--format", "json"]).exits(0).json();
    assert_eq!(lines(&report), Vec::<String>::new());
}

#[test]
fn what_is_not_known_of_one_form_of_a_payload_is_no_evidence() {
    let place = Place::repository();
    place.write(
        "contracts/crm.yaml",
        "consumer: crm\nevents:\n  rows.kept:\n    fields:\n      rows:\n        type: array\n        items: { fields: { id?: string } }\n",
    );
    let code = |types: &str| {
        format!(
            "import {{ Kafka }} from \"kafkajs\";\nconst producer = new Kafka({{ brokers: [] }}).producer();\nexport async function \
             kept(rows: {types}) {{\n  await producer.send({{ topic: \"rows.kept\", messages: [{{ value: JSON.stringify({{ rows }}) \
             }}] }});\n}}\n"
        )
    };
    let verify = |types: &str, code_of_exit: i32| {
        place.write("src/a.ts", code(types));
        let report = place.run(&["contracts", "verify", "--format", "json"]).exits(code_of_exit).json();
        (lines(&report).len(), report["summary"]["unknown"].as_u64().unwrap_or_default())
    };
    assert_eq!(verify("{ id: string }[] | Record<string, unknown>[]", 0), (0, 1));
    assert_eq!(verify("{ id: string }[] | { note: string }[]", 0), (0, 0));
    assert_eq!(verify("{ id: string }[] | { id: number }[]", 1).0, 1);
}

/// A program that reads and answers over one socket under the same words: the contract is of what it reads.
#[test]
fn what_a_program_answers_is_not_what_its_contract_reads() {
    let place = Place::repository();
    place.write("Cargo.toml", "[package]\nname = \"relay\"\nversion = \"0.1.0\"\n");
    place.write("src/main.rs", "mod message;\nmod socket;\nfn main() {}\n");
    place.write(
        "src/message.rs",
        "use serde::{Deserialize, Serialize};\n#[derive(Deserialize)]\n#[serde(tag = \"type\", rename_all = \"lowercase\")]\n\
         pub enum In { Request { id: String, method: String }, Pong }\n#[derive(Serialize)]\n\
         #[serde(tag = \"type\", rename_all = \"lowercase\")]\npub enum Out { Request { id: String, status: u16 }, Ping }\n",
    );
    place.write(
        "src/socket.rs",
        "use crate::message::{In, Out};\nuse tokio_tungstenite::tungstenite::Message;\n\
         pub async fn relay(mut socket: tokio_tungstenite::WebSocketStream<tokio::net::TcpStream>, text: String) {\n    \
         let request: In = serde_json::from_str(&text).unwrap();\n    match request {\n        \
         In::Request { id, method } => {\n            let answer = Out::Request { id, status: method.len() as u16 };\n            \
         socket.send(Message::Text(serde_json::to_string(&answer).unwrap())).await.unwrap();\n        }\n        \
         In::Pong => {}\n    }\n}\n",
    );
    let sent = place.run(&["extract", "--format", "json"]).exits(0).json();
    let roles: Vec<&str> = sent["boundaries"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|boundary| boundary["event"] == "request")
        .filter_map(|boundary| boundary["role"].as_str())
        .collect();
    assert_eq!(roles, ["consumer", "producer"]);
    place.run(&["contracts", "record"]).exits(0);
    assert!(std::fs::read_to_string(place.dir.join("contracts/relay.yaml")).expect("it was written").contains("method: string"));
    assert_eq!(lines(&place.run(&["contracts", "verify", "--format", "json"]).exits(0).json()), Vec::<String>::new());
    // Of another consumer it is a promise about what is sent.
    place.write("contracts/hub.yaml", "consumer: hub\nevents:\n  request:\n    fields:\n      method: string\n");
    let told = lines(&place.run(&["contracts", "verify", "--format", "json"]).exits(1).json());
    assert_eq!(told, ["error new contract-violated /method [contract]"]);
}

/// What a server hands on to its pages under the name of a message is not what the message's own reader gets.
#[test]
fn a_reader_of_a_queue_is_not_held_against_what_a_socket_sends() {
    let place = Place::repository();
    let server = |pushed: &str| {
        format!(
            "import {{ Kafka }} from \"kafkajs\";\nimport {{ Server }} from \"socket.io\";\n\
             const producer = new Kafka({{ brokers: [] }}).producer();\nconst io = new Server();\n\
             export async function paid(id: string, total: number) {{\n  await producer.send({{ topic: \"order.paid\", messages: [{{ value: \
             JSON.stringify({{ id, total }}) }}] }});\n  io.emit(\"order.paid\", {pushed});\n}}\n"
        )
    };
    place.write("shop/package.json", "{\"name\": \"shop\"}");
    place.write("shop/paid.ts", server("{ id, total }"));
    place.write("books/package.json", "{\"name\": \"books\"}");
    place.write(
        "books/paid.ts",
        "import { Kafka } from \"kafkajs\";\nconst consumer = new Kafka({ brokers: [] }).consumer({ groupId: \"books\" });\n\
         await consumer.subscribe({ topic: \"order.paid\" });\nawait consumer.run({ eachMessage: async ({ message }) => {\n  \
         const order = JSON.parse(message.value!.toString());\n  book(order.id, order.total.toFixed(2));\n} });\n",
    );
    place.write("page/package.json", "{\"name\": \"page\"}");
    place.write(
        "page/paid.ts",
        "import { io } from \"socket.io-client\";\nconst socket = io();\n\
         socket.on(\"order.paid\", (order: { id: string }) => show(order.id.trim()));\n",
    );
    place.run(&["contracts", "record"]).exits(0);
    place.commit("Pay");
    place.git(&["checkout", "-q", "-b", "lean"]);
    // The page never read the total.
    place.write("shop/paid.ts", server("{ id }"));
    let told = lines(&place.run(&["check", "--base", "main", "--format", "json"]).exits(0).json());
    assert_eq!(told, ["warning new field-removed /total []"]);
    // What it reads is missed by the page alone.
    place.write("shop/paid.ts", server("{ total }"));
    let report = place.run(&["check", "--base", "main", "--format", "json"]).exits(1).json();
    let names: Vec<&str> = report["findings"][0]["consumers"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|reader| reader["name"].as_str())
        .collect();
    assert!(names.iter().all(|name| *name == "page") && !names.is_empty(), "{names:?}");
}
