//! The price of containment, beside the bare prover of the `jsonschema` crate.

fn main() {
    divan::main();
}

mod pairs {
    use driftgate::prove::{self, Document, Options};
    use serde_json::{Map, Value, json};

    fn document(value: &Value) -> Document {
        Document::new(value.clone(), None, &[]).expect("a schema")
    }

    fn order(limit: u64) -> Value {
        json!({
            "type": "object",
            "required": ["id", "total", "items"],
            "properties": {
                "id": {"type": "string", "format": "uuid"},
                "total": {"type": "integer", "minimum": 0, "maximum": limit},
                "currency": {"enum": ["EUR", "USD"]},
                "items": {"type": "array", "items": {
                    "type": "object",
                    "required": ["sku"],
                    "properties": {"sku": {"type": "string", "pattern": "^[A-Z]{3}-[0-9]+$"}, "count": {"type": "integer"}}
                }}
            },
            "additionalProperties": false
        })
    }

    fn wide(count: usize, edited: Option<usize>) -> Value {
        let properties: Map<String, Value> = (0..count)
            .map(|index| {
                let kind = if Some(index) == edited { "integer" } else { "string" };
                (format!("field_{index}"), json!({"type": kind, "title": format!("Field {index}")}))
            })
            .collect();
        json!({"type": "object", "properties": properties, "required": ["field_0", "field_1"]})
    }

    #[divan::bench]
    fn small_contained(bencher: divan::Bencher<'_, '_>) {
        let (old, new) = (order(10), order(100));
        bencher
            .with_inputs(|| (document(&new), document(&old)))
            .bench_refs(|(consumer, producer)| prove::contains(consumer, producer, &Options::default()));
    }

    #[divan::bench]
    fn small_escapes(bencher: divan::Bencher<'_, '_>) {
        let (old, new) = (order(100), order(10));
        bencher
            .with_inputs(|| (document(&new), document(&old)))
            .bench_refs(|(consumer, producer)| prove::contains(consumer, producer, &Options::default()));
    }

    #[divan::bench]
    fn small_bare_covers(bencher: divan::Bencher<'_, '_>) {
        let (old, new) = (order(10), order(100));
        bencher.bench_local(|| {
            let producer = jsonschema::canonicalize(&old).expect("canonical");
            let consumer = jsonschema::canonicalize(&new).expect("canonical");
            consumer.covers(&producer)
        });
    }

    #[divan::bench]
    fn a_thousand_properties_edited(bencher: divan::Bencher<'_, '_>) {
        let (old, new) = (wide(1_000, None), wide(1_000, Some(500)));
        bencher
            .with_inputs(|| (document(&new), document(&old)))
            .bench_refs(|(consumer, producer)| prove::contains(consumer, producer, &Options::default()));
    }

    #[divan::bench]
    fn a_thousand_properties_bare_covers(bencher: divan::Bencher<'_, '_>) {
        let (old, new) = (wide(1_000, None), wide(1_000, Some(500)));
        bencher.bench_local(|| {
            let producer = jsonschema::canonicalize(&old).expect("canonical");
            let consumer = jsonschema::canonicalize(&new).expect("canonical");
            consumer.covers(&producer)
        });
    }
}
