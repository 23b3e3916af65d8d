/** `convoyant serve`: a classifier behind HTTP. */
import type { Command } from "commander";
import { oneOf, repeated, text, whole } from "../experiments/settings/setting_kinds.ts";
import { addCommand, type Given } from "./command.ts";
import { type Interrupt, interruptible } from "./console/interruption.ts";
import type { Output } from "./console/output.ts";
import { type Cli, option } from "./options.ts";
import { settings } from "./shared_options.ts";

const MEBIBYTE = 2 ** 20;

export function addServe(program: Command, cli: Cli): void {
  addCommand(program, cli, "serve", {
    about: "Answer requests with the classes of images: POST /predict, /health, /ready, /metrics.",
    takes: [["<run|classifier>", "a run's folder, or a .safetensors or .onnx file of a classifier"]],
    options: [
      option("--port <n>", "the port; 0: one that is free", whole(0, 65_535), 8080),
      option(
        "--host <address>",
        "the address to listen on; one that others reach needs --token",
        text("<address>"),
        "127.0.0.1",
      ),
      option("--token <token>", "what clients send as Authorization: Bearer (else CONVOYANT_SERVE_TOKEN)"),
      option(
        "--allow-origin <origin>",
        "pages that may send requests: https://example.org (repeatable)",
        repeated,
      ),
      option("--allow-host <name>", "a name that the Host header may have (repeatable)", repeated),
      option("--max-batch <n>", "the most images at once: a power of two", whole(1, 1024), 16),
      option("--max-delay <ms>", "how long an image waits for others that are decoded", whole(0), 5),
      option("--queue <n>", "the most images that wait; above it 503", whole(1), 256),
      option("--max-images <n>", "the most images of a request", whole(1, 10_000), 32),
      option("--max-body <mb>", "the most MiB of a request", whole(1, 1024), 32),
      option("--shutdown-timeout <s>", "how long requests under way are waited for", whole(1, 3600), 10),
      option(
        "--decoder <name>",
        "exact: the same pixels as everywhere; sharp: faster, if installed",
        oneOf(["exact", "sharp"]),
        "exact",
      ),
      ...settings(cli, "engine", "threads"),
    ],
    examples: [
      "convoyant serve runs/<run>",
      "convoyant serve pets.safetensors --port 9000 --json",
      "CONVOYANT_SERVE_TOKEN=$(openssl rand -hex 16) convoyant serve runs/<run> --host 0.0.0.0",
    ],
    run: async ({ allowHost, queue, maxBody, shutdownTimeout, ...given }, output, source: string) => {
      const limits = {
        ...(allowHost !== undefined && { allowHosts: allowHost }),
        queueCapacity: queue,
        maxBodyBytes: maxBody * MEBIBYTE,
        maxHeldBytes: Math.max(256, 2 * maxBody) * MEBIBYTE,
        shutdownTimeout: shutdownTimeout * 1000,
      };
      return serve({ ...given, ...limits }, output, source);
    },
  });
}

/** Ends with 1 if requests were lost. */
async function serve(
  { engine, threads, ...options }: Given,
  output: Output,
  source: string,
): Promise<number> {
  const { serveFile } = await import("../ship/serve_file.ts");
  const { reportServing } = await import("../serve/report_events.ts");
  const token = options.token ?? process.env.CONVOYANT_SERVE_TOKEN;
  const onFirst = () => output.note("Answering the requests under way, then ending; again to end at once.");
  const now = () => new Date().toISOString();
  const run = async ({ signal, arm }: Interrupt) => {
    const server = await serveFile(source, {
      ...options,
      ...{ engine, threads, signal },
      ...(token !== undefined && { token }),
      onEvent: (event) => reportServing(event, output),
    });
    arm();
    const { url, classes, closed } = server;
    output.line(`Serving ${source}, ${classes.length} classes: ${url}`);
    output.event({ event: "listening", time: now(), source, url, classes: classes.length });
    return closed;
  };
  const { lost } = await interruptible(onFirst, run, false);
  output.line(lost === 0 ? "Ended; no request was lost." : `Ended; ${lost} requests took too long.`);
  output.event({ event: "end", time: now(), lost });
  return lost === 0 ? 0 : 1;
}
