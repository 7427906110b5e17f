#!/usr/bin/env bash
# Fuzzes the readers of files, of gate terms and of run folders, guided by coverage: each target for SECONDS seconds
# (default 600).
#
#     benches/fuzz.sh [SECONDS [TARGET...]]
#
# Needs a nightly Rust toolchain and a C++ compiler. New inputs are kept in target/fuzz/corpus; one that crashes, takes
# ten seconds or 512 MB is put into the target's `crashes`, where `cargo test` finds it: commit it with the fix.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-600}
shift || true
targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=(ts series_table text_table ucr idx gate_terms run_folder)

host=$(rustc -vV | sed -n 's/^host: //p')
out=${CARGO_TARGET_DIR:-target}/fuzz
coverage="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4"
for option in inline-8bit-counters pc-table trace-compares; do
    coverage+=" -Cllvm-args=-sanitizer-coverage-$option"
done

for target in "${targets[@]}"; do
    # The package, its test binary, the test's name, and the folder of its inputs.
    case $target in
    gate_terms) package=slimgate-gates tests="--test fuzz" name=fuzz_gate_terms inputs=crates/gates/tests/__fuzz__/gate_terms ;;
    run_folder) package=slimgate-run tests=--lib name=fuzz::fuzz_run_folder inputs=crates/run/src/__fuzz__/fuzz__run_folder ;;
    *) package=slimgate-data tests=--lib name=fuzz::fuzz_$target inputs=crates/data/src/__fuzz__/fuzz__$target ;;
    esac
    mkdir -p "$out/corpus/$target" "$inputs/crashes"
    arguments=("$(realpath "$out/corpus/$target")" "$PWD/$inputs/corpus" "$PWD/$inputs/crashes"
        "-artifact_prefix=$PWD/$inputs/crashes/" "-max_total_time=$seconds" -timeout=10 -rss_limit_mb=512)
    # shellcheck disable=SC2086
    BOLERO_FUZZER=libfuzzer BOLERO_LIBFUZZER_ARGS="${arguments[*]}" \
        RUSTFLAGS="--cfg fuzzing --cfg fuzzing_libfuzzer $coverage" \
        cargo +nightly test --profile fuzz --target "$host" --target-dir "$out" --package $package $tests \
        -- --exact "$name" --nocapture
    rmdir --ignore-fail-on-non-empty "$inputs/crashes"
done
