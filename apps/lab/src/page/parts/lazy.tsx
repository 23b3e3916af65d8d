/** Parts of the page whose scripts are loaded when they are first shown. */
import { signal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";
import { t } from "../state/language.ts";

export interface LazyPart {
  /** Loads it, if that has not begun. */
  readonly load: () => void;
  readonly Show: ComponentType;
}

export function lazy(load: () => Promise<ComponentType>): LazyPart {
  const loaded = signal<ComponentType | null>(null);
  const failed = signal(false);
  let begun = false;
  const begin = () => {
    if (begun) return;
    begun = true;
    load().then(
      (part) => {
        loaded.value = part;
      },
      () => {
        begun = false;
        failed.value = true;
      },
    );
  };
  const Show = () => {
    useEffect(begin, []);
    const Part = loaded.value;
    if (Part !== null) return <Part />;
    if (!failed.value) return null;
    return (
      <p class="notice bad" role="alert">
        <span>{t("notLoaded")}</span>
        <button
          type="button"
          class="tiny"
          onClick={() => {
            failed.value = false;
            begin();
          }}
        >
          {t("loadAgain")}
        </button>
      </p>
    );
  };
  return { load: begin, Show };
}
