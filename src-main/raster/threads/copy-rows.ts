/**
 * Copies rows of bytes within one piece of shared memory: `rows` of them, `rowBytes` each, which begin `fromStep` and `toStep` bytes apart. Who
 * calls it answers for the places being inside that memory.
 */
export type CopyRows = (
  from: number,
  fromStep: number,
  to: number,
  toStep: number,
  rowBytes: number,
  rows: number,
) => void;

/*
 * JavaScript copies shared memory byte by byte where the two places are not aligned alike, seven times as slowly as memory.copy, and each
 * row needs an object. Assembled by binaryen from
 *
 * (module
 *   (import "env" "memory" (memory 0 65536 shared))
 *   (func (export "copyRows")
 *     (param $from i32) (param $fromStep i32) (param $to i32) (param $toStep i32) (param $rowBytes i32) (param $rows i32)
 *     (loop $next
 *       (if (local.get $rows) (then
 *         (memory.copy (local.get $to) (local.get $from) (local.get $rowBytes))
 *         (local.set $from (i32.add (local.get $from) (local.get $fromStep)))
 *         (local.set $to (i32.add (local.get $to) (local.get $toStep)))
 *         (local.set $rows (i32.sub (local.get $rows) (i32.const 1)))
 *         (br $next))))))
 */
const assembled =
  "AGFzbQEAAAABCgFgBn9/f39/fwACEgEDZW52Bm1lbW9yeQIDAICABAMCAQAHDAEIY29weVJvd3MAAAotASsAA0AgBQRAIAIgACAE/AoAACAAIAFqIQAgAiADaiECIAVBAWshBQwBCwsL";

/** Compiles the copying of rows for one memory. */
export function copyRowsIn(memory: WebAssembly.Memory): CopyRows {
  const module = new WebAssembly.Module(Buffer.from(assembled, "base64"));
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  return (exports as { readonly copyRows: CopyRows }).copyRows;
}
