#!/usr/bin/env bash
# Format, warnings, golden files, tests and the README's commands, as the gate runs them.
# Usage: eng/check.sh [--quick | --nightly]
#   --quick    format and a Release build with its tests; no Debug build, no performance gate, no native library and no packages
#   --nightly  adds all tests in Debug, the long tests (MMU_LONG=1) and the seeded faults (eng/faults.sh)
# The last line counts: every test, and every other step as one.
set -u
cd "$(dirname "$0")/.." || exit 2
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_CLI_UI_LANGUAGE=en MSBUILDDISABLENODEREUSE=1

mode=default
case "${1:-}" in
  "") ;;
  --quick) mode=quick ;;
  --nightly) mode=nightly ;;
  *) echo "usage: eng/check.sh [--quick | --nightly]" >&2; exit 2 ;;
esac

# The README's two commands; the step "readme" holds the README to them.
main_command="dotnet run --project Vmm -c Release -- run --cpu model"
test_command="dotnet test --project Core.Tests -c Release"
# What the default run also tests in Debug: the walks themselves, without the long products.
debug_filter="--filter-namespace Mmu.Tests.Properties --filter-namespace Mmu.Tests.Walk --filter-namespace Mmu.Tests.Guest --filter-namespace Mmu.Tests.Sptes --filter-namespace Mmu.Tests.Memory --filter-namespace Mmu.Tests.Tdp --filter-namespace Mmu.Tests.Tdp.Races --filter-namespace Mmu.Tests.Tdp.Bugs"

passed=0
failed=0
skipped=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# step NAME COMMAND...: one check, counted as one; its output is shown only when it fails.
step() {
  local name=$1 started=$SECONDS
  shift
  echo "== $name: $*"
  if "$@" </dev/null >"$log" 2>&1; then
    passed=$((passed + 1))
    echo "   ok ($((SECONDS - started)) s)"
  else
    failed=$((failed + 1))
    tail -n 60 "$log"
    echo "   FAILED: $name ($((SECONDS - started)) s)"
  fi
}

skip() {
  skipped=$((skipped + 1))
  echo "== $1: SKIPPED, $2"
}

# skips NAME: what the last step left out for want of a tool or a device is left out here too; its lines say "PART: SKIPPED, REASON".
skips() {
  while read -r line; do skip "$1, ${line%%: SKIPPED*}" "${line#*SKIPPED, }"; done < <(grep SKIPPED "$log")
}

# tests NAME COMMAND...: a test run, counted test by test from its own summary.
tests() {
  local name=$1 started=$SECONDS status
  shift
  echo "== $name: $*"
  "$@" </dev/null 2>&1 | tee "$log"
  status=${PIPESTATUS[0]}
  local ok bad left
  ok=$(summary succeeded)
  bad=$(summary failed)
  left=$(summary skipped)
  if [ "$status" -ne 0 ] && [ "$bad" -eq 0 ] || [ "$ok" -eq 0 ]; then
    # It did not build, crashed or found no test: a failure that no test stands for.
    bad=$((bad + 1))
  fi
  passed=$((passed + ok))
  failed=$((failed + bad))
  skipped=$((skipped + left))
  echo "   $ok passed, $bad failed, $left skipped ($((SECONDS - started)) s)"
}

summary() {
  local count
  count=$(sed -n "s/^ *$1: \([0-9][0-9]*\).*/\1/p" "$log" | tail -n 1)
  echo "${count:-0}"
}

readme_states_the_commands() {
  grep -Fq -- "$main_command" README.md && grep -Fq -- "$test_command" README.md
}

long_tests() {
  MMU_LONG=1 $test_command
}

# Tests must not rewrite what is checked in (golden files above all).
tree_is_unchanged() {
  local now
  now=$(git status --porcelain 2>/dev/null)
  [ "$now" = "$tree_before" ] || { echo "changed by the run:"; echo "$now"; return 1; }
}

native_commands_run() {
  dotnet publish Vmm -c Release -p:PublishAot=true -o artifacts/native -v q && artifacts/native/mmu inspect data/snapshots/la48/pagetables.bin.gz >/dev/null \
    && artifacts/native/mmu run --cpu model --steps 2000 >/dev/null
}

tree_before=$(git status --porcelain 2>/dev/null)
step "restore" dotnet restore Mmu.sln
step "format" dotnet format whitespace Mmu.sln --verify-no-changes --no-restore
[ "$mode" = quick ] || step "warnings, Debug" dotnet build Mmu.sln -c Debug --no-restore
step "warnings, Release" dotnet build Mmu.sln -c Release --no-restore
# Engines can be left out; their own artifacts, so that nothing built above is replaced.
step "Core without the Shadow MMU" dotnet build Core -c Release -p:WithShadow=false -p:ArtifactsPath="$PWD/artifacts/without-shadow"
step "Core without the TDP MMU" dotnet build Core -c Release -p:WithTdp=false -p:ArtifactsPath="$PWD/artifacts/without-tdp"
step "Core without an engine" dotnet build Core -c Release -p:WithShadow=false -p:WithTdp=false -p:ArtifactsPath="$PWD/artifacts/without-engine"
step "readme" readme_states_the_commands
tests "tests" $test_command
# Asserts, checked arithmetic and the counting of loads exist in Debug only.
[ "$mode" != default ] || tests "tests, Debug" dotnet test --project Core.Tests -c Debug --no-build $debug_filter
step "main job" $main_command
if [ "$mode" != quick ]; then
  step "performance gate" dotnet run --project Perf -c Release --no-build -- gate
  skips "performance gate"
fi
step "inspect" dotnet run --project Vmm -c Release --no-build -- inspect data/snapshots/la48/pagetables.bin.gz
if [ "$mode" = nightly ]; then
  tests "tests, Debug" dotnet test --project Core.Tests -c Debug
  tests "long tests" long_tests
  step "seeded faults" bash eng/faults.sh
  tests "tests without an engine" dotnet test --project Core.Tests -c Release -p:WithShadow=false -p:ArtifactsPath="$PWD/artifacts/without-shadow"
fi
if [ "$mode" = nightly ]; then
  if command -v clang >/dev/null || command -v gcc >/dev/null; then
    step "native" native_commands_run
  else
    skip "native" "no C compiler to link with"
  fi
fi
# The library in C: tarball, samples, random calls; then the packages.
if [ "$mode" = quick ]; then
  skip "native library, packages" "not with --quick"
elif command -v gcc >/dev/null; then
  step "native library" bash eng/native.sh build test
  skips "native library"
  step "packages" bash eng/packages.sh
else
  skip "native library, packages" "no gcc"
fi
[ "$mode" != nightly ] || ! command -v valgrind >/dev/null || step "native library, memory" bash eng/native.sh asan valgrind
step "work tree" tree_is_unchanged

if [ "$skipped" -gt 0 ]; then
  echo "$passed passed, $failed failed, $skipped skipped"
else
  echo "$passed passed, $failed failed"
fi
[ "$failed" -eq 0 ]
