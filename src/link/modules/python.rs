//! Python modules.
