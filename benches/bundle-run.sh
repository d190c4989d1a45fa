#!/usr/bin/env bash
# Runs the GPU benches out of the parts beside this file: `bash run.sh [OUT [RUNS]]`. `benches/bundle.sh` makes the parts.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
out="$(mkdir -p "${1:-$here/results}" && cd "${1:-$here/results}" && pwd)"
runs="${2:-9}"
if [[ ! -d "$here/unpacked" ]]; then
  mkdir "$here/unpacked.part"
  # Not every machine has xz; Python has the same library.
  cat "$here"/bundle.tar.xz.* | python3 -c 'import sys, tarfile; tarfile.open(fileobj=sys.stdin.buffer, mode="r|xz").extractall(sys.argv[1])' "$here/unpacked.part"
  mv "$here/unpacked.part" "$here/unpacked"
fi
# What the driver brings comes before what the bundle does.
driver=""
for icd in /usr/local/nvidia/share/vulkan/icd.d /etc/vulkan/icd.d /usr/share/vulkan/icd.d; do
  [[ -e "$icd/nvidia_icd.json" ]] && driver="$icd/nvidia_icd.json" && break
done
[[ -n "$driver" ]] && export VK_DRIVER_FILES="$driver"
export LD_LIBRARY_PATH="${LD_LIBRARY_PATH:-/usr/local/nvidia/lib64:/usr/local/nvidia/lib}:$here/unpacked/libraries"
export CHROMIUM="$here/unpacked/chromium/chromium-headless-shell"
cd "$here/unpacked/skintree"
mkdir -p tests/output
timeout 60 "$here/unpacked/gpu" --runs "$runs" --layers --nodes --kernels tiles-132 --kernels tiles-40 --kernels tiles-132-f16 \
  --json "$out/native.json" 2>&1 | tee "$out/native.md" || echo "the native bench failed"
timeout 40 "$here/unpacked/node" benches/browser/floors.js --gpu 2>&1 | tee "$out/floors.md" || echo "the bench of floors failed"
timeout 100 "$here/unpacked/node" benches/browser/run.js --gpu --runs "$runs" --only webgpu --only "skintree wonnx" 2>&1 | tee "$out/browser.md" || echo "the browser bench failed"
cp tests/output/bench.json "$out/browser.json" 2>/dev/null || true
