// NVIDIA's own libraries for TensorFlow's CUDA build. TensorFlow's libraries look for them in `../nvidia/*/lib` from where they lie
// (their RUNPATH), so a `pip install tensorflow[and-cuda]` in the user's own Python would never be found.
import { readdir, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { isMade, makeOnce } from "./make-once.mjs";
import { run, step } from "./step.mjs";

/** What the extra `and-cuda` of the TensorFlow 2.21.0 wheel asks for, Linux x64, at one version each. */
const requirements = [
  ["nvidia-cublas-cu12==12.9.3.13", "d7d51055f161b317c7105ddaae90e71eda059026074ffef93cf7cde2886bfe72"],
  ["nvidia-cuda-cupti-cu12==12.8.90", "ea0cb07ebda26bb9b29ba82cda34849e73c166c18162d3913575b0c9db9a6182"],
  ["nvidia-cuda-nvcc-cu12==12.9.86", "5d6a0d32fdc7ea39917c20065614ae93add6f577d840233237ff08e9a38f58f0"],
  ["nvidia-cuda-nvrtc-cu12==12.9.86", "210cf05005a447e29214e9ce50851e83fc5f4358df8b453155d5e1918094dcb4"],
  ["nvidia-cuda-runtime-cu12==12.9.79", "25bba2dfb01d48a9b59ca474a1ac43c6ebf7011f1b0b8cc44f54eb6ac48a96c3"],
  ["nvidia-cudnn-cu12==9.28.0.42", "9ff58b7f36dacd0a93e89f8f2957b52466889217963701daa15e577317cfa375"],
  ["nvidia-cufft-cu12==11.4.1.4", "c67884f2a7d276b4b80eb56a79322a95df592ae5e765cf1243693365ccab4e28"],
  ["nvidia-curand-cu12==10.3.10.19", "49b274db4780d421bd2ccd362e1415c13887c53c214f0d4b761752b8f9f6aa1e"],
  ["nvidia-cusolver-cu12==11.7.5.82", "15da72d1340d29b5b3cf3fd100e3cd53421dde36002eda6ed93811af63c40d88"],
  ["nvidia-cusparse-cu12==12.5.10.65", "73060ce019ac064a057267c585bf1fd5a353734151f87472ff02b2c5c9984e78"],
  ["nvidia-nccl-cu12==2.32.3", "bb94b2348e4861d5e8aa00b36c3d12d9bdf9c6369b82cbb723de0b582280a21c"],
  ["nvidia-nvjitlink-cu12==12.9.86", "e3f1171dbdc83c5932a45f0f4c99180a70de9bd2718c1ab77d14104f6d7147f9"],
];

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
        requirements.map(([name, sha256]) => `${name} --hash=sha256:${sha256}\n`).join(""),
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
