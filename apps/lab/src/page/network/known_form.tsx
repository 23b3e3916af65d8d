/** The networks of the chapter, and what can be chosen about them. */
import {
  ACTIVATIONS,
  IMAGE_SIZES,
  KNOWN_NETWORKS,
  type KnownOptions,
  type NetworkSource,
} from "../../experiment/experiment.ts";
import { KNOWN_FACTS } from "../../experiment/known_networks.ts";
import { Check, Select, Slide } from "../parts/fields.tsx";
import { percent, t } from "../state/language.ts";
import { changeKind, setNetwork } from "../state/networks.ts";

type Known = Extract<NetworkSource, { kind: "known" }>;

export const WIDTHS = [1 / 16, 1 / 8, 1 / 4, 1 / 2, 1, 2] as const;
export const DROPOUTS = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8] as const;

export const ACTIVATION_NAMES = {
  sigmoid: "Sigmoid",
  tanh: "Tanh",
  relu: "ReLU",
  leakyRelu: "Leaky ReLU",
  elu: "ELU",
  gelu: "GELU",
  silu: "SiLU",
} as const;

const TEXTS = {
  lenet: "aboutLenet",
  "bn-lenet": "aboutBnLenet",
  alexnet: "aboutAlexnet",
  vgg: "aboutVgg",
  nin: "aboutNin",
  googlenet: "aboutGooglenet",
} as const;

export function KnownForm({ at, network }: { readonly at: number; readonly network: Known }) {
  const { options, name } = network;
  const set = (changes: Partial<KnownOptions>) =>
    setNetwork(at, { ...network, options: { ...options, ...changes } });
  return (
    <>
      <fieldset>
        <legend class="away">{t("kindKnown")}</legend>
        <div class="known">
          {KNOWN_NETWORKS.map((one) => (
            <label key={one} class="source">
              <input
                type="radio"
                name={`known-${at}`}
                checked={one === name}
                onChange={() =>
                  setNetwork(at, { kind: "known", name: one, options: { ...KNOWN_FACTS[one].options } })
                }
              />
              <span>
                <strong>{KNOWN_FACTS[one].title}</strong>
                <span class="muted small">
                  {t(TEXTS[one])} ({t("sectionShort", { section: KNOWN_FACTS[one].section })})
                </span>
              </span>
            </label>
          ))}
        </div>
      </fieldset>
      <div class="form">
        <Select
          label={t("imageSize")}
          value={String(options.size)}
          choices={IMAGE_SIZES.map((size) => ({ value: String(size), label: `${size} × ${size}` }))}
          onChange={(size) => set({ size: Number(size) })}
        />
        <Slide
          label={t("width")}
          term="width"
          value={options.width}
          stops={WIDTHS}
          format={shareOf}
          onChange={(width) => set({ width })}
        />
        <NetworkSettings options={options} batchNormFixed={name === "bn-lenet"} onChange={set} />
      </div>
      <div>
        <button type="button" onClick={() => changeKind(at, "blocks")}>
          {t("editAsBlocks")}
        </button>
      </div>
    </>
  );
}

interface SettingsProps {
  readonly options: KnownOptions;
  readonly batchNormFixed: boolean;
  readonly onChange: (changes: Partial<KnownOptions>) => void;
}

/** Activation, dropout, batch norm: also beside the curves, since they work while it trains. */
export function NetworkSettings({ options, batchNormFixed, onChange }: SettingsProps) {
  return (
    <>
      <Select
        label={t("activation")}
        term="activation"
        value={options.activation}
        choices={ACTIVATIONS.map((value) => ({ value, label: ACTIVATION_NAMES[value] }))}
        onChange={(activation) => onChange({ activation })}
      />
      <Slide
        label={t("dropout")}
        term="dropout"
        value={options.dropout}
        stops={DROPOUTS}
        format={(value) => (value === 0 ? t("off") : percent(value, 0))}
        onChange={(dropout) => onChange({ dropout })}
      />
      <Check
        label={t("batchNorm")}
        term="batchNorm"
        checked={options.batchNorm || batchNormFixed}
        disabled={batchNormFixed}
        onChange={(batchNorm) => onChange({ batchNorm })}
      />
    </>
  );
}

export function shareOf(width: number): string {
  return width >= 1 ? `× ${width}` : `× 1/${Math.round(1 / width)}`;
}
