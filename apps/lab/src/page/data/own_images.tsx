/** A person's own images, class by class: dropped, chosen, of a folder, of the camera, or drawn. */
import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import type { OwnClass } from "../../worker/protocol.ts";
import { Camera } from "../parts/camera.tsx";
import { Segments } from "../parts/choice.tsx";
import { Dialog } from "../parts/dialog.tsx";
import { DropZone, FileButton } from "../parts/drop.tsx";
import { IconButton } from "../parts/fields.tsx";
import { Icon } from "../parts/icons.tsx";
import { ShownImageCanvas } from "../parts/shown_image.tsx";
import { Sketch } from "../parts/sketch.tsx";
import { experiment } from "../state/lab.ts";
import { count, percent, t } from "../state/language.ts";
import {
  addClass,
  addFiles,
  addFolders,
  addPixels,
  cancelAdding,
  loadClasses,
  ownClasses,
  reading,
  refusals,
  removeClass,
  removeImage,
  renameClass,
  setChannels,
  useOwnImages,
} from "../state/own_images.ts";

/** Below this a class is marked: a network learns little from fewer. */
const FEW = 10;

const opened = signal<{ readonly name: string; readonly way: "camera" | "draw" } | null>(null);

export function OwnImages() {
  useEffect(() => void loadClasses(), []);
  const { data } = experiment.value;
  const classes = ownClasses.value;
  const filled = classes.filter(({ count: images }) => images > 0);
  const at = opened.value;
  return (
    <section class="stack" aria-label={t("dataOwn")}>
      <p class="notice">
        <span>{t("staysHere")}</span>
      </p>
      <DropZone label={t("dropFolders")} onFiles={(files) => void addFolders(files)} class="folders-drop">
        <p>{t("dropFolders")}</p>
        <FileButton
          name={t("chooseFolder")}
          folder
          several
          onFiles={(files) => void addFolders(files)}
          label={
            <>
              <Icon name="folder" />
              {t("chooseFolder")}
            </>
          }
        />
      </DropZone>
      <Progress />
      <Refusals />
      <div class="class-cards">
        {classes.map((one) => (
          <ClassCard key={one.name} one={one} />
        ))}
        <NewClass />
      </div>
      <div class="row spread">
        {data.kind === "images" && (
          <Segments
            label={t("colours")}
            showLabel
            value={String(data.channels)}
            choices={[
              { value: "1", label: t("grey") },
              { value: "3", label: t("colour") },
            ]}
            onChange={(channels) => setChannels(channels === "3" ? 3 : 1)}
          />
        )}
        <button
          type="button"
          class="primary"
          disabled={filled.length < 2}
          onClick={() => void useOwnImages()}
        >
          <Icon name="check" />
          {t("useImages")}
        </button>
      </div>
      {filled.length < 2 && (
        <p class="small muted" role="status">
          {t("needTwoClasses")}
        </p>
      )}
      {at !== null && <Giver at={at} />}
    </section>
  );
}

function ClassCard({ one }: { readonly one: OwnClass }) {
  const { name, count: images, thumbnails } = one;
  return (
    <DropZone
      label={t("dropIntoClass", { name })}
      onFiles={(files) => void addFiles(name, files)}
      class="card class-card"
    >
      <div class="class-head">
        <ClassNameField name={name} />
        <IconButton
          label={t("removeClass", { name })}
          class="quiet tiny"
          onClick={() => void removeClass(name)}
        >
          <Icon name="trash" />
        </IconButton>
      </div>
      <p class="small">
        <span class={images < FEW ? "badge few" : "badge"}>{t("imageCount", { count: count(images) })}</span>
      </p>
      <ul class="class-thumbs">
        {thumbnails.map((image, i) => (
          <li key={i}>
            <button
              type="button"
              class="thumb"
              aria-label={t("removeImage", { number: i + 1, name })}
              title={t("removeImage", { number: i + 1, name })}
              onClick={() => void removeImage(name, i)}
            >
              <ShownImageCanvas image={image} />
            </button>
          </li>
        ))}
        {images > thumbnails.length && <li class="small muted">+{count(images - thumbnails.length)}</li>}
      </ul>
      <div class="row class-tools">
        <FileButton
          name={t("addFilesTo", { name })}
          several
          accept="image/*"
          class="small-button"
          onFiles={(files) => void addFiles(name, files)}
          label={
            <>
              <Icon name="file" />
              {t("addFiles")}
            </>
          }
        />
        <button
          type="button"
          class="tiny"
          aria-label={t("cameraFor", { name })}
          onClick={() => {
            opened.value = { name, way: "camera" };
          }}
        >
          <Icon name="camera" />
          {t("sourceCamera")}
        </button>
        <button
          type="button"
          class="tiny"
          aria-label={t("drawFor", { name })}
          onClick={() => {
            opened.value = { name, way: "draw" };
          }}
        >
          <Icon name="pen" />
          {t("sourceDraw")}
        </button>
      </div>
    </DropZone>
  );
}

