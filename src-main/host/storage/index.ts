export { PyramidCacheStore } from "./pyramid-cache.ts";
export { readSettings, writeSettings, type SegmentModelFiles } from "./settings-file.ts";
