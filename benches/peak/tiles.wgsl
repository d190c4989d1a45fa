// C = A * B with tiles in workgroup memory: 64 x 64 outputs a workgroup, 4 x 4 an invocation. Matrices of SIZE x SIZE,
// row by row; SIZE is a multiple of 64.
const SIZE = 512u;

@group(0) @binding(0) var<storage, read> a: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> b: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> c: array<vec4<f32>>;

const ROW = SIZE / 4u;
const DEPTH = 16u;

var<workgroup> a_tile: array<array<f32, 64>, 16>;
var<workgroup> b_tile: array<array<vec4<f32>, 16>, 16>;

@compute @workgroup_size(16, 16)
fn main(
  @builtin(local_invocation_id) local: vec3<u32>,
  @builtin(local_invocation_index) index: u32,
  @builtin(workgroup_id) group: vec3<u32>,
) {
  var sum0 = vec4<f32>();
  var sum1 = vec4<f32>();
  var sum2 = vec4<f32>();
  var sum3 = vec4<f32>();
  let row = group.y * 64u;
  let column = group.x * 16u;
  for (var depth = 0u; depth < SIZE; depth += DEPTH) {
    // A row of the tile of A is 4 quads long: transposed, so that an invocation finds its four rows side by side.
    let values = a[(row + index / 4u) * ROW + depth / 4u + index % 4u];
    for (var i = 0u; i < 4u; i++) {
      a_tile[index % 4u * 4u + i][index / 4u] = values[i];
    }
    b_tile[index / 16u][index % 16u] = b[(depth + index / 16u) * ROW + column + index % 16u];
    workgroupBarrier();
    for (var k = 0u; k < DEPTH; k++) {
      let right = b_tile[k][local.x];
      sum0 += a_tile[k][local.y * 4u] * right;
      sum1 += a_tile[k][local.y * 4u + 1u] * right;
      sum2 += a_tile[k][local.y * 4u + 2u] * right;
      sum3 += a_tile[k][local.y * 4u + 3u] * right;
    }
    workgroupBarrier();
  }
  let first = (row + local.y * 4u) * ROW + column + local.x;
  c[first] = sum0;
  c[first + ROW] = sum1;
  c[first + 2u * ROW] = sum2;
  c[first + 3u * ROW] = sum3;
}
