import type { Case } from "../case.ts";
import { SIDE } from "../case.ts";
import { ExportingInPage } from "../works/exporting-in-page.ts";
import { Exporting } from "../works/exporting.ts";
import { Labelling } from "../works/labelling.ts";
import { PaintingInPage } from "../works/painting-in-page.ts";
import { PredictingInPage } from "../works/predicting-in-page.ts";
import { Predicting } from "../works/prediction.ts";
import { PyramidsBesidePage } from "../works/pyramids-beside-page.ts";
import { Pyramids } from "../works/pyramids.ts";
import { TrainingInPage } from "../works/training-in-page.ts";
import { Training } from "../works/training.ts";
import { damagedCheckpoint } from "./damaged-checkpoint.ts";
import { damagedProjectFile, damagedRun } from "./damaged-documents.ts";
import { damagedJournal } from "./damaged-journal.ts";
import { mosaicRemoved, mosaicReplaced } from "./changed-mosaic.ts";
import { engineMemory } from "./engine-memory.ts";
import { fullDiskExport, fullDiskLabelling, fullDiskTraining } from "./full-disk.ts";
import { readOnlyProject } from "./read-only-project.ts";
import { twoInstances } from "./two-instances.ts";
import { killingEngine, killingHost } from "./killing.ts";
import { killingPage } from "./killing-page.ts";

const labelling = (): Promise<Labelling> => Promise.resolve(new Labelling(SIDE));

/** All faults by name. */
export const cases: Readonly<Record<string, Case>> = {
  "host-labelling": killingHost(labelling),
  "host-training": killingHost(Training.prepare),
  "host-prediction": killingHost(Predicting.prepare),
  "host-export": killingHost(Exporting.prepare),
  "host-pyramids": killingHost(Pyramids.prepare),
  "engine-labelling": killingEngine(labelling),
  "engine-training": killingEngine(Training.prepare),
  "engine-prediction": killingEngine(Predicting.prepare),
  "engine-export": killingEngine(Exporting.prepare),
  "engine-pyramids": killingEngine(Pyramids.prepare),
  "page-labelling": killingPage((app) => PaintingInPage.prepare(app, SIDE)),
  "page-training": killingPage(TrainingInPage.prepare),
  "page-prediction": killingPage(PredictingInPage.prepare),
  "page-export": killingPage(ExportingInPage.prepare),
  "page-pyramids": killingPage(PyramidsBesidePage.prepare),
  "damaged-project-file": damagedProjectFile,
  "damaged-run": damagedRun,
  "damaged-checkpoint": damagedCheckpoint,
  "damaged-journal": damagedJournal,
  "full-disk-labelling": fullDiskLabelling,
  "full-disk-training": fullDiskTraining,
  "full-disk-export": fullDiskExport,
  "read-only-project": readOnlyProject,
  "mosaic-removed": mosaicRemoved,
  "mosaic-replaced": mosaicReplaced,
  "engine-memory": engineMemory,
  "two-instances": twoInstances,
};
