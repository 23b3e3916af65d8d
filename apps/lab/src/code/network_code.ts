/** An experiment as a program: in TypeScript with Convoyant, and in Python with PyTorch. */
import { checkNetwork } from "../experiment/check.ts";
import {
  classCountOf,
  type Experiment,
  inputShapeOf,
  type NetworkSource,
  type Training,
} from "../experiment/experiment.ts";
import type { Layer } from "../experiment/layers.ts";
import { LabError } from "../worker/problem.ts";
import { layerCall, literal } from "./layer_calls.ts";

/** What a program needs beside the experiment. */
export interface CodeOptions {
  /** Which of its networks. @default 0 */
  readonly network?: number;
  /** Name of the file of weights that is exported with it; without one the program trains from new weights. */
  readonly weights?: string | null;
  /** Python that names a network of code `net`, as the worker wrote it. @default null */
  readonly definition?: string | null;
}

/**
 * The program that trains one of the experiment's networks with Convoyant.
 *
 * @throws LabError "bad network" if its blocks do not fit together.
 */
export function convoyantCode(experiment: Experiment, options: CodeOptions = {}): string {
  const { network = 0, weights = null } = options;
  const source = experiment.networks[network];
  const layers = layersOf(experiment, source);
  const usesModels = layers?.some(({ type }) => type === "Inception") ?? true;
  const { training } = experiment;
  const net =
    source.kind === "code"
      ? `function makeNetwork(classes: number, channels: number, size: number): nn.Module {\n${indented(source.code.trimEnd(), "  ")}\n}\n\nconst net = makeNetwork(${[classCountOf(experiment), ...inputShapeOf(experiment, source).slice(0, 2)].join(", ")});`
      : `const net = nn.Sequential(\n${(layers ?? []).map((layer) => `  ${layerCall(layer, "typescript")},`).join("\n")}\n);`;
  const first =
    weights === null
      ? "models.initXavier(net);"
      : `net.loadStateDict(await load(${JSON.stringify(weights)}));`;
  const names = [
    "data",
    ...(weights === null ? [] : ["load"]),
    "manualSeed",
    ...(usesModels || weights === null ? ["models"] : []),
    "nn",
    "optim",
    "train",
  ];
  return [
    comment("//", experiment),
    `import { ${names.join(", ")} } from "convoyant";`,
    "",
    `manualSeed(${training.seed});`,
    net,
    first,
    "",
    dataInTypescript(experiment, source),
    `const optimizer = ${optimizerInTypescript(training)};`,
    `await train.fit(net, { trainLoader, testLoader, optimizer, epochs: ${training.epochs} });`,
    "",
  ].join("\n");
}

/**
 * The program that trains one of the experiment's networks with PyTorch. Imported as a module it only makes `net`.
 *
 * @throws LabError "bad network" if its blocks do not fit together; "cannot export" for code without its definition.
 */
export function pytorchCode(experiment: Experiment, options: CodeOptions = {}): string {
  const { network = 0, weights = null } = options;
  const source = experiment.networks[network];
  const layers = layersOf(experiment, source);
  const { definition = null } = options;
  if (layers === null && definition === null)
    throw new LabError("cannot export", "a network of code is written in Python by the worker that runs it");
  const usesInception = layers?.some(({ type }) => type === "Inception") ?? false;
  const { training } = experiment;
  return [
    comment("#", experiment),
    ...(weights === null ? [] : ["from safetensors.torch import load_file"]),
    "import torch",
    "from torch import nn",
    ...(usesInception || definition?.includes("F.") ? ["from torch.nn import functional as F"] : []),
    "",
    ...(usesInception ? [INCEPTION] : []),
    `torch.manual_seed(${training.seed})`,
    ...(layers === null
      ? [String(definition)]
      : ["net = nn.Sequential(", ...layers.map((layer) => `    ${layerCall(layer, "python")},`), ")"]),
    "",
    weights === null ? XAVIER : `net.load_state_dict(load_file(${JSON.stringify(weights)}))`,
    "",
    dataInPython(experiment, source),
    `optimizer = ${optimizerInPython(training)}`,
    trainingInPython(training),
  ].join("\n");
}

/** Null for code. */
function layersOf(experiment: Experiment, source: NetworkSource): readonly Layer[] | null {
  const check = checkNetwork(experiment, source);
  if (check === null) return null;
  if (check.problem !== null)
    throw new LabError("bad network", check.problem.message, { block: check.problem.block });
  return check.layers;
}

const indented = (text: string, by: string): string =>
  text
    .split("\n")
    .map((line) => (line === "" ? line : by + line))
    .join("\n");

/** The title may hold anything, line ends included. */
const comment = (mark: string, { title }: Experiment): string =>
  `${mark} ${title.replace(/\s+/g, " ").trim() || "An experiment"}: made with the Lab of Convoyant.`;

function optimizerInTypescript({ optimizer, learningRate: lr, weightDecay }: Training): string {
  const decay = weightDecay === 0 ? "" : `, weightDecay: ${weightDecay}`;
  if (optimizer === "adam") return `optim.Adam(net.parameters(), { lr: ${lr}${decay} })`;
  return `optim.SGD(net.parameters(), { lr: ${lr}${optimizer === "momentum" ? ", momentum: 0.9" : ""}${decay} })`;
}

