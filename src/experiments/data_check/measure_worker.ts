/** The worker of a data check: reads and measures images. */
import { answerRequests } from "../../workers/request_workers.ts";
import { type FileQuestion, type MeasuredFile, measureFile } from "./measure_file.ts";

answerRequests<null, FileQuestion, MeasuredFile>(async (_, question) => {
  const answer = await measureFile(question);
  const { image } = answer;
  return { answer, transfer: image === null ? [] : [image.data.buffer as ArrayBuffer] };
});
