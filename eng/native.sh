#!/usr/bin/env bash
# The native library: built, packed into a tarball, and used from a directory that has nothing but the tarball and a C compiler.
# Usage: eng/native.sh [build | test | fuzz [CALLS [SEED]] | bench | asan | valgrind]...
#   build     libmmu.so and artifacts/native-package/mmu-VERSION-linux-x64.tar.gz (needed by the others)
#   test      the samples, two libraries in a process, threads, traces, no memory, and the ABI fuzz, from the unpacked tarball
#   fuzz      random calls, 1000000 of seed 1 by default
#   bench     what calls and the inline software TLB take, and the same in C#
#   asan      the C samples under AddressSanitizer and UndefinedBehaviorSanitizer
#   valgrind  the C samples under valgrind
# Without arguments: build test.
# A program that says ok and then crashes, or leaks, has failed.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
version=$(sed -n 's:.*<Version>\(.*\)</Version>.*:\1:p' Directory.Build.props)
out=$root/artifacts/native-package
name=mmu-$version-linux-x64
stage=$out/$name
work=$out/work

build() {
  rm -rf "$out"
  mkdir -p "$stage/lib/pkgconfig" "$stage/lib/cmake/mmu" "$stage/include" "$stage/share/doc/mmu" "$stage/share/mmu/samples"
  dotnet publish Native -c Release -r linux-x64 -v q -o "$out/publish"
  install -m 755 "$out/publish/libmmu.so" "$stage/lib/libmmu.so.$version"
  ln -s "libmmu.so.$version" "$stage/lib/libmmu.so.0"
  ln -s libmmu.so.0 "$stage/lib/libmmu.so"
  cp Native/include/mmu.h Native/include/mmu.hpp "$stage/include/"
  sed "s/@VERSION@/$version/" Native/packaging/mmu.pc.in >"$stage/lib/pkgconfig/mmu.pc"
  cp Native/packaging/mmuConfig.cmake "$stage/lib/cmake/mmu/"
  sed "s/@VERSION@/$version/" Native/packaging/mmuConfigVersion.cmake.in >"$stage/lib/cmake/mmu/mmuConfigVersion.cmake"
  cp LICENSE docs/c-abi.md docs/soft-tlb.md "$stage/share/doc/mmu/"
  cp -r samples/c samples/cpp samples/kvm-c samples/rust samples/snapshot-fuzz "$stage/share/mmu/samples/"
  cp Native/packaging/lsan.supp "$stage/share/mmu/"
  # Names and times of this machine are not part of it.
  tar -C "$out" --sort=name --owner=0 --group=0 --mtime='2000-01-01' -czf "$out/$name.tar.gz" "$name"
  readelf -d "$stage/lib/libmmu.so" | grep 'SONAME.*libmmu.so.0' >/dev/null
  # The one name of the runtime's is what debuggers look for.
  if nm -D --defined-only "$stage/lib/libmmu.so" | awk '{ print $3 }' | grep -v -e '^mmu_' -e '^V1.0$' -e '^DotNetRuntimeDebugHeader@'; then
    echo "native: exported names that do not begin with mmu_" >&2
    return 1
  fi
  echo "native: $out/$name.tar.gz, $(stat -c %s "$stage/lib/libmmu.so.$version") bytes of library"
}

# Unpacks the tarball into a directory of its own.
unpack() {
  rm -rf "$work"
  mkdir -p "$work"
  tar -C "$work" -xzf "$out/$name.tar.gz"
  prefix=$work/$name
  samples=$prefix/share/mmu/samples
  export PKG_CONFIG_PATH=$prefix/lib/pkgconfig
}

program() {
  gcc -std=c11 -O2 -Wall -Wextra -Werror -pthread -I"$prefix/include" "Native/tests/$1.c" -L"$prefix/lib" -lmmu -ldl -Wl,-rpath,"$prefix/lib" -o "$work/$1"
}

