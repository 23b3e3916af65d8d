/** One of a few, beside each other. */
import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

export interface Choice<V extends string> {
  readonly value: V;
  readonly label: ComponentChildren;
  readonly disabled?: boolean;
}

interface Props<V extends string> {
  readonly label: string;
  readonly value: V;
  readonly choices: readonly Choice<V>[];
  readonly onChange: (value: V) => void;
  readonly showLabel?: boolean;
}

/** Radio buttons that look like a switch of several positions; arrow keys move between them. */
export function Segments<V extends string>({ label, value, choices, onChange, showLabel }: Props<V>) {
  const id = useId();
  return (
    <fieldset class="field">
      <legend class={showLabel ? "legend" : "away"}>{label}</legend>
      <div class="segments">
        {choices.map((choice) => (
          <label key={choice.value}>
            <input
              type="radio"
              name={id}
              value={choice.value}
              checked={choice.value === value}
              disabled={choice.disabled ?? false}
              onChange={() => onChange(choice.value)}
            />
            {choice.label}
          </label>
        ))}
      </div>
    </fieldset>
  );
}

interface TabsProps<V extends string> extends Props<V> {
  /** The id of the panel that the tabs switch. */
  readonly panel: string;
}

/** Tabs; arrow keys, Home and End move between them. */
export function Tabs<V extends string>({ label, value, choices, onChange, panel }: TabsProps<V>) {
  const move = (event: KeyboardEvent) => {
    const at = choices.findIndex((choice) => choice.value === value);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: choices.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const next = choices[(to + choices.length) % choices.length];
    onChange(next.value);
    const list = event.currentTarget as HTMLElement;
    list.querySelector<HTMLElement>(`[data-tab="${next.value}"]`)?.focus();
  };
  return (
    <div class="segments" role="tablist" aria-label={label} onKeyDown={move}>
      {choices.map((choice) => (
        <button
          key={choice.value}
          type="button"
          role="tab"
          class="tab"
          id={`${panel}-${choice.value}`}
          data-tab={choice.value}
          aria-selected={choice.value === value}
          aria-controls={panel}
          tabIndex={choice.value === value ? 0 : -1}
          onClick={() => onChange(choice.value)}
        >
          {choice.label}
        </button>
      ))}
    </div>
  );
}
