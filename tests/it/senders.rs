//! What a change makes of the senders of one event: who is held to be the successor of whom, and what a further one is held against.

use serde_json::Value;

use crate::program::Place;

/// `severity rule event path` of every finding of a change.
fn said(base: &[(&str, &str)], head: &[(&str, &str)]) -> Vec<String> {
    let place = Place::new();
    for (side, files) in [("base", base), ("head", head)] {
        for (path, text) in files {
            place.write(&format!("{side}/{path}"), text);
        }
    }
    let report: Value = place.run(&["check", "--base-dir", "base", "--head-dir", "head", "--format", "json"]).json();
    let part = |one: &Value, name: &str| one[name].as_str().unwrap_or_default().to_owned();
    let line =
        |one: &Value| format!("{} {} {} {}", part(one, "severity"), part(one, "rule"), part(one, "event"), part(one, "path"));
    report["findings"].as_array().expect("findings is a list").iter().map(line).collect()
}

#[test]
fn a_further_sender_is_held_against_what_all_others_send_and_not_against_their_values() {
    let sends = |places: &[&str]| {
        let calls: Vec<String> = places
            .iter()
            .enumerate()
            .map(|(at, body)| format!("export async function place{at}(id: string) {{ await queue.add(\"tour\", {body}); }}\n"))
            .collect();
        format!("import {{ Queue }} from \"bullmq\";\nconst queue = new Queue(\"tours\");\n{}", calls.concat())
    };
    let compared = |added: &str| {
        let base = sends(&["{ step: \"one\", id }", "{ step: \"two\", by: id }"]);
        let head = sends(&["{ step: \"one\", id }", "{ step: \"two\", by: id }", added]);
        said(&[("src/tours.ts", &base)], &[("src/tours.ts", &head)])
    };
    // Another value, with what one of them has.
    assert_eq!(compared("{ step: \"three\", by: id, more: 1 }"), Vec::<String>::new());
    // Neither of them sends a number.
    assert_eq!(compared("{ step: 3, id }"), ["warning contract-violated tour /step"]);
    // Like one of them, if not like the one that it has most in common with.
    let base = sends(&["{ step: \"one\", id, by: id }", "{ step: \"two\" }"]);
    let head = sends(&["{ step: \"one\", id, by: id }", "{ step: \"two\" }", "{ step: \"three\", id }"]);
    assert_eq!(said(&[("src/tours.ts", &base)], &[("src/tours.ts", &head)]), Vec::<String>::new());
}

#[test]
fn a_helper_sends_what_it_is_called_with() {
    let code = |key: &str| {
        format!(
            "import {{ Queue }} from \"bullmq\";\nexport class Jobs {{\n  constructor(private queue: Queue) {{}}\n  send(data: any) {{ \
             return this.queue.add(\"invoice\", data); }}\n}}\nexport class Orders {{\n  constructor(private jobs: Jobs) {{}}\n  \
             paid(id: string) {{ return this.jobs.send({{ {key}: id, kind: \"paid\" }}); }}\n  late(id: string) {{ return \
             this.jobs.send({{ customerId: id, kind: \"late\" }}); }}\n}}\n"
        )
    };
    let (base, head) = (code("customerId"), code("customer_id"));
    let found = said(&[("src/jobs.ts", &base)], &[("src/jobs.ts", &head)]);
    assert_eq!(found, ["error field-renamed invoice /customerId"]);
}

#[test]
fn what_carries_the_same_values_is_the_same_sender() {
    let sends = |bodies: &[(&str, &str)]| {
        let calls: Vec<String> = bodies
            .iter()
            .map(|(name, body)| format!("export async function {name}(id: string) {{ await queue.add(\"tour\", {body}); }}\n"))
            .collect();
        format!("import {{ Queue }} from \"bullmq\";\nconst queue = new Queue(\"tours\");\n{}", calls.concat())
    };
    let base = sends(&[("open", "{ step: \"opened\", id }"), ("choose", "{ step: \"chosen\", id }")]);
    let head = sends(&[("choose", "{ step: \"opened\", id, more: 1 }")]);
    // Nothing sends `chosen` any more; what `choose` sends now is what `open` sent.
    let found = said(&[("src/tours.ts", &base)], &[("src/tours.ts", &head)]);
    assert!(found.iter().all(|one| !one.contains("const-changed")), "{found:#?}");
}

