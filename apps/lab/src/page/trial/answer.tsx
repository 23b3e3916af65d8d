/** Probabilities as bars, where in the image the answer comes from, and the most similar training images. */
import type { Grid, PredictAnswer, Prediction, ShownImage } from "../../worker/protocol.ts";
import { amountScale } from "../parts/colours.ts";
import { Hint } from "../parts/hint.tsx";
import { GridCanvas, ShownImageCanvas } from "../parts/shown_image.tsx";
import { className, experiment } from "../state/lab.ts";
import { percent, t } from "../state/language.ts";
import { networkTitle } from "../state/networks.ts";

export function Answer({ answer }: { readonly answer: PredictAnswer }) {
  const two = answer.networks.length > 1;
  return (
    <div class={two ? "answers two" : "answers"}>
      {answer.networks.map((prediction, at) => (
        <OneAnswer
          key={at}
          at={at}
          name={
            two ? `${at === 0 ? "A" : "B"} · ${networkTitle(experiment.value.networks[at])}` : t("answer")
          }
          prediction={prediction}
          seen={answer.seen[at] ?? answer.seen[0]}
          second={at === 1}
        />
      ))}
    </div>
  );
}

interface Props {
  readonly at: number;
  readonly name: string;
  readonly prediction: Prediction;
  readonly seen: ShownImage;
  readonly second: boolean;
}

/** More classes than this are not listed. */
const MOST_BARS = 12;

function OneAnswer({ at, name, prediction, seen, second }: Props) {
  const { probabilities, index, gradCam, similar } = prediction;
  const order = probabilities.map((_, i) => i);
  // Few classes keep their places, so that one sees bars grow; of many the likeliest come first.
  const shown =
    probabilities.length <= MOST_BARS
      ? order
      : order.sort((a, b) => probabilities[b] - probabilities[a]).slice(0, MOST_BARS);
  return (
    <section class="card stack" aria-labelledby={`answer-${at}`}>
      <div>
        <h2 id={`answer-${at}`} class="small muted">
          {second && <span class="swatch second" aria-hidden="true" />} {name}
        </h2>
        <p class="verdict">
          {className(index)} <span class="numbers">{percent(probabilities[index])}</span>
        </p>
      </div>
      <div class="answer-body">
        <div>
          <div class="row">
            <h3>{t("probabilities")}</h3>
            <Hint term="probability" />
          </div>
          <ol class="bars">
            {shown.map((label) => (
              <li key={label} class={label === index ? "best" : ""}>
                <span>{className(label)}</span>
                <span class="numbers">{percent(probabilities[label])}</span>
                <span class={second ? "bar second" : "bar"} aria-hidden="true">
                  <span style={{ transform: `scaleX(${probabilities[label]})` }} />
                </span>
              </li>
            ))}
          </ol>
        </div>
        <Seen seen={seen} gradCam={gradCam} name={className(index)} />
      </div>
      {similar.length > 0 && (
        <div>
          <h3>{t("similarImages")}</h3>
          <ol class="similar">
            {similar.map((one) => (
              <li key={one.index}>
                <ShownImageCanvas image={one.image} />
                <span class="small">{className(one.label)}</span>
                <span class="small muted numbers" title={t("similarity")}>
                  {one.similarity.toFixed(2)}
                </span>
              </li>
            ))}
          </ol>
        </div>
      )}
    </section>
  );
}

function Seen({
  seen,
  gradCam,
  name,
}: {
  readonly seen: ShownImage;
  readonly gradCam: Grid | null;
  readonly name: string;
}) {
  return (
    <div class="seen">
      <figure>
        <ShownImageCanvas image={seen} label={t("asSeen")} />
        <figcaption class="small muted">{t("asSeen")}</figcaption>
      </figure>
      {gradCam !== null && (
        <figure>
          <div class="overlay">
            <ShownImageCanvas image={seen} />
            <GridCanvas
              grid={gradCam}
              scale={{ ...amountScale(gradCam.values), kind: "heat" }}
              label={t("gradCamLabel", { name })}
            />
          </div>
          <figcaption class="small muted with-hint">
            Grad-CAM
            <Hint term="gradCam" />
          </figcaption>
        </figure>
      )}
    </div>
  );
}
