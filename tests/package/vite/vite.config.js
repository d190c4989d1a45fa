export default { base: '/deep/vite/', build: { outDir: '../dist/vite', emptyOutDir: true } };
