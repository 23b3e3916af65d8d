/** README.md of a shipment: the model card. */
import { VERSION } from "../base/version.ts";
import { markdownTable } from "../experiments/markdown_table.ts";
import type { RunInfo } from "../experiments/runs.ts";
import { type ClassName, className } from "../records/class_names.ts";
import type { Preprocessing } from "../records/preprocessing.ts";
import { formatBytes } from "../report/number_text.ts";
import { escapeMarkdown } from "./markdown.ts";
import { dataText, metricsText } from "./run_facts.ts";
import type { Verification } from "./verify/verification.ts";

/** What the card says. */
export interface CardContent {
  readonly title: string;
  readonly description: string | null;
  /** An SPDX name, or null if it was not given. */
  readonly licence: string | null;
  readonly classes: readonly ClassName[];
  readonly architecture: string;
  readonly preprocessing: Preprocessing;
  readonly dtype: string;
  /** Of the weights. */
  readonly bytes: number;
  /** The run that the weights come from, if they come from one. */
  readonly run: RunInfo | null;
  /** What the images were; null for what the run says of them. */
  readonly data: string | null;
  readonly form: "folder" | "single file" | "npm";
  readonly packageName: string;
  /** Null if there is one, else why not. */
  readonly onnxProblem: string | null;
  readonly verification: Verification | null;
}

export function modelCard(card: CardContent): string {
  const sections = [
    frontMatter(card),
    `# ${escapeMarkdown(card.title)}`,
    card.description === null ? "" : escapeMarkdown(card.description),
    facts(card),
    "## Metrics",
    metricsText(card.run, card.classes),
    "## Classes",
    card.classes.map((_, i) => `${i}. ${escapeMarkdown(className(card.classes, i))}`).join("\n"),
    "## Data",
    data(card),
    "## How to use it",
    usage(card),
    "## What an image goes through",
    preprocessingText(card.preprocessing),
    "## Verification",
    verificationText(card.verification),
    "## Licence",
    card.licence === null
      ? "Not given. Without a licence others may not use the model; ship it again with `--licence`."
      : `${escapeMarkdown(card.licence)} (the weights). The code of Convoyant beside them is under Apache-2.0.`,
  ];
  return `${sections.filter((section) => section !== "").join("\n\n")}\n`;
}

/** What model hubs read. */
function frontMatter({ licence, architecture }: CardContent): string {
  return [
    "---",
    `license: ${JSON.stringify(licence ?? "unknown")}`,
    "library_name: convoyant",
    "pipeline_tag: image-classification",
    `tags: ${JSON.stringify(["convoyant", architecture, "onnx"])}`,
    "---",
  ].join("\n");
}

function facts({ architecture, classes, dtype, bytes, run }: CardContent): string {
  return markdownTable(
    ["", ""],
    [
      ["Network", architecture],
      ["Classes", String(classes.length)],
      ["Weights", `${dtype}, ${formatBytes(bytes)}`],
      ["Trained", run?.startedAt ? run.startedAt.slice(0, 10) : "–"],
      ["Made with", `Convoyant ${VERSION}`],
    ],
  );
}

function data({ data: described, run }: CardContent): string {
  const lines = [described === null ? dataText(run) : escapeMarkdown(described)];
  if (run?.command) lines.push("", "Trained with:", "", fenced(run.command, "sh"));
  return lines.join("\n");
}

function fenced(text: string, language: string): string {
  const fence = "`".repeat(Math.max(3, ...Array.from(text.matchAll(/`+/g), ([run]) => run.length + 1)));
  return `${fence}${language}\n${text.trim()}\n${fence}`;
}

function usage({ form, packageName, onnxProblem }: CardContent): string {
  const node = fenced(
    'import { Classifier } from "convoyant/classifier";\n\nconst classifier = await Classifier.load("model.safetensors");\n' +
      'const { label, probability } = await classifier.predict("photo.jpg");',
    "js",
  );
  const python = fenced(
    "import numpy as np\nimport onnxruntime as ort\nfrom PIL import Image, ImageOps\n\n" +
      'session = ort.InferenceSession("model.onnx")\n' +
      'image = ImageOps.exif_transpose(Image.open("photo.jpg")).convert("RGB")\n' +
      'probabilities, = session.run(["probabilities"], {"images": np.asarray(image)[None]})',
    "python",
  );
  if (form === "npm")
    return fenced(
      `import { predict } from ${JSON.stringify(packageName)};\n\nconst { label, probability } = await predict("photo.jpg");`,
      "js",
    );
  return [
    "**In a browser**: `index.html` works from any static host; no server computes anything, and no image leaves the device." +
      (form === "folder"
        ? " Served from this machine: `npx serve` in this folder."
        : " It can be opened from the disk."),
    `**In Node.js and in pages of your own** (\`npm install convoyant\`):\n\n${node}`,
    onnxProblem === null
      ? `**Elsewhere**: \`model.onnx\` takes images as they are decoded, uint8 [N, H, W, C], and gives probabilities:\n\n${python}`
      : `There is no ONNX file: ${escapeMarkdown(onnxProblem)}`,
  ].join("\n\n");
}

function preprocessingText({ resize, crop, mean, std, background }: Preprocessing): string {
  const size = resize?.size;
  const sides = typeof size === "number" ? `the shorter side to ${size} pixels` : size?.join(" x ");
  return [
    `1. It is turned upright as EXIF says; transparent parts show ${background.join(", ")} (red, green, blue).`,
    resize === null
      ? "1. Its size stays."
      : `1. Resized: ${sides}, ${resize.interpolation}, with antialiasing.`,
    crop === null ? "1. Nothing is cropped." : `1. The middle ${crop.join(" x ")} pixels are kept.`,
    `1. Levels 0 to 255 become 0 to 1, then (x - mean) / std: mean ${mean.join(", ")}, std ${std.join(", ")}.`,
    "",
    "`preprocessing.json` holds the same for programs.",
  ].join("\n");
}

function verificationText(verification: Verification | null): string {
  if (verification === null) return "Not verified; `convoyant ship --verify` does that.";
  const { images, rows } = verification;
  const table = markdownTable(
    ["", "Images", "Same class", "Largest difference of a probability"],
    rows.map(({ name, outcome }) =>
      "skipped" in outcome
        ? [name, "–", `not run: ${outcome.skipped}`, "–"]
        : [
            name,
            String(outcome.images),
            `${outcome.same} of ${outcome.images}`,
            outcome.images === 0 ? "–" : outcome.difference.toExponential(1),
          ],
    ),
  );
  return `From the bytes of ${images} images on, compared with Node.js on the wasm engine; at most 1e-4 is allowed:\n\n${table}`;
}
