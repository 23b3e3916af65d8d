/** The network as `convoyant draw` draws it. */
import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { classCountOf, inputShapeOf, type NetworkSource } from "../../experiment/experiment.ts";
import { Segments } from "../parts/choice.tsx";
import { Scroller } from "../parts/scroller.tsx";
import { experiment, trainer } from "../state/lab.ts";
import { language, t, theme } from "../state/language.ts";
import { isSound, networkTitle } from "../state/networks.ts";

const STYLES = ["book", "graph", "volume"] as const;
type Style = (typeof STYLES)[number];

const style = signal<Style>("book");
const MILLISECONDS = 250;

interface Props {
  readonly at: number;
  readonly network: NetworkSource;
}

export function Drawing({ at, network }: Props) {
  const [svg, setSvg] = useState("");
  const [failed, setFailed] = useState<string | null>(null);
  const sound = isSound(at);
  const lang = language.value;
  const chosen = style.value;
  const colours = theme();
  useEffect(() => {
    if (!sound) return;
    let old = false;
    const later = setTimeout(() => {
      const shape = inputShapeOf(experiment.peek(), network);
      const classes = classCountOf(experiment.peek());
      trainer()
        .call("draw", {
          network,
          shape,
          classes,
          lang,
          style: chosen,
          theme: colours,
          title: networkTitle(network),
        })
        .then(
          (answer) => {
            if (old) return;
            setSvg(answer.svg);
            setFailed(null);
          },
          (error: unknown) => {
            if (!old) setFailed(error instanceof Error ? error.message : String(error));
          },
        );
    }, MILLISECONDS);
    return () => {
      old = true;
      clearTimeout(later);
    };
  }, [network, sound, lang, chosen, colours]);
  return (
    <div class="card">
      <div class="row spread">
        <h2>{networkTitle(network)}</h2>
        <Segments
          label={t("drawingStyle")}
          value={chosen}
          choices={[
            { value: "book", label: t("styleBook") },
            { value: "graph", label: t("styleGraph") },
            { value: "volume", label: t("styleVolume") },
          ]}
          onChange={(value) => {
            style.value = value;
          }}
        />
      </div>
      {!sound && svg !== "" && <p class="small muted">{t("drawingOld")}</p>}
      {failed !== null && <p class="small muted">{failed}</p>}
      <Scroller label={t("drawing")}>
        <div
          class={`drawing drawing-${chosen} ${sound ? "" : "old"}`}
          // The library's own drawing, whose texts are escaped.
          dangerouslySetInnerHTML={{ __html: svg }}
        />
      </Scroller>
    </div>
  );
}
