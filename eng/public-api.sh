#!/usr/bin/env bash
# Rewrites Core/PublicAPI.Unshipped.txt from the code. Read the diff: it is the change of the public surface, and CHANGELOG.md names it.
set -eu
cd "$(dirname "$0")/.."
api=Core/PublicAPI.Unshipped.txt
printf '#nullable enable\n' >"$api"
# Every public symbol is now undeclared, and the analyzer's messages name each one exactly as the file wants it.
dotnet build Core -c Debug --no-incremental -p:TreatWarningsAsErrors=false -p:WarningsAsErrors= -p:CodeAnalysisTreatWarningsAsErrors=false 2>&1 \
  | sed -n "s/.*RS0016: Symbol '\(.*\)' is not part of the declared public API.*/\1/p" | LC_ALL=C sort -u \
  | grep -vxFf Core/PublicAPI.Shipped.txt >"$api.new" || true
[ -s "$api.new" ] || { echo "no symbol was reported; does Core build?" >&2; rm -f "$api.new"; exit 1; }
cat "$api.new" >>"$api"
rm "$api.new"
echo "$(($(wc -l <"$api") - 1)) symbols"