#[test]
fn a_listed_value_beside_its_type_is_no_further_form() {
    let sends = |plan: &str| {
        format!(
            "import {{ Queue }} from \"bullmq\";\nconst queue = new Queue(\"plans\");\nexport async function sent(plan: {plan}, ids: \
             string[]) {{ await queue.add(\"plan\", {{ plan, ids }}); }}\n"
        )
    };
    let compared = |old: &str, new: &str| said(&[("src/plans.ts", &sends(old))], &[("src/plans.ts", &sends(new))]);
    assert_eq!(compared("null | string", "string | \"free\""), Vec::<String>::new());
    assert_eq!(compared("string", "string | \"free\""), Vec::<String>::new());
}

#[test]
fn a_list_of_which_nothing_is_known_is_no_further_form() {
    let sends = |items: &str| {
        format!(
            "import {{ Queue }} from \"bullmq\";\nimport type {{ Foreign }} from \"elsewhere\";\nconst queue = new Queue(\"lists\");\nexport \
             async function sent(items: {items}) {{ await queue.add(\"list\", {{ items }}); }}\n"
        )
    };
    let (base, head) = (sends("string[] | number"), sends("string[] | Foreign[] | number"));
    let found = said(&[("src/lists.ts", &base)], &[("src/lists.ts", &head)]);
    assert_eq!(found, ["warning unknown-compatibility list /items"]);
}

#[test]
fn a_request_that_a_document_tells_of_is_no_message_to_a_task_of_its_name() {
    let code = "from celery import shared_task\n\n\n@shared_task(name=\"order.created\")\ndef order_created(order_id):\n    \
                print(order_id)\n\n\ndef send(order):\n    order_created.delay(order_id=order[\"id\"])\n";
    let document = serde_json::json!({
        "openapi": "3.1.0",
        "info": { "title": "Shop", "version": "1" },
        "webhooks": { "order.created": { "post": { "requestBody": { "content": { "application/json": { "schema": {
            "type": "object", "required": ["type"], "properties": { "type": { "const": "order.created" } }
        } } } }, "responses": { "200": { "description": "seen" } } } } }
    })
    .to_string();
    let found = said(&[("app/tasks.py", code)], &[("app/tasks.py", code), ("docs/openapi.json", &document)]);
    assert!(found.iter().all(|one| one.starts_with("note")), "{found:#?}");
}

#[test]
fn what_a_reader_reads_anew_is_a_note_where_nobody_knows_what_is_sent_there() {
    let code = |reads: &str, sent: &str| {
        format!(
            "import {{ Queue, Worker }} from \"bullmq\";\nconst queue = new Queue(\"orders\");\nexport async function send(row: any) {{ \
             await queue.add(\"order\", {{ row: {sent} }}); }}\nnew Worker(\"orders\", async (job) => {{ if (job.name === \"order\") {{ \
             {reads} }} }});\n"
        )
    };
    let compared = |sent: &str| {
        let (base, head) = (code("take(job.data.row.id);", sent), code("take(job.data.row.id, job.data.row.more);", sent));
        said(&[("src/orders.ts", &base)], &[("src/orders.ts", &head)])
    };
    assert_eq!(compared("row"), ["note required-field-added order /row/more"]);
    // What is sent is known, and lacks it.
    assert_eq!(compared("{ id: row.id }"), ["error required-field-added order /row/more"]);
}

#[test]
fn what_is_not_known_of_the_values_of_a_map_breaks_nobody() {
    let code = |sender: &str| {
        format!(
            "import {{ task }} from \"@trigger.dev/sdk\";\nimport {{ part }} from \"elsewhere\";\ntype Folders = {{ [path: string]: {{ name: \
             string; path: string }} }};\nfunction list(paths: {{ p: string }}[], folders: Folders) {{ for (const one of paths) {{ \
             console.log(folders[one.p].name, folders[one.p].path); }} }}\nexport const zip = task({{ id: \"zip\", run: async (payload: {{ \
             folders: Folders; id: string }}) => {{ list([], payload.folders); }} }});\n{sender}"
        )
    };
    let sends = |value: &str| {
        format!(
            "export async function send(path: string, id: string) {{ const folders: Record<string, object> = {{}}; folders[path] = {{ name: \
             {value}, path }}; await zip.trigger({{ folders, id }}); }}\n"
        )
    };
    let compared = |value: &str| said(&[("src/zip.ts", &code(""))], &[("src/zip.ts", &code(&sends(value)))]);
    assert_eq!(compared("part(id)"), Vec::<String>::new());
    // A number is known to be no text.
    assert_eq!(compared("3"), ["error contract-violated zip /folders/extra/name"]);
}
