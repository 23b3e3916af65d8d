/** Fields with a label, and a hint if the label is a term. */
import type { ComponentChildren } from "preact";
import { useEffect, useId, useState } from "preact/hooks";
import type { TermName } from "../../words/terms.ts";
import { t } from "../state/language.ts";
import { Hint } from "./hint.tsx";

interface FieldProps {
  readonly label: string;
  readonly term?: TermName;
}

interface SlideProps extends FieldProps {
  readonly value: number;
  /** The values in order; the slider stops at each. */
  readonly stops: readonly number[];
  readonly onChange: (value: number) => void;
  readonly format?: (value: number) => string;
}

/** A slider over values that are not evenly spaced, as learning rates. */
export function Slide({ label, term, value, stops, onChange, format = String }: SlideProps) {
  const id = useId();
  const at = nearest(stops, value);
  return (
    <div class="field">
      <div class="label">
        <label for={id}>{label}</label>
        {term && <Hint term={term} />}
        <output class="value" for={id}>
          {format(value)}
        </output>
      </div>
      <input
        id={id}
        type="range"
        min={0}
        max={stops.length - 1}
        step={1}
        value={at}
        aria-valuetext={format(value)}
        onInput={(event) => onChange(stops[Number(event.currentTarget.value)])}
      />
    </div>
  );
}

function nearest(stops: readonly number[], value: number): number {
  let best = 0;
  stops.forEach((stop, i) => {
    if (Math.abs(stop - value) < Math.abs(stops[best] - value)) best = i;
  });
  return best;
}

interface SelectProps<V extends string> extends FieldProps {
  readonly value: V;
  readonly choices: readonly { readonly value: V; readonly label: string }[];
  readonly onChange: (value: V) => void;
  readonly disabled?: boolean;
}

export function Select<V extends string>({
  label,
  term,
  value,
  choices,
  onChange,
  disabled,
}: SelectProps<V>) {
  const id = useId();
  return (
    <div class="field">
      <div class="label">
        <label for={id}>{label}</label>
        {term && <Hint term={term} />}
      </div>
      <select
        id={id}
        value={value}
        disabled={disabled ?? false}
        onChange={(event) => onChange(event.currentTarget.value as V)}
      >
        {choices.map((choice) => (
          <option key={choice.value} value={choice.value} selected={choice.value === value}>
            {choice.label}
          </option>
        ))}
      </select>
    </div>
  );
}

interface NumberProps extends FieldProps {
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly step?: number;
  readonly onChange: (value: number) => void;
  readonly hideLabel?: boolean;
}

/** A number; what is outside the bounds stays in the field, marked, and is not passed on. */
export function NumberField({ label, term, value, min, max, step = 1, onChange, hideLabel }: NumberProps) {
  const id = useId();
  const [text, setText] = useState(String(value));
  useEffect(() => {
    if (Number(text) !== value) setText(String(value));
  }, [value]);
  const valid = isValid(text, min, max, step);
  return (
    <div class="field">
      <div class={hideLabel ? "away" : "label"}>
        <label for={id}>{label}</label>
        {term && <Hint term={term} />}
      </div>
      <input
        id={id}
        type="number"
        inputMode="decimal"
        min={min}
        max={max}
        step={step}
        value={text}
        aria-invalid={!valid}
        title={valid ? undefined : t("numberBetween", { min, max })}
        onInput={(event) => {
          const typed = event.currentTarget.value;
          setText(typed);
          if (isValid(typed, min, max, step) && Number(typed) !== value) onChange(Number(typed));
        }}
        onBlur={() => {
          if (!valid) setText(String(value));
        }}
      />
    </div>
  );
}

function isValid(text: string, min: number, max: number, step: number): boolean {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || value < min || value > max) return false;
  return step !== 1 || Number.isInteger(value);
}

interface CheckProps extends FieldProps {
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
  readonly disabled?: boolean;
}

export function Check({ label, term, checked, onChange, disabled }: CheckProps) {
  const id = useId();
  return (
    <div class="check">
      <input
        id={id}
        type="checkbox"
        checked={checked}
        disabled={disabled ?? false}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
      <label for={id}>{label}</label>
      {term && <Hint term={term} />}
    </div>
  );
}

/** A button that shows only an icon; its name is its label and its tooltip. */
export function IconButton(props: {
  readonly label: string;
  readonly onClick: (event: MouseEvent) => void;
  readonly children: ComponentChildren;
  readonly disabled?: boolean;
  readonly class?: string;
}) {
  return (
    <button
      type="button"
      class={`icon ${props.class ?? "quiet"}`}
      aria-label={props.label}
      title={props.label}
      disabled={props.disabled ?? false}
      onClick={props.onClick}
    >
      {props.children}
    </button>
  );
}
