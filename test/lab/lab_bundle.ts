/** The Lab's client and workers as files that a page loads, bundled as they stand: without the page, and without its packages. */
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build, type Plugin } from "esbuild";
import { partsOfSubset, SUBSET, SUBSET_BYTES } from "../../apps/lab/src/data/subset.ts";
import { PAGE_TEMPLATE, TEMPLATE_MARKS } from "../../apps/lab/src/worker/page_template.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const library = join(root, "build/dist/page");
const source = join(root, "apps/lab/src");

/** Sucrase takes types away in the Lab; where it is not installed, code comes without types. */
const withoutTypes: Plugin = {
  name: "without-types",
  setup(builder) {
    if (existsSync(join(root, "apps/lab/node_modules/sucrase"))) return;
    builder.onResolve({ filter: /^sucrase$/ }, () => ({ path: "sucrase", namespace: "none" }));
    builder.onLoad({ filter: /.*/, namespace: "none" }, () => ({
      contents: "export const transform = (code) => ({ code });",
    }));
  },
};

/** `convoyant/look` is a file of the package's part for pages. */
const packageFiles: Plugin = {
  name: "package-files",
  setup(builder) {
    builder.onResolve({ filter: /^convoyant(\/|$)/ }, ({ path }) => ({
      path: join(library, `${path.slice("convoyant/".length) || "index"}.js`),
    }));
  },
};

export interface LabBundle {
  readonly folder: string;
  /** The images that are served as the subset. */
  readonly subset: Uint8Array;
  close(): void;
}

/** Images in place of those of Fashion-MNIST, so that no data set is needed. */
function madeSubset(): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(SUBSET_BYTES);
  for (let i = 0; i < bytes.length; i++) bytes[i] = (i * 37 + (i >> 7) * 11) & 255;
  const { train, test } = partsOfSubset(bytes);
  for (const { labels } of [train, test]) labels.forEach((_, i) => (labels[i] = (i * 7) % 10));
  return bytes;
}

/** Puts client, workers and data into a folder. */
export async function bundleLab(): Promise<LabBundle> {
  const folder = mkdtempSync(join(tmpdir(), "convoyant-lab-page-"));
  const subset = madeSubset();
  const hash = createHash("sha256").update(subset).digest("hex");
  const shared = {
    bundle: true,
    format: "esm" as const,
    splitting: true,
    platform: "browser" as const,
    target: "es2022",
    outdir: join(folder, "lab"),
    outbase: source,
    logLevel: "silent" as const,
    nodePaths: [join(root, "node_modules")],
    plugins: [packageFiles, withoutTypes],
  };
  const entries = readdirSync(join(source, "entries")).filter((name) => name.endsWith("_worker.ts"));
  await build({
    ...shared,
    entryPoints: [join(source, "worker/client.ts"), ...entries.map((name) => join(source, "entries", name))],
    plugins: [...shared.plugins, otherHash(hash), workerUrls],
  });
  writeFileSync(join(folder, "lab.html"), "<!doctype html><title>Lab</title><link rel=icon href=data:,>");
  writeFileSync(join(folder, "index.html"), "<!doctype html><title>Lab</title>");
  const data = join(folder, "data");
  mkdirSync(data);
  writeFileSync(join(data, SUBSET.file), gzipSync(subset));
  writeFileSync(join(data, PAGE_TEMPLATE), `<title>${TEMPLATE_MARKS.title}</title>${TEMPLATE_MARKS.weights}`);
  return { folder, subset, close: () => rmSync(folder, { recursive: true, force: true }) };
}

/** The page checks the subset against what it should be. */
const otherHash = (hash: string): Plugin => ({
  name: "other-hash",
  setup(builder) {
    builder.onLoad({ filter: /subset\.ts$/ }, ({ path }) => {
      return { contents: readFileSync(path, "utf8").replace(SUBSET.sha256, hash), loader: "ts" };
    });
  },
});

/** What `new URL("../entries/x.ts", import.meta.url)` names is compiled. */
const workerUrls: Plugin = {
  name: "worker-urls",
  setup(builder) {
    builder.onLoad({ filter: /client\.ts$/ }, ({ path }) => {
      const contents = readFileSync(path, "utf8").replaceAll(
        /"\.\.\/entries\/(\w+)\.ts"/g,
        '"../entries/$1.js"',
      );
      return { contents, loader: "ts" };
    });
  },
};
