/** The scripts behind `npm start`, `npm run build` and `npx convoyant`, tried in a small clone. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { root } from "./sources.ts";

const setup: any = await import(new URL("../../../scripts/setup.mjs", import.meta.url).href);

/** A command line that prints what it was given and waits to be interrupted when asked to. */
const fakeCli = `
const given: string[] = process.argv.slice(2);
console.log(JSON.stringify(given));
if (given[0] === "wait") {
  let count = 0;
  const waiting = setInterval(() => {}, 1000);
  process.on("SIGINT", () => {
    count++;
    setTimeout(() => {
      clearInterval(waiting);
      console.log(\`interrupted \${count}\`);
      process.exitCode = 130;
    }, 100);
  });
  console.log("waiting");
} else {
  process.exitCode = given[0] === "exit" ? Number(given[1]) : 0;
}
export {};
`;

const fakeAtStart = `
export async function onednnAtStart(args: readonly string[]): Promise<void> {
  if (args[0] === "train") console.error(\`oneDNN before \${args.join(" ")}\`);
}
`;

test("an old Node is refused in one line", () => {
  for (const version of ["18.20.0", "20.18.3"]) {
    assert.match(
      setup.nodeProblem(version),
      new RegExp(`needs Node\\.js 20\\.19 or newer; this is ${version}`),
    );
  }
  for (const version of ["20.19.0", "22.1.0", "24.21.0"]) assert.equal(setup.nodeProblem(version), undefined);
});

test("packages are installed when one is missing or differs, not when a file's time changes", () => {
  const folder = mkdtempSync(join(tmpdir(), "convoyant-lock-"));
  const put = (path: string, packages: object) =>
    writeFileSync(join(folder, path), JSON.stringify({ packages: { "": {}, ...packages } }));
  try {
    const a = { version: "1.0.0", integrity: "sha512-a" };
    put("package-lock.json", { "node_modules/a": a, "node_modules/b": { ...a, optional: true } });
    assert.equal(setup.needsInstall(folder), true, "no node_modules");
    mkdirSync(join(folder, "node_modules"));
    put("node_modules/.package-lock.json", { "node_modules/a": a });
    assert.equal(setup.needsInstall(folder), false, "only an optional package is missing");
    put("node_modules/.package-lock.json", { "node_modules/a": { ...a, version: "1.0.1" } });
    assert.equal(setup.needsInstall(folder), true, "another version");
    put("node_modules/.package-lock.json", {});
    assert.equal(setup.needsInstall(folder), true, "a package is missing");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

describe("a clone", () => {
  const clone = mkdtempSync(join(tmpdir(), "convoyant-clone-"));
  const put = (path: string, text: string) => writeFileSync(join(clone, path), text);
  const node = (...args: string[]) => spawnSync(process.execPath, args, { cwd: clone, encoding: "utf8" });

  before(() => {
    // Installing in the clone would empty the folder that is linked into it.
    assert.equal(setup.needsInstall(root), false, "the installed packages differ from the lock file: npm ci");
    for (const part of ["scripts", "bin", "package.json", "package-lock.json", "tsconfig.json"]) {
      cpSync(join(root, part), join(clone, part), { recursive: true });
    }
    rmSync(join(clone, "scripts/build-kernels.mjs"), { force: true });
    symlinkSync(join(root, "node_modules"), join(clone, "node_modules"));
    mkdirSync(join(clone, "src/cli"), { recursive: true });
    mkdirSync(join(clone, "src/install"), { recursive: true });
    put("src/cli/main.ts", fakeCli);
    put("src/install/onednn_at_start.ts", fakeAtStart);
  });
  after(() => rmSync(clone, { recursive: true, force: true }));

  test("builds on the first start, and trains BN-LeNet without being told", () => {
    const first = node("scripts/start.mjs");
    assert.equal(first.status, 0, first.stderr);
    assert.equal(first.stdout, '["train","bn-lenet"]\n');
    assert.match(first.stderr, /^Building \.\.\.\nBuilt in .*\noneDNN before train bn-lenet\n$/);
  });

  test("builds nothing the second time", () => {
    const main = join(clone, "build/src/cli/main.js");
    const before = statSync(main).mtimeMs;
    const second = node("scripts/start.mjs", "summary", "lenet");
    assert.equal(second.stdout, '["summary","lenet"]\n');
    assert.equal(second.stderr, "");
    assert.equal(statSync(main).mtimeMs, before);
  });

  test("passes arguments and exit codes through", () => {
    const { status, stdout } = node("scripts/start.mjs", "exit", "2", "--json", "a b");
    assert.equal(status, 2);
    assert.equal(stdout, '["exit","2","--json","a b"]\n');
    assert.equal(node("bin/convoyant.mjs", "exit", "1").status, 1);
  });

  test("reports a type error as the compiler does, and builds again once it is fixed", () => {
    put("src/wrong.ts", 'export const count: number = "three";\n');
    const failed = node("scripts/build.mjs");
    assert.notEqual(failed.status, 0);
    assert.match(failed.stderr, /src\/wrong\.ts.*TS2322/);
    put("src/wrong.ts", "export const count: number = 3;\n");
    const fixed = node("scripts/build.mjs");
    assert.equal(fixed.status, 0, fixed.stderr);
    assert.ok(existsSync(join(clone, "build/src/wrong.js")));
  });

  test("forgets what was compiled from a file that is gone", () => {
    rmSync(join(clone, "src/wrong.ts"));
    assert.equal(node("scripts/build.mjs").status, 0);
    for (const ending of [".js", ".js.map", ".d.ts"]) {
      assert.equal(existsSync(join(clone, `build/src/wrong${ending}`)), false, ending);
    }
    assert.ok(existsSync(join(clone, "build/src/cli/main.js")));
  });

  test("writes again what was deleted from build", () => {
    rmSync(join(clone, "build/src"), { recursive: true });
    assert.equal(node("scripts/build.mjs").status, 0);
    assert.ok(existsSync(join(clone, "build/src/cli/main.js")));
  });

  test("hears one Ctrl-C once, even when it arrives from the terminal and from npm", async () => {
    const child = spawn(process.execPath, ["scripts/start.mjs", "wait"], { cwd: clone });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (chunk) => {
      output += chunk;
      if (!chunk.includes("waiting")) return;
      child.kill("SIGINT");
      setTimeout(() => child.kill("SIGINT"), 20);
    });
    const status = await new Promise((resolve) => child.on("close", resolve));
    assert.equal(status, 130, output);
    assert.match(output, /interrupted 1\n$/);
  });
});
