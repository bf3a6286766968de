//! No generated payload contradicts a proof, in any two drafts. Run for a bounded time by `.ci/run fuzz`.
#![no_main]

use driftgate::prove::{self, Document, Options, Verdict};
use libfuzzer_sys::fuzz_target;

#[path = "../../tests/prove/generate.rs"]
mod generate;
#[path = "../../tests/prove/translate.rs"]
mod translate;

use generate::{Choices, consumes_nothing, document, instance};
use translate::{DRAFTS, translate};

fuzz_target!(|bytes: &[u8]| {
    let (first, second) = bytes.split_at(bytes.len() / 2);
    let a = document(&mut Choices::new(first));
    let b = document(&mut Choices::new(second));
    let idle = consumes_nothing(&a) || consumes_nothing(&b);
    let draft = |bytes: &[u8]| DRAFTS[usize::from(bytes.last().copied().unwrap_or_default()) % DRAFTS.len()];
    let prepared = |value, draft| Document::new(translate(value, draft).value, Some(draft), &[]);
    let (Ok(producer), Ok(consumer)) = (prepared(&a, draft(first)), prepared(&b, draft(second))) else { return };
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
                    "{value} contradicts that {} is contained in {}",
                    producer.value(),
                    consumer.value()
                );
            }
        }
        Verdict::Escapes(witness) => {
            assert!(prove::accepts(&producer, witness.payload()) && !prove::accepts(&consumer, witness.payload()));
        }
        Verdict::Unknown(_) => {}
    }
});
