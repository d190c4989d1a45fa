// What the model's own decoder accepts (`Limits` in src/photo.rs). What is beyond is neither read nor drawn on the way there.

export const MOST_BYTES = 32 * 2 ** 20;
export const MOST_PIXELS = 2 ** 26;
