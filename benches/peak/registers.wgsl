// C = A * B without workgroup memory: 4 x 8 outputs an invocation, for processors that play the GPU. Matrices of
// SIZE x SIZE, row by row; SIZE is a multiple of 128.
const SIZE = 512u;

@group(0) @binding(0) var<storage, read> a: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> b: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> c: array<vec4<f32>>;

const ROW = SIZE / 4u;

@compute @workgroup_size(16)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let row = id.y * 4u * ROW;
  let column = id.x * 2u;
  var left0 = vec4<f32>();
  var left1 = vec4<f32>();
  var left2 = vec4<f32>();
  var left3 = vec4<f32>();
  var right0 = vec4<f32>();
  var right1 = vec4<f32>();
  var right2 = vec4<f32>();
  var right3 = vec4<f32>();
  for (var k = 0u; k < ROW; k++) {
    let at = k * 4u * ROW + column;
    let left = mat4x4<f32>(b[at], b[at + ROW], b[at + 2u * ROW], b[at + 3u * ROW]);
    let right = mat4x4<f32>(b[at + 1u], b[at + ROW + 1u], b[at + 2u * ROW + 1u], b[at + 3u * ROW + 1u]);
    let a0 = a[row + k];
    let a1 = a[row + ROW + k];
    let a2 = a[row + 2u * ROW + k];
    let a3 = a[row + 3u * ROW + k];
    left0 += left * a0;
    left1 += left * a1;
    left2 += left * a2;
    left3 += left * a3;
    right0 += right * a0;
    right1 += right * a1;
    right2 += right * a2;
    right3 += right * a3;
  }
  let first = row + column;
  c[first] = left0;
  c[first + 1u] = right0;
  c[first + ROW] = left1;
  c[first + ROW + 1u] = right1;
  c[first + 2u * ROW] = left2;
  c[first + 2u * ROW + 1u] = right2;
  c[first + 3u * ROW] = left3;
  c[first + 3u * ROW + 1u] = right3;
}
