// As page-loader.mjs, for the processes that run in Node.
import { runtimeOf } from "../../../src-main/language.ts";

const runtime = runtimeOf("${KEY}");

export function getRuntime() {
  return runtime;
}
export { getRuntime as getRuntimeRx };
