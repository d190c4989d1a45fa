// One runtime of the table in a page of its own: `peers.js?runtime=NAME` sets `globalThis.bench` to `{load, run}`.
// run() gives logits, or probabilities where the runtime gives no logits.

const SIZE = 299;

/** The photo as the network wants it, NCHW. */
async function input() {
  const { mean, std } = (await (await fetch('/pack/manifest.json')).json()).input;
  const image = await createImageBitmap(await (await fetch('/photo.png')).blob());
  const context = new OffscreenCanvas(SIZE, SIZE).getContext('2d');
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, SIZE, SIZE);
  return Float32Array.from({ length: 3 * SIZE * SIZE }, (_, i) => {
    const [channel, pixel] = [Math.floor(i / (SIZE * SIZE)), i % (SIZE * SIZE)];
    return (data[pixel * 4 + channel] / 255 - mean[channel]) / std[channel];
  });
}

async function skintree(engine) {
  const { Classifier } = await import('/skintree.js');
  const [classifier, photo, manifest] = [
    await Classifier.load('/pack/', { engine }),
    await (await fetch('/photo.png')).blob(),
    await (await fetch('/pack/manifest.json')).json(),
  ];
  return async () => {
    const { fine, timings } = await classifier.classify(photo, { topK: 1000 });
    const probability = (id) => fine.find((entry) => entry.id === id).probability;
    // Logits but for a constant, which the comparison takes out.
    const logits = manifest.classes.map((id) => Math.log(probability(id)) * manifest.temperature);
    return { logits, ms: timings.engine_ms };
  };
}

async function onnxruntime(provider) {
  const ort = await import('/ort/ort.all.min.mjs');
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmPaths = '/ort/';
  const session = await ort.InferenceSession.create('/pack/model.onnx', { executionProviders: [provider] });
  const tensor = new ort.Tensor('float32', await input(), [1, 3, SIZE, SIZE]);
  const run = async () => {
    const start = performance.now();
    const { logits } = await session.run({ input: tensor }, ['logits']);
    return { logits: [...logits.data], ms: performance.now() - start };
  };
  return run;
}

function script(src) {
  return new Promise((resolve, reject) => {
    document.head.append(Object.assign(document.createElement('script'), { src, onload: resolve, onerror: reject }));
  });
}

async function tfjs(backend) {
  await script('/tfjs/tfjs-core/dist/tf-core.min.js');
  if (backend !== 'wasm') await script('/tfjs/tfjs-backend-cpu/dist/tf-backend-cpu.min.js');
  await script(`/tfjs/tfjs-backend-${backend}/dist/tf-backend-${backend}.min.js`);
  const { tf } = globalThis;
  if (backend === 'wasm') tf.wasm.setWasmPaths('/tfjs/tfjs-backend-wasm/dist/');
  if (!(await tf.setBackend(backend))) throw new Error(`tfjs has no backend ${backend} here`);
  await tf.ready();

  const { nodes, weights } = await (await fetch('/graph.json')).json();
  const values = new Float32Array(await (await fetch('/weights.bin')).arrayBuffer());
  const constants = new Map();
  let at = 0;
  for (const { name, dims, length } of weights) {
    const tensor = tf.tensor(values.subarray(at, at + length), dims);
    // ONNX has [out, in, height, width], tfjs [height, width, in, out].
    constants.set(name, dims.length === 4 ? tf.transpose(tensor, [2, 3, 1, 0]) : tensor);
    at += length;
  }
  const users = new Map();
  for (const name of nodes.flatMap((node) => node.input)) users.set(name, (users.get(name) ?? 0) + 1);
  const image = tf.transpose(tf.tensor(await input(), [1, 3, SIZE, SIZE]), [0, 2, 3, 1]);

  const compute = () => {
    const found = new Map([...constants, ['input', image]]);
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
  };
  return async () => {
    const start = performance.now();
    const result = tf.tidy(compute);
    const logits = [...(await result.data())];
    result.dispose();
    return { logits, ms: performance.now() - start };
  };
}

const RUNTIMES = {
  'skintree wonnx': () => skintree('wonnx'),
  'skintree cpu': () => skintree('cpu'),
  'onnxruntime-web webgpu': () => onnxruntime('webgpu'),
  'onnxruntime-web wasm': () => onnxruntime('wasm'),
  'tfjs webgpu': () => tfjs('webgpu'),
  'tfjs webgl': () => tfjs('webgl'),
  'tfjs wasm': () => tfjs('wasm'),
};

globalThis.bench = { load: async (name) => void (globalThis.bench.run = await RUNTIMES[name]()) };
