/** The element `<skintree-widget>`. Described in docs/widget.md. */
import type { ClassifierInfo, ClassifyOptions, EngineChoice, PhotoSource, Progress, ClassifiedReport, SkintreeError } from './skintree.js';

/** The events of the element, none of which bubbles. */
export interface SkintreeWidgetEventMap {
  /** The model is loaded. */
  ready: CustomEvent<ClassifierInfo>;
  /** While the model is downloaded and prepared. */
  progress: CustomEvent<Progress>;
  /** An answer is on show. */
  result: CustomEvent<ClassifiedReport>;
  /** A failure is on show. */
  error: CustomEvent<SkintreeError>;
}

type EventOf<T extends string> = T extends keyof SkintreeWidgetEventMap
  ? SkintreeWidgetEventMap[T]
  : T extends keyof HTMLElementEventMap
    ? HTMLElementEventMap[T]
    : Event;

export class SkintreeWidget extends HTMLElement {
  static observedAttributes: string[];
  /** URL of the pack's manifest or folder, relative to the page; empty for the pack beside widget.js. */
  pack: string;
  engine: EngineChoice;
  /** How many entries `report.fine` has at most. */
  topK: number;
  /** Load the model as soon as the element is on a page. */
  preload: boolean;
  /** Offer to show which parts of the photo counted. */
  heatMap: boolean;
  /** The report on show. */
  get report(): ClassifiedReport | null;
  /** What is loaded. */
  get info(): ClassifierInfo | null;
  /** Loads the model, if that has not begun yet. Rejects with a SkintreeError, which is also shown. */
  load(): Promise<ClassifierInfo>;
  /** Classifies a photo as if the visitor had chosen it. The newest photo wins; the call before rejects with `aborted`. */
  classify(photo: PhotoSource, options?: ClassifyOptions): Promise<ClassifiedReport>;
  /** Forgets photo and answer. The model stays. */
  reset(): void;

  addEventListener<T extends string>(
    type: T,
    listener: ((this: SkintreeWidget, event: EventOf<T>) => unknown) | EventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void;
  removeEventListener<T extends string>(
    type: T,
    listener: ((this: SkintreeWidget, event: EventOf<T>) => unknown) | EventListenerObject | null,
    options?: boolean | EventListenerOptions,
  ): void;
}

declare global {
  interface HTMLElementTagNameMap {
    'skintree-widget': SkintreeWidget;
  }
}