# sample NAME PROGRAM: makes a sample and runs it; its last line is ok.
sample() {
  make -s -C "$samples/$1"
  "$samples/$1/$2" | tail -n 1 | grep -qx ok
  echo "native: samples/$1 ok"
}

# report NAME PROGRAM...: runs a program and tells what it says, on one line.
report() {
  local name=$1 said
  shift
  said=$("$@")
  echo "native: $name: $(echo "$said" | tr '\n' ' ')"
}

test_it() (
  unpack
  export CFLAGS="-O2 -Wall -Wextra -Werror -pedantic" CXXFLAGS="-O2 -Wall -Wextra -Werror -pedantic"
  sample c sample
  sample snapshot-fuzz fuzz
  if command -v g++ >/dev/null; then
    sample cpp sample
  else
    echo "native: samples/cpp: SKIPPED, no g++"
  fi
  if command -v cargo >/dev/null; then
    (cd "$samples/rust" && cargo run -q --offline --release --example sample) | tail -n 1 | grep -qx ok
    echo "native: samples/rust ok"
  else
    echo "native: samples/rust: SKIPPED, no cargo"
  fi
  if command -v cmake >/dev/null; then
    cmake -S "$samples/c" -B "$work/cmake" -DCMAKE_PREFIX_PATH="$prefix" >/dev/null
    cmake --build "$work/cmake" >/dev/null
    "$work/cmake/sample" | tail -n 1 | grep -qx ok
    echo "native: samples/c with CMake ok"
  else
    echo "native: samples/c with CMake: SKIPPED, no cmake"
  fi
  make -s -C "$samples/kvm-c"
  report "samples/kvm-c" "$samples/kvm-c/vmm"

  program two_libraries
  cp "$prefix/lib/libmmu.so" "$work/second.so"
  report "two libraries in a process" "$work/two_libraries" "$prefix/lib/libmmu.so" "$work/second.so"
  program threads
  report "threads, coroutines, signal handlers" "$work/threads"
  program insight
  report "trace, statistics, dump" "$work/insight"
  program no_memory
  report "no memory" "$work/no_memory"
  report "no address space" "$work/no_memory" 64
  fuzz 200000
)

fuzz() {
  unpack
  program abi_fuzz
  "$work/abi_fuzz" "$1" "${2:-1}" | tail -n 1
}

bench() {
  unpack
  program bench
  "$work/bench"
  dotnet run --project Native/tests/csharp -c Release -p:RunAnalyzers=false
}

# What the runtime allocates when it starts is never freed: lsan.supp.
asan() (
  unpack
  export CFLAGS="-g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all" LSAN_OPTIONS="suppressions=$prefix/share/mmu/lsan.supp:print_suppressions=0"
  sample c sample
  sample snapshot-fuzz fuzz
  echo "native: samples clean under AddressSanitizer and UndefinedBehaviorSanitizer"
)

# Guest memory and tables are mapped, so what valgrind checks is the heap of the sample and of the runtime.
valgrind_it() {
  unpack
  make -s -C "$samples/c"
  make -s -C "$samples/snapshot-fuzz"
  valgrind -q --error-exitcode=9 "$samples/c/sample" >/dev/null
  valgrind -q --error-exitcode=9 "$samples/snapshot-fuzz/fuzz" 12000 >/dev/null
  echo "native: samples clean under valgrind"
}

[ $# -gt 0 ] || set -- build test
while [ $# -gt 0 ]; do
  case "$1" in
    build) build ;;
    test) test_it ;;
    fuzz) fuzz "${2:-1000000}" "${3:-1}"; shift $(($# < 3 ? $# - 1 : 2)) ;;
    bench) bench ;;
    asan) asan ;;
    valgrind) valgrind_it ;;
    *) echo "usage: eng/native.sh [build | test | fuzz [CALLS [SEED]] | bench | asan | valgrind]..." >&2; exit 2 ;;
  esac
  shift
done
