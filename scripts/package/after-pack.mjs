// Gives a packaged app TensorFlow itself (in a checkout the binding is a link into the user's cache, which nobody who installs the app has), and
// takes away what electron-builder puts in that isn't ours.
import { existsSync } from "node:fs";
import { cp, rm } from "node:fs/promises";
import path from "node:path";
import { findElectron } from "../setup/electron.mjs";
import { copyRuntime } from "../setup/tensorflow.mjs";

export default async function afterPack({ appOutDir, packager, electronPlatformName }) {
  const resources =
    electronPlatformName === "darwin"
      ? path.join(appOutDir, `${packager.appInfo.productFilename}.app/Contents/Resources`)
      : path.join(appOutDir, "resources");
  const target = path.join(resources, "app.asar.unpacked/node_modules/@tensorflow/tfjs-node-gpu/lib/napi-v8");
  await rm(path.join(target, "tfjs_binding.node"), { force: true });
  // Always the CPU build, whatever this machine has: the GPU add-on brings the other.
  await copyRuntime(target, { gpu: false });
  // A test runtime's own default app must not travel along: it would be started in place of ours.
  await rm(path.join(resources, "app"), { recursive: true, force: true });
  await rm(path.join(resources, "default_app.asar"), { force: true });
  for (const [from, to] of [
    ["LICENSE", "LICENSE.electron.txt"],
    ["LICENSES.chromium.html", "LICENSES.chromium.html"],
  ]) {
    const file = path.join(findElectron()?.directory ?? "", from);
    if (electronPlatformName === "linux" && existsSync(file)) {
      await cp(file, path.join(appOutDir, to));
    }
  }
}
