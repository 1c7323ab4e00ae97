// KVM logs: an SPTE in KVM's log.
namespace Mmu.Tests.KvmLogs;

/// <summary>An SPTE that KVM stored.</summary>
/// <param name="Gfn">The guest frame that it maps.</param>
/// <param name="Value">The entry.</param>
/// <param name="Rights">Its rights: letters of "rwxu", "-" where one is missing.</param>
/// <param name="Level">Its level.</param>
/// <param name="Index">Its index in its table.</param>
internal sealed record KvmSpte(ulong Gfn, ulong Value, string Rights, int Level, int Index);
