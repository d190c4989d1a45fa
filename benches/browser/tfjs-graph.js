// Runs the nodes that onnx.js has read with tfjs, which reads no ONNX.

/** Uploads weights in the order that tfjs wants. */
export function constants(tf, weights, values) {
  const found = new Map();
  let at = 0;
  for (const { name, dims, length } of weights) {
    const tensor = tf.tensor(values.subarray(at, at + length), dims);
    // ONNX has [out, in, height, width], tfjs [height, width, in, out].
    found.set(name, dims.length === 4 ? tf.transpose(tensor, [2, 3, 1, 0]) : tensor);
    at += length;
  }
  return found;
}

/** The logits of an image `[1, height, width, 3]`. */
export function compute(tf, nodes, weights, image) {
  const users = new Map();
  for (const name of nodes.flatMap((node) => node.input)) users.set(name, (users.get(name) ?? 0) + 1);
  const found = new Map([...weights, ['input', image]]);
  const fused = new Set();
  for (const { op, input, output, kernel, strides, pads, includePads } of nodes) {
    if (fused.has(output)) continue;
    const [x, w, bias] = input.map((name) => found.get(name));
    const border = [[0, 0], [pads[0], pads[2]], [pads[1], pads[3]], [0, 0]];
    if (op === 'Conv') {
      const relu = nodes.find((node) => node.op === 'Relu' && node.input[0] === output && users.get(output) === 1);
      const activation = relu ? 'relu' : 'linear';
      const made = tf.fused.conv2d({ x, filter: w, strides, pad: border, bias, activation });
      found.set(relu?.output ?? output, made);
      if (relu) fused.add(relu.output);
    } else if (op === 'Relu') found.set(output, tf.relu(x));
    else if (op === 'MaxPool') found.set(output, tf.maxPool(x, kernel, strides, border));
    else if (op === 'AveragePool') {
      found.set(output, tf.avgPool(includePads ? tf.pad(x, border) : x, kernel, strides, includePads ? 'valid' : border));
    } else if (op === 'Concat') found.set(output, tf.concat(input.map((name) => found.get(name)), 3));
    else if (op === 'GlobalAveragePool') found.set(output, tf.mean(x, [1, 2], true));
    else if (op === 'Flatten') found.set(output, tf.reshape(x, [1, -1]));
    else if (op === 'Gemm') found.set(output, tf.add(tf.matMul(x, w), bias));
    else throw new Error(`the bench knows no ${op}`);
  }
  return found.get('logits');
}
