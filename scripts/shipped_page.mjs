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
  /(reference_engine|recognise|onnx_classifier|onnx_classifier_network|npy|npz|read_pth|write_pth|read_zip_arrays|imagenet_classes)\.js$|^#weights_source$|^#kernels\/((late_)?relaxed|classic)$/;

/** Then modules whose functions no network calls: losses, linear algebra, random transforms. */
const NEVER_CALLED = new RegExp(
  [
    "nn/losses/\\w+",
    "tensor/functions/(linalg|nn/loss)/\\w+",
    "tensor/functions/indexing/writing",
    "tensor/functions/reduction/(counting|covariance|differences|quantiles)",
    "tensor/functions/shape/(diagonals|grids)",
    "tensor/functions/nn/(attention|embedding|interpolation|random_activation|shuffle|unfolding)",
    "data/transforms/(augmentation_space|auto_augment|erasing|mix_batch|mixing|random_\\w+|run_lambda)",
    "data/transforms/operations/(colour|filters|tones|warp|affine)",
    // A page is given files, never the folder of a run.
    "classifier/run_facts",
    // It writes no files and prints nothing; initial values are never made, since weights take their place.
    "classifier/classifier_bytes",
    "io/formats/write_arrays",
    "tensor/(format|random)",
    "nn/init/random_(fill|words)",
    "nn/layers/(lazy|shuffle)",
    "nn/module/parameter_containers",
    "nn/init/orthogonal",
  ]
    .map((path) => `[\\\\/]build[\\\\/]src[\\\\/]${path.replaceAll("/", "[\\\\/]")}\\.js$`)
    .join("|"),
);
const EXPORTED = /^export (?:async )?(?:function\*?|const|let|class) ([\w$]+)/gm;

/** What operators of ONNX call of that. */
const CALLED_BY_ONNX =
  /[\\/]tensor[\\/]functions[\\/](nn[\\/]interpolation|linalg[\\/](einsum|linear_algebra)|indexing[\\/]writing)\.js$/;

/** Planners of steps that only training takes. They plan nothing, so that such a step would be the reference kernel's. */
const TRAINING_KERNELS = /[\\/]engines[\\/]wasm[\\/]kernels[\\/](conv_weight_gradient|random_uniform)\.js$/;

/** Reference kernels of ops that no network in evaluation mode records. */
const TRAINING_OPS =
  /[\\/]engines[\\/]reference[\\/]kernels[\\/](collectives|labels|losses|random|unfolding)\.js$/;

/** Networks by name, and the layers that they are made of: a graph takes their place. */
const NAMED_NETWORKS = /[\\/]build[\\/]src[\\/]models[\\/](book|torchvision|sequential)_entr(y|ies)\.js$/;
const NAMED_LAYERS =
  /[\\/]build[\\/]src[\\/]nn[\\/](init[\\/]init|layers[\\/](activation|batch_norm|convolution|convolution_base|embedding|group_norm|padding|prelu))\.js$/;

/** Leaves out what only training takes, of the page's script and of its worker's. */
export const withoutTraining = {
  name: "without-training",
  setup(build) {
    const empty = (filter, value) =>
      build.onLoad({ filter }, ({ path }) => ({
        contents: exportedNames(path)
          .map((name) => `export const ${name} = ${value};`)
          .join("\n"),
        loader: "js",
      }));
    empty(TRAINING_KERNELS, "() => null");
    empty(TRAINING_OPS, "{}");
  },
};

/** Gives the page these scripts, by name, as the text of its workers. */
export const withWorkers = (texts) => ({
  name: "with-workers",
  setup(build) {
    build.onResolve({ filter: /^#worker_sources\// }, ({ path }) =>
      texts.has(basename(path)) ? { path: basename(path), namespace: "worker" } : undefined,
    );
    build.onLoad({ filter: /.*/, namespace: "worker" }, ({ path }) => ({
      contents: `export default ${JSON.stringify(texts.get(path))};`,
      loader: "js",
    }));
  },
});

const exportedNames = (path) => Array.from(readFileSync(path, "utf8").matchAll(EXPORTED), ([, name]) => name);

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
        const [name] = exportedNames(path);
        return { contents: `export const ${name} = [];`, loader: "js" };
      });
    const throwing = (filter, kept) =>
      build.onLoad({ filter }, ({ path }) => {
        if (kept?.test(path)) return undefined;
        const stubs = exportedNames(path).map(
          (name) => `export const ${name} = function () { ${missing("this function")} };`,
        );
        return { contents: stubs.join("\n"), loader: "js" };
      });
    throwing(NEVER_CALLED, onnx ? CALLED_BY_ONNX : undefined);
    if (onnx) throwing(NAMED_LAYERS);
  },
});
