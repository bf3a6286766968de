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

    /// Events of a service as one union, told apart by their names; what they have in common stands in definitions.
    fn bundle(count: usize, edited: Option<usize>) -> Value {
        let mut definitions = Map::new();
        for index in 0..count / 4 {
            let mut part = wide(40, None);
            part["properties"]["next"] =
                json!({"anyOf": [{"$ref": format!("#/$defs/part_{}", (index + 1) % (count / 4))}, {"type": "null"}]});
            definitions.insert(format!("part_{index}"), part);
        }
        let events: Vec<Value> = (0..count)
            .map(|index| {
                let mut event = order(if Some(index) == edited { 100 } else { 10 });
                event["properties"]["event"] = json!({"const": format!("event_{index}")});
                event["properties"]["subject"] = json!({"$ref": format!("#/$defs/part_{}", index % (count / 4))});
                event["required"] = json!(["event", "subject", "id", "total", "items"]);
                event
            })
            .collect();
        json!({"oneOf": events, "$defs": definitions})
    }

    #[divan::bench(sample_count = 10)]
    fn a_bundle_of_events_within_its_wider_self(bencher: divan::Bencher<'_, '_>) {
        let (old, new) = (bundle(200, None), bundle(200, Some(120)));
        bencher
            .with_inputs(|| (document(&new), document(&old)))
            .bench_refs(|(consumer, producer)| prove::contains(consumer, producer, &Options::default()));
    }

    #[divan::bench(sample_count = 10)]
    fn a_bundle_of_events_escapes_its_narrower_self(bencher: divan::Bencher<'_, '_>) {
        let (old, new) = (bundle(200, Some(120)), bundle(200, None));
        bencher
            .with_inputs(|| (document(&new), document(&old)))
            .bench_refs(|(consumer, producer)| prove::contains(consumer, producer, &Options::default()));
    }
}
