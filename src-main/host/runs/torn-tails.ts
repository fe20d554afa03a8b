import { readFile, truncate } from "node:fs/promises";
import path from "node:path";
import { runFiles } from "./run-files.ts";
import { cutTornEvents } from "./tensorboard-events.ts";

/** Takes off what a killed process has left of a line of the log, or of a record for TensorBoard, that it was writing. */
export async function cutTornTails(directory: string): Promise<void> {
  await cutTornEvents(directory);
  const logPath = path.join(directory, runFiles.log);
  const log = await readFile(logPath).catch(() => null);
  if (log !== null && log.length > 0 && log.at(-1) !== "\n".charCodeAt(0)) {
    await truncate(logPath, log.lastIndexOf("\n") + 1);
  }
}
