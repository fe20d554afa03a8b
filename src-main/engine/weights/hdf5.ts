import type { File } from "h5wasm/node";

/**
 * HDF5's library, loaded when first needed: four megabytes of WebAssembly, only for those who have such a file. Its errors are
 * thrown rather than printed.
 */
export async function loadHdf5(): Promise<typeof File> {
  const { File: HdfFile, ready } = await import("h5wasm/node");
  const library = await ready;
  library.activate_throwing_error_handler();
  return HdfFile;
}
