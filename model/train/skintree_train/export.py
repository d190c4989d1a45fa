"""A network as an ONNX file in the form that ``docs/formats.md`` prescribes."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from .architecture import Concat, Conv, Pool
from .network import Network
from .quantisation import quantise

OPSET = 13
IR_VERSION = 7


class _Builder:
    """Collects nodes, initialisers and shapes of one graph."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.initialisers: list[onnx.TensorProto] = []
        self.shapes: dict[str, tuple[int, ...]] = {}

    def node(self, kind: str, name: str, inputs: list[str], shape: tuple[int, ...], output: str = "", **attributes):
        """Adds a node whose only output is named like the node unless ``output`` says otherwise."""
        output = output or name
        self.nodes.append(helper.make_node(kind, inputs, [output], name=name, **attributes))
        self.shapes[output] = shape

    def constant(self, name: str, values: np.ndarray) -> str:
        """Adds an initialiser."""
        self.initialisers.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def weights(self, name: str, values: np.ndarray, axis: int, int8: bool) -> str:
        """Adds a weight tensor; as ``int8`` behind DequantizeLinear along ``axis``."""
        if not int8:
            return self.constant(name, values.astype(np.float32))
        small = quantise(values, axis)
        inputs = [
            self.constant(f"{name}_int8", small.values),
            self.constant(f"{name}_scale", small.scales),
            self.constant(f"{name}_zero", np.zeros(len(small.scales), np.int8)),
        ]
        self.node("DequantizeLinear", name, inputs, values.shape, axis=axis)
        return name


def build(network: Network, int8: bool = True) -> onnx.ModelProto:
    """The network at inference, batch 1: input ``input``, outputs ``logits`` and ``features``."""
    architecture = network.architecture
    graph = _Builder()
    graph.shapes["input"] = (1, 3, architecture.size, architecture.size)
    # The last feature map is an output and carries the output's name.
    rename = {architecture.features: "features"}
    for op in architecture.operations:
        output = rename.get(op.name, op.name)
        match op:
            case Conv():
                _conv(graph, op, network, int8)
            case Pool():
                _pool(graph, op)
            case Concat():
                shapes = [graph.shapes[source] for source in op.sources]
                joined = (1, sum(shape[1] for shape in shapes), *shapes[0][2:])
                graph.node("Concat", op.name, list(op.sources), joined, output, axis=1)
    _, channels, _, _ = graph.shapes["features"]
    graph.node("GlobalAveragePool", "head/average", ["features"], (1, channels, 1, 1))
    graph.node("Flatten", "head/flatten", ["head/average"], (1, channels), axis=1)
    dense = network.head.weight.detach().numpy()
    inputs = [
        "head/flatten",
        # Never int8: onnxruntime then rounds the activations too, and logits move by 0.03. It is 0.3 % of the weights.
        graph.constant("head/dense/weight", np.ascontiguousarray(dense.T).astype(np.float32)),
        graph.constant("head/dense/bias", network.head.bias.detach().numpy()),
    ]
    graph.node("Gemm", "head/dense", inputs, (1, len(dense)), "logits", alpha=1.0, beta=1.0, transA=0, transB=0)
    return _model(graph)


def _conv(graph: _Builder, op: Conv, network: Network, int8: bool) -> None:
    weight, bias = (part.detach().numpy() for part in network.layers[op.name].folded())
    _, _, height, width = graph.shapes[op.source]
    extents = [
        (extent + 2 * padding - kernel) // op.stride + 1
        for extent, padding, kernel in zip((height, width), op.padding, op.kernel, strict=True)
    ]
    shape = (1, op.outputs, *extents)
    inputs = [
        op.source,
        graph.weights(f"{op.name}/weight", weight, axis=0, int8=int8),
        graph.constant(f"{op.name}/bias", bias),
    ]
    graph.node(
        "Conv",
        f"{op.name}/conv",
        inputs,
        shape,
        dilations=[1, 1],
        group=1,
        kernel_shape=list(op.kernel),
        pads=[*op.padding, *op.padding],
        strides=[op.stride, op.stride],
    )
    graph.node("Relu", f"{op.name}/relu", [f"{op.name}/conv"], shape, op.name)


def _pool(graph: _Builder, op: Pool) -> None:
    _, channels, height, width = graph.shapes[op.source]
    if op.kind == "max":
        shape = (1, channels, (height - 3) // 2 + 1, (width - 3) // 2 + 1)
        graph.node("MaxPool", op.name, [op.source], shape, kernel_shape=[3, 3], pads=[0] * 4, strides=[2, 2])
    else:
        attributes = {"kernel_shape": [3, 3], "pads": [1] * 4, "strides": [1, 1], "count_include_pad": 0}
        graph.node("AveragePool", op.name, [op.source], (1, channels, height, width), **attributes)


def _model(graph: _Builder) -> onnx.ModelProto:
    def info(name: str) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, graph.shapes[name])

    outputs = ["logits", "features"]
    proto = helper.make_graph(
        graph.nodes,
        "skintree",
        [info("input")],
        [info(name) for name in outputs],
        graph.initialisers,
        value_info=[info(name) for name in graph.shapes if name not in ("input", *outputs)],
    )
    model = helper.make_model(
        proto, producer_name="skintree", opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION
    )
    onnx.checker.check_model(model, full_check=True)
    return model


def session(model: onnx.ModelProto | Path) -> onnxruntime.InferenceSession:
    """An onnxruntime session on the CPU."""
    source = str(model) if isinstance(model, Path) else model.SerializeToString()
    return onnxruntime.InferenceSession(source, providers=["CPUExecutionProvider"])
