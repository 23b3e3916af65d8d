/** How each bundler is told to bundle `page.js` into a folder: as it comes, with nothing but entry and output named. */
import { join } from "node:path";
import { build } from "esbuild";
import type { Project } from "./workspace.ts";

export interface PageBundler {
  readonly name: string;
  /** Whether code that is loaded later becomes files of its own. */
  readonly splits: boolean;
  bundle(project: Project, output: string): Promise<void>;
}

const options = { bundle: true, minify: true, logLevel: "error" } as const;

async function webpack(project: Project, output: string): Promise<void> {
  const { default: create } = await project.tool("webpack/lib/index.js");
  const compiler = create({
    mode: "production",
    context: project.folder,
    entry: "./page.js",
    output: { path: output, filename: "page.js", publicPath: "auto" },
    performance: { hints: false },
  });
  const stats: any = await new Promise((resolve, reject) =>
    compiler.run((error: Error | null, result: unknown) => (error ? reject(error) : resolve(result))),
  );
  await new Promise((resolve) => compiler.close(resolve));
  const { errors, warnings } = stats.toJson({ all: false, errors: true, warnings: true });
  const problems = [...errors, ...warnings].map(({ message }: { message: string }) => message);
  if (problems.length > 0) throw new Error(problems.join("\n"));
}

async function rollup(project: Project, output: string): Promise<void> {
  const { rollup: bundle } = await project.tool("rollup/dist/es/rollup.js");
  const { nodeResolve } = await project.tool("@rollup/plugin-node-resolve/dist/es/index.js");
  const bundled = await bundle({
    input: join(project.folder, "page.js"),
    plugins: [nodeResolve({ browser: true })],
    onwarn: (warning: { message: string }) => {
      throw new Error(warning.message);
    },
  });
  await bundled.write({ dir: output, format: "es" });
}

/** Vite takes the page itself, and its `build` and what it serves while developing differ. */
async function vite(project: Project, output: string, version: number): Promise<void> {
  const { build: buildPage } = await project.tool(`vite${version}/dist/node/index.js`);
  await buildPage({
    root: project.folder,
    base: "./",
    configFile: false,
    logLevel: "silent",
    build: { outDir: output, emptyOutDir: false, rollupOptions: { onwarn: refuse } },
  });
}

function refuse(warning: { code?: string; message: string }): void {
  // On a busy machine vite 8 reports where its time went.
  if (warning.code !== "PLUGIN_TIMINGS") throw new Error(warning.message);
}

export const PAGE_BUNDLERS: readonly PageBundler[] = [
  {
    name: "esbuild",
    splits: true,
    bundle: async ({ folder }, outdir) => {
      const entryPoints = [join(folder, "page.js")];
      await build({ ...options, entryPoints, outdir, splitting: true, format: "esm" });
    },
  },
  {
    name: "esbuild, one script",
    splits: false,
    bundle: async ({ folder }, outdir) => {
      await build({ ...options, entryPoints: [join(folder, "page.js")], outdir });
    },
  },
  { name: "webpack 5", splits: true, bundle: webpack },
  { name: "Rollup", splits: true, bundle: rollup },
  ...[5, 6, 7, 8].map((version) => ({
    name: `vite ${version}`,
    splits: true,
    bundle: (project: Project, output: string) => vite(project, output, version),
  })),
];
