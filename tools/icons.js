// Makes the icons of the installed app, www/icons/*.png, from www/icon.svg. Run it after a change of that drawing, from
// the project's folder, with: node tools/icons.js

import { mkdirSync, readFileSync } from 'node:fs';

import puppeteer from 'puppeteer-core';

const PAPER = '#f6f4ef';

/**
 * `maskable`: phones cut these to their own shape; only a circle of 80 % of the width is sure to be seen.
 * `apple`: iOS rounds the corners itself and makes transparent ones black.
 */
const ICONS = [
  { name: '192', size: 192, drawing: 0.72, radius: 0.22 },
  { name: '512', size: 512, drawing: 0.72, radius: 0.22 },
  { name: 'maskable', size: 512, drawing: 0.54, radius: 0 },
  { name: 'apple', size: 180, drawing: 0.7, radius: 0 },
];

const svg = `data:image/svg+xml;base64,${readFileSync('www/icon.svg').toString('base64')}`;
mkdirSync('www/icons', { recursive: true });
const browser = await puppeteer.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--headless=new', '--no-sandbox'],
});
const page = await browser.newPage();
await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: 'light' }]);
for (const { name, size, drawing, radius } of ICONS) {
  await page.setViewport({ width: size, height: size });
  await page.setContent(`
    <style>
      body { margin: 0 }
      div { display: grid; place-items: center; width: ${size}px; height: ${size}px; border-radius: ${radius * size}px; background: ${PAPER} }
    </style>
    <div><img src="${svg}" width="${drawing * size}" height="${drawing * size}"></div>`);
  await page.waitForFunction(() => document.images[0].complete);
  await page.screenshot({ path: `www/icons/${name}.png`, omitBackground: true });
}
await browser.close();
console.log(`www/icons/ has ${ICONS.map(({ name }) => `${name}.png`).join(', ')}`);
