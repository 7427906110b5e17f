//! A module's parameters by name.
#![allow(dead_code)] // Each test program uses what it needs.

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Gradients, Tensor};

/// The name of each parameter and its numbers.
pub fn weights(module: &impl Module) -> Vec<(String, Vec<f32>)> {
    let numbers = collect(module, None).into_iter();
    numbers.map(|(name, numbers)| (name, numbers.expect("a parameter has numbers"))).collect()
}

/// The name of each parameter and its gradient, if it has one.
pub fn gradients(module: &impl Module, of: &Gradients) -> Vec<(String, Option<Vec<f32>>)> {
    collect(module, Some(of))
}

fn collect(module: &impl Module, of: Option<&Gradients>) -> Vec<(String, Option<Vec<f32>>)> {
    let mut collector = Collector { of, path: Vec::new(), found: Vec::new() };
    module.visit(&mut collector);
    collector.found
}

struct Collector<'a> {
    of: Option<&'a Gradients>,
    path: Vec<String>,
    found: Vec<(String, Option<Vec<f32>>)>,
}

impl ModuleVisitor for Collector<'_> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let tensor = match self.of {
            Some(gradients) => param.val().grad(gradients),
            None => Some(param.val()),
        };
        let numbers = tensor.map(|tensor| tensor.into_data().try_to_vec().unwrap());
        self.found.push((self.path.join("."), numbers));
    }
}
