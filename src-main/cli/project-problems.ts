import type { Project } from "../host/projects/project.ts";
import type { CliIo } from "./cli-io.ts";

/** Waits until a project's masks are counted, which is when all that is wrong with it is known; rejects when interrupted. */
export async function countedProject(project: Project, { signal }: CliIo): Promise<void> {
  signal.throwIfAborted();
  const ended = new AbortController();
  const interrupted = new Promise<never>((_, reject) => {
    signal.addEventListener(
      "abort",
      () => {
        reject(signal.reason instanceof Error ? signal.reason : new Error("interrupted"));
      },
      { once: true, signal: ended.signal },
    );
  });
  try {
    await Promise.race([project.counted(), interrupted]);
  } finally {
    ended.abort();
  }
}

/** Everything that needs attention in a project, a line of stderr each: "warning: FILE: sentence". */
export function warnOfProblems(project: Project, io: CliIo): void {
  for (const { file, message } of project.snapshot().problems) {
    io.warn(file === null || message.startsWith(file) ? message : `${file}: ${message}`);
  }
}
