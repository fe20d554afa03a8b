// `npm run dist`: the app as a folder that runs without a checkout, Node, Python or a compiler.
import { rmSync } from "node:fs";
import path from "node:path";
import { endWith, setUp } from "../setup.mjs";
import { findElectron, provideElectron } from "../setup/electron.mjs";
import { rootDirectory } from "../setup/places.mjs";
import { SetupError, step } from "../setup/step.mjs";

async function main() {
  await setUp();
  const electron = (await provideElectron()) ?? findElectron();
  if (electron === null) {
    throw new SetupError(
      "Packaging needs Electron's runtime, and it could not be downloaded.",
      "Reach github.com, or set ELECTRON_OVERRIDE_DIST_PATH to a runtime's folder.",
    );
  }
  const { build, Platform } = await import("electron-builder");
  await step("packaging (electron-builder)", () =>
    build({
      targets: Platform.current().createTarget("dir"),
      projectDir: rootDirectory,
      publish: "never",
      config: { electronDist: electron.directory, electronVersion: electron.version.replace(/^v/, "") },
    }),
  );
  // A test runtime's own default app must not travel along: it would be started in place of ours.
  if (process.platform === "linux") {
    rmSync(path.join(rootDirectory, "dist/linux-unpacked/resources/app"), { recursive: true, force: true });
  }
}

main().catch(endWith);
