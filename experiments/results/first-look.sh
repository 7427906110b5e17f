#!/usr/bin/env bash
# Trains the four published variants once on each shipped task with fixed settings, evaluates each, and prints the
# table of experiments/results/README.md. Takes about twenty minutes on two CPU cores.
#
#   experiments/results/first-look.sh target/release/slimgate
set -euo pipefail
slimgate=$(realpath "${1:-target/release/slimgate}")
cd "$(mktemp -d)"
export XDG_RUNTIME_DIR=${XDG_RUNTIME_DIR:-$PWD}

settings() {
    case $1 in
    digits-rows) echo "--epochs 15" ;;
    digits-pixels) echo "--epochs 10" ;;
    japanese-vowels) echo "--epochs 60" ;;
    movie-snippets) echo "--epochs 4 --learning-rate 1e-3" ;;
    esac
}

row() { # data set, variant, backend, other flags
    local name=$1-$2-$3 said
    "$slimgate" train --no-tui --dataset "$1" --variant "$2" --backend "$3" --name "$name" $(settings "$1") $4 \
        >"$name.txt" 2>"$name.err"
    said=$("$slimgate" evaluate "runs/$name" --json 2>/dev/null)
    python3 - "$1" "$2" "$3" "runs/$name/summary.json" "$said" <<'PYTHON'
import json, sys
data, variant, backend, summary, said = sys.argv[1:]
summary, said = json.load(open(summary)), json.loads(said)
print(f"| {data} | {variant} | {backend} | {summary['parameters']['recurrent']:,} | {summary['best']['epoch']} of {summary['epochs']} "
      f"| {100 * summary['best']['accuracy']:.1f} % | {100 * said['accuracy']:.1f} % | {summary['seconds'] / summary['epochs']:.2f} |",
      flush=True)
PYTHON
}

echo "| data set | variant | backend | recurrent parameters | best epoch | validation | test | seconds an epoch |"
echo "|---|---|---|---|---|---|---|---|"
for data in digits-rows digits-pixels japanese-vowels movie-snippets; do
    for variant in lstm lstm1 lstm2 lstm3; do row "$data" "$variant" flex ""; done
done
row digits-rows lstm1 ndarray ""
row japanese-vowels lstm3 wgpu "--epochs 10"
