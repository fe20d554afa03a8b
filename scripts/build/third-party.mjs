// Gathers the licences of everything that is shipped: the npm packages that are installed beside the app, and those that the builds took in
// (their source maps name them). Writes out/page/third-party.json, which the About page shows, and out/THIRD_PARTY.txt.
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { rootDirectory } from "../setup/places.mjs";
import { SetupError } from "../setup/step.mjs";
import { tensorflowVersion } from "../setup/tensorflow.mjs";

const outDirectory = path.join(rootDirectory, "out");
/** Packages of packages that nothing of ours loads: only the native binding of the first is used; of the second they serve a download after installing, which never runs. */
const unusedDependencies = {
  "@tensorflow/tfjs-node-gpu": "all",
  "onnxruntime-node": ["adm-zip", "global-agent"],
};
const licenceFile = /^(licen[cs]e|copying|notice|third[-_]party)/i;

/**
 * Parts that are no npm packages, with their licences as their owners state them.
 * @type {readonly { name: string, version: string, license: string, text: string }[]}
 */
const otherParts = [
  {
    name: "TensorFlow",
    version: tensorflowVersion,
    license: "Apache-2.0",
    text: "Copyright The TensorFlow Authors. The libraries libtensorflow_cc and libtensorflow_framework are those of the official Python wheel, unchanged; they contain oneDNN, Eigen, Abseil, Protocol Buffers, XLA and others under the licences listed at https://github.com/tensorflow/tensorflow/blob/master/LICENSE and https://github.com/tensorflow/tensorflow/tree/master/third_party. The text of the Apache License 2.0 is that of Orthomask's own licence.",
  },
  {
    name: "ONNX Runtime",
    // Its npm package states the licence and has no text of it.
    version: packageVersion("onnxruntime-node"),
    license: "MIT",
    text: 'Copyright (c) Microsoft Corporation\n\nPermission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so, subject to the following conditions:\n\nThe above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.\n\nTHE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.\n\nThe library is that of the npm package onnxruntime-node, unchanged: the CPU\'s, of the system that this copy is for. It contains Eigen, Protocol Buffers, Abseil, FlatBuffers, MLAS and others under the licences listed at https://github.com/microsoft/onnxruntime/blob/main/ThirdPartyNotices.txt.',
  },
  {
    name: "Electron, Chromium and Node.js",
    version: "",
    license: "MIT and others",
    text: "Their licences are in LICENSE.electron.txt and LICENSES.chromium.html beside the app.",
  },
  {
    name: "NVIDIA CUDA libraries (GPU add-on only)",
    version: "12",
    license: "NVIDIA's own",
    text: "Not part of this app. The GPU add-on downloads cuBLAS, cuDNN, cuFFT, cuRAND, cuSOLVER, cuSPARSE, NCCL and the CUDA runtime from the Python package index, under NVIDIA's Software License Agreement and CUDA supplement (https://docs.nvidia.com/cuda/eula/) and the cuDNN supplement; NCCL is under BSD-3-Clause.",
  },
];

/** Folders below node_modules of the packages that the app has beside it when it is installed. */
export function shippedPackages() {
  const { packages } = lockFile();
  return packagesWithDependencies(Object.keys(packages[""].dependencies));
}

/** Folders below node_modules of packages by their names, and of all that these need. */
export function packagesWithDependencies(wanted) {
  const { packages } = lockFile();
  const found = new Set();
  const visit = (names, from) => {
    for (const name of names) {
      const key = resolve(packages, from, name);
      if (key === null || found.has(key)) {
        continue;
      }
      found.add(key);
      const { dependencies = {}, optionalDependencies = {} } = packages[key];
      const unused = unusedDependencies[name] ?? [];
      visit(
        [...Object.keys(dependencies), ...Object.keys(optionalDependencies)].filter(
          (needed) => unused !== "all" && !unused.includes(needed),
        ),
        key,
      );
    }
  };
  visit(wanted, "");
  // Optional ones of other systems are in the lock file, but not installed.
  return [...found].filter((key) => existsSync(path.join(rootDirectory, key, "package.json"))).sort();
}

