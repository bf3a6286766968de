//! The independent judge: the `jsonschema` validator, which has the last word on every witness.

use serde_json::Value;

use super::Reason;
use super::document::{Document, Refuse, registry};
use crate::schema::Draft;

/// One keyword of a schema that an instance fails.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    /// JSON Pointer into the instance.
    pub path: String,
    /// The keyword that says no: `required`, `type`, …
    pub keyword: String,
    /// In the words of the validator.
    pub message: String,
    /// JSON Pointer into the schema document.
    pub schema_path: String,
    /// The key concerned, where the keyword speaks of one that is not in `path`: the missing one of `required`.
    pub property: Option<String>,
}

/// Why no validator accepts a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Complaint {
    pub message: String,
    /// JSON Pointer to the keyword that is wrong; empty where that is not known.
    pub place: String,
}

impl Complaint {
    /// The reason why nothing can be said of such a schema.
    pub fn reason(&self) -> Reason {
        let (place, keyword) = self.place.rsplit_once('/').unwrap_or_default();
        Reason::new(keyword, place, format!("the schema is not valid: {}", self.message))
    }
}

impl From<String> for Complaint {
    fn from(message: String) -> Complaint {
        Complaint { message, place: String::new() }
    }
}

/// A compiled schema.
pub struct Validator(jsonschema::Validator);

impl Validator {
    pub(super) fn compile(document: &Document) -> Result<Validator, Complaint> {
        if document.may_loop()
            && let Some(reason) = super::idle(document)
        {
            return Err(reason.to_string().into());
        }
        Validator::build(document)
    }

    /// As [`Validator::compile`], for a document of which it is known that no reference leads back to itself on the spot.
    pub(super) fn build(document: &Document) -> Result<Validator, Complaint> {
        let registry = registry(document)?;
        jsonschema::options()
            .with_draft(document.draft().for_validator())
            .with_registry(&registry)
            .with_base_uri(document.base().to_owned())
            .should_validate_formats(document.asserts_formats())
            .with_retriever(Refuse)
            // What a text holds is an annotation here, in every draft, as `format` is.
            .without_content_encoding_support("base64")
            .without_content_media_type_support("application/json")
            .build(document.value())
            .map(Validator)
            .map_err(|error| told(&error))
    }

    /// What is wrong with a document as a schema of its draft, where something is. A validator of it may still not be had.
    pub(super) fn complaint(document: &Document) -> Option<Complaint> {
        let value = document.value();
        let checked = match document.draft() {
            Draft::Draft4 | Draft::OpenApi30 => jsonschema::draft4::meta::validate(value),
            Draft::Draft6 => jsonschema::draft6::meta::validate(value),
            Draft::Draft7 => jsonschema::draft7::meta::validate(value),
            Draft::Draft201909 => jsonschema::draft201909::meta::validate(value),
            Draft::Draft202012 | Draft::OpenApi31 => jsonschema::draft202012::meta::validate(value),
        };
        checked.err().map(|error| told(&error))
    }

    pub fn accepts(&self, instance: &Value) -> bool {
        self.0.is_valid(instance)
    }

    /// Every keyword that the instance fails, in the order of the instance's paths.
    pub fn violations(&self, instance: &Value) -> Vec<Violation> {
        let mut found: Vec<Violation> = self.0.iter_errors(instance).map(|error| violation(&error)).collect();
        found.sort();
        found.dedup();
        found
    }
}

/// An error of a schema, with its place in it.
fn told(error: &jsonschema::ValidationError<'_>) -> Complaint {
    Complaint { message: error.to_string(), place: error.instance_path().as_str().to_owned() }
}

fn violation(error: &jsonschema::ValidationError<'_>) -> Violation {
    use jsonschema::error::ValidationErrorKind as Kind;
    let property = match error.kind() {
        Kind::Required { property } => property.as_str().map(str::to_owned),
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => unexpected.first().cloned(),
        _ => None,
    };
    Violation {
        path: error.instance_path().as_str().to_owned(),
        keyword: error.kind().keyword().to_owned(),
        message: error.masked().to_string(),
        schema_path: error.schema_path().as_str().to_owned(),
        property,
    }
}
