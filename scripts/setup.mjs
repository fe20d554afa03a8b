// Sets up what building and running needs, each step only when it isn't done. `node scripts/setup.mjs [--gpu]`
import { pathToFileURL } from "node:url";
import { provideDependencies } from "./setup/dependencies.mjs";
import { SetupError } from "./setup/step.mjs";
import { provideTensorFlow } from "./setup/tensorflow.mjs";

/** npm packages, TensorFlow and the built app; seconds when nothing has changed. */
export async function setUp({ gpu = false } = {}) {
  await provideDependencies();
  await provideTensorFlow({ gpu });
  // Loaded late: the build uses npm packages that the first step may just have installed.
  const { buildIfChanged } = await import("./build/build.mjs");
  await buildIfChanged();
}

/** What a step could not do, in words; the stack trace only of what set-up did not foresee. */
export function describeFailure(error) {
  if (error instanceof SetupError) {
    return error.message;
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** Ends the process with what a set-up step could not do. */
export function endWith(error) {
  process.stderr.write(`\n${describeFailure(error)}\n`);
  process.exit(1);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  setUp({ gpu: process.argv.includes("--gpu") }).catch(endWith);
}
