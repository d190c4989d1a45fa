// As the module with the GPU engine.

export * from './skintree.js';
export { default } from './skintree.js';
