//! Small files in, compact facts out.

mod oracle;
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

#[test]
fn enums_give_their_names_on_the_wire_and_in_their_own_words() {
    check(
        r#"
        #[derive(Serialize, Clone, Copy)]
        #[serde(rename_all = "snake_case")]
        pub enum Kind { UserSignup, #[serde(rename = "invoice.paid")] Paid }
        pub enum Event { Signup, Cancelled { reason: String }, Other(u8) }
        impl Event {
            pub const PREFIX: &'static str = "app";
            pub fn as_str(&self) -> &'static str {
                match self { Self::Signup => "user.signup", Event::Cancelled { .. } => "user.cancelled", Event::Other(_) => "other" }
            }
            fn partial(&self) -> &'static str { match self { Self::Signup => "a", _ => "b" } }
        }
        impl std::fmt::Display for Event {
            fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
                f.write_str(match *self { Event::Signup => "S", Event::Cancelled { .. } | Event::Other(_) => "C" })
            }
        }
        #[derive(strum::Display, AsRefStr)]
        #[strum(serialize_all = "kebab-case")]
        enum Topic { OrderPlaced, #[strum(serialize = "order.gone")] OrderGone }
        const ALL: &[&str] = &["user.signup", Topics::GONE];
    "#,
        expect![[r#"
            registry const Kind = {"UserSignup": "user_signup", "Paid": "invoice.paid"}
            registry const Event = {"Signup": "user.signup", "Cancelled": "user.cancelled", "Other": "other"}
            registry const Event/as_str = {"Signup": "user.signup", "Cancelled": "user.cancelled", "Other": "other"}
            registry const Event/to_string = {"Signup": "S", "Cancelled": "C", "Other": "C"}
            const Event/PREFIX = "app"
            registry const Topic = {"OrderPlaced": "order-placed", "OrderGone": "order.gone"}
            registry const Topic/to_string = {"OrderPlaced": "order-placed", "OrderGone": "order.gone"}
            registry const Topic/as_ref = {"OrderPlaced": "order-placed", "OrderGone": "order.gone"}
            registry const ALL = ["user.signup", Topics::GONE]
            class Event : std::fmt::Display {  }
            class Event/Cancelled { reason: string }
            class Event/Other { 0: int 0..255 }
            type Kind = "user_signup" | "invoice.paid"
            plain type Kind/UserSignup = "user_signup"
            plain type Kind/Paid = "invoice.paid"
            plain type Event = "Signup" | {Cancelled: {reason: string}, closed} | {Other: int 0..255, closed}
            plain type Topic = "OrderPlaced" | "OrderGone"
            fn#1 Event/as_str() -> string
              return ("user.signup" | "user.cancelled" | "other")
            fn#2 Event/partial() -> string
              return ("a" | "b")
            fn#3 Event/fmt(f: Formatter) for std::fmt::Display
              @0 $0.write_str(("S" | "C")) returned
              return @0
        "#]],
    );
}

#[test]
fn reads_through_json_values_know_how_absence_is_met() {
    check(
        r#"
        fn handle(v: &serde_json::Value) -> Option<()> {
            let id = v["customerId"].as_str().unwrap();
            let plan = v.get("plan").and_then(|p| p.as_str()).unwrap_or("trial");
            let zip = v.pointer("/address/zip")?.as_i64()?;
            if let Some(company) = v.get("company") { use_it(company["name"].clone()); }
            for item in v["items"].as_array()? { use_it(item["sku"].as_str()?); }
            match v["type"].as_str() { Some("a") | Some("b") => {}, _ => return None }
            if v["status"] == "paid" { use_it(zip); }
            if let Some(errors) = v["errors"].take().as_array_mut() { use_it(errors); }
            if v["note"].is_string() { return None }
            use_it(id); use_it(plan);
            Some(())
        }
    "#,
        expect![[r#"
            fn#1 handle(v: ?(`serde_json::Value` holds any JSON)) -> null | null
              let $1 id = $0["customerId"]
              let $2 p = $0["plan"]
              let $3 plan = ($2 | "trial")
              let $4 zip = $0["address"]["zip"]
              let $5 company = $0["company"]
              let $6 item = $0["items"][*]
              let $7 errors = $0["errors"]
              @0 use_it($5["name"]) floating [`let Some(company) = v.get("company")`]
              @1 use_it($6["sku"]) floating [loop]
              @2 use_it($4) floating [$0["status"] in {"paid"}]
              @3 use_it($7) floating [`let Some(errors) = v["errors"].take().as_array_mut()`]
              @4 use_it($1) floating (after `v["note"].is_string()`)
              @5 use_it($3) floating (after `v["note"].is_string()`)
              read $0.customerId as string
              read $0?.plan
              read $0.address?.zip as int -9223372036854775808..9223372036854775807
              read $0?.company
              read $5.name
              read $0.items as [?(any JSON)]
              read $6.sku as string
              read $0?.type as string in {"a", "b", …}
              read $0.status in {"paid", …}
              read $0?.errors as [?(any JSON)]
              read $0?.note
              return null
              return null
        "#]],
    );
}

#[test]
fn what_surrounds_a_call_is_told_apart() {
    check(
        r#"
        async fn run(bus: &Bus, event: &Event) -> Result<(), Error> {
            if event.silent { return Ok(()); }
            let _ = bus.send(1).await;
            bus.send(2).await.ok();
            if let Err(error) = bus.send(3).await { tracing::error!("{error}"); }
            tokio::spawn(async move { bus.send(4).await });
            bus.send(5);
            match event.kind.as_str() {
                "signup" => bus.send(6).await?,
                Kind::PAID => for item in &event.items { bus.send(item).await?; },
                _ => { futures::join!(bus.send(7), bus.send(8)); }
            }
            let later = bus.send(9);
            later.await?;
            match bus.send(10).await { Ok(_) => {}, Err(e) => warn!("{e}") }
            tokio::select! {
                message = bus.next() => { bus.send(message).await?; }
                _ = shutdown.recv() => return Ok(()),
            }
            bus.send(11).await
        }
    "#,
        expect![[r#"
            async fn#1 run(bus: Bus, event: Event)
              let $2 error = ?(an error)
              let $3 item = $1.items[*]
              let $4 later = @10
              let $5 e = ?(an error)
              let $6 message = $0[*]
              @0 $0.send(1) awaited dropped (after `event.silent`)
              @1 $0.send(2) awaited dropped (after `event.silent`)
              @2 $0.send(3) awaited logged (after `event.silent`)
              @3 $0.send(4) deferred(tokio::spawn) (after `event.silent`)
              @4 tokio::spawn(await @3) floating (after `event.silent`)
              @5 $0.send(5) floating (after `event.silent`)
              @6 $0.send(6) awaited [$1.kind in {"signup"}] (after `event.silent`)
              @7 $0.send($3) awaited [$1.kind in {Kind::PAID}] [loop] (after `event.silent`)
              @8 $0.send(7) awaited [not $1.kind in {}] (after `event.silent`)
              @9 $0.send(8) awaited [not $1.kind in {}] (after `event.silent`)
              @10 $0.send(9) awaited (after `event.silent`)
              @11 $0.send(10) awaited logged (after `event.silent`)
              @12 $0.next() (after `event.silent`)
              @13 $0.send($6) awaited [`tokio::select! { message = bus.next() => { bus.send(message).await?; } _ = shutdown.recv() => return Ok(()), }`] (after `event.silent`)
              @14 shutdown.recv() awaited (after `event.silent`)
              @15 $0.send(11) awaited (after `event.silent`)
              read $1.silent
              read $1.kind as string in {"signup", …}
              read $1.items
              return await @15
        "#]],
    );
}

#[test]
fn payloads_are_followed_through_what_does_not_change_them() {
    check(
        r#"
        use serde_json::{json, Value};
        use uuid::Uuid;
        use chrono::Utc;
        fn build(user: &User, extra: Option<Extra>, names: Vec<String>) -> Value {
            let mut payload = json!({
                "id": Uuid::new_v4().to_string(), "at": Utc::now().to_rfc3339(), "plan": user.plan, key_of(user): null,
                "nested": { "list": [1, -2.5, names.iter().map(|n| json!({ "n": n })).collect::<Vec<_>>()] }, "ns": Ns::<u8>::x(),
            });
            payload["source"] = "web".into();
            if let Some(extra) = extra { payload["extra"] = json!(extra); }
            let mut map = HashMap::new();
            map.insert("topic", format!("app.{}.{name}", user.kind, name = "x"));
            let record = Record { id: user.id, ..Default::default() };
            let ids: Vec<u64> = users().into_iter().map(|u| u.id).collect();
            send(&payload, serde_json::to_string(&record)?.as_bytes(), &map, Some(ids), Topic::Paid.as_str())
        }
        fn consume(bytes: &[u8]) -> Result<(), Error> {
            let order: Order = serde_json::from_slice(bytes)?;
            let other = serde_json::from_str::<Envelope<Order>>(text)?;
            let Envelope { data: Order { total, .. }, version: 2, .. } = other else { return Ok(()) };
            run(order.total + total, |x| order.id + x)
        }
    "#,
        expect![[r#"
            use json = serde_json . json
            use Value = serde_json . Value
            use Uuid = uuid . Uuid
            use Utc = chrono . Utc
            fn#1 build(user: User, extra: Extra | null, names: [string]) -> ?(`serde_json::Value` holds any JSON)
              let $3 n = $2[*]
              let $4 payload = {"id": <string uuid>, "at": <string date-time>, "plan": $0.plan, @0: null, "nested": {"list": [1, -2.5, [{"n": $3}…]]}, "ns": @1}
              let $5 extra = $1
              let $6 map = {}
              let $7 record = Record {id: $0.id, ..<Record>}
              let $8 u = @3[*]
              let $9 ids: [int 0..18446744073709551615] = [$8.id…]
              edit $4["source"] = "web"
              edit $4["extra"] = $5 maybe
              edit $6["topic"] = `"app." + $0.kind + "." + "x"`
              @0 key_of($0)
              @1 Ns::x()
              @2 $6.insert("topic", `"app." + $0.kind + "." + "x"`) floating
              @3 users()
              @4 serde_json::to_string($7)
              @5 Topic::Paid.as_str()
              @6 send($4, json($7), $6, $9, @5) returned
              read $0.plan
              read $0.kind
              read $0.id
              read $8.id
              return @6
            fn#2 consume(bytes: [int 0..255])
              let $1 order: Order = parsed(@0, Order)
              let $2 other = parsed(@1, Envelope<Order>)
              let $3 total = (($2: Envelope).data: Order).total
              @0 serde_json::from_slice::<Order>($0)
              @1 serde_json::from_str::<Envelope<Order>>(text)
              @2 run(?(order.total + total), fn#3) returned (after not $2 in {Envelope})
              read ($2: Envelope).data
              read (($2: Envelope).data: Order).total
              read ($2: Envelope).version in {2, …}
              read $1.total
              return @2
            fn#3 |closure|(x: ?) in 2@2
              read ^1$1.id
              return ?(order.id + x)
        "#]],
    );
}

#[test]
fn a_broken_item_costs_itself_and_a_broken_method_only_its_impl_s_rest() {
    check(
        r#"
use a::b;
pub struct Before { pub id: u8 }
fn broken( { let x = ; }
impl Service {
    fn good(&self) { publish("a"); }
    fn bad(&self) { let = 3; }
    fn also_good(&self) { publish("b"); }
}
<<<<<<< HEAD
pub struct After { pub id: u8 }
=======
mod inner {
    fn fine() { publish("c"); }
    fn unfinished() { match }
}
// driftgate: allow(publish-not-awaited) metrics only
const X: &str = "x";
"#,
        expect![[r#"
            use b = a . b
            const X = "x"
            class Before { id: int 0..255 }
            class After { id: int 0..255 }
            plain type Before = {id: int 0..255}
            plain type After = {id: int 0..255}
            fn#1 Service/good()
              @0 publish("a") floating
            fn#2 Service/also_good()
              @0 publish("b") floating
            fn#3 inner/fine()
              @0 publish("c") floating
            waiver publish-not-awaited "metrics only"
            diagnostic 44..68 not analysed: a bracket or a quote has no partner
            diagnostic 125..151 not analysed: expected one of: identifier, `::`, `<`, `_`, literal, `const`, `ref`, `mut`, `&`, parentheses, squar…
            diagnostic 196..208 not analysed: expected one of: `fn`, `extern`, `use`, `static`, `const`, `unsafe`, `mod`, `type`, `struct`, `enum`…
            diagnostic 241..248 not analysed: expected one of: `fn`, `extern`, `use`, `static`, `const`, `unsafe`, `mod`, `type`, `struct`, `enum`…
            diagnostic 297..322 not analysed: unexpected end of input, expected an expression
        "#]],
    );
}

#[test]
fn a_file_that_does_not_lex_keeps_its_other_items() {
    check(
        r#"
pub struct Before { pub id: u8 }

fn open() {
    publish("x";
}

pub struct After { pub id: u8 }
"#,
        expect![[r#"
            class Before { id: int 0..255 }
            class After { id: int 0..255 }
            plain type Before = {id: int 0..255}
            plain type After = {id: int 0..255}
            diagnostic 35..65 not analysed: a bracket or a quote has no partner
        "#]],
    );
}

#[test]
fn tests_and_items_in_functions_are_in_their_place() {
    check(
        r#"
        fn outer() {
            const TOPIC: &str = "inner.topic";
            fn helper(x: u8) -> u8 { x }
            publish(TOPIC, helper(1));
        }
        #[post("/hook", name = "x")]
        async fn route(Json(body): Json<Order>, State(s): State<App>) -> impl Responder { s.bus.publish("order", body.id).await }
        #[cfg(test)]
        mod tests {
            use super::*;
            #[tokio::test]
            async fn works() { outer(); }
        }
        lazy_static! { static ref NAME: String = "n".to_string(); }
        trait Publisher: Send { async fn publish(&self, name: &str, body: impl Serialize); }
    "#,
        expect![[r#"
            use tests/* = super
            const NAME = "n"
            trait Publisher {  }
            fn#1 outer()
              let $0 TOPIC: string = "inner.topic"
              let $1 helper = fn#2
              @0 $1(1)
              @1 publish($0, @0) floating
            fn#2 helper(x: int 0..255) -> int 0..255 in 1
              return $0
            async fn#3 route(: Json<Order>, : State<App>) -> Responder
              @post("/hook", name = "x")
              let $2 body: Order = $0.0
              let $3 s: App = $1.0
              @0 $3.bus.publish("order", $2.id) awaited
              read $3.bus
              read $2.id
              return await @0
            async fn#4 tests/works() (test)
              @0 outer() floating
            async fn#5 Publisher/publish(name: string, body: ?(an `impl Trait`))
        "#]],
    );
}

/// Stacks like those of the threads that extraction runs on.
fn on_a_large_stack(run: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(crate::extract::PARSER_STACK_BYTES).spawn(run);
    thread.expect("a thread starts").join().expect("nothing panics");
}

#[test]
fn deep_and_wide_code_ends_in_a_diagnostic_or_in_time() {
    on_a_large_stack(|| {
        let nested = format!("fn f() {{ let x = {}1{}; }}", "[".repeat(450), "]".repeat(450));
        let chain = format!("fn f() {{ x{}; }}", ".b()".repeat(3_000));
        let sum = format!("fn f() {{ let x = 1{}; }}", "+1".repeat(3_000));
        for text in [nested, chain, sum] {
            let facts = extracted(&text);
            assert!(facts.diagnostics.iter().any(|found| found.message.contains("nested too deep")), "{}", &text[..40]);
            assert_eq!(facts.diagnostics.len(), facts.unread.len());
        }
        let returns = format!("fn f() {{ {} }}", "if a == b { return } g();".repeat(1_000));
        let arms = format!("fn f() {{ match [{}] {{ {} }} }}", "1,".repeat(1_000), "A(x) => g(x),".repeat(1_000));
        let texts = format!("fn f() {{ let mut s = String::new(); {} g(s) }}", "s += \"a\";".repeat(3_000));
        for text in [returns, arms, texts] {
            assert_eq!(extracted(&text).diagnostics, []);
        }
    });
}

#[test]
fn any_cut_of_a_file_is_read_without_a_panic() {
    on_a_large_stack(|| {
        const TEXT: &str = include_str!("../../../../fixtures/sources/rust/declarations/serde_forms.rs");
        for cut in (0..TEXT.len()).step_by(499) {
            let facts = extracted(&TEXT[..cut]);
            assert!(facts.diagnostics.iter().all(|found| !found.message.contains("bug")), "cut at {cut}");
            let text = format!("\u{feff}{}é{}", &TEXT[cut..], &TEXT[..cut]);
            for span in extracted(&text).unread {
                assert!(text.is_char_boundary(span.start as usize) && text.is_char_boundary(span.end as usize));
            }
        }
    });
}

#[test]
fn positions_are_bytes_after_a_byte_order_mark_a_shebang_and_letters_outside_of_ascii() {
    let text = "\u{feff}#!/usr/bin/env rust\n/* ä */ struct Größe { länge: u8 }\nfn f() { g(\"ü\", x.y) }\n";
    let facts = extracted(text);
    let at = |span: crate::source::Span| &text[span.start as usize..span.end as usize];
    assert_eq!(at(facts.types[0].span), "Größe");
    assert_eq!(at(facts.functions[1].calls[0].span), "g(\"ü\", x.y)");
    assert_eq!(at(facts.functions[1].span), "f");
}

#[test]
fn names_are_split_into_words_as_each_derive_does_it() {
    check(
        r#"
        #[derive(Serialize)]
        #[serde(rename_all = "snake_case")]
        enum Wire { HTTPError, UserSignup2FA }
        #[derive(strum::AsRefStr)]
        #[strum(serialize_all = "snake_case")]
        enum Text { HTTPError, UserSignup }
        fn parse(text: &str) -> anyhow::Result<Wire> {
            use Wire::*;
            if text.is_empty() { return Ok(serde_json::from_str("{}")?); }
            serde_json::from_str(text).context("bad")
        }
        trait Named { const NAME: &'static str; fn emit(&self, bus: &Bus) { bus.publish(Self::NAME, self) } }
        "#,
        expect![[r#"
            use * = Wire
            registry const Wire = {"HTTPError": "h_t_t_p_error", "UserSignup2FA": "user_signup2_f_a"}
            registry const Text = {"HTTPError": "http_error", "UserSignup": "user_signup"}
            registry const Text/as_ref = {"HTTPError": "http_error", "UserSignup": "user_signup"}
            trait Named {  }
            type Wire = "h_t_t_p_error" | "user_signup2_f_a"
            plain type Wire/HTTPError = "h_t_t_p_error"
            plain type Wire/UserSignup2FA = "user_signup2_f_a"
            plain type Text = "HTTPError" | "UserSignup"
            fn#1 parse(text: string) -> Wire
              @0 serde_json::from_str::<Wire>("{}") returned [`text.is_empty()`]
              @1 serde_json::from_str::<Wire>($0) returned (after `text.is_empty()`)
              return parsed(@0, Wire)
              return parsed(@1, Wire)
            fn#2 Named/emit(bus: Bus)
              @0 $0.publish(Self::NAME, self) returned
              return @0
        "#]],
    );
}
