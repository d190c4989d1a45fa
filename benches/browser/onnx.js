// Reads a pack's ONNX file into what the tfjs page needs: nodes, and weights expanded to f32.

import protobuf from 'protobufjs';

const SCHEMA = `
  syntax = "proto3";
  message Attribute { string name = 1; int64 i = 3; repeated int64 ints = 8; }
  message Node { repeated string input = 1; repeated string output = 2; string op = 4; repeated Attribute attribute = 5; }
  message Tensor { repeated int64 dims = 1; int32 type = 2; repeated float floats = 4 [packed = true]; string name = 8; bytes raw = 9; }
  message Dim { int64 value = 1; }
  message Shape { repeated Dim dim = 1; }
  message TensorType { Shape shape = 2; }
  message Type { TensorType tensor = 1; }
  message ValueInfo { string name = 1; Type type = 2; }
  message Graph { repeated Node node = 1; repeated Tensor initializer = 5; repeated ValueInfo output = 12; repeated ValueInfo value_info = 13; }
  message Model { Graph graph = 7; }
`;

/**
 * @param {Uint8Array} bytes
 */
export function readOnnx(bytes) {
  const Model = protobuf.parse(SCHEMA).root.lookupType('Model');
  const { graph } = /** @type {any} */ (Model.toObject(Model.decode(bytes), { longs: Number, defaults: true }));
  /** @type {Map<string, {dims: number[], values: Float32Array | Int8Array}>} */
  const tensors = new Map();
  for (const { name, dims, type, floats, raw } of graph.initializer) {
    const copy = new Uint8Array(raw).buffer;
    const values = type === 3 ? new Int8Array(copy) : floats.length ? Float32Array.from(floats) : new Float32Array(copy);
    tensors.set(name, { dims, values });
  }
  const nodes = [];
  for (const { input, output, op, attribute } of graph.node) {
    if (op === 'DequantizeLinear') {
      const [{ dims, values }, scale] = input.map((/** @type {string} */ name) => /** @type {any} */ (tensors.get(name)));
      const per = values.length / scale.values.length;
      const expanded = Float32Array.from(values, (q, i) => q * scale.values[Math.floor(i / per)]);
      tensors.set(output[0], { dims, values: expanded });
      continue;
    }
    const get = (/** @type {string} */ name) => attribute.find((/** @type {any} */ a) => a.name === name);
    nodes.push({
      op,
      input,
      output: output[0],
      kernel: get('kernel_shape')?.ints,
      strides: get('strides')?.ints ?? [1, 1],
      pads: get('pads')?.ints ?? [0, 0, 0, 0],
      includePads: get('count_include_pad')?.i === 1,
    });
  }
  const used = new Set(nodes.flatMap(({ input }) => input));
  // Each output of a convolution or dense layer takes as many multiplications as it has weights of its own.
  const elements = new Map([...graph.output, ...graph.valueInfo].map(({ name, type }) => [name, type.tensor.shape.dim.reduce((/** @type {number} */ all, /** @type {any} */ dim) => all * dim.value, 1)]));
  const multiplications = ({ op, input, output }) => {
    if (op !== 'Conv' && op !== 'Gemm') return 0;
    const { dims, values } = tensors.get(input[1]);
    return elements.get(output) * (values.length / (op === 'Conv' ? dims[0] : dims[1]));
  };
  const multiplyAccumulates = nodes.reduce((sum, node) => sum + multiplications(node), 0);
  const weights = [...tensors].filter(([name]) => used.has(name)).map(([name, tensor]) => ({ name, ...tensor }));
  return { nodes, weights, multiplyAccumulates };
}
