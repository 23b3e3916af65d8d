/** Two networks side by side: which of them is looked at. */

import { experiment, shownNetwork } from "../state/lab.ts";
import { t } from "../state/language.ts";
import { Segments } from "./choice.tsx";

/** Which of two networks is looked at; nothing if there is one. */
export function NetworkSwitch({ at }: { readonly at: number }) {
  if (experiment.value.networks.length < 2) return null;
  return (
    <Segments
      label={t("whichNetwork")}
      value={String(at)}
      choices={["A", "B"].map((name, i) => ({
        value: String(i),
        label: (
          <>
            <span class={i === 0 ? "swatch" : "swatch second"} aria-hidden="true" />
            {t("networkName", { name })}
          </>
        ),
      }))}
      onChange={(value) => {
        shownNetwork.value = Number(value);
      }}
    />
  );
}
