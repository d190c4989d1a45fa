// The Chromium that benches run in.

import puppeteer from 'puppeteer-core';

/** What it needs to see a GPU without a display, NVIDIA's at least. */
const GPU = [
  '--enable-features=Vulkan',
  '--use-angle=vulkan',
  '--use-vulkan=native',
  '--disable-vulkan-surface',
  '--ignore-gpu-blocklist',
];

/** @param {boolean} gpu on Vulkan, else on the software adapter @param {string[]} args more of them */
export function launchChromium(gpu, args = []) {
  return puppeteer.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--headless=new', '--no-sandbox', '--enable-unsafe-webgpu', '--no-first-run', ...args, ...(gpu ? GPU : [])],
    protocolTimeout: 1_200_000,
  });
}
