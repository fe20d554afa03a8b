import { z } from "zod";
import { call } from "./rpc/contract.ts";

/** Something that went wrong in the page itself, as its browser told it. */
export const pageFaultSchema = z.strictObject({
  message: z.string().max(2000),
  stack: z.string().max(8000),
  /** Whether the page had to be given up, rather than one action of it. */
  fatal: z.boolean(),
});
export type PageFault = z.infer<typeof pageFaultSchema>;

/** The methods of the contract's `diagnostics`. */
export const diagnosticsContract = {
  /** Versions, machine and the last events as text to hand to somebody who helps: no paths, no names of files, no imagery. */
  describe: call(z.void(), z.strictObject({ text: z.string() })),
  /** Writes a fault of the page to the log. */
  pageFailed: call(pageFaultSchema, z.void()),
};
