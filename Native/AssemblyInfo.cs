// Native: what crosses the C ABI is laid out as declared, and nothing is converted on the way.
[assembly: System.Runtime.CompilerServices.DisableRuntimeMarshalling]
[module: System.Runtime.CompilerServices.SkipLocalsInit]
