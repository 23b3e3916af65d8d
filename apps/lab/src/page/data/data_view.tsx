/** First step: which images it learns from. */
import { useComputed } from "@preact/signals";
import type { DataSource } from "../../experiment/experiment.ts";
import { Hint } from "../parts/hint.tsx";
import { Icon } from "../parts/icons.tsx";
import { lazy } from "../parts/lazy.tsx";
import { ShownImageCanvas } from "../parts/shown_image.tsx";
import { chooseData } from "../state/choose_data.ts";
import { dataImages } from "../state/data_images.ts";
import { className, dataFacts, experiment, prepare, readyMadeOpen } from "../state/lab.ts";
import { count, t } from "../state/language.ts";
import { served } from "../state/served.ts";
import { ServedRuns } from "./served_runs.tsx";

const OwnImages = lazy(() => import("./own_images.tsx").then((module) => module.OwnImages));

export function DataView() {
  const { data } = experiment.value;
  return (
    <div class="columns data-columns">
      <div class="stack">
        <SourceChoice data={data} />
        <button
          type="button"
          class="start-with"
          onClick={() => {
            readyMadeOpen.value = true;
          }}
        >
          <Icon name="book" />
          <span>
            <strong>{t("startWithExperiment")}</strong>
            <span class="muted small">{t("startWithExperimentLead")}</span>
          </span>
        </button>
        <ServedRuns />
      </div>
      {data.kind === "images" ? <OwnImages.Show /> : <Gallery />}
    </div>
  );
}

function SourceChoice({ data }: { readonly data: DataSource }) {
  const current = data.kind === "fashion-mnist" ? (data.subset ? "subset" : "full") : data.kind;
  const choices = [
    { value: "subset", title: t("dataSubset"), text: t("dataSubsetText") },
    { value: "full", title: t("dataFull"), text: t("dataFullText") },
    { value: "images", title: t("dataOwn"), text: t("dataOwnText") },
    ...served.value.folders.map((folder) => ({
      value: `folder:${folder.name}`,
      title: folder.name,
      text: t("dataFolderText", { classes: folder.classes.length }),
    })),
  ];
  const chosen = data.kind === "folder" ? `folder:${data.name}` : current;
  return (
    <fieldset class="card">
      <legend class="away">{t("headData")}</legend>
      <div class="row">
        <h2>{t("dataSource")}</h2>
        <Hint term="fashionMnist" />
      </div>
      <div class="stack sources">
        {choices.map((choice) => (
          <label key={choice.value} class="source">
            <input
              type="radio"
              name="source"
              value={choice.value}
              checked={choice.value === chosen}
              onChange={() => void chooseData(choice.value)}
            />
            <span>
              <strong>{choice.title}</strong>
              <span class="muted small">{choice.text}</span>
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

/** A row of images for each class. */
function Gallery() {
  const facts = dataFacts.value;
  if (facts === null) {
    return (
      <section class="card" aria-label={t("classes")}>
        <p class="muted">{t("dataNotLoaded")}</p>
        <button type="button" onClick={() => void prepare()}>
          {t("loadNow")}
        </button>
      </section>
    );
  }
  return (
    <section class="card" aria-labelledby="classes">
      <div class="row spread">
        <h2 id="classes">{t("classes")}</h2>
        <p class="small muted numbers">
          {t("imageCounts", { train: count(facts.trainCount), test: count(facts.testCount) })}
        </p>
      </div>
      <ul class="gallery">
        {facts.classes.map((_, label) => (
          <GalleryRow key={label} label={label} images={facts.perClass[label] ?? 0} />
        ))}
      </ul>
    </section>
  );
}

/** Drawn when its own images come. */
function GalleryRow({ label, images }: { readonly label: number; readonly images: number }) {
  const shown = useComputed(() => dataImages.value[label] ?? []);
  return (
    <li>
      <div class="gallery-name">
        <strong>{className(label)}</strong>
        <span class="small muted numbers">{count(images)}</span>
      </div>
      <div class="thumbs" role="img" aria-label={t("examplesOf", { name: className(label) })}>
        {shown.value.map((one) => (
          <ShownImageCanvas key={one.index} image={one.image} />
        ))}
      </div>
    </li>
  );
}
