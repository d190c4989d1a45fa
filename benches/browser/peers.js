// One runtime of the table in a page of its own: `globalThis.bench` has `fetch(name)`, which brings the runtime's files
// and the model into memory, then `load()`, which makes a session of them, then `run()`, which gives
// `{logits, ms}`. What a runtime insists on fetching itself counts as loading; the server is on the same machine.

import { compute, constants } from './tfjs-graph.js';

const SIZE = 299;

const bytes = async (url) => new Uint8Array(await (await fetch(url)).arrayBuffer());
const json = async (url) => (await fetch(url)).json();

/** The photo as the network wants it, NCHW. */
async function input() {
  const { mean, std } = (await json('/pack/manifest.json')).input;
  const image = await createImageBitmap(await (await fetch('/photo.png')).blob());
  const context = new OffscreenCanvas(SIZE, SIZE).getContext('2d');
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, SIZE, SIZE);
  return Float32Array.from({ length: 3 * SIZE * SIZE }, (_, i) => {
    const [channel, pixel] = [Math.floor(i / (SIZE * SIZE)), i % (SIZE * SIZE)];
    return (data[pixel * 4 + channel] / 255 - mean[channel]) / std[channel];
  });
}

/** Calls what gives logits and times it. */
const timed = (run) => async () => {
  const start = performance.now();
  const logits = [...(await run())];
  return { logits, ms: performance.now() - start };
};

/** The module behind skintree.js, whose options choose kernels. */
async function skintree(engine, kernels) {
  const wasm = await import('/pkg/skintree.js');
  const [code, manifest, photo] = [await bytes('/pkg/skintree_bg.wasm'), await bytes('/pack/manifest.json'), await bytes('/photo.png')];
  const { files, classes, photo_kinds, temperature } = JSON.parse(new TextDecoder().decode(manifest));
  const pack = {};
  for (const [role, { path }] of Object.entries(files)) pack[role] = await bytes(`/pack/${path}`);
  return async () => {
    const { memory } = await wasm.default({ module_or_path: code });
    const classifier = await wasm.WebClassifier.load(manifest, pack.model, pack.taxonomy, pack.scope, pack.kind, { engine, kernels });
    // As the worker does, which hands them over.
    for (const role in pack) delete pack[role];
    bench.info = () => ({ kernels: classifier.info().engine.kernels, wasm_mib: memory.buffer.byteLength / 2 ** 20 });
    return async () => {
      const { fine, photo_kind, timings } = await classifier.classify(photo, { topK: classes.length });
      const kind = photo_kinds?.kinds.find(({ id }) => id === photo_kind.id) ?? { temperature, offset: classes.map(() => 0) };
      const probability = (id) => fine.find((entry) => entry.id === id).probability;
      // Logits but for a constant, which the comparison takes out.
      const logits = classes.map((id, i) => Math.log(probability(id)) * kind.temperature - kind.offset[i]);
      return { logits, ms: timings.engine_ms };
    };
  };
}

async function onnxruntime(provider) {
  const ort = await import('/ort/ort.all.min.mjs');
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmPaths = '/ort/';
  const [model, values] = [await bytes('/pack/model.onnx'), await input()];
  return async () => {
    const session = await ort.InferenceSession.create(model, { executionProviders: [provider] });
    const tensor = new ort.Tensor('float32', values, [1, 3, SIZE, SIZE]);
    return timed(async () => (await session.run({ input: tensor }, ['logits'])).logits.data);
  };
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
  const [{ nodes, weights }, stored, values] = [await json('/graph.json'), await bytes('/weights.bin'), await input()];
  return async () => {
    if (!(await tf.setBackend(backend))) throw new Error(`tfjs has no backend ${backend} here`);
    await tf.ready();
    const uploaded = constants(tf, weights, new Float32Array(stored.buffer));
    const image = tf.transpose(tf.tensor(values, [1, 3, SIZE, SIZE]), [0, 2, 3, 1]);
    return timed(async () => {
      const result = tf.tidy(() => compute(tf, nodes, uploaded, image));
      const logits = await result.data();
      result.dispose();
      return logits;
    });
  };
}

/** rten or tract, built from benches/cpu-engines. */
async function library(name) {
  const wasm = await import(`/cpu-engines/${name}/cpu_engines.js`);
  const [code, model] = [await bytes(`/cpu-engines/${name}/cpu_engines_bg.wasm`), await bytes('/pack/model.onnx')];
  const values = await input();
  return async () => {
    const { memory } = await wasm.default({ module_or_path: code });
    const network = new wasm.Network(model);
    bench.info = () => ({ wasm_mib: memory.buffer.byteLength / 2 ** 20 });
    return timed(() => network.run(values));
  };
}

const RUNTIMES = {
  skintree: ([engine, kernels]) => skintree(engine, kernels),
  'onnxruntime-web': ([provider]) => onnxruntime(provider),
  tfjs: ([backend]) => tfjs(backend),
  rten: () => library('rten'),
  tract: () => library('tract'),
};

const bench = {
  async fetch(name) {
    const [runtime, ...how] = name.split(' ');
    bench.make = await RUNTIMES[runtime](how);
  },
  async load() {
    bench.run = await bench.make();
  },
  info: () => ({}),
};
globalThis.bench = bench;
