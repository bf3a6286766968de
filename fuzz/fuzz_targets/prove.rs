//! No generated payload contradicts a proof. Run for a bounded time: `cargo +nightly fuzz run prove -- -max_total_time=60`.
#![no_main]

use driftgate::prove::{self, Document, Options, Verdict};
use driftgate::schema::Draft;
use libfuzzer_sys::fuzz_target;

#[path = "../../tests/prove/generate.rs"]
mod generate;

use generate::{Choices, consumes_nothing, document, instance};

fuzz_target!(|bytes: &[u8]| {
    let (first, second) = bytes.split_at(bytes.len() / 2);
    let a = document(&mut Choices::new(first));
    let b = document(&mut Choices::new(second));
    let prepared = |value| Document::new(value, Some(Draft::Draft202012), &[]);
    let idle = consumes_nothing(&a) || consumes_nothing(&b);
    let (Ok(producer), Ok(consumer)) = (prepared(a.clone()), prepared(b.clone())) else { return };
    let verdict = prove::contains(&consumer, &producer, &Options { steps: 5_000 });
    if idle {
        return;
    }
    match verdict {
        Verdict::Contained => {
            let mut choices = Choices::new(bytes);
            for _ in 0..64 {
                let value = instance(&mut choices, 2);
                assert!(
                    !prove::accepts(&producer, &value) || prove::accepts(&consumer, &value),
                    "{value} contradicts that {a} is contained in {b}"
                );
            }
        }
        Verdict::Escapes(witness) => {
            assert!(prove::accepts(&producer, witness.payload()) && !prove::accepts(&consumer, witness.payload()));
        }
        Verdict::Unknown(_) => {}
    }
});
