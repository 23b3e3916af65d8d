/** What the camera sees, and buttons that take images of it. Images stay on the device. */
import { useEffect, useRef, useState } from "preact/hooks";
import {
  CAMERA_TEXTS,
  type CameraProblem,
  cameraProblem,
  openCamera,
} from "../../../../../src/ship/page/camera_problem.ts";
import { language, t } from "../state/language.ts";
import { Icon } from "./icons.tsx";

interface Props {
  readonly onImage: (image: ImageData) => void;
  readonly onClose: () => void;
  /** Whether holding the button takes several. */
  readonly several: boolean;
}

/** Between two images while the button is held. */
const MILLISECONDS = 150;
/** Edge of what is kept: networks see less. */
const EDGE = 256;

export function Camera({ onImage, onClose, several }: Props) {
  const video = useRef<HTMLVideoElement>(null);
  const [problem, setProblem] = useState<CameraProblem | null>(null);
  const [ready, setReady] = useState(false);
  const holding = useRef<ReturnType<typeof setInterval>>(undefined);
  useEffect(() => {
    let stream: MediaStream | null = null;
    let closed = false;
    openCamera({ width: { ideal: 640 }, facingMode: "environment" }).then(
      (opened) => {
        stream = opened;
        if (closed) return stop(opened);
        video.current!.srcObject = opened;
      },
      (error: unknown) => setProblem(cameraProblem(error)),
    );
    return () => {
      closed = true;
      clearInterval(holding.current);
      if (stream !== null) stop(stream);
    };
  }, []);
  const take = () => {
    const image = video.current === null ? null : frameOf(video.current);
    if (image !== null) onImage(image);
  };
  const hold = (event: PointerEvent) => {
    if (!several || event.button !== 0) return;
    clearInterval(holding.current);
    holding.current = setInterval(take, MILLISECONDS);
  };
  const release = () => clearInterval(holding.current);
  return (
    <div class="camera">
      {problem !== null ? (
        <p class="notice bad" role="alert">
          {CAMERA_TEXTS[language.value][problem.text].replace("{why}", problem.message)}
        </p>
      ) : (
        <video
          ref={video}
          muted
          autoPlay
          playsInline
          aria-label={t("cameraImage")}
          onLoadedData={() => setReady(true)}
        />
      )}
      <div class="row">
        <button
          type="button"
          class="primary"
          disabled={!ready}
          onClick={take}
          onPointerDown={hold}
          onPointerUp={release}
          onPointerLeave={release}
          onPointerCancel={release}
        >
          <Icon name="camera" />
          {t(several ? "takeOrHold" : "takePhoto")}
        </button>
        <button type="button" onClick={onClose}>
          {t("closeCamera")}
        </button>
      </div>
    </div>
  );
}

function stop(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}

/** The middle of the frame, as a square. */
function frameOf(video: HTMLVideoElement): ImageData | null {
  const { videoWidth: width, videoHeight: height } = video;
  if (width === 0 || height === 0) return null;
  const side = Math.min(width, height);
  const canvas = new OffscreenCanvas(EDGE, EDGE);
  const context = canvas.getContext("2d")!;
  context.drawImage(video, (width - side) / 2, (height - side) / 2, side, side, 0, 0, EDGE, EDGE);
  return context.getImageData(0, 0, EDGE, EDGE);
}
