// TensorFlow for Node: the binding that @tensorflow/tfjs-node-gpu ships as C++ sources, compiled against the
// libraries of the official Python wheel. Why not its own installer: docs/decisions/0005-tensorflow-from-the-wheel.md.
import { createHash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { cp, mkdir, readFile, readdir, readlink, rename, rm, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { isMade, makeOnce } from "./make-once.mjs";
import { cudaWheels, provideNvidiaLibraries } from "./nvidia.mjs";
import { cacheDirectory, findPython, rootDirectory } from "./places.mjs";
import { run, SetupError, step } from "./step.mjs";

export const tensorflowVersion = "2.21.0";

/**
 * One fixed wheel a platform, whatever Python the user has: only its libraries and headers are kept.
 */
const wheels = {
  "linux-x64-cpu": {
    package: "tensorflow-cpu",
    platforms: ["manylinux_2_27_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64"],
    sha256: "dcc8afd32930e42d5296b6ee19078b773706830af4ea97fbe503b9f5e0f820cb",
  },
  "linux-x64-gpu": {
    package: "tensorflow",
    platforms: ["manylinux_2_27_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64"],
    sha256: cudaWheels.tensorflow.sha256,
  },
  "linux-arm64-cpu": {
    package: "tensorflow",
    platforms: ["manylinux_2_27_aarch64", "manylinux_2_17_aarch64", "manylinux2014_aarch64"],
    sha256: "b07d15737406533898e36c7ef7944b1be18e9028dc521b9229952c537bbc5552",
  },
  "darwin-arm64-cpu": {
    package: "tensorflow",
    platforms: ["macosx_12_0_arm64"],
    sha256: "56ecd7d47429acbe1df2694d50b75bf9fc3995ac92cb367cd9af6c4780ead712",
  },
};

const packageDirectory = path.join(rootDirectory, "node_modules/@tensorflow/tfjs-node-gpu");
const bindingFile = path.join(packageDirectory, "lib/napi-v8/tfjs_binding.node");

/**
 * Whether a CUDA build is wanted: `--gpu`, or an NVIDIA driver that is loaded. `ORTHOMASK_TENSORFLOW=cpu` keeps to the CPU
 * build on a machine with a driver, `gpu` is the same as `--gpu`.
 */
export function wantsGpu(force) {
  const chosen = process.env.ORTHOMASK_TENSORFLOW;
  const possible = process.platform === "linux" && process.arch === "x64";
  if (!possible || chosen === "cpu") {
    return false;
  }
  return force || chosen === "gpu" || existsSync("/proc/driver/nvidia/version");
}

/** The folder of a provided runtime: `lib/` with TensorFlow's libraries, `tfjs_binding.node` beside it. */
export function runtimeDirectory(gpu) {
  return path.join(
    cacheDirectory(),
    "tensorflow",
    `${tensorflowVersion}-${process.platform}-${process.arch}-${gpu ? "gpu" : "cpu"}`,
  );
}

/** Makes `require("@tensorflow/tfjs-node-gpu")` work; done in milliseconds when it already does. */
export async function provideTensorFlow({ gpu = false } = {}) {
  if (process.platform === "win32") {
    await provideWithOfficialInstaller();
    return;
  }
  const withGpu = wantsGpu(gpu);
  const directory = runtimeDirectory(withGpu);
  const bindingInCache = path.join(directory, `tfjs_binding-${await bindingSourceHash()}.node`);
  if (!isMade(directory)) {
    await step(`TensorFlow ${tensorflowVersion} libraries (${withGpu ? "CUDA" : "CPU"})`, (progress) =>
      provideLibraries(directory, withGpu, progress),
    );
  }
  if (withGpu) {
    await provideNvidiaLibraries(directory, pythonForSetup());
  }
  if (!existsSync(bindingInCache)) {
    await step("TensorFlow binding for Node", () => compileBinding(directory, bindingInCache));
  }
  if ((await readlink(bindingFile).catch(() => "")) !== bindingInCache) {
    await mkdir(path.dirname(bindingFile), { recursive: true });
    // By a rename, so that two commands in one checkout don't fail on each other's link.
    const link = `${bindingFile}.${process.pid}`;
    await rm(link, { force: true });
    await symlink(bindingInCache, link);
    await rename(link, bindingFile);
  }
}

async function bindingSourceHash() {
  const hash = createHash("sha256");
  const folder = path.join(packageDirectory, "binding");
  for (const name of (await readdir(folder)).sort()) {
    hash.update(await readFile(path.join(folder, name)));
  }
  return hash.digest("hex").slice(0, 12);
}

async function provideLibraries(directory, gpu, progress) {
  const key = `${process.platform}-${process.arch}-${gpu ? "gpu" : "cpu"}`;
  const wheel = wheels[key];
  if (wheel === undefined) {
    throw new SetupError(
      `There is no TensorFlow ${tensorflowVersion} wheel for ${process.platform} ${process.arch}.`,
      "Use Linux x64 or arm64, or a Mac with Apple silicon.",
    );
  }
  const python = pythonForSetup();
  await makeOnce(directory, async (work) => {
    progress("fetching");
    await run(
      python,
      [
        ...[
          "-m",
          "pip",
          "download",
          "--no-deps",
          "--only-binary=:all:",
          "--no-cache-dir",
          "--progress-bar",
          "off",
        ],
        ...["--python-version", "3.12", "--implementation", "cp"],
        ...wheel.platforms.flatMap((platform) => ["--platform", platform]),
        ...["--dest", work, `${wheel.package}==${tensorflowVersion}`],
      ],
      {
        onLine: progress,
        remedy: "Check that pip works (python3 -m pip --version) and reaches the package index.",
      },
    );
    const wheelFile = (await readdir(work)).find((name) => name.endsWith(".whl"));
    const wheelPath = path.join(work, wheelFile);
    progress("verifying");
    const actual = await sha256(wheelPath);
    if (actual !== wheel.sha256) {
      throw new SetupError(
        `${wheelFile} is not the file that was expected: sha256 ${wheel.sha256}, but it has ${actual}.`,
        "It may have been damaged on the way: run the command again. If it stays so, don't use that package index.",
      );
    }
    progress("unpacking");
    const unpacked = path.join(work, "unpacked");
    // zipfile of Python's standard library: npm's packages may not be there yet, and Node has no unzip.
    await run(python, ["-c", unpack, wheelPath, unpacked]);
    await rename(path.join(unpacked, "tensorflow/include"), path.join(work, "include"));
    await rename(path.join(unpacked, "tensorflow"), path.join(work, "lib"));
    await rm(unpacked, { recursive: true });
    await rm(wheelPath);
  });
}

function pythonForSetup() {
  const python = findPython();
  if (python === null) {
    throw new SetupError(
      "Python 3 with pip is needed to fetch TensorFlow's libraries, and none was found.",
      "Debian and Ubuntu: apt install python3 python3-pip. macOS: brew install python.",
    );
  }
  return python;
}

const unpack = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as wheel:
    for name in wheel.namelist():
        library = name.count("/") == 1 and name.startswith("tensorflow/libtensorflow")
        if library or name.startswith("tensorflow/include/"):
            wheel.extract(name, sys.argv[2])
`;

async function sha256(file) {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(file)) {
    hash.update(chunk);
  }
  return hash.digest("hex");
}

/**
 * Compiles the binding with the C++ compiler itself. It speaks Node-API only, whose headers come as an npm package, so
 * neither node-gyp nor a download of Node's own headers is needed, and one file serves every Node version.
 */
async function compileBinding(directory, target) {
  const compiler = process.env.CXX ?? (process.platform === "darwin" ? "clang++" : "g++");
  const { include_dir: nodeApiHeaders } = createRequire(path.join(rootDirectory, "package.json"))(
    "node-api-headers",
  );
  const sources = (await readdir(path.join(packageDirectory, "binding")))
    .filter((name) => name.endsWith(".cc"))
    .map((name) => path.join(packageDirectory, "binding", name));
  const libraries = path.join(directory, "lib");
  const temporary = `${target}.${process.pid}`;
  const mac = process.platform === "darwin";
  const names = (await readdir(libraries)).filter((name) => /^libtensorflow.*\.(so|dylib)/.test(name));
  await run(
    compiler,
    [
      ...["-std=c++17", "-O2", "-fPIC", "-shared", "-DNAPI_VERSION=8", "-DNODE_GYP_MODULE_NAME=tfjs_binding"],
      ...[path.join(packageDirectory, "binding"), path.join(directory, "include"), nodeApiHeaders].map(
        (p) => `-I${p}`,
      ),
      ...sources,
      ...["-o", temporary],
      ...names.map((name) => path.join(libraries, name)),
      `-Wl,-rpath,${mac ? "@loader_path" : "$ORIGIN"}/lib`,
      ...(mac ? ["-undefined", "dynamic_lookup"] : []),
    ],
    {
      remedy: "A C++ compiler is needed. Debian and Ubuntu: apt install g++. macOS: xcode-select --install.",
    },
  );
  await rename(temporary, target);
}

/** Windows: the package's own installer with its prebuilt binding. Not run where this was written. */
async function provideWithOfficialInstaller() {
  if (existsSync(bindingFile)) {
    return;
  }
  await step("TensorFlow (the package's own installer)", () =>
    run(process.execPath, [path.join(packageDirectory, "scripts/install.js"), "gpu", "download"], {
      cwd: packageDirectory,
      remedy: "Its download host (storage.googleapis.com) must be reachable.",
    }),
  );
}

/** Copies the runtime for packaging, where nothing outside the app can be relied on. */
export async function copyRuntime(target, { gpu = false } = {}) {
  await mkdir(target, { recursive: true });
  if (process.platform === "win32") {
    // Where the package's own installer has put them. Not run where this was written.
    for (const folder of ["lib/napi-v8", "deps/lib"]) {
      await cp(path.join(packageDirectory, folder), target, { recursive: true, dereference: true });
    }
    return;
  }
  const directory = runtimeDirectory(gpu);
  await cp(path.join(directory, "lib"), path.join(target, "lib"), { recursive: true, dereference: true });
  await cp(
    path.join(directory, `tfjs_binding-${await bindingSourceHash()}.node`),
    path.join(target, "tfjs_binding.node"),
  );
}