/** Folders of all packages that are installed for the app but not needed by it. */
export function unneededPackages() {
  const { packages } = lockFile();
  const needed = new Set(shippedPackages());
  return Object.entries(packages)
    .filter(([key, { dev = false }]) => key !== "" && !dev && !needed.has(key))
    .map(([key]) => key)
    .filter((key) => existsSync(path.join(rootDirectory, key)));
}

function packageVersion(name) {
  return lockFile().packages[`node_modules/${name}`].version;
}

function lockFile() {
  return JSON.parse(readFileSync(path.join(rootDirectory, "package-lock.json"), "utf8"));
}

/** Node's own way to find a package, in the lock file's keys. */
function resolve(packages, from, name) {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("/node_modules/")))) {
    const key = folder === "" ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    if (key in packages) {
      return key;
    }
    if (folder === "") {
      return null;
    }
  }
}

/** Folders of the packages that a build has put into its own files. */
function bundledPackages() {
  const found = new Set();
  for (const map of sourceMaps(outDirectory)) {
    for (const source of JSON.parse(readFileSync(map, "utf8")).sources) {
      const match = /(?:^|\/)(node_modules\/(?:.*\/node_modules\/)?(?:@[^/]+\/)?[^/]+)\//.exec(source ?? "");
      if (match?.[1] !== undefined && existsSync(path.join(rootDirectory, match[1], "package.json"))) {
        found.add(match[1]);
      }
    }
  }
  return [...found];
}

function sourceMaps(directory) {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const file = path.join(directory, entry.name);
    return entry.isDirectory() ? sourceMaps(file) : entry.name.endsWith(".map") ? [file] : [];
  });
}

/** One package's name, version, licence and its text; throws for one that states none. */
function describePackage(key) {
  const directory = path.join(rootDirectory, key);
  const { name, version, license, licenses } = JSON.parse(
    readFileSync(path.join(directory, "package.json"), "utf8"),
  );
  const texts = readdirSync(directory)
    .filter((file) => licenceFile.test(file) && /(^[^.]+|\.(md|txt|markdown|mit|apache2?|bsd))$/i.test(file))
    .sort()
    .map((file) => readFileSync(path.join(directory, file), "utf8").trim());
  const stated = license?.type ?? license ?? licenses?.[0]?.type ?? null;
  if (stated === null && texts.length === 0) {
    throw new SetupError(
      `${name} ${version} states no licence.`,
      "Find out, and name it in third-party.mjs, or do without it.",
    );
  }
  return {
    name,
    version,
    license: stated ?? "see its text",
    text:
      texts.length === 0 ? `Licensed under ${stated}; the package has no text of it.` : texts.join("\n\n"),
  };
}

/** Every part with its licence, sorted by name. */
export function thirdParties() {
  const keys = [...new Set([...shippedPackages(), ...bundledPackages()])];
  const parts = new Map(keys.map(describePackage).map((part) => [`${part.name} ${part.version}`, part]));
  return [...otherParts, ...[...parts.values()].sort((a, b) => (a.name < b.name ? -1 : 1))];
}

/** Writes both files of licences. */
export function writeThirdParties() {
  const parts = thirdParties();
  writeFileSync(
    path.join(outDirectory, "page/third-party.json"),
    `${JSON.stringify({ version: 1, parts })}\n`,
  );
  const line = "=".repeat(80);
  const text = parts
    .map(
      ({ name, version, license, text }) =>
        `${line}\n${`${name} ${version}`.trim()} (${license})\n${line}\n\n${text}\n`,
    )
    .join("\n");
  writeFileSync(
    path.join(outDirectory, "THIRD_PARTY.txt"),
    `Orthomask contains, or is installed with, the following parts.\n\n${text}`,
  );
}
