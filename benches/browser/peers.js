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
  const { HelperStarter } = await import('/interface/cpu-helpers.js');
  const [code, manifest, photo] = [await bytes('/pkg/skintree_bg.wasm'), await bytes('/pack/manifest.json'), await bytes('/photo.png')];
  const { files, classes, photo_kinds, temperature } = JSON.parse(new TextDecoder().decode(manifest));
  const pack = {};
  for (const [role, { path }] of Object.entries(files)) pack[role] = await bytes(`/pack/${path}`);
  return async () => {
    const { memory } = await wasm.default({ module_or_path: code });
    const classifier = await wasm.WebClassifier.load(manifest, pack.model, pack.taxonomy, pack.scope, pack.kind, { engine, kernels }, new HelperStarter());
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

/** `int8`: the model of benches/peers whose activations are int8 too. */
async function onnxruntime(provider, form) {
  const ort = await import('/ort/ort.all.min.mjs');
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmPaths = '/ort/';
  const [model, values] = [await bytes(form === 'int8' ? '/peers/int8.onnx' : '/pack/model.onnx'), await input()];
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
  await script('/npm/@tensorflow/tfjs-core/dist/tf-core.min.js');
  if (backend !== 'wasm') await script('/npm/@tensorflow/tfjs-backend-cpu/dist/tf-backend-cpu.min.js');
  await script(`/npm/@tensorflow/tfjs-backend-${backend}/dist/tf-backend-${backend}.min.js`);
  const { tf } = globalThis;
  if (backend === 'wasm') tf.wasm.setWasmPaths('/npm/@tensorflow/tfjs-backend-wasm/dist/');
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

/** `[1, 299, 299, 3]` of `[1, 3, 299, 299]`. */
const nhwc = (values) => values.map((_, i) => values[(i % 3) * SIZE * SIZE + Math.floor(i / 3)]);

/** `plain` leaves relaxed SIMD out; `dynamic-int8` and `int8` are models of benches/peers, else it computes in f32. */
async function litert(accelerator, how = 'f32') {
  const { loadAndCompile, loadLiteRt, Tensor } = await import('/npm/@litertjs/core/dist/index.js');
  const [model, values] = [await bytes(`/peers/${how === 'plain' ? 'f32' : how}.tflite`), nhwc(await input())];
  const file = how === 'plain' ? 'litert_wasm_compat_internal.js' : '';
  return async () => {
    await loadLiteRt(`/npm/@litertjs/core/wasm/${file}`);
    const network = await loadAndCompile(model, { accelerator, cpuOptions: { numThreads: 1 }, gpuOptions: { precision: 'fp32' } });
    if (!network.isFullyAccelerated && accelerator === 'webgpu') throw new Error('LiteRT.js does not run all of it on WebGPU');
    return timed(async () => {
      const image = new Tensor(values, [1, SIZE, SIZE, 3]);
      const [result] = await network.run(image);
      const logits = [...(await result.data())];
      image.delete();
      result.delete();
      return logits;
    });
  };
}

/** MediaPipe's image classifier, which takes a picture and normalises it itself. */
async function mediapipe(delegate) {
  const { FilesetResolver, ImageClassifier } = await import('/npm/@mediapipe/tasks-vision/vision_bundle.mjs');
  const model = await bytes('/peers/mediapipe.tflite');
  const image = await createImageBitmap(await (await fetch('/photo.png')).blob());
  return async () => {
    const files = await FilesetResolver.forVisionTasks('/npm/@mediapipe/tasks-vision/wasm');
    const options = { baseOptions: { modelAssetBuffer: model, delegate: delegate.toUpperCase() }, runningMode: 'IMAGE' };
    const classifier = await ImageClassifier.createFromOptions(files, options);
    return timed(() => {
      const { categories } = classifier.classify(image).classifications[0];
      return categories.toSorted((a, b) => a.index - b.index).map(({ score }) => score);
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
  'onnxruntime-web': ([provider, form]) => onnxruntime(provider, form),
  'LiteRT.js': ([accelerator, how]) => litert(accelerator, how),
  MediaPipe: ([delegate]) => mediapipe(delegate),
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
