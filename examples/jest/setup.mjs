export { globalSetup as default } from './provider.mjs'
