import { copyFileSync, readFileSync } from "node:fs";
import path from "node:path";
import { runSchema } from "#shared/training/run.ts";
import type { Run } from "#shared/training/run.ts";
import { toRpcError } from "#shared/rpc/errors.ts";
import type { Case, RoundOutcome } from "../case.ts";
import { damage } from "../damage.ts";
import { RunningApp } from "../running-app.ts";

/**
 * Weights are damaged: those of the last epoch are found out when training goes on, which goes on from the best epoch then, as if those after it had never been; those of the
 * best when a prediction is asked for.
 */
export const damagedCheckpoint: Case = async (ground, random) => {
  const app = await RunningApp.start(ground);
  const { client, projectId } = app;
  const settings = { ...ground.settings, epochs: 10_000 };
  const { runId } = await client.training.start({ projectId, settings, name: "Damaged" });
  const directory = path.join(ground.folder, ".orthomask/runs", runId);
  const losses = new Map<number, number>();
  await stopAfter(app, runId, 3);
  const readRun = (): Run =>
    runSchema.parse(JSON.parse(readFileSync(path.join(directory, "run.json"), "utf8")));
  remember(losses, readRun());

  return {
    round: async (): Promise<RoundOutcome> => {
      const { history, best } = readRun();
      const which = random.integer(2) === 0 ? "last" : "best";
      const filePath = path.join(directory, `${which}.weights`);
      const copy = path.join(ground.base, "copy.weights");
      copyFileSync(filePath, copy);
      damage(filePath, random);
      const attempt =
        which === "last"
          ? client.training.resume({ projectId, runId })
          : client.predictions.start({
              projectId,
              runId,
              mosaicIds: [...app.mosaicIds],
              overlap: 0,
              viewed: [],
            });
      const refusal = await attempt.then(
        () => null,
        (error: unknown) => toRpcError(error),
      );
      const found: string[] = [];
      if (refusal === null) {
        found.push(`damaged ${which} weights were taken for good ones`);
      } else if (!refusal.message.includes("damaged")) {
        found.push(`the sentence doesn't say that the ${which} weights are damaged: ${refusal.message}`);
      }
      if (which === "best" || refusal === null) {
        if (refusal === null) {
          await stopAfter(app, runId, history.length);
        }
        copyFileSync(copy, filePath);
        return { faults: 1, losses: found };
      }
      if (refusal.code !== "damaged") {
        found.push(`going on from the best epoch isn't offered: ${refusal.message}`);
      }
      await client.training.resume({ projectId, runId, from: "best" });
      await stopAfter(app, runId, Math.max(history.length, (best?.epoch ?? 0) + 1));
      const after = readRun();
      if (after.history.length < history.length) {
        found.push(`of ${history.length} epochs ${after.history.length} came again`);
      }
      found.push(...remember(losses, after));
      return { faults: 1, losses: found };
    },
    close: () => app.close(),
  };
};

/** Lets a run go on until so many epochs are finished, then stops it and waits for its end. */
async function stopAfter({ client, projectId }: RunningApp, runId: string, epochs: number): Promise<void> {
  for await (const event of client.training.watch({ projectId, runId })) {
    if (event.kind === "epoch" && event.record.epoch >= epochs) {
      await client.training.stop({ projectId, runId });
    }
    if (event.kind === "run" && !["queued", "running"].includes(event.run.state.kind)) {
      return;
    }
  }
}

/** Notes each epoch's loss; a sentence for each epoch that came to another loss before. */
function remember(losses: Map<number, number>, { history }: Run): string[] {
  return history.flatMap(({ epoch, loss }) => {
    const before = losses.get(epoch);
    losses.set(epoch, before ?? loss);
    return before === undefined || Math.abs(before - loss) <= 1e-6
      ? []
      : [`epoch ${epoch} came to a loss of ${loss}, and to ${before} before`];
  });
}
