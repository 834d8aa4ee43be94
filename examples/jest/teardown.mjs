export { globalTeardown as default } from './provider.mjs'
