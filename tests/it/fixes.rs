//! `check --fix`: what it changes, what it leaves alone, and that a second check proves it.

use crate::program::{Place, Said};

/// The sample repository with its break in the working tree only.
fn uncommitted() -> Place {
    let place = Place::sample();
    place.git(&["reset", "-q", "--soft", "main"]);
    place.git(&["reset", "-q"]);
    place
}

fn fix(place: &Place) -> Said {
    place.run(&["check", "--base", "main", "--fix"])
}

#[test]
fn a_fix_restores_the_wire_and_a_second_check_proves_it() {
    let place = uncommitted();
    let before = place.run(&["check", "--base", "main", "--format", "json"]).exits(1).json();
    let fix_form = &before["findings"][0]["fix"];
    assert_eq!(fix_form["file"], "src/events.rs");
    assert_eq!((&fix_form["safe"], &fix_form["line"]), (&serde_json::json!(true), &serde_json::json!(9)));
    let said = fix(&place).exits(0);
    assert!(said.err.contains("fixed src/events.rs:9: put `rename_all = \"camelCase\"` back"), "{}", said.err);
    assert!(said.out.contains("`--fix` changed `src/events.rs`"), "{}", said.out);
    place.run(&["check", "--base", "main"]).exits(0);
    // Only the line that the refactor had dropped is back: nothing else differs from base.
    assert_eq!(place.git(&["diff", "--stat", "main"]), "");
}

#[test]
fn a_fix_leaves_the_index_alone_and_is_refused_for_what_is_no_working_tree() {
    let place = Place::sample();
    for arguments in [&["--head", "tidy-up"][..], &["--staged"]] {
        let mut all = vec!["check", "--base", "main", "--fix"];
        all.extend(arguments);
        place.run(&all).exits(2).complains(&["`--fix` changes files of the working tree and nothing else", "in a checkout"]);
    }
    place.run(&["check", "--base-dir", "src", "--head-dir", "src", "--fix"]).exits(2).complains(&["working tree"]);
    let bare = place.beside("bare");
    place.git(&["clone", "-q", "--bare", ".", &bare.to_string_lossy()]);
    place.run_in(&bare, &["check", "--base", "main", "--fix"]).exits(2).complains(&["working tree"]);
    fix(&place).exits(0);
    assert_eq!(place.git(&["diff", "--cached", "--name-only"]), "");
    assert_eq!(place.git(&["diff", "--name-only"]), "src/events.rs");
}

#[test]
fn what_cannot_be_fixed_stays_a_finding() {
    let place = Place::repository();
    let service = |fields: &str| {
        format!(
            "#[derive(serde::Serialize)]\npub struct Paid {{\n{fields}}}\n\npub fn paid(bus: &EventBus, event: &Paid) {{\n    bus.publish(\"invoice.paid\", event);\n}}\n"
        )
    };
    place.write("src/lib.rs", service("    pub customer: String,\n    pub total: u32,\n"));
    place.commit("Pay");
    place.git(&["checkout", "-q", "-b", "change"]);
    place.write("src/lib.rs", service("    pub total: u32,\n"));
    let said = fix(&place).exits(1);
    assert!(said.err.contains("nothing that `--fix` can change safely"), "{}", said.err);
    assert!(said.out.contains("error[field-removed]"), "{}", said.out);
}

/// What was dropped is put back in three languages at once, and nothing is left of the change.
#[test]
fn dropped_keys_and_awaits_are_put_back_in_every_language() {
    let typescript = "import { Kafka } from \"kafkajs\";\nconst producer = new Kafka({}).producer();\nexport async function shipped(order: Order) {\n  await producer.send({\n    topic: \"order.shipped\",\n    messages: [{ value: JSON.stringify({\n      orderId: order.id,\n      total: order.total, // in cents\n      note: order.note,\n    }) }],\n  });\n}\n";
    let python = "from aiokafka import AIOKafkaProducer\nproducer = AIOKafkaProducer()\n\nasync def paid(invoice):\n    payload = {\n        \"id\": invoice.id,\n        \"customerId\": invoice.customer_id,\n    }\n    await producer.send_and_wait(\"invoice.paid\", payload)\n";
    let rust = "use serde_json::json;\n\npub async fn signup(bus: &Bus, user: &User) {\n    bus.publish(\"user.signup\", json!({ \"id\": user.id, \"plan\": user.plan })).await;\n}\n";
    let place = Place::repository();
    for (file, text) in [("src/orders.ts", typescript), ("app/invoices.py", python), ("src/lib.rs", rust)] {
        place.write(file, text);
    }
    place.commit("Send");
    let line = |text: &str, part: &str| {
        let kept: Vec<&str> = text.lines().filter(|line| !line.contains(part)).collect();
        kept.join("\n") + "\n"
    };
    place.write("src/orders.ts", line(typescript, "total:").replace("  await producer", "  producer"));
    place.write("app/invoices.py", line(python, "customerId"));
    place.write("src/lib.rs", rust.replace(", \"plan\": user.plan", "").replace(".await", ""));
    place.run(&["check", "--base", "main"]).exits(1);
    let said = fix(&place).exits(0);
    for part in [
        "src/orders.ts:",
        "app/invoices.py:",
        "src/lib.rs:",
        "send `total` again",
        "send `customerId` again",
        "send `plan` again",
        "await it again",
    ] {
        assert!(said.err.contains(part), "{part} in {}", said.err);
    }
    place.run(&["check", "--base", "main", "--strict"]).exits(0);
    assert_eq!(place.git(&["diff", "--stat", "main"]), "");
}

#[test]
fn line_ends_and_permissions_stay_as_they_were() {
    let place = uncommitted();
    let text = std::fs::read_to_string(place.dir.join("src/events.rs")).expect("it is there").replace('\n', "\r\n");
    place.write("src/events.rs", &text);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::Permissions::from_mode(0o640);
        std::fs::set_permissions(place.dir.join("src/events.rs"), mode).expect("permissions can be set");
    }
    fix(&place).exits(0);
    let fixed = std::fs::read_to_string(place.dir.join("src/events.rs")).expect("it is there");
    assert_eq!(fixed.replace("#[serde(rename_all = \"camelCase\")]\r\npub struct UserSignup", "pub struct UserSignup"), text);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(place.dir.join("src/events.rs")).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o640);
    }
}
