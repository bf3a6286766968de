//! JSON Schema documents: read, resolved, and turned into shapes.
