//! Small files in, compact facts out.

mod render;

use expect_test::{Expect, expect};

use super::Rust;
use crate::facts::FileFacts;
use crate::source::{BlobId, RepoPath, SourceText};

fn extracted(text: &str) -> FileFacts {
    let source = SourceText::new(RepoPath::new("src/lib.rs"), BlobId::from_bytes(&[0; 20]), text);
    crate::extract::extract(&Rust, &source)
}

fn check(text: &str, expected: Expect) {
    expected.assert_eq(&render::facts(&extracted(text)));
}

#[test]
fn a_publish_call_keeps_its_event_and_payload() {
    check(
        r#"
        use crate::events::Signup;
        const TOPIC: &str = "user.signup";
        pub struct Bus { producer: Arc<FutureProducer> }
        impl Bus {
            pub async fn emit(&self, user: &User) -> anyhow::Result<()> {
                let payload = Signup { id: user.id, email: user.email.clone() };
                self.producer.send(TOPIC, serde_json::to_string(&payload)?).await?;
                Ok(())
            }
        }
        "#,
        expect![[r#"
            use Signup = crate::events . Signup
            const TOPIC = "user.signup"
            class Bus { producer: FutureProducer }
            plain type Bus = {producer: Arc<FutureProducer>}
            async fn#1 Bus/emit(user: User)
              let $1 payload = Signup {id: $0.id, email: $0.email}
              @0 serde_json::to_string($1)
              @1 self.producer.send(TOPIC, json($1)) awaited
              read $0.id
              read $0.email
              read self.producer
        "#]],
    );
}
