// Reads the output of `cargo test -- --show-output`, passes on what `cargo test` alone would print, and finds the tests
// that skipped themselves: libtest knows no such state, so they pass and print a line that starts with
//
//   skipped: REASON           the test did not run
//   skipped PART: REASON      the test ran, but without this part

import { emptyRun } from './record.js';

/** @import { Run } from './record.js' */

export class CargoOutput {
  /** @type {Run} */
  run = emptyRun();

  /** The test binary whose tests are listed now, e.g. `tests/engines.rs`. */
  #binary = '';
  /** The test whose captured output is listed now. */
  #test = '';
  /** In the output of tests that passed, which `cargo test` does not print. */
  #hidden = false;
  /** The test of the last skip found: a test counts once, however many lines it prints. */
  #lastSkipped = '';

  /**
   * @param {string} line Without its end.
   * @returns {boolean} Whether `cargo test` alone would print the line.
   */
  line(line) {
    const binary = /^\s*(?:Running (?:unittests )?(\S+) \(|Doc-tests (\S+))/.exec(line);
    if (binary) this.#binary = binary[1] ?? `doc-tests of ${binary[2]}`;

    if (line === 'successes:') this.#hidden = true;
    if (line === 'failures:') this.#hidden = false;

    const result = /^test result: .* (\d+) passed; (\d+) failed; (\d+) ignored;/.exec(line);
    if (result) {
      this.#hidden = false;
      this.run.passed += Number(result[1]);
      this.run.failed += Number(result[2]);
    }
    const ignored = /^test (\S+) \.\.\. ignored(?:, (.*))?$/.exec(line);
    if (ignored) this.run.skipped.push({ test: this.#name(ignored[1]), reason: ignored[2] ?? 'ignored' });

    if (this.#hidden) this.#captured(line);
    return !this.#hidden;
  }

  /** @param {string} line A line of a test that passed. */
  #captured(line) {
    const header = /^---- (\S+) stdout ----$/.exec(line);
    if (header) this.#test = this.#name(header[1]);
    const skip = /^skipped( [^:]+)?: (.+)$/i.exec(line);
    if (!skip) return;
    const [, part, reason] = skip;
    if (part) {
      this.run.partly.push({ test: `${this.#test},${part}`, reason });
    } else if (this.#test !== this.#lastSkipped) {
      this.#lastSkipped = this.#test;
      this.run.passed -= 1;
      this.run.skipped.push({ test: this.#test, reason });
    }
  }

  /** @param {string} test */
  #name(test) {
    return `${this.#binary}: ${test}`;
  }
}
