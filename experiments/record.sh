#!/usr/bin/env bash
# Keeps what a study came to as text and pictures: its report as Markdown, its tables, and the epochs of all trials.
#
#     experiments/record.sh studies/rows experiments/results/lu2016-rows
set -euo pipefail
if [ $# -ne 2 ]; then
    sed -n '2,4s/^# \{0,1\}//p' "$0" >&2
    exit 2
fi
study=$1
into=$2
slimgate=${SLIMGATE:-slimgate}
runs=$(mktemp -d)
trap 'rm -rf "$runs"' EXIT

# What an earlier record drew may have other names now.
rm -rf "$into/pictures"
"$slimgate" report "$study" --out "$into"
"$slimgate" report "$study"/trials/* --out "$runs" >/dev/null
cp "$runs/epochs.csv" "$study/study.toml" "$into"
# The figures that the study's file names.
if [ -f "$study/published.csv" ]; then
    cp "$study/published.csv" "$into"
fi
# The page says the same as the Markdown.
rm "$into/report.html"