function ClassNameField({ name }: { readonly name: string }) {
  const [text, setText] = useState(name);
  return (
    <input
      type="text"
      class="class-name"
      aria-label={t("className")}
      maxLength={100}
      value={text}
      onInput={(event) => setText(event.currentTarget.value)}
      onChange={() => {
        const next = text.trim();
        if (next === "" || ownClasses.peek().some((one) => one.name === next)) setText(name);
        else void renameClass(name, next);
      }}
    />
  );
}

function NewClass() {
  const [name, setName] = useState("");
  const add = (event: Event) => {
    event.preventDefault();
    const wanted =
      name.trim() === "" ? t("newClassName", { number: ownClasses.peek().length + 1 }) : name.trim();
    setName("");
    void addClass(wanted);
  };
  return (
    <form class="card new-class" onSubmit={add}>
      <label class="field">
        <span class="legend">{t("newClass")}</span>
        <input
          type="text"
          maxLength={100}
          value={name}
          placeholder={t("newClassName", { number: ownClasses.value.length + 1 })}
          onInput={(event) => setName(event.currentTarget.value)}
        />
      </label>
      <button type="submit">
        <Icon name="plus" />
        {t("addClass")}
      </button>
    </form>
  );
}

function Progress() {
  const at = reading.value;
  if (at === null) return null;
  const share = at.done / at.of;
  return (
    <div class="card" role="status">
      <div class="row spread">
        <label for="images-progress">{t("readingImages", { done: count(at.done), of: count(at.of) })}</label>
        <button type="button" class="tiny" onClick={cancelAdding}>
          {t("cancel")}
        </button>
      </div>
      <progress id="images-progress" value={share} aria-valuetext={percent(share, 0)} />
    </div>
  );
}

/** How many names are listed. */
const MOST_NAMES = 5;

function Refusals() {
  const { files: list, count: refused } = refusals.value;
  if (refused === 0) return null;
  const names = list.slice(0, MOST_NAMES).map(({ facts }) => String(facts["file"] ?? "?"));
  return (
    <div class="notice warn" role="alert">
      <Icon name="warn" />
      <div>
        <strong>{t("notImages", { count: count(refused) })}</strong>
        <p class="small">
          {names.join(", ")}
          {refused > names.length ? " …" : ""}
        </p>
      </div>
      <IconButton
        label={t("dismiss")}
        class="quiet tiny"
        onClick={() => {
          refusals.value = { files: [], count: 0 };
        }}
      >
        <Icon name="close" />
      </IconButton>
    </div>
  );
}

/** Camera or paper for one class. */
function Giver({ at }: { readonly at: { readonly name: string; readonly way: "camera" | "draw" } }) {
  const [drawn, setDrawn] = useState<ImageData | null>(null);
  const [papers, setPapers] = useState(0);
  const images = ownClasses.value.find(({ name }) => name === at.name)?.count ?? 0;
  const close = () => {
    opened.value = null;
  };
  return (
    <Dialog title={at.name} lead={t("imageCount", { count: count(images) })} onClose={close}>
      {at.way === "camera" ? (
        <Camera several onImage={(image) => void addPixels(at.name, image)} onClose={close} />
      ) : (
        <div class="stack">
          <Sketch key={papers} onChange={setDrawn} />
          <div class="row">
            <button
              type="button"
              class="primary"
              disabled={drawn === null}
              onClick={() => {
                if (drawn !== null) void addPixels(at.name, drawn);
                setDrawn(null);
                setPapers(papers + 1);
              }}
            >
              <Icon name="plus" />
              {t("addDrawing")}
            </button>
            <button type="button" onClick={close}>
              {t("done")}
            </button>
          </div>
        </div>
      )}
    </Dialog>
  );
}
