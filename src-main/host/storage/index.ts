export { PyramidCacheStore } from "./pyramid-cache.ts";
