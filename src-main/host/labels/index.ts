export {
  ProjectLabels,
  theirsOf,
  type EditedLabels,
  type HistoryNames,
  type LabelChange,
  type LabelReadOptions,
} from "./project-labels.ts";
export type { LabelBase } from "./label-base.ts";
export { LabelStore, type StoredChange } from "./label-store.ts";