function optimizerInPython({ optimizer, learningRate: lr, weightDecay }: Training): string {
  const decay = weightDecay === 0 ? "" : `, weight_decay=${weightDecay}`;
  if (optimizer === "adam") return `torch.optim.Adam(net.parameters(), lr=${lr}${decay})`;
  return `torch.optim.SGD(net.parameters(), lr=${lr}${optimizer === "momentum" ? ", momentum=0.9" : ""}${decay})`;
}

function dataInTypescript(experiment: Experiment, source: NetworkSource): string {
  const { batchSize, seed } = experiment.training;
  const [channels, size] = inputShapeOf(experiment, source);
  if (experiment.data.kind === "fashion-mnist") {
    const resize = size === 28 ? "" : `, resize: ${size}`;
    return `const { trainLoader, testLoader } = await data.fashionMnistLoaders({ batchSize: ${batchSize}, seed: ${seed}${resize} });`;
  }
  const { classes } = experiment.data;
  const steps = [
    ...(channels === 1 ? ["data.transforms.Grayscale()"] : []),
    `data.transforms.Resize(${size})`,
    `data.transforms.CenterCrop(${size})`,
    "data.transforms.ToTensor()",
  ];
  return [
    `// Folders "train" and "test" with a folder of images for each class: ${classes.join(", ").replace(/\s+/g, " ")}.`,
    `const transform = data.transforms.Compose([${steps.join(", ")}]);`,
    `const train_ = await data.ImageFolder("train", { transform });`,
    `const test_ = await data.ImageFolder("test", { transform });`,
    `const trainLoader = data.DataLoader(train_, { batchSize: ${batchSize}, shuffle: true, seed: ${seed} });`,
    `const testLoader = data.DataLoader(test_, { batchSize: ${batchSize} });`,
  ].join("\n");
}

function dataInPython(experiment: Experiment, source: NetworkSource): string {
  const [channels, size] = inputShapeOf(experiment, source);
  const head = ["", "", "def data_sets():", "    from torchvision import datasets, transforms", ""];
  if (experiment.data.kind === "fashion-mnist") {
    const steps = [...(size === 28 ? [] : [`transforms.Resize(${size})`]), "transforms.ToTensor()"];
    return [
      ...head,
      `    transform = transforms.Compose([${steps.join(", ")}])`,
      '    return [datasets.FashionMNIST("data", train=train, transform=transform, download=True)',
      "            for train in (True, False)]",
      "",
      "",
    ].join("\n");
  }
  const steps = [
    ...(channels === 1 ? ["transforms.Grayscale()"] : []),
    `transforms.Resize(${size})`,
    `transforms.CenterCrop(${size})`,
    "transforms.ToTensor()",
  ];
  return [
    ...head,
    `    # A folder of images for each class: ${literal([...experiment.data.classes], "python").replace(/\s+/g, " ")}`,
    `    transform = transforms.Compose([${steps.join(", ")}])`,
    '    return [datasets.ImageFolder(folder, transform) for folder in ("train", "test")]',
    "",
    "",
  ].join("\n");
}

function trainingInPython({ batchSize, epochs }: Training): string {
  return `

if __name__ == "__main__":
    train_set, test_set = data_sets()
    train_loader = torch.utils.data.DataLoader(train_set, ${batchSize}, shuffle=True)
    test_loader = torch.utils.data.DataLoader(test_set, ${batchSize})
    for epoch in range(${epochs}):
        net.train()
        for x, y in train_loader:
            loss = nn.functional.cross_entropy(net(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        net.eval()
        with torch.no_grad():
            right = sum((net(x).argmax(1) == y).sum().item() for x, y in test_loader)
        print(f"epoch {epoch + 1}: test accuracy {right / len(test_set):.4f}")
`;
}

const XAVIER = `for module in net.modules():
    if isinstance(module, (nn.Linear, nn.Conv2d)):
        nn.init.xavier_uniform_(module.weight)`;

/** Section 7.4.1 of the book. */
const INCEPTION = `
class Inception(nn.Module):
    def __init__(self, in_channels, c1, c2, c3, c4):
        super().__init__()
        self.p1_1 = nn.Conv2d(in_channels, c1, kernel_size=1)
        self.p2_1 = nn.Conv2d(in_channels, c2[0], kernel_size=1)
        self.p2_2 = nn.Conv2d(c2[0], c2[1], kernel_size=3, padding=1)
        self.p3_1 = nn.Conv2d(in_channels, c3[0], kernel_size=1)
        self.p3_2 = nn.Conv2d(c3[0], c3[1], kernel_size=5, padding=2)
        self.p4_1 = nn.MaxPool2d(kernel_size=3, stride=1, padding=1)
        self.p4_2 = nn.Conv2d(in_channels, c4, kernel_size=1)

    def forward(self, x):
        p1 = F.relu(self.p1_1(x))
        p2 = F.relu(self.p2_2(F.relu(self.p2_1(x))))
        p3 = F.relu(self.p3_2(F.relu(self.p3_1(x))))
        p4 = F.relu(self.p4_2(self.p4_1(x)))
        return torch.cat((p1, p2, p3, p4), dim=1)

`;
