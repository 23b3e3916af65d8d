/** `convoyant lab`: the Lab's page on this machine. */
import { type LabOptions, serveLab } from "../../lab/index.ts";
import { interruption } from "../console/interruption.ts";
import type { Output } from "../console/output.ts";

/** Returns the exit code. */
export async function labCommand(options: LabOptions, output: Output): Promise<number> {
  const interrupt = interruption(() => {});
  const server = await serveLab({ ...options, signal: interrupt.signal });
  interrupt.arm();
  output.line(`The Lab: ${server.url} (Ctrl-C ends it)`);
  for (const { name, classes, count } of server.folders)
    output.line(`${name}: ${count} images of ${classes.length} classes`);
  output.event({ event: "listening", url: server.url, folders: server.folders.map(({ name }) => name) });
  await server.closed;
  interrupt.release();
  return 0;
}
