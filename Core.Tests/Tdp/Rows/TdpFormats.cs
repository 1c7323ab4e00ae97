// Every format of tables with every number of levels.
using System;
using Mmu.Common;
using Xunit;

namespace Mmu.Tests.Tdp.Rows;

public static class TdpFormats
{
    public static TheoryData<TdpFormat, int> All()
    {
        TheoryData<TdpFormat, int> data = [];
        foreach (TdpFormat format in Enum.GetValues<TdpFormat>())
        {
            data.Add(format, 4);
            data.Add(format, 5);
        }

        return data;
    }
}
