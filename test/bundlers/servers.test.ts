/**
 * The packed archive where a server runs it, and in pages that only draw: a Next.js server component, a worker of
 * Cloudflare's runtime, `convoyant/report` and `convoyant/book` without files.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { launch, noBrowser, serve } from "../browser/chromium.ts";
import { makeProject, openWorkspace, type Project, run } from "./workspace.ts";

/** What a worker that trains LeNet weighs at most, gzipped; Cloudflare takes 3 MB. */
const WORKER_BUDGET = 235_000;

const workspace = openWorkspace();

describe("the packed archive on servers", {
  skip: "missing" in workspace ? workspace.missing : false,
}, () => {
  let project: Project;
  let expected: number[];
  const tool = (path: string) => join(project.folder, "../node_modules", path);

  before(() => {
    project = makeProject((workspace as { folder: string }).folder);
    ({ losses: expected } = JSON.parse(run(process.execPath, ["server.js"], project.folder)));
  });
  after(() => project?.close());

  function assertLosses(found: readonly number[]): void {
    assert.equal(found.length, expected.length);
    for (const [i, loss] of found.entries())
      assert.ok(Math.abs(loss - expected[i]) < 1e-5, `loss ${i}: ${loss}, in Node.js ${expected[i]}`);
  }

  test("Next.js: a server component trains, bundled, without any setting of the package", async () => {
    const folder = join(project.folder, "next");
    cpSync(join(project.folder, "lenet.js"), join(folder, "lenet.js"));
    writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module", private: true }));
    // In a project of its own the root is found: here Next.js lies two folders above.
    const settings = { turbopack: { root: dirname(project.folder) } };
    writeFileSync(join(folder, "next.config.mjs"), `export default ${JSON.stringify(settings)};\n`);
    const next = tool("next/dist/bin/next");
    run(process.execPath, [next, "build"], folder, { NEXT_TELEMETRY_DISABLED: "1" });
    const port = await freePort();
    const server = spawn(process.execPath, [next, "start", "-H", "127.0.0.1", "-p", `${port}`], {
      cwd: folder,
      env: { ...process.env, NEXT_TELEMETRY_DISABLED: "1" },
    });
    const page = await answerOf(server, port);
    const [, losses] = /<p>(\[[^<]*\])<\/p>/.exec(page) ?? [];
    assert.ok(losses, page.slice(0, 500));
    assertLosses(JSON.parse(losses));
  });

  test("Cloudflare's runtime trains with the reference engine, and says in one line what is impossible", async (t) => {
    const outfile = join(project.folder, "out/worker.mjs");
    const conditions = ["workerd", "worker", "browser"];
    const options = { bundle: true, minify: true, format: "esm", conditions, outfile } as const;
    await build({ ...options, entryPoints: [join(project.folder, "worker.js")], logLevel: "error" });
    const bytes = gzipSync(readFileSync(outfile), { level: 9 }).length;
    t.diagnostic(`a worker that trains LeNet: ${Math.round(bytes / 1000)} kB, gzipped`);
    assert.ok(bytes > 50_000 && bytes <= WORKER_BUDGET, `${bytes} bytes`);
    const port = await freePort();
    const config = readFileSync(join(project.folder, "worker.capnp"), "utf8").replace("PORT", `${port}`);
    writeFileSync(join(project.folder, "out/worker.capnp"), config);
    const workerd = tool("@cloudflare/workerd-linux-64/bin/workerd");
    chmodSync(workerd, 0o755);
    const args = ["serve", join(project.folder, "out/worker.capnp")];
    const found = JSON.parse(await answerOf(spawn(workerd, args), port));
    assertLosses(found.losses);
    const reference = /use the engine "reference", which runs without them$/;
    assert.match(found.wasm, /^EngineError: wasm: cannot start: this runtime has no workers; /);
    assert.match(found.wasm, reference);
    assert.match(found.onednn, /^EngineError: onednn: cannot start: native libraries need Node\.js/);
    assert.match(found.withoutEngine, /^EngineError: reference: .*`await useEngine\("reference"\)` first$/);
  });

  test("every runtime's condition leads to files that are there", () => {
    const installed = join(project.folder, "node_modules/convoyant");
    const { exports } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
    for (const condition of ["workerd", "edge-light", "worker", "browser"]) {
      for (const [name, entry] of Object.entries(exports) as [string, any][]) {
        // Those of Node.js alone have no conditions.
        if (
          typeof entry === "string" ||
          ["./experiments", "./serve", "./ship", "./distributed"].includes(name)
        )
          continue;
        assert.deepEqual(entry[condition], entry.browser, `${name}, ${condition}`);
        for (const path of Object.values(entry[condition]) as string[]) readFileSync(join(installed, path));
      }
    }
    // What runs Node.js's modules gets Node.js's part: a condition of its own would stand before the default.
    for (const condition of ["deno", "bun", "react-server", "node"])
      assert.ok(Object.values(exports).every((entry: any) => entry[condition] === undefined));
  });

  test("report and book draw the same in a page as in Node.js", { skip: noBrowser }, async () => {
    const call = 'import("./figures.js").then((m) => m.figures())';
    const print = `${call}.then((found) => console.log(JSON.stringify(found)))`;
    const inNode = JSON.parse(run(process.execPath, ["--input-type=module", "-e", print], project.folder));
    const output = join(project.folder, "figures-page");
    mkdirSync(output);
    await build({
      stdin: {
        contents: `import { figures } from "./figures.js";
          figures().then((found) => { globalThis.result = found; }, (error) => { globalThis.result = { error: String(error.stack) }; });`,
        resolveDir: project.folder,
      },
      bundle: true,
      splitting: true,
      format: "esm",
      outdir: output,
      entryNames: "page",
      logLevel: "error",
    });
    cpSync(join(project.folder, "index.html"), join(output, "index.html"));
    const { server, origin } = await serve({ folder: output });
    const browser = await launch();
    try {
      const page = await browser.newPage();
      await page.goto(`${origin}/plain/index.html`);
      const handle = await page.waitForFunction("globalThis.result", undefined, { timeout: 60_000 });
      const inPage = (await handle.jsonValue()) as Record<string, unknown>;
      assert.equal(inPage.error, undefined);
      // A page has no files: saving is one clear error there.
      assert.deepEqual([inNode.saved, inPage.saved], ["saved", "FileError"]);
      assert.deepEqual({ ...inPage, saved: null }, { ...inNode, saved: null });
      assert.match(inNode.page, /^<!doctype html>[\s\S]*LeNet/);
    } finally {
      await browser.close();
      server.closeAllConnections();
      server.close();
    }
  });
});

/** A port that nothing listens on. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}

/** What a server answers as soon as it listens; ends the server. */
async function answerOf(server: ChildProcess, port: number): Promise<string> {
  let said = "";
  for (const stream of [server.stdout, server.stderr])
    stream?.on("data", (chunk) => {
      said += chunk;
    });
  const ended = once(server, "exit");
  try {
    for (let tries = 0; tries < 600 && server.exitCode === null; tries++) {
      const answer = await fetch(`http://127.0.0.1:${port}/`).catch(() => null);
      const text = await answer?.text();
      if (answer?.ok) return text as string;
      if (answer !== null) throw new Error(`${answer.status}: ${text}\n${said}`);
      await wait(100);
    }
    throw new Error(`the server did not answer:\n${said}`);
  } finally {
    server.kill();
    await ended;
  }
}
