#!/usr/bin/env bash
# Builds each seeded slowness (docs/perf/gate.md) and expects the performance gate to fail and to name it.
# Usage: eng/slowdowns.sh [1 | 2 | 3]...
# MmuSlow reaches the gate's own builds of the library as a property from the environment; the gate itself is built without. The last line counts.
set -u
cd "$(dirname "$0")/.." || exit 2
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_CLI_UI_LANGUAGE=en

seeds=("$@")
[ ${#seeds[@]} -gt 0 ] || seeds=(1 2 3)
dotnet build Perf -c Release -v q || exit 2
gate=artifacts/bin/Perf/release/Perf
noticed=0
for seed in "${seeds[@]}"; do
  mkdir -p artifacts/gate
  log=artifacts/gate/slow-$seed.log
  MmuSlow=$seed "$gate" gate --only counters,instructions >"$log" 2>&1
  if grep -q "^FAILED: scenario " "$log"; then
    noticed=$((noticed + 1))
    echo "slowness $seed: noticed, $(grep -c '^FAILED: scenario ' "$log") figures"
    sed -n 's/^FAILED: /  /p' "$log" | awk -F': ' '!seen[$2]++ { print }'
  else
    echo "slowness $seed: NOT NOTICED"
    tail -n 20 "$log"
  fi
done

echo "$noticed / ${#seeds[@]} noticed"
[ "$noticed" -eq ${#seeds[@]} ]
