// CPU time and memory of Chromium's processes, from Linux' /proc.

import { readFileSync, readdirSync, writeFileSync } from 'node:fs';

const CLOCK_MS = 10;

const stat = (/** @type {number} */ pid) => {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return text.slice(text.lastIndexOf(')') + 2).split(' ').map(Number);
};

/** Chromium's processes of a type. @param {number} main @param {string} type */
export function processes(main, type) {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number);
  return all.filter((pid) => {
    try {
      if (!readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`--type=${type}`)) return false;
      for (let parent = pid; parent > 1; parent = stat(parent)[1]) if (parent === main) return true;
    } catch {
      // It has ended meanwhile.
    }
    return false;
  });
}

/** CPU time of processes so far. @param {number[]} pids */
export function cpuMs(pids) {
  return pids.reduce((sum, pid) => sum + (stat(pid)[11] + stat(pid)[12]) * CLOCK_MS, 0);
}

/** Memory of a process now (`VmRSS`) or at its peak (`VmHWM`). @param {number} pid @param {'VmRSS' | 'VmHWM'} field */
export function memoryMiB(pid, field) {
  const [, kib] = new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kib) / 1024;
}

/** Lets the peak begin anew. @param {number} pid */
export function forgetPeak(pid) {
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
}

/**
 * The renderer that a page lives in: the one that works while the page does, and no other one with it.
 *
 * @param {import('puppeteer-core').Page} page
 * @param {number} main
 */
export async function rendererOf(page, main) {
  for (;;) {
    const before = new Map(processes(main, 'renderer').map((pid) => [pid, cpuMs([pid])]));
    await page.evaluate(() => {
      const end = performance.now() + 200;
      while (performance.now() < end);
    });
    const used = [...before].map(([pid, ms]) => ({ pid, ms: cpuMs([pid]) - ms })).sort((a, b) => b.ms - a.ms);
    if ((used[1]?.ms ?? 0) < used[0].ms / 4) return used[0].pid;
  }
}
