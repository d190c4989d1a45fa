export default { base: '/react/', build: { outDir: '../dist/react', emptyOutDir: true }, esbuild: { jsx: 'automatic' } };
