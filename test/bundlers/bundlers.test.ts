/**
 * The packed archive in other people's projects: bundled for a page and for a server, and run there. Every program trains
 * LeNet for four steps and has to end with the losses of Node.js.
 */
import assert from "node:assert/strict";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import type { Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { build } from "esbuild";
import type { Browser } from "playwright-core";
import { readSource } from "../architecture/sources.ts";
import { launch, noBrowser, serve } from "../browser/chromium.ts";
import { PAGE_BUNDLERS } from "./page_bundlers.ts";
import { gzippedScripts, makeProject, openWorkspace, type Project, run } from "./workspace.ts";

/** What a page that trains LeNet on wasm loads at most: scripts, worker and kernels, gzipped. */
const PAGE_BUDGET = 180_000;

const workspace = openWorkspace();
const missing = "missing" in workspace ? workspace.missing : false;

describe("the packed archive in other people's projects", { skip: missing }, () => {
  let project: Project;
  let expected: number[];
  let outputs: string;
  let browser: Browser;

  before(async () => {
    project = makeProject((workspace as { folder: string }).folder);
    outputs = mkdtempSync(join(tmpdir(), "convoyant-bundles-"));
    ({ losses: expected } = JSON.parse(run(process.execPath, ["server.js"], project.folder)));
    if (!noBrowser) browser = await launch();
  });
  after(async () => {
    await browser?.close();
    project?.close();
    rmSync(outputs, { recursive: true, force: true });
  });

  /** Opens a page and waits for what it leaves in `result`; gives the scripts that it asked for, too. */
  async function openPage(url: string): Promise<{ losses: number[]; loaded: string[] }> {
    const page = await browser.newPage();
    const problems: string[] = [];
    const loaded: string[] = [];
    page.on("pageerror", (error) => problems.push(error.message));
    page.on("request", (request) => loaded.push(new URL(request.url()).pathname));
    await page.goto(url);
    const handle = await page
      .waitForFunction("globalThis.result", undefined, { timeout: 60_000 })
      .catch((error) => {
        throw new Error(`${error.message}\n${problems.join("\n")}`);
      });
    const result = (await handle.jsonValue()) as { losses: number[]; error?: string };
    await page.close();
    assert.equal(result.error, undefined);
    assert.deepEqual(problems, []);
    return { losses: result.losses, loaded };
  }

  function assertLosses(found: readonly number[]): void {
    assert.equal(found.length, expected.length);
    found.forEach((loss, i) => {
      assert.ok(Math.abs(loss - expected[i]) < 1e-5, `loss ${i}: ${loss}, in Node.js ${expected[i]}`);
    });
  }

  for (const { name, splits, bundle } of PAGE_BUNDLERS) {
    test(`${name}: a page`, { skip: noBrowser }, async (t) => {
      const output = join(outputs, name.replace(/\W+/g, "-"));
      mkdirSync(output);
      await bundle(project, output);
      if (!existsSync(join(output, "index.html")))
        cpSync(join(project.folder, "index.html"), join(output, "index.html"));
      const sizes = gzippedScripts(output);
      const { server, origin } = await serve({ folder: output });
      try {
        for (const kind of ["plain", "isolated"]) {
          const { losses, loaded } = await openPage(`${origin}/${kind}/index.html`);
          assertLosses(losses);
          const bytes = loaded.reduce(
            (sum, path) => sum + (sizes.get(path.replace(`/${kind}/`, "")) ?? 0),
            0,
          );
          t.diagnostic(`${name}, ${kind}: ${Math.round(bytes / 1000)} kB of scripts, gzipped`);
          // Rollup does not minify; one script holds what is loaded later as well.
          if (splits && name !== "Rollup")
            assert.ok(bytes > 50_000 && bytes <= PAGE_BUDGET, `${bytes} bytes`);
        }
      } finally {
        close(server);
      }
    });
  }

  for (const version of [5, 6, 7, 8]) {
    test(`vite ${version}: while developing`, { skip: noBrowser }, async () => {
      const { createServer } = await project.tool(`vite${version}/dist/node/index.js`);
      const server = await createServer({
        root: project.folder,
        configFile: false,
        logLevel: "silent",
        cacheDir: join(outputs, `vite-cache-${version}`),
        server: { port: 0, host: "127.0.0.1", hmr: false, watch: null },
      });
      try {
        await server.listen();
        const { port } = server.httpServer.address();
        assertLosses((await openPage(`http://127.0.0.1:${port}/index.html`)).losses);
      } finally {
        await server.close();
      }
    });
  }

  for (const [name, binary, args] of [
    ["Deno", "@deno/linux-x64-glibc/deno", ["run", "--allow-all", "--node-modules-dir=manual"]],
    ["Bun", "@oven/bun-linux-x64/bin/bun", ["run"]],
  ] as const) {
    test(`${name} runs it as it is`, () => {
      const path = join(project.folder, "../node_modules", binary);
      chmodSync(path, 0o755);
      const printed = run(path, [...args, "server.js"], project.folder, { DENO_NO_UPDATE_CHECK: "1" });
      const { losses, batches } = JSON.parse(printed);
      assertLosses(losses);
      assert.equal(batches, 2);
    });
  }

  test("the oldest TypeScript that is promised takes its types, without those of a page or of Node.js", () => {
    const compilerOptions = {
      noEmit: true,
      strict: true,
      target: "es2022",
      lib: ["es2022"],
      types: [],
      module: "nodenext",
      moduleResolution: "nodenext",
    };
    const config = join(project.folder, "tsconfig.json");
    writeFileSync(config, JSON.stringify({ compilerOptions, files: ["types.ts"] }));
    const entries = Object.keys(JSON.parse(readSource("package.json")).exports)
      // That of experiments shows types of valibot, which name those of a page.
      .filter((name) => !name.endsWith(".json") && name !== "./experiments")
      .map((name, i) => `export * as entry${i} from "${name.replace(".", "convoyant")}";`);
    writeFileSync(join(project.folder, "types.ts"), entries.join("\n"));
    const version = JSON.parse(
      readFileSync(join(project.folder, "../node_modules/typescript57/package.json"), "utf8"),
    );
    assert.match(
      readSource("README.md"),
      new RegExp(`TypeScript ${version.version.replace(/\.\d+$/, "")} or newer`),
    );
    const compiler = join(project.folder, "../node_modules/typescript57/bin/tsc");
    run(process.execPath, [compiler, "-p", config], project.folder);
  });

  test("publint and arethetypeswrong find nothing", () => {
    const tool = (path: string) => join(project.folder, "../node_modules", path);
    // A folder it would pack first, to see what npm takes.
    const found = run(
      process.execPath,
      [tool("publint/src/cli.js"), "run", project.archive, "--strict"],
      project.folder,
    );
    assert.match(found, /All good/);
    const attw = tool("@arethetypeswrong/cli/dist/index.js");
    const quickly = ["--import", "./quick_attw.mjs"];
    run(
      process.execPath,
      [...quickly, attw, project.archive, "--profile", "esm-only", "--no-color"],
      project.folder,
    );
  });

  for (const format of ["esm", "cjs"] as const) {
    test(`esbuild: a server, ${format}`, async () => {
      const outfile = join(outputs, `server-${format}`, format === "esm" ? "server.mjs" : "server.cjs");
      const entryPoints = [join(project.folder, "server.js")];
      await build({ entryPoints, outfile, bundle: true, platform: "node", format, logLevel: "error" });
      // In a folder from which no package can be found.
      const { losses, batches } = JSON.parse(run(process.execPath, [outfile], outputs));
      assertLosses(losses);
      assert.equal(batches, 2);
    });
  }
});

function close(server: Server): void {
  server.closeAllConnections();
  server.close();
}
