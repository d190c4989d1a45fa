//! CPU engines whose convolutions others compute, in shares.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::cell::RefCell;
use std::fmt;
use std::future::ready;
use std::rc::Rc;

use pollster::block_on;
use skintree::engine::{
    self, Engine, EngineChoice, EngineName, EngineRequest, FixedEngine, FloatEngine, Helpers, Loaded, Share,
    StartHelpers, Started,
};
use skintree::input::self_test_input;
use skintree::onnx::{Graph, ModelFile};
use skintree::pack::Pack;
use skintree_cpu::{Number, Shares};
use skintree_testing::{shipped, tiny};

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    None,
    /// The helpers take no convolution.
    Add,
    /// They do not compute the run of this number, counted from 0.
    Run(usize),
    /// They compute wrong numbers.
    Wrong,
}

/// Helpers in this thread, each with memory of its own.
#[derive(Debug)]
struct Local<N: Number> {
    helpers: Vec<Shares<N>>,
    /// That each share makes.
    bytes: Vec<usize>,
    runs: usize,
    fault: Fault,
}

impl<N: Number> Local<N> {
    fn new(count: usize, fault: Fault) -> Self {
        let helpers = (0..count).map(|_| Shares::default()).collect();
        Self { helpers, bytes: Vec::new(), runs: 0, fault }
    }
}

impl<N: Number> Helpers for Local<N> {
    fn count(&self) -> usize {
        self.helpers.len()
    }

    fn add(&mut self, helper: usize, share: &Share<'_>) -> Result<(), String> {
        assert_eq!(self.bytes.len() % self.helpers.len(), helper, "shares come one after the other");
        self.bytes.push(share.shape[share.shape.len() - 1] as usize);
        if self.fault == Fault::Add { Err("no memory".to_owned()) } else { self.helpers[helper].add(share) }
    }

    fn run(&mut self, convolution: usize, image: &[u8], results: &mut [u8]) -> Result<(), String> {
        if convolution == 0 {
            self.runs += 1;
        }
        if self.fault == Fault::Run(self.runs - 1) {
            return Err("a thread does not answer".to_owned());
        }
        let count = self.helpers.len();
        let mut rest = results;
        for (helper, shares) in self.helpers.iter_mut().enumerate() {
            let memory: &mut [u8] = bytemuck::cast_slice_mut(shares.image());
            memory[..image.len()].copy_from_slice(image);
            let (own, others) = rest.split_at_mut(self.bytes[convolution * count + helper]);
            own.copy_from_slice(bytemuck::cast_slice(shares.run(convolution)?));
            if self.fault == Fault::Wrong {
                own.fill(0);
            }
            rest = others;
        }
        assert!(rest.is_empty(), "the results have room for all shares and nothing else");
        Ok(())
    }

    fn kernels(&self) -> Option<String> {
        Some("helped".to_owned())
    }
}

fn logits(engine: &mut dyn Engine, pack: &Pack) -> Vec<f32> {
    let input = self_test_input(1, pack.manifest().input.size).data;
    let outputs = block_on(engine.run(&input)).unwrap();
    outputs.logits.into_iter().chain(outputs.features.map(|map| map.data).unwrap_or_default()).collect()
}

fn graph(pack: &Pack) -> Graph {
    Graph::read(pack.model(), &pack.manifest().signature()).unwrap()
}

#[test]
fn integers_are_the_same_with_helpers() {
    let pack = shipped();
    let activations = &pack.manifest().activations;
    let alone = logits(&mut FixedEngine::of_graph(&graph(&pack), activations).unwrap(), &pack);
    let helpers = Box::new(Local::<i16>::new(3, Fault::None));
    let mut helped = FixedEngine::with_helpers(&graph(&pack), activations, Some(helpers)).unwrap();
    assert_eq!(logits(&mut helped, &pack), alone);
    assert_eq!((helped.kernels().unwrap().as_str(), helped.threads()), ("int8, helped", 3));
}

#[test]
fn floats_are_the_same_with_helpers() {
    let pack = tiny();
    let alone = logits(&mut FloatEngine::of_graph(&graph(&pack)).unwrap(), &pack);
    for count in [1, 2, 5] {
        let helpers = Box::new(Local::<f32>::new(count, Fault::None));
        let mut helped = FloatEngine::with_helpers(&graph(&pack), Some(helpers)).unwrap();
        assert_eq!(logits(&mut helped, &pack), alone);
    }
}

/// Starts helpers with a fault, and notes for which numbers.
struct Starter {
    fault: Option<Fault>,
    started: RefCell<Vec<bool>>,
}

impl fmt::Debug for Starter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Starter")
    }
}

impl StartHelpers for Starter {
    fn start(&self, floats: bool) -> Started {
        self.started.borrow_mut().push(floats);
        let helpers: Option<Box<dyn Helpers>> = self.fault.map(|fault| -> Box<dyn Helpers> {
            if floats { Box::new(Local::<f32>::new(2, fault)) } else { Box::new(Local::<i16>::new(2, fault)) }
        });
        Box::pin(ready(helpers))
    }
}

/// A loaded pack, and for which numbers helpers were started.
fn load(pack: &Pack, engine: EngineChoice, fault: Option<Fault>) -> (Loaded, Vec<bool>) {
    let starter = Rc::new(Starter { fault, started: RefCell::default() });
    let request = EngineRequest { engine, helpers: Some(starter.clone()), ..EngineRequest::default() };
    let model = ModelFile::read(pack.model().to_vec(), &pack.manifest().signature()).unwrap();
    let loaded = block_on(engine::load(pack.manifest(), model, request)).unwrap();
    let started = starter.started.borrow().clone();
    (loaded, started)
}

#[test]
fn helpers_are_started_for_the_numbers_of_the_pack() {
    let cpu = EngineChoice::Only(EngineName::Cpu);
    for (pack, choice, floats, kernels) in [
        (shipped(), cpu, false, "int8, helped"),
        (shipped(), EngineChoice::CpuFloat, true, "f32, helped"),
        (tiny(), cpu, true, "f32, helped"),
    ] {
        let (loaded, started) = load(&pack, choice, Some(Fault::None));
        assert_eq!((loaded.info.kernels.as_deref(), started), (Some(kernels), vec![floats]));
        assert_eq!(loaded.info.threads, Some(2));
    }
}

#[test]
fn the_engine_computes_alone_where_helpers_are_no_good() {
    let pack = tiny();
    for fault in [None, Some(Fault::Add), Some(Fault::Run(0)), Some(Fault::Wrong)] {
        let (loaded, _) = load(&pack, EngineChoice::CpuFloat, fault);
        assert_eq!((loaded.info.kernels.as_deref(), loaded.info.threads), (Some("f32"), None), "{fault:?}");
    }
}

#[test]
fn helpers_that_fail_later_are_an_error_and_not_a_wrong_number() {
    let pack = tiny();
    // The self-test is the first run.
    let (mut loaded, _) = load(&pack, EngineChoice::CpuFloat, Some(Fault::Run(1)));
    assert_eq!(loaded.info.kernels.as_deref(), Some("f32, helped"));
    let input = self_test_input(1, pack.manifest().input.size).data;
    let error = block_on(loaded.engine.run(&input)).unwrap_err();
    assert_eq!(error.code(), "engine-failed");
    assert!(error.to_string().contains("a thread does not answer"), "{error}");
    assert_eq!(logits(&mut *loaded.engine, &pack), logits(&mut FloatEngine::of_graph(&graph(&pack)).unwrap(), &pack));
}
