/** The settings of a block, each as a small field. */
import { type Block, type BlockSetting, SETTING_RANGES } from "../../experiment/blocks.ts";
import type { WordName } from "../../words/en.ts";
import type { TermName } from "../../words/terms.ts";
import { NumberField } from "../parts/fields.tsx";
import { t } from "../state/language.ts";

interface Facts {
  readonly label: WordName;
  readonly term?: TermName;
}

const FACTS: Partial<Readonly<Record<BlockSetting, Facts>>> = {
  outChannels: { label: "outChannels", term: "channels" },
  kernelSize: { label: "kernelSize", term: "convolution" },
  stride: { label: "stride", term: "padding" },
  padding: { label: "padding", term: "padding" },
  outputSize: { label: "outputSize", term: "pooling" },
  outFeatures: { label: "outFeatures" },
  p: { label: "dropoutP", term: "dropout" },
};

interface Props {
  readonly block: Block;
  readonly onChange: (block: Block) => void;
}

export function BlockSettings({ block, onChange }: Props) {
  const entries = Object.entries(block).filter(([name]) => name in SETTING_RANGES) as [
    BlockSetting,
    number | readonly number[],
  ][];
  if (entries.length === 0) return null;
  return (
    <div class="block-settings">
      {entries.flatMap(([name, value]) =>
        typeof value === "number"
          ? [
              <Setting
                key={name}
                name={name}
                label={labelOf(name)}
                value={value}
                onChange={(next) => onChange({ ...block, [name]: next } as Block)}
              />,
            ]
          : value.map((one, i) => (
              <Setting
                key={`${name}${i}`}
                name={name}
                label={t(i === 0 ? "inceptionReduced" : "inceptionOut", { path: name.slice(1) })}
                value={one}
                onChange={(next) =>
                  onChange({
                    ...block,
                    [name]: value.map((old, j) => (j === i ? next : old)),
                  } as unknown as Block)
                }
              />
            )),
      )}
    </div>
  );
}

function labelOf(name: BlockSetting): string {
  const facts = FACTS[name];
  return facts === undefined ? t("inceptionPath", { path: name.slice(1) }) : t(facts.label);
}

interface SettingProps {
  readonly name: BlockSetting;
  readonly label: string;
  readonly value: number;
  readonly onChange: (value: number) => void;
}

function Setting({ name, label, value, onChange }: SettingProps) {
  const [min, max] = SETTING_RANGES[name];
  return (
    <NumberField
      label={label}
      value={value}
      min={min}
      max={max}
      step={name === "p" ? 0.05 : 1}
      onChange={onChange}
    />
  );
}
