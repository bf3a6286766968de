//! What code has shown of a value before it sends it: that it is there, and which of some texts it is.

use serde_json::{Value, json};

use crate::program::Place;

/// The properties of the one payload that a file sends.
fn sent(path: &str, text: &str) -> Value {
    let place = Place::repository();
    place.write(path, text);
    let report = place.run(&["extract", "--format", "json"]).json();
    let found: Vec<&Value> =
        report["boundaries"].as_array().expect("a list").iter().filter(|one| one["role"] == "producer").collect();
    assert_eq!(found.len(), 1, "{report:#}");
    json!([found[0]["schema"]["properties"], found[0]["schema"]["required"]])
}

fn typescript(body: &str, payload: &str) -> Value {
    sent(
        "src/app.ts",
        &format!(
            "import {{ Queue }} from \"bullmq\";\nconst queue = new Queue(\"m\");\ntype Plan = \"free\" | \"pro\";\ninterface Order {{ id: \
             string | null; note?: string | null; parts: string[] }}\ndeclare function made(): Promise<string>;\nexport async \
             function send(order: Order) {{\n{body}\n  await queue.add(\"m\", {payload});\n}}\n"
        ),
    )
}

#[test]
fn what_the_code_says_is_there_is_there() {
    assert_eq!(typescript("", "{ id: order.id! }"), json!([{"id": {"type": "string"}}, ["id"]]));
    assert_eq!(typescript("const { note } = order;", "{ note: note! }"), json!([{"note": {"type": "string"}}, ["note"]]));
    // Without it, it need not be.
    assert_eq!(typescript("", "{ id: order.id }"), json!([{"id": {"type": ["string", "null"]}}, ["id"]]));
}

#[test]
fn what_a_test_has_shown_of_a_member_holds_for_what_a_pattern_takes_out() {
    let there = json!([{"id": {"type": "string"}}, ["id"]]);
    assert_eq!(typescript("if (!order || !order.id) return;\nconst { id } = order;", "{ id }"), there);
    // Of another member nothing has been shown.
    let open = json!([{"id": {"type": ["string", "null"]}}, ["id"]]);
    assert_eq!(typescript("if (!order || !order.note) return;\nconst { id } = order;", "{ id }"), open);
}

#[test]
fn a_variable_that_is_filled_where_it_is_empty_is_there_afterwards() {
    let there = json!([{"id": {"type": "string"}}, ["id"]]);
    assert_eq!(typescript("let id = order.id;\nif (!id) { id = await made(); }", "{ id }"), there);
    assert_eq!(typescript("let id = order.id;\nif (id === null) { id = await made(); }", "{ id }"), there);
    // Filled for another reason, it may still be empty.
    let open = json!([{"id": {"type": ["string", "null"]}}, ["id"]]);
    assert_eq!(typescript("let id = order.id;\nif (order.note) { id = await made(); }", "{ id }"), open);
}

#[test]
fn a_type_says_which_texts_a_text_is() {
    let plan = json!([{"plan": {"enum": ["free", "pro"]}}, ["plan"]]);
    assert_eq!(typescript("", "{ plan: order.parts[0] as Plan }"), plan);
}

#[test]
fn what_a_memo_gives_is_what_its_closure_gives() {
    let plan = json!([{"plan": {"enum": ["free", "pro"]}}, ["plan"]]);
    assert_eq!(typescript("const plan = useMemo(() => order.parts[0] as Plan, [order]);", "{ plan }"), plan);
    assert_eq!(typescript("const plan = React.useMemo(() => order.parts[0] as Plan, [order]);", "{ plan }"), plan);
}

#[test]
fn an_attribute_of_a_python_object_is_there() {
    let sends = |bases: &str, annotation: &str| {
        sent(
            "app.py",
            &format!(
                "from celery import shared_task\nfrom ext import Record\n\n\nclass Token{bases}:\n    name: str\n\n\nclass Other{bases}:\n    name: str\n\n\n@shared_task\ndef \
                 seen(token_id, name):\n    print(token_id, name)\n\n\ndef send(token: {annotation}):\n    seen.delay(token_id=token.id, \
                 name=token.name)\n"
            ),
        )
    };
    for bases in ["", "(Record)"] {
        assert_eq!(sends(bases, "Token")[1], json!(["token_id", "name"]), "{bases}");
        assert_eq!(sends(bases, "Token | None"), sends(bases, "Token"), "{bases}");
        assert_eq!(sends(bases, "Token | Other")[1], json!(["token_id", "name"]), "{bases}");
    }
}
