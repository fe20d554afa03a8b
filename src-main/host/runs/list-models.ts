import { describeModel, listArchitectures } from "../../engine/catalog.ts";

/** A network with its size for one kind of input. */
export interface ListedModel {
  readonly id: string;
  readonly name: string;
  readonly parameters: number;
  readonly trainableParameters: number;
  /** Side of the input that was counted for: as asked, rounded up to what the network can take. */
  readonly inputPixels: number;
  readonly width: number | null;
  readonly summary: string;
  readonly source: string;
}

/** All networks with their parameter counts; a width that a family doesn't take is brought into its limits. */
export function listModels(input: {
  readonly size: number;
  readonly bands: number;
  readonly classes: number;
  readonly width?: number | undefined;
}): ListedModel[] {
  return listArchitectures().map(({ id, name, summary, source, stride, width: limits }) => {
    const inputPixels = Math.ceil(input.size / stride) * stride;
    const width =
      limits === null
        ? null
        : Math.min(limits.maximum, Math.max(limits.minimum, input.width ?? limits.default));
    const { parameters, trainableParameters } = describeModel({
      architecture: id,
      width,
      bands: input.bands,
      classes: input.classes,
      tileHeight: inputPixels,
      tileWidth: inputPixels,
    });
    return { id, name, parameters, trainableParameters, inputPixels, width, summary, source };
  });
}
