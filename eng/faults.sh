#!/usr/bin/env bash
# Builds each seeded fault (docs/faults.md) and expects the tests to notice it.
# Usage: eng/faults.sh [n...]      all faults, or those named
# MMU_FAULT_CONFIGURATION=Debug runs the tests of Debug: those that stop threads between two steps need it. Faults that only they notice are marked "(Debug)", and passed over else.
# Per fault: Core and Generators are built with -p:MmuFault=n into artifacts/faults/one, over the fault before, and put beside the tests as they were built without a fault, in
# artifacts/faults/n. First come the tests that take seconds (rows of the table of facts, walks, slots, arena, SPTEs, lock and entry, the Shadow MMU's named tests, dirty logs), then the
# properties; only a fault that they do not notice meets all the others, the streams of the Shadow MMU's model among them. The tests of the generator and of the command do not
# take part: golden output would notice any change. The last line counts; the exit code is 1 if a fault survived, 2 if something could not be built.
set -u
cd "$(dirname "$0")/.." || exit 2
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_CLI_UI_LANGUAGE=en

work=artifacts/faults
limit=${MMU_FAULT_SECONDS:-600}
configuration=${MMU_FAULT_CONFIGURATION:-Release}
binaries=${configuration,,}
first=(-class "Mmu.Tests.Conformance.CoreRowsTests" -class "Mmu.Tests.Walk.*" -class "Mmu.Tests.Guest.*" -class "Mmu.Tests.Memory.*" -class "Mmu.Tests.Sptes.*" -class "Mmu.Tests.Common.*" -class "Mmu.Tests.Vm.*"
  -class "Mmu.Tests.Shadow.Bugs.*" -class "Mmu.Tests.Shadow.Rows.*" -class "Mmu.Tests.Shadow.CounterTests" -class "Mmu.Tests.Tdp.Rows.*" -class "Mmu.Tests.Tdp.Bugs.*" -class "Mmu.Tests.DirtyLog.*"
  -class "Mmu.Tests.Nested.EptRowTests" -class "Mmu.Tests.Nested.EptWalkRowTests" -class "Mmu.Tests.Nested.NptRowTests"
  -class "Mmu.Tests.Nested.SwitchTests" -class "Mmu.Tests.Nested.InvalidationTests" -class "Mmu.Tests.Nested.LinearGuestTests" -class "Mmu.Tests.Nested.SoftTlbTests" -class "Mmu.Tests.Nested.DirtyLogTests" -class "Mmu.Tests.Nested.MemoryTests" -class "Mmu.Tests.Nested.JanuscapeTests")
quick=(-class "Mmu.Tests.Properties.*" -class "Mmu.Tests.Shadow.JudgeTests")
slow=(-namespace "Mmu.Tests.Conformance" -namespace "Mmu.Tests.Snapshots" -namespace "Mmu.Tests.Shadow" -namespace "Mmu.Tests.Tdp" -namespace "Mmu.Tests.Nested")
faults=("$@")
if [ ${#faults[@]} -eq 0 ]; then
  mapfile -t faults < <(sed -n 's/^| \([0-9][0-9]*\) |.*/\1/p' docs/faults.md)
fi

# build PROJECT FOLDER OPTIONS...
build() {
  local project=$1 folder=$2
  shift 2
  mkdir -p "$folder"
  dotnet build "$project" -c "$configuration" -v q -p:ArtifactsPath="$PWD/$folder" -p:RunAnalyzers=false "$@" >"$folder/build.log" 2>&1 || { tail -n 20 "$folder/build.log"; return 1; }
}

# noticed FOLDER TESTS...: prints the name of the test that failed.
noticed() {
  local folder=$1
  shift
  timeout "$limit" "$folder/tests/Mmu.Core.Tests" "$work/stop.json" -noColor "$@" >"$folder/tests.log" 2>&1
  local status=$?
  [ "$status" -eq 0 ] && return 1
  local name
  name=$(sed -n 's/^ *\(Mmu\.Tests\..*\) \[FAIL\].*/\1/p' "$folder/tests.log" | head -n 1)
  if [ -n "$name" ]; then
    echo "$name"
  elif [ "$status" -eq 124 ]; then
    echo "(no end within $limit s)"
  else
    echo "(the process died, exit code $status)"
  fi
}

build Core.Tests "$work/none" || exit 2
echo '{ "stopOnFail": true }' >"$work/stop.json"
rm -rf "$work/none/tests" && cp -r "$work/none/bin/Core.Tests/$binaries" "$work/none/tests" || exit 2
if name=$(noticed "$work/none" "${first[@]}") || name=$(noticed "$work/none" "${quick[@]}"); then
  echo "the quick tests fail without a fault: $name"
  exit 2
fi

killed=0
broken=0
passed=0
for n in "${faults[@]}"; do
  if [ "$configuration" != Debug ] && grep -q "^| $n |.*(Debug)" docs/faults.md; then
    echo "fault $n: needs MMU_FAULT_CONFIGURATION=Debug"
    passed=$((passed + 1))
    continue
  fi

  folder=$work/$n
  mkdir -p "$folder"
  if ! build Core "$work/one" -p:MmuFault="$n"; then
    echo "fault $n: DOES NOT BUILD"
    broken=$((broken + 1))
    continue
  fi

  rm -rf "$folder/tests" && cp -r "$work/none/tests" "$folder/tests" || exit 2
  cp "$work/one/bin/Core/$binaries/Mmu.Core.dll" "$folder/tests/" || exit 2
  if name=$(noticed "$folder" "${first[@]}") || name=$(noticed "$folder" "${quick[@]}") || name=$(noticed "$folder" "${slow[@]}"); then
    killed=$((killed + 1))
    echo "fault $n: killed by $name"
  else
    echo "fault $n: SURVIVED: $(sed -n "s/^| $n | [^|]* | \([^|]*\) |.*/\1/p" docs/faults.md)"
  fi

  rm -rf "$folder/tests"
done

tried=$((${#faults[@]} - passed))
echo "$killed / $tried killed"
[ "$broken" -eq 0 ] || exit 2
[ "$killed" -eq "$tried" ]
