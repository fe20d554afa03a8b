import { expect } from "@playwright/test";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import sharp from "sharp";
import { keepScreenshot, test } from "./app.ts";

let folder: string;
test.beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "orthomask-add-remote-"));
  await mkdir(path.join(folder, "project"));
  await sharp({ create: { width: 600, height: 400, channels: 3, background: "#5a7d4f" } })
    .tiff({ tile: true, tileWidth: 256, tileHeight: 256 })
    .toFile(path.join(folder, "far away.tif"));
  await sharp({ create: { width: 300, height: 300, channels: 3, background: "#8a6d4f" } })
    .png()
    .toFile(path.join(folder, "project/near.png"));
});
test.afterAll(() => rm(folder, { recursive: true, force: true }));

test("a mosaic is added by its address where that is allowed, and refused with the reason where not", async ({
  startApp,
  shell,
}, { project }) => {
  const file = await readFile(path.join(folder, "far away.tif"));
  const server = createServer((request, response) => {
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "");
    if (request.url !== "/far%20away.tif" || range === null) {
      response.writeHead(404).end();
      return;
    }
    const [start, end] = [Number(range[1]), Math.min(Number(range[2]), file.length - 1)];
    response.writeHead(206, { "content-range": `bytes ${start}-${end}/${file.length}` });
    response.end(file.subarray(start, end + 1));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    const { page } = await startApp(path.join(folder, "project"));
    await page.getByTestId("add-remote").click();
    const dialog = page.getByTestId("add-remote-dialog");
    const add = async (address: string): Promise<void> => {
      await page.getByTestId("remote-address").fill(address);
      await page.getByTestId("remote-address").press("Enter");
    };
    await add("far.tif");
    await expect(dialog).toContainText("Expected an address that begins with http:// or https://.");
    await add(`${base}/far%20away.tif`);
    if (shell === "browser") {
      await expect(dialog).toContainText("orthomask serve --allow-remote opens them");
      await keepScreenshot(page, project.name, "add-remote");
      return;
    }
    await expect(dialog).toBeHidden();
    await expect(page.getByRole("region", { name: "Mosaics" })).toContainText("far away");
    await page.getByTestId("add-remote").click();
    await add(`${base}/none.tif`);
    await expect(dialog).toContainText(/none\.tif: there is no such file/);
    await keepScreenshot(page, project.name, "add-remote");
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
