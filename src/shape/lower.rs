//! A shape as a JSON Schema 2020-12 document.
