/** The messages between embed.html and the page that frames it, `skintree.embed/1`. Described in docs/widget.md. */
import type { Theme } from './embed-theme.js';
import type { ClassifierInfo, ErrorCode, Progress, Report } from '../skintree.js';

export type Schema = 'skintree.embed/1';

/** Chosen by the host; comes back with the answer. */
export type CallId = string | number;

/** From the host to the frame. */
export type HostMessage =
  | { schema: Schema; type: 'hello'; lang?: string }
  | { schema: Schema; type: 'load' }
  | { schema: Schema; type: 'classify'; id: CallId; photo: Blob; topK?: number; heatMaps?: 'all' | string[] }
  /** As `classify`, once the visitor has agreed. */
  | { schema: Schema; type: 'offer'; id: CallId; photo: Blob; topK?: number; heatMaps?: 'all' | string[] }
  | { schema: Schema; type: 'cancel'; id: CallId }
  | { schema: Schema; type: 'reset' }
  | { schema: Schema; type: 'theme'; theme: Theme };

/** `embed-message`: the message itself was not understood. `embed-declined`: the visitor did not want the photo to be looked at. */
export type EmbedErrorCode = ErrorCode | 'embed-message' | 'embed-declined';

/** From the frame to the host. */
export type FrameMessage =
  | { schema: Schema; type: 'welcome'; schemas: Schema[] }
  | { schema: Schema; type: 'resize'; height: number }
  | { schema: Schema; type: 'progress'; progress: Progress }
  | { schema: Schema; type: 'ready'; info: ClassifierInfo }
  /** `id` is `null` for a photo that the visitor chose. */
  | { schema: Schema; type: 'result'; id: CallId | null; report: Report }
  | { schema: Schema; type: 'error'; id: CallId | null; code: EmbedErrorCode; message: string };
