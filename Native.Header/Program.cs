// Header: writes the declarations for C, or those for Rust if the file is called so. Usage: Native.Header FILE...
using System;
using System.IO;
using Mmu.NativeHeader;

if (args.Length == 0)
{
    Console.Error.WriteLine("usage: Native.Header FILE...");
    return 2;
}

foreach (string file in args)
{
    File.WriteAllText(file, Path.GetExtension(file) == ".rs" ? RustWriter.Write() : HeaderWriter.Write());
}

return 0;
