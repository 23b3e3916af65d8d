/** The commands of docs/serve.md do what the page says. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { data } from "../../src/index.ts";
import { serve } from "../../src/serve/index.ts";
import { readSource } from "../architecture/sources.ts";
import { brightness } from "../serve/served.ts";

const folder = mkdtempSync(join(tmpdir(), "convoyant-serve-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const skip = spawnSync("curl", ["--version"]).error !== undefined && "curl is not installed";

/** Standard output of a command; the server lives in this process. */
function shell(command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn("sh", ["-c", command], { cwd: folder, stdio: ["ignore", "pipe", "ignore"] });
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (piece: string) => {
      text += piece;
    });
    child.on("error", reject);
    child.on("close", () => resolve(text));
  });
}

test("each command with curl gets the classes of its images", { skip }, async () => {
  const page = readSource("docs/serve.md");
  const commands = [...page.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, command]) => command);
  assert.equal(commands.length, 3);
  const white = { width: 16, height: 16, channels: 3, data: new Uint8Array(768).fill(255) } as const;
  writeFileSync(join(folder, "photo.jpg"), await data.encodeJpeg(white));
  const server = await serve(brightness, { port: 0, decodeWorkers: 0 });
  const found = [];
  for (const command of commands) {
    assert.ok(command.includes("http://localhost:8080"));
    const answer = JSON.parse(await shell(command.replaceAll("http://localhost:8080", server.url)));
    found.push(answer.predictions.map(({ name, label, top }: any) => [name, label, top.length]));
  }
  await server.close();
  const photo = ["photo.jpg", "bright", 2];
  assert.deepEqual(found, [[[null, "bright", 2]], [photo, photo], [[null, "bright", 1]]]);
});

test("the page lists every path and every code", async () => {
  const page = readSource("docs/serve.md");
  const sources = ["request_handler", "http/exchange"].map((name) => readSource(`src/serve/${name}.ts`));
  const paths = [...sources[0].matchAll(/"(\/[a-z.]*)": \{/g)].map(([, path]) => path);
  assert.ok(paths.length >= 7, paths.join());
  for (const path of paths) assert.match(page, new RegExp(`^\\| \`(?:GET|POST) ${path}\` \\|`, "m"));
  const codes = [...(/type RefusalCode =([^;]*);/.exec(sources[1])?.[1] ?? "").matchAll(/"(\w+)"/g)];
  assert.ok(codes.length > 10);
  // An answer that no client gets, and those that the texts explain.
  const elsewhere = ["client_gone", "internal", "reload_failed"];
  for (const [, code] of codes) if (!elsewhere.includes(code)) assert.ok(page.includes(`\`${code}\``), code);
});
