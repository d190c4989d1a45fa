//! Plans of the tiny and of the shipped network, and of graphs that cannot be planned as these are.

use std::collections::HashSet;

use prost::Message as _;
use skintree_testing::path;

use super::fuse::{self, Operation};
use super::{Plan, Step};
use crate::onnx::Graph;
use crate::onnx::proto::{ModelProto, NodeProto};
use crate::pack::Pack;
use crate::shaders::{Method, Variant};

const TILES: Variant = Variant { method: Method::Tiles { cores: 40 }, half: false };
const REGISTERS: Variant = Variant { method: Method::Registers { quads: 4, pixels: 2, shared: false }, half: false };

fn graph(pack: &str) -> Graph {
    let pack = Pack::read_dir(&path(pack)).unwrap();
    Graph::read(pack.model(), &pack.manifest().signature()).unwrap()
}

fn plan(pack: &str, variant: Variant) -> Plan {
    Plan::of(&graph(pack), variant).unwrap()
}

#[test]
fn the_shipped_network_takes_few_dispatches_and_shaders() {
    let Plan { steps, buffers, .. } = plan("model/pack", TILES);
    assert_eq!(steps.len(), 62);
    let shaders: HashSet<&str> = steps.iter().map(|step| step.kernel.wgsl.as_str()).collect();
    assert!(shaders.len() <= 16, "{} shaders", shaders.len());
    let bytes: u64 = buffers.iter().map(|&(_, bytes)| bytes).sum();
    assert!(bytes < 13 << 20, "{bytes} bytes for feature maps");
    // A software adapter has a kernel for each convolution.
    assert_eq!(plan("model/pack", REGISTERS).steps.len(), 81);
}

#[test]
fn nothing_is_copied_to_join_channels() {
    for pack in ["model/pack", "tests/golden/tiny"] {
        let nodes = graph(pack);
        let joins: HashSet<&str> =
            nodes.nodes().iter().filter(|node| node.op == "Concat").map(|node| node.name.as_str()).collect();
        assert!(!joins.is_empty());
        for variant in [TILES, REGISTERS] {
            assert!(!plan(pack, variant).steps.iter().any(|step| joins.contains(step.name.as_str())), "{pack}");
        }
    }
}

/// WebGPU refuses a dispatch that has a buffer both to read and to write.
#[test]
fn no_dispatch_reads_what_it_writes() {
    for pack in ["model/pack", "tests/golden/tiny"] {
        for variant in [TILES, REGISTERS] {
            for Step { name, reads, writes, .. } in plan(pack, variant).steps {
                assert!(reads.iter().all(|read| !writes.contains(read)), "{name}: {reads:?}, {writes:?}");
                assert_eq!(writes.iter().collect::<HashSet<_>>().len(), writes.len(), "{name}: {writes:?}");
            }
        }
    }
}

#[test]
fn the_last_writer_of_an_output_stands_for_it() {
    let steps = plan("model/pack", TILES).steps;
    let outputs: Vec<(usize, &str)> =
        steps.iter().enumerate().filter_map(|(index, step)| Some((index, step.output.as_deref()?))).collect();
    assert_eq!(outputs, [(59, "features"), (60, "head/average"), (61, "logits")]);
    assert!(!steps[60..].iter().any(|step| step.writes.iter().any(|name| name == "features")));
}

#[test]
fn a_mean_follows_the_convolution_that_was_behind_it() {
    let graph = graph("model/pack");
    let fused = fuse::fuse(&graph).unwrap();
    let means: Vec<&Operation<'_>> =
        fused.operations.iter().filter(|operation| operation.node.op == "AveragePool").collect();
    assert_eq!(means.len(), 9);
    for Operation { inputs, outputs, .. } in means {
        assert_eq!(inputs[0].1[0], outputs[0].shape[0]);
        assert!(outputs[0].relu && outputs[0].bias.is_some() && outputs[0].weights.is_none());
    }
}

/// A kernel stores the output of a few convolutions; more over one tensor are several dispatches.
#[test]
fn any_number_of_equal_convolutions_over_one_tensor_has_kernels() {
    let pack = Pack::read_dir(&path("tests/golden/tiny")).unwrap();
    let mut model = ModelProto::decode(pack.model()).unwrap();
    let nodes = &mut model.graph.as_mut().unwrap().node;
    let first = nodes.iter().find(|node| node.op_type == "Conv").unwrap().clone();
    nodes.extend((0..9).map(|number| NodeProto {
        name: format!("{}/{number}", first.name),
        output: vec![format!("{}/{number}", first.output[0])],
        ..first.clone()
    }));
    let graph = Graph::read(&model.encode_to_vec(), &pack.manifest().signature()).unwrap();
    for variant in [TILES, REGISTERS] {
        let channels = |plan: &Plan| -> usize {
            let image = plan.ends["input"];
            plan.convolutions.iter().filter(|conv| conv.input == image).map(|conv| conv.output[0]).sum()
        };
        let once = channels(&plan("tests/golden/tiny", variant));
        assert!(once > 0);
        assert_eq!(channels(&Plan::of(&graph, variant).unwrap()), 10 * once);
    }
}
