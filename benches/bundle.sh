#!/usr/bin/env bash
# What a bare Linux machine with an NVIDIA GPU needs to run the GPU benches, in parts of a size that can be sent:
# `./build.sh bench --bundle DIR` calls it with DIR after building. On the machine: `bash run.sh [OUT]` beside the parts writes
# JSON and tables to OUT in under two minutes.
set -euo pipefail
root="$(cd "$(dirname "$0")/.." && pwd)"
out="$(mkdir -p "$1" && cd "$1" && pwd)"
native="$2"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

# Debian's headless Chromium and Vulkan loader, unpacked rather than installed.
(
  mkdir "$work/debs" && cd "$work/debs"
  apt-get download -qq chromium-headless-shell chromium-common libvulkan1 libegl1 libglvnd0 libgl1 libglx0 libgles2 2>/dev/null
  for deb in *.deb; do dpkg -x "$deb" "$work/root"; done
)
mkdir -p "$work/bundle/chromium" "$work/bundle/libraries" "$work/bundle/skintree/benches"
(cd "$work/root/usr/lib/chromium" && cp -r chromium-headless-shell headless_*.pak icudtl.dat ./*.bin libEGL.so libGLESv2.so libvulkan.so.1 libvk_swiftshader.so vk_swiftshader_icd.json \
  "$work/bundle/chromium/")
# NVIDIA's driver wants the dispatch libraries of OpenGL.
cp -L "$work"/root/usr/lib/x86_64-linux-gnu/lib*.so.[0-9] "$work/bundle/libraries/"
# The C library is the machine's own.
ldd "$work/bundle/chromium/chromium-headless-shell" | awk '$2 == "=>" && $3 ~ "^/" { print $3 }' |
  grep -vE '/(libc|libm|libdl|librt|libpthread|ld-linux[^/]*)\.so' | xargs -I{} cp -L {} "$work/bundle/libraries/"
cp -L "$(command -v node)" "$work/bundle/node"
strip "$work/bundle/node" 2>/dev/null || true
strip -o "$work/bundle/gpu" "$native"

cd "$work/bundle/skintree"
cp -r "$root/dist" .
cp "$root/package.json" .
mkdir -p tests/golden model
cp "$root/tests/golden/exact-299x299.png" tests/golden/
ln dist/pack -s -r -T model/pack
cp -r "$root/benches/browser" "$root/benches/peak" benches/
# Of the packages only what the bench loads.
rm -rf benches/browser/node_modules
for package in tfjs-core tfjs-backend-cpu tfjs-backend-wasm tfjs-backend-webgl tfjs-backend-webgpu; do
  from="$root/benches/browser/node_modules/@tensorflow/$package/dist"
  to="benches/browser/node_modules/@tensorflow/$package/dist"
  mkdir -p "$to" && cp "$from"/*.min.js "$to"/
  cp "$from"/*.wasm "$to"/ 2>/dev/null || true
done
mkdir -p node_modules/onnxruntime-web/dist
cp "$root"/node_modules/onnxruntime-web/dist/{ort.all.min.mjs,*.jsep.*} node_modules/onnxruntime-web/dist/
(cd "$root/node_modules" && find . -maxdepth 1 -mindepth 1 ! -name onnxruntime-web ! -name .cache -print0 |
  tar --null -cf - --exclude='*.map' --exclude='*.ts' --exclude=binaryen --exclude='*typescript*' --exclude='onnxruntime-*' --exclude=axe-core --exclude='lib/es5-iife' --exclude='*quickjs*' -T -) | tar -xf - -C node_modules

cp "$root/benches/bundle-run.sh" "$out/run.sh"
rm -f "$out"/bundle.tar.xz.*
tar -cf - -C "$work/bundle" . | xz -5 -T2 | split -b 54M - "$out/bundle.tar.xz."
du -h "$out"/*
