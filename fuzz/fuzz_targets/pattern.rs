//! No pattern and no document, however odd, brings the prover down, and a text that a pattern tells apart is a witness.
#![no_main]

use driftgate::prove::{self, Document, Options};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

fuzz_target!(|text: &str| {
    let (a, b) = text.split_once('\n').unwrap_or((text, "a"));
    let document = |pattern: &str| Document::new(json!({"type": "string", "pattern": pattern}), None, &[]);
    if let (Ok(producer), Ok(consumer)) = (document(a), document(b)) {
        let _ = prove::contains(&consumer, &producer, &Options { steps: 2_000 });
    }
    if let (Ok(a), Ok(b)) = (serde_json::from_str::<Value>(a), serde_json::from_str::<Value>(b))
        && let (Ok(producer), Ok(consumer)) = (Document::new(a, None, &[]), Document::new(b, None, &[]))
    {
        let _ = prove::contains(&consumer, &producer, &Options { steps: 2_000 });
    }
});
