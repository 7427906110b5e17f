#!/bin/sh
# Runs tests of the fused kernel under valgrind, once with AVX2 and once portable, and fails at the first access beyond
# a block of memory or branch on uninitialised memory. Valgrind does not support AVX-512. Takes minutes.
set -eu
tests=$(cargo test --release --workspace --no-run --message-format=json |
    grep -o '"executable":"[^"]*/recurrence-[^"]*"' | cut -d '"' -f 4 | tail -n 1)
for instructions in avx2 portable; do
    SLIMGATE_SIMD=$instructions valgrind --quiet --error-exitcode=1 "$tests" --test-threads=1 \
        edges:: resources::the_result_does sizes::layers_of_any sizes::wide_inputs
done
