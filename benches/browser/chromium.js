/** What Chromium needs to see a GPU without a display, NVIDIA's at least. */
export const CHROMIUM_GPU = [
  '--enable-features=Vulkan',
  '--use-angle=vulkan',
  '--use-vulkan=native',
  '--disable-vulkan-surface',
  '--ignore-gpu-blocklist',
];
