//! Facts of many files become boundaries: names are followed across files, idioms recognised, wrappers summarised.

mod answers;
pub mod boundaries;
pub mod callee;
pub mod callers;
pub mod declared;
mod decoders;
pub(crate) mod dispatch;
pub mod doubles;
pub mod envelopes;
pub mod eval;
mod foreign;
mod heirs;
mod hooks;
pub mod idioms;
pub mod index;
pub mod model;
pub mod modules;
pub mod naming;
pub mod options;
pub mod packages;
pub mod payload;
mod queries;
pub mod reads;
pub mod reduce;
pub mod relay;
pub mod resolve;
pub mod summaries;
pub mod surroundings;
pub mod term;
#[cfg(test)]
mod tests_programs;
#[cfg(test)]
mod tests_python;
#[cfg(test)]
mod tests_python_dumps;
#[cfg(test)]
mod tests_python_queues;
#[cfg(test)]
mod tests_python_tasks;
#[cfg(test)]
mod tests_rust;
#[cfg(test)]
mod tests_typescript;
#[cfg(test)]
mod tests_typescript_jobs;
mod told;
pub mod types;
