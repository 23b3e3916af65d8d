import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type PackedArchive, packedArchive } from "../packed_archive.ts";
import { readSource, root } from "./sources.ts";

/**
 * Bounds on what users download and unpack, in bytes: room to grow, not room to forget. Code is there twice, for
 * Node.js and for pages; of what is packed the image decoders take 60 kB, ONNX 70 kB, and
 * the script of shipped pages 240 kB, as pages load it, and that of pages with ONNX's operators 275 kB.
 */
const packedBound = 3_600_000;
const unpackedBound = 11_000_000;

const manifest = JSON.parse(readSource("package.json"));
const lock = JSON.parse(readSource("package-lock.json"));
const lockEntries = Object.entries<any>(lock.packages).filter(([path]) => path !== "");

/** Runs a program; fails with its output when it does not end with 0. */
function run(program: string, args: string[], cwd: string): string {
  const result = spawnSync(program, args, { cwd, encoding: "utf8" });
  assert.equal(
    result.status,
    0,
    `${program} ${args.join(" ")}\n${result.stdout}\n${result.stderr}\n${result.error ?? ""}`,
  );
  return result.stdout;
}

test("the targets of exports, types and bin exist", () => {
  const targets = (value: unknown): string[] =>
    typeof value === "string" ? [value] : Object.values(value as object).flatMap(targets);
  for (const target of [...targets(manifest.exports), manifest.types, ...targets(manifest.bin)]) {
    assert.ok(existsSync(join(root, target)), `${target} is missing`);
  }
});

test("nothing runs when the package or a dependency is installed", () => {
  for (const script of ["preinstall", "install", "postinstall", "prepare"]) {
    assert.equal(manifest.scripts[script], undefined, `package.json has a ${script} script`);
  }
  // Both scripts would only look for the binary that comes ready made in a package of its own, and fetch it otherwise.
  const running = lockEntries.filter(([, entry]) => entry.hasInstallScript).map(([path]) => path);
  assert.deepEqual(running.sort(), ["node_modules/esbuild", "node_modules/koffi"]);
  assert.equal(manifest.dependencies.esbuild, undefined, "esbuild is for building only");
  assert.ok(manifest.peerDependenciesMeta.koffi.optional, "koffi is for those who ask for it");
});

test("dependencies are pinned, and the lock file names no host", () => {
  for (const [name, version] of Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })) {
    assert.match(String(version), /^\d+\.\d+\.\d+$/, `${name} is not pinned`);
  }
  assert.equal(lock.version, manifest.version);
  assert.deepEqual(lock.packages[""].dependencies, manifest.dependencies);
  assert.deepEqual(lock.packages[""].devDependencies, manifest.devDependencies);
  for (const [path, entry] of lockEntries) {
    assert.match(entry.integrity, /^sha512-/, `${path} has no hash`);
    assert.equal(entry.resolved, undefined, `${path} names a host`);
  }
});

test("the lock file names every platform's binaries, as npm ci demands", () => {
  // npm forgets those of other platforms when it writes the file beside a node_modules folder.
  const missing = lockEntries.flatMap(([path, entry]) =>
    Object.keys(entry.optionalDependencies ?? {})
      .filter(
        (name) =>
          !(`node_modules/${name}` in lock.packages) && !(`${path}/node_modules/${name}` in lock.packages),
      )
      .map((name) => `${name} of ${path}`),
  );
  assert.deepEqual(missing, [], "remove node_modules and package-lock.json, then run npm install");
});

/** Uses something of every namespace; compiled, with the declarations it pulls in, without @types and a page's types. */
const userProgram = `
import * as convoyant from "convoyant";
import { data, load, models, nn, noGrad, onnx, optim, save, type Tensor, tensor, toBytes, train, useEngine } from "convoyant";
import { Animator } from "convoyant/book";
import { DataLoader } from "convoyant/data";
import { ReferenceEngine } from "convoyant/engines/reference";
import { lenet } from "convoyant/models";
import { Conv2d } from "convoyant/nn";
import { type OnnxExportParameters, export as toOnnx } from "convoyant/onnx";
import { SGD } from "convoyant/optim";
import { renderCurvesSvg } from "convoyant/report";
import { fit } from "convoyant/train";

class Net extends nn.Module {
  hidden = nn.Linear(3, 4, { bias: false });
  norm = nn.BatchNorm1d(4);
  override forward(x: Tensor): Tensor {
    return this.norm(this.hidden(x)).relu().reshape(-1, 2, 2).sum({ dim: [1, 2], keepdim: true });
  }
}

await useEngine("wasm", { threads: 1 });
const net = new Net();
const y: number = await noGrad(() => net(tensor([[1, 2, 3]]))).sum().item();
const { trainLoader, testLoader } = await data.fashionMnistLoaders({ batchSize: 256 });
const optimizer = optim.SGD(net.parameters(), { lr: 0.1, momentum: 0.9 });
const scheduler = optim.lrScheduler.StepLR(optimizer, 10);
const { points } = await train.fit(models.lenet(), { trainLoader, testLoader, optimizer, scheduler, epochs: 1 });
await save(net.stateDict(), "net.safetensors");
net.loadStateDict(await load("net.safetensors"));
net.loadStateDict(await load(await toBytes(net.stateDict())));
const same: [typeof nn.Conv2d, typeof optim.SGD, typeof data.DataLoader, typeof models.lenet, typeof train.fit] =
  [Conv2d, SGD, DataLoader, lenet, fit];
const file: Uint8Array = await onnx.export(net, [1, 3], { probabilities: false } satisfies Partial<OnnxExportParameters>);
const exporters: [typeof onnx.export] = [toOnnx];
const pair: convoyant.Tensor = convoyant.cat([convoyant.randn(2, 3), convoyant.zeros(2, 3)], 1);
// @ts-expect-error: an argument that does not exist
nn.Conv2d(1, 6, 5, { strides: 2 });
export { Animator, exporters, file, pair, points, ReferenceEngine, renderCurvesSvg, same, y };
`;

