import { z } from "zod";

/** What a trained network can be written as: TensorFlow's SavedModel, Keras' weights, or ONNX as Deepness for QGIS reads it. */
export const modelFormatSchema = z.enum(["savedmodel", "keras", "onnx"]);
export type ModelFormat = z.infer<typeof modelFormatSchema>;
