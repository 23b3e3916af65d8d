/** The settings of a training of a network of the chapter. */
import { engineNames } from "../../engines/engine_names.ts";
import type { Edition } from "../../models/index.ts";
import type { Precision } from "../../train/loop/precision.ts";
import { MOST_PIXELS } from "./limits.ts";
import { schedulerKind } from "./scheduler_text.ts";
import { setting } from "./setting.ts";
import { assignments, autoOrWhole, given, nameOf, real, text, whole, wholes } from "./setting_kinds.ts";

/** In the order in which `config.json` holds them. */
export const TRAINING_SETTINGS = {
  data: setting(nameOf("datasets"), "data set: {names}", { alwaysSaid: true }),
  dataDir: setting(
    text("<folder>"),
    "where the data set's files are (else CONVOYANT_DATA, the cache, the system, the network)",
    { usual: null },
  ),
  epochs: setting(whole(0), "times through the training set (10)"),
  batchSize: setting(whole(1), "examples a step (the chapter's)", { comparable: true }),
  optimizer: setting(nameOf("optimizers"), "{names} (sgd)", {
    usual: "sgd",
    alwaysSaid: true,
    comparable: true,
  }),
  lr: setting(real(0), "learning rate (the chapter's, or the optimizer's own)", { comparable: true }),
  momentum: setting(real(0), "momentum of the optimizers that take one (0)", { usual: 0, comparable: true }),
  weightDecay: setting(real(0), "weight decay (0)", { usual: 0, comparable: true }),
  scheduler: setting(schedulerKind, "changes the learning rate: {names}", { usual: null, later: true }),
  labelSmoothing: setting(real(0, { most: 1 }), "share of each label that is spread over all classes (0)", {
    usual: 0,
    later: true,
    comparable: true,
  }),
  patience: setting(whole(1), "end after this many epochs without an improvement", {
    usual: null,
    later: true,
  }),
  valSplit: setting(
    real(0, { below: 1 }),
    "share of the training set that epochs are judged by; the test set is looked at once, at the end (0)",
    { usual: 0, later: true },
  ),
  topk: setting(wholes(1, "<k,...>"), "count whether the true class is among the k likeliest", {
    usual: [],
    later: true,
  }),
  weights: setting(
    text("<file>"),
    "start from these weights: a .safetensors, .pth or .npz file or a run's folder",
    { usual: null, later: true },
  ),
  resize: setting(whole(1, MOST_PIXELS), "side length to which images are resized (the network's)", {
    usual: null,
    comparable: true,
  }),
  seed: setting(whole(0), "seed of everything random (0)", { usual: 0, alwaysSaid: true }),
  engine: setting(text("<name>"), `what computes: ${engineNames().join(", ")}`),
  threads: setting(whole(1), "threads of the engine (all processors by default)", {
    usual: null,
  }),
  reproducible: setting(
    given,
    "choose oneDNN's algorithms by a fixed rule, not by measuring: the same bits whatever was measured here",
    { usual: false, later: true },
  ),
  exactConvolutions: setting(
    given,
    "leave out algorithms for convolutions that round more than plain sums do, such as Winograd's",
    { usual: false, later: true, option: "exact-conv" },
  ),
  precision: setting(
    nameOf<Precision>("precisions"),
    "precision of convolutions and matrix multiplications: {names} (f32; bf16 if the engine has it fast)",
    { usual: "f32", later: true, comparable: true },
  ),
  microBatch: setting(autoOrWhole, "examples at once: auto, as many as fit the memory, or a number", {
    usual: "auto",
    later: true,
    placeholder: "<n>",
  }),
  limitBatches: setting(whole(1), "at most this many batches an epoch, to try things out", { usual: null }),
  edition: setting(nameOf<Edition>("editions"), "whose settings: {names} of the book (zh)", {
    usual: "zh",
    comparable: true,
  }),
  network: setting(
    assignments,
    "a setting of the network: activation=relu, dropout=0.5, batchNorm=true (repeatable)",
    { usual: {}, later: true, option: "set" },
  ),
};

/** The most classes that a run's network may have: its last layer is made before there are weights for it. */
export const MOST_CLASSES = 10_000;
