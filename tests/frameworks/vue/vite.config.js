import vue from '@vitejs/plugin-vue';

const isCustomElement = (tag) => tag === 'skintree-widget';

export default {
  base: '/vue/',
  build: { outDir: '../dist/vue', emptyOutDir: true },
  plugins: [vue({ template: { compilerOptions: { isCustomElement } } })],
};
