#!/usr/bin/env bash
# The NuGet packages, packed and then used by new projects outside the repository, from a local folder.
# Usage: eng/packages.sh   (needs what `eng/native.sh build` makes)
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
version=$(sed -n 's:.*<Version>\(.*\)</Version>.*:\1:p' Directory.Build.props)
feed=$root/artifacts/packages
stage=$root/artifacts/native-package/mmu-$version-linux-x64
[ -f "$stage/lib/libmmu.so" ] || { echo "run eng/native.sh build first" >&2; exit 2; }

rm -rf "$feed"
dotnet pack Core -c Release -v q -o "$feed"
dotnet pack Native/packaging/Mmu.Native.csproj -c Release -v q -o "$feed" -p:MmuNativeStage="$stage"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/nuget.config" <<CONFIG
<configuration>
  <packageSources><add key="local" value="$feed" /></packageSources>
  <packageSourceMapping><packageSource key="local"><package pattern="Mmu.*" /></packageSource>
    <packageSource key="nuget.org"><package pattern="*" /></packageSource></packageSourceMapping>
</configuration>
CONFIG
# A cache of their own: a package of the same version from an earlier run must not be found.
export NUGET_PACKAGES=$work/cache

cp -r samples/csharp "$work/csharp"
dotnet run --project "$work/csharp/Sample.csproj" -c Release | tail -n 1 | grep -qx ok
echo "packages: samples/csharp with Mmu.Core $version ok"
# Compiled ahead of time, a warning of the trimmer or the compiler being an error.
dotnet publish "$work/csharp/Sample.csproj" -c Release -r linux-x64 -v q -p:PublishAot=true -p:TreatWarningsAsErrors=true -o "$work/csharp/native" >/dev/null
"$work/csharp/native/Sample" | tail -n 1 | grep -qx ok
echo "packages: samples/csharp compiled ahead of time ok"

mkdir "$work/native"
cat >"$work/native/native.csproj" <<PROJECT
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><TargetFramework>net10.0</TargetFramework><RuntimeIdentifier>linux-x64</RuntimeIdentifier><SelfContained>false</SelfContained>
    <CopyLocalLockFileAssemblies>true</CopyLocalLockFileAssemblies></PropertyGroup>
  <ItemGroup><PackageReference Include="Mmu.Native" Version="$version" /></ItemGroup>
</Project>
PROJECT
dotnet build "$work/native/native.csproj" -c Release -v q -o "$work/native/out" >/dev/null
package=$NUGET_PACKAGES/mmu.native/$version
ln -s libmmu.so "$work/native/out/libmmu.so.0"
gcc -std=c11 -O2 -I"$package/build/native/include" samples/c/sample.c -L"$work/native/out" -lmmu -Wl,-rpath,"$work/native/out" -o "$work/native/sample"
"$work/native/sample" | tail -n 1 | grep -qx ok
echo "packages: samples/c with Mmu.Native $version ok"
