// C = A * B for adapters with subgroups, 2 x 16 outputs an invocation: the four invocations of a quad load a quarter of B
// each and hand it around. Matrices of SIZE x SIZE, in the order in which they are read: A in quads along a row, one row
// after the other; B in blocks of 16 columns. SIZE is a multiple of 32.
enable subgroups;

const SIZE = 512u;

@group(0) @binding(0) var<storage, read> a: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> b: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> c: array<vec4<f32>>;

const ROW = SIZE / 4u;

@compute @workgroup_size(16)
fn main(
  @builtin(global_invocation_id) id: vec3<u32>,
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let row = id.x * 2u;
  var even0 = vec4<f32>();
  var even1 = vec4<f32>();
  var even2 = vec4<f32>();
  var even3 = vec4<f32>();
  var odd0 = vec4<f32>();
  var odd1 = vec4<f32>();
  var odd2 = vec4<f32>();
  var odd3 = vec4<f32>();
  for (var k = 0u; k < ROW; k++) {
    let even = a[k * SIZE + row];
    let odd = a[k * SIZE + row + 1u];
    let at = (group.y * ROW + k) * 16u + (lane & 3u);
    let mine0 = b[at];
    let m0 = mat4x4<f32>(quadBroadcast(mine0, 0u), quadBroadcast(mine0, 1u), quadBroadcast(mine0, 2u), quadBroadcast(mine0, 3u));
    even0 += m0 * even;
    odd0 += m0 * odd;
    let mine1 = b[at + 4u];
    let m1 = mat4x4<f32>(quadBroadcast(mine1, 0u), quadBroadcast(mine1, 1u), quadBroadcast(mine1, 2u), quadBroadcast(mine1, 3u));
    even1 += m1 * even;
    odd1 += m1 * odd;
    let mine2 = b[at + 8u];
    let m2 = mat4x4<f32>(quadBroadcast(mine2, 0u), quadBroadcast(mine2, 1u), quadBroadcast(mine2, 2u), quadBroadcast(mine2, 3u));
    even2 += m2 * even;
    odd2 += m2 * odd;
    let mine3 = b[at + 12u];
    let m3 = mat4x4<f32>(quadBroadcast(mine3, 0u), quadBroadcast(mine3, 1u), quadBroadcast(mine3, 2u), quadBroadcast(mine3, 3u));
    even3 += m3 * even;
    odd3 += m3 * odd;
  }
  let quad = group.y * 4u * SIZE + row;
  c[quad] = even0;
  c[quad + 1u] = odd0;
  c[quad + SIZE] = even1;
  c[quad + SIZE + 1u] = odd1;
  c[quad + 2u * SIZE] = even2;
  c[quad + 2u * SIZE + 1u] = odd2;
  c[quad + 3u * SIZE] = even3;
  c[quad + 3u * SIZE + 1u] = odd3;
}
