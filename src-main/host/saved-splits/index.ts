export {
  findSplit,
  keepSplitWithRun,
  listSplits,
  removeSplit,
  restoreSplitOfRun,
  saveSplit,
  splitFileNames,
} from "./split-files.ts";
