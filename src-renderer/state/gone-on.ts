import type { ProjectState } from "./project.svelte.ts";
import type { Toasts } from "./toasts.svelte.ts";

/** In the session of a tab: what it has been told of, so that loading it again doesn't tell twice. */
const TOLD_KEY = "orthomask.gone-on";

/** Says once that trainings of the last session go on, with a way to stop them. */
export async function tellGoneOn(toasts: Toasts, project: ProjectState): Promise<void> {
  const runIds = await project.goneOn().catch(() => []);
  const told = runIds.join();
  if (runIds.length === 0 || globalThis.sessionStorage.getItem(TOLD_KEY) === told) {
    return;
  }
  globalThis.sessionStorage.setItem(TOLD_KEY, told);
  toasts.show(
    "note",
    runIds.length === 1
      ? "A training of the last session goes on."
      : `${runIds.length} trainings of the last session go on.`,
    [
      {
        label: runIds.length === 1 ? "Stop it" : "Stop them",
        run: () => {
          void project
            .unqueue(runIds.filter((runId) => project.trainingJob(runId) !== null))
            .catch(() => undefined);
        },
      },
    ],
  );
}
