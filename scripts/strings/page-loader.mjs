// Copied by wuchale for each catalogue (its name stands for KEY) beside the compiled ones: what every transformed module imports.
import { runtimeOf } from "../../../src-renderer/language.ts";

const runtime = runtimeOf("${KEY}");

export function getRuntime() {
  return runtime;
}
export { getRuntime as getRuntimeRx };
