/** The camera: opened, shown, and asked for a photo. */
import type { TextName } from "./texts.ts";

/** Why there is no camera image. */
export class CameraProblem extends Error {
  readonly text: TextName;

  constructor(text: TextName, why: string) {
    super(why);
    this.text = text;
  }
}

const REASONS: Readonly<Record<string, TextName>> = {
  NotAllowedError: "cameraRefused",
  SecurityError: "cameraRefused",
  NotFoundError: "cameraMissing",
  OverconstrainedError: "cameraMissing",
  NotReadableError: "cameraBusy",
  AbortError: "cameraBusy",
};

/** A camera that is on. */
export class Camera {
  private readonly video: HTMLVideoElement;
  private stream: MediaStream | undefined;
  private facing: "environment" | "user" = "environment";

  constructor(video: HTMLVideoElement) {
    this.video = video;
  }

  get isOn(): boolean {
    return this.stream !== undefined;
  }

  /** @throws CameraProblem if there is none, or it is refused. */
  async open(): Promise<void> {
    const { mediaDevices } = navigator as { mediaDevices?: MediaDevices };
    if (mediaDevices?.getUserMedia === undefined)
      throw new CameraProblem("cameraInsecure", "no media devices");
    this.close();
    try {
      this.stream = await mediaDevices.getUserMedia({ video: { facingMode: this.facing }, audio: false });
      this.video.srcObject = this.stream;
      await this.video.play();
    } catch (error) {
      this.close();
      const { name, message } = error as Error;
      throw new CameraProblem(REASONS[name] ?? "cameraFailed", message || name);
    }
  }

  /** The camera on the other side of a phone. */
  async turn(): Promise<void> {
    this.facing = this.facing === "user" ? "environment" : "user";
    await this.open();
  }

  /** What is seen now. */
  photo(): HTMLCanvasElement {
    const canvas = document.createElement("canvas");
    canvas.width = this.video.videoWidth;
    canvas.height = this.video.videoHeight;
    (canvas.getContext("2d") as CanvasRenderingContext2D).drawImage(this.video, 0, 0);
    return canvas;
  }

  close(): void {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = undefined;
    this.video.srcObject = null;
  }
}
