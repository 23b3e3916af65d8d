/** The machine of a record, in words. */

/** "2 x AMD EPYC (family 25, model 1), 24 GiB, linux x64", from the environment of a run. */
export function machineText(environment: Readonly<Record<string, unknown>>): string {
  const { processors, processor, memoryGib, platform } = environment;
  const memory = memoryGib === undefined ? "" : `, ${memoryGib} GiB`;
  return `${processors} x ${processor}${memory}, ${platform}`;
}
