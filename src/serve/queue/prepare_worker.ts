/** The worker of a server: decodes images and preprocesses them. */
import { answerRequests } from "../../workers/request_workers.ts";
import { type ImageToPrepare, type PreparedImage, prepareImage } from "./prepare_image.ts";

answerRequests<null, ImageToPrepare, PreparedImage>(async (_, question) => {
  const answer = await prepareImage(question);
  return { answer, transfer: [answer.content.data.buffer as ArrayBuffer] };
});
