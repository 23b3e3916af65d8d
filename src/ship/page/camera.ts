/** The camera: opened, shown, and asked for a photo. */
import { cameraProblem, openCamera } from "./camera_problem.ts";

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
    this.close();
    try {
      this.stream = await openCamera({ facingMode: this.facing });
      this.video.srcObject = this.stream;
      await this.video.play();
    } catch (error) {
      this.close();
      throw cameraProblem(error);
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
