// How large the app may be, and how large it is.
import { lstatSync, readdirSync } from "node:fs";
import path from "node:path";

export const sizeBudget = { unpackedBytes: 1.4e9, compressedBytes: 450e6 };

/** What the files below a folder hold, in bytes; links count as nothing. */
export function directoryBytes(directory) {
  return readdirSync(directory, { withFileTypes: true }).reduce((sum, entry) => {
    const file = path.join(directory, entry.name);
    return sum + (entry.isDirectory() ? directoryBytes(file) : entry.isFile() ? lstatSync(file).size : 0);
  }, 0);
}

/** A size beside what is allowed, in megabytes. */
export function describeSize(bytes, budget) {
  const megabytes = (value) => (value / 1e6).toFixed(0);
  return `${megabytes(bytes)} MB of ${megabytes(budget)} MB allowed${bytes > budget ? ": TOO LARGE" : ""}`;
}
