import { copyFileSync, readdirSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import sharp from "sharp";
import type { Case, RoundOutcome } from "../case.ts";
import { SIDE } from "../case.ts";
import { firstOf } from "../first-of.ts";
import { RunningApp } from "../running-app.ts";
import { Labelling } from "../works/labelling.ts";
import { Predicting } from "../works/prediction.ts";

/** The mosaic that is painted on is deleted while it is open and predicted: that is told of, and when it is back, so are its labels and its prediction. */
export const mosaicRemoved: Case = changing((filePath) => {
  rmSync(filePath);
  return Promise.resolve();
});

/** Another image takes the mosaic's name while it is open: labels of its size aren't used for it, and are there again with the old one. */
export const mosaicReplaced: Case = changing(async (filePath) => {
  const made = `${filePath}.new`;
  await sharp({ create: { width: SIDE / 2, height: SIDE / 2, channels: 3, background: "#336699" } })
    .tiff()
    .toFile(made);
  renameSync(made, filePath);
});

function changing(change: (filePath: string) => Promise<void>): Case {
  return async (ground, random) => {
    const app = await RunningApp.start(ground);
    const labelling = new Labelling(SIDE);
    const predicting = await Predicting.prepare(app, ground);
    const snapshot = await firstOf(app.client.projects.watch({ projectId: app.projectId }));
    const name = snapshot?.mosaics.find(({ id }) => id === app.mosaicIds[0])?.name ?? "";
    const images = path.join(ground.folder, "images");
    const fileName = readdirSync(images).find((file) => path.parse(file).name === path.parse(name).name);
    if (fileName === undefined) {
      throw new Error(`There is no image of ${name}.`);
    }
    const filePath = path.join(images, fileName);
    const copy = path.join(ground.base, "kept.tif");
    copyFileSync(filePath, copy);
    const rescan = async (): Promise<string> => {
      await app.client.projects.rescan({ projectId: app.projectId });
      for await (const now of app.client.projects.watch({ projectId: app.projectId })) {
        if (!now.scanning) {
          return JSON.stringify([now.problems, now.mosaics]);
        }
      }
      return "";
    };
    const unchanged = await rescan();
    return {
      round: async (): Promise<RoundOutcome> => {
        const losses: string[] = [];
        await labelling.paint(app, random, 1 + random.integer(5));
        const predicted = predicting.run(app).catch(() => undefined);
        await new Promise((resolve) => setTimeout(resolve, random.next() * predicting.span[1]));
        await change(filePath);
        await predicted;
        if ((await rescan()) === unchanged) {
          losses.push("nothing tells that the mosaic is another");
        }
        copyFileSync(copy, filePath);
        await rescan();
        losses.push(...(await labelling.check(app)), ...(await predicting.check(app)));
        return { faults: 1, losses };
      },
      close: () => app.close(),
    };
  };
}
