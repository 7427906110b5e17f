//! Parameter ids derived from the parameters' names.

use burn::module::{Module, ModuleMapper, Param, ParamId};
use burn::tensor::Tensor;
use sha2::{Digest, Sha256};

/// Gives each parameter an id derived from its name in the module.
///
/// Burn draws ids at random and stores them in checkpoints: those of equal runs would be different files.
pub(crate) fn identify<M: Module>(module: M) -> M {
    module.map(&mut Identifier::default())
}

#[derive(Default)]
struct Identifier {
    path: Vec<String>,
}

impl ModuleMapper for Identifier {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn map_float<const D: usize>(&mut self, mut parameter: Param<Tensor<D>>) -> Param<Tensor<D>> {
        parameter.id = id(&self.path.join("."));
        parameter
    }
}

/// The first eight bytes of the name's sha256.
fn id(name: &str) -> ParamId {
    let hash = Sha256::digest(name);
    let first = hash.first_chunk().expect("a hash has 32 bytes");
    ParamId::from(u64::from_le_bytes(*first))
}
