//! How Python paths name modules.

use super::{Files, ModuleId, Modules};

struct None_;

pub fn build(_files: &Files<'_>) -> impl Modules + use<> {
    None_
}

impl Modules for None_ {
    fn find(&self, _from: &ModuleId, _module: &[String]) -> Option<ModuleId> {
        None
    }

    fn child(&self, _of: &ModuleId, _name: &str) -> Option<ModuleId> {
        None
    }
}
