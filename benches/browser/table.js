// The bench's report as a Markdown table.

/**
 * @typedef {{
 *   name: string, adapter: boolean, bytes: number, load_ms: number, load_cpu_ms: number, first_ms: number, first_cpu_ms: number,
 *   warm_ms: number, warm_cpu_ms: number, warm_runs: number, peak_mib: number, max_abs_diff: number | null,
 *   gflops: number, of_peak: number | null, to_best_peer: number | null, of_photos: Accuracy | null,
 * }} Row
 *
 * @typedef {{photos: number, bytes: number, largest_difference: number, same_first: number}} Accuracy what benches/peers/models.py found
 */

const seconds = (/** @type {number} */ ms) => (ms / 1000).toFixed(ms < 9950 ? 2 : 1);

/** Rows of another runtime than ours. @param {Row} row */
const isPeer = ({ name }) => !name.startsWith('skintree');

/**
 * Compares each row with the fastest peer that runs on the same: the adapter, or the processor.
 *
 * @param {Row[]} rows
 * @param {'warm_ms' | 'warm_cpu_ms'} measure
 */
export function compareWithPeers(rows, measure) {
  for (const row of rows) {
    const peers = rows.filter((other) => isPeer(other) && other.adapter === row.adapter);
    const best = Math.min(...peers.map((peer) => peer[measure]));
    row.to_best_peer = Number.isFinite(best) ? row[measure] / best : null;
  }
}

const COLUMNS = /** @type {[string, (row: Row) => string][]} */ ([
  ['runtime', (row) => row.name],
  ['download MB', (row) => (row.bytes / 1e6).toFixed(1)],
  ['load CPU (wall)', (row) => `${seconds(row.load_cpu_ms)} (${seconds(row.load_ms)})`],
  ['first run CPU (wall)', (row) => `${seconds(row.first_cpu_ms)} (${seconds(row.first_ms)})`],
  ['warm run CPU (wall)', (row) => `${seconds(row.warm_cpu_ms)} (${seconds(row.warm_ms)})`],
  ['to the best peer', (row) => (row.to_best_peer === null ? '' : `${row.to_best_peer.toFixed(2)}x`)],
  ['peak MiB', (row) => row.peak_mib.toFixed(0)],
  ['of the peak', (row) => (row.of_peak === null ? '' : `${(row.of_peak * 100).toFixed(0)} %`)],
  ['logits differ by', (row) => (row.max_abs_diff === null ? '' : row.max_abs_diff.toExponential(1))],
  ['on photos', ({ of_photos: found }) => (found ? `${found.largest_difference.toExponential(1)}, ${(found.same_first * 100).toFixed(1)} % of ${found.photos}` : '')],
]);

/** @param {Row[]} rows */
export function markdown(rows) {
  const lines = [COLUMNS.map(([title]) => title), COLUMNS.map(() => '---'), ...rows.map((row) => COLUMNS.map(([, show]) => show(row)))];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
