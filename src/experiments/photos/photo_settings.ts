/** The settings of a training on a folder of photographs. */

import { setting } from "../settings/setting.ts";
import { oneOf, real, someOf, text, whole } from "../settings/setting_kinds.ts";
import { TRAINING_SETTINGS } from "../settings/training_settings.ts";

/** The most pixels of a side: a training image of three channels then takes 48 MiB as bytes. */
export const MOST_SIDE = 4096;

const { epochs, batchSize, patience, seed, engine, threads, precision, microBatch } = TRAINING_SETTINGS;

/** In the order in which `config.json` holds them; `chosen_settings.ts` chooses what is not given. */
export const PHOTO_SETTINGS = {
  from: setting(
    text("<network>"),
    "what is fine-tuned, a network with weights of ImageNet (efficientnet_lite0, resnet18, ...), a file (.safetensors, .pth, .npz, .onnx), a run's folder, or scratch",
  ),
  model: setting(text("<name>"), "the network, if a file of weights does not say it", { usual: null }),
  imageSize: setting(whole(8, MOST_SIDE), "side length to which images are resized", { option: "resize" }),
  epochs,
  freezeEpochs: setting(whole(0), "epochs of the head alone, on a frozen backbone (40)"),
  lr: setting(real(0, { open: true }), "learning rate"),
  lrMult: setting(real(1), "how many times lower the lowest layers' rate is (100)"),
  frozenShare: setting(real(0, { below: 1 }), "share of the layers, the lowest, that are not trained (0.5)"),
  batchSize,
  labelSmoothing: setting(real(0, { most: 1 }), "share of each label that is spread over all classes (0.1)"),
  unfreeze: setting(
    oneOf(["all", "gradual"], "<how>"),
    "the layers all at once, or with each epoch some more",
  ),
  ema: setting(real(0, { below: 1 }), "end with a moving average of the weights, such as 0.9", {
    usual: null,
    placeholder: "<decay>",
  }),
  // Runs of old end after the whole network's training.
  interpolate: setting(
    real(0, { most: 1 }),
    "end between the weights before the whole network's training (0) and after it (1) (0.5)",
    { usual: 1, later: true, placeholder: "<share>" },
  ),
  mix: setting(someOf(["mixup", "cutmix"]), "mix images of a batch: mixup, cutmix, or both"),
  augment: setting(
    oneOf(["none", "light", "strong"], "<how>"),
    "random crops and flips; strong: more of it, and colours (light)",
  ),
  classWeights: setting(
    oneOf(["none", "balanced"], "<how>"),
    "whether classes count alike, however many images they have (balanced if they are uneven)",
  ),
  patience,
  valSplit: setting(real(0, { below: 1 }), "share of the images that epochs are judged by (0.2)"),
  testSplit: setting(real(0, { below: 1 }), "share of the images that is looked at once, in the end (0)"),
  seed,
  engine,
  threads,
  precision,
  microBatch,
};
