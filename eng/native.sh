#!/usr/bin/env bash
# The native library: built, packed into a tarball, and used from a directory that has nothing but the tarball and a C compiler.
# Usage: eng/native.sh [build | test | fuzz [CALLS] | bench | valgrind]...
#   build     libmmu.so and artifacts/native/mmu-VERSION-linux-x64.tar.gz (needed by the others)
#   test      header, samples (make and CMake) and the ABI fuzz, from the unpacked tarball
# Without arguments: build test.
set -eu
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
  cp Native/include/mmu.h "$stage/include/"
  sed "s/@VERSION@/$version/" Native/packaging/mmu.pc.in >"$stage/lib/pkgconfig/mmu.pc"
  cp Native/packaging/mmuConfig.cmake "$stage/lib/cmake/mmu/"
  sed "s/@VERSION@/$version/" Native/packaging/mmuConfigVersion.cmake.in >"$stage/lib/cmake/mmu/mmuConfigVersion.cmake"
  cp LICENSE docs/c-abi.md docs/soft-tlb.md "$stage/share/doc/mmu/"
  cp -r samples/c samples/kvm-c "$stage/share/mmu/samples/"
  # Names and times of this machine are not part of it.
  tar -C "$out" --sort=name --owner=0 --group=0 --mtime='2000-01-01' -czf "$out/$name.tar.gz" "$name"
  readelf -d "$stage/lib/libmmu.so" | grep -q 'SONAME.*libmmu.so.0'
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
  gcc -std=c11 -O2 -Wall -Wextra -Werror -pthread -I"$prefix/include" "$1" -L"$prefix/lib" -lmmu -Wl,-rpath,"$prefix/lib" -o "$2"
}

test_it() {
  unpack
  make -s -C "$samples/c"
  "$samples/c/sample" | tail -n 1 | grep -qx ok
  echo "native: samples/c with make ok"
  if command -v cmake >/dev/null; then
    cmake -S "$samples/c" -B "$work/cmake" -DCMAKE_PREFIX_PATH="$prefix" >/dev/null
    cmake --build "$work/cmake" >/dev/null
    "$work/cmake/sample" | tail -n 1 | grep -qx ok
    echo "native: samples/c with CMake ok"
  else
    echo "native: samples/c with CMake SKIPPED, no cmake"
  fi
  make -s -C "$samples/kvm-c"
  "$samples/kvm-c/vmm"
  fuzz 200000
}

fuzz() {
  unpack
  program Native/tests/abi_fuzz.c "$work/abi_fuzz"
  "$work/abi_fuzz" "$1" "${2:-1}" | tail -n 1
}

bench() {
  unpack
  program Native/tests/bench.c "$work/bench"
  "$work/bench"
}

# Guest memory and tables are mapped, so what valgrind checks is the heap of the sample and of the runtime.
valgrind_it() {
  unpack
  make -s -C "$samples/c"
  valgrind -q --error-exitcode=9 "$samples/c/sample" >/dev/null
  echo "native: samples/c clean under valgrind"
}

[ $# -gt 0 ] || set -- build test
while [ $# -gt 0 ]; do
  case "$1" in
    build) build ;;
    test) test_it ;;
    fuzz) fuzz "${2:-1000000}"; [ $# -lt 2 ] || shift ;;
    bench) bench ;;
    valgrind) valgrind_it ;;
    *) echo "usage: eng/native.sh [build | test | fuzz [CALLS] | bench | valgrind]..." >&2; exit 2 ;;
  esac
  shift
done
