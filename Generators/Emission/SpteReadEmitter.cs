// Generators: what a present entry says.
namespace Mmu.Generators.Emission;

/// <summary>Emits the questions that a present entry answers.</summary>
internal static class SpteReadEmitter
{
    /// <summary>Writes the methods.</summary>
    public static void Write(SourceWriter writer, SpteText text)
    {
        Test(writer, "IsWritable", text.Hardware("Writable"));
        Test(writer, "IsMmuWritable", "MmuWritableMask");
        Test(writer, "IsHostWritable", "HostWritableMask");
        Test(writer, "IsAccessed", text.Hardware("Accessed"));
        Test(writer, "IsDirty", text.Hardware("Dirty"));
        if (text.IsEpt)
        {
            Test(writer, "IsExecutable", text.Hardware("Executable"));
            Test(writer, "IsUser", text.Hardware("UserExecutable"));
        }
        else
        {
            Test(writer, "IsExecutable", text.Hardware("NoExecute"), "==");
            Test(writer, "IsUser", text.Hardware("User"));
        }

        using (SpteEmitter.Method(writer, "Rights RightsOf(ulong spte)"))
        {
            writer.Line($"ulong rights = {SpteEmitter.Or("    ", text.ToRights())};");
            writer.Line("return Spte.IsPresent(spte) ? (Rights)rights : Rights.None;");
        }

        writer.Line();
        SpteEmitter.Method(
            writer,
            "bool IsAccessTracked(ulong spte)",
            text.Tracks ? $"Spte.IsPresent(spte) && (spte & (AllRights | {text.Hardware("Accessed")})) == 0" : "false");
    }

    private static void Test(SourceWriter writer, string name, string mask, string relation = "!=") =>
        SpteEmitter.Method(writer, $"bool {name}(ulong spte)", $"(spte & {mask}) {relation} 0");
}
