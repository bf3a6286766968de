//! The label by which a person confirms the acceptances that a pull request adds for its own breaks.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::error::UserError;
use crate::snapshot::base;

/// What a report says where the label confirms them; `None` where it does not.
///
/// # Errors
/// Where the event's payload cannot be read: whether the label is there is not known then.
pub fn confirmed(label: Option<&str>, variables: &BTreeMap<String, String>) -> Result<Option<String>, UserError> {
    let Some(label) = label.map(str::trim).filter(|label| !label.is_empty()) else { return Ok(None) };
    let event = variables.get("GITHUB_EVENT_NAME").map_or("", String::as_str);
    // Only a pull request that passed gets into a merge queue, and the queue's event names no labels.
    if event == "merge_group" {
        return Ok(Some("a merge group: what its pull requests ask to accept was confirmed on them".to_owned()));
    }
    if !event.starts_with("pull_request") {
        return Ok(None);
    }
    let payload = base::event_payload(variables).map_err(|error| UserError::Repository {
        message: error.to_string(),
        help: "`--accept-label` reads the pull request's labels there; leave it out, or run on `pull_request`".to_owned(),
    })?;
    let labels = payload.pointer("/pull_request/labels").and_then(Value::as_array);
    // A platform that tells labels apart by their case has none that differ in nothing else.
    let given = labels.into_iter().flatten().any(|given| {
        given.get("name").and_then(Value::as_str).is_some_and(|name| name.trim().to_lowercase() == label.to_lowercase())
    });
    Ok(given.then(|| format!("the label `{}` confirms what this change asks to accept", label.replace('`', "'"))))
}
