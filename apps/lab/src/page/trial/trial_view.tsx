/** Fourth step: an image is given, and the network answers. */
import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import type { ImageInput, PredictAnswer } from "../../worker/protocol.ts";
import { Camera } from "../parts/camera.tsx";
import { Segments } from "../parts/choice.tsx";
import { DropZone, FileButton } from "../parts/drop.tsx";
import type { GivenFile } from "../parts/given_files.ts";
import { Icon } from "../parts/icons.tsx";
import { ShownImageCanvas } from "../parts/shown_image.tsx";
import { Sketch } from "../parts/sketch.tsx";
import {
  className,
  dataFacts,
  lastPoint,
  lookedAt,
  prepared,
  trainer,
  view,
  weightsVersion,
} from "../state/lab.ts";
import { t } from "../state/language.ts";
import { say, told } from "../state/notices.ts";
import { Answer } from "./answer.tsx";

const SOURCES = ["draw", "file", "camera", "test"] as const;
type Source = (typeof SOURCES)[number];

const source = signal<Source>("draw");
const image = signal<ImageInput | null>(null);
const SIMILAR = 8;

export function TrialView() {
  const [answer, setAnswer] = useState<PredictAnswer | null>(null);
  const [working, setWorking] = useState(false);
  const current = image.value;
  const version = weightsVersion.value;
  const ready = prepared.value !== null;
  useEffect(() => {
    if (current === null || !ready) return setAnswer(null);
    let over = false;
    setWorking(true);
    void told(() => trainer().call("predict", { image: current, gradCam: true, similar: SIMILAR })).then(
      (given) => {
        if (over) return;
        setWorking(false);
        setAnswer(given);
        if (given !== null) say(t("answerSaid", { name: className(given.networks[0].index) }));
      },
    );
    return () => {
      over = true;
    };
  }, [current, version, ready]);
  return (
    <div class="columns trial-columns">
      <section class="card stack" aria-label={t("giveImage")}>
        <Segments
          label={t("giveImage")}
          value={source.value}
          choices={[
            { value: "draw", label: t("sourceDraw") },
            { value: "file", label: t("sourceFile") },
            { value: "camera", label: t("sourceCamera") },
            { value: "test", label: t("sourceTest") },
          ]}
          onChange={(value) => {
            source.value = value;
          }}
        />
        <Giver />
      </section>
      <div class="stack">
        {lastPoint.value === null && (
          <p class="notice">
            <span>{t("tryUntrained")}</span>
            <button
              type="button"
              class="tiny"
              onClick={() => {
                view.value = "train";
              }}
            >
              {t("goTrain")}
            </button>
          </p>
        )}
        {answer === null ? (
          <section class="card empty" aria-label={t("answer")}>
            <p class="muted">{t(working ? "working" : "noAnswer")}</p>
          </section>
        ) : (
          <Answer answer={answer} />
        )}
        {answer !== null && current !== null && (
          <div>
            <button
              type="button"
              onClick={() => {
                lookedAt.value = current;
                view.value = "train";
              }}
            >
              <Icon name="network" />
              {t("lookInside")}
            </button>
          </div>
        )}
      </div>
    </div>
  );
}

function Giver() {
  switch (source.value) {
    case "draw":
      return <Sketch onChange={(drawn) => setPixels(drawn)} />;
    case "camera":
      return (
        <Camera
          several={false}
          onImage={setPixels}
          onClose={() => {
            source.value = "file";
          }}
        />
      );
    case "test":
      return <TestImages />;
    default:
      return <FileGiver />;
  }
}

function setPixels(data: ImageData | null): void {
  image.value =
    data === null ? null : { kind: "pixels", width: data.width, height: data.height, data: data.data };
}

function FileGiver() {
  const [preview, setPreview] = useState("");
  const take = (files: readonly GivenFile[]) => {
    const [file] = files;
    if (file === undefined) return;
    setPreview(URL.createObjectURL(file.blob));
    image.value = { kind: "file", blob: file.blob };
  };
  useEffect(() => () => URL.revokeObjectURL(preview), [preview]);
  useEffect(() => {
    const paste = (event: ClipboardEvent) => {
      const file = [...(event.clipboardData?.files ?? [])][0];
      if (file !== undefined) take([{ name: file.name, folder: "", blob: file }]);
    };
    document.addEventListener("paste", paste);
    return () => document.removeEventListener("paste", paste);
  }, []);
  return (
    <DropZone label={t("dropImage")} onFiles={take} class="large-drop">
      {preview !== "" && (
        <img class="preview" src={preview} alt={t("yourImage")} onError={() => setPreview("")} />
      )}
      <p>{t("dropImage")}</p>
      <FileButton
        name={t("chooseFile")}
        accept="image/*"
        onFiles={take}
        label={
          <>
            <Icon name="file" />
            {t("chooseFile")}
          </>
        }
      />
    </DropZone>
  );
}

const SHOWN = 20;

function TestImages() {
  const facts = dataFacts.value;
  const [from, setFrom] = useState(0);
  const [images, setImages] = useState<Awaited<ReturnType<typeof ask>>>([]);
  useEffect(() => {
    if (facts === null) return;
    let over = false;
    ask(from).then(
      (list) => {
        if (!over) setImages(list);
      },
      () => {},
    );
    return () => {
      over = true;
    };
  }, [facts, from]);
  if (facts === null) return <p class="muted">{t("notPrepared")}</p>;
  const chosen = image.value;
  return (
    <>
      <fieldset>
        <legend class="away">{t("sourceTest")}</legend>
        <div class="test-images">
          {images.map((one) => (
            <label key={one.index} class="strip-image" title={className(one.label)}>
              <input
                type="radio"
                name="tried"
                class="away"
                checked={chosen?.kind === "test" && chosen.index === one.index}
                onChange={() => {
                  image.value = { kind: "test", index: one.index };
                }}
              />
              <ShownImageCanvas image={one.image} />
              <span class="away">{t("testImage", { number: one.index, name: className(one.label) })}</span>
            </label>
          ))}
        </div>
      </fieldset>
      <div class="row">
        <button type="button" disabled={from === 0} onClick={() => setFrom(Math.max(0, from - SHOWN))}>
          {t("earlierImages")}
        </button>
        <button
          type="button"
          disabled={from + SHOWN >= facts.testCount}
          onClick={() => setFrom(from + SHOWN)}
        >
          {t("laterImages")}
        </button>
      </div>
    </>
  );
}

const ask = (from: number) => trainer().call("images", { split: "test", from, count: SHOWN, label: null });
