// Header: writes mmu.h. Usage: Native.Header FILE
using System;
using System.IO;
using Mmu.NativeHeader;

if (args.Length != 1)
{
    Console.Error.WriteLine("usage: Native.Header FILE");
    return 2;
}

File.WriteAllText(args[0], HeaderWriter.Write());
return 0;
