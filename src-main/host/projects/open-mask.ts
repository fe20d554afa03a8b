import { RpcError } from "#shared/rpc/errors.ts";
import { openRaster, type Raster } from "../../raster/index.ts";
import { maskBandProblem } from "./mask-agreement.ts";

/** Opens a file as a class mask; throws `invalid-input` where its bands can't be class ids. */
export async function openMask(
  filePath: string,
  options: { readonly signal?: AbortSignal | undefined },
): Promise<Raster> {
  const mask = await openRaster(filePath, options);
  try {
    const problem = await maskBandProblem(mask, options);
    if (problem !== null) {
      throw new RpcError("invalid-input", `${filePath}: ${problem}.`);
    }
    return mask;
  } catch (error) {
    await mask.close();
    throw error;
  }
}
