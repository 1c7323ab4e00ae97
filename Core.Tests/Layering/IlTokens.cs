// Tests: the metadata tokens in method bodies.
using System;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;
using System.Reflection.Emit;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;

namespace Mmu.Tests.Layering;

/// <summary>Reads the tokens in method bodies.</summary>
internal static class IlTokens
{
    private const byte TwoByteOpCode = 0xFE;

    private static readonly Dictionary<short, OperandType> _operands = typeof(OpCodes)
        .GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => (OpCode)field.GetValue(null)!)
        .ToDictionary(code => code.Value, code => code.OperandType);

    /// <summary>Reads the tokens of types, members and signatures in a method body, in order.</summary>
    public static IEnumerable<EntityHandle> In(byte[] body)
    {
        int at = 0;
        while (at < body.Length)
        {
            short code = body[at] == TwoByteOpCode ? (short)((TwoByteOpCode << 8) | body[at + 1]) : body[at];
            at += body[at] == TwoByteOpCode ? 2 : 1;
            OperandType operand = _operands[code];
            if (operand is OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineType
                or OperandType.InlineTok or OperandType.InlineSig)
            {
                yield return MetadataTokens.EntityHandle(BitConverter.ToInt32(body, at));
            }

            at += SizeOf(operand, body, at);
        }
    }

    private static int SizeOf(OperandType operand, byte[] body, int at) => operand switch
    {
        OperandType.InlineNone => 0,
        OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
        OperandType.InlineVar => 2,
        OperandType.InlineI8 or OperandType.InlineR => 8,
        OperandType.InlineSwitch => 4 + (4 * BitConverter.ToInt32(body, at)),
        _ => 4,
    };
}
