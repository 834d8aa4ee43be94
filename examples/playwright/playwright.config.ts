import { defineConfig } from '@playwright/test'

// The path of an installed browser. Without it, the browser of `npx playwright install chromium` is used.
const executablePath = process.env.CHROME_PATH

export default defineConfig({
  globalSetup: './provider.ts',
  testMatch: '*.test.ts',
  fullyParallel: true,
  use: { launchOptions: { ...(executablePath !== undefined && { executablePath }) } },
})
