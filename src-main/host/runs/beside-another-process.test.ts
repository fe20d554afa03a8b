import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { drawFolder, drawMosaic } from "../../../fixtures/learning/draw-folder.ts";
import { addPredictedRun } from "../../../fixtures/learning/predicted-run.ts";
import { testHostOptions } from "../../../fixtures/test-host-options.ts";
import type { Project } from "../projects/index.ts";
import { createServices, type Services } from "../services.ts";
import { claimRun, readRun, releaseRun, writeRun } from "./run-files.ts";

let folder: string;
let window: { services: Services; project: Project };
let commandLine: { services: Services; project: Project };

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "orthomask-beside-"));
  await drawFolder(folder, [drawMosaic("a", 64, 64, 2)]);
  const start = async (name: string): Promise<typeof window> => {
    const services = createServices(testHostOptions(path.join(folder, name)));
    const project = await services.projects.open(folder);
    await project.counted();
    return { services, project };
  };
  window = await start(".window");
  commandLine = await start(".cli");
}, 60_000);

afterAll(async () => {
  await window.services.close();
  await commandLine.services.close();
  await rm(folder, { recursive: true, force: true });
});

const runs = async (): Promise<string[]> =>
  (await window.services.learning.runs.list(window.project)).map(
    ({ run }) => `${run.name}: ${run.state.kind}`,
  );

it("lets go of a run's predictions when it is removed, here or by another process", async () => {
  const { learning } = window.services;
  const { project } = window;
  const mosaicId = project.snapshot().mosaics[0]!.id;
  const stop = new AbortController();
  const changes = learning.predictions.watch(project.id, { signal: stop.signal });
  const next = async (): Promise<unknown> => (await changes.next()).value;
  for (const [id, remover] of [
    ["mine", window],
    ["theirs", commandLine],
  ] as const) {
    await addPredictedRun(commandLine.services, commandLine.project, { id, share: 1 });
    await learning.runs.look(project);
    await learning.predictions.look(project);
    expect(await next()).toMatchObject({ prediction: { runId: id, mosaicId }, removed: false });
    await remover.services.learning.runs.remove(remover.project.id, id);
    await learning.runs.look(project);
    expect(await next()).toMatchObject({ prediction: { runId: id, mosaicId }, removed: true });
  }
  stop.abort();
  await changes.return(undefined);
}, 30_000);

it("sees what another process does to runs and predictions, and overwrites none of it", async () => {
  const { learning } = window.services;
  const { project } = window;
  expect(await runs()).toEqual([]);
  const { directory, run } = await addPredictedRun(commandLine.services, commandLine.project, {
    id: "other",
    share: 1,
  });
  await learning.runs.look(project);
  expect(await runs()).toEqual(["The other & <best>: finished"]);

  // Its predictions, as they come and go.
  const stop = new AbortController();
  const changes = learning.predictions.watch(project.id, { signal: stop.signal });
  const next = async (): Promise<unknown> => (await changes.next()).value;
  const mosaicId = project.snapshot().mosaics[0]!.id;
  const told = { runId: "other", mosaicId, complete: true };
  expect(await next()).toMatchObject({ prediction: { ...told, revision: 1 }, removed: false });
  await commandLine.services.learning.predictions.remove(commandLine.project.id, "other", mosaicId);
  await learning.predictions.look(project);
  expect(await next()).toMatchObject({ prediction: told, removed: true });
  stop.abort();
  await changes.return(undefined);

  // The other process goes on while this one renames: neither loses what the other wrote.
  await claimRun(directory);
  await writeRun(directory, { ...run, state: { kind: "running", jobId: "theirs" } });
  await learning.runs.update(project.id, "other", (before) => ({ ...before, name: "Mine" }));
  expect(await readRun(directory)).toMatchObject({ name: "Mine", state: { kind: "running" } });

  // Its process is killed: twice seen without one, it is left.
  await learning.runs.look(project);
  expect(await runs()).toEqual(["Mine: running"]);
  await releaseRun(directory);
  await learning.runs.look(project);
  expect(await runs()).toEqual(["Mine: running"]);
  await learning.runs.look(project);
  expect(await runs()).toEqual(["Mine: interrupted"]);

  await commandLine.services.learning.runs.look(commandLine.project);
  await commandLine.services.learning.runs.remove(commandLine.project.id, "other");
  await learning.runs.look(project);
  expect(await runs()).toEqual([]);
});
