/** What worker.js does for the evaluation page. */
import type { ClassifierInfo, EngineChoice, LocalText, Progress } from '../skintree.js';
import type { Failure, PackAddress } from '../interface/messages.js';
import type { LabelOptions, LocatedPhoto, Reports, TableColumns, UnknownLabel } from '../interface/wasm.js';

export interface Node {
  id: string;
  name: LocalText;
}

/** The paths of a table's photos, and the places of those still to be classified. */
export interface StudyState {
  files: string[];
  pending: number[];
}

/** Each is answered before the next is asked. */
export interface EvaluateCalls {
  load(pack: PackAddress, engine: EngineChoice): ClassifierInfo;
  /** What a label can be. */
  nodes(): Node[];
  /** Tables are given as the bytes of their files. */
  columns(table: Uint8Array): TableColumns;
  unknownLabels(table: Uint8Array, options: LabelOptions): UnknownLabel[];
  /** Reads the table; what is known of photos with the same paths stays, unless told to forget it. */
  study(table: Uint8Array, options: LabelOptions, forget: boolean): StudyState;
  /** Which of the files with these paths are the photos that a table names. */
  findPhotos(paths: string[], files: string[]): LocatedPhoto[];
  /** Why the photo cannot be used, or `null`. Where that is known before, it is given instead of the photo. */
  classify(file: string, photo: Blob | Failure): Failure | null;
  /** Whether what is known for this path is the answer to this photo; if not, it is forgotten. */
  confirm(file: string, photo: Blob): boolean;
  /** All that is known, as `predictions.jsonl`. */
  saved(): string;
  /** Takes up what was saved and says how many answers; `null` if it is of another pack or engine. `study` has the state then. */
  restore(text: string): number | null;
  /** The figures over the photos classified so far. */
  finish(): Reports;
}
