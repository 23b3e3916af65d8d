/** The options of `convoyant serve`. */
import { type Command, Option } from "commander";
import { wholeNumber } from "../console/option_values.ts";
import { Output } from "../console/output.ts";
import { type Cli, engine, examples, json, threads } from "../shared_options.ts";

/** Adds a value to those before it. */
const another = (text: string, before: readonly string[] = []): readonly string[] => [...before, text];

const MEBIBYTE = 2 ** 20;

export function addServe(program: Command, cli: Cli): void {
  program
    .command("serve")
    .description("Answer requests with the classes of images: POST /predict, /health, /ready, /metrics.")
    .argument("<run|classifier>", "a run's folder, or a .safetensors or .onnx file of a classifier")
    .option("--port <n>", "the port; 0: one that is free", wholeNumber(0, 65_535), 8080)
    .option("--host <address>", "the address to listen on; one that others reach needs --token", "127.0.0.1")
    .option("--token <token>", "what clients send as Authorization: Bearer (else CONVOYANT_SERVE_TOKEN)")
    .option(
      "--allow-origin <origin>",
      "pages that may send requests: https://example.org (repeatable)",
      another,
    )
    .option("--allow-host <name>", "a name that the Host header may have (repeatable)", another)
    .option("--max-batch <n>", "the most images at once: a power of two", wholeNumber(1, 1024), 16)
    .option("--max-delay <ms>", "how long an image waits for others that are decoded", wholeNumber(0), 5)
    .option("--queue <n>", "the most images that wait; above it 503", wholeNumber(1), 256)
    .option("--max-images <n>", "the most images of a request", wholeNumber(1, 10_000), 32)
    .option("--max-body <mb>", "the most MiB of a request", wholeNumber(1, 1024), 32)
    .option("--shutdown-timeout <s>", "how long requests under way are waited for", wholeNumber(1, 3600), 10)
    .addOption(
      new Option("--decoder <name>", "exact: the same pixels as everywhere; sharp: faster, if installed")
        .choices(["exact", "sharp"])
        .default("exact"),
    )
    .addOption(engine())
    .addOption(threads())
    .addOption(json())
    .addHelpText(
      "after",
      examples(
        "convoyant serve runs/<run>",
        "convoyant serve pets.safetensors --port 9000 --json",
        "CONVOYANT_SERVE_TOKEN=$(openssl rand -hex 16) convoyant serve runs/<run> --host 0.0.0.0",
      ),
    )
    .action(async (source: string, o) => {
      const { serveCommand } = await import("./serve_command.ts");
      const { port, host, token, maxBatch, maxDelay, queue, maxImages, maxBody, decoder } = o;
      const options = {
        ...{ port, host, maxBatch, maxDelay, maxImages, decoder },
        ...(token !== undefined && { token }),
        ...(o.allowOrigin !== undefined && { allowOrigin: o.allowOrigin }),
        ...(o.allowHost !== undefined && { allowHosts: o.allowHost }),
        queueCapacity: queue,
        maxBodyBytes: maxBody * MEBIBYTE,
        maxHeldBytes: Math.max(256, 2 * maxBody) * MEBIBYTE,
        shutdownTimeout: o.shutdownTimeout * 1000,
      };
      const command = { source, options, engine: o.engine ?? null, threads: o.threads ?? null };
      cli.finish(await serveCommand(command, new Output(o.json)));
    });
}
