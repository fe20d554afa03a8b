// NVIDIA's own libraries for TensorFlow's CUDA build. TensorFlow's libraries look for them in `../nvidia/*/lib` from where they lie
// (their RUNPATH), so a `pip install tensorflow[and-cuda]` in the user's own Python would never be found.
import { readFileSync } from "node:fs";
import { readdir, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { isMade, makeOnce } from "./make-once.mjs";
import { rootDirectory } from "./places.mjs";
import { run, step } from "./step.mjs";

/**
 * What the extra `and-cuda` of the TensorFlow 2.21.0 wheel asks for, Linux x64, at one version each: the list that the app's own GPU add-on has
 * (src-main/host/gpu-add-on), which needs no Python.
 * @type {{ tensorflow: { name: string, version: string, sha256: string }, nvidia: { name: string, version: string, sha256: string }[] }}
 */
export const cudaWheels = JSON.parse(
  readFileSync(path.join(rootDirectory, "src-main/host/gpu-add-on/wheels.json"), "utf8"),
);

const platforms = [
  "manylinux_2_27_x86_64",
  "manylinux_2_17_x86_64",
  "manylinux2014_x86_64",
  "manylinux1_x86_64",
];

/** Puts the libraries into `nvidia/` of a CUDA runtime's folder, once. */
export async function provideNvidiaLibraries(runtimeDirectory, python) {
  const directory = path.join(runtimeDirectory, "nvidia");
  if (isMade(directory)) {
    return;
  }
  await step("NVIDIA's CUDA libraries (2 to 3 GB)", (progress) =>
    makeOnce(directory, async (work) => {
      const list = path.join(work, "requirements.txt");
      await writeFile(
        list,
        cudaWheels.nvidia
          .map(({ name, version, sha256 }) => `${name}==${version} --hash=sha256:${sha256}\n`)
          .join(""),
      );
      const site = path.join(work, "site");
      await run(
        python,
        [
          ...["-m", "pip", "install", "--no-deps", "--require-hashes", "--only-binary=:all:", "--no-compile"],
          ...[
            "--no-cache-dir",
            "--progress-bar",
            "off",
            "--python-version",
            "3.12",
            "--implementation",
            "cp",
          ],
          ...platforms.flatMap((platform) => ["--platform", platform]),
          ...["--target", site, "--requirement", list],
        ],
        {
          onLine: (line) => {
            if (/^(Downloading|Installing)/.test(line)) {
              progress(line.slice(0, 90));
            }
          },
          remedy:
            "Check that pip reaches the package index and that 8 GB of disk are free; or stay on the CPU with ORTHOMASK_TENSORFLOW=cpu.",
        },
      );
      for (const name of await readdir(path.join(site, "nvidia"))) {
        await rename(path.join(site, "nvidia", name), path.join(work, name));
      }
      await rm(site, { recursive: true });
    }),
  );
}
