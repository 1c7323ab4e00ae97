// Core: no method relies on zeroed locals.
[module: System.Runtime.CompilerServices.SkipLocalsInit]
