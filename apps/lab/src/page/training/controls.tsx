/** What can be changed while it trains. */
import { ACTIVATION_TYPES, type ActivationType } from "../../experiment/blocks.ts";
import { type NetworkSource, OPTIMIZERS, type Training } from "../../experiment/experiment.ts";
import { DROPOUTS, NetworkSettings } from "../network/known_form.tsx";
import { NumberField, Select, Slide } from "../parts/fields.tsx";
import { change, experiment, prepare } from "../state/lab.ts";
import { percent, t } from "../state/language.ts";
import { networkTitle, setNetwork } from "../state/networks.ts";

export const LEARNING_RATES = [
  0.0001, 0.0003, 0.001, 0.003, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 1, 1.5, 2, 3, 10,
] as const;
const DECAYS = [0, 0.00001, 0.0001, 0.0005, 0.001, 0.003, 0.01, 0.03] as const;
const BATCHES = [8, 16, 32, 64, 128, 256, 512, 1024] as const;

const OPTIMIZER_NAMES = { sgd: "SGD", momentum: "optimizerMomentum", adam: "Adam" } as const;

export function Controls() {
  const { training, networks } = experiment.value;
  const set = (changes: Partial<Omit<Training, "seed">>) => void change({ training: changes });
  return (
    <section class="card controls" aria-labelledby="controls">
      <h2 id="controls">{t("controls")}</h2>
      <div class="form">
        <Slide
          label={t("learningRate")}
          term="learningRate"
          value={training.learningRate}
          stops={LEARNING_RATES}
          onChange={(learningRate) => set({ learningRate })}
        />
        <Select
          label={t("optimizer")}
          term="optimizer"
          value={training.optimizer}
          choices={OPTIMIZERS.map((value) => ({
            value,
            label: value === "momentum" ? t(OPTIMIZER_NAMES.momentum) : OPTIMIZER_NAMES[value],
          }))}
          onChange={(optimizer) => set({ optimizer })}
        />
        <Select
          label={t("batchSize")}
          term="batchSize"
          value={String(training.batchSize)}
          choices={[...new Set([...BATCHES, training.batchSize])]
            .sort((a, b) => a - b)
            .map((size) => ({ value: String(size), label: String(size) }))}
          onChange={(batchSize) => set({ batchSize: Number(batchSize) })}
        />
        <Slide
          label={t("weightDecay")}
          term="weightDecay"
          value={training.weightDecay}
          stops={DECAYS}
          format={(value) => (value === 0 ? t("off") : String(value))}
          onChange={(weightDecay) => set({ weightDecay })}
        />
        <NumberField
          label={t("epochs")}
          term="epoch"
          value={training.epochs}
          min={1}
          max={1000}
          onChange={(epochs) => set({ epochs })}
        />
        <NumberField
          label={t("seed")}
          term="seed"
          value={training.seed}
          min={0}
          max={999_999}
          onChange={(seed) => {
            experiment.value = { ...experiment.value, training: { ...training, seed } };
            void prepare();
          }}
        />
      </div>
      {networks.map((network, at) => (
        <fieldset key={at} class="network-controls">
          <legend>
            {networks.length > 1 && <span class={at === 0 ? "swatch" : "swatch second"} aria-hidden="true" />}
            {networks.length > 1
              ? `${at === 0 ? "A" : "B"} · ${networkTitle(network)}`
              : networkTitle(network)}
          </legend>
          <div class="form">
            <NetworkControls at={at} network={network} />
          </div>
        </fieldset>
      ))}
      <p class="small muted">{t("controlsHelp")}</p>
    </section>
  );
}

function NetworkControls({ at, network }: { readonly at: number; readonly network: NetworkSource }) {
  if (network.kind === "known") {
    return (
      <NetworkSettings
        options={network.options}
        batchNormFixed={network.name === "bn-lenet"}
        onChange={(changes) => setNetwork(at, { ...network, options: { ...network.options, ...changes } })}
      />
    );
  }
  if (network.kind === "code") return <p class="small muted">{t("codeControls")}</p>;
  return <BlockControls at={at} network={network} />;
}

type Blocks = Extract<NetworkSource, { kind: "blocks" }>;
const isActivation = (type: string): type is ActivationType =>
  (ACTIVATION_TYPES as readonly string[]).includes(type);

/** For all activations, and all dropouts, of a network of blocks. */
function BlockControls({ at, network }: { readonly at: number; readonly network: Blocks }) {
  const { blocks } = network;
  const activation = blocks.find(({ type }) => isActivation(type))?.type as ActivationType | undefined;
  const dropout = blocks.find(({ type }) => type === "Dropout") as { readonly p: number } | undefined;
  return (
    <>
      {activation !== undefined && (
        <Select
          label={t("activation")}
          term="activation"
          value={activation}
          choices={ACTIVATION_TYPES.map((value) => ({ value, label: value }))}
          onChange={(type) =>
            setNetwork(at, {
              ...network,
              blocks: blocks.map((block) => (isActivation(block.type) ? { type } : block)),
            })
          }
        />
      )}
      {dropout !== undefined && (
        <Slide
          label={t("dropout")}
          term="dropout"
          value={dropout.p}
          stops={DROPOUTS}
          format={(value) => (value === 0 ? t("off") : percent(value, 0))}
          onChange={(p) =>
            setNetwork(at, {
              ...network,
              blocks: blocks.map((block) => (block.type === "Dropout" ? { type: "Dropout", p } : block)),
            })
          }
        />
      )}
    </>
  );
}
