export { commonBands, findNormalization, type InputLayout } from "./input-layout.ts";
export { aheadOf } from "./read-ahead.ts";
export { cropSquare, padByMirror } from "./mirror-padding.ts";
export {
  inverseSymmetry,
  rearrangePixels,
  squareSymmetries,
  symmetrySources,
  type SquareSymmetry,
} from "./square-symmetry.ts";
export { TileCache } from "./tile-cache.ts";
export {
  normalize,
  TileFeed,
  type FeedPass,
  type TileBatch,
  type TileFeedOptions,
  type TileVariation,
} from "./tile-feed.ts";
export {
  channelsOfClasses,
  IGNORED_CHANNEL,
  readInput,
  readTile,
  type DecodedTile,
  type TileShape,
} from "./tile-reader.ts";
