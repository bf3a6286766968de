//! A picture of the events that changed: producers to consumers, broken handoffs marked. Where that would be too large to read it
//! holds the broken ones alone, and nothing where those are too many too.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{ChangedEvent, Participant, escape};

/// Past any of these a picture explains less than the table does.
const MAX_EVENTS: usize = 12;
const MAX_EDGES: usize = 40;
/// Characters of a label.
const MAX_LABEL: usize = 60;

/// A Mermaid flowchart.
#[derive(Debug, PartialEq, Eq)]
pub struct Picture {
    pub text: String,
    /// Whether events that changed and broke nobody are left out of it.
    pub broken_alone: bool,
}

/// The picture; `None` where there is nothing to draw or too much.
pub fn picture(events: &[ChangedEvent]) -> Option<Picture> {
    let all: Vec<&ChangedEvent> = events.iter().collect();
    let broken = |event: &&ChangedEvent| event.producers.iter().chain(&event.consumers).any(|it| it.broken);
    match draw(&all) {
        Some(text) => Some(Picture { text, broken_alone: false }),
        None => {
            let broken: Vec<&ChangedEvent> = all.into_iter().filter(broken).collect();
            draw(&broken).map(|text| Picture { text, broken_alone: true })
        }
    }
}

fn draw(events: &[&ChangedEvent]) -> Option<String> {
    let edges: usize = events.iter().map(|event| event.producers.len() + event.consumers.len()).sum();
    if edges == 0 || edges > MAX_EDGES || events.len() > MAX_EVENTS {
        return None;
    }
    let mut out = String::from("flowchart LR\n");
    let mut ids: BTreeMap<(char, &str), String> = BTreeMap::new();
    for (kind, open, close, names) in [
        ('p', "[", "]", gather(events, |event| &event.producers)),
        ('e', "([", "])", events.iter().map(|event| event.name.as_str()).collect()),
        ('c', "[", "]", gather(events, |event| &event.consumers)),
    ] {
        for name in names {
            if ids.contains_key(&(kind, name)) {
                continue;
            }
            let id = format!("{kind}{}", ids.len());
            writeln!(out, "  {id}{open}\"{}\"{close}", label(name)).expect("writing to a string cannot fail");
            ids.insert((kind, name), id);
        }
    }
    let mut broken = Vec::new();
    let mut drawn = 0;
    for event in events {
        let here = &ids[&('e', event.name.as_str())];
        let incoming = event.producers.iter().map(|it| (&ids[&('p', it.name.as_str())], here, it.broken));
        let outgoing = event.consumers.iter().map(|it| (here, &ids[&('c', it.name.as_str())], it.broken));
        for (from, to, breaks) in incoming.chain(outgoing) {
            let arrow = if breaks { "--x" } else { "-->" };
            writeln!(out, "  {from} {arrow} {to}").expect("writing to a string cannot fail");
            if breaks {
                broken.push(drawn.to_string());
            }
            drawn += 1;
        }
    }
    if !broken.is_empty() {
        writeln!(out, "  linkStyle {} stroke:#cf222e,stroke-width:2px", broken.join(","))
            .expect("writing to a string cannot fail");
    }
    Some(out)
}

fn gather<'e>(events: &[&'e ChangedEvent], side: fn(&ChangedEvent) -> &Vec<Participant>) -> Vec<&'e str> {
    events.iter().flat_map(|event| side(event).iter().map(|it| it.name.as_str())).collect()
}

/// A label that no name can break out of: all but letters, digits and a few harmless signs by their numbers.
fn label(name: &str) -> String {
    let mut out = String::new();
    for c in escape::cut(&escape::line(name), MAX_LABEL).chars() {
        if c.is_alphanumeric() || matches!(c, ' ' | '.' | '_' | '-' | '/' | '…') {
            out.push(c);
        } else {
            write!(out, "#{};", u32::from(c)).expect("writing to a string cannot fail");
        }
    }
    if out.trim().is_empty() { "unnamed".to_owned() } else { out }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(name: &str, producers: &[&str], consumers: &[(&str, bool)]) -> ChangedEvent {
        ChangedEvent {
            name: name.to_owned(),
            producers: producers.iter().map(|p| Participant { name: (*p).to_owned(), broken: false }).collect(),
            consumers: consumers.iter().map(|(c, broken)| Participant { name: (*c).to_owned(), broken: *broken }).collect(),
        }
    }

    #[test]
    fn a_broken_handoff_is_crossed_and_red() {
        let picture = picture(&[
            event("invoice.paid", &["billing"], &[("crm-sync", true), ("mailer", false)]),
            event("user.signup", &["billing"], &[("mailer", false)]),
        ])
        .expect("it is small");
        expect_test::expect![[r#"
            flowchart LR
              p0["billing"]
              e1(["invoice.paid"])
              e2(["user.signup"])
              c3["crm-sync"]
              c4["mailer"]
              p0 --> e1
              e1 --x c3
              e1 --> c4
              p0 --> e2
              e2 --> c4
              linkStyle 1 stroke:#cf222e,stroke-width:2px
        "#]]
        .assert_eq(&picture.text);
    }

    #[test]
    fn a_hostile_name_stays_inside_its_label() {
        let picture = picture(&[event("a\"]\n  click x \"javascript:1\"", &["`p`"], &[("<b>", false)])]).expect("it is small");
        let picture = picture.text;
        assert!(picture.contains(r##"e1(["a#34;#93;#92;n  click x #34;javascript#58;1#34;"])"##), "{picture}");
        assert!(picture.contains("#60;b#62;") && picture.contains("#96;p#96;"), "{picture}");
    }

    #[test]
    fn a_picture_too_large_to_read_is_not_drawn() {
        let many: Vec<ChangedEvent> = (0..13).map(|n| event(&format!("e{n}"), &["p"], &[("c", false)])).collect();
        assert_eq!(picture(&many), None);
        assert!(picture(&many[..12]).is_some_and(|picture| !picture.broken_alone));
        assert_eq!(picture(&[]), None);
        let mut many = many;
        many[3].consumers[0].broken = true;
        let only = picture(&many).expect("one is small");
        assert!(only.broken_alone && only.text.contains("e3") && !only.text.contains("e4"), "{}", only.text);
    }
}
