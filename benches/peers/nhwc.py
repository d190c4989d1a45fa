"""An ONNX network of convolutions as a TensorFlow function that wants NHWC."""

import numpy as np
import onnx
import tensorflow as tf
from onnx import numpy_helper


def expanded(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same network with float weights in place of int8 ones behind ``DequantizeLinear``, and ``logits`` as its only output."""
    plain = onnx.ModelProto()
    plain.CopyFrom(model)
    graph = plain.graph
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    kept = []
    for node in graph.node:
        if node.op_type != "DequantizeLinear":
            kept.append(node)
            continue
        values, scales = (constants[name] for name in node.input[:2])
        axis = next((attribute.i for attribute in node.attribute if attribute.name == "axis"), 1) % values.ndim
        shape = [-1 if place == axis else 1 for place in range(values.ndim)]
        constants[node.output[0]] = values.astype(np.float32) * (scales.reshape(shape) if scales.size > 1 else scales)
    used = {name for node in kept for name in node.input}
    del graph.node[:], graph.initializer[:]
    graph.node.extend(kept)
    graph.initializer.extend(numpy_helper.from_array(value, name) for name, value in constants.items() if name in used)
    logits = [output for output in graph.output if output.name == "logits"]
    del graph.output[:]
    graph.output.extend(logits)
    return plain


class Network(tf.Module):
    """Nodes of an expanded model, run one after the other.  Pads must be the same on both sides of an axis."""

    def __init__(self, model: onnx.ModelProto, size: int) -> None:
        super().__init__()
        self.nodes = list(model.graph.node)
        self.size = size
        self.weights = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}

    def function(self):
        """Logits ``[1, classes]`` of an image ``float32 [1, size, size, 3]``."""
        given = tf.TensorSpec([1, self.size, self.size, 3], tf.float32, name="input")
        return tf.function(self._run, input_signature=[given]).get_concrete_function()

    def _run(self, image: tf.Tensor) -> tf.Tensor:
        tensors = {"input": image}
        for node in self.nodes:
            values = [tensors[name] for name in node.input if name in tensors]
            weights = [self.weights[name] for name in node.input if name in self.weights]
            tensors[node.output[0]] = _compute(node, values, weights)
        return tensors["logits"]


def _compute(node: onnx.NodeProto, values: list[tf.Tensor], weights: list[np.ndarray]) -> tf.Tensor:
    attributes = {attribute.name: onnx.helper.get_attribute_value(attribute) for attribute in node.attribute}
    kernel = list(attributes.get("kernel_shape", []))
    strides = list(attributes.get("strides", [1, 1]))
    pads = list(attributes.get("pads", [0, 0, 0, 0]))
    border = [[0, 0], [pads[0], pads[2]], [pads[1], pads[3]], [0, 0]]
    x = values[0]
    match node.op_type:
        case "Conv":
            # "SAME" is one operator in a .tflite, explicit pads are two.
            same = strides == [1, 1] and all(2 * pad == size - 1 for pad, size in zip(pads[:2], kernel, strict=True))
            padding = "SAME" if same else "VALID" if not any(pads) else border
            made = tf.nn.conv2d(x, weights[0].transpose(2, 3, 1, 0), strides, padding)
            return tf.nn.bias_add(made, weights[1]) if len(weights) > 1 else made
        case "Relu":
            return tf.nn.relu(x)
        case "MaxPool":
            # What is padded is behind a Relu, so that zeros never win.
            return tf.nn.max_pool2d(tf.pad(x, border) if any(pads) else x, kernel, strides, "VALID")
        case "AveragePool" if attributes.get("count_include_pad", 0) or not any(pads):
            return tf.nn.avg_pool2d(tf.pad(x, border) if any(pads) else x, kernel, strides, "VALID")
        case "AveragePool":
            return tf.nn.avg_pool2d(x, kernel, strides, "SAME")
        case "Concat":
            return tf.concat(values, 3)
        case "GlobalAveragePool":
            return tf.reduce_mean(x, [1, 2], keepdims=True)
        case "Flatten":
            return tf.reshape(x, [1, -1])
        case "Gemm":
            dense = weights[0].T if attributes.get("transB", 0) else weights[0]
            return tf.matmul(x, dense) + weights[1]
    raise ValueError(f"the bench knows no {node.op_type}")
