// What the script of shipped pages consists of, and what is left out of it: a page that only runs one classifier is small.
import { readFileSync } from "node:fs";
import { basename } from "node:path";

/** The script of shipped pages, which runs classifiers and nothing else. */
export const SHIPPED_PAGE = "ship/page/app";

/** Its forms, by the names under which they are imported. Networks that an ONNX graph describes take its operators. */
export const SHIPPED_PAGES = { shipped_page: { onnx: false }, shipped_onnx_page: { onnx: true } };

/**
 * What a shipped page never gets to, as it loads one classifier file into a network of ours. First what is loaded on
 * demand: readers of other formats, published weights with their classes, engines and kernels beside those that every
 * browser has.
 */
const NEVER_LOADED =
  /(reference_engine|recognise|onnx_classifier|onnx_classifier_network|npy|npz|read_pth|write_pth|read_zip_arrays|imagenet_classes)\.js$|^#weights_source$|^#kernels\/relaxed$/;

/** Then modules whose functions no network calls: losses, linear algebra, random transforms. */
const NEVER_CALLED = new RegExp(
  [
    "nn/losses/\\w+",
    "tensor/functions/(linalg|nn/loss)/\\w+",
    "tensor/functions/indexing/writing",
    "tensor/functions/reduction/(counting|covariance|differences|quantiles)",
    "tensor/functions/shape/(diagonals|grids)",
    "tensor/functions/nn/(attention|embedding|interpolation|shuffle|unfolding)",
    "data/transforms/(augmentation_space|auto_augment|erasing|mix_batch|mixing|random_\\w+|run_lambda)",
    "data/transforms/operations/(colour|filters|tones|warp|affine)",
  ]
    .map((path) => `[\\\\/]build[\\\\/]src[\\\\/]${path.replaceAll("/", "[\\\\/]")}\\.js$`)
    .join("|"),
);
const EXPORTED = /^export (?:async )?(?:function\*?|const|let|class) ([\w$]+)/gm;

/** What operators of ONNX call of that. */
const CALLED_BY_ONNX =
  /[\\/]tensor[\\/]functions[\\/](nn[\\/]interpolation|linalg[\\/]\w+|indexing[\\/]writing)\.js$/;

/** Networks by name, which a graph takes the place of. */
const NAMED_NETWORKS = /[\\/]build[\\/]src[\\/]models[\\/](book|torchvision)_entries\.js$/;

/** Puts what throws when it is asked for in the place of what a form of the shipped page does not need. */
export const leaveOut = (form) => ({
  name: "leave-out",
  setup(build) {
    const { onnx } = SHIPPED_PAGES[form];
    const missing = (name) => `throw new Error("${name} is not part of a shipped page");`;
    build.onResolve({ filter: NEVER_LOADED }, ({ path, kind }) => {
      const isLeftOut = kind === "dynamic-import" && !(onnx && path.endsWith("onnx_classifier_network.js"));
      return isLeftOut ? { path: basename(path), namespace: "left-out" } : undefined;
    });
    build.onLoad({ filter: /.*/, namespace: "left-out" }, ({ path }) => ({
      contents: `${missing(path)} export {};`,
      loader: "js",
    }));
    if (onnx)
      build.onLoad({ filter: NAMED_NETWORKS }, ({ path }) => {
        const [, name] = /^export const (\w+)/m.exec(readFileSync(path, "utf8"));
        return { contents: `export const ${name} = [];`, loader: "js" };
      });
    build.onLoad({ filter: NEVER_CALLED }, ({ path }) => {
      if (onnx && CALLED_BY_ONNX.test(path)) return undefined;
      const names = Array.from(readFileSync(path, "utf8").matchAll(EXPORTED), ([, name]) => name);
      const stubs = names.map(
        (name) => `export const ${name} = function () { ${missing("this function")} };`,
      );
      return { contents: stubs.join("\n"), loader: "js" };
    });
  },
});
