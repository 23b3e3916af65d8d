/** Whether every run-time is to compute the same bits, unless an engine is started otherwise: CONVOYANT_PORTABLE=1. */
export function wantsPortable(): boolean {
  const { process } = globalThis as { process?: { env?: Record<string, string | undefined> } };
  const wanted = process?.env?.CONVOYANT_PORTABLE;
  return wanted !== undefined && wanted !== "" && wanted !== "0";
}
