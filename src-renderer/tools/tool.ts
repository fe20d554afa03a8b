import type { Component } from "svelte";
import type { PixelPoint } from "#shared/labels/label-edit.ts";
import { UNLABELLED_ID } from "#shared/project/land-class.ts";
import type { Labelling } from "../state/labelling.svelte.ts";

/** Where the pointer is, on screen and in the mosaic that the gesture began in. */
export interface ToolPointer {
  /** Pixels of the map's element. */
  readonly screen: PixelPoint;
  /** Mosaic pixels; may lie beyond the mosaic. */
  readonly point: PixelPoint;
  readonly shift: boolean;
  readonly alt: boolean;
  /** How hard a pen is pressed, 0–1; null of everything that isn't a pen. */
  readonly pressure: number | null;
}

/** What a gesture works on. */
export interface ToolContext {
  readonly labelling: Labelling;
  readonly mosaicId: string;
  /** How many mosaic pixels a screen pixel is wide where the gesture began. */
  readonly mosaicPixelsPerScreenPixel: number;
}

/** A line over the map, in mosaic pixels. */
export interface PreviewLine {
  readonly points: readonly PixelPoint[];
  readonly closed: boolean;
}

/** What goes on between the first press and the end of one step. Every gesture ends: done, or cancelled by Escape. */
export interface Gesture {
  /** The pointer has moved, pressed or not. */
  move(pointer: ToolPointer): void;
  /** Pressed again, in gestures of several clicks. */
  press?(pointer: ToolPointer): void;
  /** The button was let go; true when the gesture is over and has stored what it made. */
  release(pointer: ToolPointer): boolean;
  /** Enter or a double click; true when the gesture is over. */
  finish?(pointer: ToolPointer): boolean;
  /** Backspace: takes back the last click. */
  stepBack?(): void;
  /** Leaves no trace. */
  cancel(): void;
  /** Drawn over the map until the gesture is over. */
  readonly preview: readonly PreviewLine[];
}

/** A way of labelling. One file each; `tools/index.ts` lists them. */
export interface LabelTool {
  readonly id: string;
  readonly title: string;
  /** One letter, free of other shortcuts in Label mode. */
  readonly key: string;
  readonly icon: Component;
  /** Said by its button, and over the map until it has been used. */
  readonly hint: string;
  /** Why it can't be used yet, and what to do; null when it can. */
  obstacle?(labelling: Labelling): string | null;
  /** Which options of the tool bar it has. */
  readonly options: readonly ToolOption[];
  /** The map has come to rest with the tool in hand, or one of its options has changed. */
  follow?(labelling: Labelling): void;
  /** Another tool is taken. */
  leave?(labelling: Labelling): void;
  /** Begins a gesture with its first press; null when there is nothing to do there. */
  begin(pointer: ToolPointer, context: ToolContext): Gesture | null;
}

/** An option that several tools share. `tip` also has the map show the brush under the pointer. */
export type ToolOption =
  | "tip"
  | "class"
  | "rules"
  | "shape"
  | "snapping"
  | "fill"
  | "wand"
  | "selection"
  | "superpixels"
  | "segments"
  | "accept";

/** The id to paint with, Alt taking labels away; null without a class to paint with. */
export function paintIdOf({ paintClass }: Labelling, pointer: Pick<ToolPointer, "alt">): number | null {
  return pointer.alt ? UNLABELLED_ID : (paintClass?.id ?? null);
}