const IMPORTED_DECLARATION = /(?:from|import)\s*\(?["'](\.[^"']+)["']/g;

/** The declarations of an entry of `exports`, for each condition. */
function typesOf(entry: unknown): string[] {
  if (typeof entry !== "object" || entry === null) return [];
  return Object.entries(entry).flatMap(([key, value]) => (key === "types" ? [value] : typesOf(value)));
}

describe("the packed archive", () => {
  const folder = mkdtempSync(join(tmpdir(), "convoyant-pack-"));
  const project = join(folder, "project");
  const installed = join(project, "node_modules", "convoyant");
  let archive: PackedArchive;

  before(() => {
    archive = packedArchive();
    // What `npm install convoyant-*.tgz` would lay out, made from the packages that are installed: no registry is asked.
    mkdirSync(installed, { recursive: true });
    run("tar", ["-xzf", archive.path, "--strip-components=1", "-C", installed], folder);
    for (const name of Object.keys(manifest.dependencies)) {
      cpSync(join(root, "node_modules", name), join(project, "node_modules", name), { recursive: true });
    }
    writeFileSync(join(project, "package.json"), JSON.stringify({ name: "empty", type: "module" }));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  test("holds what is needed, and only that", () => {
    const paths = archive.files.map(({ path }) => path);
    for (const needed of [
      "LICENSE",
      "README.md",
      "package.json",
      "bin/convoyant.mjs",
      "build/dist/node/index.js",
      "build/dist/page/index.js",
      "build/src/index.d.ts",
      "build/src/browser.d.ts",
    ]) {
      assert.ok(paths.includes(needed), `${needed} is not in the archive`);
    }
    const stray = paths.filter((path) =>
      /^(test|bench|scripts|build\/(test|bench|inlined))\/|^build\/src\/.*\.js$|\.map$|(?<!\.d)\.ts$/.test(
        path,
      ),
    );
    assert.deepEqual(stray, []);
  });

  test("holds every declaration that those of the entries name", () => {
    const entries = Object.values<any>(manifest.exports).flatMap((entry) => typesOf(entry));
    assert.ok(entries.length > 10);
    const found = new Set<string>(entries.map((path) => join(installed, path)));
    // What is added on the way is visited, too.
    for (const path of found) {
      for (const [, name] of readFileSync(path, "utf8").matchAll(IMPORTED_DECLARATION)) {
        const named = join(path, "..", name.replace(/\.(js|ts)$/, ".d.ts"));
        assert.ok(existsSync(named), `${path} names ${name}, which package.json leaves out`);
        found.add(named);
      }
    }
    assert.ok(found.size > 400);
  });

  test("stays small", () => {
    assert.ok(archive.size <= packedBound, `packed: ${archive.size} bytes, at most ${packedBound}`);
    assert.ok(
      archive.unpackedSize <= unpackedBound,
      `unpacked: ${archive.unpackedSize}, at most ${unpackedBound}`,
    );
  });

  test("is imported from an empty project", () => {
    const program = `
      import * as convoyant from "convoyant";
      import { nn, optim, data, train, models } from "convoyant";
      const kinds = Object.entries({ nn, optim, data, train, models }).map(([name, value]) => name + " " + typeof value);
      console.log(kinds.join("\\n"));
      console.log((await convoyant.tensor([1, 2, 3]).sum().item()));
    `;
    const output = run(process.execPath, ["--input-type=module", "--eval", program], project);
    assert.deepEqual(output.trim().split("\n"), [
      "nn object",
      "optim object",
      "data object",
      "train object",
      "models object",
      "6",
    ]);
  });

  test("gives a page's bundler the entry without files", () => {
    const program = `
      import * as convoyant from "convoyant";
      console.log(["nn", "optim", "data", "train", "models", "tensor", "save", "load", "toBytes"].filter((name) => name in convoyant).join());
    `;
    const flags = ["--conditions=browser", "--input-type=module", "--eval", program];
    assert.equal(
      run(process.execPath, flags, project).trim(),
      "nn,optim,data,train,models,tensor,load,toBytes",
    );
  });

  for (const [module, resolution] of [
    ["nodenext", "nodenext"],
    ["esnext", "bundler"],
  ]) {
    test(`brings its types along (moduleResolution ${resolution})`, () => {
      writeFileSync(join(project, "user.ts"), userProgram);
      const compiler = join(root, "node_modules/typescript/bin/tsc");
      const options = ["--noEmit", "--strict", "--target", "es2022", "--lib", "es2022", "--singleThreaded"];
      const resolving = ["--module", module, "--moduleResolution", resolution];
      run(process.execPath, [compiler, ...options, ...resolving, "--types", "", "user.ts"], project);
    });
  }

  test("has a command that works", () => {
    const bin = join(installed, manifest.bin.convoyant);
    assert.notEqual(statSync(bin).mode & 0o100, 0, "bin/convoyant.mjs is not executable");
    assert.match(run(process.execPath, [bin, "--help"], project), /train/);
    const wrong = spawnSync(process.execPath, [bin, "no-such-command"], { cwd: project, encoding: "utf8" });
    assert.equal(wrong.status, 2, wrong.stderr);
  });
});
