/** What the processor is called. Node only. */

/**
 * The model's name and, if the system reports them, its family and model number: virtual machines often name several
 * generations alike ("AMD EPYC").
 *
 * @param cpuinfo - the text of Linux's /proc/cpuinfo; read if it is absent.
 */
export function processorName(cpuinfo = readCpuinfo()): string {
  const { cpus } = process.getBuiltinModule("node:os");
  const name = cpus()[0]?.model.trim() || process.arch;
  const [family, model] = ["cpu family", "model"].map(
    (field) => new RegExp(`^${field}\\s*:\\s*(\\d+)\\s*$`, "m").exec(cpuinfo)?.[1],
  );
  return family === undefined || model === undefined ? name : `${name} (family ${family}, model ${model})`;
}

function readCpuinfo(): string {
  try {
    return process.getBuiltinModule("node:fs").readFileSync("/proc/cpuinfo", "utf8");
  } catch {
    return "";
  }
}
