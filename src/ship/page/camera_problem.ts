/** Why there is no camera image, and how pages say it. */

/** In the languages of the pages; `{why}` stands for the browser's own words. */
export const CAMERA_TEXTS = {
  en: {
    cameraRefused:
      "The camera was refused. Allow it for this page in the browser's settings, or choose a file.",
    cameraMissing: "No camera was found. Choose a file instead.",
    cameraBusy: "The camera is in use by another program. Close that, or choose a file.",
    cameraInsecure: "Browsers lend the camera only to pages that come by https. Choose a file instead.",
    cameraFailed: "The camera could not be started: {why}",
  },
  zh: {
    cameraRefused: "摄像头权限被拒绝。请在浏览器设置中允许本页使用摄像头，或改为选择文件。",
    cameraMissing: "没有找到摄像头，请改为选择文件。",
    cameraBusy: "摄像头正被其他程序占用。请先关闭该程序，或改为选择文件。",
    cameraInsecure: "浏览器只允许通过 https 打开的页面使用摄像头，请改为选择文件。",
    cameraFailed: "摄像头无法启动：{why}",
  },
} as const;

export type CameraText = keyof typeof CAMERA_TEXTS.en;

export class CameraProblem extends Error {
  readonly text: CameraText;

  constructor(text: CameraText, why: string) {
    super(why);
    this.text = text;
  }
}

/** By the name of the browser's error. */
const REASONS: Readonly<Record<string, CameraText>> = {
  NotAllowedError: "cameraRefused",
  SecurityError: "cameraRefused",
  NotFoundError: "cameraMissing",
  OverconstrainedError: "cameraMissing",
  NotReadableError: "cameraBusy",
  AbortError: "cameraBusy",
};

/** What an error that came with the camera means. */
export function cameraProblem(error: unknown): CameraProblem {
  if (error instanceof CameraProblem) return error;
  const { name, message } = error as Error;
  return new CameraProblem(REASONS[name] ?? "cameraFailed", message || name);
}

/** @throws CameraProblem if there is none, or it is refused. */
export async function openCamera(video: MediaTrackConstraints): Promise<MediaStream> {
  const { mediaDevices } = navigator as { mediaDevices?: MediaDevices };
  if (mediaDevices?.getUserMedia === undefined) throw new CameraProblem("cameraInsecure", "no media devices");
  return mediaDevices.getUserMedia({ video, audio: false }).catch((error: unknown) => {
    throw cameraProblem(error);
  });
}
