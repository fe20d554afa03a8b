export {
  findSplit,
  keepSplitWithRun,
  listSplits,
  removeSplit,
  restoreSplitOfRun,
  saveSplit,
} from "./split-files.ts";
