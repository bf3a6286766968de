//! driftgate finds where event and webhook payloads cross between systems, works out their shape on the wire, and says what a
//! change breaks, for whom, with a payload that proves it.
//!
//! Data flows one way: `snapshot → extract → link → registry → compare → rules → report`. `ARCHITECTURE.md` is the map.

pub mod accept;
pub mod agents;
pub mod audit;
pub mod check;
pub mod cli;
pub mod compare;
pub mod config;
pub mod document;
pub mod error;
pub mod extract;
pub mod facts;
pub mod finding;
pub mod fix;
pub mod fixtures;
pub mod link;
pub mod prove;
pub mod record;
pub mod registry;
pub mod report;
pub mod rules;
pub mod scan;
pub mod schema;
pub mod shape;
pub mod snapshot;
pub mod source;
pub mod suggest;
pub mod waivers;
pub mod workflows;
