//! What Rust programs say in types and attributes of what they read and send.

use expect_test::{Expect, expect};

use super::tests_programs::listed;

fn check(text: &str, expected: Expect) {
    expected.assert_eq(&listed("src/lib.rs", text));
}

#[test]
fn an_alias_of_a_result_is_its_success() {
    check(
        r#"
        type AppResult<T> = Result<T, AppError>;
        #[derive(serde::Deserialize)] pub struct Details { pub id: String }
        #[derive(serde::Deserialize)] pub struct AppError { pub cause: String }
        pub async fn details(body: &str) -> AppResult<Details> { Ok(serde_json::from_str(body)?) }
        "#,
        expect![[r#"
            Consumer decode - on - in details: id
        "#]],
    );
}

#[test]
fn a_function_that_nobody_awaits_handles_no_request() {
    check(
        r#"
        use actix_web::web::Json;
        #[derive(serde::Deserialize)] pub struct Order { pub id: i32 }
        #[derive(serde::Deserialize)] pub struct Reply { pub state: String }
        pub async fn import(order: Json<Order>) -> Result<Json<Reply>, Error> { Ok(Json(Reply { state: order.0.id.to_string() })) }
        pub fn convert(reply: Json<Reply>) -> Result<String, Error> { Ok(reply.0.state) }
        "#,
        expect![[r#"
            Consumer http - on - in import: id
        "#]],
    );
}

#[test]
fn a_type_that_a_macro_rewrites_is_known_by_what_it_says_itself() {
    check(
        r#"
        #[routes::request(settings)] pub struct Settings { pub user_id: String }
        #[routes::request(settings)] #[derive(serde::Serialize)] pub struct Stated { pub user_id: String }
        #[allow(dead_code)] #[derive(Debug, serde::Serialize)] pub struct Plain { pub user_id: String }
        #[derive(serde::Serialize)] pub struct Whole { pub settings: Settings, pub stated: Stated, pub plain: Plain }
        pub async fn sent(bus: &EventBus, whole: &Whole) { bus.publish("settings.changed", whole).await; }
        "#,
        expect![[r#"
            Producer queue settings.changed on - in sent: settings, stated {user_id}, plain {user_id}
        "#]],
    );
}
