// Gives a packaged app TensorFlow itself: in a checkout the binding is a link into the user's cache, which nobody who installs the app has.
import { rm } from "node:fs/promises";
import path from "node:path";
import { copyRuntime } from "../setup/tensorflow.mjs";

export default async function afterPack({ appOutDir, packager }) {
  const resources =
    process.platform === "darwin"
      ? path.join(appOutDir, `${packager.appInfo.productFilename}.app/Contents/Resources`)
      : path.join(appOutDir, "resources");
  const target = path.join(resources, "app.asar.unpacked/node_modules/@tensorflow/tfjs-node-gpu/lib/napi-v8");
  await rm(path.join(target, "tfjs_binding.node"), { force: true });
  await copyRuntime(target);
}
