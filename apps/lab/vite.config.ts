/** How the Lab is bundled: a static folder that runs from any path of any host, with the library as users install it. */
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const library = path("../../build/dist/page/");

export default defineConfig({
  root: path("./"),
  base: "./",
  resolve: {
    alias: [
      { find: /^convoyant$/, replacement: `${library}index.js` },
      { find: /^convoyant\/(.+)$/, replacement: `${library}$1.js` },
    ],
  },
  worker: { format: "es" },
  build: {
    outDir: path("../../build/lab"),
    emptyOutDir: true,
    target: "es2023",
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 700,
  },
});
